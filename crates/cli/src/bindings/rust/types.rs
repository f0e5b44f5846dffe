//! Types of a module as structs and enums.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use spacetime_definition::{Field, Sum, Type};

use super::names::{self, Taken};
use super::{IMPORTS, quoted};
use crate::bindings::names::snake;
use crate::error::{Error, Result};

/// A struct or an enum.
struct Declaration {
    text: String,
    /// Other types of the module that it is made of.
    uses: BTreeSet<String>,
    /// Present if rows of tables or views have this type.
    row: Option<Row>,
}

/// What queries are told about a row type.
#[derive(Default)]
struct Row {
    /// Names of columns, as servers know them, with their fields and types.
    columns: Vec<(String, String, String)>,
    /// Fields that some table with such rows has an index of their own on.
    indexed: BTreeSet<String>,
    /// Whether a table keeps such rows, so that queries can look them up.
    is_kept: bool,
}

/// The named types that are in use.
#[derive(Default)]
pub(super) struct Types(BTreeMap<String, Declaration>);

impl Types {
    /// A type as Rust writes it. Types of the module that it names go to `uses`; a type without a name gets that of the
    /// place it is in.
    pub(super) fn text(
        &mut self,
        taken: &mut Taken,
        ty: &Type,
        place: &str,
        uses: &mut BTreeSet<String>,
    ) -> Result<String> {
        Ok(match ty {
            Type::String => "String".into(),
            Type::Bytes => "Vec<u8>".into(),
            Type::I256 | Type::U256 => format!("__sats::{}", ty.describe()),
            Type::Array(element) => format!("Vec<{}>", self.text(taken, element, place, uses)?),
            Type::Option(inner) => format!("Option<{}>", self.text(taken, inner, place, uses)?),
            Type::Product(product) if product.fields.is_empty() && product.name.is_none() => "()".into(),
            Type::Product(product) => {
                let name = names::ty(product.name.as_deref().unwrap_or(place));
                self.declare_struct(taken, &name, &product.fields)?;
                uses.insert(name.clone());
                name
            }
            Type::Sum(sum) => {
                if let (None, [ok, err]) = (&sum.name, sum.variants.as_slice())
                    && ok.name.as_deref() == Some("ok")
                    && err.name.as_deref() == Some("err")
                {
                    let value = self.text(taken, &ok.ty, &format!("{place}_ok"), uses)?;
                    let error = self.text(taken, &err.ty, &format!("{place}_err"), uses)?;
                    return Ok(format!("Result<{value}, {error}>"));
                }
                let name = names::ty(sum.name.as_deref().unwrap_or(place));
                self.declare_enum(taken, &name, sum)?;
                uses.insert(name.clone());
                name
            }
            Type::Identity
            | Type::ConnectionId
            | Type::Timestamp
            | Type::TimeDuration
            | Type::Uuid
            | Type::ScheduleAt => format!("__sdk::{ty:?}"),
            scalar => scalar.describe(),
        })
    }

    pub(super) fn declare_struct(&mut self, taken: &mut Taken, name: &str, fields: &[Field]) -> Result<()> {
        let mut uses = BTreeSet::new();
        let mut members = String::new();
        for (field, ty) in self.fields(taken, name, fields, &mut uses)? {
            let _ = writeln!(members, "    pub {field}: {ty},");
        }
        let body = if members.is_empty() { " {}\n".into() } else { format!(" {{\n{members}}}\n") };
        let derived = derived(fields.iter().map(|field| &field.ty), false);
        self.declare(taken, name, format!("{derived}pub struct {name}{body}"), uses)
    }

    fn declare_enum(&mut self, taken: &mut Taken, name: &str, sum: &Sum) -> Result<()> {
        let mut uses = BTreeSet::new();
        let mut members = String::new();
        let mut called = Vec::new();
        for (at, variant) in sum.variants.iter().enumerate() {
            let variant_name = variant.name.clone().unwrap_or_else(|| format!("variant_{at}"));
            called.push(names::ty(&variant_name));
            let payload = match &variant.ty {
                unit if unit.is_unit() => String::new(),
                ty => format!("({})", self.text(taken, ty, &format!("{name}_{variant_name}"), &mut uses)?),
            };
            let _ = writeln!(members, "    {}{payload},", called[at]);
        }
        names::distinct(&called, name)?;
        let derived = derived(sum.variants.iter().map(|variant| &variant.ty), sum.is_plain_enum());
        self.declare(taken, name, format!("{derived}pub enum {name} {{\n{members}}}\n"), uses)
    }

    /// Names and types of a struct's fields or a function's parameters.
    pub(super) fn fields(
        &mut self,
        taken: &mut Taken,
        of: &str,
        fields: &[Field],
        uses: &mut BTreeSet<String>,
    ) -> Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            let name = field.name.clone().unwrap_or_else(|| format!("_{at}"));
            let ty = self.text(taken, &field.ty, &format!("{of}_{name}"), uses)?;
            found.push((names::value(&name), ty));
        }
        names::distinct(&found.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), of)?;
        Ok(found)
    }

    fn declare(&mut self, taken: &mut Taken, name: &str, text: String, uses: BTreeSet<String>) -> Result<()> {
        taken.claim(name, &format!("type {name}"))?;
        taken.claim(&module(name), &format!("the module of type {name}"))?;
        match self.0.get(name) {
            Some(before) if before.text != text => Err(Error::refused(
                format!("two types of the module are called {name} in Rust"),
                "rename one of them",
            )),
            Some(_) => Ok(()),
            None => {
                self.0.insert(name.to_owned(), Declaration { text, uses, row: None });
                Ok(())
            }
        }
    }

    /// Says that rows have this type, which is declared, and which of its fields an index finds them by.
    pub(super) fn add_row(
        &mut self,
        taken: &mut Taken,
        name: &str,
        columns: Vec<(String, String, String)>,
        indexed: impl IntoIterator<Item = String>,
        is_kept: bool,
    ) -> Result<()> {
        for suffix in ["Cols", "IxCols"] {
            taken.claim(&format!("{name}{suffix}"), &format!("the columns of {name}"))?;
        }
        if let Some(declaration) = self.0.get_mut(name) {
            let row = declaration.row.get_or_insert_default();
            row.columns = columns;
            row.indexed.extend(indexed);
            row.is_kept |= is_kept;
        }
        Ok(())
    }

    /// Modules of the types, each with its text.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, declaration)| {
            let uses: Vec<_> = declaration.uses.iter().filter(|used| *used != name).cloned().collect();
            let mut text = format!("{IMPORTS}\n{}\n{}", imports(&["RemoteModule"], &uses), declaration.text);
            let _ =
                write!(text, "\nimpl __sdk::InModule for {name} {{\n    type Module = RemoteModule;\n}}\n");
            if let Some(row) = &declaration.row {
                text.push_str(&row.text(name));
            }
            (module(name), text)
        })
    }
}

impl Row {
    fn text(&self, name: &str) -> String {
        let all = self.columns.iter().collect();
        let indexed = self.columns.iter().filter(|(_, field, _)| self.indexed.contains(field)).collect();
        let mut text = columns(name, "Cols", "Col", "cols", "The columns, for conditions of queries.", all);
        let about = "The columns with an index, for joins of queries.";
        text.push_str(&columns(name, "IxCols", "IxCol", "ix_cols", about, indexed));
        if self.is_kept {
            let _ = write!(text, "\nimpl __query_builder::CanBeLookupTable for {name} {{}}\n");
        }
        text
    }
}

fn columns(
    row: &str,
    suffix: &str,
    column: &str,
    function: &str,
    about: &str,
    columns: Vec<&(String, String, String)>,
) -> String {
    let mut members = String::new();
    let mut values = String::new();
    for (name, field, ty) in columns {
        let _ = writeln!(members, "    pub {field}: __query_builder::{column}<{row}, {ty}>,");
        let _ =
            writeln!(values, "            {field}: __query_builder::{column}::new(table, {}),", quoted(name));
    }
    let (members, values) = match members.is_empty() {
        true => (" {}".to_owned(), " {}".to_owned()),
        false => (format!(" {{\n{members}}}"), format!(" {{\n{values}        }}")),
    };
    format!(
        "\n/// {about}\npub struct {row}{suffix}{members}\n\
         \nimpl __query_builder::Has{suffix} for {row} {{\n    type {suffix} = {row}{suffix};\n\
         \n    fn {function}(table: &'static str) -> {row}{suffix} {{\n        {row}{suffix}{values}\n    }}\n}}\n"
    )
}

/// `user_type`
fn module(name: &str) -> String {
    format!("{}_type", snake(name))
}

/// Lines that bring names of `module_bindings` into a file.
pub(super) fn imports(parts: &[&str], types: &[String]) -> String {
    let all: BTreeSet<&str> = parts.iter().copied().chain(types.iter().map(String::as_str)).collect();
    all.iter().map(|name| format!("use super::{name};\n")).collect()
}

/// True if the type can be a key of a map.
pub(super) fn is_hashable(ty: &Type) -> bool {
    match ty {
        Type::F32 | Type::F64 | Type::ScheduleAt => false,
        Type::Array(inner) | Type::Option(inner) => is_hashable(inner),
        Type::Product(product) => product.fields.iter().all(|field| is_hashable(&field.ty)),
        Type::Sum(sum) => sum.variants.iter().all(|variant| is_hashable(&variant.ty)),
        _ => true,
    }
}

/// The traits of a struct or enum of these types.
pub(super) fn derived<'t>(mut types: impl Iterator<Item = &'t Type>, is_plain: bool) -> String {
    let keys = if types.all(is_hashable) { ", Eq, Hash" } else { "" };
    let copy = if is_plain { ", Copy" } else { "" };
    format!(
        "#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone{copy}, PartialEq{keys})]\n\
         #[sats(crate = __lib)]\n"
    )
}

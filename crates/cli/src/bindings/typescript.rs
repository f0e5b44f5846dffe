//! TypeScript for the official npm package `spacetimedb`, major 2: tables, types, reducers and procedures as that package's
//! builders describe them, and a `DbConnection` of them.

use std::fmt::Write;

use spacetime_definition::{Definition, Field, Index, IndexAlgorithm, Table, Type, Visibility};

use super::MARK;
use super::names::{camel, pascal};
use crate::error::{Error, Result};

const HEAD: &str = r#"/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';
"#;

const TAIL: &str = r#"
const remoteModule = {
  versionInfo: { cliVersion: '2.0.0' as const },
  tables: tablesOfModule.schemaType.tables,
  reducers: reducersOfModule.reducersType.reducers,
  ...proceduresOfModule,
};

/** The module's tables and views, to build queries of: `subscribe(tables.user.where(row => …))`. */
export const tables = makeQueryBuilder(tablesOfModule.schemaType);
/** The module's reducers, for hooks of user interface libraries. */
export const reducers = convertToAccessorMap(reducersOfModule.reducersType.reducers);
/** The module's procedures, for hooks of user interface libraries. */
export const procedures = convertToAccessorMap(proceduresOfModule.procedures);

export type EventContext = EventContextInterface<typeof remoteModule>;
export type ReducerEventContext = ReducerEventContextInterface<typeof remoteModule>;
export type SubscriptionEventContext = SubscriptionEventContextInterface<typeof remoteModule>;
export type ErrorContext = ErrorContextInterface<typeof remoteModule>;
export type SubscriptionHandle = SubscriptionHandleImpl<typeof remoteModule>;

export class SubscriptionBuilder extends SubscriptionBuilderImpl<typeof remoteModule> {}

/** A connection to the module: `DbConnection.builder().withUri(…).withDatabaseName(…).build()`. */
export class DbConnection extends DbConnectionImpl<typeof remoteModule> {
  static builder = (): DbConnectionBuilder<DbConnection> =>
    new DbConnectionBuilder<DbConnection>(
      remoteModule,
      (config: DbConnectionConfig<typeof remoteModule>) => new DbConnection(config),
    );

  override subscriptionBuilder = (): SubscriptionBuilder => new SubscriptionBuilder(this);
}
"#;

/// `index.ts` of a module.
///
/// # Errors
///
/// Two types have one name in TypeScript.
pub(super) fn index(definition: &Definition) -> Result<String> {
    let mut types = Types::default();
    let mut tables = String::new();
    for table in definition.tables.iter().filter(|table| table.is_public) {
        let row = types.row(&camel(&table.name), &row_name(table), &table.row_type().fields, |at| {
            modifiers(table, at)
        })?;
        let options = table_options(table);
        let _ = writeln!(tables, "  {}: table({options}, {row}),", key(&camel(&table.name)));
    }
    for view in definition.views.iter().filter(|view| view.is_public && view.params.is_empty()) {
        let fields = &view.row_type.fields;
        let name = format!("{}Row", pascal(&view.name));
        let is_key = |at: usize| {
            let key = view.primary_key.as_deref();
            let is_key = matches!((key, &fields[at].name), (Some([only]), Some(name)) if only == name);
            if is_key { ".primaryKey()".to_owned() } else { String::new() }
        };
        let row = types.row(&camel(&view.name), &name, fields, is_key)?;
        let options = format!("{{ name: {}, indexes: [], constraints: [] }}", quoted(&view.name));
        let _ = writeln!(tables, "  {}: table({options}, {row}),", key(&camel(&view.name)));
    }
    let mut reducers = String::new();
    let callable = |visibility| visibility == Visibility::ClientCallable;
    for reducer in definition
        .reducers
        .iter()
        .filter(|reducer| reducer.lifecycle.is_none() && callable(reducer.visibility))
    {
        let parameters = types.object(&reducer.params)?;
        let _ = writeln!(reducers, "  reducerSchema({}, {parameters}),", quoted(&reducer.name));
    }
    let mut procedures = String::new();
    for procedure in definition.procedures.iter().filter(|procedure| callable(procedure.visibility)) {
        let parameters = types.object(&procedure.params)?;
        let returned = types.builder(&procedure.return_type)?;
        let _ =
            writeln!(procedures, "  procedureSchema({}, {parameters}, {returned}),", quoted(&procedure.name));
    }
    let declared: String = types.declared.iter().map(|(_, text)| format!("\n{text}")).collect();
    Ok(format!(
        "// {MARK}. Do not edit: the next run replaces it.\n{HEAD}{declared}\
         \nconst tablesOfModule = schema({{\n{tables}}});\n\
         \nconst reducersOfModule = reducerSchemas(\n{reducers});\n\
         \nconst proceduresOfModule = procedureSchemas(\n{procedures});\n{TAIL}"
    ))
}

/// Name of the type of a table's rows, as the module's author called it.
fn row_name(table: &Table) -> String {
    pascal(table.row_type_name.as_deref().unwrap_or(&table.name))
}

fn table_options(table: &Table) -> String {
    let columns = |positions: &[usize]| {
        let names = positions.iter().map(|at| quoted(&camel(&table.columns[*at].name)));
        names.collect::<Vec<_>>().join(", ")
    };
    let index = |index: &Index| {
        let joined =
            || index.columns.iter().map(|at| table.columns[*at].name.as_str()).collect::<Vec<_>>().join("_");
        let accessor = index.accessor.clone().unwrap_or_else(joined);
        let algorithm = match index.algorithm {
            IndexAlgorithm::BTree | IndexAlgorithm::Direct => "btree",
            IndexAlgorithm::Hash => "hash",
        };
        format!(
            "    {{ accessor: {}, name: {}, algorithm: '{algorithm}', columns: [{}] }},\n",
            quoted(&camel(&accessor)),
            quoted(&index.name),
            columns(&index.columns)
        )
    };
    let indexes: String = table.indexes.iter().map(index).collect();
    let constraints: String = table
        .unique_constraints
        .iter()
        .map(|constraint| {
            let name = quoted(&constraint.name);
            format!(
                "    {{ name: {name}, constraint: 'unique', columns: [{}] }},\n",
                columns(&constraint.columns)
            )
        })
        .collect();
    let event = if table.is_event { " event: true," } else { "" };
    format!(
        "{{ name: {},{event} indexes: [\n{indexes}  ], constraints: [\n{constraints}  ] }}",
        quoted(&table.name)
    )
}

/// What a column's builder is told besides its type, as far as the package's builder of that type can be told.
fn modifiers(table: &Table, column: usize) -> String {
    let ty = &table.columns[column].ty;
    let is_compound = matches!(
        ty,
        Type::Array(_)
            | Type::Bytes
            | Type::Option(_)
            | Type::Product(_)
            | Type::ScheduleAt
            | Type::F32
            | Type::F64
    );
    let is_unique = table.unique_constraints.iter().any(|constraint| constraint.columns == [column]);
    if table.primary_key == Some(column) && !is_compound {
        ".primaryKey()".into()
    } else if is_unique && !is_compound && !matches!(ty, Type::Sum(_)) {
        ".unique()".into()
    } else {
        String::new()
    }
}

/// The named types that are in use, each declared behind those it is made of.
#[derive(Default)]
struct Types {
    /// Names, and declarations that begin with the type itself.
    declared: Vec<(String, String)>,
}

impl Types {
    /// Declares the row of a table; returns the constant that describes it.
    fn row(
        &mut self,
        accessor: &str,
        name: &str,
        fields: &[Field],
        modifiers: impl Fn(usize) -> String,
    ) -> Result<String> {
        let constant = format!("{accessor}Row");
        let mut text = format!("const {constant} = t.row({{\n");
        for (at, field) in fields.iter().enumerate() {
            let name = field_name(field, at);
            let builder = self.builder(&field.ty)?;
            let renamed = match &field.name {
                Some(given) if *given != name => format!(".name({})", quoted(given)),
                _ => String::new(),
            };
            let _ = writeln!(text, "  {}: {builder}{}{renamed},", key(&name), modifiers(at));
        }
        text.push_str("});\n");
        // Several tables may have rows of one type.
        if !self.declared.iter().any(|(declared, _)| declared == name) {
            let _ = writeln!(text, "export type {name} = Infer<typeof {constant}>;");
        }
        self.declared.push((name.to_owned(), text));
        Ok(constant)
    }

    /// `{ name: t.string(), … }`
    fn object(&mut self, fields: &[Field]) -> Result<String> {
        let mut members = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            members.push(format!("{}: {}", key(&field_name(field, at)), self.builder(&field.ty)?));
        }
        Ok(if members.is_empty() { "{}".into() } else { format!("{{ {} }}", members.join(", ")) })
    }

    /// The expression that describes a type.
    fn builder(&mut self, ty: &Type) -> Result<String> {
        Ok(match ty {
            Type::Bytes => "t.byteArray()".into(),
            Type::Array(element) => format!("t.array({})", self.builder(element)?),
            Type::Option(inner) => format!("t.option({})", self.builder(inner)?),
            Type::Product(product) if product.fields.is_empty() && product.name.is_none() => {
                "t.unit()".into()
            }
            Type::Product(product) => {
                let fields = self.object(&product.fields)?;
                match &product.name {
                    Some(name) => {
                        self.declare(&pascal(name), |name| format!("t.object('{name}', {fields})"))?
                    }
                    None => format!("t.object('', {fields})"),
                }
            }
            Type::Sum(sum) => {
                let mut variants = Vec::new();
                for (at, variant) in sum.variants.iter().enumerate() {
                    let name = variant.name.clone().unwrap_or_else(|| format!("_{at}"));
                    variants.push((name, self.builder(&variant.ty)?));
                }
                if let (None, [(ok, value), (err, error)]) = (&sum.name, variants.as_slice())
                    && ok == "ok"
                    && err == "err"
                {
                    return Ok(format!("t.result({value}, {error})"));
                }
                let cases = if sum.is_plain_enum() {
                    let names: Vec<_> = variants.iter().map(|(name, _)| quoted(name)).collect();
                    format!("[{}]", names.join(", "))
                } else {
                    let cases: Vec<_> =
                        variants.iter().map(|(name, ty)| format!("{}: {ty}", key(name))).collect();
                    format!("{{ {} }}", cases.join(", "))
                };
                match &sum.name {
                    Some(name) => self.declare(&pascal(name), |name| format!("t.enum('{name}', {cases})"))?,
                    None => format!("t.enum('', {cases})"),
                }
            }
            Type::ConnectionId => "t.connectionId()".into(),
            Type::TimeDuration => "t.timeDuration()".into(),
            Type::ScheduleAt => "t.scheduleAt()".into(),
            other => format!("t.{}()", format!("{other:?}").to_lowercase()),
        })
    }

    /// Declares a named type once; returns its name.
    fn declare(&mut self, name: &str, describe: impl Fn(&str) -> String) -> Result<String> {
        let text = format!(
            "export const {name} = {};\nexport type {name} = Infer<typeof {name}>;\n",
            describe(name)
        );
        match self.declared.iter().find(|(declared, _)| declared == name) {
            Some((_, before)) if *before == text => {}
            // The row of a table, used elsewhere too: the exported name is the row's type, this is its description.
            Some((_, before))
                if before.contains(&format!("export type {name} ="))
                    && !before.starts_with("export const") =>
            {
                let constant = format!("{}Type", camel(name));
                let text = format!("const {constant} = {};\n", describe(name));
                if !self.declared.iter().any(|(declared, _)| *declared == constant) {
                    self.declared.push((constant.clone(), text));
                }
                return Ok(constant);
            }
            Some(_) => {
                return Err(Error::refused(
                    format!("two types of the module are called {name} in TypeScript"),
                    "rename one of them",
                ));
            }
            None => self.declared.push((name.to_owned(), text)),
        }
        Ok(name.to_owned())
    }
}

fn field_name(field: &Field, at: usize) -> String {
    field.name.as_deref().map_or_else(|| format!("_{at}"), camel)
}

/// A property's name, quoted if it must be.
fn key(name: &str) -> String {
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

//! Rust for the official crate `spacetimedb-sdk`, major 2: a folder `module_bindings` with one file per type, table, reducer
//! and procedure, as that crate's documentation describes them, and the implementations of the traits it asks of them.

mod connection;
mod function;
mod names;
mod relation;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeMap;
use std::fmt::Write;

use spacetime_definition::Definition;

use self::function::Function;
use self::names::Taken;
use self::relation::Relation;
use self::types::Types;
use super::MARK;
use crate::error::Result;

/// What every file needs, or may need.
const IMPORTS: &str = "use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};
";

/// The files of `module_bindings`.
///
/// # Errors
///
/// Two things have one name in Rust.
pub(super) fn files(definition: &Definition) -> Result<Vec<(String, String)>> {
    let mut taken = Taken::new();
    let mut types = Types::default();
    let relations = relation::relations(definition, &mut types, &mut taken)?;
    let reducers = function::reducers(definition, &mut types, &mut taken)?;
    let procedures = function::procedures(definition, &mut types, &mut taken)?;

    let mut modules: BTreeMap<String, String> = types.files().collect();
    modules.extend(relations.iter().map(|relation| (relation.module.clone(), relation.text())));
    let functions = reducers.iter().chain(&procedures);
    modules.extend(functions.map(|function| (function.module.clone(), function.text())));
    modules.insert("remote_connection".into(), connection::text());
    modules.insert("remote_tables".into(), remote_tables(&relations));
    modules.insert("remote_reducers".into(), remote_reducers(&reducers));

    let marked = |text: &str| format!("// {MARK}. Do not edit: the next run replaces it.\n\n{text}");
    let mut files = vec![("mod.rs".to_owned(), marked(&root(modules.keys())))];
    files.extend(modules.iter().map(|(name, text)| (format!("{name}.rs"), marked(text))));
    Ok(files)
}

/// `mod.rs`
fn root<'n>(modules: impl Iterator<Item = &'n String> + Clone) -> String {
    let mut text =
        "#![allow(unused, missing_docs, nonstandard_style, uncommon_codepoints, clippy::all)]\n\n".to_owned();
    for name in modules.clone() {
        // Without it Rust does not look for files with such names.
        let path = if name.is_ascii() {
            String::new()
        } else {
            format!("#[path = {}]\n", quoted(&format!("{name}.rs")))
        };
        let _ = write!(text, "#[rustfmt::skip]\n{path}pub mod {name};\n");
    }
    text.push('\n');
    for name in modules {
        let _ = writeln!(text, "pub use {name}::*;");
    }
    text
}

/// `remote_tables.rs`: what is to be done for each table.
fn remote_tables(relations: &[Relation]) -> String {
    let mut lists: [String; 7] = Default::default();
    for Relation { name, accessor, module, row, is_event, primary_key, .. } in relations {
        let name = quoted(name);
        let diff = match (is_event, primary_key) {
            (true, _) => format!("self.{accessor}.into_event_diff()"),
            (false, key) => {
                let updates = key
                    .as_ref()
                    .map(|key| format!(".with_updates_by_pk(|row| &row.{key})"))
                    .unwrap_or_default();
                format!("cache.apply_diff_to_table::<{row}>({name}, &self.{accessor}){updates}")
            }
        };
        let lines = [
            format!("    {accessor}: __sdk::TableUpdate<{row}>,\n"),
            format!("                {name} => update.{accessor}.append($rows?),\n"),
            format!("            {accessor}: {diff},\n"),
            format!("    {accessor}: __sdk::TableAppliedDiff<'r, {row}>,\n"),
            format!(
                "        callbacks.invoke_table_row_callbacks::<{row}>({name}, &self.{accessor}, event);\n"
            ),
            format!("    super::{module}::register(cache);\n"),
            format!("    {name},\n"),
        ];
        for (list, line) in lists.iter_mut().zip(lines) {
            list.push_str(&line);
        }
    }
    let [updates, parsers, applied, diffs, callbacks, registrations, names] = &lists;
    let rows: Vec<_> = relations.iter().map(|relation| relation.row.clone()).collect();
    let parsed = |parse: &str| parsers.replace("$rows", parse);
    let body = fill(
        TABLES,
        &[
            ("$updates", updates),
            ("$changed", &parsed("__sdk::TableUpdate::parse_table_update(table)")),
            ("$inserted", &parsed("__sdk::parse_row_list_as_inserts(table.rows)")),
            ("$deleted", &parsed("__sdk::parse_row_list_as_deletes(table.rows)")),
            ("$applied", applied),
            ("$diffs", diffs),
            ("$callbacks", callbacks),
            ("$registrations", registrations),
            ("$names", names),
        ],
    );
    format!("{IMPORTS}\n{}{body}", types::imports(&["EventContext", "RemoteModule"], &rows))
}

/// `remote_reducers.rs`: what is to be done for each reducer.
fn remote_reducers(reducers: &[Function]) -> String {
    let mut variants = String::new();
    let mut names = String::new();
    let mut encoders = String::new();
    let mut uses = Vec::new();
    for Function { name, variant, parameters, arguments, module, uses: used, .. } in reducers {
        let members: Vec<_> = parameters.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let values: Vec<_> = parameters.iter().map(|(name, _)| format!("{name}: {name}.clone()")).collect();
        let fields: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(variants, "    {variant} {},", braced(&members));
        let _ = writeln!(names, "            Self::{variant} {{ .. }} => {},", quoted(name));
        let _ = writeln!(
            encoders,
            "            Self::{variant} {} => {{\n                \
             __sats::bsatn::to_vec(&super::{module}::{arguments} {})\n            }}",
            braced(&fields),
            braced(&values)
        );
        uses.extend(used.iter().cloned());
    }
    if reducers.is_empty() {
        names.push_str("            _ => \"\",\n");
        encoders.push_str("            _ => Ok(Vec::new()),\n");
    }
    let body = fill(REDUCERS, &[("$variants", &variants), ("$names", &names), ("$encoders", &encoders)]);
    format!("{IMPORTS}\n{}{body}", types::imports(&["RemoteModule"], &uses))
}

fn braced<T: AsRef<str>>(members: &[T]) -> String {
    let members: Vec<_> = members.iter().map(AsRef::as_ref).collect();
    if members.is_empty() { "{}".into() } else { format!("{{ {} }}", members.join(", ")) }
}

/// A template with its placeholders replaced, in the order of the list.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
}

/// A string literal.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

const TABLES: &str = "
/// The module's tables and views, each with a method that gives its rows.
pub struct RemoteTables {
    pub(super) connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for RemoteTables {
    type Module = RemoteModule;
}

/// The tables and views that `subscribe_to_all_tables` subscribes to.
pub(super) const NAMES: &[&str] = &[
$names];

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
$registrations}

/// What a message of the server says of each table.
#[derive(Debug, Default)]
pub struct DbUpdate {
$updates}

impl __sdk::InModule for DbUpdate {
    type Module = RemoteModule;
}

fn unknown(table: &str) -> __sdk::Error {
    __sdk::InternalError::unknown_name(\"table\", table, \"a message of the server\").into()
}

impl TryFrom<__ws::v2::TransactionUpdate> for DbUpdate {
    type Error = __sdk::Error;

    fn try_from(message: __ws::v2::TransactionUpdate) -> Result<Self, Self::Error> {
        let mut update = Self::default();
        for table in __sdk::transaction_update_iter_table_updates(message) {
            match &table.table_name[..] {
$changed                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

impl __sdk::DbUpdate for DbUpdate {
    fn apply_to_client_cache(&self, cache: &mut __sdk::ClientCache<RemoteModule>) -> AppliedDiff<'_> {
        AppliedDiff {
$applied            lifetime_of_update: PhantomData,
        }
    }

    fn parse_initial_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
$inserted                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }

    fn parse_unsubscribe_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
$deleted                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

/// What a message of the server changed in the client's cache.
pub struct AppliedDiff<'r> {
$diffs    lifetime_of_update: PhantomData<&'r ()>,
}

impl __sdk::InModule for AppliedDiff<'_> {
    type Module = RemoteModule;
}

impl<'r> __sdk::AppliedDiff<'r> for AppliedDiff<'r> {
    fn invoke_row_callbacks(&self, event: &EventContext, callbacks: &mut __sdk::DbCallbacks<RemoteModule>) {
$callbacks    }
}
";

const REDUCERS: &str = "
/// A reducer with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub enum Reducer {
$variants}

impl __sdk::InModule for Reducer {
    type Module = RemoteModule;
}

impl __sdk::Reducer for Reducer {
    fn reducer_name(&self) -> &'static str {
        match self {
$names        }
    }

    fn args_bsatn(&self) -> Result<Vec<u8>, __sats::bsatn::EncodeError> {
        match self {
$encoders        }
    }
}
";

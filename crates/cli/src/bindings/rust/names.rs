//! Identifiers of Rust, and who has which of them in `module_bindings`.

use std::collections::BTreeMap;

use crate::bindings::names::{pascal, snake};
use crate::error::{Error, Result};

/// What the generated code needs to mean what it means everywhere, so that no type of a module may be called it.
const OF_STD: [&str; 6] = ["Box", "Option", "Result", "String", "Vec", "Self"];

/// What every `module_bindings` has.
const OF_BINDINGS: [&str; 19] = [
    "AppliedDiff",
    "DbConnection",
    "DbUpdate",
    "ErrorContext",
    "EventContext",
    "ProcedureEventContext",
    "Reducer",
    "ReducerEventContext",
    "RemoteDbContext",
    "RemoteModule",
    "RemoteProcedures",
    "RemoteReducers",
    "RemoteTables",
    "SubscriptionBuilder",
    "SubscriptionEventContext",
    "SubscriptionHandle",
    "remote_connection",
    "remote_reducers",
    "remote_tables",
];

/// Words that need `r#` before them, up to edition 2024.
const KEYWORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while",
    "yield",
];

/// Words that cannot be names even with `r#`.
const NEVER_NAMES: [&str; 5] = ["", "_", "crate", "self", "super"];

/// Name of a field, parameter, method or module file's stem.
pub(super) fn value(name: &str) -> String {
    let name = snake(name);
    if NEVER_NAMES.contains(&name.as_str()) {
        format!("{name}_")
    } else if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
    }
}

/// Name of a type or variant.
pub(super) fn ty(name: &str) -> String {
    let name = pascal(name);
    if name.starts_with(|first: char| first.is_numeric()) || name.is_empty() {
        format!("_{name}")
    } else if name == "Self" {
        "Self_".into()
    } else {
        name
    }
}

/// The names of `module_bindings`, each with what it is the name of.
pub(super) struct Taken(BTreeMap<String, String>);

impl Taken {
    pub(super) fn new() -> Self {
        let of_bindings = OF_BINDINGS.iter().map(|name| (*name, "a part of all bindings"));
        let of_std = OF_STD.iter().map(|name| (*name, "a type of the standard library"));
        let all = of_bindings.chain(of_std);
        Self(all.map(|(name, what)| (name.to_owned(), what.to_owned())).collect())
    }

    /// Gives a name to something; the same thing may ask again.
    ///
    /// # Errors
    ///
    /// Something else has it.
    pub(super) fn claim(&mut self, name: &str, what: &str) -> Result<()> {
        let holder = self.0.entry(name.to_owned()).or_insert_with(|| what.to_owned());
        if holder == what {
            return Ok(());
        }
        Err(Error::refused(
            format!("{what} would be called {name} in Rust, as {holder} is"),
            "rename it in the module",
        ))
    }
}

/// Fails if two of the names are one in Rust.
pub(super) fn distinct(names: &[String], of: &str) -> Result<()> {
    match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        Some((_, name)) => Err(Error::refused(
            format!("{of} has two parts that would be called {name} in Rust"),
            "rename one of them in the module",
        )),
        None => Ok(()),
    }
}

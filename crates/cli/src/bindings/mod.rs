//! Typed code for clients of a module. Text in, text out: the same definition gives the same bytes.

#[cfg(test)]
mod golden_tests;
mod names;
mod rust;
mod sql;
mod typescript;

use serde::{Deserialize, Serialize};
use spacetime_definition::{Definition, Type};

use crate::error::Result;

/// What every generated file has in its first line; how the generator knows its own files.
pub(crate) const MARK: &str = "Made by `spacetime generate`";

/// Languages of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// For the npm package `spacetimedb`, 2.x.
    Typescript,
    /// For the crate `spacetimedb-sdk`, 2.10 or later.
    Rust,
    /// The functions that psql calls, as documentation.
    Sql,
}

/// Files, by name, for clients of a module. What clients cannot see is left out: private tables and reducers.
pub(crate) fn generate(definition: &Definition, language: Language) -> Result<Vec<(String, String)>> {
    Ok(match language {
        Language::Typescript => vec![("index.ts".into(), typescript::index(definition)?)],
        Language::Rust => rust::files(definition)?,
        Language::Sql => vec![("functions.sql".into(), sql::functions(definition))],
    })
}

/// A type as people write it.
pub(crate) fn type_text(ty: &Type) -> String {
    match ty {
        Type::Array(element) => format!("Vec<{}>", type_text(element)),
        Type::Option(inner) => format!("Option<{}>", type_text(inner)),
        Type::Product(product) => product.name.clone().unwrap_or_else(|| {
            let fields = product.fields.iter().map(|field| match &field.name {
                Some(name) => format!("{name}: {}", type_text(&field.ty)),
                None => type_text(&field.ty),
            });
            format!("({})", fields.collect::<Vec<_>>().join(", "))
        }),
        Type::Sum(sum) => sum.name.clone().unwrap_or_else(|| {
            let variants = sum.variants.iter().map(|variant| {
                format!("{}({})", variant.name.as_deref().unwrap_or("_"), type_text(&variant.ty))
            });
            variants.collect::<Vec<_>>().join(" | ")
        }),
        Type::Bytes => "Vec<u8>".into(),
        Type::String
        | Type::Identity
        | Type::ConnectionId
        | Type::Timestamp
        | Type::TimeDuration
        | Type::Uuid
        | Type::ScheduleAt => format!("{ty:?}"),
        number => format!("{number:?}").to_lowercase(),
    }
}

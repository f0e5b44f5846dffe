//! Why a JSON document is not a value of a type.

use serde_json::Value;

/// What is wrong with a JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// JSON of another kind than the type needs, or text that does not parse.
    Malformed,
    /// A number that the type cannot hold.
    OutOfRange,
    /// A string contains U+0000, which Postgres cannot store (SQLSTATE 22P05).
    Character,
    /// A field, parameter or variant that does not exist.
    Unknown,
    /// A field or parameter is missing.
    Missing,
    /// More values than fields or parameters.
    Surplus,
}

/// A JSON document that is not a value of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{problem}", path, if path.is_empty() { "" } else { ": " })]
pub struct JsonError {
    /// Where: `args.content`, `args.names[1].first`. Empty for the document itself.
    pub path: String,
    /// What: `expected u32, found string "x"`.
    pub problem: String,
    pub kind: JsonErrorKind,
}

impl JsonError {
    pub(super) fn new(kind: JsonErrorKind, problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into(), kind }
    }

    /// `expected …, found …`.
    pub(super) fn mismatch(expected: &str, found: &Value) -> Self {
        Self::new(JsonErrorKind::Malformed, format!("expected {expected}, found {}", describe(found)))
    }

    /// A number of the right kind but too large, small or negative.
    pub(super) fn out_of_range(expected: &str, found: &Value) -> Self {
        Self::new(JsonErrorKind::OutOfRange, format!("expected {expected}, found {}", describe(found)))
    }

    /// The same error seen from the document that contains the failing one under `name`.
    pub(super) fn in_field(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }

    /// The same error seen from the document that contains the failing one at `position`.
    pub(super) fn at_position(self, position: usize) -> Self {
        self.in_field(&format!("[{position}]"))
    }
}

/// A JSON value in an error message: scalars themselves, containers only by kind.
fn describe(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => shortened(&number.to_string(), LONGEST),
        Value::String(text) => format!("string {:?}", shortened(text, LONGEST)),
        Value::Array(items) => format!("array of {} elements", items.len()),
        Value::Object(map) => match map.keys().next() {
            Some(key) if map.len() == 1 => format!("object with the key {:?}", shortened(key, LONGEST)),
            _ => format!("object with {} keys", map.len()),
        },
    }
}

fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

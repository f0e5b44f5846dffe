//! The SQL functions of a module, as documentation: what to call from psql or any Postgres client.

use std::fmt::Write;

use spacetime_definition::{Definition, Field, Type, Visibility};

use super::{MARK, type_text};

/// A script of comments and example calls.
pub(super) fn functions(definition: &Definition) -> String {
    let mut text = format!("-- {MARK}. The schema is the module's: SET search_path = \"my-module\";\n");
    let public = definition.tables.iter().filter(|table| table.is_public && !table.is_event);
    for table in public {
        let columns: Vec<_> = table.columns.iter().map(|column| quote(&column.name)).collect();
        let _ = writeln!(text, "\nSELECT {} FROM {};", columns.join(", "), quote(&table.name));
    }
    let callable = |visibility| visibility == Visibility::ClientCallable;
    for reducer in definition
        .reducers
        .iter()
        .filter(|reducer| reducer.lifecycle.is_none() && callable(reducer.visibility))
    {
        let _ = writeln!(text, "\n-- reducer\nSELECT {};", call(&reducer.name, &reducer.params));
    }
    for procedure in definition.procedures.iter().filter(|procedure| callable(procedure.visibility)) {
        let returned = type_text(&procedure.return_type);
        let _ = writeln!(
            text,
            "\n-- procedure, returns {returned}\nCALL {};",
            call(&procedure.name, &procedure.params)
        );
    }
    for view in definition.views.iter().filter(|view| view.is_public) {
        let _ = writeln!(text, "\n-- view\nSELECT * FROM {};", call(&view.name, &view.params));
    }
    text
}

fn call(name: &str, parameters: &[Field]) -> String {
    let placeholders = parameters.iter().enumerate().map(|(at, field)| {
        let name = field.name.as_deref().map_or_else(|| format!("_{at}"), quote);
        format!("{name} => ${}::{}", at + 1, column_type(&field.ty))
    });
    format!("{}({})", quote(name), placeholders.collect::<Vec<_>>().join(", "))
}

/// The Postgres type that holds values of a type, as publishing chooses it (docs/reference.md).
fn column_type(ty: &Type) -> String {
    match ty {
        Type::Bool => "boolean".into(),
        Type::I8 | Type::U8 | Type::I16 => "smallint".into(),
        Type::U16 | Type::I32 => "integer".into(),
        Type::U32 | Type::I64 | Type::TimeDuration => "bigint".into(),
        Type::U64 | Type::I128 | Type::U128 | Type::I256 | Type::U256 => "numeric".into(),
        Type::F32 => "real".into(),
        Type::F64 => "double precision".into(),
        Type::String => "text".into(),
        Type::Identity | Type::ConnectionId | Type::Bytes => "bytea".into(),
        Type::Timestamp => "timestamptz".into(),
        Type::Uuid => "uuid".into(),
        Type::Option(inner) if !matches!(**inner, Type::Option(_)) => column_type(inner),
        Type::Array(element) if is_scalar(element) => format!("{}[]", column_type(element)),
        Type::Sum(sum) if sum.is_plain_enum() => sum.name.as_deref().map_or_else(|| "text".into(), quote),
        _ => "jsonb".into(),
    }
}

fn is_scalar(ty: &Type) -> bool {
    match ty {
        Type::Array(_) | Type::Option(_) | Type::Product(_) | Type::ScheduleAt => false,
        Type::Sum(sum) => sum.is_plain_enum(),
        _ => true,
    }
}

fn quote(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    // Reserved words are few here and quoting them does no harm elsewhere.
    let is_reserved = matches!(
        name,
        "user" | "order" | "table" | "group" | "select" | "end" | "from" | "to" | "check" | "limit"
    );
    if is_plain && !is_reserved { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

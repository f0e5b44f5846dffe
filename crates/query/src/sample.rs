//! A schema for tests.

use spacetime_definition::Type;

use crate::{Schema, StoredColumn, StoredRelation};

/// A public table; columns whose name begins with `#` are indexed.
pub(crate) fn table(name: &str, columns: &[(&str, Type)]) -> StoredRelation {
    let columns = columns.iter().map(|(name, ty)| StoredColumn {
        name: name.trim_start_matches('#').to_owned(),
        source_name: name.trim_start_matches('#').replace('_', "X"),
        ty: ty.clone(),
        is_indexed: name.starts_with('#'),
    });
    StoredRelation {
        name: name.to_owned(),
        source_name: format!("{name}Source"),
        columns: columns.collect(),
        is_public: true,
        is_event: false,
        is_view: false,
    }
}

pub(crate) fn schema() -> Schema {
    let user = table(
        "user",
        &[
            ("#id", Type::U32),
            ("name", Type::String),
            ("online", Type::Bool),
            ("who", Type::Identity),
            ("tag", Type::Option(Box::new(Type::U8))),
            ("score", Type::F64),
        ],
    );
    let member = table("member", &[("#user_id", Type::U32), ("#room", Type::U64), ("note", Type::String)]);
    let secret = StoredRelation { is_public: false, ..table("secret", &[("#user_id", Type::U32)]) };
    let event = StoredRelation { is_event: true, ..table("ping", &[("user_id", Type::U32)]) };
    Schema { relations: vec![user, member, secret, event] }
}

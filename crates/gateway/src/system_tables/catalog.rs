//! Which system tables there are, with the numbers that the reference gives them.

use spacetime_auth::Identity;
use spacetime_definition::Type;
use spacetime_wire::ConnectionId;

use super::module;
use crate::postgres::Module;

/// What rows are made of.
pub(super) struct Facts<'a> {
    pub(super) module: &'a Module,
    /// Those now connected.
    pub(super) clients: &'a [(Identity, ConnectionId)],
}

/// A system table, and how its rows come about.
pub(super) struct SystemTable {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
    /// In BSATN.
    pub(super) rows: fn(&Facts<'_>) -> Vec<Vec<u8>>,
}

/// The types of their columns.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Bool,
    U16,
    U32,
    I128,
    Text,
    Identity,
    ConnectionId,
    /// Positions of columns.
    Columns,
    MaybeColumns,
}

impl Kind {
    pub(super) fn ty(self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::U16 => Type::U16,
            Self::U32 => Type::U32,
            Self::I128 => Type::I128,
            Self::Text => Type::String,
            Self::Identity => Type::Identity,
            Self::ConnectionId => Type::ConnectionId,
            Self::Columns => Type::Array(Box::new(Type::U16)),
            Self::MaybeColumns => Type::Option(Box::new(Self::Columns.ty())),
        }
    }
}

use Kind::{Bool, Columns, I128, MaybeColumns, Text, U16, U32};

/// `st_connection_credentials` is not among them, and never will be.
pub(super) const TABLES: &[SystemTable] = &[
    SystemTable {
        id: 1,
        name: "st_table",
        columns: &[
            ("table_id", U32),
            ("table_name", Text),
            ("table_type", Text),
            ("table_access", Text),
            ("table_primary_key", MaybeColumns),
        ],
        rows: module::tables,
    },
    SystemTable {
        id: 2,
        name: "st_column",
        columns: &[("table_id", U32), ("col_pos", U16), ("col_name", Text), ("col_type", Text)],
        rows: module::columns,
    },
    SystemTable {
        id: 3,
        name: "st_sequence",
        columns: &[
            ("sequence_id", U32),
            ("sequence_name", Text),
            ("table_id", U32),
            ("col_pos", U16),
            ("increment", I128),
            ("start", I128),
            ("min_value", I128),
            ("max_value", I128),
        ],
        rows: module::sequences,
    },
    SystemTable {
        id: 4,
        name: "st_index",
        columns: &[
            ("index_id", U32),
            ("table_id", U32),
            ("index_name", Text),
            ("index_algorithm", Text),
            ("columns", Columns),
            ("is_unique", Bool),
        ],
        rows: module::indexes,
    },
    SystemTable {
        id: 5,
        name: "st_constraint",
        columns: &[
            ("constraint_id", U32),
            ("constraint_name", Text),
            ("table_id", U32),
            ("columns", Columns),
        ],
        rows: module::constraints,
    },
    SystemTable {
        id: 6,
        name: "st_module",
        columns: &[
            ("database_identity", Kind::Identity),
            ("owner_identity", Kind::Identity),
            ("program_kind", Text),
            ("program_hash", Text),
        ],
        rows: module::module,
    },
    SystemTable {
        id: 7,
        name: "st_client",
        columns: &[("identity", Kind::Identity), ("connection_id", Kind::ConnectionId)],
        rows: module::clients,
    },
    SystemTable {
        id: 9,
        name: "st_scheduled",
        columns: &[
            ("schedule_id", U32),
            ("table_id", U32),
            ("reducer_name", Text),
            ("schedule_name", Text),
            ("at_column", U16),
        ],
        rows: module::schedules,
    },
    SystemTable {
        id: 10,
        name: "st_row_level_security",
        columns: &[("table_id", U32), ("sql", Text)],
        rows: module::row_level_security,
    },
    SystemTable {
        id: 12,
        name: "st_view",
        columns: &[
            ("view_id", U32),
            ("view_name", Text),
            ("table_id", U32),
            ("is_public", Bool),
            ("is_anonymous", Bool),
        ],
        rows: module::views,
    },
    SystemTable {
        id: 13,
        name: "st_view_param",
        columns: &[("view_id", U32), ("param_pos", U16), ("param_name", Text), ("param_type", Text)],
        rows: module::view_params,
    },
    SystemTable {
        id: 14,
        name: "st_view_column",
        columns: &[("view_id", U32), ("col_pos", U16), ("col_name", Text), ("col_type", Text)],
        rows: module::view_columns,
    },
    SystemTable { id: 17, name: "st_event_table", columns: &[("table_id", U32)], rows: module::event_tables },
    SystemTable {
        id: 18,
        name: "st_table_accessor",
        columns: &[("table_name", Text), ("accessor_name", Text)],
        rows: module::table_accessors,
    },
    SystemTable {
        id: 19,
        name: "st_index_accessor",
        columns: &[("index_name", Text), ("accessor_name", Text)],
        rows: module::index_accessors,
    },
    SystemTable {
        id: 20,
        name: "st_column_accessor",
        columns: &[("table_name", Text), ("col_name", Text), ("accessor_name", Text)],
        rows: module::column_accessors,
    },
];

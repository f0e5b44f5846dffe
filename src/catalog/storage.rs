//! The storage plan: which Postgres object holds which part of a module. Written at publish, kept as jsonb, never
//! derived again: names chosen once stay, whatever later versions would choose.
//!
//! Every list is in the order of the module definition.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoragePlan {
    /// The table whose lock is the module's serial lock.
    pub(crate) lock_table: String,
    pub(crate) types: Vec<StoredType>,
    pub(crate) tables: Vec<StoredTable>,
    pub(crate) reducers: Vec<StoredReducer>,
    pub(crate) procedures: Vec<StoredProcedure>,
    pub(crate) views: Vec<StoredView>,
}

/// A type made for the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredType {
    /// `identity`, `connection_id`, or the name of the enum in the module.
    pub(crate) name: String,
    pub(crate) pg_name: String,
    /// Labels of an ENUM in tag order; `None` for the domains.
    pub(crate) labels: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredTable {
    pub(crate) name: String,
    pub(crate) pg_name: String,
    pub(crate) is_public: bool,
    /// Nothing is stored: no relation has the name, and there are no indexes.
    pub(crate) is_event: bool,
    pub(crate) columns: Vec<StoredColumn>,
    pub(crate) indexes: Vec<StoredIndex>,
    pub(crate) sequences: Vec<StoredSequence>,
    /// Unique index over the hash of the whole row, on tables without any other unique index.
    pub(crate) row_hash_index: Option<String>,
    /// What lets a client see a row, any of them; without rules, a public table's rows are for all.
    #[serde(default)]
    pub(crate) rules: Vec<StoredRule>,
}

/// A client visibility filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredRule {
    /// SQL condition on a row of the table.
    pub(crate) condition: String,
    /// The function that the condition calls, if it needs one.
    pub(crate) function: Option<StoredRuleFunction>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredRuleFunction {
    /// Qualified name and parameter types.
    pub(crate) signature: String,
    /// The statement that creates it.
    pub(crate) create: String,
}

impl StoragePlan {
    /// The tables that are relations in Postgres: all but event tables.
    pub(crate) fn relations(&self) -> impl Iterator<Item = &StoredTable> {
        self.tables.iter().filter(|table| !table.is_event)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    pub(crate) pg_name: String,
    pub(crate) sats_type: String,
    pub(crate) sql_type: String,
    pub(crate) nullable: bool,
    /// SQL condition that keeps SQL writers within the SATS type.
    pub(crate) check: Option<String>,
    /// Name of the CHECK constraint that holds it.
    pub(crate) check_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredIndex {
    pub(crate) name: String,
    pub(crate) pg_name: String,
    /// Names of the key columns in Postgres.
    pub(crate) columns: Vec<String>,
    pub(crate) is_unique: bool,
    pub(crate) is_primary_key: bool,
    pub(crate) algorithm: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSequence {
    pub(crate) name: String,
    pub(crate) pg_name: String,
    /// Position of the column.
    pub(crate) column: usize,
    pub(crate) start: i64,
    pub(crate) min_value: i64,
    pub(crate) max_value: i64,
    pub(crate) increment: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredReducer {
    pub(crate) name: String,
    /// Name of the SQL function; `None` when there is none (lifecycle, private, too many parameters).
    pub(crate) pg_name: Option<String>,
    /// Parameters as SQL declares them.
    pub(crate) arguments: String,
    /// `callable`, `private`, `init`, `client_connected` or `client_disconnected`.
    pub(crate) kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredProcedure {
    pub(crate) name: String,
    /// Name of the SQL procedure; `None` when there is none (private, too many parameters).
    pub(crate) pg_name: Option<String>,
    /// Parameters as SQL declares them, without the result.
    pub(crate) arguments: String,
    /// Name of the output parameter, a jsonb; `None` for procedures that return nothing.
    pub(crate) result: Option<String>,
    /// `callable` or `private`.
    pub(crate) kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredView {
    pub(crate) name: String,
    /// Name of the SQL function; `None` when there is none (no columns, too many of them or of parameters).
    pub(crate) pg_name: Option<String>,
    /// Name of the SQL view over the function; `None` for views with parameters.
    pub(crate) pg_view: Option<String>,
    /// Parameters as SQL declares them.
    pub(crate) arguments: String,
    /// Columns as SQL declares them.
    pub(crate) columns: String,
    pub(crate) is_public: bool,
    pub(crate) is_anonymous: bool,
    /// `rows`, `option` or `query`.
    pub(crate) kind: String,
}

//! The rows of one distinct query, shared by everybody who subscribed to it.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_query::PlanId;
use spacetime_wire::{RowList, WireError};

use super::event::{AppliedTable, ChangedTable, ClientId, SetKey};
use super::planning::TableInfo;
use super::relation::Delta;

/// A query that at least one client has subscribed to.
pub(super) struct Query {
    pub(super) table: Arc<TableInfo>,
    /// Over the relations of the mirror.
    pub(super) plan: spacetime_query::Plan,
    pub(super) subscribers: Vec<(ClientId, SetKey)>,
    /// Its rows come out of relations that are held here; else they are read for it alone.
    pub(super) uses_stores: bool,
    /// Once the rows are those of the module's position.
    pub(super) plan_id: Option<PlanId>,
    rows: Delta,
}

impl Query {
    pub(super) fn new(table: Arc<TableInfo>, plan: spacetime_query::Plan, uses_stores: bool) -> Self {
        Self { table, plan, subscribers: Vec::new(), uses_stores, plan_id: None, rows: Delta::new() }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.plan_id.is_some()
    }

    /// Takes a change of the result in. Rows of event tables are nowhere once they were told.
    pub(super) fn add(&mut self, delta: &Delta) {
        if self.table.is_event {
            return;
        }
        for (row, by) in delta {
            let count = self.rows.entry(row.clone()).or_default();
            *count += by;
            if *count == 0 {
                self.rows.swap_remove(row);
            }
        }
    }

    /// Makes the rows these. Gives what that changed.
    pub(super) fn replace(&mut self, rows: Delta) -> Delta {
        let mut difference = rows.clone();
        for (row, count) in std::mem::replace(&mut self.rows, rows) {
            *difference.entry(row).or_default() -= count;
        }
        difference.retain(|_, by| *by != 0);
        difference
    }

    /// All rows, as a new subscriber gets them.
    pub(super) fn all(&self) -> Result<AppliedTable, WireError> {
        Ok(AppliedTable { table: Arc::clone(&self.table), rows: list(&self.rows, 1)? })
    }

    /// A difference in the form of messages.
    pub(super) fn changed(&self, delta: &Delta) -> Result<ChangedTable, WireError> {
        let table = Arc::clone(&self.table);
        Ok(ChangedTable { table, inserts: list(delta, 1)?, deletes: list(delta, -1)? })
    }
}

/// The rows whose count has a sign, as often as it says.
fn list(rows: &Delta, sign: i64) -> Result<RowList, WireError> {
    let often = |(row, count): (&Bytes, &i64)| {
        std::iter::repeat_n(row.clone(), usize::try_from(count * sign).unwrap_or_default())
    };
    RowList::new(rows.iter().flat_map(often))
}

//! The rows of one distinct query, shared by everybody who subscribed to it.

use std::collections::HashMap;

use bytes::Bytes;
use spacetime_wire::{RowList, WireError};

use super::event::{AppliedTable, ChangedTable, ClientId, SetKey};
use super::plan::Plan;
use crate::postgres::Snapshot;

/// A query that at least one client has subscribed to.
pub(super) struct Query {
    pub(super) plan: Plan,
    pub(super) subscribers: Vec<(ClientId, SetKey)>,
    /// The reading of rows that was begun for this query, and no earlier one of its kind.
    pub(super) load: u64,
    /// How often each row is in the result. Only of use once the query is loaded.
    rows: HashMap<Bytes, i64>,
    state: State,
}

enum State {
    /// Rows are being read. What commits meanwhile waits here with its transaction.
    Loading(Vec<(u64, Delta)>),
    /// Rows are those of a snapshot and of everything after it.
    Ready(Snapshot),
}

/// Rows by how many of them come and go.
pub(super) type Delta = HashMap<Bytes, i64>;

impl Query {
    pub(super) fn new(plan: Plan, load: u64) -> Self {
        Self { plan, load, subscribers: Vec::new(), rows: HashMap::new(), state: State::Loading(Vec::new()) }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_))
    }

    /// Takes in what one entry did to the query's table. Gives what clients of a loaded query must hear.
    pub(super) fn change(&mut self, xid: u64, deletes: &[Bytes], inserts: &[Bytes]) -> Delta {
        let mut delta = Delta::new();
        for (rows, by) in [(deletes, -1), (inserts, 1)] {
            for row in rows.iter().filter(|row| self.plan.admits(row)) {
                *delta.entry(row.clone()).or_default() += by;
            }
        }
        delta.retain(|_, by| *by != 0);
        if self.plan.table.is_event {
            return delta;
        }
        match &mut self.state {
            State::Loading(later) => {
                later.push((xid, delta));
                return Delta::new();
            }
            State::Ready(snapshot) if snapshot.contains(xid) => return Delta::new(),
            State::Ready(_) => {}
        }
        self.add(&delta);
        delta
    }

    /// The table's rows have been read: the result is theirs and what committed since. Gives the difference to what the
    /// query held before, for those who know that already.
    pub(super) fn loaded(&mut self, snapshot: &Snapshot, table: &[Bytes]) -> Delta {
        let later = match std::mem::replace(&mut self.state, State::Ready(snapshot.clone())) {
            State::Loading(later) => later,
            State::Ready(_) => Vec::new(),
        };
        let before = std::mem::take(&mut self.rows);
        for row in table.iter().filter(|row| self.plan.admits(row)) {
            *self.rows.entry(row.clone()).or_default() += 1;
        }
        for (xid, delta) in later {
            if !snapshot.contains(xid) {
                self.add(&delta);
            }
        }
        let mut difference = self.rows.clone();
        for (row, count) in before {
            *difference.entry(row).or_default() -= count;
        }
        difference.retain(|_, by| *by != 0);
        difference
    }

    fn add(&mut self, delta: &Delta) {
        for (row, by) in delta {
            let count = self.rows.entry(row.clone()).or_default();
            *count += by;
            if *count == 0 {
                self.rows.remove(row);
            }
        }
    }

    /// All rows, as a new subscriber gets them.
    pub(super) fn all(&self) -> Result<AppliedTable, WireError> {
        let rows = self.rows.iter().flat_map(|(row, count)| std::iter::repeat_n(row, repeats(*count)));
        Ok(AppliedTable { table: self.plan.table.clone(), rows: RowList::new(rows)? })
    }

    /// A difference in the form of messages.
    pub(super) fn changed(&self, delta: &Delta) -> Result<ChangedTable, WireError> {
        let list = |sign: i64| {
            RowList::new(delta.iter().flat_map(|(row, by)| std::iter::repeat_n(row, repeats(by * sign))))
        };
        Ok(ChangedTable { table: self.plan.table.clone(), inserts: list(1)?, deletes: list(-1)? })
    }
}

fn repeats(count: i64) -> usize {
    usize::try_from(count).unwrap_or(0)
}

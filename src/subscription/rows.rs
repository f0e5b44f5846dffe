//! Rows of a query as a multiset of BSATN.

use std::collections::HashMap;

use super::query::Query;
use crate::error::{Error, Result};
use crate::guc;
use crate::module::Statement;

/// What a row takes in memory besides its bytes, about.
const ROW_BYTES: usize = 48;

/// The rows that the current user sees by the active snapshot, in the order in which Postgres gives them; 53400 if they are
/// more than the notifier may hold.
pub(super) fn read(query: &Query) -> Result<Vec<Vec<u8>>> {
    let mut rows = Vec::new();
    let (mut bytes, limit) = (0, guc::subscription_memory_bytes());
    // Rows of events are gone when their commit is over.
    if !query.returns_events() {
        let statement = Statement::of(&query.module, &query.plans)?;
        statement.run("the query", &query.row_type().fields, &mut |row| {
            bytes += row.len() + ROW_BYTES;
            if bytes > limit {
                return Err(too_large());
            }
            rows.push(row.to_vec());
            Ok(())
        })?;
    }
    Ok(rows)
}

/// Why a subscription has no place in memory.
pub(super) fn too_large() -> Error {
    Error::TooMany {
        what: format!(
            "the rows of subscriptions take more than {} MB",
            guc::subscription_memory_bytes() >> 20
        ),
        hint: "Subscribe to fewer rows, or raise spacetime.subscription_memory_mb.".into(),
    }
}

/// Each row after its length.
pub(super) fn to_bytes(rows: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.iter().map(|row| row.len() + 4).sum());
    for row in rows {
        bytes.extend_from_slice(&(row.len() as u32).to_le_bytes());
        bytes.extend_from_slice(row);
    }
    bytes
}

/// How often each row is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    counts: HashMap<Box<[u8]>, u32>,
    /// What they take, about.
    bytes: usize,
}

impl Rows {
    /// Memory that they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn insert(&mut self, row: &[u8]) {
        if let Some(count) = self.counts.get_mut(row) {
            *count += 1;
        } else {
            self.counts.insert(row.into(), 1);
            self.bytes += row.len() + ROW_BYTES;
        }
    }

    /// Whether the row was there.
    pub(super) fn remove(&mut self, row: &[u8]) -> bool {
        let Some(count) = self.counts.get_mut(row) else { return false };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(row);
            self.bytes = self.bytes.saturating_sub(row.len() + ROW_BYTES);
        }
        true
    }

    /// What is to be removed from and added to `self` to get `other`.
    pub(super) fn difference<'a>(&'a self, other: &'a Self) -> (Vec<&'a [u8]>, Vec<&'a [u8]>) {
        (self.without(other), other.without(self))
    }

    fn without<'a>(&'a self, other: &Self) -> Vec<&'a [u8]> {
        let surplus = |(row, count): (&'a [u8], &u32)| {
            let left = count.saturating_sub(other.counts.get(row).copied().unwrap_or_default());
            std::iter::repeat_n(row, left as usize)
        };
        self.counts.iter().map(|(row, count)| (&**row, count)).flat_map(surplus).collect()
    }

    /// Reads what [`to_bytes`] wrote.
    pub(super) fn from_bytes(mut bytes: &[u8]) -> Result<Self> {
        let mut rows = Self::default();
        while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let (row, rest) =
                rest.split_at_checked(length).ok_or_else(|| Error::Internal("rows are cut off".into()))?;
            rows.insert(row);
            bytes = rest;
        }
        Ok(rows)
    }
}

impl FromIterator<Vec<u8>> for Rows {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(given: I) -> Self {
        let mut rows = Self::default();
        given.into_iter().for_each(|row| rows.insert(&row));
        rows
    }
}

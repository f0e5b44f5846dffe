//! What one commit changed in the rows of an evaluation, as subscribers are told.

use spacetime_change_log::Call;
use spacetime_definition::Field;

use super::row_json::row_json;
use crate::error::{Error, Result};

/// A change whose JSON is longer than this is told by reference.
const INLINE_BYTES_MAX: usize = 7000;
/// A reducer's name that is longer is not told.
const REDUCER_BYTES_MAX: usize = 200;

/// The transaction behind a change.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    /// `None` where several commits are told at once.
    pub(super) xid: Option<u64>,
    /// Its reducer and who called it, if it was one call.
    pub(super) call: Option<(String, String)>,
    /// Rows of an event table may have come that nobody can read again.
    pub(super) has_lost_events: bool,
}

impl Cause {
    pub(super) fn of(xid: u64, calls: &[Call<'_>]) -> Self {
        let call = match calls {
            [call] if call.reducer.len() <= REDUCER_BYTES_MAX => {
                let sender: Vec<_> = call.sender.iter().rev().copied().collect();
                Some((call.reducer.to_owned(), hex::encode(sender)))
            }
            _ => None,
        };
        Self { xid: Some(xid), call, has_lost_events: false }
    }

    /// The log had to skip something.
    pub(super) fn lost_events() -> Self {
        Self { has_lost_events: true, ..Self::default() }
    }
}

/// A row too large for a notification.
#[derive(Debug, Clone)]
pub(super) struct LargeRow {
    pub(super) id: i64,
    pub(super) json: String,
}

/// Rows that left and entered, each an object of the array `changes`.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) cause: Cause,
    pub(super) rows: Vec<String>,
    /// Ids of rows that are told by reference.
    pub(super) large: Vec<i64>,
    /// Length of `rows`.
    pub(super) bytes: usize,
    pub(super) made_at_us: i64,
}

/// How rows of one table are written.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) table: &'a str,
    pub(super) fields: &'a [Field],
    pub(super) next_large: &'a mut i64,
}

impl Writer<'_> {
    /// A change, and its rows that are too large.
    pub(super) fn write<'r>(
        mut self,
        cause: Cause,
        deletes: impl IntoIterator<Item = &'r [u8]>,
        inserts: impl IntoIterator<Item = &'r [u8]>,
    ) -> Result<(Change, Vec<LargeRow>)> {
        let mut change = Change { cause, made_at_us: crate::pg::worker::now_us(), ..Change::default() };
        let mut large = Vec::new();
        for row in deletes {
            self.append("delete", row, &mut change, &mut large)?;
        }
        for row in inserts {
            self.append("insert", row, &mut change, &mut large)?;
        }
        Ok((change, large))
    }

    fn append(&mut self, op: &str, row: &[u8], change: &mut Change, large: &mut Vec<LargeRow>) -> Result<()> {
        crate::pg::interrupt::process();
        let json =
            row_json(self.fields, row).map_err(|error| Error::Internal(format!("a row as JSON: {error}")))?;
        let table = serde_json::Value::from(self.table);
        let mut text = format!(r#"{{"table":{table},"op":"{op}","row":{json}}}"#);
        if text.len() > INLINE_BYTES_MAX {
            let id = *self.next_large;
            *self.next_large += 1;
            text = format!(r#"{{"table":{table},"op":"{op}","ref":{id},"bytes":{}}}"#, json.len());
            change.large.push(id);
            large.push(LargeRow { id, json });
        }
        change.bytes += text.len();
        change.rows.push(text);
        Ok(())
    }
}

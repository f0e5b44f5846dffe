//! Which transactions a snapshot of another session contains.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::pg::{query, xact};

/// A snapshot, by top-level transactions.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    xmax: u64,
    running: HashSet<u64>,
}

impl Seen {
    /// Text of the active snapshot, in which this transaction itself is one that is running.
    pub(super) fn text_of_active() -> Result<String> {
        let mut text = String::new();
        query::select("SELECT pg_current_snapshot()::text COLLATE \"C\"", &[], &mut |_, values, _| {
            // SAFETY: the column is a text and not NULL.
            text = String::from_utf8_lossy(unsafe { crate::pg::datum::bytes_of(values[0]) }).into_owned();
            Ok(())
        })?;
        // Snapshots leave out the transaction that takes them.
        Ok(match xact::top_xid_if_any() {
            0 => text,
            own if text.ends_with(':') => format!("{text}{own}"),
            own => format!("{text},{own}"),
        })
    }

    /// Reads what [`Seen::text_of_active`] wrote: `xmin:xmax:running,…`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let broken = || Error::Internal(format!("{text:?} is no snapshot"));
        let mut parts = text.split(':');
        let (Some(_), Some(xmax), Some(running)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(broken());
        };
        let number = |text: &str| text.parse().map_err(|_| broken());
        let running = running.split(',').filter(|xid| !xid.is_empty()).map(number).collect::<Result<_>>()?;
        Ok(Self { xmax: number(xmax)?, running })
    }

    pub(super) fn sees(&self, xid: u64) -> bool {
        xid < self.xmax && !self.running.contains(&xid)
    }
}

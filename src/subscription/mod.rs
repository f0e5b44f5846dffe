//! Subscriptions of SQL sessions over LISTEN and NOTIFY (docs/subscriptions.md).
//!
//! ```text
//! session:   subscribe ──► query ──► rows as the role sees them ──► _subscription, LISTEN        (its transaction)
//! notifier:  change log ──► hub ──► evaluation: one for all that see the same rows ──► outbox ──► NOTIFY
//! ```
//!
//! Invariant: what an evaluation holds is what each of its subscribers holds after the messages sent so far. So whatever
//! cannot be followed is repaired by reading the rows anew in a snapshot and sending the difference.
//!
//! Alignment: rows are read in a snapshot; all entries of the log that the snapshot sees are consumed with it, and those
//! it does not see are applied later. None is applied twice or left out.

mod access;
mod change;
mod evaluation;
mod hub;
mod lookup;
mod outbox;
mod payload;
mod query;
mod row_json;
mod rows;
mod seen;
mod session;
mod subscriber;

pub(crate) use hub::{Hub, Pause};
pub(crate) use session::{end_of_others, fetch_change, resume, subscribe, unsubscribe};

//! The meaning of a reducer call: who calls, with which arguments, in which transaction state, with what outcome.
//!
//! One call from end to end is [`call`]; what the guest can do to tables meanwhile is [`tables`] (writes), [`scans`]
//! (reads) and [`events`] (event tables).

mod arguments;
mod batch;
mod boot;
mod call;
mod caller;
mod connection;
mod event_access;
mod events;
mod keys;
mod scans;
mod scheduled;
mod tables;
mod wrapper;

pub(crate) use batch::call_batch;
pub(crate) use boot::boot;
pub(crate) use call::{call_init, call_with_json};
pub(crate) use caller::Caller;
pub(crate) use connection::{connect, disconnect, disconnect_all};
pub(crate) use scheduled::{Progress, run_scheduled, settle_failed};
pub(crate) use wrapper::{WrapperBody, call_wrapper, validate_wrapper};

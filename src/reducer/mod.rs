//! The meaning of a call: who calls, with which arguments, in which transaction state, with what outcome.
//!
//! One call of a reducer from end to end is [`call`], of a view [`view`], of a procedure [`procedure`]; what the guest can do to tables meanwhile is [`tables`] (writes), [`scans`]
//! (reads) and [`events`] (event tables).

mod arguments;
mod batch;
mod boot;
mod call;
mod caller;
mod connection;
mod event_access;
mod events;
mod function;
mod host;
mod http;
mod keys;
mod procedure;
mod procedure_host;
mod scans;
mod scheduled;
mod selection;
mod statement;
mod tables;
mod view;
mod view_query;
mod view_rows;
mod wrapper;

pub(crate) use batch::call_batch;
pub(crate) use boot::boot;
pub(crate) use call::{call_init, call_with_json};
pub(crate) use caller::Caller;
pub(crate) use connection::{connect, disconnect, disconnect_all};
pub(crate) use procedure::{call_procedure_for_client, call_procedure_with_json};
pub(crate) use scheduled::{
    Progress, note_failed_procedure, run_procedure, run_scheduled, settle_failed, take_procedure,
};
pub(crate) use selection::{Viewer, estimate, select_rows};
pub(crate) use statement::run_statement;
pub(crate) use view::evaluate_by_name;
pub(crate) use wrapper::{WrapperBody, WrapperOf, call_wrapper, validate_wrapper};

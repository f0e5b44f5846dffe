//! What clients have subscribed to, and how they learn of changes.

mod answers;
mod delta;
mod event;
mod filling;
mod hub;
mod hubs;
mod loading;
mod mirror;
#[cfg(test)]
mod mirror_tests;
mod one_off;
mod planning;
mod query;
mod registry;
mod relation;
mod stream;
mod stretch;

pub(crate) use answers::{BatchId, Outcome, PendingCall, Reply};
pub(crate) use event::{
    AppliedTable, CallInfo, CallOutcome, ChangedTable, ClientId, Event, OneOffId, ProcedureAnswer, Request,
    SetKey, SubscribeKind,
};
pub(crate) use hub::{HubHandle, Input, NewClient, Subscribe};
pub(crate) use hubs::Hubs;
pub(crate) use one_off::{OneOffQuery, Question};
pub(crate) use planning::{Asker, FIRST_TABLE_ID, Plan, TableInfo, plans};

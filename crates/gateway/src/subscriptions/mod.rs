//! What clients have subscribed to, and how they learn of changes.

mod answers;
mod condition;
mod event;
mod hub;
mod loading;
mod plan;
mod query;
mod registry;

pub(crate) use answers::{BatchId, Outcome, PendingCall, Reply};
pub(crate) use event::{
    AppliedTable, CallInfo, CallOutcome, ChangedTable, ClientId, Event, Request, SetKey, SubscribeKind,
};
pub(crate) use hub::{Hub, HubHandle, Input, NewClient, Subscribe};
pub(crate) use plan::{Asker, Plan, TableInfo, plans};

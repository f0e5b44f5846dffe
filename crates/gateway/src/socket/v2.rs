//! Messages of versions 2 and 3.

use spacetime_wire::WireError;
use spacetime_wire::v2::{
    ClientMessage, InitialConnection, OneOffQueryResult, ProcedureResult, ProcedureStatus, QueryRows,
    QuerySetId, QuerySetUpdate, ReducerOutcome, ReducerResult, ServerMessage, SingleTableRows,
    SubscribeApplied, SubscriptionError, TableUpdate, TableUpdateRows, TimeDuration, Timestamp,
    TransactionUpdate, UnsubscribeApplied, UnsubscribeFlags,
};

use super::connection::Peer;
use super::protocol::{Reply, Request};
use crate::executor::Arguments;
use crate::subscriptions::{
    AppliedTable, CallOutcome, ChangedTable, Event, OneOffId, Request as SetRequest, SetKey, SubscribeKind,
};

pub(super) fn request(message: ClientMessage) -> Request {
    let set = |id, set: QuerySetId, kind| SetRequest { id, set: SetKey::Numbered(set.id), kind };
    match message {
        ClientMessage::Subscribe(message) => Request::Subscribe {
            request: set(message.request_id, message.query_set_id, SubscribeKind::QuerySet),
            queries: message.query_strings,
        },
        ClientMessage::Unsubscribe(message) => {
            let kind = match message.flags {
                UnsubscribeFlags::Default => SubscribeKind::QuerySet,
                UnsubscribeFlags::SendDroppedRows => SubscribeKind::QuerySetWithRows,
            };
            Request::Unsubscribe { request: set(message.request_id, message.query_set_id, kind) }
        }
        ClientMessage::OneOffQuery(message) => {
            Request::OneOff { id: OneOffId::V2(message.request_id), query: message.query_string }
        }
        ClientMessage::CallReducer(message) => Request::Call {
            reducer: message.reducer,
            arguments: Arguments::Bsatn(message.args),
            request_id: message.request_id,
            is_quiet: false,
        },
        ClientMessage::CallProcedure(message) => Request::Procedure {
            procedure: message.procedure,
            arguments: Arguments::Bsatn(message.args),
            request_id: message.request_id,
        },
    }
}

pub(super) fn message(reply: &Reply<'_>, peer: &Peer) -> Result<Option<ServerMessage>, WireError> {
    Ok(Some(match reply {
        Reply::First => ServerMessage::InitialConnection(InitialConnection {
            identity: peer.caller.identity,
            connection_id: peer.connection_id,
            token: peer.caller.token.clone(),
        }),
        Reply::Event(event) => return event_message(event),
    }))
}

fn event_message(event: &Event) -> Result<Option<ServerMessage>, WireError> {
    Ok(Some(match event {
        Event::Applied { request, tables, .. } => ServerMessage::SubscribeApplied(SubscribeApplied {
            request_id: request.id,
            query_set_id: number(request.set),
            rows: rows(tables),
        }),
        Event::Unapplied { request, tables } => ServerMessage::UnsubscribeApplied(UnsubscribeApplied {
            request_id: request.id,
            query_set_id: number(request.set),
            rows: (request.kind == SubscribeKind::QuerySetWithRows).then(|| rows(tables)),
        }),
        Event::SubscriptionRefused { request, error } => {
            ServerMessage::SubscriptionError(SubscriptionError {
                request_id: Some(request.id),
                query_set_id: number(request.set),
                error: error.clone(),
            })
        }
        Event::SubscriptionEnded { set, error } => ServerMessage::SubscriptionError(SubscriptionError {
            request_id: None,
            query_set_id: number(*set),
            error: error.clone(),
        }),
        Event::Update { sets, .. } => ServerMessage::TransactionUpdate(update(sets)),
        Event::Answer { request_id, outcome, sets, .. } => {
            let (timestamp_us, result) = match outcome {
                CallOutcome::Done { timestamp_us, .. } => {
                    (*timestamp_us, ReducerOutcome::committed(update(sets)))
                }
                CallOutcome::Refused(message) => {
                    (super::connection::now_us(), ReducerOutcome::error(message)?)
                }
                CallOutcome::Failed(message)
                | CallOutcome::NotRun(message)
                | CallOutcome::OutOfEnergy(message) => {
                    (super::connection::now_us(), ReducerOutcome::InternalError(message.clone()))
                }
            };
            let timestamp = Timestamp { micros: timestamp_us };
            ServerMessage::ReducerResult(ReducerResult { request_id: *request_id, timestamp, result })
        }
        Event::Procedure(answer) => ServerMessage::ProcedureResult(ProcedureResult {
            status: match &answer.outcome {
                Ok(result) => ProcedureStatus::Returned(result.clone()),
                Err(message) => ProcedureStatus::InternalError(message.clone()),
            },
            timestamp: Timestamp { micros: answer.started_us },
            total_host_execution_duration: TimeDuration { micros: answer.duration_us },
            request_id: answer.request_id,
        }),
        Event::OneOff { id: OneOffId::V2(request_id), result } => {
            let result = result.as_ref().map(|table| rows(std::slice::from_ref(table)));
            let result = result.map_err(Clone::clone);
            ServerMessage::OneOffQueryResult(OneOffQueryResult { request_id: *request_id, result })
        }
        Event::OneOff { .. } | Event::Close { .. } => return Ok(None),
    }))
}

fn number(set: SetKey) -> QuerySetId {
    match set {
        SetKey::Numbered(id) => QuerySetId { id },
        // Only version 1 has it.
        SetKey::Legacy => QuerySetId { id: u32::MAX },
    }
}

fn rows(tables: &[AppliedTable]) -> QueryRows {
    let one =
        |table: &AppliedTable| SingleTableRows { table: table.table.name.clone(), rows: table.rows.clone() };
    QueryRows { tables: tables.iter().map(one).collect() }
}

fn update(sets: &[(SetKey, Vec<ChangedTable>)]) -> TransactionUpdate {
    let table = |changed: &ChangedTable| TableUpdate {
        table_name: changed.table.name.clone(),
        rows: vec![match changed.table.is_event {
            true => TableUpdateRows::EventTable { events: changed.inserts.clone() },
            false => TableUpdateRows::PersistentTable {
                inserts: changed.inserts.clone(),
                deletes: changed.deletes.clone(),
            },
        }],
    };
    let query_sets = sets.iter().map(|(set, tables)| QuerySetUpdate {
        query_set_id: number(*set),
        tables: tables.iter().map(table).collect(),
    });
    TransactionUpdate { query_sets: query_sets.collect() }
}

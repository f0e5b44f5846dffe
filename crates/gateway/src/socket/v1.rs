//! Messages of version 1, in binary and in JSON.

use bytes::Bytes;
use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Abi, Product, Type};
use spacetime_wire::sats_json::{Form, from_bsatn};
use spacetime_wire::v1::{
    Bsatn, CallReducerFlags, ClientMessage, DatabaseUpdate, Encoding, EnergyQuanta, IdentityToken,
    InitialSubscription, Json, OneOffQueryResponse, OneOffTable, ProcedureResult, ProcedureStatus, QueryId,
    QueryUpdate, ReducerCallInfo, ServerMessage, SubscribeApplied, SubscribeMultiApplied, SubscribeRows,
    SubscriptionError, TableUpdate, TimeDuration, Timestamp, TransactionUpdate, TransactionUpdateLight,
    UnsubscribeApplied, UnsubscribeMultiApplied, UpdateStatus,
};
use spacetime_wire::{JsonRows, RowList, WireError};

use super::connection::{Peer, now_us};
use super::protocol::{Reply, Request};
use crate::executor::Arguments;
use crate::subscriptions::{
    AppliedTable, CallInfo, CallOutcome, ChangedTable, Event, OneOffId, ProcedureAnswer,
    Request as SetRequest, SetKey, SubscribeKind, TableInfo,
};

pub(super) fn request(message: ClientMessage<Arguments>) -> Request {
    let set = |id, set: QueryId, kind| SetRequest { id, set: SetKey::Numbered(set.id), kind };
    match message {
        ClientMessage::CallReducer(message) => Request::Call {
            reducer: message.reducer,
            arguments: message.args,
            request_id: message.request_id,
            is_quiet: message.flags == CallReducerFlags::NoSuccessNotify,
        },
        ClientMessage::Subscribe(message) => Request::Subscribe {
            request: SetRequest { id: message.request_id, set: SetKey::Legacy, kind: SubscribeKind::Legacy },
            queries: message.query_strings,
        },
        ClientMessage::OneOffQuery(message) => {
            Request::OneOff { id: OneOffId::V1(message.message_id), query: message.query_string }
        }
        ClientMessage::SubscribeSingle(message) => Request::Subscribe {
            request: set(message.request_id, message.query_id, SubscribeKind::Single),
            queries: vec![message.query],
        },
        ClientMessage::SubscribeMulti(message) => Request::Subscribe {
            request: set(message.request_id, message.query_id, SubscribeKind::Multi),
            queries: message.query_strings,
        },
        ClientMessage::Unsubscribe(message) => {
            Request::Unsubscribe { request: set(message.request_id, message.query_id, SubscribeKind::Single) }
        }
        ClientMessage::UnsubscribeMulti(message) => {
            Request::Unsubscribe { request: set(message.request_id, message.query_id, SubscribeKind::Multi) }
        }
        ClientMessage::CallProcedure(message) => Request::Procedure {
            procedure: message.procedure,
            arguments: message.args,
            request_id: message.request_id,
        },
    }
}

/// How rows and arguments of each encoding are made.
pub(super) trait Rendering: Encoding {
    fn rows(list: &RowList, row: &Product) -> Result<Self::Rows, WireError>;
    fn arguments(call: &CallInfo, peer: &Peer) -> Self::Value;
    /// What a procedure returned.
    fn result(bytes: &Bytes, procedure: &str, peer: &Peer) -> Result<Self::Value, WireError>;
}

impl Rendering for Bsatn {
    fn rows(list: &RowList, _row: &Product) -> Result<RowList, WireError> {
        Ok(list.clone())
    }

    fn arguments(call: &CallInfo, _peer: &Peer) -> Bytes {
        call.arguments.clone()
    }

    fn result(bytes: &Bytes, _procedure: &str, _peer: &Peer) -> Result<Bytes, WireError> {
        Ok(bytes.clone())
    }
}

impl Rendering for Json {
    fn rows(list: &RowList, row: &Product) -> Result<JsonRows, WireError> {
        let ty = Type::Product(row.clone());
        let text = |row: &[u8]| {
            let mut text = String::new();
            from_bsatn(&ty, &mut Reader::new(row), Form::Client, &mut text).map(|()| text)
        };
        JsonRows::new(list.iter().map(text).collect::<Result<Vec<_>, _>>()?)
    }

    fn arguments(call: &CallInfo, peer: &Peer) -> String {
        let definition = &peer.module.definition;
        let Some(reducer) = definition.reducer_by_name(&call.reducer) else { return "[]".into() };
        let fields =
            definition.reducers.get(reducer).map(|reducer| reducer.params.clone()).unwrap_or_default();
        let ty = Type::Product(Product { name: None, fields });
        let mut text = String::new();
        match from_bsatn(&ty, &mut Reader::new(&call.arguments), Form::Row, &mut text) {
            Ok(()) => text,
            Err(_) => "[]".into(),
        }
    }

    fn result(bytes: &Bytes, procedure: &str, peer: &Peer) -> Result<String, WireError> {
        let definition = &peer.module.definition;
        let known = definition.procedure_by_name(procedure).and_then(|at| definition.procedures.get(at));
        let known = known.ok_or_else(|| WireError::Malformed("the procedure has changed its type".into()))?;
        let mut text = String::new();
        from_bsatn(&known.return_type, &mut Reader::new(bytes), Form::Client, &mut text)?;
        Ok(text)
    }
}

pub(super) fn message<E: Rendering>(
    reply: &Reply<'_>,
    peer: &Peer,
    is_light: bool,
) -> Result<Option<ServerMessage<E>>, WireError> {
    Ok(Some(match reply {
        Reply::First => ServerMessage::IdentityToken(IdentityToken {
            identity: peer.caller.identity,
            token: peer.caller.token.clone(),
            connection_id: peer.connection_id,
        }),
        Reply::Event(event) => return event_message(event, peer, is_light),
    }))
}

const NO_TIME: TimeDuration = TimeDuration { micros: 0 };

fn event_message<E: Rendering>(
    event: &Event,
    peer: &Peer,
    is_light: bool,
) -> Result<Option<ServerMessage<E>>, WireError> {
    Ok(Some(match event {
        Event::Applied { request, tables, .. } => applied(*request, tables)?,
        Event::Unapplied { request, tables } => unapplied(*request, tables)?,
        Event::SubscriptionRefused { request, error } if request.kind == SubscribeKind::Legacy => {
            transaction(peer, &CallInfo::of_sql(peer), 0, UpdateStatus::Failed(error.clone()), now_us(), 0)
        }
        Event::SubscriptionRefused { request, error } => {
            ServerMessage::SubscriptionError(SubscriptionError {
                total_host_execution_duration_micros: 0,
                request_id: Some(request.id),
                query_id: Some(number(request.set).id),
                table_id: None,
                error: error.clone(),
            })
        }
        Event::SubscriptionEnded { error, .. } => ServerMessage::SubscriptionError(SubscriptionError {
            total_host_execution_duration_micros: 0,
            request_id: None,
            query_id: None,
            table_id: None,
            error: error.clone(),
        }),
        Event::Update { sets, call, committed_at_us } => match call {
            Some(call) => of_others(peer, call, sets, call.timestamp_us, is_light)?,
            None => {
                let (call, status) = (CallInfo::of_sql(peer), UpdateStatus::Committed(update(sets)?));
                transaction(peer, &call, 0, status, *committed_at_us, 0)
            }
        },
        // Treated like anybody else; but of a call that was not even run its caller hears.
        Event::Answer { outcome, sets, call, is_quiet: true, .. }
            if !matches!(outcome, CallOutcome::NotRun(_)) =>
        {
            match outcome {
                CallOutcome::Done { timestamp_us, .. } if !sets.is_empty() => {
                    of_others(peer, call, sets, *timestamp_us, is_light)?
                }
                _ => return Ok(None),
            }
        }
        Event::Answer { request_id, outcome, sets, call, .. } => {
            answer(peer, *request_id, outcome, sets, call)?
        }
        Event::Procedure(answer) => ServerMessage::ProcedureResult(procedure_result(answer, peer)?),
        Event::OneOff { id: OneOffId::V1(id), result } => {
            ServerMessage::OneOffQueryResponse(one_off_response(id, result)?)
        }
        Event::OneOff { .. } | Event::Close { .. } => return Ok(None),
    }))
}

fn procedure_result<E: Rendering>(
    answer: &ProcedureAnswer,
    peer: &Peer,
) -> Result<ProcedureResult<E>, WireError> {
    Ok(ProcedureResult {
        status: match &answer.outcome {
            Ok(result) => ProcedureStatus::Returned(E::result(result, &answer.procedure, peer)?),
            Err(message) => ProcedureStatus::InternalError(message.clone()),
        },
        timestamp: Timestamp { micros: answer.started_us },
        total_host_execution_duration: TimeDuration { micros: answer.duration_us },
        request_id: answer.request_id,
    })
}

fn one_off_response<E: Rendering>(
    id: &Bytes,
    result: &Result<AppliedTable, String>,
) -> Result<OneOffQueryResponse<E>, WireError> {
    let (error, tables) = match result {
        Ok(table) => {
            let rows = E::rows(&table.rows, &table.table.row)?;
            (None, vec![OneOffTable { table_name: table.table.name.clone(), rows }])
        }
        Err(error) => (Some(error.clone()), Vec::new()),
    };
    Ok(OneOffQueryResponse { message_id: id.clone(), error, tables, total_host_execution_duration: NO_TIME })
}

fn answer<E: Rendering>(
    peer: &Peer,
    request_id: u32,
    outcome: &CallOutcome,
    sets: &[(SetKey, Vec<ChangedTable>)],
    call: &CallInfo,
) -> Result<ServerMessage<E>, WireError> {
    let (status, at, duration) = match outcome {
        CallOutcome::Done { timestamp_us, duration_us } => {
            (UpdateStatus::Committed(update(sets)?), *timestamp_us, i64::from(*duration_us))
        }
        CallOutcome::Refused(message) | CallOutcome::Failed(message) | CallOutcome::NotRun(message) => {
            (UpdateStatus::Failed(message.clone()), now_us(), 0)
        }
        CallOutcome::OutOfEnergy(_) => (UpdateStatus::OutOfEnergy, now_us(), 0),
    };
    Ok(transaction(peer, call, request_id, status, at, duration))
}

/// What those hear who have not called it. Who called what is nobody else's business in newer modules.
fn of_others<E: Rendering>(
    peer: &Peer,
    call: &CallInfo,
    sets: &[(SetKey, Vec<ChangedTable>)],
    timestamp_us: i64,
    is_light: bool,
) -> Result<ServerMessage<E>, WireError> {
    let update = update(sets)?;
    Ok(if is_light || peer.module.definition.abi == Abi::V10 {
        ServerMessage::TransactionUpdateLight(TransactionUpdateLight { request_id: 0, update })
    } else {
        transaction(peer, call, 0, UpdateStatus::Committed(update), timestamp_us, 0)
    })
}

impl CallInfo {
    /// What version 1 says of transactions that no call made.
    fn of_sql(peer: &Peer) -> Self {
        Self {
            reducer: String::new(),
            sender: peer.module.owner,
            connection_id: spacetime_wire::ConnectionId::ZERO,
            timestamp_us: 0,
            arguments: Bytes::new(),
        }
    }
}

fn transaction<E: Rendering>(
    peer: &Peer,
    call: &CallInfo,
    request_id: u32,
    status: UpdateStatus<E>,
    timestamp_us: i64,
    duration_us: i64,
) -> ServerMessage<E> {
    let reducer_id = peer.module.definition.reducer_by_name(&call.reducer);
    ServerMessage::TransactionUpdate(TransactionUpdate {
        status,
        timestamp: Timestamp { micros: timestamp_us },
        caller_identity: call.sender,
        caller_connection_id: call.connection_id,
        reducer_call: ReducerCallInfo {
            reducer_name: call.reducer.clone(),
            reducer_id: reducer_id.and_then(|id| u32::try_from(id).ok()).unwrap_or(u32::MAX),
            args: E::arguments(call, peer),
            request_id,
        },
        energy_quanta_used: EnergyQuanta { quanta: 0 },
        total_host_execution_duration: TimeDuration { micros: duration_us },
    })
}

fn number(set: SetKey) -> QueryId {
    match set {
        SetKey::Numbered(id) => QueryId { id },
        SetKey::Legacy => QueryId { id: 0 },
    }
}

fn applied<E: Rendering>(
    request: SetRequest,
    tables: &[AppliedTable],
) -> Result<ServerMessage<E>, WireError> {
    let as_inserts = |table: &AppliedTable| table_update(&table.table, &RowList::default(), &table.rows);
    let tables = tables.iter().map(as_inserts).collect::<Result<Vec<_>, _>>()?;
    let (request_id, query_id, total_host_execution_duration_micros) = (request.id, number(request.set), 0);
    Ok(match request.kind {
        SubscribeKind::Legacy => ServerMessage::InitialSubscription(InitialSubscription {
            database_update: DatabaseUpdate { tables },
            request_id,
            total_host_execution_duration: NO_TIME,
        }),
        SubscribeKind::Single => ServerMessage::SubscribeApplied(SubscribeApplied {
            request_id,
            total_host_execution_duration_micros,
            query_id,
            rows: single(tables),
        }),
        _ => ServerMessage::SubscribeMultiApplied(SubscribeMultiApplied {
            request_id,
            total_host_execution_duration_micros,
            query_id,
            update: DatabaseUpdate { tables },
        }),
    })
}

fn unapplied<E: Rendering>(
    request: SetRequest,
    tables: &[AppliedTable],
) -> Result<ServerMessage<E>, WireError> {
    let as_deletes = |table: &AppliedTable| table_update(&table.table, &table.rows, &RowList::default());
    let tables = tables.iter().map(as_deletes).collect::<Result<Vec<_>, _>>()?;
    let (request_id, query_id, total_host_execution_duration_micros) = (request.id, number(request.set), 0);
    Ok(match request.kind {
        SubscribeKind::Single => ServerMessage::UnsubscribeApplied(UnsubscribeApplied {
            request_id,
            total_host_execution_duration_micros,
            query_id,
            rows: single(tables),
        }),
        _ => ServerMessage::UnsubscribeMultiApplied(UnsubscribeMultiApplied {
            request_id,
            total_host_execution_duration_micros,
            query_id,
            update: DatabaseUpdate { tables },
        }),
    })
}

/// SubscribeSingle names one table; a query that visibility rules have made several of is about one, too.
fn single<E: Rendering>(tables: Vec<TableUpdate<E>>) -> SubscribeRows<E> {
    let nothing = || TableUpdate { table_id: 0, table_name: String::new(), num_rows: 0, updates: Vec::new() };
    let merged = tables.into_iter().reduce(|mut all, more| {
        all.num_rows += more.num_rows;
        all.updates.extend(more.updates);
        all
    });
    let table_rows = merged.unwrap_or_else(nothing);
    SubscribeRows { table_id: table_rows.table_id, table_name: table_rows.table_name.clone(), table_rows }
}

fn update<E: Rendering>(sets: &[(SetKey, Vec<ChangedTable>)]) -> Result<DatabaseUpdate<E>, WireError> {
    let tables = sets.iter().flat_map(|(_, tables)| tables);
    let tables = tables.map(|changed| table_update(&changed.table, &changed.deletes, &changed.inserts));
    Ok(DatabaseUpdate { tables: tables.collect::<Result<_, _>>()? })
}

fn table_update<E: Rendering>(
    table: &TableInfo,
    deletes: &RowList,
    inserts: &RowList,
) -> Result<TableUpdate<E>, WireError> {
    Ok(TableUpdate {
        table_id: table.id,
        table_name: table.name.clone(),
        num_rows: (deletes.len() + inserts.len()) as u64,
        updates: vec![QueryUpdate {
            deletes: E::rows(deletes, &table.row)?,
            inserts: E::rows(inserts, &table.row)?,
        }],
    })
}

//! Version 2, messages to a client.

use spacetime_wire::{RowList, v2};

use super::Entropy;

pub(crate) fn rows(entropy: &mut Entropy) -> RowList {
    let fixed = entropy.bytes();
    let is_fixed = entropy.below(2) == 0;
    RowList::new((0..entropy.below(5)).map(|_| if is_fixed { fixed.clone() } else { entropy.bytes() }))
        .unwrap()
}

fn query_rows(entropy: &mut Entropy) -> v2::QueryRows {
    let tables = entropy.list(|entropy| v2::SingleTableRows { table: entropy.text(), rows: rows(entropy) });
    v2::QueryRows { tables }
}

fn transaction(entropy: &mut Entropy) -> v2::TransactionUpdate {
    let table = |entropy: &mut Entropy| v2::TableUpdate {
        table_name: entropy.text(),
        rows: entropy.list(|entropy| match entropy.below(2) {
            0 => v2::TableUpdateRows::PersistentTable { inserts: rows(entropy), deletes: rows(entropy) },
            _ => v2::TableUpdateRows::EventTable { events: rows(entropy) },
        }),
    };
    let query_sets = entropy.list(|entropy| v2::QuerySetUpdate {
        query_set_id: v2::QuerySetId { id: entropy.u32() },
        tables: entropy.list(table),
    });
    v2::TransactionUpdate { query_sets }
}

pub(crate) fn server_v2(entropy: &mut Entropy) -> v2::ServerMessage {
    use v2::ServerMessage as Message;
    let request_id = entropy.u32();
    let query_set_id = v2::QuerySetId { id: entropy.u32() };
    match entropy.below(8) {
        0 => Message::InitialConnection(v2::InitialConnection {
            identity: entropy.identity(),
            connection_id: entropy.connection_id(),
            token: entropy.text(),
        }),
        1 => Message::SubscribeApplied(v2::SubscribeApplied {
            request_id,
            query_set_id,
            rows: query_rows(entropy),
        }),
        2 => Message::UnsubscribeApplied(v2::UnsubscribeApplied {
            request_id,
            query_set_id,
            rows: entropy.option(query_rows),
        }),
        3 => Message::SubscriptionError(v2::SubscriptionError {
            request_id: entropy.option(Entropy::u32),
            query_set_id,
            error: entropy.text(),
        }),
        4 => Message::TransactionUpdate(transaction(entropy)),
        5 => Message::OneOffQueryResult(v2::OneOffQueryResult {
            request_id,
            result: entropy.option(query_rows).ok_or_else(|| "no".to_owned()),
        }),
        6 => Message::ReducerResult(v2::ReducerResult {
            request_id,
            timestamp: entropy.timestamp(),
            result: match entropy.below(4) {
                0 => v2::ReducerOutcome::Ok {
                    ret_value: entropy.bytes(),
                    transaction_update: transaction(entropy),
                },
                1 => v2::ReducerOutcome::OkEmpty,
                2 => v2::ReducerOutcome::Err(entropy.bytes()),
                _ => v2::ReducerOutcome::InternalError(entropy.text()),
            },
        }),
        _ => Message::ProcedureResult(v2::ProcedureResult {
            status: match entropy.below(2) {
                0 => v2::ProcedureStatus::Returned(entropy.bytes()),
                _ => v2::ProcedureStatus::InternalError(entropy.text()),
            },
            timestamp: entropy.timestamp(),
            total_host_execution_duration: entropy.duration(),
            request_id,
        }),
    }
}

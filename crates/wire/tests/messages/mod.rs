//! Every message with random contents, from a seed.

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_wire::v1::{self, Encoding};
use spacetime_wire::{ConnectionId, v2};

/// Endless numbers from a seed (splitmix64).
pub(crate) struct Entropy(pub(crate) u64);

impl Entropy {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn u32(&mut self) -> u32 {
        self.next() as u32 >> self.below(32)
    }

    pub(crate) fn text(&mut self) -> String {
        const TEXTS: [&str; 6] = ["", "t", "SELECT * FROM \"user\"", "ünï\u{10ffff}", "a\0b\n\"\\", "<none>"];
        TEXTS[self.below(6) as usize].to_owned()
    }

    pub(crate) fn bytes(&mut self) -> Bytes {
        (0..self.below(9)).map(|_| self.next() as u8).collect()
    }

    fn list<T>(&mut self, mut element: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| element(self)).collect()
    }

    fn option<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| value(self))
    }

    fn identity(&mut self) -> Identity {
        let mut bytes = [0; 32];
        let zeros = self.below(33) as usize;
        bytes[zeros..].fill_with(|| self.next() as u8);
        Identity::from_be_bytes(bytes)
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::new((u128::from(self.next()) << 64 | u128::from(self.next())) >> self.below(128))
    }

    fn timestamp(&mut self) -> v1::Timestamp {
        v1::Timestamp { micros: self.next() as i64 }
    }

    fn duration(&mut self) -> v1::TimeDuration {
        v1::TimeDuration { micros: self.next() as i64 }
    }
}

pub(crate) fn client_v1<A>(
    entropy: &mut Entropy,
    args: impl FnOnce(&mut Entropy) -> A,
) -> v1::ClientMessage<A> {
    use v1::ClientMessage as Message;
    let query_id = v1::QueryId { id: entropy.u32() };
    let request_id = entropy.u32();
    let text = entropy.text();
    match entropy.below(8) {
        0 => Message::CallReducer(v1::CallReducer {
            reducer: text,
            args: args(entropy),
            request_id,
            flags: [v1::CallReducerFlags::FullUpdate, v1::CallReducerFlags::NoSuccessNotify]
                [entropy.below(2) as usize],
        }),
        1 => Message::Subscribe(v1::Subscribe { query_strings: entropy.list(Entropy::text), request_id }),
        2 => Message::OneOffQuery(v1::OneOffQuery { message_id: entropy.bytes(), query_string: text }),
        3 => Message::SubscribeSingle(v1::SubscribeSingle { query: text, request_id, query_id }),
        4 => Message::SubscribeMulti(v1::SubscribeMulti {
            query_strings: entropy.list(Entropy::text),
            request_id,
            query_id,
        }),
        5 => Message::Unsubscribe(v1::Unsubscribe { request_id, query_id }),
        6 => Message::UnsubscribeMulti(v1::UnsubscribeMulti { request_id, query_id }),
        _ => Message::CallProcedure(v1::CallProcedure {
            procedure: text,
            args: args(entropy),
            request_id,
            flags: 0,
        }),
    }
}

/// How to make what an encoding's messages consist of.
pub(crate) struct Parts<E: Encoding> {
    pub(crate) rows: fn(&mut Entropy) -> E::Rows,
    pub(crate) value: fn(&mut Entropy) -> E::Value,
}

impl<E: Encoding> Parts<E> {
    fn table(&self, entropy: &mut Entropy) -> v1::TableUpdate<E> {
        v1::TableUpdate {
            table_id: entropy.u32(),
            table_name: entropy.text(),
            num_rows: entropy.next(),
            updates: entropy.list(|entropy| v1::QueryUpdate {
                deletes: (self.rows)(entropy),
                inserts: (self.rows)(entropy),
            }),
        }
    }

    fn update(&self, entropy: &mut Entropy) -> v1::DatabaseUpdate<E> {
        v1::DatabaseUpdate { tables: entropy.list(|entropy| self.table(entropy)) }
    }

    fn subscribe_rows(&self, entropy: &mut Entropy) -> v1::SubscribeRows<E> {
        v1::SubscribeRows {
            table_id: entropy.u32(),
            table_name: entropy.text(),
            table_rows: self.table(entropy),
        }
    }

    fn transaction(&self, entropy: &mut Entropy) -> v1::TransactionUpdate<E> {
        v1::TransactionUpdate {
            status: match entropy.below(3) {
                0 => v1::UpdateStatus::Committed(self.update(entropy)),
                1 => v1::UpdateStatus::Failed(entropy.text()),
                _ => v1::UpdateStatus::OutOfEnergy,
            },
            timestamp: entropy.timestamp(),
            caller_identity: entropy.identity(),
            caller_connection_id: entropy.connection_id(),
            reducer_call: v1::ReducerCallInfo {
                reducer_name: entropy.text(),
                reducer_id: entropy.u32(),
                args: (self.value)(entropy),
                request_id: entropy.u32(),
            },
            energy_quanta_used: v1::EnergyQuanta { quanta: u128::from(entropy.next()) << entropy.below(64) },
            total_host_execution_duration: entropy.duration(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm per message")]
    pub(crate) fn server_v1(&self, entropy: &mut Entropy) -> v1::ServerMessage<E> {
        use v1::ServerMessage as Message;
        let request_id = entropy.u32();
        let query_id = v1::QueryId { id: entropy.u32() };
        let total_host_execution_duration_micros = entropy.next();
        let total_host_execution_duration = entropy.duration();
        match entropy.below(11) {
            0 => Message::InitialSubscription(v1::InitialSubscription {
                database_update: self.update(entropy),
                request_id,
                total_host_execution_duration,
            }),
            1 => Message::TransactionUpdate(self.transaction(entropy)),
            2 => Message::TransactionUpdateLight(v1::TransactionUpdateLight {
                request_id,
                update: self.update(entropy),
            }),
            3 => Message::IdentityToken(v1::IdentityToken {
                identity: entropy.identity(),
                token: entropy.text(),
                connection_id: entropy.connection_id(),
            }),
            4 => Message::OneOffQueryResponse(v1::OneOffQueryResponse {
                message_id: entropy.bytes(),
                error: entropy.option(Entropy::text),
                tables: entropy.list(|entropy| v1::OneOffTable {
                    table_name: entropy.text(),
                    rows: (self.rows)(entropy),
                }),
                total_host_execution_duration,
            }),
            5 => Message::SubscribeApplied(v1::SubscribeApplied {
                request_id,
                total_host_execution_duration_micros,
                query_id,
                rows: self.subscribe_rows(entropy),
            }),
            6 => Message::UnsubscribeApplied(v1::UnsubscribeApplied {
                request_id,
                total_host_execution_duration_micros,
                query_id,
                rows: self.subscribe_rows(entropy),
            }),
            7 => Message::SubscriptionError(v1::SubscriptionError {
                total_host_execution_duration_micros,
                request_id: entropy.option(Entropy::u32),
                query_id: entropy.option(Entropy::u32),
                table_id: entropy.option(Entropy::u32),
                error: entropy.text(),
            }),
            8 => Message::SubscribeMultiApplied(v1::SubscribeMultiApplied {
                request_id,
                total_host_execution_duration_micros,
                query_id,
                update: self.update(entropy),
            }),
            9 => Message::UnsubscribeMultiApplied(v1::UnsubscribeMultiApplied {
                request_id,
                total_host_execution_duration_micros,
                query_id,
                update: self.update(entropy),
            }),
            _ => Message::ProcedureResult(v1::ProcedureResult {
                status: match entropy.below(3) {
                    0 => v1::ProcedureStatus::Returned((self.value)(entropy)),
                    1 => v1::ProcedureStatus::OutOfEnergy,
                    _ => v1::ProcedureStatus::InternalError(entropy.text()),
                },
                timestamp: entropy.timestamp(),
                total_host_execution_duration,
                request_id,
            }),
        }
    }
}

pub(crate) fn client_v2(entropy: &mut Entropy) -> v2::ClientMessage {
    use v2::ClientMessage as Message;
    let request_id = entropy.u32();
    let query_set_id = v2::QuerySetId { id: entropy.u32() };
    let text = entropy.text();
    match entropy.below(5) {
        0 => Message::Subscribe(v2::Subscribe {
            request_id,
            query_set_id,
            query_strings: entropy.list(Entropy::text),
        }),
        1 => Message::Unsubscribe(v2::Unsubscribe {
            request_id,
            query_set_id,
            flags: [v2::UnsubscribeFlags::Default, v2::UnsubscribeFlags::SendDroppedRows]
                [entropy.below(2) as usize],
        }),
        2 => Message::OneOffQuery(v2::OneOffQuery { request_id, query_string: text }),
        3 => Message::CallReducer(v2::CallReducer {
            request_id,
            flags: 0,
            reducer: text,
            args: entropy.bytes(),
        }),
        _ => Message::CallProcedure(v2::CallProcedure {
            request_id,
            flags: 0,
            procedure: text,
            args: entropy.bytes(),
        }),
    }
}

pub(crate) mod server_v2;

//! What the hub tells connections; they put it into the words of their protocol.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_wire::{ConnectionId, RowList, WireError};

use super::hub::Unanswered;
use super::planning::TableInfo;

/// A connection, within this run of the gateway.
pub(crate) type ClientId = u64;

/// A set of queries of a connection, under the number the client gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum SetKey {
    Numbered(u32),
    /// Of version 1's oldest kind of subscription: there is one, and a new one replaces it.
    Legacy,
}

/// Which message has asked: the answer is of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscribeKind {
    Legacy,
    Single,
    Multi,
    QuerySet,
    /// An Unsubscribe whose answer contains the rows.
    QuerySetWithRows,
}

/// The request an event answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) id: u32,
    pub(crate) set: SetKey,
    pub(crate) kind: SubscribeKind,
}

/// Rows of one query.
#[derive(Debug, Clone)]
pub(crate) struct AppliedTable {
    pub(crate) table: Arc<TableInfo>,
    pub(crate) rows: RowList,
}

/// What one query gained and lost.
#[derive(Debug, Clone)]
pub(crate) struct ChangedTable {
    pub(crate) table: Arc<TableInfo>,
    pub(crate) inserts: RowList,
    pub(crate) deletes: RowList,
}

/// The call that made a change.
#[derive(Debug, Clone)]
pub(crate) struct CallInfo {
    pub(crate) reducer: String,
    pub(crate) sender: Identity,
    pub(crate) connection_id: ConnectionId,
    pub(crate) timestamp_us: i64,
    pub(crate) arguments: Bytes,
}

/// What became of a client's own call.
#[derive(Debug, Clone)]
pub(crate) enum CallOutcome {
    Done {
        timestamp_us: i64,
        duration_us: u32,
    },
    /// The reducer said no, in its own words.
    Refused(String),
    /// The call broke down.
    Failed(String),
    /// There is no such reducer, or not with such arguments, or not for this client.
    NotRun(String),
    /// A limit of time, memory or fuel.
    OutOfEnergy(String),
}

/// What the answer to a query that is asked once carries.
#[derive(Debug, Clone)]
pub(crate) enum OneOffId {
    V1(Bytes),
    V2(u32),
}

/// What became of a procedure.
#[derive(Debug, Clone)]
pub(crate) struct ProcedureAnswer {
    pub(crate) procedure: String,
    pub(crate) request_id: u32,
    pub(crate) started_us: i64,
    pub(crate) duration_us: i64,
    /// What it returned, in BSATN, or what its caller is told.
    pub(crate) outcome: Result<Bytes, String>,
}

/// Bytes of the rows of an answer, of what somebody has asked for: all clients can read a message with so many, those in C# none
/// above 64 MiB. What a commit changed is told whatever it takes.
const ANSWER_ROWS_MAX: usize = (64 << 20) - (64 << 10);

/// Refuses rows that are too many for an answer.
pub(super) fn within_answer(tables: Vec<AppliedTable>) -> Result<Vec<AppliedTable>, WireError> {
    match tables.iter().map(|table| table.rows.encoded().len()).sum::<usize>() {
        0..=ANSWER_ROWS_MAX => Ok(tables),
        _ => Err(WireError::MessageTooLong { limit: ANSWER_ROWS_MAX }),
    }
}

impl ChangedTable {
    fn bytes(&self) -> usize {
        self.inserts.rows_data().len() + self.deletes.rows_data().len()
    }
}

/// Something to tell a client.
#[derive(Debug)]
pub(crate) enum Event {
    Applied {
        request: Request,
        tables: Vec<AppliedTable>,
        /// Gone with the event: a client has the first rows of one set waiting at most.
        _unanswered: Option<Unanswered>,
    },
    Unapplied {
        request: Request,
        tables: Vec<AppliedTable>,
    },
    SubscriptionRefused {
        request: Request,
        error: String,
    },
    /// A set's queries cannot be kept up to date any more.
    SubscriptionEnded {
        set: SetKey,
        error: String,
    },
    /// Rows of each set that changed; `call` is unknown for plain SQL.
    Update {
        sets: Vec<(SetKey, Vec<ChangedTable>)>,
        call: Option<Arc<CallInfo>>,
        committed_at_us: i64,
    },
    /// The answer to a call of the client's own, with what it changed.
    Answer {
        request_id: u32,
        outcome: CallOutcome,
        sets: Vec<(SetKey, Vec<ChangedTable>)>,
        call: Arc<CallInfo>,
        /// Version 1's flag: treat the caller like anybody else.
        is_quiet: bool,
    },
    Procedure(ProcedureAnswer),
    OneOff {
        id: OneOffId,
        result: Result<AppliedTable, String>,
    },
    Close {
        code: u16,
        reason: String,
    },
}

impl Event {
    /// How much its rows take of what may wait for a client; they may be shared with others.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Unapplied { tables, .. } => tables.iter().map(|table| table.rows.rows_data().len()).sum(),
            Self::Update { sets, .. } | Self::Answer { sets, .. } => {
                sets.iter().flat_map(|(_, tables)| tables).map(ChangedTable::bytes).sum()
            }
            Self::Procedure(ProcedureAnswer { outcome, .. }) => outcome.as_ref().map_or(0, Bytes::len),
            Self::OneOff { result, .. } => result.as_ref().map_or(0, |table| table.rows.rows_data().len()),
            // Whoever asks for many rows still reads.
            Self::Applied { .. } => 0,
            Self::SubscriptionRefused { .. } | Self::SubscriptionEnded { .. } | Self::Close { .. } => 0,
        }
    }

    /// What a client is told instead of an answer that no message can hold; nothing if only the end of its connection will do.
    pub(crate) fn instead(&self, error: &WireError) -> Option<Self> {
        match self {
            Self::Procedure(answer) if answer.outcome.is_ok() => {
                Some(Self::Procedure(ProcedureAnswer { outcome: Err(error.to_string()), ..answer.clone() }))
            }
            Self::OneOff { id, result: Ok(_) } => {
                Some(Self::OneOff { id: id.clone(), result: Err(error.to_string()) })
            }
            _ => None,
        }
    }
}

//! Entries that own their rows, without copying them.

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_change_log::{Answer, Cursor, Kind as LogKind, Status};
use spacetime_wire::ConnectionId;

use crate::error::{Error, Result};
use crate::subscriptions::CallInfo;

/// One answer of `spacetime.changes`.
#[derive(Debug)]
pub(crate) struct Page {
    /// Entries before these are lost: tables must be read anew.
    pub(crate) is_gap: bool,
    /// Behind the last entry.
    pub(crate) end: Position,
    pub(crate) cursor: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
}

/// A place in the change log: before the entry with the number `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// Another one after a crash: numbers of different epochs say nothing of each other.
    pub(crate) epoch: u64,
    pub(crate) next: u64,
}

impl Position {
    /// The place of a cursor.
    pub(crate) fn of_cursor(cursor: &[u8]) -> Result<Self> {
        let cursor = Cursor::from_bytes(cursor).map_err(|error| Error::Layout(error.to_string()))?;
        Ok(Self { epoch: cursor.epoch, next: cursor.next })
    }

    /// Whether everything before `end` is before this place, too.
    pub(crate) fn has_reached(self, end: Self) -> bool {
        self.epoch == end.epoch && self.next >= end.next
    }
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) xid: u64,
    pub(crate) module: Identity,
    pub(crate) committed_at_us: i64,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// Calls with their tags, and rows.
    Changes {
        calls: Vec<(u64, CallInfo)>,
        tables: Vec<Table>,
    },
    Published {
        version: u32,
        breaks_clients: bool,
    },
    Resync,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) deletes: Vec<Bytes>,
    pub(crate) inserts: Vec<Bytes>,
}

impl Page {
    pub(crate) fn decode(bytes: Vec<u8>) -> Result<Self> {
        let bytes = Bytes::from(bytes);
        let answer = Answer::decode(&bytes).map_err(|error| Error::Layout(error.to_string()))?;
        Ok(Self {
            is_gap: answer.status == Status::Resync,
            end: Position { epoch: answer.cursor.epoch, next: answer.cursor.next },
            cursor: answer.cursor.to_bytes().to_vec(),
            entries: answer.entries.iter().map(|entry| owned(&bytes, entry)).collect(),
        })
    }
}

fn owned(bytes: &Bytes, entry: &spacetime_change_log::Entry<'_>) -> Entry {
    let kind = match &entry.kind {
        LogKind::Changes(changes) => Kind::Changes {
            calls: changes.calls.iter().map(|call| (call.tag, call_info(bytes, call))).collect(),
            tables: changes
                .tables
                .iter()
                .map(|table| Table {
                    name: table.name.to_owned(),
                    deletes: table.deletes.iter().map(|row| bytes.slice_ref(row)).collect(),
                    inserts: table.inserts.iter().map(|row| bytes.slice_ref(row)).collect(),
                })
                .collect(),
        },
        LogKind::Published { version, breaks_clients } => {
            Kind::Published { version: *version, breaks_clients: *breaks_clients }
        }
        LogKind::Resync => Kind::Resync,
    };
    let header = &entry.header;
    Entry {
        seq: header.seq,
        xid: header.xid,
        module: identity(header.module),
        committed_at_us: header.committed_at_us,
        kind,
    }
}

fn call_info(bytes: &Bytes, call: &spacetime_change_log::Call<'_>) -> CallInfo {
    CallInfo {
        reducer: call.reducer.to_owned(),
        sender: identity(call.sender),
        connection_id: ConnectionId::from_le_bytes(call.connection_id),
        timestamp_us: call.timestamp_us,
        arguments: bytes.slice_ref(call.arguments),
    }
}

fn identity(mut little_endian: [u8; 32]) -> Identity {
    little_endian.reverse();
    Identity::from_be_bytes(little_endian)
}

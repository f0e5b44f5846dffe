//! What `spacetime.changes` answers, and where a reader stands.

use crate::entry::Entry;
use crate::read::Bytes;
use crate::{Error, Result};

/// Version of the layout.
const VERSION: u8 = 1;

/// Where a reader stands: everything before `next` in `epoch` was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Changes with every restart of the server, and whenever entries were lost before they had a number.
    pub epoch: u64,
    /// Number of the first entry not yet read.
    pub next: u64,
}

impl Cursor {
    /// Length of an encoded cursor.
    pub const LEN: usize = 16;

    /// The bytes a reader gives back.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[8..].copy_from_slice(&self.next.to_le_bytes());
        bytes
    }

    /// Decodes a cursor; other lengths are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut bytes = Bytes::new(bytes);
        let cursor = Self { epoch: bytes.u64("a cursor")?, next: bytes.u64("a cursor")? };
        bytes.finish("a cursor")?;
        Ok(cursor)
    }
}

/// Whether the answer continues where the cursor stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Ok,
    /// Entries after the cursor are gone, or were never kept: read the tables anew, then go on from the answer's cursor.
    Resync,
}

/// A decoded answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: Status,
    /// To be given back with the next question.
    pub cursor: Cursor,
    pub entries: Vec<Entry<'a>>,
}

/// Puts an answer together from entries that are encoded already, each with its length in front.
pub fn encode_answer(status: Status, cursor: Cursor, count: u32, entries: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + Cursor::LEN + 4 + entries.len());
    out.push(VERSION);
    out.push(u8::from(status == Status::Resync));
    out.extend_from_slice(&cursor.to_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(entries);
    out
}

impl<'a> Answer<'a> {
    /// Decodes a whole answer.
    pub fn decode(bytes: &'a [u8]) -> Result<Self> {
        let mut bytes = Bytes::new(bytes);
        match bytes.u8("an answer")? {
            VERSION => {}
            other => return Err(Error::Unknown { what: "version of the layout", value: other.into() }),
        }
        let status = match bytes.u8("an answer")? {
            0 => Status::Ok,
            1 => Status::Resync,
            other => return Err(Error::Unknown { what: "status", value: other.into() }),
        };
        let cursor = Cursor { epoch: bytes.u64("an answer")?, next: bytes.u64("an answer")? };
        let count = bytes.u32("an answer")?;
        let entries =
            (0..count).map(|_| Entry::decode(bytes.string("an entry")?)).collect::<Result<Vec<_>>>()?;
        bytes.finish("an answer")?;
        Ok(Self { status, cursor, entries })
    }
}

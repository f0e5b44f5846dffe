//! One entry: what one commit, or one call of a batch, did to one module.

use crate::read::Bytes;
use crate::{Error, Result};

/// What every entry begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryHeader {
    /// Position in the log, from 1, in commit order.
    pub seq: u64,
    /// End of the commit record: the entry is durable when the WAL is flushed up to here.
    pub lsn: u64,
    /// Top-level transaction. An entry belongs after a snapshot exactly when the snapshot does not see its transaction.
    pub xid: u64,
    /// Microseconds since the Unix epoch.
    pub committed_at_us: i64,
    /// Identity of the module, little-endian.
    pub module: [u8; 32],
}

const HEADER_LEN: usize = 8 + 8 + 8 + 8 + 32;

/// Bytes of a header, without the length in front of the entry.
pub const fn header_len() -> usize {
    HEADER_LEN
}

/// Encodes a header.
pub fn encode_header(header: &EntryHeader) -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    bytes[..8].copy_from_slice(&header.seq.to_le_bytes());
    bytes[8..16].copy_from_slice(&header.lsn.to_le_bytes());
    bytes[16..24].copy_from_slice(&header.xid.to_le_bytes());
    bytes[24..32].copy_from_slice(&header.committed_at_us.to_le_bytes());
    bytes[32..].copy_from_slice(&header.module);
    bytes
}

/// A decoded entry; borrows from the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    pub header: EntryHeader,
    pub kind: Kind<'a>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    Changes(Changes<'a>),
    /// A version of the module was published; entries after it are of that version. Version 0: it was dropped.
    Published {
        version: u32,
        breaks_clients: bool,
    },
    /// Rows of the module changed that the log does not hold.
    Resync,
}

/// Calls and rows of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes<'a> {
    /// Reducer calls that made the changes; none for plain SQL.
    pub calls: Vec<Call<'a>>,
    pub tables: Vec<TableChanges<'a>>,
}

/// A reducer call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    pub reducer: &'a str,
    /// Little-endian.
    pub sender: [u8; 32],
    /// Little-endian; zero for calls that no connection made.
    pub connection_id: [u8; 16],
    pub timestamp_us: i64,
    /// BSATN.
    pub arguments: &'a [u8],
    /// What the caller of a batch marked the call with; 0 without.
    pub tag: u64,
}

/// What happened to one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableChanges<'a> {
    /// Canonical name in the module.
    pub name: &'a str,
    pub is_event: bool,
    pub deletes: Rows<'a>,
    pub inserts: Rows<'a>,
}

/// Rows in BSATN, each with its length in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows<'a> {
    count: u32,
    bytes: &'a [u8],
}

impl<'a> Rows<'a> {
    /// Wraps rows that were encoded with [`Rows::append`].
    pub fn new(count: u32, bytes: &'a [u8]) -> Self {
        Self { count, bytes }
    }

    /// Appends one row to bytes that [`Rows::new`] will wrap.
    pub fn append(row: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&(row.len() as u32).to_le_bytes());
        out.extend_from_slice(row);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The rows. They were checked when the entry was decoded.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut bytes = Bytes::new(self.bytes);
        (0..self.count).map_while(move |_| bytes.string("a row").ok())
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&(self.bytes.len() as u32).to_le_bytes());
        out.extend_from_slice(self.bytes);
    }

    fn decode(bytes: &mut Bytes<'a>) -> Result<Self> {
        let count = bytes.u32("rows")?;
        let rows = bytes.string("rows")?;
        let mut check = Bytes::new(rows);
        for _ in 0..count {
            check.string("a row")?;
        }
        check.finish("rows")?;
        Ok(Self { count, bytes: rows })
    }
}

impl Kind<'_> {
    /// Appends kind and body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Changes(changes) => {
                out.push(0);
                changes.encode(out);
            }
            Self::Published { version, breaks_clients } => {
                out.push(1);
                out.extend_from_slice(&version.to_le_bytes());
                out.push(u8::from(*breaks_clients));
            }
            Self::Resync => out.push(2),
        }
    }
}

impl Changes<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.calls.len() as u16).to_le_bytes());
        for call in &self.calls {
            call.encode(out);
        }
        out.extend_from_slice(&(self.tables.len() as u16).to_le_bytes());
        for table in &self.tables {
            append_string(table.name.as_bytes(), out);
            out.push(u8::from(table.is_event));
            table.deletes.encode(out);
            table.inserts.encode(out);
        }
    }
}

impl Call<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        append_string(self.reducer.as_bytes(), out);
        out.extend_from_slice(&self.sender);
        out.extend_from_slice(&self.connection_id);
        out.extend_from_slice(&self.timestamp_us.to_le_bytes());
        append_string(self.arguments, out);
        out.extend_from_slice(&self.tag.to_le_bytes());
    }
}

fn append_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

impl<'a> Entry<'a> {
    /// Decodes an entry from the bytes after its length.
    pub fn decode(bytes: &'a [u8]) -> Result<Self> {
        let mut bytes = Bytes::new(bytes);
        let header = EntryHeader {
            seq: bytes.u64("an entry")?,
            lsn: bytes.u64("an entry")?,
            xid: bytes.u64("an entry")?,
            committed_at_us: bytes.i64("an entry")?,
            module: bytes.array("an entry")?,
        };
        let kind = match bytes.u8("an entry")? {
            0 => Kind::Changes(Changes::decode(&mut bytes)?),
            1 => Kind::Published {
                version: bytes.u32("a publish")?,
                breaks_clients: match bytes.u8("a publish")? {
                    0 => false,
                    1 => true,
                    other => return Err(Error::Unknown { what: "breaks_clients", value: other.into() }),
                },
            },
            2 => Kind::Resync,
            other => return Err(Error::Unknown { what: "kind of entry", value: other.into() }),
        };
        bytes.finish("an entry")?;
        Ok(Self { header, kind })
    }
}

impl<'a> Changes<'a> {
    fn decode(bytes: &mut Bytes<'a>) -> Result<Self> {
        let calls = bytes.u16("calls")?;
        let calls = (0..calls).map(|_| Call::decode(bytes)).collect::<Result<_>>()?;
        let tables = bytes.u16("tables")?;
        let tables = (0..tables).map(|_| TableChanges::decode(bytes)).collect::<Result<_>>()?;
        Ok(Self { calls, tables })
    }
}

impl<'a> Call<'a> {
    fn decode(bytes: &mut Bytes<'a>) -> Result<Self> {
        Ok(Self {
            reducer: bytes.text("a call")?,
            sender: bytes.array("a call")?,
            connection_id: bytes.array("a call")?,
            timestamp_us: bytes.i64("a call")?,
            arguments: bytes.string("a call")?,
            tag: bytes.u64("a call")?,
        })
    }
}

impl<'a> TableChanges<'a> {
    fn decode(bytes: &mut Bytes<'a>) -> Result<Self> {
        Ok(Self {
            name: bytes.text("a table")?,
            is_event: match bytes.u8("a table")? {
                0 => false,
                1 => true,
                other => return Err(Error::Unknown { what: "flags of a table", value: other.into() }),
            },
            deletes: Rows::decode(bytes)?,
            inserts: Rows::decode(bytes)?,
        })
    }
}

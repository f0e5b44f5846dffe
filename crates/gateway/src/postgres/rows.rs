//! Rows by one snapshot.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_definition::bsatn::{self, Reader};
use spacetime_definition::{Product, Type};
use spacetime_query::Selection;
use tokio_postgres::{Client, Statement};

use super::Database;
use crate::changes::Position;
use crate::error::{Error, Result};

/// Connections that are kept for the next readings.
const IDLE_MAX: usize = 4;
/// Readings that run at a time, each on a connection of its own.
pub(super) const READINGS_MAX: usize = 16;

/// Which transactions a set of rows contains.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    xmin: u64,
    xmax: u64,
    running: Vec<u64>,
}

impl Snapshot {
    /// Reads the text of a pg_snapshot: `xmin:xmax:xip,…`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let xmin = parts.next()?.parse().ok()?;
        let xmax = parts.next()?.parse().ok()?;
        let running = parts.next()?.split(',').filter(|xid| !xid.is_empty());
        let running = running.map(|xid| xid.parse().ok()).collect::<Option<_>>()?;
        Some(Self { xmin, xmax, running })
    }

    /// Whether a committed transaction is part of the rows.
    pub(crate) fn contains(&self, xid: u64) -> bool {
        xid < self.xmin || (xid < self.xmax && !self.running.contains(&xid))
    }
}

/// Somebody whose rights row policies look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Viewer {
    pub(crate) identity: Identity,
    pub(crate) claims: Arc<str>,
    pub(crate) role: Arc<str>,
}

/// Something to read.
#[derive(Debug, Clone)]
pub(crate) enum Read {
    /// Rows of tables; all there are, or those that row policies show somebody.
    Rows { selection: Selection, viewer: Option<Arc<Viewer>> },
    /// Rows of a view, as it is for a sender.
    View { view: String, sender: Identity, row: Arc<Product> },
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Bytes>,
    /// The tables that a view has looked at: while they stay as they are, so does the view.
    pub(crate) tables_read: Vec<String>,
}

/// Answers to several [`Read`]s by one snapshot.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) snapshot: Snapshot,
    /// What the snapshot contains is in the log before this.
    pub(crate) end: Position,
    /// One for each, in order; a view may fail by itself.
    pub(crate) rows: Vec<std::result::Result<Rows, String>>,
}

/// A connection for readings.
pub(super) struct ReadConnection {
    client: Client,
    select: Statement,
    view: Statement,
}

impl ReadConnection {
    async fn open(database: &Database) -> Result<Self> {
        let client = database.connect().await?;
        let select = client.prepare("SELECT spacetime._select($1, $2, $3, $4, $5)").await?;
        let view = client.prepare("SELECT rows, tables_read FROM spacetime._view($1, $2, $3, '\\x')").await?;
        Ok(Self { client, select, view })
    }

    async fn read(&self, module: &str, read: &Read) -> Result<Rows> {
        match read {
            Read::Rows { selection, viewer } => {
                let selection =
                    serde_json::to_string(selection).map_err(|error| Error::Layout(error.to_string()))?;
                let sender = viewer.as_ref().map(|viewer| viewer.identity.to_be_bytes().to_vec());
                let claims = viewer.as_ref().map(|viewer| &*viewer.claims);
                let role = viewer.as_ref().map(|viewer| &*viewer.role);
                let pieces =
                    self.client.query(&self.select, &[&module, &selection, &sender, &claims, &role]).await?;
                let mut rows = Vec::new();
                for piece in pieces {
                    split_piece(Bytes::from(piece.get::<_, Vec<u8>>(0)), &mut rows)?;
                }
                Ok(Rows { rows, tables_read: Vec::new() })
            }
            Read::View { view, sender, row } => {
                let sender = sender.to_be_bytes();
                let found = self.client.query_one(&self.view, &[&module, &view, &&sender[..]]).await?;
                Ok(Rows { rows: split_array(found.get(0), row)?, tables_read: found.get(1) })
            }
        }
    }

    /// All of them, pipelined. The first error ends the transaction.
    async fn read_all(&self, module: &str, reads: &[Read]) -> Result<Vec<Rows>> {
        let all = futures_util::future::join_all(reads.iter().map(|read| self.read(module, read))).await;
        all.into_iter().collect()
    }

    /// One after the other, so that each fails alone.
    async fn read_each(
        &self,
        module: &str,
        reads: &[Read],
    ) -> Result<Vec<std::result::Result<Rows, String>>> {
        let mut all = Vec::with_capacity(reads.len());
        for read in reads {
            self.client.batch_execute("SAVEPOINT one").await?;
            all.push(match self.read(module, read).await {
                Ok(rows) => Ok(rows),
                Err(error) if error.sqlstate().is_some() => {
                    self.client.batch_execute("ROLLBACK TO one").await?;
                    Err(error.message())
                }
                Err(error) => return Err(error),
            });
            self.client.batch_execute("RELEASE one").await?;
        }
        Ok(all)
    }

    /// The snapshot, and where the log has all that it shows. Asked at once: what commits later is not waited for.
    async fn begin(&self) -> Result<(Snapshot, Position)> {
        let (began, snapshot, end) = tokio::join!(
            self.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
            self.client.query_one("SELECT pg_current_snapshot()::text", &[]),
            self.client.query_one("SELECT spacetime._settled_cursor()", &[]),
        );
        began?;
        let snapshot = Snapshot::parse(snapshot?.get(0))
            .ok_or_else(|| Error::Layout("pg_current_snapshot is in an unknown form".into()))?;
        Ok((snapshot, Position::of_cursor(end?.get(0))?))
    }

    async fn load(&self, module: &str, reads: &[Read]) -> Result<Loaded> {
        let (mut snapshot, mut end) = self.begin().await?;
        let rows = match self.read_all(module, reads).await {
            Ok(rows) => rows.into_iter().map(Ok).collect(),
            Err(error) if error.sqlstate().is_some() => {
                self.client.batch_execute("ROLLBACK").await?;
                (snapshot, end) = self.begin().await?;
                self.read_each(module, reads).await?
            }
            Err(error) => return Err(error),
        };
        self.client.batch_execute("COMMIT").await?;
        // Nobody is shown what a crash could undo.
        self.client.execute("SELECT spacetime.wait_durable(pg_current_wal_insert_lsn())", &[]).await?;
        Ok(Loaded { snapshot, end, rows })
    }
}

impl Database {
    /// Reads in one snapshot, which is gone as soon as the rows are here.
    pub(crate) async fn load(&self, module: &str, reads: &[Read]) -> Result<Loaded> {
        // Closed by nobody.
        let _turn = self.readings.acquire().await.map_err(|_| Error::Stopping)?;
        let connection = match self.take_idle().filter(|connection| !connection.client.is_closed()) {
            Some(connection) => connection,
            None => ReadConnection::open(self).await?,
        };
        let loaded = connection.load(module, reads).await?;
        // After an error the transaction is still open: that connection is not used again.
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        Ok(loaded)
    }

    fn take_idle(&self) -> Option<ReadConnection> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop()
    }
}

/// Rows of a piece, each after its length.
pub(crate) fn split_piece(mut piece: Bytes, rows: &mut Vec<Bytes>) -> Result<()> {
    let cut = || Error::Layout("rows end in the middle".into());
    while !piece.is_empty() {
        let (length, _) = piece.split_first_chunk::<4>().ok_or_else(cut)?;
        let end = 4 + u32::from_le_bytes(*length) as usize;
        if end > piece.len() {
            return Err(cut());
        }
        rows.push(piece.split_to(end).slice(4..));
    }
    Ok(())
}

/// The elements of an array in BSATN.
fn split_array(array: Vec<u8>, row: &Product) -> Result<Vec<Bytes>> {
    let malformed = |error: spacetime_definition::Error| Error::Layout(error.to_string());
    let array = Bytes::from(array);
    let mut reader = Reader::new(&array);
    let count = reader.array_length(&Type::Product(row.clone())).map_err(malformed)?;
    let mut rows = Vec::with_capacity(count);
    for _ in 0..count {
        let start = reader.position();
        bsatn::skip_fields(&row.fields, &mut reader).map_err(malformed)?;
        rows.push(array.slice(start..reader.position()));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::{Snapshot, split_piece};

    #[test]
    fn running_and_later_transactions_are_not_in_a_snapshot() {
        let snapshot = Snapshot::parse("10:20:12,15").expect("well-formed");
        let seen: Vec<_> = [9, 10, 12, 14, 15, 19, 20, 21].map(|xid| snapshot.contains(xid)).into();
        assert_eq!(seen, [true, true, false, true, false, true, false, false]);
        assert!(Snapshot::parse("10:20:").is_some_and(|snapshot| snapshot.contains(12)));
        assert!(Snapshot::parse("10").is_none());
    }

    #[test]
    fn pieces_are_whole_rows() {
        let mut rows = Vec::new();
        split_piece(vec![1, 0, 0, 0, 7, 0, 0, 0, 0].into(), &mut rows).expect("two rows");
        assert_eq!(rows, [&b"\x07"[..], b""]);
        assert!(split_piece(vec![2, 0, 0, 0, 7].into(), &mut rows).is_err());
    }
}

//! Rows of tables by one snapshot.

use bytes::Bytes;

use super::Database;
use crate::error::{Error, Result};

/// Which transactions a set of rows contains.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    xmin: u64,
    xmax: u64,
    running: Vec<u64>,
}

impl Snapshot {
    /// Reads the text of a pg_snapshot: `xmin:xmax:xip,…`.
    fn parse(text: &str) -> Option<Self> {
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

/// Tables of a module as one snapshot shows them.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) snapshot: Snapshot,
    /// The entries that the snapshot contains have numbers up to this one.
    pub(crate) last_seq: u64,
    /// Rows of each table that was asked for.
    pub(crate) tables: Vec<Vec<Bytes>>,
}

impl Database {
    /// Reads whole tables in one snapshot, over a connection of its own: the snapshot is gone as soon as the rows are here.
    pub(crate) async fn load(&self, module: &str, tables: &[String]) -> Result<Loaded> {
        let client = self.connect().await?;
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        let row = client.query_one("SELECT pg_current_snapshot()::text", &[]).await?;
        let snapshot = Snapshot::parse(row.get(0))
            .ok_or_else(|| Error::Layout("pg_current_snapshot is in an unknown form".into()))?;
        let mut loaded = Vec::with_capacity(tables.len());
        for table in tables {
            loaded.push(read_table(&client, module, table).await?);
        }
        // What the snapshot contains is in the log by now, but for commits of the very moment it was taken.
        let row = client
            .query_one("SELECT max(last_seq + waiting_for_order) FROM spacetime.change_log", &[])
            .await?;
        let last_seq: i64 = row.get(0);
        client.batch_execute("COMMIT").await?;
        Ok(Loaded { snapshot, last_seq: u64::try_from(last_seq).unwrap_or(0), tables: loaded })
    }
}

async fn read_table(client: &tokio_postgres::Client, module: &str, table: &str) -> Result<Vec<Bytes>> {
    let mut rows = Vec::new();
    for piece in client.query("SELECT spacetime._read_table($1, $2)", &[&module, &table]).await? {
        let mut piece = Bytes::from(piece.get::<_, Vec<u8>>(0));
        while !piece.is_empty() {
            let cut = || Error::Layout("rows end in the middle".into());
            let (length, _) = piece.split_first_chunk::<4>().ok_or_else(cut)?;
            let end = 4 + u32::from_le_bytes(*length) as usize;
            if end > piece.len() {
                return Err(cut());
            }
            rows.push(piece.split_to(end).slice(4..));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::Snapshot;

    #[test]
    fn running_and_later_transactions_are_not_in_a_snapshot() {
        let snapshot = Snapshot::parse("10:20:12,15").expect("well-formed");
        let seen: Vec<_> = [9, 10, 12, 14, 15, 19, 20, 21].map(|xid| snapshot.contains(xid)).into();
        assert_eq!(seen, [true, true, false, true, false, true, false, false]);
        assert!(Snapshot::parse("10:20:").is_some_and(|snapshot| snapshot.contains(12)));
        assert!(Snapshot::parse("10").is_none());
    }
}

//! The one reader: asks for the next entries for ever, and hands them to the hub.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::{Page, Position};
use crate::error::{Error, Result};
use crate::postgres::Database;
use crate::subscriptions::Input;

/// Entries are handed over in pieces of about this many bytes.
const PAGE_BYTES: i32 = 4 << 20;
/// How long Postgres waits for an entry before it answers that there is none.
const WAIT_MS: i32 = 500;
/// How long an answer may take in all: after that the connection is given up.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Pause after a lost connection.
const RETRY: Duration = Duration::from_millis(250);

/// When entries are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Once they are durable.
    Awaited,
    /// As they commit: a crash of Postgres may undo them. The log has another epoch then, and tables are read anew.
    NotAwaited,
}

/// A connection and where it stands. The first cursor is taken before anybody subscribes, so that nothing is missed.
pub(crate) struct Reader {
    client: Client,
    cursor: Vec<u8>,
    durability: Durability,
    pub(crate) begins_at: Position,
}

impl Reader {
    pub(crate) async fn begin(database: &Database, durability: Durability) -> Result<Self> {
        let client = database.connect().await?;
        let row = client.query_one("SELECT spacetime.changes(NULL)", &[]).await?;
        let page = Page::decode(row.get(0))?;
        Ok(Self { client, cursor: page.cursor, durability, begins_at: page.end })
    }

    async fn next(&mut self) -> Result<Page> {
        let question = "SELECT spacetime.changes($1, $2, $3, $4)";
        let is_awaited = self.durability == Durability::Awaited;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&self.cursor, &PAGE_BYTES, &WAIT_MS, &is_awaited];
        let answered = tokio::time::timeout(ANSWER_LIMIT, self.client.query_one(question, &parameters)).await;
        let row = answered.map_err(|_| Error::Silent)??;
        let page = Page::decode(row.get(0))?;
        self.cursor.clone_from(&page.cursor);
        Ok(page)
    }
}

/// Reads until the hub is gone. A lost connection is made anew and goes on at the same cursor: the extension says whether
/// anything was lost meanwhile.
pub(crate) async fn read(database: Arc<Database>, mut reader: Reader, hub: mpsc::UnboundedSender<Input>) {
    loop {
        match reader.next().await {
            Ok(page) => {
                if hub.send(Input::Page(page)).is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "reading the change log failed; trying again");
                tokio::time::sleep(RETRY).await;
                match database.connect().await {
                    Ok(client) => reader.client = client,
                    Err(error) => tracing::warn!(%error, "no connection for the change log"),
                }
            }
        }
    }
}

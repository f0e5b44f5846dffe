//! Connections for questions that may take long: each has one to itself, and there are only so many.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Client;

use super::Database;
use crate::error::Result;

/// Longest wait for a lock.
const LOCK_LIMIT_MS: u32 = 10_000;

/// At most so many connections; those not in use are kept.
pub(crate) struct Pool {
    database: Arc<Database>,
    idle: Arc<Mutex<Vec<Client>>>,
    turns: Arc<Semaphore>,
}

/// A connection of a pool. Dropped without [`Pooled::give_back`] it is closed: its question may still be running.
pub(crate) struct Pooled {
    client: Client,
    idle: Arc<Mutex<Vec<Client>>>,
    _turn: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(database: Arc<Database>, connections: usize) -> Self {
        Self { database, idle: Arc::default(), turns: Arc::new(Semaphore::new(connections)) }
    }

    /// A connection, when it is our turn.
    pub(crate) async fn wait(&self) -> Result<Pooled> {
        match Arc::clone(&self.turns).acquire_owned().await {
            Ok(turn) => self.connection(turn).await,
            // Nobody closes it.
            Err(_) => Err(crate::Error::Stopping),
        }
    }

    /// A connection; `None` when all are in use.
    pub(crate) async fn try_now(&self) -> Result<Option<Pooled>> {
        match Arc::clone(&self.turns).try_acquire_owned() {
            Ok(turn) => Ok(Some(self.connection(turn).await?)),
            Err(_) => Ok(None),
        }
    }

    async fn connection(&self, turn: OwnedSemaphorePermit) -> Result<Pooled> {
        let kept = loop {
            match self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                Some(client) if client.is_closed() => {}
                kept => break kept,
            }
        };
        let client = match kept {
            Some(client) => client,
            None => self.database.connect().await?,
        };
        Ok(Pooled { client, idle: Arc::clone(&self.idle), _turn: turn })
    }
}

impl Deref for Pooled {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Pooled {
    /// Runs a statement that needs locks, and gives up when it has to wait for one for long: whoever holds it must not
    /// hold up others.
    pub(crate) async fn execute_in_time(
        self,
        statement: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<()> {
        let begin = format!("BEGIN; SET LOCAL lock_timeout = '{LOCK_LIMIT_MS}ms'");
        let (began, done, ended) = tokio::join!(
            self.client.batch_execute(&begin),
            self.client.execute(statement, parameters),
            // After an error this is a ROLLBACK.
            self.client.batch_execute("COMMIT"),
        );
        self.give_back();
        began?;
        done?;
        Ok(ended?)
    }

    /// Keeps the connection for others: no question runs on it.
    pub(crate) fn give_back(self) {
        let Self { client, idle, _turn } = self;
        if !client.is_closed() {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        }
    }
}

//! One gateway for each name: a second one would disconnect the clients of the first.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Client;

use crate::error::{Error, Result};
use crate::postgres::Database;

/// How often, and how far apart, a start looks whether the name is free: the last run may be ending, or Postgres may not
/// have noticed yet that it was killed.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);
/// Pause between looks at the connection that holds the name.
const LOOK: Duration = Duration::from_secs(1);

const TAKE: &str = "SELECT pg_try_advisory_lock(hashtext('spacetime gateway'), hashtext($1))";

/// An advisory lock of the database; it goes with its connection, however the gateway ends.
pub(crate) struct NameHold {
    name: String,
    client: Client,
}

impl NameHold {
    /// Takes the name.
    ///
    /// # Errors
    ///
    /// Another gateway has it.
    pub(crate) async fn take(database: &Database, name: &str) -> Result<Self> {
        let client = database.connect().await?;
        for _ in 0..TRIES {
            if is_taken_by(&client, name).await? {
                return Ok(Self { name: name.to_owned(), client });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Setup {
            what: format!("a gateway with the name {name:?} serves this database already"),
            hint: "Give each gateway of a database a --name of its own, the same at each of its starts."
                .into(),
        })
    }

    /// Takes the name again whenever its connection is lost.
    pub(crate) async fn keep(mut self, database: Arc<Database>) {
        let mut is_held = true;
        loop {
            tokio::time::sleep(LOOK).await;
            if self.client.is_closed() {
                is_held = false;
                match database.connect().await {
                    Ok(client) => self.client = client,
                    Err(_) => continue,
                }
            }
            if !is_held {
                match is_taken_by(&self.client, &self.name).await {
                    Ok(true) => is_held = true,
                    Ok(false) => tracing::error!(name = self.name, "another gateway has this one's name"),
                    Err(error) => tracing::warn!(%error, "the gateway's name could not be taken again"),
                }
            }
        }
    }
}

async fn is_taken_by(client: &Client, name: &str) -> Result<bool> {
    Ok(client.query_one(TAKE, &[&name]).await?.get(0))
}

//! Connections to Postgres, and the questions asked over them.

mod module;
mod pool;
mod rows;

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

pub(crate) use module::{Module, Policed, identity_of};
pub(crate) use pool::{Pool, Pooled};
pub(crate) use rows::{Loaded, Read, Rows, Viewer};

use crate::error::{Error, Result};

/// A connection for short questions, made anew when it is lost. Questions of many requests share it: they are pipelined.
pub(crate) struct Database {
    url: String,
    shared: Mutex<Option<Arc<Client>>>,
    /// Role whose rights clients have.
    client_role: Arc<str>,
    idle: std::sync::Mutex<Vec<rows::ReadConnection>>,
}

/// The role clients without one of their own have the rights of.
const CLIENT_ROLE: &str = "spacetime_client";

impl Database {
    pub(crate) fn new(url: &str, client_role: &str) -> Self {
        let client_role = if client_role.is_empty() { CLIENT_ROLE } else { client_role };
        Self {
            url: url.to_owned(),
            shared: Mutex::new(None),
            client_role: client_role.into(),
            idle: std::sync::Mutex::new(Vec::new()),
        }
    }

    /// A connection of the caller's own.
    pub(crate) async fn connect(&self) -> Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.map_err(Error::Connect)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a connection to Postgres ended");
            }
        });
        client.batch_execute("SET application_name = 'spacetime gateway'").await?;
        Ok(client)
    }

    /// The shared connection. Nobody may open a transaction on it.
    pub(crate) async fn shared(&self) -> Result<Arc<Client>> {
        let mut shared = self.shared.lock().await;
        if let Some(client) = shared.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect().await?);
        *shared = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Refuses databases a gateway cannot work with, in words that say what to do.
    pub(crate) async fn check(&self) -> Result<()> {
        let client = self.shared().await?;
        let found = client.query_opt("SELECT FROM pg_extension WHERE extname = 'spacetime'", &[]).await?;
        if found.is_none() {
            return Err(Error::Setup {
                what: "the database has no extension spacetime".into(),
                hint: "Run CREATE EXTENSION spacetime in it.".into(),
            });
        }
        client.query("SELECT spacetime.changes(NULL)", &[]).await.map_err(|error| Error::Setup {
            what: format!("the change log cannot be read: {}", Error::from(error).message()),
            hint: "The gateway needs shared_preload_libraries = 'spacetime' and a role that may execute \
                   spacetime.changes."
                .into(),
        })?;
        Ok(())
    }
}

//! Connections to Postgres, and the questions asked over them.

mod module;
mod pool;
mod rights;
mod rows;
mod tls;

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_postgres::{Client, Config};

pub(crate) use module::{Module, Policed, identity_of};
pub(crate) use pool::{Pool, Pooled};
pub(crate) use rights::{RightsSeen, watch_rights};
#[cfg(test)]
pub(crate) use rows::Snapshot;
pub(crate) use rows::{Loaded, Read, Rows, Viewer, split_piece};

use crate::error::{Error, Result};
use crate::options::Options;

/// A connection for short questions, made anew when it is lost. Questions of many requests share it: they are pipelined.
pub(crate) struct Database {
    config: Config,
    tls: tls::Tls,
    shared: Mutex<Option<Arc<Client>>>,
    /// Role whose rights clients have.
    client_role: Arc<str>,
    idle: std::sync::Mutex<Vec<rows::ReadConnection>>,
}

/// The role clients without one of their own have the rights of.
const CLIENT_ROLE: &str = "spacetime_client";

impl Database {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let client_role = match options.client_role.as_str() {
            "" => CLIENT_ROLE,
            named => named,
        };
        let mut config: Config = options.database_url.parse().map_err(Error::Connect)?;
        config.application_name("spacetime gateway");
        if options.database_ca.is_some() {
            // To check the server's name and then talk without encryption would be of no use.
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
        }
        Ok(Self {
            config,
            tls: tls::Tls::new(options.database_ca.as_deref())?,
            shared: Mutex::new(None),
            client_role: client_role.into(),
            idle: std::sync::Mutex::new(Vec::new()),
        })
    }

    /// The role whose rights clients without one of their own have.
    pub(crate) fn client_role(&self) -> &str {
        &self.client_role
    }

    /// A connection of the caller's own.
    pub(crate) async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(Error::Connect)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a connection to Postgres ended");
            }
        });
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

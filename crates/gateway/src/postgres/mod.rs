//! Connections to Postgres, and the questions asked over them.

mod module;
mod pool;
mod rights;
mod rows;
mod tls;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio_postgres::{Client, Config};

#[cfg(test)]
pub(crate) use module::Rights;
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
    /// For what waits until commits are durable, which may be for as long as a standby is away.
    durability: Mutex<Option<Arc<Client>>>,
    /// Role whose rights clients have.
    client_role: Arc<str>,
    /// Roles whose rights subscriptions rest on.
    watched_roles: std::sync::Mutex<BTreeSet<Arc<str>>>,
    idle: std::sync::Mutex<Vec<rows::ReadConnection>>,
    /// Readings that may run at a time; others wait.
    readings: Semaphore,
}

/// Time for a host to answer at all.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// After so long without a sign of life a host is asked for one, and after as long again it counts as dead.
const SILENCE_LIMIT: Duration = Duration::from_secs(15);

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
        notice_dead_hosts(&mut config);
        if options.database_ca.is_some() {
            // To check the server's name and then talk without encryption would be of no use.
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
        }
        Ok(Self {
            config,
            tls: tls::Tls::new(options.database_ca.as_deref())?,
            shared: Mutex::new(None),
            durability: Mutex::new(None),
            client_role: client_role.into(),
            watched_roles: std::sync::Mutex::default(),
            idle: std::sync::Mutex::new(Vec::new()),
            readings: Semaphore::new(rows::READINGS_MAX),
        })
    }

    /// The role whose rights a client has: its token's, or that of clients without one.
    pub(crate) fn role_of<'a>(&'a self, role: Option<&'a Arc<str>>) -> &'a Arc<str> {
        role.unwrap_or(&self.client_role)
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
        self.kept(&self.shared).await
    }

    /// The connection for waiting until what has been committed is durable.
    pub(crate) async fn durability(&self) -> Result<Arc<Client>> {
        self.kept(&self.durability).await
    }

    /// Waits until all that has been written by now is durable.
    pub(crate) async fn wait_durable(&self) -> Result<()> {
        let client = self.durability().await?;
        client.execute("SELECT spacetime.wait_durable(pg_current_wal_insert_lsn())", &[]).await?;
        Ok(())
    }

    async fn kept(&self, place: &Mutex<Option<Arc<Client>>>) -> Result<Arc<Client>> {
        let mut kept = place.lock().await;
        if let Some(client) = kept.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect().await?);
        *kept = Some(Arc::clone(&client));
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

/// A host that is gone without a word would be waited for without end. What the URL says counts more.
fn notice_dead_hosts(config: &mut Config) {
    let standard = Config::new();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_LIMIT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE_LIMIT * 2);
    }
    if config.get_keepalives_idle() == standard.get_keepalives_idle() {
        config.keepalives_idle(SILENCE_LIMIT);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(SILENCE_LIMIT / 3);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_postgres::Config;

    use super::{CONNECT_LIMIT, SILENCE_LIMIT, notice_dead_hosts};

    #[test]
    fn dead_hosts_are_noticed_and_the_url_counts_more() {
        let mut plain: Config = "host=a".parse().expect("well-formed");
        notice_dead_hosts(&mut plain);
        assert_eq!(plain.get_connect_timeout(), Some(&CONNECT_LIMIT));
        assert_eq!(plain.get_keepalives_idle(), SILENCE_LIMIT);
        assert!(plain.get_tcp_user_timeout().is_some());
        let mut told: Config = "host=a connect_timeout=1 keepalives_idle=60".parse().expect("well-formed");
        notice_dead_hosts(&mut told);
        assert_eq!(told.get_connect_timeout(), Some(&Duration::from_secs(1)));
        assert_eq!(told.get_keepalives_idle(), Duration::from_secs(60));
    }
}

//! What all requests share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use spacetime_auth::Identity;
use spacetime_wire::ConnectionId;
use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::executor::{Executors, Procedures};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::postgres::{Database, Module, Pool, watch_rights};
use crate::subscriptions::{Asker, ClientId, Hubs};
use crate::tokens::{Caller, Tokens};

/// Statements of clients that run at a time; others wait.
const STATEMENTS_MAX: usize = 8;
/// Connections of each module for clients that come and go; others wait.
const LIFECYCLES_MAX: usize = 2;

pub(crate) struct Gateway {
    pub(crate) options: Options,
    pub(crate) database: Arc<Database>,
    pub(crate) tokens: Tokens,
    pub(crate) hubs: Arc<Hubs>,
    pub(crate) executors: Executors,
    pub(crate) procedures: Procedures,
    /// For statements of clients, which may take long.
    pub(crate) statements: Pool,
    /// By module.
    lifecycles: Mutex<HashMap<Identity, Arc<Pool>>>,
    pub(crate) metrics: Arc<Metrics>,
    last_client: AtomicU64,
    /// True once the gateway shuts down: connections close themselves.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Gateway {
    /// Checks the database, disconnects what the last run has left, and starts reading the change log.
    pub(crate) async fn start(options: Options) -> Result<Arc<Self>> {
        let database = Arc::new(Database::new(&options)?);
        database.check().await?;
        let client = database.shared().await?;
        let left: i64 =
            client.query_one("SELECT spacetime._disconnect_all($1)", &[&options.name]).await?.get(0);
        if left > 0 {
            tracing::info!(left, "disconnected clients of the last run");
        }
        let metrics = Arc::new(Metrics::default());
        let hubs = Arc::new(Hubs::start(Arc::clone(&database), Arc::clone(&metrics)).await?);
        tokio::spawn(watch_rights(Arc::clone(&database), Arc::clone(&metrics), Arc::clone(&hubs)));
        let trust_cli = options.trust_loopback_cli && options.is_loopback();
        if options.trust_loopback_cli && !trust_cli {
            tracing::warn!("--trust-loopback-cli is ignored: an address of --listen is not a loopback one");
        }
        let tokens = Tokens::new(Arc::clone(&database), trust_cli);
        let role = options.client_role.clone();
        let statements = Pool::new(Arc::clone(&database), STATEMENTS_MAX);
        let procedures = Procedures::new(Arc::clone(&database), options.procedure_connections, &role);
        let executors = Executors::new(Arc::clone(&database), Arc::clone(&hubs), Arc::clone(&metrics), role)?;
        let (stopping, _) = watch::channel(false);
        Ok(Arc::new(Self {
            options,
            database,
            tokens,
            hubs,
            executors,
            procedures,
            statements,
            lifecycles: Mutex::default(),
            metrics,
            last_client: AtomicU64::new(0),
            stopping,
        }))
    }

    pub(crate) fn next_client(&self) -> ClientId {
        self.last_client.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Who asks a module.
    pub(crate) fn asker(module: &Module, caller: &Caller) -> Asker {
        Asker {
            identity: caller.identity,
            claims: caller.claims.as_str().into(),
            is_owner: module.owner == caller.identity,
        }
    }

    /// Connections for clients of a module that come and go: they wait for the module's lock, and must not make others wait.
    fn lifecycle(&self, module: &Module) -> Arc<Pool> {
        let mut pools = self.lifecycles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let new = || Arc::new(Pool::new(Arc::clone(&self.database), LIFECYCLES_MAX));
        Arc::clone(pools.entry(module.identity).or_insert_with(new))
    }

    /// Records a connection and runs client_connected; its refusal is the error.
    pub(crate) async fn connected(&self, module: &Module, caller: &Caller, id: ConnectionId) -> Result<()> {
        let claims: serde_json::Value =
            serde_json::from_str(&caller.claims).map_err(|error| Error::Layout(error.to_string()))?;
        let client = self.lifecycle(module).wait().await?;
        let question = "SELECT spacetime._connect($1, $2, $3, $4, $5)";
        let (identity, connection) = (caller.identity.to_be_bytes(), id.get().to_be_bytes());
        let connected = client
            .execute(
                question,
                &[&module.key(), &&identity[..], &&connection[..], &self.options.name, &claims],
            )
            .await;
        client.give_back();
        connected?;
        Ok(())
    }

    /// Runs client_disconnected and forgets a connection.
    pub(crate) async fn disconnected(&self, module: &Module, caller: &Caller, id: ConnectionId) {
        let run = async {
            let client = self.lifecycle(module).wait().await?;
            let question = "SELECT spacetime._disconnect($1, $2, $3)";
            let (identity, connection) = (caller.identity.to_be_bytes(), id.get().to_be_bytes());
            let disconnected =
                client.execute(question, &[&module.key(), &&identity[..], &&connection[..]]).await;
            client.give_back();
            disconnected?;
            Ok::<(), Error>(())
        };
        if let Err(error) = run.await {
            tracing::warn!(%error, "client_disconnected could not be run");
        }
    }
}

/// A connection id nobody else has.
pub(crate) fn new_connection_id() -> Result<ConnectionId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Layout(format!("no random numbers: {error}")))?;
    // Zero means that there is no connection.
    bytes[0] |= 1;
    Ok(ConnectionId::from_le_bytes(bytes))
}

//! What all requests share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spacetime_auth::Identity;
use spacetime_wire::ConnectionId;
use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::executor::{self, Executors, Procedures};
use crate::metrics::Metrics;
use crate::name_hold::NameHold;
use crate::options::Options;
use crate::postgres::{Database, Module, Pool, watch_rights};
use crate::socket::Seats;
use crate::subscriptions::{Asker, ClientId, Hubs};
use crate::tokens::{Caller, Tokens};
use crate::vital::VitalTasks;

/// Statements of clients that run at a time; others wait.
const STATEMENTS_MAX: usize = 8;
/// Connections of each module for clients that come and go; others wait.
const LIFECYCLES_MAX: usize = 2;

/// Pauses before client_disconnected is tried again.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);
/// How long the answer to a request waits for its client_disconnected.
const DISCONNECT_LIMIT: Duration = Duration::from_secs(10);

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
    pub(crate) seats: Arc<Seats>,
    pub(crate) vital: VitalTasks,
    last_client: AtomicU64,
    /// True once the gateway shuts down: connections close themselves.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Gateway {
    /// Checks the database, disconnects what the last run has left, and starts reading the change log.
    pub(crate) async fn start(options: Options) -> Result<Arc<Self>> {
        let database = Arc::new(Database::new(&options)?);
        database.check().await?;
        let name = NameHold::take(&database, &options.name).await?;
        let client = database.shared().await?;
        let left: i64 =
            client.query_one("SELECT spacetime._disconnect_all($1)", &[&options.name]).await?.get(0);
        let vital = VitalTasks::new();
        vital.spawn("the one that keeps the gateway's name", name.keep(Arc::clone(&database)));
        if left > 0 {
            tracing::info!(left, "disconnected clients of the last run");
        }
        let metrics = Arc::new(Metrics::default());
        let hubs = Hubs::start(Arc::clone(&database), Arc::clone(&metrics), vital.clone()).await?;
        let hubs = Arc::new(hubs);
        let rights = watch_rights(Arc::clone(&database), Arc::clone(&metrics), Arc::clone(&hubs));
        vital.spawn("the one that looks at the rights of clients", rights);
        let trust_cli = options.trust_loopback_cli && options.is_loopback();
        if options.trust_loopback_cli && !trust_cli {
            tracing::warn!("--trust-loopback-cli is ignored: an address of --listen is not a loopback one");
        }
        let tokens = Tokens::new(Arc::clone(&database), trust_cli);
        let role = options.client_role.clone();
        let statements = Pool::new(Arc::clone(&database), STATEMENTS_MAX);
        let procedures = Procedures::new(Arc::clone(&database), options.procedure_connections, &role);
        let shared = executor::Shared::new(
            Arc::clone(&database),
            Arc::clone(&hubs),
            Arc::clone(&metrics),
            vital.clone(),
            role,
        )?;
        let executors = Executors::new(shared);
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
            seats: Arc::default(),
            vital,
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
    pub(crate) async fn connected(
        self: &Arc<Self>,
        module: &Arc<Module>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<()> {
        let connected = self.connect(module, caller, id).await;
        if connected.as_ref().is_err_and(Error::is_outage) {
            // It may have been committed, and only the answer is lost.
            drop(self.spawn_disconnect(module, caller, id));
        }
        connected
    }

    async fn connect(&self, module: &Module, caller: &Caller, id: ConnectionId) -> Result<()> {
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

    /// Runs client_disconnected and forgets a connection. While Postgres is away this waits for it.
    pub(crate) async fn disconnected(
        self: &Arc<Self>,
        module: &Arc<Module>,
        caller: &Caller,
        id: ConnectionId,
    ) {
        // To the end, whatever becomes of who waits for it.
        drop(self.spawn_disconnect(module, caller, id).await);
    }

    /// As [`Gateway::disconnected`], for those who answer somebody: they wait only for so long.
    pub(crate) async fn disconnected_soon(
        self: &Arc<Self>,
        module: &Arc<Module>,
        caller: &Caller,
        id: ConnectionId,
    ) {
        let disconnected = self.spawn_disconnect(module, caller, id);
        drop(tokio::time::timeout(DISCONNECT_LIMIT, disconnected).await);
    }

    fn spawn_disconnect(
        self: &Arc<Self>,
        module: &Arc<Module>,
        caller: &Caller,
        id: ConnectionId,
    ) -> tokio::task::JoinHandle<()> {
        let (gateway, module, identity) = (Arc::clone(self), Arc::clone(module), caller.identity);
        tokio::spawn(async move {
            let mut pause = RETRY_FIRST;
            loop {
                match gateway.disconnect(&module, identity, id).await {
                    Ok(()) => return,
                    Err(error) if error.is_outage() || error.is_transient() => {
                        tracing::warn!(%error, "client_disconnected could not be run; trying again");
                    }
                    Err(error) => {
                        tracing::warn!(%error, "client_disconnected could not be run");
                        return;
                    }
                }
                // The next start of the gateway disconnects who is left.
                if *gateway.stopping.borrow() {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_LAST);
            }
        })
    }

    async fn disconnect(&self, module: &Module, identity: Identity, id: ConnectionId) -> Result<()> {
        let client = self.lifecycle(module).wait().await?;
        let question = "SELECT spacetime._disconnect($1, $2, $3)";
        let (identity, connection) = (identity.to_be_bytes(), id.get().to_be_bytes());
        let disconnected = client.execute(question, &[&module.key(), &&identity[..], &&connection[..]]).await;
        client.give_back();
        disconnected?;
        Ok(())
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

//! `spacetime start`: everything a newcomer needs in one command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::gateway::{LogFormat, cannot_listen, explained, log_to_stderr, stop_requested};
use crate::cluster::{self, Cluster, Installation, Running, Server};
use crate::error::{Error, Result};
use crate::settings;
use crate::terminal;

/// Starts a private Postgres with the extension, and the gateway; runs until Ctrl-C or `spacetime stop`.
///
/// The data stay in the data folder; a later start finds them again. Postgres listens on this machine only, and whoever can
/// reach it is its superuser. Whoever can reach the gateway may publish modules, as long as it listens on loopback addresses.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    folder: DataFolder,
    /// Addresses of the gateway, separated by commas.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', default_value = "127.0.0.1:3000,[::1]:3000")]
    listen: Vec<SocketAddr>,
    /// Port of Postgres [default: a free one].
    #[arg(long, value_name = "PORT")]
    postgres_port: Option<u16>,
    /// As root: the user that Postgres runs as [default: postgres].
    #[arg(long, value_name = "USER")]
    run_as: Option<String>,
    /// Serve this database instead of a private Postgres: postgres://…
    #[arg(long, value_name = "URL", conflicts_with_all = ["postgres_port", "run_as"])]
    database_url: Option<String>,
}

/// Where the private Postgres lives.
#[derive(Debug, Args)]
pub(crate) struct DataFolder {
    /// Data folder [default: ~/.local/share/spacetime; for root /var/lib/spacetime].
    #[arg(long, value_name = "DIR", env = "SPACETIME_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
}

impl DataFolder {
    pub(crate) fn path(&self) -> Result<PathBuf> {
        if let Some(given) = &self.data_dir {
            return Ok(given.clone());
        }
        if nix::unistd::geteuid().is_root() {
            // Nobody but root may enter its home folder, and Postgres does not run as root.
            return Ok("/var/lib/spacetime".into());
        }
        settings::folder("XDG_DATA_HOME", ".local/share")
    }
}

pub(crate) async fn run(options: Options) -> Result<()> {
    // Before the long part: a port that is taken is known at once.
    let listen = free_addresses(&options.listen)?;
    log_to_stderr("warn", LogFormat::Text);
    // From here on Ctrl-C means: stop what was begun, in order.
    let stopping = stop_requested()?;
    tokio::pin!(stopping);
    if let Some(url) = options.database_url {
        // The same after a restart; another one that serves this database listens elsewhere.
        let name = format!("start {}", listen[0]);
        let ready = say_when_ready(listen[0], &url);
        return tokio::select! {
            result = serve(name, &listen, url.clone(), stopping) => result,
            never = ready => match never {},
        };
    }
    let cluster = Cluster::open(&options.folder.path()?, Installation::find()?, options.run_as.as_deref())?;
    if cluster.stop_leftover().await? {
        terminal::step("stopped", "the Postgres of an earlier start that was killed");
    }
    let port = cluster::free_port(options.postgres_port)?;
    if cluster.create().await? {
        terminal::step("made", format!("a Postgres cluster in {}", cluster.folder().display()));
    }
    let mut server = cluster.start(port)?;
    let result = serve_cluster(&cluster, &mut server, &listen, stopping).await;
    terminal::note("stopping");
    Running::remove(cluster.folder());
    let stopped = server.stop().await;
    result.and(stopped)
}

/// The gateway in front of the cluster's server, until somebody stops it or one of the two ends.
async fn serve_cluster(
    cluster: &Cluster,
    server: &mut Server,
    listen: &[SocketAddr],
    mut stopping: Pin<&mut (impl Future<Output = ()> + Send)>,
) -> Result<()> {
    tokio::select! {
        biased;
        () = &mut stopping => return Ok(()),
        ready = cluster.wait_until_ready(server) => ready?,
    }
    let url = server.url();
    let running = Running {
        pid: std::process::id().cast_signed(),
        database_url: url.clone(),
        server: format!("http://{}", listen[0]),
    };
    let ready = async {
        wait_until_healthy(listen[0]).await;
        if let Err(error) = running.write(cluster.folder()) {
            terminal::error(&error);
        }
        say_when_ready(listen[0], &url).await
    };
    tokio::select! {
        result = serve("start".into(), listen, url.clone(), stopping) => result,
        failure = cluster.failure(server) => Err(failure),
        never = ready => match never {},
    }
}

/// Says how to go on once the gateway answers; then there is nothing more to do.
async fn say_when_ready(listen: SocketAddr, database_url: &str) -> std::convert::Infallible {
    wait_until_healthy(listen).await;
    terminal::step("Postgres", format!("psql {database_url}"));
    terminal::step("clients", format!("http://{listen} (ws://{listen} for SDKs)"));
    terminal::note("Next, in a module's folder: spacetime publish. Ctrl-C stops.");
    std::future::pending().await
}

async fn wait_until_healthy(listen: SocketAddr) {
    let url = format!("http://{listen}/v1/health");
    while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The gateway, until `stop` is done.
async fn serve(
    name: String,
    listen: &[SocketAddr],
    database_url: String,
    stop: impl Future<Output = ()> + Send,
) -> Result<()> {
    let mut gateway = spacetime_gateway::Options::new(database_url, listen.to_vec());
    gateway.name = name;
    gateway.trust_loopback_cli = gateway.is_loopback();
    // The gateway wants to own its signal.
    let (stop_sender, stop_receiver) = tokio::sync::oneshot::channel::<()>();
    let serving = spacetime_gateway::serve(gateway, async move { drop(stop_receiver.await) });
    let (_runtime, mut serving) = GatewayRuntime::spawn(serving)?;
    let result = tokio::select! {
        result = &mut serving => result,
        () = stop => {
            drop(stop_sender);
            serving.await
        }
    };
    let result = result.map_err(|error| Error::Plain(format!("the gateway failed: {error}")))?;
    result.map_err(explained)
}

/// What the gateway does in the background ends with it, before Postgres does: otherwise it would complain that it is gone.
struct GatewayRuntime(Option<Runtime>);

impl GatewayRuntime {
    fn spawn(
        gateway: impl Future<Output = spacetime_gateway::Result<()>> + Send + 'static,
    ) -> Result<(Self, JoinHandle<spacetime_gateway::Result<()>>)> {
        let runtime = Runtime::new()
            .map_err(|error| Error::Plain(format!("the gateway's threads cannot be started: {error}")))?;
        let running = runtime.spawn(gateway);
        Ok((Self(Some(runtime)), running))
    }
}

impl Drop for GatewayRuntime {
    fn drop(&mut self) {
        // Waiting for it, as its own drop does, is not possible among tasks.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The addresses this machine has, at least one, if nobody else listens on them: IPv6 may be switched off.
fn free_addresses(wanted: &[SocketAddr]) -> Result<Vec<SocketAddr>> {
    let mut free = Vec::new();
    for address in wanted {
        match std::net::TcpListener::bind(address) {
            Ok(_) => free.push(*address),
            Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable && wanted.len() > 1 => {}
            Err(error) => return Err(cannot_listen(*address, &error)),
        }
    }
    if free.is_empty() {
        return Err(Error::refused("there is no address to listen on", "name one with --listen"));
    }
    Ok(free)
}

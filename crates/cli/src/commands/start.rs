//! `spacetime start`: everything a newcomer needs in one command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::gateway::{log_to_stderr, stop_requested};
use crate::cluster::{Cluster, Installation, Running};
use crate::error::{Error, Result};
use crate::settings;
use crate::terminal;

/// Starts a private Postgres with the extension, and the gateway; runs until Ctrl-C or `spacetime stop`.
///
/// The data stay in the data folder. Whoever can reach the gateway may publish modules, and whoever can reach Postgres is its
/// superuser; both listen on this machine only.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    folder: DataFolder,
    /// Address of the gateway.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Port of Postgres; the default is a free one.
    #[arg(long)]
    postgres_port: Option<u16>,
    /// As root: the user that Postgres runs as (default: postgres).
    #[arg(long)]
    run_as: Option<String>,
    /// Use this database instead of a private Postgres.
    #[arg(long, conflicts_with_all = ["postgres_port", "run_as"])]
    database_url: Option<String>,
}

/// Where the private Postgres lives.
#[derive(Debug, Args)]
pub(crate) struct DataFolder {
    /// Data folder [default: ~/.local/share/spacetime; for root /var/lib/spacetime].
    #[arg(long, env = "SPACETIME_DATA_DIR")]
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
    drop(std::net::TcpListener::bind(options.listen).map_err(|error| address_taken(options.listen, &error))?);
    log_to_stderr("warn");
    let folder = options.folder.path()?;
    if let Some(url) = options.database_url {
        std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        ready(options.listen, &url);
        return serve(&folder, options.listen, url, stop_requested()).await;
    }
    // From here on Ctrl-C means: stop what was begun, in order.
    let stopping = stop_requested();
    tokio::pin!(stopping);
    let cluster = Cluster::open(&folder, Installation::find()?, options.run_as.as_deref())?;
    let starting = async {
        if cluster.create().await? {
            terminal::step("made", format!("a Postgres cluster in {}", cluster.folder().display()));
        }
        cluster.start(options.postgres_port).await
    };
    // Not cancelled in the middle: half a start could leave a server behind.
    let mut server = starting.await?;
    let running = Running {
        pid: std::process::id().cast_signed(),
        database_url: server.url.clone(),
        server: format!("http://{}", options.listen),
    };
    let result = async {
        running.write(cluster.folder())?;
        ready(options.listen, &server.url);
        tokio::select! {
            result = serve(cluster.folder(), options.listen, server.url.clone(), stopping) => result,
            status = server.ended() => {
                let log = cluster.log();
                Err(Error::refused(format!("Postgres ended ({})", status?), format!("see {}", log.display())))
            }
        }
    }
    .await;
    terminal::note("stopping");
    Running::remove(cluster.folder());
    server.stop().await?;
    result
}

fn ready(listen: SocketAddr, database_url: &str) {
    terminal::step("Postgres", format!("psql {database_url}"));
    terminal::step("clients", format!("http://{listen} (ws://{listen} for SDKs)"));
    terminal::note("Next, in a module's folder: spacetime publish. Ctrl-C stops.");
}

async fn serve(
    folder: &std::path::Path,
    listen: SocketAddr,
    database_url: String,
    stop: impl Future<Output = ()> + Send,
) -> Result<()> {
    let gateway = spacetime_gateway::Options {
        database_url,
        listen,
        key_file: folder.join("gateway.pem"),
        name: "start".into(),
        publish: spacetime_gateway::Publishers::Loopback,
        client_role: String::new(),
    };
    // The gateway wants to own its signal.
    let (stop_sender, stop_receiver) = tokio::sync::oneshot::channel::<()>();
    let serving = spacetime_gateway::serve(gateway, async move { drop(stop_receiver.await) });
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => Ok(result?),
        () = stop => {
            drop(stop_sender);
            Ok(serving.await?)
        }
    }
}

fn address_taken(address: SocketAddr, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return Error::refused(
            format!("something already listens on {address}"),
            "is it another `spacetime start`? See `spacetime status`, or choose an address with --listen",
        );
    }
    Error::Plain(format!("cannot listen on {address}: {error}"))
}

//! The Postgres server of a cluster, as a child of ours.

use std::fs::File;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

use super::{Cluster, SUPERUSER};
use crate::error::{Error, Result};

/// Name of the database that modules are published to.
pub(crate) const DATABASE: &str = "spacetime";
/// Time for the server to answer, recovery after a crash included.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time for a fast shutdown.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Bytes that the path of a socket may have, less those of its own name.
const SOCKET_FOLDER_MAX: usize = 107 - "/.s.PGSQL.65535.lock".len();

/// A server that was started. It outlives us unless [`Server::stop`] is called.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

/// The wanted port, or a free one.
///
/// # Errors
///
/// Somebody listens there.
pub(crate) fn free_port(wanted: Option<u16>) -> Result<u16> {
    match std::net::TcpListener::bind(("127.0.0.1", wanted.unwrap_or(0))) {
        Ok(listener) => Ok(listener.local_addr().map_err(Error::file("127.0.0.1"))?.port()),
        Err(error) => Err(Error::refused(
            format!("Postgres cannot listen on port {}: {error}", wanted.unwrap_or(0)),
            "choose another with --postgres-port; without it, a free one is taken",
        )),
    }
}

impl Cluster {
    /// Stops the server that a `spacetime start` has left which was killed; true if there was one.
    pub(crate) async fn stop_leftover(&self) -> Result<bool> {
        if !self.data().join("postmaster.pid").exists() {
            return Ok(false);
        }
        let control = async |verb: &[&str]| {
            let mut pg_ctl = self.command("pg_ctl");
            pg_ctl.args(verb).arg("--pgdata").arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null());
            pg_ctl.status().await.map_err(self.program_failed("pg_ctl"))
        };
        if !control(&["status"]).await?.success() {
            return Ok(false);
        }
        let stopped = control(&["stop", "--wait", "--mode", "fast"]).await?;
        if stopped.success() {
            return Ok(true);
        }
        Err(Error::refused(
            format!("a Postgres already runs in {}, and does not stop", self.data().display()),
            format!("see {}", self.log().display()),
        ))
    }

    /// Starts the server. It takes connections after [`Cluster::wait_until_ready`].
    pub(crate) fn start(&self, port: u16) -> Result<Server> {
        let log =
            File::options().create(true).append(true).open(self.log()).map_err(Error::file(self.log()))?;
        let errors = log.try_clone().map_err(Error::file(self.log()))?;
        // Deep below other folders there are no sockets; nobody but psql would need them.
        let has_socket = self.folder().as_os_str().len() <= SOCKET_FOLDER_MAX;
        let sockets = if has_socket { self.folder().display().to_string() } else { String::new() };
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).stdout(log).stderr(errors).stdin(Stdio::null());
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={sockets}"),
            "shared_preload_libraries=spacetime".into(),
            "logging_collector=off".into(),
        ] {
            postgres.args(["-c", &setting]);
        }
        let child = postgres.process_group(0).spawn().map_err(self.program_failed("postgres"))?;
        Ok(Server { child, port })
    }

    /// Waits until the server answers, and makes the database and the extension if they are not there.
    ///
    /// # Errors
    ///
    /// It ended, takes too long, or is not the one that answers on its port.
    pub(crate) async fn wait_until_ready(&self, server: &mut Server) -> Result<()> {
        let began = Instant::now();
        loop {
            if let Some(status) = server.child.try_wait().map_err(Error::program("postgres"))? {
                return Err(self.ended(status));
            }
            match self.prepare(server.port).await {
                Err(Error::Postgres(error)) if error.as_db_error().is_none_or(is_starting) => {}
                result => return result,
            }
            if began.elapsed() > START_LIMIT {
                return Err(Error::refused(
                    format!("Postgres did not answer within {} s", START_LIMIT.as_secs()),
                    format!("see {}", self.log().display()),
                ));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn prepare(&self, port: u16) -> Result<()> {
        let first = connect(&url(port, "postgres")).await?;
        let data: String = first.query_one("SHOW data_directory", &[]).await?.try_get(0)?;
        if self.data() != std::path::Path::new(&data) {
            return Err(Error::refused(
                format!("another Postgres ({data}) has taken port {port} in the meantime"),
                "start again; --postgres-port names a port",
            ));
        }
        if first.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE]).await?.is_none() {
            first.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
        }
        let modules = connect(&url(port, DATABASE)).await?;
        modules.batch_execute("CREATE EXTENSION IF NOT EXISTS spacetime").await?;
        Ok(())
    }

    /// Waits until the server ends by itself, which it should not; why it did.
    pub(crate) async fn failure(&self, server: &mut Server) -> Error {
        match server.child.wait().await {
            Ok(status) => self.ended(status),
            Err(error) => Error::program("postgres")(error),
        }
    }

    fn ended(&self, status: ExitStatus) -> Error {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last_words = lines[lines.len().saturating_sub(5)..].join("\n  ");
        Error::refused(format!("Postgres ended ({status}):\n  {last_words}"), self.way_out(&last_words))
    }
}

impl Server {
    /// For psql and the gateway, over TCP.
    pub(crate) fn url(&self) -> String {
        url(self.port, DATABASE)
    }

    /// Stops the server: sessions are ended, nothing committed is lost.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        let pid = Pid::from_raw(id.cast_signed());
        for (signal, limit) in [(Signal::SIGINT, STOP_LIMIT), (Signal::SIGQUIT, STOP_LIMIT)] {
            // Gone already is as good.
            let _ = kill(pid, signal);
            if tokio::time::timeout(limit, self.child.wait()).await.is_ok() {
                return Ok(());
            }
        }
        self.child.kill().await.map_err(Error::program("postgres"))
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{database}")
}

async fn connect(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Whether a refusal only means that the server is not ready yet.
fn is_starting(error: &tokio_postgres::error::DbError) -> bool {
    *error.code() == tokio_postgres::error::SqlState::CANNOT_CONNECT_NOW
}

//! The private Postgres of `spacetime start`: a data folder with a cluster, its log, and a note about who runs it.
//!
//! ```text
//!  <data folder>/lock          held by the `spacetime start` that runs here
//!                running.json  what it runs, for `status` and `stop`
//!                postgres/     the cluster; appears complete, under a temporary name until then
//!                postgres.log
//! ```
//!
//! Postgres is a child in a process group of its own: Ctrl-C reaches us only, and we stop it.

mod installation;
mod running;

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use tokio::process::{Child, Command};

pub(crate) use installation::Installation;
pub(crate) use running::Running;

use crate::error::{Error, Result};

/// Name of the database that modules are published to.
pub(crate) const DATABASE: &str = "spacetime";
/// Name of the superuser.
const SUPERUSER: &str = "postgres";
/// Time for the server to answer, recovery after a crash included.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time for a fast shutdown.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A data folder that nobody else uses while this lives.
pub(crate) struct Cluster {
    folder: PathBuf,
    installation: Installation,
    /// Whom Postgres runs as, when we are root: it refuses to be.
    user: Option<User>,
    _lock: File,
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    /// For psql and the gateway, over TCP.
    pub(crate) url: String,
}

impl Cluster {
    /// Opens a data folder, making it if it is not there.
    ///
    /// # Errors
    ///
    /// Somebody runs it; the folder cannot be made; as root, there is no user to run Postgres as.
    pub(crate) fn open(folder: &Path, installation: Installation, run_as: Option<&str>) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let folder = folder.canonicalize().map_err(Error::file(folder))?;
        let user = unprivileged(run_as)?;
        if let Some(user) = &user {
            chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(Error::file(&folder))?;
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))
            .map_err(Error::file(&folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(Error::file(&path))?;
        if lock.try_lock().is_err() {
            return Err(Error::refused(
                format!("spacetime already runs in {}", folder.display()),
                "see `spacetime status`; stop it with `spacetime stop`; for another: --data-dir",
            ));
        }
        Ok(Self { folder, installation, user, _lock: lock })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the cluster if there is none; true if it was made.
    pub(crate) async fn create(&self) -> Result<bool> {
        let version_file = self.data().join("PG_VERSION");
        if let Ok(version) = std::fs::read_to_string(&version_file) {
            return self.check_version(version.trim()).map(|()| false);
        }
        let new = self.folder.join("postgres.new");
        if new.exists() {
            // An earlier start was interrupted in the middle of this.
            std::fs::remove_dir_all(&new).map_err(Error::file(&new))?;
        }
        let mut initdb = self.command("initdb");
        initdb.args([
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ]);
        // Ctrl-C does not reach it: the folder is complete or not there.
        let output = initdb
            .arg("--pgdata")
            .arg(&new)
            .process_group(0)
            .output()
            .await
            .map_err(Error::program("initdb"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::refused(
                format!("initdb failed: {said}"),
                format!("is there space on the disk of {}?", self.folder.display()),
            ));
        }
        std::fs::rename(&new, self.data()).map_err(Error::file(self.data()))?;
        Ok(true)
    }

    fn check_version(&self, of_data: &str) -> Result<()> {
        if of_data == self.installation.major {
            return Ok(());
        }
        Err(Error::refused(
            format!(
                "the data in {} were made by Postgres {of_data}, this is Postgres {}",
                self.data().display(),
                self.installation.major
            ),
            format!("name the pg_config of Postgres {of_data} in PG_CONFIG, or use another --data-dir"),
        ))
    }

    /// Starts the server and waits until it answers. The port is `port`, or a free one.
    pub(crate) async fn start(&self, port: Option<u16>) -> Result<Server> {
        let port = match port {
            Some(port) => port,
            None => free_port()?,
        };
        let log =
            File::options().create(true).append(true).open(self.log()).map_err(Error::file(self.log()))?;
        let errors = log.try_clone().map_err(Error::file(self.log()))?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).stdout(log).stderr(errors).stdin(std::process::Stdio::null());
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", self.folder.display()),
            "shared_preload_libraries=spacetime".into(),
            "logging_collector=off".into(),
        ] {
            postgres.args(["-c", &setting]);
        }
        let mut child = postgres.process_group(0).spawn().map_err(Error::program("postgres"))?;
        let url = format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{DATABASE}");
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(Error::program("postgres"))? {
                return Err(Error::refused(
                    format!("Postgres ended ({status}): {}", self.last_words()),
                    format!("all it said is in {}", self.log().display()),
                ));
            }
            match self.prepare(port).await {
                Ok(()) => return Ok(Server { child, url }),
                Err(Error::Postgres(error)) if error.as_db_error().is_none_or(is_starting) => {}
                Err(error) => {
                    Server { child, url }.stop().await?;
                    return Err(error);
                }
            }
            if began.elapsed() > START_LIMIT {
                Server { child, url }.stop().await?;
                return Err(Error::refused(
                    format!("Postgres did not answer within {} s", START_LIMIT.as_secs()),
                    format!("see {}", self.log().display()),
                ));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Makes the database and the extension, if they are not there.
    async fn prepare(&self, port: u16) -> Result<()> {
        let url = |database: &str| format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{database}");
        let first = connect(&url("postgres")).await?;
        if first.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE]).await?.is_none() {
            first.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
        }
        let modules = connect(&url(DATABASE)).await?;
        modules.batch_execute("CREATE EXTENSION IF NOT EXISTS spacetime").await?;
        Ok(())
    }

    /// The last lines of the server's log.
    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n  ")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.installation.programs.join(program));
        // Postgres wants a folder that its user may be in, and messages that we know.
        command.current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

impl Server {
    /// Stops the server: sessions are ended, nothing committed is lost.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        let pid = Pid::from_raw(id.cast_signed());
        for (signal, limit) in [(Signal::SIGINT, STOP_LIMIT), (Signal::SIGQUIT, STOP_LIMIT)] {
            let _ = kill(pid, signal);
            if tokio::time::timeout(limit, self.child.wait()).await.is_ok() {
                return Ok(());
            }
        }
        self.child.kill().await.map_err(Error::program("postgres"))
    }

    /// Waits until the server ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> Result<std::process::ExitStatus> {
        self.child.wait().await.map_err(Error::program("postgres"))
    }
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

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(Error::file("127.0.0.1"))?;
    Ok(listener.local_addr().map_err(Error::file("127.0.0.1"))?.port())
}

/// Whom Postgres runs as: us, unless we are root.
fn unprivileged(run_as: Option<&str>) -> Result<Option<User>> {
    if !nix::unistd::geteuid().is_root() {
        return match run_as {
            Some(_) => {
                Err(Error::refused("only root can run Postgres as somebody else", "leave out --run-as"))
            }
            None => Ok(None),
        };
    }
    let name = run_as.unwrap_or("postgres");
    let found =
        User::from_name(name).map_err(|error| Error::Plain(format!("users cannot be looked up: {error}")))?;
    match found {
        Some(user) if user.uid.is_root() => {
            Err(Error::refused("Postgres does not run as root", "name an ordinary user with --run-as"))
        }
        Some(user) => Ok(Some(user)),
        None => Err(Error::refused(
            format!("Postgres does not run as root, and there is no user {name:?}"),
            "name an ordinary user with --run-as, or run this command as one",
        )),
    }
}

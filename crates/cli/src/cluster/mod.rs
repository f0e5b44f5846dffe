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
mod server;
mod user;

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::User;
use tokio::process::Command;

pub(crate) use installation::Installation;
pub(crate) use running::Running;
pub(crate) use server::{Server, free_port};

use crate::error::{Error, Result};

/// Name of the superuser.
const SUPERUSER: &str = "postgres";

/// A data folder that nobody else uses while this lives.
pub(crate) struct Cluster {
    folder: PathBuf,
    installation: Installation,
    /// Whom Postgres runs as, when we are root: it refuses to be.
    user: Option<User>,
    _lock: File,
}

impl Cluster {
    /// Opens a data folder, making it if it is not there.
    ///
    /// # Errors
    ///
    /// Somebody runs it; the folder cannot be made; as root, there is no user to run Postgres as.
    pub(crate) fn open(folder: &Path, installation: Installation, run_as: Option<&str>) -> Result<Self> {
        let user = user::unprivileged(run_as)?;
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let folder = folder.canonicalize().map_err(Error::file(folder))?;
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

    fn log(&self) -> PathBuf {
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
        initdb.arg("--pgdata").arg(&new).process_group(0);
        let output = initdb.output().await.map_err(self.program_failed("initdb"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "\n  ");
            return Err(Error::refused(format!("initdb failed:\n  {said}"), self.way_out(&said)));
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

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.installation.programs.join(program));
        // Postgres wants a folder that its user may be in, and messages that we know.
        command.current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// For `map_err`: a program of Postgres that could not be started.
    fn program_failed(&self, program: &'static str) -> impl FnOnce(std::io::Error) -> Error {
        move |error| match &self.user {
            Some(user) if error.kind() == std::io::ErrorKind::PermissionDenied => Error::refused(
                format!("the user {} cannot enter {}", user.name, self.folder.display()),
                "choose a folder elsewhere with --data-dir: home folders are often closed to others",
            ),
            _ => Error::program(program)(error),
        }
    }

    /// What to do about something that Postgres said.
    fn way_out(&self, said: &str) -> String {
        let folder = self.folder.display();
        if ["No space left", "File too large", "quota exceeded"].iter().any(|words| said.contains(words)) {
            return format!(
                "make space on the disk of {folder}, or choose another with --data-dir; then start again"
            );
        }
        if said.contains("incompatible") && said.contains("spacetime") {
            return "the extension was built for another Postgres; in the folder of its sources: make install".into();
        }
        format!("all that the server says is in {}", self.log().display())
    }
}

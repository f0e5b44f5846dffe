//! The note that `spacetime start` leaves for `status` and `stop`.

use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Process of `spacetime start`.
    pub(crate) pid: i32,
    pub(crate) database_url: String,
    pub(crate) server: String,
}

impl Running {
    fn path(folder: &Path) -> PathBuf {
        folder.join("running.json")
    }

    /// What runs in a data folder; `None` if nothing does, also after a kill.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = Self::path(folder);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { path, source }),
        };
        let running: Self = serde_json::from_str(&text)?;
        // Process ids come back: the lock says whether it is still the one that wrote this.
        let lock = std::fs::File::open(folder.join("lock"));
        let is_held = lock.is_ok_and(|lock| lock.try_lock_shared().is_err());
        Ok(is_held.then_some(running))
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let path = Self::path(folder);
        std::fs::write(&path, serde_json::to_string(self)?).map_err(Error::file(path))
    }

    pub(crate) fn remove(folder: &Path) {
        // Whether it is there or not: nothing runs from here on.
        let _ = std::fs::remove_file(Self::path(folder));
    }

    /// Asks it to stop.
    pub(crate) fn stop(&self) -> Result<()> {
        kill(Pid::from_raw(self.pid), Signal::SIGTERM).map_err(|error| match error {
            nix::errno::Errno::EPERM => {
                Error::refused("spacetime was started by another user", "stop it as that user")
            }
            error => Error::Plain(format!("process {} cannot be stopped: {error}", self.pid)),
        })
    }
}

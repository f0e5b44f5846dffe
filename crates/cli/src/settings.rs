//! What is kept for the user between commands: servers by name, and a token for each.
//!
//! The file is only readable by the user: whoever has a token is its identity.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Where `spacetime start` listens unless told otherwise.
pub(crate) const LOCAL_SERVER: &str = "http://127.0.0.1:3000";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Name of the server to use where a command names none.
    pub(crate) default_server: Option<String>,
    /// URLs by name.
    pub(crate) servers: BTreeMap<String, String>,
    /// Tokens by URL.
    pub(crate) tokens: BTreeMap<String, String>,
}

impl Settings {
    pub(crate) fn read() -> Result<Self> {
        let path = path()?;
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|source| Error::Toml { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// Writes the file anew, complete before it gets its name.
    pub(crate) fn write(&self) -> Result<()> {
        let path = path()?;
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        let text = toml::to_string(self).map_err(|error| Error::Plain(error.to_string()))?;
        let new = path.with_extension(format!("toml.{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .map_err(Error::file(&new))?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(Error::file(&new))?;
        file.write_all(text.as_bytes()).map_err(Error::file(&new))?;
        std::fs::rename(&new, &path).map_err(Error::file(&path))
    }

    /// URL of a server given by name or URL; of the default one if none is given.
    pub(crate) fn server(&self, given: Option<&str>) -> Result<String> {
        let Some(name) = given.or(self.default_server.as_deref()) else { return Ok(LOCAL_SERVER.to_owned()) };
        if let Some(url) = self.servers.get(name) {
            return Ok(url.clone());
        }
        match name {
            "local" => Ok(LOCAL_SERVER.to_owned()),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(url.trim_end_matches('/').to_owned())
            }
            name => Err(Error::refused(
                format!("no server is called {name:?}"),
                format!("name one with: spacetime server add {name} http://…, or give its URL"),
            )),
        }
    }
}

fn path() -> Result<PathBuf> {
    folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.toml"))
}

/// Folder of ours below what an XDG variable says, or below the home folder.
pub(crate) fn folder(variable: &str, below_home: &str) -> Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = named(variable).or_else(|| named("HOME").map(|home| home.join(below_home)));
    base.map(|base| base.join("spacetime"))
        .ok_or_else(|| Error::refused("there is no home folder", format!("set HOME or {variable}")))
}

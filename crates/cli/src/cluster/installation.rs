//! The Postgres on this machine, found through its pg_config.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};

/// Majors that the extension is made for.
const MAJORS: std::ops::RangeInclusive<u32> = 15..=18;

#[derive(Debug)]
pub(crate) struct Installation {
    /// Folder of `postgres` and `initdb`.
    pub(crate) programs: PathBuf,
    /// `15`.
    pub(crate) major: String,
}

impl Installation {
    /// What PG_CONFIG names, what is on PATH, or the newest in the folders of Debian and Red Hat; the extension is in it.
    pub(crate) fn find() -> Result<Self> {
        let Some(pg_config) = pg_config() else {
            return Err(Error::refused(
                "no Postgres was found",
                "install its server (apt install postgresql postgresql-server-dev-all), or name its pg_config in PG_CONFIG",
            ));
        };
        let ask = |what: &str| -> Result<String> {
            let name = pg_config.display().to_string();
            let output = Command::new(&pg_config).arg(what).output().map_err(Error::program(name.clone()))?;
            if !output.status.success() {
                return Err(Error::ProgramFailed { program: name, status: output.status });
            }
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let version = ask("--version")?;
        let digits = version.split(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty());
        let major = digits.unwrap_or_default().to_owned();
        if !major.parse().is_ok_and(|major: u32| MAJORS.contains(&major)) {
            return Err(Error::refused(
                format!("{version} is not supported"),
                format!(
                    "Postgres {} to {} are; name another pg_config in PG_CONFIG",
                    MAJORS.start(),
                    MAJORS.end()
                ),
            ));
        }
        let programs = PathBuf::from(ask("--bindir")?);
        if !programs.join("initdb").is_file() {
            return Err(Error::refused(
                format!("there is no Postgres server in {}", programs.display()),
                format!("install it, for example: apt install postgresql-{major}"),
            ));
        }
        let control = Path::new(&ask("--sharedir")?).join("extension/spacetime.control");
        let library = Path::new(&ask("--pkglibdir")?).join("spacetime.so");
        if let Some(missing) = [control, library].iter().find(|path| !path.is_file()) {
            return Err(Error::refused(
                format!(
                    "the extension spacetime is not installed in {version}: {} is missing",
                    missing.display()
                ),
                "in the folder of its sources: make install",
            ));
        }
        Ok(Self { programs, major })
    }
}

fn pg_config() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PG_CONFIG").filter(|value| !value.is_empty()) {
        return Some(named.into());
    }
    let on_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).map(|folder| folder.join("pg_config")).collect::<Vec<_>>());
    let mut packaged: Vec<PathBuf> = MAJORS
        .flat_map(|major| {
            [
                format!("/usr/lib/postgresql/{major}/bin/pg_config"),
                format!("/usr/pgsql-{major}/bin/pg_config"),
            ]
        })
        .map(PathBuf::from)
        .collect();
    packaged.reverse();
    on_path.into_iter().flatten().chain(packaged).find(|path| path.is_file())
}

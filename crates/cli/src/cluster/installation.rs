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
        let named = std::env::var_os("PG_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&on_path).map(|folder| folder.join("pg_config"));
        Self::of(&first_pg_config(named, on_path.chain(packaged()))?)
    }

    fn of(pg_config: &Path) -> Result<Self> {
        let ask = |what: &str| -> Result<String> {
            let name = pg_config.display().to_string();
            let output = Command::new(pg_config).arg(what).output().map_err(|error| {
                Error::refused(
                    format!("cannot run {name}: {error}"),
                    "PG_CONFIG names the pg_config of the Postgres to use",
                )
            })?;
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

/// The named one, else the first that is there.
fn first_pg_config(named: Option<PathBuf>, mut places: impl Iterator<Item = PathBuf>) -> Result<PathBuf> {
    named.or_else(|| places.find(|path| path.is_file())).ok_or_else(|| {
        Error::refused(
            "no Postgres was found",
            "install its server (apt install postgresql postgresql-server-dev-all), or name its pg_config in PG_CONFIG",
        )
    })
}

/// Where packages put it, the newest first.
fn packaged() -> impl Iterator<Item = PathBuf> {
    MAJORS.rev().flat_map(|major| {
        [format!("/usr/lib/postgresql/{major}/bin/pg_config"), format!("/usr/pgsql-{major}/bin/pg_config")]
            .map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::{Installation, first_pg_config};

    #[test]
    fn the_named_one_comes_first_and_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("pg_config");
        let places = || [folder.path().join("nowhere"), there.clone()].into_iter();
        let nothing = first_pg_config(None, places()).unwrap_err().to_string();
        assert!(nothing.contains("no Postgres was found") && nothing.contains("apt install"), "{nothing}");
        std::fs::write(&there, "").unwrap();
        assert_eq!(first_pg_config(None, places()).unwrap(), there);
        assert_eq!(first_pg_config(Some("/named".into()), places()).unwrap().to_str(), Some("/named"));
        let missing = Installation::of("/named".as_ref()).unwrap_err().to_string();
        assert!(missing.contains("cannot run /named") && missing.contains("PG_CONFIG"), "{missing}");
    }
}

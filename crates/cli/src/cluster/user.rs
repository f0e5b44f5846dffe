//! Whom Postgres runs as: it refuses to be root.

use nix::unistd::User;

use crate::error::{Error, Result};

/// Whom root's Postgres runs as unless told otherwise; packages of Postgres make that user.
const DEFAULT: &str = "postgres";

/// Somebody else, if we are root.
pub(super) fn unprivileged(run_as: Option<&str>) -> Result<Option<User>> {
    if !nix::unistd::geteuid().is_root() {
        return match run_as {
            Some(_) => {
                Err(Error::refused("only root can run Postgres as somebody else", "leave out --run-as"))
            }
            None => Ok(None),
        };
    }
    let name = run_as.unwrap_or(DEFAULT);
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

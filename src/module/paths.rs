//! Where the extension keeps files: below `spacetime/` in the data directory, which only the server can read.

use std::path::PathBuf;

use spacetime_auth::Identity;

use crate::pg::access;

/// Files of one module. Modules of different databases may share an identity (a restored dump), never a file.
#[derive(Debug)]
pub(crate) struct StatePaths;

impl StatePaths {
    /// Compiled code, shared by all databases: named by content.
    pub(crate) fn artifacts() -> PathBuf {
        root().join("artifacts")
    }

    /// What logins of sessions are authenticated with.
    pub(crate) fn secrets() -> PathBuf {
        root().join("secrets")
    }

    /// Keys fetched from trusted issuers.
    pub(crate) fn issuer_keys() -> PathBuf {
        of_database().join("issuer_keys")
    }

    /// Clock and last writer.
    pub(crate) fn state(identity: Identity) -> PathBuf {
        of_database().join("state").join(identity.to_string())
    }

    /// Entries of the change log that are too large for shared memory.
    pub(crate) fn changes() -> PathBuf {
        of_database().join("changes")
    }

    /// What the module logged.
    pub(crate) fn log(identity: Identity) -> PathBuf {
        of_database().join("log").join(format!("{identity}.jsonl"))
    }
}

fn root() -> PathBuf {
    access::data_directory().join("spacetime")
}

fn of_database() -> PathBuf {
    root().join(access::database().to_u32().to_string())
}

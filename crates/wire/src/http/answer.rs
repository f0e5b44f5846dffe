//! Answers about identities and databases (wire.md §5.2 to §5.4).

use serde::{Deserialize, Serialize};
use spacetime_auth::Identity;

use crate::sats_serde;

/// `POST /v1/identity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityAndToken {
    #[serde(with = "sats_serde::plain_identity")]
    pub identity: Identity,
    pub token: String,
}

/// `POST /v1/identity/websocket-token`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    pub token: String,
}

/// `GET /v1/identity/:id/databases`: 64 hex digits each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Databases {
    identities: Vec<String>,
}

impl Databases {
    pub fn new(identities: impl IntoIterator<Item = Identity>) -> Self {
        Self { identities: identities.into_iter().map(|identity| identity.to_string()).collect() }
    }
}

/// `GET /v1/database/:x/names`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Names {
    pub names: Vec<String>,
}

/// `GET /v1/database/:x`, as SATS-JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatabaseInfo {
    #[serde(with = "sats_serde::identity")]
    pub database_identity: Identity,
    #[serde(with = "sats_serde::identity")]
    pub owner_identity: Identity,
    pub host_type: HostType,
    /// Digest of the program, `0x…`; see [`DatabaseInfo::program_hash`].
    pub initial_program: String,
}

impl DatabaseInfo {
    /// A digest as SATS-JSON has it: as a number, whose bytes are little endian.
    pub fn program_hash(mut digest: [u8; 32]) -> String {
        digest.reverse();
        sats_serde::prefixed_hex(digest)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostType {
    #[serde(with = "sats_serde::unit")]
    Wasm,
    #[serde(with = "sats_serde::unit")]
    Js,
}

/// `PUT /v1/database/:x` and `POST /v1/database`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PublishResult {
    Success {
        /// The name under which it was published; none if it was addressed by identity.
        domain: Option<String>,
        #[serde(with = "sats_serde::plain_identity")]
        database_identity: Identity,
        op: PublishOperation,
    },
    /// The name belongs to somebody else (status 401).
    PermissionDenied { name: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PublishOperation {
    Created,
    Updated,
}

/// `POST /v1/database/:x/pre_publish`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PrePublishResult {
    AutoMigrate {
        migrate_plan: String,
        break_clients: bool,
        /// `0x…`, to be presented when publishing.
        token: String,
        major_version_upgrade: bool,
    },
    ManualMigrate {
        reason: String,
        major_version_upgrade: bool,
    },
}

/// A step of a plan in words: `add_column` and "column `item.weight`" are "add column `item.weight`".
pub fn step_text(kind: &str, object: &str) -> String {
    let words = kind.replace('_', " ");
    let noun = object.split(' ').next().unwrap_or_default();
    let verb = words.strip_suffix(noun).unwrap_or(&words).trim_end();
    format!("{verb} {object}")
}

/// `POST /v1/database/:x/names`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum InsertDomainResult {
    Success {
        domain: String,
        #[serde(with = "sats_serde::plain_identity")]
        database_identity: Identity,
    },
    TldNotRegistered {
        domain: String,
    },
    PermissionDenied {
        domain: String,
    },
    OtherError(String),
}

/// `PUT /v1/database/:x/names`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SetDomainsResult {
    Success,
    PermissionDenied {
        domain: String,
    },
    PermissionDeniedOnAny {
        domains: Vec<String>,
    },
    DatabaseNotFound,
    NotYourDatabase {
        #[serde(with = "sats_serde::plain_identity")]
        database: Identity,
    },
    OtherError(String),
}

#[cfg(test)]
mod tests {
    use super::step_text;

    #[test]
    fn steps_name_their_object_once() {
        assert_eq!(step_text("add_column", "column `item.weight`"), "add column `item.weight`");
        assert_eq!(step_text("change_primary_key", "table `item`"), "change primary key table `item`");
    }
}

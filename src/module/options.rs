//! Options of `publish_module`.

use serde::Deserialize;
use spacetime_auth::Identity;

use crate::catalog::{Concurrency, ModuleRow, SqlWriters};
use crate::error::{Error, Result};
use crate::row::U64As;

/// The options of `publish_module`, as jsonb.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// Drop the module's tables first and begin afresh.
    pub(super) delete_data: bool,
    /// Carry out steps that lose data.
    pub(super) allow_breaking: bool,
    /// How long to wait for a lock; 0 waits without limit.
    pub(super) lock_timeout_ms: Option<u32>,
    pub(super) concurrency: Option<Concurrency>,
    pub(super) sql_writers: Option<SqlWriters>,
    pub(super) u64: Option<U64As>,
    pub(super) schema: Option<String>,
    owner_identity: Option<String>,
}

impl Options {
    pub(super) fn parse(options: serde_json::Value) -> Result<Self> {
        let parsed = if options.is_object() {
            serde_json::from_value(options).map_err(|error| error.to_string())
        } else {
            Err("expected an object".to_owned())
        };
        parsed.map_err(|problem| Error::InvalidParameter {
            what: format!("options of publish_module: {problem}"),
            hint: "Options: allow_breaking, delete_data, lock_timeout_ms, concurrency ('serial', 'row'), sql_writers ('locked', 'free'), \
                   u64 ('numeric', 'bigint'), schema, owner_identity."
                .into(),
        })
    }

    pub(super) fn owner_identity(&self) -> Result<Option<Identity>> {
        let Some(text) = &self.owner_identity else { return Ok(None) };
        let bytes = hex::decode(text.trim_start_matches("0x")).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Some(Identity::from_be_bytes(bytes))).ok_or_else(|| Error::InvalidParameter {
            what: format!("owner_identity {text:?} is no identity"),
            hint: "An identity is 64 hexadecimal digits.".into(),
        })
    }

    /// These are decided when a module is made; a new version keeps them.
    pub(super) fn require_unchanged(&self, existing: &ModuleRow) -> Result<()> {
        let changed = [
            ("concurrency", self.concurrency.is_some_and(|value| value != existing.concurrency)),
            ("sql_writers", self.sql_writers.is_some_and(|value| value != existing.sql_writers)),
            ("u64", self.u64.is_some_and(|value| value != existing.u64_as)),
            ("schema", self.schema.as_ref().is_some_and(|value| *value != existing.schema_name)),
            ("owner_identity", self.owner_identity()?.is_some_and(|value| value != existing.owner_identity)),
        ];
        match changed.iter().find(|(_, changed)| *changed) {
            None => Ok(()),
            Some((option, _)) => Err(Error::Unsupported {
                what: format!(
                    "option {option} of module {:?} cannot change while it keeps its data",
                    existing.name
                ),
                hint: "Leave the option out, or publish with delete_data.".into(),
            }),
        }
    }
}

//! Arguments of a call, from JSON or from datums, to BSATN in parameter order (module-abi.md §4.1).
//!
//! Checked here and not in the guest: a guest panics on arguments that do not decode.

use spacetime_wire::sats_json;

use super::call::Target;
use crate::error::{Error, Result};

/// Encodes JSON arguments: an array by position or an object by parameter name.
pub(super) fn from_json(target: &Target, json: &serde_json::Value) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    sats_json::arguments_to_bsatn(&target.reducer().params, json, &mut bytes).map_err(|error| {
        let problem =
            if error.path.is_empty() { error.problem } else { format!("{}: {}", error.path, error.problem) };
        refused(target, problem)
    })?;
    Ok(bytes)
}

/// The error for arguments that do not fit.
pub(super) fn refused(target: &Target, problem: String) -> Error {
    let reducer = target.reducer();
    let params: Vec<_> = reducer
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name.as_deref().unwrap_or("_"), param.ty.describe()))
        .collect();
    Error::Arguments {
        module: target.module.row.name.clone(),
        reducer: reducer.name.clone(),
        problem,
        expected: format!("({})", params.join(", ")),
    }
}

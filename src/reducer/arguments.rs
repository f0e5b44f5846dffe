//! Arguments of a call, from JSON or from datums, to BSATN in parameter order (module-abi.md §4.1).
//!
//! Checked here and not in the guest: a guest panics on arguments that do not decode.

use spacetime_definition::bsatn;
use spacetime_wire::sats_json;

use super::function::Function;
use crate::error::Result;
use crate::module::ReadyModule;

/// Encodes JSON arguments: an array by position or an object by parameter name.
pub(super) fn from_json(
    module: &ReadyModule,
    function: Function,
    json: &serde_json::Value,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let params = function.params(&module.definition);
    sats_json::arguments_to_bsatn(params, json, &mut bytes).map_err(|error| {
        let problem =
            if error.path.is_empty() { error.problem } else { format!("{}: {}", error.path, error.problem) };
        function.refuse_arguments(module, problem)
    })?;
    Ok(bytes)
}

/// Refuses bytes that are not exactly the arguments.
pub(super) fn require_bsatn(module: &ReadyModule, function: Function, bytes: &[u8]) -> Result<()> {
    bsatn::validate_fields(function.params(&module.definition), bytes)
        .map_err(|error| function.refuse_arguments(module, error.to_string()))
}

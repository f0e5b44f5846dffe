//! `spacetime._environment`: values of modules' environment variables. They may be secrets: nobody but the owner of the
//! catalog may read the table, and it is not dumped.

use spacetime_auth::Identity;

use super::module::{broken, read, write};
use crate::error::Result;
use crate::pg::read::Parameter;

/// The value of a variable, as committed or set by this transaction.
pub(crate) fn variable(module: Identity, name: &str) -> Result<Option<String>> {
    let query = "SELECT value FROM spacetime._environment WHERE identity = $1 AND name = $2";
    let rows = read(query, &[Parameter::Bytea(&module.to_be_bytes()), Parameter::Text(name)])?;
    let value = rows.into_iter().flatten().next().flatten();
    value.map(|value| String::from_utf8(value).map_err(broken)).transpose()
}

/// Sets a variable, or removes it.
pub(crate) fn set_variable(module: Identity, name: &str, value: Option<&str>) -> Result<()> {
    let identity = module.to_be_bytes();
    match value {
        Some(value) => write(
            "INSERT INTO spacetime._environment (identity, name, value) VALUES ($1, $2, $3) \
             ON CONFLICT (identity, name) DO UPDATE SET value = excluded.value",
            &[identity.as_slice().into(), name.into(), value.into()],
        ),
        None => write(
            "DELETE FROM spacetime._environment WHERE identity = $1 AND name = $2",
            &[identity.as_slice().into(), name.into()],
        ),
    }
}

/// Removes all variables of a module.
pub(crate) fn forget_variables(module: Identity) -> Result<()> {
    write("DELETE FROM spacetime._environment WHERE identity = $1", &[module.to_be_bytes().as_slice().into()])
}

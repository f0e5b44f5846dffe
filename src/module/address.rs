//! The names a module is reached by, and the mark that protects it. Names are the clients' way in: the schema keeps its own.

use super::owner;
use super::publish::{announce, require_valid_name};
use crate::catalog::{self, ModuleRow};
use crate::error::{Error, Result};
use crate::pg::{access, entry};

/// `set_names(module, names)`: replaces all names of a module. Without any it is reached by its identity.
pub(crate) fn set_names(module: &str, names: &[String]) -> Result<()> {
    entry::check(c"set_names")?;
    names.iter().try_for_each(|name| require_valid_name(name))?;
    access::lock_catalog(catalog::catalog_oid()?);
    let row = owned(module, "name it")?;
    for name in names {
        if let Some(other) = catalog::find(name)?
            && other.identity != row.identity
        {
            return Err(Error::AlreadyExists {
                what: format!("{name:?} is the name of another module"),
                hint: "Its owner can give the name up: SELECT spacetime.set_names(…)".into(),
            });
        }
    }
    catalog::set_names(row.identity, names)?;
    announce()
}

/// `protect_module(module, protected)`: a protected module is neither dropped nor emptied.
pub(crate) fn protect(module: &str, is_protected: bool) -> Result<()> {
    entry::check(c"protect_module")?;
    access::lock_catalog(catalog::catalog_oid()?);
    let row = owned(module, "protect it")?;
    catalog::set_protected(row.identity, is_protected)
}

/// Refuses to lose the data of a protected module.
pub(super) fn require_unprotected(row: &ModuleRow) -> Result<()> {
    if !catalog::is_protected(row.identity)? {
        return Ok(());
    }
    Err(Error::NotInState {
        what: format!("module {:?} is protected: it is neither dropped nor emptied", row.name),
        hint: format!("SELECT spacetime.protect_module('{}', false)", row.name),
    })
}

fn owned(module: &str, what: &str) -> Result<ModuleRow> {
    let row = catalog::find(module)?.ok_or_else(|| Error::NoSuchModule(module.to_owned()))?;
    owner::require_owner(&row, what)?;
    Ok(row)
}

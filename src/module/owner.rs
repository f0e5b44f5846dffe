//! Whose a module is, and who may make one.
//!
//! A module has an owner role and an owner identity. In a session that is logged in the identity decides, whatever the role
//! may do: gateways run one role for all their clients. Otherwise the role does.

use spacetime_auth::Identity;
use spacetime_definition::Visibility;

use super::publish;
use crate::auth;
use crate::catalog::{self, ModuleRow};
use crate::error::{Error, Result};
use crate::pg::{access, entry, user};

/// The role whose members publish modules and read all logs.
const ADMIN: &str = "spacetime_admin";

/// Refuses everybody but the owner of a module. `what` completes "must be owner of module … to".
pub(super) fn require_owner(module: &ModuleRow, what: &str) -> Result<()> {
    let login = auth::current()?;
    let allowed = match &login {
        Some(login) => login.identity()? == module.owner_identity,
        None => user::is_superuser() || has_rights_of_owner(module),
    };
    if allowed {
        return Ok(());
    }
    Err(Error::Forbidden {
        what: format!("must be owner of module {:?} to {what}", module.name),
        hint: match login {
            Some(_) => format!(
                "It belongs to identity {}. To act as your role: SELECT spacetime.logout()",
                module.owner_identity
            ),
            None => format!("It belongs to role {:?}.", module.owner_role),
        },
    })
}

/// Roles are recorded by name, and a name may pass to somebody else: the owner is who owns the module's schema, too.
fn has_rights_of_owner(module: &ModuleRow) -> bool {
    access::role(&module.owner_role).is_some_and(|owner| {
        let is_its = |schema| access::owns_schema(owner, schema);
        user::has_rights_of(user::current_user(), owner)
            && access::schema(&module.schema_name).is_none_or(is_its)
    })
}

/// As [`require_owner`], but members of spacetime_admin may as well.
pub(super) fn require_owner_or_admin(module: &ModuleRow, what: &str) -> Result<()> {
    if acts_as_admin()? { Ok(()) } else { require_owner(module, what) }
}

/// Refuses identities that may not publish new modules. Roles have been checked by EXECUTE.
pub(super) fn require_publisher() -> Result<()> {
    let Some(login) = auth::current()? else { return Ok(()) };
    let identity = login.identity()?;
    if acts_as_admin()? || catalog::is_publisher(identity)? {
        return Ok(());
    }
    Err(Error::Forbidden {
        what: format!("identity {identity} may not publish modules"),
        hint: format!("A superuser can allow it: SELECT spacetime.grant_publish('\\x{identity}')"),
    })
}

/// In a session that is logged in, the token must have made it one.
fn acts_as_admin() -> Result<bool> {
    let by_token = auth::current()?.is_none_or(|login| login.chose_role());
    let admin = access::role(ADMIN);
    Ok(by_token && admin.is_some_and(|admin| user::has_rights_of(user::current_user(), admin)))
}

/// `describe(name)`: the definition; without private reducers and procedures, which exist for the owner only.
pub(crate) fn describe(name: &str) -> Result<serde_json::Value> {
    let module = super::ready(name)?;
    let mut definition = module.definition.clone();
    if require_owner(&module.row, "see its private reducers").is_err() {
        definition
            .reducers
            .retain(|reducer| reducer.visibility != Visibility::Private || reducer.lifecycle.is_some());
        definition.procedures.retain(|procedure| procedure.visibility != Visibility::Private);
    }
    serde_json::to_value(&definition).map_err(|error| Error::Internal(error.to_string()))
}

/// `set_owner(module, identity)`.
pub(crate) fn set_owner(module: &str, identity: &[u8]) -> Result<()> {
    entry::check(c"set_owner")?;
    let identity = parsed(identity)?;
    access::lock_catalog(catalog::catalog_oid()?);
    let row = catalog::find(module)?.ok_or_else(|| Error::NoSuchModule(module.to_owned()))?;
    require_owner(&row, "give it away")?;
    catalog::set_owner_identity(row.identity, identity)?;
    publish::announce()
}

/// `grant_publish(identity)` and `revoke_publish(identity)`.
pub(crate) fn allow_publish(identity: &[u8], allowed: bool) -> Result<()> {
    entry::check(c"grant_publish")?;
    catalog::set_publisher(parsed(identity)?, allowed)
}

fn parsed(identity: &[u8]) -> Result<Identity> {
    <[u8; 32]>::try_from(identity).map(Identity::from_be_bytes).map_err(|_| Error::InvalidParameter {
        what: format!("an identity has 32 bytes, not {}", identity.len()),
        hint: "From hex: decode('c200…', 'hex')".into(),
    })
}

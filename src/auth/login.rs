//! From a token to a session.

use spacetime_auth::{Examined, Identity, Trust, TrustedIssuer, Verified, issuer_unverified};

use super::session::{self, Session};
use super::{keys, now};
use crate::catalog::{self, IssuerRow};
use crate::error::{Error, Result};
use crate::pg::{self, access, user};

/// How long a login lasts at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Until logout, DISCARD ALL or the end of the connection.
    Session,
    /// Until the end of the transaction.
    Transaction,
}

/// `login(token)`, `login_local(token)`: whoever the token proves is the session's identity from now on.
pub(crate) fn login(token: &str, scope: Scope) -> Result<Identity> {
    require_no_cursors()?;
    let (verified, roles) = verify(token, &[])?;
    let is_local = scope == Scope::Transaction;
    restore_role(is_local)?;
    let mut session = Session::new(&verified, roles)?;
    if let Some(role) = strongest(&session.roles)? {
        session.role_before = Some(pg::session::role_setting());
        // Raises 42501 unless the session user is a member: a token chooses among roles, it gives none.
        pg::session::set(c"role", Some(&role), is_local);
    }
    session.store(is_local)?;
    Ok(verified.identity)
}

/// `logout()`: the session speaks for its role again.
pub(crate) fn logout() -> Result<()> {
    require_no_cursors()?;
    // Also a value that proves nothing must be possible to get rid of.
    let restored = restore_role(false);
    session::clear(false);
    match restored {
        Err(Error::Unauthenticated { .. }) => Ok(()),
        restored => restored,
    }
}

/// `_verify_token(token, also_trust)`: whom a token proves, and the role it maps to, which the session's user must be a
/// member of.
pub(crate) fn verify_token(token: &str, also_trust: &[String]) -> Result<(Verified, Option<String>)> {
    let (verified, roles) = verify(token, also_trust)?;
    let role = strongest(&roles)?;
    if let Some(name) = &role
        && let Some(role) = access::role(name)
        && !user::is_member_of(user::outer_user(), role)
    {
        return Err(Error::Forbidden {
            what: format!(
                "role {name:?}, which the token maps to, is not for {:?} to take",
                user::role_name(user::outer_user())
            ),
            hint: format!("GRANT {} TO the role that gateways connect as.", pg::name::quote(name)),
        });
    }
    Ok((verified, role))
}

/// Checks a token and gives the Postgres roles that its issuer's mapping names. Issuers in `also_trust` count for any
/// audience, unless the administrators have decided about them.
pub(super) fn verify(token: &str, also_trust: &[String]) -> Result<(Verified, Vec<String>)> {
    let name = issuer_unverified(token)?;
    let rows = catalog::issuer(&name)?;
    let is_undecided = rows.is_empty();
    let (distrusted, trusted): (Vec<IssuerRow>, Vec<IssuerRow>) =
        rows.into_iter().partition(|row| row.is_distrusted);
    let distrusted: Vec<String> = distrusted.into_iter().map(|row| row.issuer).collect();
    let mut issuers = trusted.iter().map(IssuerRow::trusted).collect::<Result<Vec<_>>>()?;
    if is_undecided && also_trust.contains(&name) {
        issuers.push(TrustedIssuer::new(&name, None, &serde_json::json!({ "any_audience": true }))?);
    }
    let own_keys = super::own_key::verifying_keys()?;
    let trust = Trust { own_keys: &own_keys, issuers: &issuers, distrusted: &distrusted };
    let verified = match trust.examine(token, now())? {
        Examined::Verified(verified) => *verified,
        Examined::Pending(pending) => keys::resolve(*pending)?,
    };
    let roles = trust.roles(&verified).into_iter().collect();
    Ok((verified, roles))
}

/// A cursor evaluates policies while it is read: it must not change hands.
fn require_no_cursors() -> Result<()> {
    if pg::session::has_open_portals() {
        return Err(Error::NotInState {
            what: "cannot change the session's identity while cursors are open".into(),
            hint: "CLOSE ALL first; in a procedure, log in outside of loops over queries.".into(),
        });
    }
    Ok(())
}

/// Sets the role back that the last login changed, unless somebody has changed it since.
fn restore_role(is_local: bool) -> Result<()> {
    let Some(session) = session::stored()? else { return Ok(()) };
    let Some(before) = &session.role_before else { return Ok(()) };
    if strongest(&session.roles)?.as_deref() == Some(pg::session::role_setting().as_str()) {
        pg::session::set(c"role", Some(before), is_local);
    }
    Ok(())
}

/// The one of several roles that has the rights of all others: the session can take one only.
fn strongest(roles: &[String]) -> Result<Option<String>> {
    if roles.is_empty() {
        return Ok(None);
    }
    let known = roles
        .iter()
        .map(|role| {
            access::role(role).ok_or_else(|| Error::Forbidden {
                what: format!("role {role:?}, which the token's issuer maps to, does not exist"),
                hint: "Create it, or change the option role_map of spacetime.trust_issuer.".into(),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let covers_all = |role: &&String| {
        access::role(role).is_some_and(|own| known.iter().all(|other| user::is_member_of(own, *other)))
    };
    match roles.iter().find(covers_all) {
        Some(role) => Ok(Some(role.clone())),
        None => Err(Error::Forbidden {
            what: "the token maps to several roles, and none of them is a member of all others".into(),
            hint: "Make one that is: GRANT role_a, role_b TO role_c.".into(),
        }),
    }
}

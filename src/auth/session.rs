//! What a login leaves behind: the setting `spacetime.session`.
//!
//! A setting, because Postgres then undoes it with transactions and savepoints, forgets it at DISCARD ALL and hands it to
//! parallel workers. Only superusers can set it, and what they set proves nothing: the value carries a MAC over all it says,
//! the database and the backend, under a secret that no SQL reads. A value that does not check is an error wherever an
//! identity is asked for, never a fall-back to the role: policies must not open by accident.

use std::cell::RefCell;
use std::ffi::CStr;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use spacetime_auth::Identity;

use super::secret;
use crate::error::{Error, Result};
use crate::pg;

const SETTING: &CStr = c"spacetime.session";
/// Hex of a BLAKE3 hash.
const MAC_LEN: usize = 64;

/// A login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Hex.
    identity: String,
    /// Hex, little-endian, as guests hold it.
    connection_id: String,
    /// The JWT payload as its issuer wrote it.
    pub(crate) claims: String,
    /// Seconds since 1970; the login counts no longer.
    valid_until: Option<i64>,
    /// The session user who logged in: a pool that changes it has changed clients.
    session_user: u32,
    /// The roles the token's issuer maps its claims to.
    pub(super) roles: Vec<String>,
    /// What the setting `role` was, if the login changed it.
    pub(super) role_before: Option<String>,
}

thread_local! {
    /// Key: the setting's value. Lifetime: until another one is looked at. Nothing to invalidate: the MAC covers all of it.
    static CHECKED: RefCell<Option<(Vec<u8>, Rc<Session>)>> = const { RefCell::new(None) };
}

impl Session {
    /// A login that is not in force yet.
    pub(super) fn new(verified: &spacetime_auth::Verified, roles: Vec<String>) -> Result<Self> {
        Ok(Self {
            identity: verified.identity.to_string(),
            connection_id: hex::encode(new_connection_id()?),
            claims: verified.payload.clone(),
            valid_until: verified.valid_until,
            session_user: pg::session::session_user().to_u32(),
            roles,
            role_before: None,
        })
    }

    /// Somebody whom a gateway vouches for, who has checked the token itself. Without a connection id (little-endian) one
    /// is drawn.
    pub(crate) fn vouched(identity: Identity, connection_id: Option<[u8; 16]>, claims: &str) -> Result<Self> {
        Ok(Self {
            identity: identity.to_string(),
            connection_id: hex::encode(connection_id.map_or_else(new_connection_id, Ok)?),
            claims: claims.to_owned(),
            valid_until: None,
            session_user: pg::session::session_user().to_u32(),
            roles: Vec::new(),
            role_before: None,
        })
    }

    /// Puts the login in force until the innermost level of settings is closed.
    pub(crate) fn store_in_level(&self) -> Result<()> {
        pg::user::set_local(SETTING, &self.sealed()?);
        Ok(())
    }

    pub(crate) fn identity(&self) -> Result<Identity> {
        bytes(&self.identity).map(Identity::from_be_bytes)
    }

    /// Whether the token chose the role that the session now has.
    pub(crate) fn chose_role(&self) -> bool {
        self.role_before.is_some() && self.roles.contains(&pg::session::role_setting())
    }

    /// Little-endian.
    pub(crate) fn connection_id(&self) -> Result<[u8; 16]> {
        bytes(&self.connection_id)
    }

    /// Puts the login in force.
    pub(super) fn store(&self, is_local: bool) -> Result<()> {
        pg::session::set(SETTING, Some(&self.sealed()?), is_local);
        Ok(())
    }

    /// The setting's value.
    fn sealed(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(format!("{}{text}", mac(text.as_bytes())?.to_hex()))
    }

    fn require_in_force(&self) -> Result<()> {
        if self.session_user != pg::session::session_user().to_u32() {
            return Err(Error::Unauthenticated {
                what: "the session logged in as another session user".into(),
                hint: "Log in again, or SELECT spacetime.logout().".into(),
            });
        }
        if self.valid_until.is_some_and(|until| super::now() > until) {
            return Err(Error::Unauthenticated {
                what: "the token of this session has expired".into(),
                hint: "Log in with a new one, or SELECT spacetime.logout().".into(),
            });
        }
        Ok(())
    }
}

/// The login in force as text, for a worker that will act for this session; `None` without one.
pub(crate) fn current_as_text() -> Result<Option<String>> {
    let Some(session) = current()? else { return Ok(None) };
    serde_json::to_string(&*session).map(Some).map_err(|error| Error::Internal(error.to_string()))
}

/// For workers: puts a login in force that [`current_as_text`] gave, until the innermost level of settings is closed.
pub(crate) fn assume(text: &str) -> Result<()> {
    let mut session: Session =
        serde_json::from_str(text).map_err(|error| Error::Internal(error.to_string()))?;
    session.session_user = pg::session::session_user().to_u32();
    let text = serde_json::to_string(&session).map_err(|error| Error::Internal(error.to_string()))?;
    pg::user::set_local(SETTING, &format!("{}{text}", mac(text.as_bytes())?.to_hex()));
    Ok(())
}

/// Ends the login, without a look at it.
pub(super) fn clear(is_local: bool) {
    pg::session::set(SETTING, None, is_local);
}

/// The login in force, if there is one. 28000 if it has expired, or if the setting was not made by one.
pub(crate) fn current() -> Result<Option<Rc<Session>>> {
    let Some(session) = stored()? else { return Ok(None) };
    session.require_in_force()?;
    Ok(Some(session))
}

/// The login that the setting holds, whether it still counts or not.
pub(super) fn stored() -> Result<Option<Rc<Session>>> {
    let Some(value) = crate::guc::session() else { return Ok(None) };
    let value = value.as_bytes();
    if value.is_empty() {
        return Ok(None);
    }
    let known = CHECKED.with_borrow(|checked| {
        checked.as_ref().filter(|(known, _)| known == value).map(|(_, session)| Rc::clone(session))
    });
    if known.is_some() {
        return Ok(known);
    }
    let session = Rc::new(check(value)?);
    CHECKED.set(Some((value.to_vec(), Rc::clone(&session))));
    Ok(Some(session))
}

fn check(value: &[u8]) -> Result<Session> {
    let forged = || Error::Unauthenticated {
        what: "the setting spacetime.session was not made by a login of this session".into(),
        hint:
            "RESET spacetime.session, and look where it is set: ALTER ROLE, ALTER DATABASE, a function's SET."
                .into(),
    };
    let (claimed, text) = value.split_at_checked(MAC_LEN).ok_or_else(forged)?;
    let claimed = blake3::Hash::from_hex(claimed).map_err(|_| forged())?;
    // Hashes compare in constant time.
    if claimed != mac(text)? {
        return Err(forged());
    }
    serde_json::from_slice(text).map_err(|error| Error::Internal(error.to_string()))
}

fn mac(text: &[u8]) -> Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new_keyed(&secret::boot_secret()?);
    hasher.update(b"spacetime.session 1");
    hasher.update(&pg::access::database().to_u32().to_le_bytes());
    hasher.update(&pg::session::leader_pid().to_le_bytes());
    Ok(hasher.update(text).finalize())
}

fn new_connection_id() -> Result<[u8; 16]> {
    let mut connection_id = pg::access::random_bytes::<16>()?;
    // Zero means "no connection".
    connection_id[0] |= 1;
    Ok(connection_id)
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(bytes)
}

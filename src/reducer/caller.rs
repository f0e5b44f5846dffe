//! Who calls: identity, connection id and claims of a session.
//!
//! A session that is logged in is who its token says. A plain SQL session speaks for its role: its claims are synthesised
//! so that the hash of issuer and subject is the identity, and its connection id is never zero: a guest takes callers
//! without a connection for internal ones.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use spacetime_auth::Identity;

use crate::auth;
use crate::error::Result;
use crate::pg::{Oid, access, user};

/// The caller of one reducer.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// Little-endian, as guests hold it; zero for internal calls.
    pub(crate) connection_id: [u8; 16],
    /// JWT payload as JSON text; `None` for internal calls.
    pub(crate) claims: Option<Rc<str>>,
    /// What a gateway knows the call by; 0 for none.
    pub(crate) tag: u64,
}

struct Session {
    role: Oid,
    role_name: String,
    installation: String,
    caller: Caller,
}

thread_local! {
    /// Lifetime: the backend's.
    static CONNECTION: Cell<Option<([u8; 16], u64)>> = const { Cell::new(None) };
    /// The caller worked out last: sessions seldom change their role. Key: role, its name and the installation. Lifetime:
    /// until another one is worked out.
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Connection id of this session without a login, drawn at first use, and when that was (seconds since the Unix epoch).
fn connection() -> Result<([u8; 16], u64)> {
    if let Some(connection) = CONNECTION.get() {
        return Ok(connection);
    }
    let mut id = access::random_bytes::<16>()?;
    // Zero means "no connection".
    id[0] |= 1;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let connection = (id, since.map_or(0, |since| since.as_secs()));
    CONNECTION.set(Some(connection));
    Ok(connection)
}

impl Caller {
    /// The caller that this session is. `installation`: see `spacetime._installation`.
    pub(crate) fn of_session(installation: &str) -> Result<Self> {
        match auth::current()? {
            Some(login) => Ok(Self {
                identity: login.identity()?,
                connection_id: login.connection_id()?,
                claims: Some(login.claims.as_str().into()),
                tag: 0,
            }),
            None => Self::of_role(installation),
        }
    }

    /// The caller that a plain SQL session is.
    fn of_role(installation: &str) -> Result<Self> {
        let role = user::outer_user();
        let role_name = user::role_name(role);
        let known = SESSION.with_borrow(|session| {
            session
                .as_ref()
                .filter(|s| s.role == role && s.role_name == role_name && s.installation == installation)
                .map(|session| session.caller.clone())
        });
        if let Some(caller) = known {
            return Ok(caller);
        }
        let (connection_id, since) = connection()?;
        let issuer = format!("postgres:{installation}");
        let claims = serde_json::json!({ "iss": issuer, "sub": role_name, "aud": [], "iat": since });
        let caller = Self {
            identity: Identity::derive(&issuer, &role_name),
            connection_id,
            claims: Some(claims.to_string().into()),
            tag: 0,
        };
        let session =
            Session { role, role_name, installation: installation.to_owned(), caller: caller.clone() };
        SESSION.set(Some(session));
        Ok(caller)
    }

    /// The session becomes this caller's until the innermost level of settings is closed: what SQL that a call fires asks
    /// for the sender, or calls itself, does so as the caller of the call, whoever runs the session for it.
    pub(super) fn enter_session(&self, installation: &str) -> Result<()> {
        let own = Self::of_session(installation)?;
        if (own.identity, own.connection_id) == (self.identity, self.connection_id) {
            return Ok(());
        }
        let claims = self.claims.clone().unwrap_or_else(|| {
            let subject = self.identity.to_string();
            let claims =
                serde_json::json!({ "iss": format!("postgres:{installation}"), "sub": subject, "aud": [] });
            claims.to_string().into()
        });
        // Hazard: without a connection a guest that is called would take the caller for itself. A new one is drawn then.
        let connection_id = Some(self.connection_id).filter(|id| *id != [0; 16]);
        auth::Session::vouched(self.identity, connection_id, &claims)?.store_in_level()
    }

    /// The caller of `init` and of scheduled reducers.
    pub(crate) fn internal(identity: Identity) -> Self {
        Self { identity, connection_id: [0; 16], claims: None, tag: 0 }
    }
}

//! Who a session is: verified tokens, and the setting that remembers what they proved.
//!
//! ```text
//! login ──► catalog (issuers, own keys) ──► spacetime_auth ──► session: a setting with a MAC ──► Caller, sender()
//!                                              └─ keys: fetched, kept in files
//! ```

mod issuers;
mod keys;
mod login;
mod own_key;
mod secret;
mod session;

pub(crate) use issuers::{distrust, trust};
pub(crate) use login::{Scope, login, logout, verify_token};
pub(crate) use own_key::{anonymous_token, public_keys, websocket_token};
pub(crate) use session::{Session, assume, current, current_as_text};

/// Seconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

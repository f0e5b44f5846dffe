//! Whose rights code runs with, and the settings that go with them.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Oid};

use crate::error::Result;
use crate::pg::unguarded;

/// The user and security context to come back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    user: Oid,
    context: i32,
    settings_level: i32,
}

/// Makes `owner` the current user and opens a level of settings; undone by [`Caller::restore`] or the abort.
///
/// Workers and gateways are superusers. What code of an owner who is none leaves for the end of the transaction (deferred
/// triggers, cursors WITH HOLD) would run with their rights: in a security-restricted operation Postgres refuses to defer
/// it. So that constraints which may be deferred still work, they are checked at once from here on.
pub(crate) fn become_owner(owner: Oid) -> Caller {
    let (user, context) = unguarded::user_and_security();
    // SAFETY: plain C calls; the abort of a transaction restores user and settings by itself.
    unsafe {
        let restricted = pg_sys::SECURITY_RESTRICTED_OPERATION as i32;
        let is_confined = context & restricted == 0
            && !pg_sys::superuser_arg(owner)
            && pg_sys::superuser_arg(unguarded::outer_user());
        let mut inner = context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32;
        if is_confined {
            defer_no_constraints();
            inner |= restricted;
        }
        unguarded::set_user_and_security(owner, inner);
        Caller { user, context, settings_level: unguarded::begin_settings_level() }
    }
}

/// `SET CONSTRAINTS ALL IMMEDIATE`.
unsafe fn defer_no_constraints() {
    let mut statement =
        pg_sys::ConstraintsSetStmt { type_: pg_sys::NodeTag::T_ConstraintsSetStmt, ..Default::default() };
    // SAFETY: in a transaction; the statement is only read.
    unsafe { pg_sys::AfterTriggerSetState(&mut statement) }
}

impl Caller {
    /// Comes back to the caller's user and settings.
    pub(crate) fn restore(self) {
        // SAFETY: the level was opened by `become_owner` and is the innermost of ours.
        unsafe {
            pg_sys::AtEOXact_GUC(false, self.settings_level);
            unguarded::set_user_and_security(self.user, self.context);
        }
    }
}

/// Runs `body` as the superuser who owns the extension's catalog.
pub(crate) fn as_catalog_owner<R>(body: impl FnOnce() -> R) -> R {
    let caller = become_owner(pg_sys::BOOTSTRAP_SUPERUSERID.into());
    pin_settings("pg_catalog, pg_temp");
    let result = body();
    caller.restore();
    result
}

/// For workers: runs `body` as `role` would run a read-only query, its policies and their functions included. Nothing in
/// `body` can become the worker's own user again: that is what a security-restricted operation is for.
/// To be called within a savepoint, whose end undoes all of it after an error.
pub(crate) fn as_reader<R>(role: &str, body: impl FnOnce() -> Result<R>) -> Result<R> {
    // SAFETY: plain C calls; settings and user are put back here or by the rollback.
    unsafe {
        let level = unguarded::begin_settings_level();
        set_local(c"role", role);
        pin_settings("pg_catalog, pg_temp");
        set_local(c"transaction_read_only", "on");
        let (user, context) = unguarded::user_and_security();
        unguarded::set_user_and_security(user, context | pg_sys::SECURITY_RESTRICTED_OPERATION as i32);
        let result = body()?;
        unguarded::set_user_and_security(user, context);
        pg_sys::AtEOXact_GUC(false, level);
        Ok(result)
    }
}

/// Fixes the settings under which operators' triggers, defaults and constraints run, whatever the caller set.
/// Lasts until the innermost level of settings is closed.
pub(crate) fn pin_settings(search_path: &str) {
    set_local(c"search_path", search_path);
    set_local(c"row_security", "on");
    set_local(c"session_replication_role", "origin");
}

/// Fixes how names of operators are found. Lasts until the innermost level of settings is closed.
pub(crate) fn pin_search_path() {
    set_local(c"search_path", "pg_catalog, pg_temp");
}

/// Sets a setting until the innermost level of settings is closed.
pub(crate) fn set_local(name: &CStr, value: &str) {
    let value = std::ffi::CString::new(value).unwrap_or_default();
    // SAFETY: both strings outlive the call; PGC_SUSET because the pinned settings are ours to set for any caller.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}

/// The role the session speaks for: what SET ROLE chose, not what a SECURITY DEFINER function made of it.
pub(crate) fn outer_user() -> Oid {
    unguarded::outer_user()
}

/// The role whose rights apply right now.
pub(crate) fn current_user() -> Oid {
    unguarded::user()
}

/// Name of a role; raises when it does not exist.
pub(crate) fn role_name(role: Oid) -> String {
    // SAFETY: with `noerr` false the result is a palloc'd string.
    unsafe { CStr::from_ptr(pg_sys::GetUserNameFromId(role, false)) }.to_string_lossy().into_owned()
}

/// Whether `member` has the rights of `role` (superusers always).
pub(crate) fn has_rights_of(member: Oid, role: Oid) -> bool {
    // SAFETY: plain C call.
    unsafe { pg_sys::has_privs_of_role(member, role) }
}

/// Whether `member` could SET ROLE to `role`: by membership, whether it inherits rights or not.
pub(crate) fn is_member_of(member: Oid, role: Oid) -> bool {
    // SAFETY: plain C call.
    unsafe { pg_sys::is_member_of_role(member, role) }
}

/// Whether the current user is a superuser.
pub(crate) fn is_superuser() -> bool {
    // SAFETY: plain C call.
    unsafe { pg_sys::superuser() }
}

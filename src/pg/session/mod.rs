//! The backend as a session: who connected, which process leads it, its settings, its cursors.

pub(crate) mod row_security;
pub(crate) mod user;

use std::ffi::{CStr, CString};

use pgrx::pg_sys::{self, Oid};

/// When the server started, in microseconds of Postgres' calendar. A crash of one backend does not change it.
pub(crate) fn server_started_at() -> i64 {
    // SAFETY: set by the postmaster before any backend starts.
    unsafe { pg_sys::PgStartTime }
}

/// The process the client is connected to, also in its parallel workers.
pub(crate) fn leader_pid() -> i32 {
    // SAFETY: MyProc is set in every backend; a lock group's leader outlives its members.
    unsafe {
        let leader = (*pg_sys::MyProc).lockGroupLeader;
        if leader.is_null() { pg_sys::MyProcPid } else { (*leader).pid }
    }
}

/// Who connected, or what SET SESSION AUTHORIZATION made of it.
pub(crate) fn session_user() -> Oid {
    // SAFETY: reads backend state.
    unsafe { pg_sys::GetSessionUserId() }
}

/// Whether a cursor is open that can still be read. The statement that runs is none.
pub(crate) fn has_open_portals() -> bool {
    // SAFETY: looks through the list of portals.
    unsafe { !pg_sys::ThereAreNoReadyPortals() }
}

/// The setting `role`: a role's name, or `none`.
pub(crate) fn role_setting() -> String {
    // SAFETY: the setting exists; the result is a static or palloc'd string.
    unsafe {
        let value = pg_sys::GetConfigOption(c"role".as_ptr(), false, false);
        if value.is_null() { "none".into() } else { CStr::from_ptr(value).to_string_lossy().into_owned() }
    }
}

/// Sets a setting as SET, SET LOCAL or RESET would, without regard to who may. Raises what its check raises.
pub(crate) fn set(name: &CStr, value: Option<&str>, is_local: bool) {
    // NUL cannot be in the texts we set; an empty value proves nothing.
    let value = value.map(|value| CString::new(value).unwrap_or_default());
    let action = match is_local {
        true => pg_sys::GucAction::GUC_ACTION_LOCAL,
        false => pg_sys::GucAction::GUC_ACTION_SET,
    };
    // SAFETY: both strings outlive the call.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ref().map_or(std::ptr::null(), |value| value.as_ptr()),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_SESSION,
            action,
            true,
            0,
            false,
        );
    }
}

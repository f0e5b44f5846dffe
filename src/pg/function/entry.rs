//! What is checked before anything of a call happens: direct heap access skips every check the executor makes, so a
//! write would otherwise commit inside `BEGIN READ ONLY` (seen).

use pgrx::pg_sys;

use crate::error::{Error, Result};
use crate::pg::{external, timeout, unguarded};

/// Refuses calls where a write must not happen: 25006 in read-only transactions and on standbys, 25000 in parallel
/// workers, 42501 in a security-restricted operation, 54001 when the stack is used up.
pub(crate) fn check(function: &std::ffi::CStr) -> Result<()> {
    // SAFETY: these raise or return; `function` outlives the calls.
    unsafe {
        external::prevent_write(function);
        // Within a call it may be the one by which [`crate::pg::user::become_owner`] confines the owner's code.
        if unguarded::is_security_restricted() && !timeout::is_in_call() {
            return Err(Error::Forbidden {
                what: "cannot call a reducer within a security-restricted operation".into(),
                hint: "Index expressions, materialized views and maintenance commands cannot call reducers."
                    .into(),
            });
        }
    }
    Ok(())
}

/// 54001 when the stack is used up. All that is asked of calls that only read: they run in read-only transactions, on
/// standbys and in security-restricted operations, too.
pub(crate) fn check_stack() {
    // SAFETY: raises or returns.
    unsafe { pg_sys::check_stack_depth() };
}

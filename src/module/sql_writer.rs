//! Plain SQL writers of a module's tables: they take its lock and count as its last writer, as a reducer does.

use std::cell::RefCell;
use std::collections::HashMap;

use spacetime_auth::Identity;

use super::StatePaths;
use crate::error::{Error, Result};
use crate::pg::clock::ModuleState;
use crate::pg::{Oid, access, xact};

thread_local! {
    /// Key: lock table. Lifetime: the backend's. A lock table never changes its module, so nothing invalidates it.
    static STATES: RefCell<HashMap<Oid, ModuleState>> = RefCell::new(HashMap::new());
}

/// Locks the module whose lock table is `lock_table` in `schema`, before a statement writes one of its tables.
pub(crate) fn lock_for_sql_writer(schema: Oid, lock_table: &str, identity: &str) -> Result<()> {
    let lock = access::relation(schema, lock_table).ok_or_else(|| Error::NotInState {
        what: format!("lock table {lock_table:?} of the module is gone"),
        hint: "Publish the module again, or drop the trigger spacetime_lock from the table.".into(),
    })?;
    access::lock_module(lock);
    let known = STATES.with_borrow(|states| states.get(&lock).copied());
    let state = match known {
        Some(state) => state,
        None => {
            let bytes = hex::decode(identity).ok().and_then(|bytes| bytes.try_into().ok());
            let identity = bytes.map(Identity::from_be_bytes);
            let identity = identity.ok_or_else(|| Error::Internal("trigger spacetime_lock has no identity".into()))?;
            let state = ModuleState::open(&StatePaths::state(identity))?;
            STATES.with_borrow_mut(|states| states.insert(lock, state));
            state
        }
    };
    state.note_writer(xact::top_xid());
    Ok(())
}

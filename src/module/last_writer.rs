//! Who wrote a module last: what decides whether a transaction with one snapshot for all its statements may go on.
//!
//! Plain SQL writers of a module's tables take its lock and count as its last writer, as a reducer does.

use std::cell::RefCell;
use std::collections::HashMap;

use spacetime_auth::Identity;

use super::StatePaths;
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::module_state::ModuleState;
use crate::pg::{Oid, access, snapshot, xact};

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
    xact::note_module_lock();
    let known = STATES.with_borrow(|states| states.get(&lock).copied());
    let state = match known {
        Some(state) => state,
        None => {
            let state = ModuleState::open(&StatePaths::state(module_of_lock(schema, lock_table, identity)?))?;
            STATES.with_borrow_mut(|states| states.insert(lock, state));
            state
        }
    };
    require_last_writer_seen(state, || access::schema_name(schema).unwrap_or_default(), lock_table)?;
    state.note_writer(xact::top_xid());
    Ok(())
}

/// The module of a lock trigger. What the trigger says of itself is checked: a trigger on somebody else's table must not
/// pass for a writer of the module.
fn module_of_lock(schema: Oid, lock_table: &str, identity: &str) -> Result<Identity> {
    let module = catalog::find(identity)?.filter(|module| {
        module.storage.lock_table == lock_table && access::schema(&module.schema_name) == Some(schema)
    });
    module.map(|module| module.identity).ok_or_else(|| Error::Forbidden {
        what: "this trigger is not one that publishing a module made".into(),
        hint: "Drop the trigger, or publish the module again.".into(),
    })
}

/// Under one snapshot for the whole transaction nobody may write on top of what somebody has changed since: a module has
/// one writer at a time, who sees all that was written before. 40001 otherwise, which names the schema.
pub(crate) fn require_last_writer_seen(
    state: ModuleState,
    schema: impl FnOnce() -> String,
    lock_table: &str,
) -> Result<()> {
    let last_writer = state.last_writer_xid();
    if !snapshot::is_fixed() || last_writer == 0 || snapshot::sees(last_writer) {
        return Ok(());
    }
    let schema = schema();
    let lock_table = crate::pg::name::quote_qualified(&schema, lock_table);
    Err(Error::Serialization {
        what: format!("the module in schema {schema:?} was written since this transaction's snapshot"),
        hint: format!(
            "Use READ COMMITTED, or begin the transaction with LOCK TABLE {lock_table} IN SHARE ROW EXCLUSIVE MODE."
        ),
    })
}

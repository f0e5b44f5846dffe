//! The trigger that makes plain SQL writers of module tables take the module's lock: guests assume one writer at a time.

use pgrx::WhoAllocated;
use pgrx::prelude::*;

use crate::error::Error;
use crate::module;
use crate::pg::report::raise;

#[pg_schema]
mod spacetime {
    use super::*;

    /// BEFORE STATEMENT trigger on every table of a module. Arguments: the lock table, the module's identity.
    #[pg_trigger]
    fn _lock_module<'a>(
        trigger: &'a PgTrigger<'a>,
    ) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, PgTriggerError> {
        let relation = trigger.relation()?;
        let arguments = trigger.extra_args()?;
        let locked = match arguments.as_slice() {
            [lock_table, identity] => {
                module::lock_for_sql_writer(relation.namespace_oid(), lock_table, identity)
            }
            _ => Err(Error::Internal("trigger spacetime_lock needs two arguments".into())),
        };
        // Not returned: the glue of pgrx would wrap the error and lose its SQLSTATE.
        locked.unwrap_or_else(|error| raise(error));
        Ok(None::<PgHeapTuple<'a, AllocatedByRust>>)
    }
}

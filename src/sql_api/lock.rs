//! The trigger that makes plain SQL writers of module tables take the module's lock: guests assume one writer at a time.

use pgrx::WhoAllocated;
use pgrx::prelude::*;

use crate::error::Error;
use crate::module;

#[pg_schema]
mod spacetime {
    use super::*;

    /// BEFORE STATEMENT trigger on every table of a module. Arguments: the lock table, the module's identity.
    #[pg_trigger]
    fn _lock_module<'a>(
        trigger: &'a PgTrigger<'a>,
    ) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, pgrx::pg_sys::panic::ErrorReport> {
        let relation = trigger.relation().map_err(|error| Error::Internal(error.to_string()))?;
        let arguments = trigger.extra_args().map_err(|error| Error::Internal(error.to_string()))?;
        let [lock_table, identity] = arguments.as_slice() else {
            return Err(Error::Internal("trigger spacetime_lock needs two arguments".into()).into());
        };
        module::lock_for_sql_writer(relation.namespace_oid(), lock_table, identity)?;
        Ok(None::<PgHeapTuple<'a, AllocatedByRust>>)
    }
}

//! The trigger that keeps the schedule in step with the rows of scheduled tables.

use pgrx::prelude::*;
use pgrx::{AnyNumeric, WhoAllocated};

use crate::error::Error;
use crate::module::{self, ScheduledRow, ScheduledTable};
use crate::pg::report::raise;
use crate::row::U64As;

/// What the schedule needs of a row.
fn scheduled_row<A: WhoAllocated>(
    table: &ScheduledTable,
    row: Option<PgHeapTuple<'_, A>>,
) -> crate::error::Result<Option<ScheduledRow>> {
    let Some(row) = row else { return Ok(None) };
    let failed =
        |error: &dyn std::fmt::Display| Error::Internal(format!("row of a scheduled table: {error}"));
    let key = match table.u64_as {
        U64As::Bigint => {
            let key: Option<i64> = row.get_by_name(&table.key_column).map_err(|e| failed(&e))?;
            key.and_then(|key| u64::try_from(key).ok())
        }
        U64As::Numeric => {
            let key: Option<AnyNumeric> = row.get_by_name(&table.key_column).map_err(|e| failed(&e))?;
            key.and_then(|key| u64::try_from(key).ok())
        }
    };
    let at: Option<pgrx::JsonB> = row.get_by_name(&table.at_column).map_err(|e| failed(&e))?;
    match (key, at) {
        (Some(key), Some(at)) => Ok(Some((key, at.0))),
        _ => Err(failed(&"no key or no time")),
    }
}

fn note(trigger: &PgTrigger<'_>, schema: crate::pg::Oid, table: &str) -> crate::error::Result<()> {
    let failed = |error: PgTriggerError| Error::Internal(error.to_string());
    let arguments = trigger.extra_args().map_err(failed)?;
    let [identity] = arguments.as_slice() else {
        return Err(Error::Internal("trigger spacetime_schedule needs one argument".into()));
    };
    let table = module::scheduled_table(schema, table, identity)?;
    if matches!(trigger.op().map_err(failed)?, PgTriggerOperation::Truncate) {
        return table.note_truncate();
    }
    table.note(scheduled_row(&table, trigger.old())?, scheduled_row(&table, trigger.new())?)
}

#[pg_schema]
mod spacetime {
    use super::*;

    /// AFTER ROW and AFTER TRUNCATE trigger on scheduled tables. Argument: the module's identity.
    #[pg_trigger]
    fn _note_schedule<'a>(
        trigger: &'a PgTrigger<'a>,
    ) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, PgTriggerError> {
        let relation = trigger.relation()?;
        let noted = note(trigger, relation.namespace_oid(), relation.name());
        // Not returned: the glue of pgrx would wrap the error and lose its SQLSTATE.
        noted.unwrap_or_else(|error| raise(error));
        Ok(None::<PgHeapTuple<'a, AllocatedByRust>>)
    }
}

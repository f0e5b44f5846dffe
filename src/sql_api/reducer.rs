//! Calling reducers.

use pgrx::prelude::*;

use crate::pg::report::ErrorReport;
use crate::reducer;

/// Calls a reducer in the current transaction; arguments by position (array) or by name (object).
#[pg_extern(volatile, strict, parallel_unsafe)]
fn call_reducer(module: &str, reducer: &str, args: default!(pgrx::JsonB, "'[]'")) -> Result<(), ErrorReport> {
    Ok(reducer::call_with_json(module, reducer, &args.0)?)
}

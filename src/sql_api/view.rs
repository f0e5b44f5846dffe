//! For whoever keeps the rows of views up to date.

use pgrx::prelude::*;

use crate::pg::report::ErrorReport;
use crate::reducer;

#[pg_schema]
mod spacetime {
    use super::*;

    /// Evaluates a view for a sender, arguments in BSATN: an array of rows in BSATN, and the tables that were read.
    #[pg_extern(stable, strict, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "the macro reads the column names from the type")]
    fn _view(
        module: &str,
        view: &str,
        sender: &[u8],
        arguments: &[u8],
    ) -> Result<TableIterator<'static, (name!(rows, Vec<u8>), name!(tables_read, Vec<String>))>, ErrorReport>
    {
        Ok(TableIterator::once(reducer::evaluate_by_name(module, view, sender, arguments)?))
    }
}

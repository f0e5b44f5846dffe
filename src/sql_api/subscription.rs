//! Subscriptions of SQL sessions.

use pgrx::prelude::*;

use crate::pg::report::ErrorReport;
use crate::subscription;

#[pg_schema]
mod spacetime {
    use super::*;

    /// Rows of a query, and the channel on which the session hears how they change.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn subscribe(
        query: &str,
    ) -> Result<
        TableIterator<'static, (name!(id, i64), name!(channel, String), name!(rows, pgrx::JsonB))>,
        ErrorReport,
    > {
        let begun = subscription::subscribe(query)?;
        Ok(TableIterator::once((begun.id, begun.channel, pgrx::JsonB(begun.rows))))
    }

    /// Ends a subscription.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn unsubscribe(id: i64) -> Result<(), ErrorReport> {
        Ok(subscription::unsubscribe(id)?)
    }

    /// Goes on with the subscription of a lost session; gives its channel.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn resume(id: i64, after_seq: i64) -> Result<String, ErrorReport> {
        Ok(subscription::resume(id, after_seq)?)
    }

    /// A row that was too large for a notification.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn fetch_change(subscription: i64, reference: i64) -> Result<pgrx::JsonB, ErrorReport> {
        Ok(pgrx::JsonB(subscription::fetch_change(subscription, reference)?))
    }
}

//! Who this session is to reducers.

use pgrx::WhoAllocated;
use pgrx::prelude::*;

use crate::catalog;
use crate::pg::report::{ErrorReport, raise};
use crate::reducer::{Caller, session_connection_id};

#[pg_schema]
mod spacetime {
    use super::*;

    /// The identity reducers get as sender, 32 bytes whose hex is the identity's.
    #[pg_extern(stable, parallel_unsafe)]
    fn sender() -> Result<Vec<u8>, ErrorReport> {
        Ok(Caller::of_session(&catalog::installation()?)?.identity.to_be_bytes().to_vec())
    }

    /// The connection id reducers get, 16 bytes whose hex is the id's.
    #[pg_extern(stable, parallel_unsafe)]
    fn connection_id() -> Result<Vec<u8>, ErrorReport> {
        let (mut id, _) = session_connection_id()?;
        id.reverse();
        Ok(id.to_vec())
    }

    /// BEFORE INSERT trigger on `_installation`: a restored dump brings the id it was made with, and identities of roles
    /// are derived from that one, not from the id that CREATE EXTENSION drew a moment before.
    #[pg_trigger]
    fn _replace_installation<'a>(
        trigger: &'a PgTrigger<'a>,
    ) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, PgTriggerError> {
        catalog::forget_installation().unwrap_or_else(|error| raise(error));
        Ok(trigger.new())
    }
}

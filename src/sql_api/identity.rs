//! Who this session is to reducers.

use pgrx::prelude::*;

use crate::catalog;
use crate::pg::report::ErrorReport;
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
}

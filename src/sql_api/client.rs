//! For gateways: clients that come and go.

use pgrx::prelude::*;

use crate::pg::report::ErrorReport;
use crate::reducer;

#[pg_schema]
mod spacetime {
    use super::*;

    /// Records a client of a gateway and runs client_connected.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn _connect(
        module: &str,
        identity: &[u8],
        connection_id: &[u8],
        gateway: &str,
        claims: pgrx::JsonB,
    ) -> Result<(), ErrorReport> {
        Ok(reducer::connect(module, identity, connection_id, gateway, &claims.0)?)
    }

    /// Runs client_disconnected and forgets a client; false when there is no such client.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn _disconnect(module: &str, identity: &[u8], connection_id: &[u8]) -> Result<bool, ErrorReport> {
        Ok(reducer::disconnect(module, identity, connection_id)?)
    }

    /// Disconnects all clients of a gateway; gives their number.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn _disconnect_all(gateway: &str) -> Result<i64, ErrorReport> {
        Ok(reducer::disconnect_all(gateway)?)
    }
}

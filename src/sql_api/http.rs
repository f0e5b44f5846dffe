//! Hosts that procedures of modules may ask.

use pgrx::prelude::*;
use spacetime_outbound::Reach;

use crate::module;
use crate::pg::report::ErrorReport;

#[pg_schema]
mod spacetime {
    use super::*;

    /// Lets procedures of a module make HTTP requests to a host.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn allow_http(
        module: &str,
        host: &str,
        private_addresses: default!(bool, false),
        insecure_http: default!(bool, false),
    ) -> Result<(), ErrorReport> {
        Ok(module::allow_http(module, host, Reach { insecure_http, private_addresses })?)
    }

    /// Takes that back.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn disallow_http(module: &str, host: &str) -> Result<(), ErrorReport> {
        Ok(module::disallow_http(module, host)?)
    }
}

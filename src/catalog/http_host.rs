//! `spacetime._http_host`: hosts that procedures of a module may make HTTP requests to.

use spacetime_auth::Identity;
use spacetime_outbound::Reach;

use super::module::{broken, read, write};
use crate::error::Result;
use crate::pg::read::Parameter;

/// A host, or several with a wildcard, as `spacetime_outbound::HostPattern` writes it.
#[derive(Debug)]
pub(crate) struct HttpHost {
    pub(crate) host: String,
    pub(crate) reach: Reach,
}

/// The hosts of a module.
pub(crate) fn http_hosts(module: Identity) -> Result<Vec<HttpHost>> {
    let query = "SELECT host, private_addresses::text, insecure_http::text FROM spacetime._http_host WHERE identity = $1";
    let rows = read(query, &[Parameter::Bytea(&module.to_be_bytes())])?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.into_iter();
            let mut next = || columns.next().flatten().unwrap_or_default();
            Ok(HttpHost {
                host: String::from_utf8(next()).map_err(broken)?,
                reach: Reach { private_addresses: next() == b"true", insecure_http: next() == b"true" },
            })
        })
        .collect()
}

/// Adds a host, or replaces what was said of it.
pub(crate) fn allow_http_host(module: Identity, host: &HttpHost) -> Result<()> {
    write(
        "INSERT INTO spacetime._http_host (identity, host, private_addresses, insecure_http) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (identity, host) DO UPDATE SET private_addresses = excluded.private_addresses, \
         insecure_http = excluded.insecure_http, changed_at = pg_catalog.now()",
        &[
            module.to_be_bytes().as_slice().into(),
            host.host.as_str().into(),
            host.reach.private_addresses.into(),
            host.reach.insecure_http.into(),
        ],
    )
}

/// Removes a host; whether it was there.
pub(crate) fn disallow_http_host(module: Identity, host: &str) -> Result<bool> {
    let known = http_hosts(module)?.iter().any(|known| known.host == host);
    write(
        "DELETE FROM spacetime._http_host WHERE identity = $1 AND host = $2",
        &[module.to_be_bytes().as_slice().into(), host.into()],
    )?;
    Ok(known)
}

/// Removes all hosts of a module.
pub(crate) fn forget_http_hosts(module: Identity) -> Result<()> {
    write("DELETE FROM spacetime._http_host WHERE identity = $1", &[module.to_be_bytes().as_slice().into()])
}

//! Which hosts a module's procedures may make HTTP requests to. None, unless an administrator says so.

use spacetime_outbound::{HostPattern, Reach, Url};

use super::ReadyModule;
use crate::catalog::{self, HttpHost};
use crate::error::{Error, Result};
use crate::pg::entry;

/// `allow_http(module, host, private_addresses, insecure_http)`. Allowing again replaces what was said of the host.
pub(crate) fn allow_http(module: &str, host: &str, reach: Reach) -> Result<()> {
    entry::check(c"allow_http")?;
    let pattern = pattern(host)?;
    if pattern.is_everything() && reach.private_addresses {
        return Err(Error::InvalidParameter {
            what: "private addresses cannot be allowed for every host".into(),
            hint: "Name the hosts, or the domain: *.example.internal.".into(),
        });
    }
    let row = catalog::find(module)?.ok_or_else(|| Error::NoSuchModule(module.to_owned()))?;
    catalog::allow_http_host(row.identity, &HttpHost { host: pattern.to_string(), reach })
}

/// `disallow_http(module, host)`.
pub(crate) fn disallow_http(module: &str, host: &str) -> Result<()> {
    entry::check(c"disallow_http")?;
    let pattern = pattern(host)?.to_string();
    let row = catalog::find(module)?.ok_or_else(|| Error::NoSuchModule(module.to_owned()))?;
    if !catalog::disallow_http_host(row.identity, &pattern)? {
        return Err(Error::InvalidParameter {
            what: format!("host {pattern:?} is not among those of module {:?}", row.name),
            hint: "SELECT * FROM spacetime.http_hosts shows them.".into(),
        });
    }
    Ok(())
}

/// What a module may open at this address; `None` if its host is not one of the module's.
pub(crate) fn http_reach(module: &ReadyModule, url: &Url) -> Result<Option<Reach>> {
    let hosts = catalog::http_hosts(module.row.identity)?.into_iter();
    let matching =
        hosts.filter(|host| HostPattern::parse(&host.host).is_some_and(|pattern| pattern.matches(url)));
    Ok(matching.map(|host| host.reach).reduce(|one, other| Reach {
        insecure_http: one.insecure_http || other.insecure_http,
        private_addresses: one.private_addresses || other.private_addresses,
    }))
}

fn pattern(host: &str) -> Result<HostPattern> {
    HostPattern::parse(host).ok_or_else(|| Error::InvalidParameter {
        what: format!("{host:?} is no host"),
        hint: "A host is example.com, example.com:8443, *.example.com for all below it, or * for all public ones.".into(),
    })
}

//! From an issuer's name to its keys (OpenID Connect Discovery 1.0).

use serde_json::Value;

use crate::error::Result;
use crate::fetch::{Fetch, document, get_document};
use crate::issuer::TrustedIssuer;
use crate::key::KeySet;

/// Fetches the key set of `issuer`.
pub(crate) async fn fetch_keys(issuer: &TrustedIssuer, fetch: &impl Fetch) -> Result<Value> {
    let address = match &issuer.options().jwks_url {
        Some(address) => address.clone(),
        None => discover(issuer, fetch).await?,
    };
    let jwks = get_document(fetch, &address, issuer.reach()).await?;
    KeySet::from_jwks(&jwks).map_err(|problem| document(&address, problem))?;
    Ok(jwks)
}

/// Where `issuer` says its keys are. That may be another host, as with Google; the rules for addresses hold there too.
async fn discover(issuer: &TrustedIssuer, fetch: &impl Fetch) -> Result<String> {
    let address = issuer.discovery_url();
    let found = get_document(fetch, &address, issuer.reach()).await?;
    // A document about somebody else would make that somebody's keys ours. Slashes at the end are where documents and
    // tokens of one issuer differ; the comparison of a token's `iss` is exact.
    let same = |name: &str| name.trim_end_matches('/') == issuer.issuer().trim_end_matches('/');
    match found.get("issuer").and_then(Value::as_str) {
        Some(name) if same(name) => {}
        Some(_) => return Err(document(&address, "it describes another issuer")),
        None => return Err(document(&address, "it names no issuer")),
    }
    match found.get("jwks_uri").and_then(Value::as_str) {
        Some(keys) => Ok(keys.to_owned()),
        None => Err(document(&address, "it does not say where the keys are (jwks_uri)")),
    }
}

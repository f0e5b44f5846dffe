//! The list of issuers whose tokens count.

use spacetime_auth::TrustedIssuer;

use crate::catalog;
use crate::error::Result;
use crate::pg::entry;

/// `trust_issuer(issuer, audiences, options)`. Trusting again replaces audiences and options.
pub(crate) fn trust(issuer: &str, audiences: Option<Vec<String>>, options: &serde_json::Value) -> Result<()> {
    entry::check(c"trust_issuer")?;
    TrustedIssuer::new(issuer, audiences.clone(), options)?;
    catalog::trust_issuer(issuer, audiences, options)
}

/// `distrust_issuer(issuer)`: its tokens are refused from now on, also those that were re-signed by our own key.
/// Sessions that are logged in stay so until their tokens expire.
pub(crate) fn distrust(issuer: &str) -> Result<()> {
    entry::check(c"distrust_issuer")?;
    catalog::distrust_issuer(issuer)
}

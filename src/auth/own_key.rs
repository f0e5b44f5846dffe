//! The key this server signs with. It is drawn when the first token is made, and never leaves the catalog.

use spacetime_auth::{Identity, OwnKey, PublicKey};

use super::{login, now};
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::{access, entry};

/// `anonymous_token()`: a token for somebody new.
pub(crate) fn anonymous_token() -> Result<(Identity, String)> {
    Ok(signing_key()?.mint_anonymous(now())?)
}

/// `websocket_token(token, also_trust)`: a token of one minute for the bearer of another one.
pub(crate) fn websocket_token(token: &str, also_trust: &[String]) -> Result<String> {
    let (verified, _) = login::verify(token, also_trust)?;
    Ok(signing_key()?.mint_websocket(&verified, now())?)
}

/// `public_keys()`: what verifies tokens of this server, as a JSON Web Key Set.
pub(crate) fn public_keys() -> Result<serde_json::Value> {
    Ok(serde_json::json!({ "keys": catalog::public_keys()? }))
}

/// The keys, those of earlier times included.
pub(super) fn verifying_keys() -> Result<Vec<PublicKey>> {
    catalog::public_keys()?
        .iter()
        .map(|jwk| {
            PublicKey::from_jwk(jwk)
                .ok_or_else(|| Error::Internal("a row of spacetime._signing_key holds no key".into()))
        })
        .collect()
}

fn signing_key() -> Result<OwnKey> {
    if let Some(pem) = catalog::signing_key()? {
        return Ok(OwnKey::from_pem(&pem)?);
    }
    entry::check(c"making the first token")?;
    // One key, whoever comes first.
    access::lock_catalog(catalog::catalog_oid()?);
    if let Some(pem) = catalog::signing_key()? {
        return Ok(OwnKey::from_pem(&pem)?);
    }
    let key = OwnKey::generate()?;
    catalog::insert_signing_key(&key.to_pem(), key.public_jwk())?;
    Ok(key)
}

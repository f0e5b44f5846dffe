//! `spacetime._issuer`, `spacetime._signing_key` and `spacetime._publisher`. The first two hold secrets: errors must not
//! quote rows.

use serde_json::Value;
use spacetime_auth::{Identity, TrustedIssuer};

use super::module::{broken, read, write};
use crate::error::Result;
use crate::pg::read::Parameter;

/// An issuer that an administrator has decided about.
pub(crate) struct IssuerRow {
    pub(crate) issuer: String,
    audiences: Option<Vec<String>>,
    options: Value,
    pub(crate) is_distrusted: bool,
}

impl IssuerRow {
    pub(crate) fn trusted(&self) -> Result<TrustedIssuer> {
        Ok(TrustedIssuer::new(&self.issuer, self.audiences.clone(), &self.options)?)
    }
}

/// The rows about an issuer: one or none.
pub(crate) fn issuer(name: &str) -> Result<Vec<IssuerRow>> {
    let query = "SELECT issuer, pg_catalog.to_jsonb(audiences)::pg_catalog.text, options::pg_catalog.text, \
                 is_distrusted::pg_catalog.text FROM spacetime._issuer WHERE issuer = $1";
    let rows = read(query, &[Parameter::Text(name)])?;
    let unreadable = |_| broken("a row of spacetime._issuer cannot be read");
    rows.into_iter()
        .map(|row| {
            let mut columns = row.into_iter();
            let mut next = || columns.next().flatten();
            let issuer = next().unwrap_or_default();
            let audiences =
                next().map(|bytes| serde_json::from_slice(&bytes).map_err(unreadable)).transpose()?;
            let options = serde_json::from_slice(&next().unwrap_or_default()).map_err(unreadable)?;
            let is_distrusted = next().as_deref() == Some(b"true");
            Ok(IssuerRow {
                issuer: String::from_utf8_lossy(&issuer).into_owned(),
                audiences,
                options,
                is_distrusted,
            })
        })
        .collect()
}

/// Puts an issuer on the list, or replaces what was said of it.
pub(crate) fn trust_issuer(issuer: &str, audiences: Option<Vec<String>>, options: &Value) -> Result<()> {
    write(
        "INSERT INTO spacetime._issuer (issuer, audiences, options) VALUES ($1, $2, $3) ON CONFLICT (issuer) DO UPDATE \
         SET audiences = excluded.audiences, options = excluded.options, is_distrusted = false, changed_at = pg_catalog.now()",
        &[issuer.into(), audiences.into(), pgrx::JsonB(options.clone()).into()],
    )
}

/// Notes that an issuer's tokens are refused.
pub(crate) fn distrust_issuer(issuer: &str) -> Result<()> {
    write(
        "INSERT INTO spacetime._issuer (issuer, is_distrusted) VALUES ($1, true) ON CONFLICT (issuer) DO UPDATE \
         SET audiences = NULL, options = '{}', is_distrusted = true, changed_at = pg_catalog.now()",
        &[issuer.into()],
    )
}

/// Public halves of our keys, newest first, as JSON Web Keys.
pub(crate) fn public_keys() -> Result<Vec<Value>> {
    let query = "SELECT public_jwk::pg_catalog.text FROM spacetime._signing_key ORDER BY created_at DESC";
    let rows = read(query, &[])?;
    rows.into_iter().flatten().flatten().map(|jwk| serde_json::from_slice(&jwk).map_err(broken)).collect()
}

/// The private key to sign with, in PEM.
pub(crate) fn signing_key() -> Result<Option<String>> {
    let query = "SELECT private_pem FROM spacetime._signing_key ORDER BY created_at DESC LIMIT 1";
    let rows = read(query, &[])?;
    let pem = rows.into_iter().flatten().next().flatten();
    pem.map(|pem| String::from_utf8(pem).map_err(|_| broken("the signing key is no text"))).transpose()
}

/// Keeps a new key.
pub(crate) fn insert_signing_key(private_pem: &str, public_jwk: &Value) -> Result<()> {
    write(
        "INSERT INTO spacetime._signing_key (private_pem, public_jwk) VALUES ($1, $2)",
        &[private_pem.into(), pgrx::JsonB(public_jwk.clone()).into()],
    )
}

/// Whether an identity may publish new modules.
pub(crate) fn is_publisher(identity: Identity) -> Result<bool> {
    let query = "SELECT identity FROM spacetime._publisher WHERE identity = $1";
    Ok(!read(query, &[Parameter::Bytea(&identity.to_be_bytes())])?.is_empty())
}

/// Says whether an identity may publish new modules.
pub(crate) fn set_publisher(identity: Identity, allowed: bool) -> Result<()> {
    let query = match allowed {
        true => "INSERT INTO spacetime._publisher (identity) VALUES ($1) ON CONFLICT DO NOTHING",
        false => "DELETE FROM spacetime._publisher WHERE identity = $1",
    };
    write(query, &[identity.to_be_bytes().as_slice().into()])
}

/// Gives a module to another identity.
pub(crate) fn set_owner_identity(module: Identity, owner: Identity) -> Result<()> {
    write(
        "UPDATE spacetime._module SET owner_identity = $2 WHERE identity = $1",
        &[module.to_be_bytes().as_slice().into(), owner.to_be_bytes().as_slice().into()],
    )
}

//! Who a caller is: identities, tokens that prove them, and where the keys come from that verify tokens.
//!
//! The order of a validation is fixed (wire.md §6.2, design §13): our own key first, whatever issuer a token names, then
//! the list of trusted issuers. Nothing is ever fetched for an issuer that is not on it.
//!
//! No part of the algorithm does I/O: it asks a [`Fetch`] for documents and takes the time as an argument. Callers keep
//! what was fetched ([`CachedKeys`]) wherever they keep things.
//!
//! ```text
//! Trust::examine ──► Verified                             own key, static keys, secret
//!                └─► Pending ── Pending::resolve(cached keys, fetch) ──► Verified, keys to keep
//! ```

mod address;
mod algorithm;
mod cache;
mod claims;
mod discovery;
mod error;
mod fetch;
#[cfg(feature = "http")]
mod http;
mod identity;
#[cfg(feature = "http")]
pub mod in_thread;
mod issuer;
mod json;
mod key;
mod mint;
mod roles;
mod token;
mod validate;

pub use algorithm::Algorithm;
pub use cache::{CachedKeys, EXPIRY_SECONDS, FRESH_SECONDS, RETRY_SECONDS};
pub use claims::Verified;
pub use error::{Error, Result};
pub use fetch::{Fetch, FetchError, Request, Response};
pub use identity::Identity;
pub use issuer::{IssuerOptions, TrustedIssuer};
pub use key::{KeySet, PublicKey};
pub use mint::OwnKey;
pub use roles::RoleClaim;
#[cfg(feature = "http")]
pub use spacetime_outbound::Client as HttpFetch;
pub use token::{TOKEN_BYTES_MAX, issuer_unverified};
pub use validate::{Examined, LOCAL_ISSUER, Pending, Resolution, Trust};

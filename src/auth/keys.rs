//! Keys of trusted issuers: kept in files, one per issuer and database, fetched on this backend's only thread.
//!
//! Files, because a refused token rolls its transaction back, and what was learnt from the fetch it caused must stay:
//! otherwise each bad token would cost a fetch. Key: issuer and its options, so changed options begin afresh. Lifetime and
//! invalidation: `spacetime_auth::CachedKeys`. A lost or broken file costs one fetch.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use spacetime_auth::{CachedKeys, Pending, TrustedIssuer, Verified, in_thread};

use super::now;
use crate::error::{Error, Result};
use crate::module::StatePaths;
use crate::pg::{access, interrupt};

/// Longest fetch that somebody waits for: discovery and keys.
const FETCH_LIMIT: Duration = Duration::from_secs(15);
/// Longest fetch in favour of later logins.
const REFRESH_LIMIT: Duration = Duration::from_secs(2);

/// Answers a token that waits for its issuer's keys.
pub(super) fn resolve(pending: Pending<'_>) -> Result<Verified> {
    let issuer = pending.issuer();
    let path = path(issuer);
    let cached = load(&path);
    let now = now();
    if let Some(resolution) = pending.resolve_cached(cached.as_ref(), now) {
        if resolution.refresh_due {
            refresh(issuer, cached.as_ref(), &path, now);
        }
        return Ok(resolution.result?);
    }
    let fetched = in_thread::run(
        async |fetch| pending.resolve(cached.as_ref(), fetch, now).await,
        FETCH_LIMIT,
        interrupt::must_stop,
    );
    let resolution = fetched.map_err(|error| {
        // Whoever gives up again and again must not ask the issuer each time. While there are no keys at all, though, one
        // who gives up must not keep everybody else from asking.
        if cached.is_some() || error != spacetime_auth::Error::Interrupted {
            let _ = store(&path, &CachedKeys::failed(cached.as_ref(), now));
        }
        interrupted(error)
    })?;
    if let Some(keep) = &resolution.keep {
        store(&path, keep)?;
    }
    Ok(resolution.result?)
}

/// Asks again for keys that are good but getting old. Whatever comes of it, the token at hand has its answer.
fn refresh(issuer: &TrustedIssuer, cached: Option<&CachedKeys>, path: &Path, now: i64) {
    let fetched = in_thread::run(
        async |fetch| issuer.refresh_keys(cached, fetch, now).await,
        REFRESH_LIMIT,
        interrupt::must_stop,
    );
    // An issuer that does not answer must not slow every login down: it is asked again after a while.
    let keep = fetched.map_or_else(|_| CachedKeys::failed(cached, now), |(keep, _)| keep);
    let _ = store(path, &keep);
}

/// The fetch has let go of everything; now Postgres may raise its cancel or termination.
fn interrupted(error: spacetime_auth::Error) -> Error {
    if error == spacetime_auth::Error::Interrupted {
        interrupt::process();
    }
    error.into()
}

fn path(issuer: &TrustedIssuer) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    hasher.update(issuer.issuer().as_bytes());
    hasher.update(&[0]);
    hasher.update(serde_json::to_string(issuer.options()).unwrap_or_default().as_bytes());
    StatePaths::issuer_keys().join(hasher.finalize().to_hex().as_str())
}

fn load(path: &Path) -> Option<CachedKeys> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Readers see the old file or the new one.
fn store(path: &Path, keys: &CachedKeys) -> Result<()> {
    let failed = |action| {
        let path = path.to_owned();
        move |source| Error::File { action, path, source }
    };
    if let Some(directory) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed("create"))?;
    }
    let draft = path.with_extension(hex::encode(access::random_bytes::<8>()?));
    let bytes = serde_json::to_vec(keys).map_err(|error| Error::Internal(error.to_string()))?;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(&bytes))
        .map_err(failed("write"))?;
    fs::rename(&draft, path).map_err(failed("rename"))
}

//! The secret that session settings are authenticated with: drawn once per start of the server, shared by its backends
//! through a file that only the server's user reads. (Shared memory would need preloading.)
//!
//! The file's name holds the moment the server started, so a copy of the data directory, a standby or the next start
//! draws its own. Invariant: a file under that name is complete; it gets the name by `link`, which one backend wins.

use std::cell::Cell;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::module::StatePaths;
use crate::pg::{access, session};

const PREFIX: &str = "boot-";

thread_local! {
    /// Lifetime: the backend's, which is within one start of the server.
    static SECRET: Cell<Option<[u8; 32]>> = const { Cell::new(None) };
}

/// The secret of this start of the server.
pub(super) fn boot_secret() -> Result<[u8; 32]> {
    if let Some(secret) = SECRET.get() {
        return Ok(secret);
    }
    let directory = StatePaths::secrets();
    let path = directory.join(format!("{PREFIX}{}", session::server_started_at()));
    let secret = match read(&path)? {
        Some(secret) => secret,
        None => draw(&directory, &path)?,
    };
    SECRET.set(Some(secret));
    Ok(secret)
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    move |source| Error::File { action, path, source }
}

fn read(path: &Path) -> Result<Option<[u8; 32]>> {
    match fs::read(path) {
        Ok(bytes) => <[u8; 32]>::try_from(bytes)
            .map(Some)
            .map_err(|_| Error::Internal("the secret of this server start has the wrong length".into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

fn draw(directory: &Path, path: &Path) -> Result<[u8; 32]> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(failed("create", directory))?;
    let secret = access::random_bytes::<32>()?;
    let draft = directory.join(format!("draft-{}", hex::encode(access::random_bytes::<8>()?)));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed("create", &draft))?;
    file.write_all(&secret).map_err(failed("write", &draft))?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(failed("remove", &draft))?;
    match linked {
        Ok(()) => {
            forget_earlier_starts(directory, path);
            Ok(secret)
        }
        // Another backend was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| Error::Internal("the secret of this server start is gone".into()))
        }
        Err(error) => Err(failed("create", path)(error)),
    }
}

/// Values made before the server started prove nothing any more. Leftovers harm nobody: failures are of no interest.
fn forget_earlier_starts(directory: &Path, current: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_secret = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_secret && entry.path() != current {
            let _ = fs::remove_file(entry.path());
        }
    }
}

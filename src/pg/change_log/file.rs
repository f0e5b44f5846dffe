//! Entries of the change log that are too large for shared memory: files, named in the log.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::error::{Error, Result};

/// A file that is written but not yet named in the log. Removed when the transaction rolls back.
#[derive(Debug)]
pub(super) struct ChangeFile {
    path: PathBuf,
}

impl ChangeFile {
    /// Writes an entry into a file of its own in `directory`.
    pub(super) fn write(directory: PathBuf, parts: &[&[u8]]) -> Result<Self> {
        let path = directory.join(format!("{:016x}", crate::pg::random_u64()));
        let write = || {
            std::fs::create_dir_all(&directory)?;
            let mut file = std::fs::File::create_new(&path)?;
            parts.iter().try_for_each(|part| std::io::Write::write_all(&mut file, part))
        };
        let written = write();
        let file = Self { path };
        match written {
            Ok(()) => Ok(file),
            Err(source) => {
                let path = file.path.clone();
                file.remove();
                Err(Error::File { action: "write", path, source })
            }
        }
    }

    /// What the log keeps of it.
    pub(super) fn name(&self) -> &[u8] {
        self.path.as_os_str().as_bytes()
    }

    pub(super) fn remove(self) {
        remove(self.name());
    }
}

/// Reads a file that an entry names; `None` when it is gone.
pub(super) fn read(name: &[u8]) -> Option<Vec<u8>> {
    std::fs::read(path(name)).ok()
}

/// Removes a file that an entry named. Nothing can be done about a failure: the file is removed at the next start.
pub(super) fn remove(name: &[u8]) {
    let _ = std::fs::remove_file(path(name));
}

fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(name.to_vec()))
}

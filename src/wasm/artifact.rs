//! Compiled code on disk, shared by all backends: mapping it costs a millisecond where compiling costs seconds.
//!
//! Invariant: a file is mapped only if this store wrote it and it still has the length and BLAKE3 it was written with; what
//! is missing, damaged or of another version is made anew from the wasm, which alone is the truth. Files are written to a
//! temporary name, synced and renamed, never changed: other backends have them mapped. Hazard: an artifact is native code;
//! whoever can write into the directory owns the server, so it lies under the data directory and is ours alone (0700/0600),
//! and no artifact is ever taken from SQL.
//!
//! Two files per artifact: `<key>.<start of blake3>.cwasm` is the code, `<key>.sum` names its length and the full
//! BLAKE3 of key and code.
//! The code's name follows from its contents, so backends that write at the same time cannot mix their files up.

use std::fs::{DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use wasmtime::Module;

use super::code::compile;
use super::engine::{Fuel, engine};
use crate::error::{Error, Result};

/// The directory of artifacts.
#[derive(Debug, Clone)]
pub(crate) struct ArtifactStore {
    /// Made on first write. Must not be writable by anybody but the server.
    pub(crate) dir: PathBuf,
}

/// What a `.sum` file says about the code it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum {
    len: u64,
    hash: blake3::Hash,
}

/// Why there is no usable artifact.
#[derive(Debug)]
enum Unusable {
    /// Never made, or made by another version: nothing to report.
    Missing,
    /// There is one, and something is wrong with it or with the directory.
    Damaged(String),
}

impl ArtifactStore {
    /// The module whose SHA-256 is `sha256`, from its artifact or else compiled from `wasm`.
    pub(super) fn load(
        &self,
        sha256: &[u8; 32],
        fuel: Fuel,
        wasm: impl FnOnce() -> Result<Vec<u8>>,
        warnings: &mut Vec<String>,
    ) -> Result<Module> {
        let key = key(sha256, fuel)?;
        match self.open(&key, fuel, warnings)? {
            Ok(module) => return Ok(module),
            Err(Unusable::Missing) => {}
            Err(Unusable::Damaged(problem)) => {
                warnings.push(format!("compiled code {key} in {:?} is made anew: {problem}", self.dir));
            }
        }
        let module = compile(fuel, &wasm()?)?;
        let code = module
            .serialize()
            .map_err(|error| Error::Internal(format!("could not serialise compiled code: {error:#}")))?;
        if let Err(error) = self.write(&key, &code) {
            warnings.push(format!(
                "compiled code could not be written to {:?}, every session compiles it again: {error}",
                self.dir
            ));
        }
        Ok(module)
    }

    /// Deletes all artifacts of a module, whatever version made them. Sessions that have them mapped keep them.
    pub(crate) fn forget(&self, sha256: &[u8; 32]) {
        let prefix = prefix(sha256);
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                // Artifacts are disposable: one that stays wastes space and nothing else.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn sum_path(&self, key: &str) -> PathBuf {
        self.dir.join(format!("{key}.sum"))
    }

    fn code_path(&self, key: &str, sum: &Sum) -> PathBuf {
        self.dir.join(format!("{key}.{}.cwasm", &sum.hash.to_hex()[..16]))
    }

    fn open(
        &self,
        key: &str,
        fuel: Fuel,
        warnings: &mut Vec<String>,
    ) -> Result<std::result::Result<Module, Unusable>> {
        let found = self.read_sum(key).and_then(|sum| {
            let path = self.code_path(key, &sum);
            check(&path, key, &sum).map(|file| (path, file))
        });
        let (path, file) = match found {
            Ok(found) => found,
            Err(unusable) => return Ok(Err(unusable)),
        };
        let engine = engine(fuel)?;
        // SAFETY: `check` has just seen that the open file holds, byte for byte, what this store serialised from a
        // compiled module; nobody changes it while it is mapped, because the store only ever writes new files into a
        // directory that is the server's alone.
        let mapped = match unsafe { Module::deserialize_open_file(engine, file) } {
            Ok(module) => return Ok(Ok(module)),
            Err(error) => error,
        };
        // A file system mounted noexec can be read but not executed from: then a private copy has to do.
        let module = std::fs::read(&path).map_err(|error| error.to_string()).and_then(|code| {
            // SAFETY: the same file as above, of which nothing but its mapping failed.
            unsafe { Module::deserialize(engine, code) }.map_err(|error| format!("{error:#}"))
        });
        Ok(match module {
            Ok(module) => {
                warnings.push(format!(
                    "compiled code {path:?} could not be mapped, each session copies it: {mapped:#}"
                ));
                Ok(module)
            }
            Err(problem) => Err(Unusable::Damaged(problem)),
        })
    }

    fn read_sum(&self, key: &str) -> std::result::Result<Sum, Unusable> {
        let file = open_own(&self.sum_path(key))?;
        let mut text = String::new();
        // A sum is one short line; more is damage and need not be read.
        let read = file.take(256).read_to_string(&mut text);
        read.ok()
            .and_then(|_| Sum::parse(&text))
            .ok_or_else(|| Unusable::Damaged("its sum is unreadable".into()))
    }

    fn write(&self, key: &str, code: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let sum = Sum { len: code.len() as u64, hash: hasher(key).update(code).finalize() };
        write_and_rename(&self.code_path(key, &sum), code)?;
        // Last: a sum without its code would be a damaged artifact, code without sum is none.
        write_and_rename(&self.sum_path(key), sum.to_string().as_bytes())?;
        File::open(&self.dir)?.sync_all()
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {}", self.len, self.hash.to_hex())
    }
}

impl Sum {
    fn parse(text: &str) -> Option<Sum> {
        let (len, hash) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Sum { len: len.parse().ok()?, hash: blake3::Hash::from_hex(hash).ok()? })
    }
}

/// Name of an artifact: which wasm, and everything its compiled form depends on.
fn key(sha256: &[u8; 32], fuel: Fuel) -> Result<String> {
    let mut version = HashBytes(blake3::Hasher::new());
    // Settings, target and processor features; wasmtime's own version among them.
    engine(fuel)?.precompile_compatibility_hash().hash(&mut version);
    Ok(format!("{}-{}", prefix(sha256), &version.0.finalize().to_hex()[..8]))
}

/// How names of artifacts of a module begin: half of its hash. A whole one would make paths that tar, and so
/// pg_basebackup, refuses: they may have 99 bytes from the data directory on.
fn prefix(sha256: &[u8; 32]) -> String {
    hex::encode(&sha256[..16])
}

/// Feeds what is hashed to BLAKE3: the standard library's hashers may change from release to release.
struct HashBytes(blake3::Hasher);

impl Hasher for HashBytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        self.0.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }
}

/// Hashes code together with its key, so that a whole artifact under another one's name is noticed, too.
fn hasher(key: &str) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    hasher
}

/// Opens a file of the store. Links are not followed: the store makes none. Nor is a pipe waited
/// for: an open that waits cannot be cancelled.
fn open_own(path: &Path) -> std::result::Result<File, Unusable> {
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unusable::Missing,
        _ => Unusable::Damaged(error.to_string()),
    })
}

/// Opens the code and compares all of it with its sum.
fn check(path: &Path, key: &str, sum: &Sum) -> std::result::Result<File, Unusable> {
    let damaged = |error: io::Error| Unusable::Damaged(error.to_string());
    let mut file = match open_own(path) {
        Err(Unusable::Missing) => return Err(Unusable::Damaged("its sum is there, its code is not".into())),
        opened => opened?,
    };
    let metadata = file.metadata().map_err(damaged)?;
    if !metadata.is_file() || metadata.len() != sum.len {
        return Err(Unusable::Damaged(format!("it has {} bytes instead of {}", metadata.len(), sum.len)));
    }
    let mut hasher = hasher(key);
    hasher.update_reader(&mut file).map_err(damaged)?;
    match hasher.finalize() == sum.hash {
        true => Ok(file),
        false => Err(Unusable::Damaged("its contents have changed".into())),
    }
}

/// Puts a whole file in place, or nothing.
fn write_and_rename(path: &Path, contents: &[u8]) -> io::Result<()> {
    // The process id keeps backends that compile the same module out of each other's way.
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(contents)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // Whatever went wrong, the half-written file is of no use to anybody.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

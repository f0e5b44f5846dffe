//! Artifacts are made, found again, and made anew whenever something is wrong with them.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::guest::{call, guest, limits, wasm};
use super::mock::Mock;
use crate::wasm::{ArtifactStore, Code, Fuel, Instance, Outcome};

/// A directory of its own for each test, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("spacetime-artifacts-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        Scratch(dir)
    }

    fn store(&self) -> ArtifactStore {
        ArtifactStore { dir: self.0.clone() }
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(ending)).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Loads the test module; says whether its wasm was needed, and what was warned of.
fn load(store: &ArtifactStore, fuel: Fuel) -> (bool, Vec<String>) {
    let bytes = wasm(&guest("", "(i32.const 0)"));
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    let (mut compiled, mut warnings) = (false, Vec::new());
    let code = Code::load(
        store,
        &digest,
        fuel,
        || {
            compiled = true;
            Ok(bytes)
        },
        &mut warnings,
    );
    let code = code.unwrap_or_else(|error| panic!("{error}"));
    let (instance, _) = Instance::boot(&code, "m", limits(), Mock::default().boxed()).unwrap();
    assert_eq!(instance.call_reducer(call(&[]), limits(), Mock::default().boxed()).unwrap().1, Outcome::Done);
    (compiled, warnings)
}

fn missing(store: &ArtifactStore) {
    assert_eq!(load(store, Fuel::Off), (true, vec![]));
}

fn found(store: &ArtifactStore) {
    assert_eq!(load(store, Fuel::Off), (false, vec![]));
}

fn damaged(store: &ArtifactStore, words: &str) {
    let (compiled, warnings) = load(store, Fuel::Off);
    assert!(compiled);
    assert!(warnings.len() == 1 && warnings[0].contains(words), "{warnings:?} does not say {words:?}");
    found(store);
}

#[test]
fn made_once_per_flavour() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("once");
    let store = scratch.store();
    missing(&store);
    found(&store);
    assert_eq!(load(&store, Fuel::On), (true, vec![]));
    assert_eq!(load(&store, Fuel::On), (false, vec![]));
    found(&store);
    assert_eq!(
        (scratch.files(".cwasm").len(), scratch.files(".sum").len(), scratch.files(".tmp").len()),
        (2, 2, 0)
    );
    for path in scratch.files("") {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&store.dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn damage_is_seen_before_anything_is_mapped() {
    let scratch = Scratch::new("damage");
    let store = scratch.store();
    missing(&store);
    let code = scratch.files(".cwasm").remove(0);
    let good = fs::read(&code).unwrap();
    for (bad, words) in [
        (good[..good.len() / 2].to_vec(), "bytes instead of"),
        (Vec::new(), "bytes instead of"),
        ([&good[..], b"x"].concat(), "bytes instead of"),
        (
            {
                let mut bad = good.clone();
                let middle = bad.len() / 2;
                bad[middle] ^= 1;
                bad
            },
            "contents have changed",
        ),
    ] {
        fs::remove_file(&code).unwrap();
        fs::write(&code, bad).unwrap();
        damaged(&store, words);
    }
    fs::remove_file(&code).unwrap();
    damaged(&store, "its code is not");
    let sum = scratch.files(".sum").remove(0);
    for text in ["", "12", "1000000 zz\n", "garbage\n"] {
        fs::write(&sum, text).unwrap();
        damaged(&store, "sum is unreadable");
    }
    fs::write(&sum, [0xff_u8; 5000]).unwrap();
    damaged(&store, "sum is unreadable");
}

#[test]
fn foreign_code_with_a_right_sum_is_not_run() {
    let scratch = Scratch::new("foreign");
    let store = scratch.store();
    missing(&store);
    let sum = scratch.files(".sum").remove(0);
    let key = sum.file_stem().unwrap().to_string_lossy().into_owned();
    let foreign = b"\x7fELF but not ours".repeat(100);
    let hash = blake3::hash(&foreign).to_hex();
    fs::write(&sum, format!("{} {hash}\n", foreign.len())).unwrap();
    fs::write(store.dir.join(format!("{key}.{}.cwasm", &hash[..16])), foreign).unwrap();
    damaged(&store, "made anew");
}

#[test]
fn links_are_not_followed() {
    let scratch = Scratch::new("links");
    let store = scratch.store();
    missing(&store);
    let code = scratch.files(".cwasm").remove(0);
    let elsewhere = store.dir.join("elsewhere");
    fs::rename(&code, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &code).unwrap();
    damaged(&store, "made anew");
}

#[test]
fn without_a_directory_it_works_and_warns() {
    let scratch = Scratch::new("nowhere");
    fs::write(&scratch.0, "a file where the directory should be").unwrap();
    for _ in 0..2 {
        let (compiled, warnings) = load(&scratch.store(), Fuel::Off);
        assert!(compiled && !warnings.is_empty(), "{warnings:?}");
        assert!(warnings.iter().any(|warning| warning.contains("could not be written")), "{warnings:?}");
    }
    fs::remove_file(&scratch.0).unwrap();
}

#[test]
fn forgetting_removes_all_flavours() {
    let scratch = Scratch::new("forget");
    let store = scratch.store();
    missing(&store);
    load(&store, Fuel::On);
    fs::write(store.dir.join("another"), "").unwrap();
    store.forget(&Sha256::digest(wasm(&guest("", "(i32.const 0)"))).into());
    assert_eq!(scratch.files("").len(), 1);
    missing(&store);
}

#[test]
fn the_wasm_is_checked_when_it_is_needed() {
    let scratch = Scratch::new("checked");
    let result = Code::load(&scratch.store(), &[1; 32], Fuel::Off, || Ok(b"junk".to_vec()), &mut Vec::new());
    assert!(matches!(result.err(), Some(crate::error::Error::InvalidModule(_))));
    assert!(scratch.files("").is_empty());
}

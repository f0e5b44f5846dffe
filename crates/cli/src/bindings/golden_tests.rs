//! Bindings of modules whose schemas are in `golden/`, byte by byte. That TypeScript accepts them is tested with the
//! compiler and the official package in pg_test/e2e/test_cli.py.
//!
//! To write what is generated now: `SPACETIME_WRITE_GOLDEN=1 cargo test -p spacetime-cli golden`; schemas are written anew, too,
//! from `modules/build`, where those are built.

use std::path::{Path, PathBuf};

use serde_json::Value;
use spacetime_definition::Definition;
use spacetime_wire::http::schema::{self, Version};

use super::{Language, generate};

const MODULES: [&str; 6] = ["chat", "everytype", "events", "names", "procedures", "views"];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file)
}

/// A module, by the answer of `GET /v1/database/…/schema?version=10` about it.
fn definition(module: &str) -> Definition {
    let text = std::fs::read_to_string(path(&format!("{module}.json"))).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    spacetime_definition::decode(&schema::description(Version::V10, &body).unwrap()).unwrap()
}

fn write_schema(module: &str) {
    let built =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../modules/build").join(format!("{module}.wasm"));
    let Ok(wasm) = std::fs::read(built) else { return };
    let description = crate::module_file::description(&wasm).unwrap();
    let body: Value = serde_json::from_str(&schema::definition_json(&description).unwrap()).unwrap();
    let line = |body: &Value| body.to_string() + "\n";
    std::fs::write(path(&format!("{module}.json")), line(&body)).unwrap();
    if module == "chat" {
        // As servers older than the module answer; pg_test/e2e/test_cli_servers.py is one.
        let definition = spacetime_definition::decode(&description).unwrap();
        let older = serde_json::from_str(&schema::version_9_json(&definition)).unwrap();
        std::fs::write(path("chat.v9.json"), line(&older)).unwrap();
    }
}

#[test]
fn golden_files() {
    let is_writing = std::env::var_os("SPACETIME_WRITE_GOLDEN").is_some();
    for module in MODULES {
        if is_writing {
            write_schema(module);
        }
        let definition = definition(module);
        for (language, ending) in [(Language::Typescript, "ts"), (Language::Sql, "sql")] {
            let [(_, now)] = generate(&definition, language).unwrap().try_into().unwrap();
            let golden = path(&format!("{module}.{ending}"));
            if is_writing {
                std::fs::write(&golden, &now).unwrap();
            }
            let before = std::fs::read_to_string(&golden).unwrap();
            assert!(now == before, "{} is not what is generated now; see this file's head", golden.display());
        }
    }
}

#[test]
fn what_clients_cannot_see_is_left_out() {
    let mut chat = definition("chat");
    let hidden = chat.tables.iter_mut().find(|table| table.is_public).unwrap();
    hidden.is_public = false;
    let name = hidden.name.clone();
    for language in [Language::Typescript, Language::Sql] {
        let [(_, before)] = generate(&definition("chat"), language).unwrap().try_into().unwrap();
        let [(_, now)] = generate(&chat, language).unwrap().try_into().unwrap();
        let mentions = |text: &str| match language {
            Language::Sql => text.contains(&format!("FROM {name};")),
            _ => text.contains(&format!("name: '{name}'")),
        };
        assert!(mentions(&before) && !mentions(&now), "{name} in {language:?}");
        assert!(!now.contains("init") && !now.contains("client_connected"), "{language:?}");
    }
}

#[test]
fn rust_is_refused_with_a_reason() {
    let refusal = generate(&definition("chat"), Language::Rust).unwrap_err().to_string();
    assert!(refusal.contains("hint:"), "{refusal}");
}

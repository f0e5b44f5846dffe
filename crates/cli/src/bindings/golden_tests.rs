//! Bindings of modules whose schemas are in `golden/`, byte by byte. That TypeScript accepts them is tested with the
//! compiler and the official package in pg_test/e2e/test_cli.py, that Rust does in pg_test/e2e/test_gateway_rust_sdk.py.
//!
//! To write what is generated now: `SPACETIME_WRITE_GOLDEN=1 cargo test -p spacetime-cli golden`; schemas are written anew, too,
//! from `modules/build`, where those are built.

use std::path::{Path, PathBuf};

use serde_json::Value;
use spacetime_definition::Definition;
use spacetime_wire::http::schema::{self, Version};

use super::{Language, generate};

const MODULES: [&str; 6] = ["chat", "everytype", "events", "names", "procedures", "views"];

const LANGUAGES: [(Language, &str); 3] =
    [(Language::Typescript, "ts"), (Language::Rust, "rs"), (Language::Sql, "sql")];

/// Rust is long, and says of other modules nothing that differs.
const RUST_MODULES: [&str; 3] = ["chat", "events", "procedures"];

/// All files, one after the other.
fn text(definition: &Definition, language: Language) -> String {
    let files = generate(definition, language).unwrap();
    if let [(_, only)] = files.as_slice() {
        return only.clone();
    }
    files.iter().map(|(name, text)| format!("// ---- {name}\n{text}\n")).collect()
}

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
        for (language, ending) in LANGUAGES {
            if language == Language::Rust && !RUST_MODULES.contains(&module) {
                continue;
            }
            let now = text(&definition, language);
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
    for (language, _) in LANGUAGES {
        let (before, now) = (text(&definition("chat"), language), text(&chat, language));
        let mentions = |text: &str| match language {
            Language::Sql => text.contains(&format!("FROM {name};")),
            Language::Rust => text.contains(&format!("mod {name}_table;")),
            Language::Typescript => text.contains(&format!("name: '{name}'")),
        };
        assert!(mentions(&before) && !mentions(&now), "{name} in {language:?}");
        let mut words = now.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        assert!(!words.any(|word| ["init", "client_connected"].contains(&word)), "{language:?}");
    }
}

#[test]
fn names_that_two_things_would_have_in_rust_are_refused() {
    let mut chat = definition("chat");
    chat.tables.iter_mut().find(|table| table.is_public).unwrap().row_type_name = Some("Reducer".into());
    let refusal = generate(&chat, Language::Rust).unwrap_err().to_string();
    assert!(refusal.contains("called Reducer in Rust"), "{refusal}");
}

//! Names in Postgres for names of a module: the canonical name where Postgres takes it.

use std::collections::HashSet;

use crate::pg::name::NAME_BYTES_MAX;

/// Columns every Postgres table has.
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"];
/// Bytes of the name kept before the hash.
const KEPT_BYTES: usize = 54;

/// Names of one namespace: relations and types of a schema, columns of a table, labels of an enum, functions.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// A namespace of columns.
    pub(super) fn of_columns() -> Self {
        Self { taken: SYSTEM_COLUMNS.map(str::to_owned).into() }
    }

    /// Leaves a name to what has it already.
    pub(super) fn keep(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// The Postgres name for `name`: itself, or its beginning and a hash when it is too long or taken.
    pub(super) fn choose(&mut self, name: &str) -> String {
        if name.len() <= NAME_BYTES_MAX && self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let mut attempt = 0u32;
        loop {
            let mut hasher = blake3::Hasher::new();
            hasher.update(name.as_bytes());
            if attempt > 0 {
                hasher.update(&attempt.to_le_bytes());
            }
            let end =
                (0..=KEPT_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
            let chosen = format!("{}_{}", &name[..end], &hasher.finalize().to_hex()[..8]);
            if self.taken.insert(chosen.clone()) {
                return chosen;
            }
            attempt += 1;
        }
    }
}

//! Names: identifiers, canonical names of V10, generated names and the namespaces they live in
//! (module-abi.md §3.7 to §3.9).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use convert_case::{Case, Casing};

use crate::definition::IndexAlgorithm;
use crate::error::Error;
use crate::raw::{NameKind, RawModule};

/// Turns source names into canonical ones: the explicit name if there is one, else the policy's.
pub(crate) struct Naming {
    snake_case: bool,
    explicit: HashMap<(NameKind, String), String>,
}

impl Naming {
    pub(crate) fn new(raw: &RawModule) -> Self {
        let explicit = raw
            .explicit_names
            .iter()
            .map(|name| ((name.kind, name.source.clone()), name.canonical.clone()))
            .collect();
        Self { snake_case: raw.snake_case, explicit }
    }

    pub(crate) fn table(&self, source: &str) -> String {
        self.explicit(NameKind::Table, source).unwrap_or_else(|| self.convert(source, Case::Snake))
    }

    /// Canonical name of a reducer, procedure or view.
    pub(crate) fn function(&self, source: &str) -> String {
        self.explicit(NameKind::Function, source).unwrap_or_else(|| self.convert(source, Case::Snake))
    }

    /// Canonical name of an index, if it is not the generated one.
    pub(crate) fn index(&self, source: &str) -> Option<String> {
        self.explicit(NameKind::Index, source)
    }

    /// Canonical name of a column, field or parameter.
    pub(crate) fn field(&self, source: &str) -> String {
        self.convert(source, Case::Snake)
    }

    pub(crate) fn variant(&self, source: &str) -> String {
        self.convert(source, Case::Camel)
    }

    /// Canonical name of a type, or of one segment of its scope.
    pub(crate) fn type_name(&self, source: &str) -> String {
        self.convert(source, Case::Pascal)
    }

    fn explicit(&self, kind: NameKind, source: &str) -> Option<String> {
        self.explicit.get(&(kind, source.to_owned())).cloned()
    }

    fn convert(&self, source: &str, case: Case) -> String {
        if self.snake_case { source.to_case(case) } else { source.to_owned() }
    }
}

/// Checks that `name` is an identifier: in NFC, XID_Start or `_`, then XID_Continue, not empty.
pub(crate) fn check_identifier(subject: &str, name: &str) -> Result<(), Error> {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first));
    if !starts || !characters.all(unicode_ident::is_xid_continue) {
        return Err(Error::invalid(
            subject,
            format!("`{name}` is not an identifier (a letter or `_`, then letters, digits and `_`)"),
        ));
    }
    if !unicode_normalization::is_nfc(name) {
        return Err(Error::invalid(subject, format!("`{name}` is not in Unicode normal form C")));
    }
    Ok(())
}

/// `{table}_{columns}_idx_{algorithm}`; V9 guests ask for indexes by exactly this string.
pub(crate) fn index_name(table: &str, columns: &[&str], algorithm: IndexAlgorithm) -> String {
    let algorithm = match algorithm {
        IndexAlgorithm::BTree => "btree",
        IndexAlgorithm::Hash => "hash",
        IndexAlgorithm::Direct => "direct",
    };
    format!("{table}_{}_idx_{algorithm}", columns.join("_"))
}

pub(crate) fn constraint_name(table: &str, columns: &[&str]) -> String {
    format!("{table}_{}_key", columns.join("_"))
}

pub(crate) fn sequence_name(table: &str, column: &str) -> String {
    format!("{table}_{column}_seq")
}

pub(crate) fn schedule_name(table: &str) -> String {
    format!("{table}_sched")
}

/// Names that must differ from each other, with what holds each.
#[derive(Default)]
pub(crate) struct Namespace {
    taken: HashMap<String, String>,
}

impl Namespace {
    /// Takes `name` for `subject`; an error if something else has it.
    pub(crate) fn claim(&mut self, name: &str, subject: &str) -> Result<(), Error> {
        match self.taken.entry(name.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(subject.to_owned());
                Ok(())
            }
            Entry::Occupied(entry) => {
                Err(Error::invalid(subject, format!("the name `{name}` is already taken by {}", entry.get())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Abi;

    fn v10() -> Naming {
        Naming::new(&RawModule::empty(Abi::V10))
    }

    #[test]
    fn snake_case_splits_digits_and_acronyms() {
        for (source, canonical) in [
            ("one_u8", "one_u_8"),
            ("btree_u32", "btree_u_32"),
            ("Person2", "person_2"),
            ("playerRef", "player_ref"),
            ("HTTPServer", "http_server"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(v10().table(source), canonical);
            assert_eq!(v10().function(source), canonical);
            assert_eq!(v10().field(source), canonical);
        }
        assert_eq!(v10().variant("DarkBlue"), "darkBlue");
        assert_eq!(v10().type_name("user_data"), "UserData");
        assert_eq!(v10().type_name("Person2"), "Person2");
    }

    #[test]
    fn v9_and_policy_none_convert_nothing() {
        let v9 = Naming::new(&RawModule::empty(Abi::V9));
        let mut raw = RawModule::empty(Abi::V10);
        raw.snake_case = false;
        for naming in [v9, Naming::new(&raw)] {
            assert_eq!(naming.table("Person2"), "Person2");
            assert_eq!(naming.variant("DarkBlue"), "DarkBlue");
            assert_eq!(naming.type_name("user_data"), "user_data");
        }
    }

    #[test]
    fn identifiers() {
        for good in ["a", "_", "_1", "Größe", "имя", "st"] {
            assert!(check_identifier("x", good).is_ok(), "{good}");
        }
        // The last one is "é" as two code points.
        for bad in ["", "1a", "a b", "a-b", "a.b", "$x", "e\u{301}"] {
            assert!(check_identifier("x", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn generated_names() {
        assert_eq!(index_name("user", &["id"], IndexAlgorithm::BTree), "user_id_idx_btree");
        assert_eq!(index_name("t", &["a", "b"], IndexAlgorithm::Hash), "t_a_b_idx_hash");
        assert_eq!(index_name("t", &["a"], IndexAlgorithm::Direct), "t_a_idx_direct");
        assert_eq!(constraint_name("t", &["a", "b"]), "t_a_b_key");
        assert_eq!(sequence_name("t", "id"), "t_id_seq");
        assert_eq!(schedule_name("t"), "t_sched");
    }
}

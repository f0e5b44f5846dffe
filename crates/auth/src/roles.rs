//! Postgres roles from a token's claims.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where a token holds its roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RoleClaim {
    /// A claim of this name, dots and slashes included (`https://example.com/roles`).
    Name(String),
    /// A path into objects (`["realm_access", "roles"]`).
    Path(Vec<String>),
}

/// What a value of the claim stands for: one Postgres role or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Mapped {
    One(String),
    Several(Vec<String>),
}

impl Mapped {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// The Postgres roles that `claims` give. Values that are not in `map` give none: an issuer must not be able to name
/// any role of the server.
pub(crate) fn roles(
    claims: &Map<String, Value>,
    claim: &RoleClaim,
    map: &BTreeMap<String, Mapped>,
) -> BTreeSet<String> {
    let found = match claim {
        RoleClaim::Name(name) => claims.get(name),
        RoleClaim::Path(path) => match path.split_first() {
            Some((first, rest)) => {
                rest.iter().try_fold(claims.get(first), |value, name| Some(value?.get(name))).flatten()
            }
            None => None,
        },
    };
    let values: Vec<&str> = match found {
        // A string may hold several words, as the claim "scope" does.
        Some(Value::String(words)) if !map.contains_key(words) => words.split(' ').collect(),
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    values.iter().filter_map(|value| map.get(*value)).flat_map(Mapped::names).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn maps_claims_of_the_usual_shapes() {
        let map: BTreeMap<String, Mapped> =
            serde_json::from_value(json!({"admin": ["spacetime_admin", "auditor"], "editor": "editor"}))
                .unwrap();
        let of = |claims: Value, claim: Value| {
            let claim: RoleClaim = serde_json::from_value(claim).unwrap();
            roles(claims.as_object().unwrap(), &claim, &map).into_iter().collect::<Vec<_>>().join(" ")
        };
        let namespaced = json!("https://example.com/roles");
        assert_eq!(
            of(json!({"https://example.com/roles": ["admin", "postgres"]}), namespaced),
            "auditor spacetime_admin"
        );
        let nested = json!({"realm_access": {"roles": ["editor", 7, null]}});
        assert_eq!(of(nested.clone(), json!(["realm_access", "roles"])), "editor");
        assert_eq!(of(nested, json!("realm_access.roles")), "");
        assert_eq!(of(json!({"scope": "openid editor"}), json!("scope")), "editor");
        assert_eq!(of(json!({"role": "postgres"}), json!("role")), "");
        assert_eq!(of(json!({"role": {"admin": true}}), json!("role")), "");
    }
}

//! Environment variables a module declares (section 15): configuration that is no data of its tables.

use std::collections::HashSet;

use crate::definition::EnvironmentVariable;
use crate::error::Error;

/// Longest name of a variable in bytes, and most variables of a module.
const MAX_NAME: usize = 256;
const MAX_VARIABLES: usize = 256;

/// The declarations, checked.
pub(crate) fn variables(raw: &[EnvironmentVariable]) -> Result<Vec<EnvironmentVariable>, Error> {
    if raw.len() > MAX_VARIABLES {
        let problem = format!("declares {} variables, {MAX_VARIABLES} are allowed", raw.len());
        return Err(Error::invalid("environment", problem));
    }
    let mut names = HashSet::new();
    for variable in raw {
        let subject = || format!("environment variable `{}`", variable.name);
        if !is_variable_name(&variable.name) {
            return Err(Error::invalid(
                subject(),
                format!("the name must be letters, digits and `_`, no digit first, {MAX_NAME} bytes at most"),
            ));
        }
        if !names.insert(variable.name.as_str()) {
            return Err(Error::invalid(subject(), "is declared twice"));
        }
    }
    Ok(raw.to_vec())
}

/// Whether a name is one that environment variables can have.
fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= MAX_NAME
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

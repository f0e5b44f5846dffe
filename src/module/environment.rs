//! Environment variables of modules: who sets them, and what a guest reads.

use spacetime_definition::EnvironmentVariable;

use super::{ReadyModule, ready};
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::entry;

/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 8 << 10;

/// A declared variable and what it is set to.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) variable: EnvironmentVariable,
    pub(crate) value: Option<String>,
}

/// `set_env(module, name, value)`; no value removes the variable.
pub(crate) fn set_variable(module: &str, name: &str, value: Option<&str>) -> Result<()> {
    entry::check(c"set_env")?;
    let module = ready(module)?;
    super::owner::require_owner(&module.row, "set its environment")?;
    let Some(variable) = module.definition.environment.iter().find(|variable| variable.name == name) else {
        let declared: Vec<_> =
            module.definition.environment.iter().map(|known| known.name.as_str()).collect();
        return Err(Error::InvalidParameter {
            what: format!("module {:?} declares no environment variable {name:?}", module.row.name),
            hint: match declared.as_slice() {
                [] => "It declares none.".into(),
                declared => format!("It declares {}.", declared.join(", ")),
            },
        });
    };
    if let Some(value) = value {
        require_allowed(&module, variable, value)?;
    }
    catalog::set_variable(module.row.identity, name, value)
}

/// `env(module)`.
pub(crate) fn environment(module: &str) -> Result<Vec<Setting>> {
    let module = ready(module)?;
    super::owner::require_owner(&module.row, "read its environment")?;
    let variables = module.definition.environment.iter();
    variables
        .map(|variable| {
            let value = catalog::variable(module.row.identity, &variable.name)?;
            Ok(Setting { variable: variable.clone(), value })
        })
        .collect()
}

/// What the guest reads of a variable. A newer version may allow less than was set for an older one.
pub(crate) fn read_variable(module: &ReadyModule, variable: &EnvironmentVariable) -> Result<Option<String>> {
    let value = catalog::variable(module.row.identity, &variable.name)?;
    if let Some(value) = &value {
        require_allowed(module, variable, value)?;
    }
    Ok(value)
}

/// Values may be secrets: they are in no message.
fn require_allowed(module: &ReadyModule, variable: &EnvironmentVariable, value: &str) -> Result<()> {
    let refused = |hint: String| Error::InvalidParameter {
        what: format!(
            "the value of environment variable {:?} of module {:?} is not allowed",
            variable.name, module.row.name
        ),
        hint,
    };
    if value.len() > VALUE_BYTES_MAX {
        return Err(refused(format!("It takes {VALUE_BYTES_MAX} bytes at most.")));
    }
    match &variable.allowed {
        Some(allowed) if !allowed.iter().any(|allowed| allowed == value) => {
            Err(refused(format!("It may be one of: {}.", allowed.join(", "))))
        }
        _ => Ok(()),
    }
}

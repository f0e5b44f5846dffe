//! Environment variables of modules.

use pgrx::prelude::*;

use crate::error::Error;
use crate::module;
use crate::pg::report::ErrorReport;

#[pg_schema]
mod spacetime {
    use super::*;

    /// Sets an environment variable of a module; NULL removes it.
    #[pg_extern(volatile, parallel_unsafe)]
    fn set_env(module: Option<&str>, name: Option<&str>, value: Option<&str>) -> Result<(), ErrorReport> {
        let (Some(module), Some(name)) = (module, name) else {
            return Err(Error::InvalidParameter {
                what: "module and name of an environment variable must not be NULL".into(),
                hint: String::new(),
            }
            .into());
        };
        Ok(module::set_variable(module, name, value)?)
    }

    /// The environment variables a module declares, and their values.
    #[pg_extern(stable, strict, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "the macro reads the column names from the type")]
    fn env(
        module: &str,
    ) -> Result<
        TableIterator<
            'static,
            (
                name!(name, String),
                name!(is_optional, bool),
                name!(allowed, Option<Vec<String>>),
                name!(value, Option<String>),
            ),
        >,
        ErrorReport,
    > {
        let settings = module::environment(module)?.into_iter();
        Ok(TableIterator::new(settings.map(|setting| {
            let variable = setting.variable;
            (variable.name, variable.is_optional, variable.allowed, setting.value)
        })))
    }
}

//! Publishing, dropping and looking at modules.

use pgrx::prelude::*;

use crate::module;
use crate::pg::report::ErrorReport;

/// Creates or updates a module in the current transaction.
#[pg_extern(volatile, strict, parallel_unsafe)]
fn publish_module(
    name: &str,
    wasm: &[u8],
    options: default!(pgrx::JsonB, "'{}'"),
) -> Result<pgrx::JsonB, ErrorReport> {
    Ok(pgrx::JsonB(module::publish(name, wasm, options.0)?))
}

#[pg_schema]
mod spacetime {
    use super::*;

    /// What publishing would do, step by step, and what of it would be refused.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "the macro reads the column names from the type")]
    fn plan_publish(
        name: &str,
        wasm: &[u8],
        options: default!(pgrx::JsonB, "'{}'"),
    ) -> Result<
        TableIterator<
            'static,
            (
                name!(step, i64),
                name!(kind, String),
                name!(object, String),
                name!(sql, Option<String>),
                name!(breaks_clients, bool),
                name!(refused_why, Option<String>),
            ),
        >,
        ErrorReport,
    > {
        let steps = module::plan_publish(name, wasm, options.0)?;
        Ok(TableIterator::new((1i64..).zip(steps).map(|(number, (step, refused_why))| {
            let sql = (!step.sql.is_empty()).then(|| step.sql.join(";\n"));
            (number, step.kind.to_owned(), step.object, sql, step.breaks_clients, refused_why)
        })))
    }

    /// Removes a module, with its data unless `keep_data`.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn drop_module(name: &str, keep_data: default!(bool, false)) -> Result<(), ErrorReport> {
        Ok(module::drop_module(name, keep_data)?)
    }

    /// Brings a module and its schema together again: after a rename, after DDL by hand, after DROP EXTENSION.
    #[pg_extern(volatile, parallel_unsafe)]
    fn adopt_module(
        name: &str,
        wasm: default!(Option<&[u8]>, "NULL"),
        schema: default!(Option<&str>, "NULL"),
    ) -> Result<pgrx::JsonB, ErrorReport> {
        Ok(pgrx::JsonB(module::adopt(name, wasm, schema)?))
    }

    /// The definition of a module.
    #[pg_extern(stable, strict, parallel_unsafe)]
    fn describe(name: &str) -> Result<pgrx::JsonB, ErrorReport> {
        Ok(pgrx::JsonB(module::describe(name)?))
    }

    /// Gives a module to another identity.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn set_owner(module: &str, identity: &[u8]) -> Result<(), ErrorReport> {
        Ok(module::set_owner(module, identity)?)
    }

    /// Replaces the names of a module; without any it is reached by its identity.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn set_names(module: &str, names: Vec<String>) -> Result<(), ErrorReport> {
        Ok(module::set_names(module, &names)?)
    }

    /// Protects a module from being dropped or emptied, or takes that back.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn protect_module(module: &str, protected: default!(bool, true)) -> Result<(), ErrorReport> {
        Ok(module::protect(module, protected)?)
    }

    /// Lets an identity publish new modules.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn grant_publish(identity: &[u8]) -> Result<(), ErrorReport> {
        Ok(module::allow_publish(identity, true)?)
    }

    /// Takes back the right to publish new modules.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn revoke_publish(identity: &[u8]) -> Result<(), ErrorReport> {
        Ok(module::allow_publish(identity, false)?)
    }

    /// Differences between a module and its tables; no rows when all is well.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn check_module(
        name: &str,
    ) -> Result<TableIterator<'static, (name!(object, String), name!(problem, String))>, ErrorReport> {
        let findings = module::check(name)?;
        Ok(TableIterator::new(findings.into_iter().map(|finding| (finding.object, finding.problem))))
    }

    /// What a module logged, newest last.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "the macro reads the column names from the type")]
    fn logs(
        module: &str,
        limit_rows: default!(i32, 100),
        min_level: default!(&str, "'info'"),
    ) -> Result<
        TableIterator<
            'static,
            (
                name!(at, TimestampWithTimeZone),
                name!(level, String),
                name!(target, Option<String>),
                name!(file, Option<String>),
                name!(line, Option<i32>),
                name!(message, String),
            ),
        >,
        ErrorReport,
    > {
        let lines = module::read_log(module, limit_rows, min_level)?;
        Ok(TableIterator::new(lines.into_iter().map(|line| {
            let at = crate::pg::datum::timestamp_of_unix_us(line.ts);
            let number = line.line.and_then(|number| i32::try_from(number).ok());
            (at, line.level, line.target, line.file, number, line.message)
        })))
    }
}

//! Finds what operators' DDL has done to a module's tables, before a call stumbles over it.

use super::ready::wrappers_of;
use super::wrappers::Wrapper;
use super::{ReadyModule, ready, triggers};
use crate::catalog::{self, StoredView};
use crate::error::{Error, Result};
use crate::pg::{access, user};

/// One difference between a module and what Postgres holds of it.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) object: String,
    pub(crate) problem: String,
    /// Whether adopt_module mends it.
    pub(super) is_repairable: bool,
}

/// `check_module(name)`.
pub(crate) fn check(module: &str) -> Result<Vec<Finding>> {
    let module = ready(module)?;
    super::owner::require_owner_or_admin(&module.row, "check it")?;
    differences_as_owner(&module)
}

pub(super) fn differences_as_owner(module: &ReadyModule) -> Result<Vec<Finding>> {
    // Looking at defaults and index expressions can call functions of the owner's: with the owner's rights, then.
    let caller = user::become_owner(module.owner);
    user::pin_settings(&module.search_path);
    let findings = differences(module);
    caller.restore();
    findings
}

fn differences(module: &ReadyModule) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (at, stored) in module.row.storage.tables.iter().enumerate().filter(|(_, table)| !table.is_event) {
        match module.open_table(at) {
            Ok((mut table, codec)) => {
                if let Err(error) = table.writer(module.write_context(&codec, &|| Ok(()))).map(|_| ()) {
                    findings.push(broken(stored.pg_name.clone(), error.to_string()));
                }
                let gone = codec.indexes.iter().filter(|index| index.facts.is_none());
                findings.extend(gone.map(|index| {
                    broken(index.name.clone(), format!("index of table {} is gone", stored.pg_name))
                }));
                table.close();
            }
            Err(Error::TableChanged { table, problem, .. }) => findings.push(broken(table, problem)),
            Err(other) => return Err(other),
        }
    }
    // Not those the cache knows: a function can be dropped without the module noticing.
    let there = wrappers_of(module.schema, module.row.identity)?;
    for wrapper in Wrapper::all(&module.row.storage) {
        if let Some(function) = wrapper.function()
            && !there.iter().any(|(_, of)| *of == wrapper.of())
        {
            let problem = format!("function of a {} is gone", wrapper.noun());
            findings.push(repairable(module, function.to_owned(), &problem));
        } else if let Wrapper::View(StoredView { pg_view: Some(relation), .. }) = wrapper
            && access::relation(module.schema, relation).is_none()
        {
            findings.push(repairable(module, relation.clone(), "SQL view of a view is gone"));
        }
    }
    let working = catalog::own_working_triggers(module.schema)?;
    for (table, stored) in module.definition.tables.iter().zip(&module.row.storage.tables) {
        if access::relation(module.schema, &stored.pg_name).is_none() {
            continue;
        }
        for trigger in triggers::of_table(&module.row, &module.definition, table, stored) {
            let wanted = (stored.pg_name.clone(), trigger.function.to_owned());
            if !working.contains(&wanted) {
                let problem =
                    format!("trigger with function spacetime.{} is gone or disabled", trigger.function);
                findings.push(repairable(module, stored.pg_name.clone(), &problem));
            }
        }
    }
    Ok(findings)
}

fn broken(object: String, problem: String) -> Finding {
    Finding { object, problem, is_repairable: false }
}

fn repairable(module: &ReadyModule, object: String, problem: &str) -> Finding {
    let problem = format!("{problem}; spacetime.adopt_module('{}') makes it again", module.row.name);
    Finding { object, problem, is_repairable: true }
}

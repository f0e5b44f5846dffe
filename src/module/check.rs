//! Finds what operators' DDL has done to a module's tables, before a call stumbles over it.

use super::{ReadyModule, ready};
use crate::error::{Error, Result};
use crate::pg::user;

/// One difference between a module and what Postgres holds of it.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) object: String,
    pub(crate) problem: String,
}

/// `check_module(name)`.
pub(crate) fn check(module: &str) -> Result<Vec<Finding>> {
    let module = ready(module)?;
    module.require_owner("check it")?;
    // Looking at defaults and index expressions can call functions of the owner's: with the owner's rights, then.
    let caller = user::become_owner(module.owner);
    user::pin_settings(&module.search_path);
    let findings = differences(&module);
    caller.restore();
    findings
}

fn differences(module: &ReadyModule) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (at, stored) in module.row.storage.tables.iter().enumerate().filter(|(_, table)| !table.is_event) {
        match module.open_table(at) {
            Ok((mut table, codec)) => {
                if let Err(error) = table.writer(module.write_context(&codec)).map(|_| ()) {
                    findings.push(Finding { object: stored.pg_name.clone(), problem: error.to_string() });
                }
                let gone = codec.indexes.iter().filter(|index| index.facts.is_none());
                findings.extend(gone.map(|index| Finding {
                    object: index.name.clone(),
                    problem: format!("index of table {} is gone", stored.pg_name),
                }));
                table.close();
            }
            Err(Error::TableChanged { table, problem, .. }) => {
                findings.push(Finding { object: table, problem })
            }
            Err(other) => return Err(other),
        }
    }
    for reducer in &module.row.storage.reducers {
        if let Some(function) = &reducer.pg_name
            && module.wrapper(&reducer.name).is_none()
        {
            findings
                .push(Finding { object: function.clone(), problem: "function of a reducer is gone".into() });
        }
    }
    Ok(findings)
}

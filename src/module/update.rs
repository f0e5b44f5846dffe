//! A new version of a module that keeps its data: works out the steps, refuses those that cannot be, carries out the rest.

use std::collections::{HashMap, HashSet};

use spacetime_definition::migration::{Migration, Obstacle};

use super::migrate::{PlannedStep, Versions};
use super::options::Options;
use super::plan::{self, Previous};
use super::publish::{self, Upload};
use super::ready::{ready, wrappers_of};
use crate::catalog::{self, ModuleRow, StoragePlan};
use crate::changes;
use crate::error::{Error, Result};
use crate::pg::name::{quote, quote_qualified};
use crate::pg::{Oid, access, read, user};

/// All steps of an update, and the storage it ends with.
pub(super) struct Update {
    storage: StoragePlan,
    /// Before and after the catalog knows the new version.
    data: Vec<PlannedStep>,
    functions: Vec<PlannedStep>,
    /// Tables to be locked before anything else.
    tables: Vec<String>,
}

impl Update {
    fn plan(existing: &ModuleRow, upload: &Upload<'_>) -> Result<Self> {
        let old_definition = spacetime_definition::decode(&existing.description).map_err(publish::refused)?;
        let migration = Migration::between(&old_definition, &upload.definition);
        let previous = Previous { storage: &existing.storage, migration: &migration };
        let storage = plan::plan(&upload.definition, &existing.schema_name, existing.u64_as, Some(previous))?;
        let versions = versions(existing, upload, &storage, &migration)?;
        let data = versions.data_steps()?;
        let functions = versions.function_steps();
        let tables = versions.locked_tables(&data).into_iter().map(str::to_owned).collect();
        Ok(Self { storage, data, functions, tables })
    }

    fn steps(&self) -> impl Iterator<Item = &PlannedStep> {
        self.data.iter().chain(&self.functions)
    }

    fn into_steps(self) -> impl Iterator<Item = PlannedStep> {
        self.data.into_iter().chain(self.functions)
    }
}

/// What there is of the old version, beside its rows.
fn versions<'a>(
    existing: &'a ModuleRow,
    upload: &'a Upload<'_>,
    storage: &'a StoragePlan,
    migration: &'a Migration,
) -> Result<Versions<'a>> {
    let module = ready(&existing.identity.to_string())?;
    let (mut wrappers, mut grants) = (HashSet::new(), HashMap::new());
    // Not those the cache knows: a function can be dropped without the module noticing.
    for (function, of) in wrappers_of(module.schema, existing.identity)? {
        // A new version must not give back what was revoked.
        if let Some(changed) = catalog::grants(function)? {
            grants.insert(of.clone(), changed);
        }
        wrappers.insert(of);
    }
    Ok(Versions {
        old: existing,
        new: storage,
        definition: &upload.definition,
        migration,
        wrappers,
        grants,
        triggers: catalog::own_triggers(module.schema)?,
    })
}

/// A new version, or the same once more, which brings back what was dropped by hand.
pub(super) fn update(
    existing: ModuleRow,
    upload: &Upload<'_>,
    options: &Options,
) -> Result<serde_json::Value> {
    access::lock_module(
        access::schema(&existing.schema_name)
            .and_then(|schema| access::relation(schema, &existing.storage.lock_table))
            .ok_or_else(|| Error::SchemaGone {
                module: existing.name.clone(),
                schema: existing.schema_name.clone(),
            })?,
    );
    let update = Update::plan(&existing, upload)?;
    let owner = publish::owner_of(&existing)?;
    let mut done = Vec::new();
    if !update.tables.is_empty() {
        // All at once: what cannot be had is found out before anything is rewritten.
        let tables: Vec<_> =
            update.tables.iter().map(|table| quote_qualified(&existing.schema_name, table)).collect();
        let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", "));
        publish::run(owner, &[lock], &mut done)?;
    }
    require_possible(&existing, owner, &update, options)?;
    let is_new = existing.wasm_sha256 != upload.sha256;
    if !is_new && update.steps().next().is_none() {
        return Ok(publish::result(&existing, false, &[]));
    }
    let row = ModuleRow {
        version: existing.version + i32::from(is_new),
        wasm_sha256: upload.sha256,
        description: upload.description.clone(),
        storage: update.storage.clone(),
        ..existing.clone()
    };
    publish::carry_out(owner, &update.data, &mut done)?;
    if is_new {
        catalog::update_code(&row, upload.wasm)?;
        publish::forget_artifact(&existing);
    }
    publish::carry_out(owner, &update.functions, &mut done)?;
    super::schedule::warn_of_gaps(&upload.definition);
    if is_new {
        let breaks_clients = update.steps().any(|step| step.breaks_clients);
        changes::note_published(row.identity, row.version, breaks_clients);
    }
    Ok(publish::result(&row, false, &done))
}

/// The steps of an update and, for those that would be refused, why.
pub(super) fn planned(
    existing: &ModuleRow,
    upload: &Upload<'_>,
    options: &Options,
) -> Result<Vec<(PlannedStep, Option<String>)>> {
    let update = Update::plan(existing, upload)?;
    let owner = publish::owner_of(existing)?;
    update
        .into_steps()
        .map(|step| {
            let standing = standing(existing, owner, &step, options)?;
            let why = standing.map(|obstacle| format!("{}. {}", obstacle.why, obstacle.way_out));
            Ok((step, why))
        })
        .collect()
}

fn require_possible(existing: &ModuleRow, owner: Oid, update: &Update, options: &Options) -> Result<()> {
    let mut refused = Vec::new();
    for step in update.steps() {
        refused.extend(standing(existing, owner, step, options)?);
    }
    let Some(first) = refused.iter().find(|obstacle| !obstacle.unless_allowed).or(refused.first()) else {
        return Ok(());
    };
    Err(Error::MigrationRefused {
        module: existing.name.clone(),
        why: first.why.clone(),
        others: refused.iter().filter(|other| *other != first).map(|other| other.why.clone()).collect(),
        way_out: first.way_out.clone().into_owned(),
        liftable: refused.iter().all(|obstacle| obstacle.unless_allowed || obstacle.unless_empty.is_some()),
    })
}

/// What stands against a step with these options and these rows.
fn standing(
    existing: &ModuleRow,
    owner: Oid,
    step: &PlannedStep,
    options: &Options,
) -> Result<Option<Obstacle>> {
    let Some(obstacle) = &step.obstacle else { return Ok(None) };
    if obstacle.unless_allowed && options.allow_breaking {
        return Ok(None);
    }
    if let Some(table) = obstacle.unless_empty
        && !holds_rows(existing, owner, &existing.storage.tables[table].pg_name)?
    {
        return Ok(None);
    }
    Ok(Some(obstacle.clone()))
}

fn holds_rows(existing: &ModuleRow, owner: Oid, table: &str) -> Result<bool> {
    let schema = access::schema(&existing.schema_name);
    if schema.and_then(|schema| access::relation(schema, table)).is_none() {
        return Ok(false);
    }
    let caller = user::become_owner(owner);
    user::pin_settings("pg_catalog, pg_temp");
    // Rows that a policy hides are rows: better an error than to lose them.
    user::set_local(c"row_security", "off");
    let query = format!("SELECT 'row' FROM {}.{} LIMIT 1", quote(&existing.schema_name), quote(table));
    let rows = read::select(&query, &[])?;
    caller.restore();
    Ok(!rows.is_empty())
}

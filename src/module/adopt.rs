//! Adopting: a module and its schema find each other again after an operator has renamed the schema or dropped functions
//! and triggers, or after DROP EXTENSION has taken everything but the tables.
//!
//! What is needed of a module the catalog has lost is kept in its schema, as the comment of the lock table. The schema's
//! owner can write that, so it is believed no more than an option of publish_module is; what the tables hold is measured
//! against the definition in the wasm.

use serde::{Deserialize, Serialize};
use spacetime_auth::Identity;
use spacetime_definition::Definition;
use spacetime_definition::migration::Migration;

use super::check::differences_as_owner;
use super::migrate::PlannedStep;
use super::plan::{self, Previous};
use super::publish::{self, Upload};
use super::ready::{ready, wrappers_of};
use super::wrappers::{Wrapper, create_relation};
use super::{policies, schedule, triggers};
use crate::auth;
use crate::catalog::{self, Concurrency, ModuleRow, SqlWriters, StoredView};
use crate::changes;
use crate::error::{Error, Result};
use crate::pg::name::quote;
use crate::pg::{Oid, access, entry, user};
use crate::row::U64As;

/// What the comment of a lock table says of its module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    module: String,
    identity: String,
    owner_identity: String,
    row_concurrency: bool,
    sql_writers_free: bool,
    u64: U64As,
}

/// A record, and where it was found.
struct Found {
    record: Record,
    identity: Identity,
    schema_name: String,
    schema: Oid,
    owner_role: String,
    lock_table: String,
}

impl Record {
    pub(super) fn of(row: &ModuleRow) -> Self {
        Self {
            module: row.name.clone(),
            identity: row.identity.to_string(),
            owner_identity: row.owner_identity.to_string(),
            row_concurrency: row.concurrency == Concurrency::Row,
            sql_writers_free: row.sql_writers == SqlWriters::Free,
            u64: row.u64_as,
        }
    }
}

/// `adopt_module(name, wasm, schema)`; returns `{module, version, created, steps}`.
pub(crate) fn adopt(module: &str, wasm: Option<&[u8]>, schema: Option<&str>) -> Result<serde_json::Value> {
    entry::check(c"adopt_module")?;
    publish::require_valid_name(module)?;
    access::lock_catalog(catalog::catalog_oid()?);
    match catalog::find(module)? {
        Some(existing) => {
            super::owner::require_owner(&existing, "adopt it")?;
            repair(existing, wasm, schema)
        }
        None => take_in(module, wasm, schema),
    }
}

/// The catalog knows the module: its schema may have another name by now.
fn repair(existing: ModuleRow, wasm: Option<&[u8]>, schema: Option<&str>) -> Result<serde_json::Value> {
    if wasm.is_some_and(|wasm| publish::sha256(wasm) != existing.wasm_sha256) {
        return Err(Error::InvalidParameter {
            what: format!("this is not the code of module {:?}", existing.name),
            hint: "Leave wasm out to repair the module; publish_module brings new code.".into(),
        });
    }
    let key = existing.identity.to_string();
    let found = find(schema, &existing.name, |found| found.record.identity == key)?;
    let owner_role = owner_role(&existing, &found)?;
    require_unclaimed(&found, existing.identity)?;
    let definition = spacetime_definition::decode(&existing.description).map_err(publish::refused)?;
    let migration = Migration::between(&definition, &definition);
    let previous = Previous { storage: &existing.storage, migration: &migration };
    // Types and defaults name the schema.
    let storage = plan::plan(&definition, &found.schema_name, existing.u64_as, Some(previous))?;
    let row = ModuleRow { schema_name: found.schema_name.clone(), owner_role, storage, ..existing };
    lock(&found);
    catalog::update_place(&row)?;
    complete(row, &definition, &found, false)
}

/// The owner's role from now on. Roles are recorded by name: after ALTER ROLE … RENAME or REASSIGN OWNED a superuser makes
/// the module the schema's owner's again.
fn owner_role(existing: &ModuleRow, found: &Found) -> Result<String> {
    let recorded = access::role(&existing.owner_role);
    if recorded.is_some_and(|owner| access::owns_schema(owner, found.schema)) {
        return Ok(existing.owner_role.clone());
    }
    if user::is_superuser() && auth::current()?.is_none() {
        return Ok(found.owner_role.clone());
    }
    Err(not_owner(&found.schema_name, &existing.owner_role))
}

/// The catalog does not know the module: wasm and tables make one of it.
fn take_in(module: &str, wasm: Option<&[u8]>, schema: Option<&str>) -> Result<serde_json::Value> {
    let Some(wasm) = wasm else {
        return Err(Error::InvalidParameter {
            what: format!("module {module:?} does not exist, so its code is needed to adopt it"),
            hint: "SELECT spacetime.adopt_module(name, pg_read_binary_file('…/module.wasm')): the code it was last published with."
                .into(),
        });
    };
    let found = find(schema, module, |found| found.record.module == module)?;
    let owner = access::role(&found.owner_role).unwrap_or(Oid::INVALID);
    if !user::has_rights_of(user::current_user(), owner) {
        return Err(not_owner(&found.schema_name, &user::role_name(user::current_user())));
    }
    require_unclaimed(&found, found.identity)?;
    if let Some(other) = catalog::find(&found.record.identity)? {
        return Err(Error::AlreadyExists {
            what: format!("schema {:?} is that of module {:?}", found.schema_name, other.name),
            hint: String::new(),
        });
    }
    let upload = publish::upload(module, wasm, found.identity)?;
    let row = restored_row(module, &found, &upload)?;
    lock(&found);
    catalog::insert(&row, std::slice::from_ref(&row.name), wasm)?;
    complete(row, &upload.definition, &found, true)
}

fn restored_row(module: &str, found: &Found, upload: &Upload<'_>) -> Result<ModuleRow> {
    let record = &found.record;
    let storage = plan::plan(&upload.definition, &found.schema_name, record.u64, None)?;
    if storage.lock_table != found.lock_table {
        return Err(no_record(module, Some(&found.schema_name)));
    }
    Ok(ModuleRow {
        name: module.to_owned(),
        identity: found.identity,
        owner_identity: identity(&record.owner_identity).unwrap_or(found.identity),
        owner_role: found.owner_role.clone(),
        schema_name: found.schema_name.clone(),
        version: 1,
        wasm_sha256: upload.sha256,
        description: upload.description.clone(),
        concurrency: if record.row_concurrency { Concurrency::Row } else { Concurrency::Serial },
        sql_writers: if record.sql_writers_free { SqlWriters::Free } else { SqlWriters::Locked },
        u64_as: record.u64,
        storage,
    })
}

/// Makes the functions and triggers that are missing, once the tables have been found to fit.
fn complete(
    row: ModuleRow,
    definition: &Definition,
    found: &Found,
    created: bool,
) -> Result<serde_json::Value> {
    publish::announce()?;
    let module = ready(&row.identity.to_string())?;
    if let Some(finding) = differences_as_owner(&module)?.into_iter().find(|finding| !finding.is_repairable) {
        return Err(Error::NotInState {
            what: format!(
                "module {:?} does not fit its tables: {}: {}",
                row.name, finding.object, finding.problem
            ),
            hint: "Undo the change of the table, or adopt with the code the tables were made by.".into(),
        });
    }
    let mut done = Vec::new();
    publish::carry_out(module.owner, &missing_functions(&row, definition, found)?, &mut done)?;
    if created {
        publish::carry_out(module.owner, &lost_policies(&row), &mut done)?;
    }
    if created {
        schedule::warn_of_gaps(definition);
        changes::note_published(row.identity, row.version, true);
    }
    let module = ready(&row.identity.to_string())?;
    schedule::heal(&module)?;
    schedule::wake_workers_at_commit(definition);
    Ok(publish::result(&row, created, &done))
}

/// Policies that ask for the sender go with the extension; the others stay.
fn lost_policies(row: &ModuleRow) -> Vec<PlannedStep> {
    let ruled = row.storage.tables.iter().filter(|table| !table.rules.is_empty());
    let mut sql: Vec<_> = ruled.flat_map(|table| policies::hide_table(table, &row.schema_name)).collect();
    if sql.is_empty() {
        return Vec::new();
    }
    sql.extend(policies::open_ruled_tables(&row.storage, &row.schema_name));
    vec![PlannedStep::new("change_row_level_security", "client visibility filters".into(), sql)]
}

fn missing_functions(row: &ModuleRow, definition: &Definition, found: &Found) -> Result<Vec<PlannedStep>> {
    let there = wrappers_of(found.schema, row.identity)?;
    let mut steps = Vec::new();
    for wrapper in Wrapper::all(&row.storage) {
        let is_there = there.iter().any(|(_, of)| *of == wrapper.of());
        let sql = match wrapper {
            Wrapper::View(view) if is_there => missing_relation(row, found, view),
            _ if is_there => Vec::new(),
            _ => wrapper.create(&row.schema_name, row.identity, &row.owner_role),
        };
        if !sql.is_empty() {
            steps.push(PlannedStep::new(wrapper.kinds().add, wrapper.object(), sql).by_superuser());
        }
    }
    let working = catalog::own_working_triggers(found.schema)?;
    for (table, stored) in definition.tables.iter().zip(&row.storage.tables) {
        for trigger in triggers::of_table(row, definition, table, stored) {
            if working.contains(&(stored.pg_name.clone(), trigger.function.to_owned())) {
                continue;
            }
            let object = format!("table `{}`", table.name);
            steps.push(PlannedStep::new("create_trigger", object, trigger.sql).by_superuser());
        }
    }
    Ok(steps)
}

/// What makes the SQL view of a view that has its function still.
fn missing_relation(row: &ModuleRow, found: &Found, view: &StoredView) -> Vec<String> {
    let name = view.pg_view.as_ref().filter(|name| access::relation(found.schema, name).is_none());
    let sql = name.and_then(|_| create_relation(view, &row.schema_name, &quote(&row.owner_role)));
    sql.into_iter().collect()
}

/// Whether some schema still has the record of a module.
pub(super) fn is_recorded(identity: Identity) -> Result<bool> {
    let key = identity.to_string();
    Ok(catalog::commented_tables()?.iter().any(|table| table.comment.contains(&key)))
}

/// Looks for the one schema whose record fits; `schema` decides where there are several.
fn find(schema: Option<&str>, module: &str, fits: impl Fn(&Found) -> bool) -> Result<Found> {
    let mut found = Vec::new();
    for commented in catalog::commented_tables()? {
        if schema.is_some_and(|schema| commented.schema_name != schema) {
            continue;
        }
        let Ok(record) = serde_json::from_str::<Record>(&commented.comment) else { continue };
        let (Some(schema), Some(identity)) =
            (access::schema(&commented.schema_name), identity(&record.identity))
        else {
            continue;
        };
        let candidate = Found {
            record,
            identity,
            schema,
            schema_name: commented.schema_name,
            owner_role: commented.owner_role,
            lock_table: commented.table,
        };
        if fits(&candidate) {
            found.push(candidate);
        }
    }
    let found_one = found.pop().ok_or_else(|| no_record(module, schema))?;
    match found.first() {
        None => Ok(found_one),
        Some(other) => Err(Error::InvalidParameter {
            what: format!(
                "module {module:?} could be in schema {:?} or {:?}",
                other.schema_name, found_one.schema_name
            ),
            hint: "Say which: SELECT spacetime.adopt_module(name, schema => '…').".into(),
        }),
    }
}

fn identity(hex: &str) -> Option<Identity> {
    let bytes = hex::decode(hex).ok()?.try_into().ok()?;
    Some(Identity::from_be_bytes(bytes))
}

/// Another module must not have the schema by its name already.
fn require_unclaimed(found: &Found, identity: Identity) -> Result<()> {
    match catalog::find_by_schema(&found.schema_name)? {
        Some(other) if other.identity != identity => Err(Error::AlreadyExists {
            what: format!("schema {:?} belongs to module {:?}", found.schema_name, other.name),
            hint: String::new(),
        }),
        _ => Ok(()),
    }
}

/// Reducers that run now end first.
fn lock(found: &Found) {
    if let Some(lock_table) = access::relation(found.schema, &found.lock_table) {
        access::lock_module(lock_table);
    }
}

fn no_record(module: &str, schema: Option<&str>) -> Error {
    Error::NotInState {
        what: match schema {
            Some(schema) => format!("schema {schema:?} is not that of module {module:?}"),
            None => format!("no schema is that of module {module:?}"),
        },
        hint: "A module's schema is known by the comment on its table spacetime_lock; see docs/operations/backup.md.".into(),
    }
}

fn not_owner(schema: &str, role: &str) -> Error {
    Error::Forbidden {
        what: format!("schema {schema:?} does not belong to role {role:?}"),
        hint: "Adopting needs the rights of the owner of the module, its schema and its tables.".into(),
    }
}

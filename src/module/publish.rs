//! Publishing: everything between the bytes of a module and its first call, in the caller's transaction. A failure at
//! any point is an error of that transaction and leaves nothing behind but files named by content.

use std::path::PathBuf;
use std::rc::Rc;

use pgrx::spi::Spi;
use sha2::{Digest, Sha256};
use spacetime_auth::Identity;
use spacetime_definition::Definition;

use super::migrate::{PlannedStep, Rights};
use super::options::Options;
use super::wrappers::Wrapper;
use super::{
    LogFile, StatePaths, address, adopt, ddl, owner, plan, policies, ready, schedule, triggers, update,
};
use crate::catalog::{self, Concurrency, ModuleRow, SqlWriters};
use crate::changes;
use crate::error::{Error, Result};
use crate::pg::{Oid, access, attempt, entry, invalidation, name, user, xact};
use crate::reducer::{self, Caller};
use crate::wasm::{ArtifactStore, Code};

/// Longest name of a module: it names a schema.
const NAME_BYTES_MAX: usize = name::NAME_BYTES_MAX;
const RESERVED_SCHEMAS: [&str; 4] = ["public", "spacetime", "information_schema", "pg_catalog"];
/// Longest wait for a lock by default: readers and reducers queue behind a publish that waits.
const LOCK_TIMEOUT_MS: u32 = 5_000;
/// Issuer under which module identities are drawn.
const LOCAL_ISSUER: &str = "localhost";

/// A module that was compiled, booted and understood, and is not stored anywhere yet.
pub(super) struct Upload<'a> {
    pub(super) wasm: &'a [u8],
    pub(super) sha256: [u8; 32],
    pub(super) description: Vec<u8>,
    pub(super) definition: Definition,
}

/// `publish_module(name, wasm, options)`; returns `{module, version, created, steps}`.
pub(crate) fn publish(module: &str, wasm: &[u8], options: serde_json::Value) -> Result<serde_json::Value> {
    entry::check(c"publish_module")?;
    if !access::database_is_utf8() {
        return Err(Error::Unsupported {
            what: "modules need a database whose encoding is UTF8".into(),
            hint: "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0".into(),
        });
    }
    catalog::require_own_version()?;
    let options = Options::parse(options)?;
    let limit_ms = options.lock_timeout_ms.or_else(attempt::lock_timeout_ms);
    let catalog = catalog::catalog_oid()?;
    if limit_ms.is_none() {
        // Held by publishes of other modules while they compile; only publishes wait for it.
        access::lock_catalog(catalog);
    }
    attempt::with_lock_timeout(limit_ms.unwrap_or(LOCK_TIMEOUT_MS), || {
        access::lock_catalog(catalog);
        let (existing, identity) = existing(module)?;
        let upload = upload(module, wasm, identity)?;
        match existing {
            Some(existing) if !options.delete_data => {
                options.require_unchanged(&existing)?;
                update::update(existing, &upload, &options)
            }
            existing => create(module, identity, existing, &upload, &options),
        }
    })
}

/// `plan_publish(name, wasm, options)`: the steps a publish would take and, for those it would refuse, why.
pub(crate) fn plan_publish(
    module: &str,
    wasm: &[u8],
    options: serde_json::Value,
) -> Result<Vec<(PlannedStep, Option<String>)>> {
    entry::check(c"plan_publish")?;
    let options = Options::parse(options)?;
    let (existing, identity) = existing(module)?;
    if existing.is_none() {
        // Nothing comes of the identity, but its code has run.
        xact::remove_files_at_commit(files_of(identity));
    }
    let upload = upload(module, wasm, identity)?;
    let replaced = match existing {
        Some(existing) if !options.delete_data => {
            options.require_unchanged(&existing)?;
            return update::planned(&existing, &upload, &options);
        }
        replaced => replaced,
    };
    let row = new_row(module, identity, replaced.as_ref(), &upload, &options)?;
    let mut steps = Vec::new();
    match &replaced {
        Some(replaced) => {
            let object = format!("schema `{}`", replaced.schema_name);
            let sql = vec![ddl::drop_schema(&replaced.schema_name)];
            steps.push(PlannedStep { breaks_clients: true, ..PlannedStep::new("drop_schema", object, sql) });
        }
        None => require_free_schema(&row.schema_name)?,
    }
    let (data, functions) = creation_steps(&row, &upload.definition);
    steps.extend(data);
    steps.extend(functions);
    Ok(steps.into_iter().map(|step| (step, None)).collect())
}

/// The module of that name or identity, which must be the caller's, and its identity, or a new one. An empty name is that
/// of a new module without one.
fn existing(module: &str) -> Result<(Option<ModuleRow>, Identity)> {
    let existing = if module.is_empty() { None } else { catalog::find(module)? };
    if existing.is_none() && !module.is_empty() {
        require_valid_name(module)?;
    }
    let identity = match &existing {
        Some(existing) => {
            owner::require_owner(existing, "publish a new version")?;
            existing.identity
        }
        None => {
            owner::require_publisher()?;
            let identity = Identity::derive(LOCAL_ISSUER, &hex::encode(access::random_bytes::<16>()?));
            xact::remove_files_at_abort(files_of(identity));
            identity
        }
    };
    Ok((existing, identity))
}

pub(super) fn upload<'a>(module: &str, wasm: &'a [u8], identity: Identity) -> Result<Upload<'a>> {
    let sha256 = sha256(wasm);
    let artifacts = ArtifactStore { dir: StatePaths::artifacts() };
    let mut warnings = Vec::new();
    let code =
        Code::load(&artifacts, &sha256, super::ready::wanted_fuel(), || Ok(wasm.to_vec()), &mut warnings)?;
    for warning in warnings {
        pgrx::log!("spacetime: module {module:?}: {warning}");
    }
    let log = Rc::new(LogFile::new(StatePaths::log(identity)));
    let (_, description) = reducer::boot(&code, module, identity, log)?;
    let definition = spacetime_definition::decode(&description).map_err(refused)?;
    Ok(Upload { wasm, sha256, description, definition })
}

pub(super) fn sha256(wasm: &[u8]) -> [u8; 32] {
    Sha256::digest(wasm).into()
}

fn create(
    module: &str,
    identity: Identity,
    replaced: Option<ModuleRow>,
    upload: &Upload<'_>,
    options: &Options,
) -> Result<serde_json::Value> {
    let row = new_row(module, identity, replaced.as_ref(), upload, options)?;
    let mut done = Vec::new();
    let names = match &replaced {
        Some(replaced) => {
            address::require_unprotected(replaced)?;
            let names = catalog::names(replaced.identity)?;
            remove(replaced, false, &mut done)?;
            names
        }
        None if module.is_empty() => Vec::new(),
        None => vec![module.to_owned()],
    };
    require_free_schema(&row.schema_name)?;
    let owner = owner_of(&row)?;
    let (data, functions) = creation_steps(&row, &upload.definition);
    carry_out(owner, &data, &mut done)?;
    catalog::insert(&row, &names, upload.wasm)?;
    carry_out(owner, &functions, &mut done)?;
    let ready = ready(&row.name)?;
    schedule::warn_of_gaps(&upload.definition);
    changes::note_published(identity, row.version, replaced.is_some());
    reducer::call_init(&ready)?;
    Ok(result(&row, replaced.is_none(), &done))
}

/// A module as it will be when it has been made.
fn new_row(
    module: &str,
    identity: Identity,
    replaced: Option<&ModuleRow>,
    upload: &Upload<'_>,
    options: &Options,
) -> Result<ModuleRow> {
    let owner_role = match replaced {
        Some(replaced) => replaced.owner_role.clone(),
        None => user::role_name(user::current_user()),
    };
    let schema_name = match (replaced, &options.schema) {
        (_, Some(schema)) => schema.clone(),
        (Some(replaced), None) => replaced.schema_name.clone(),
        (None, None) if module.is_empty() => format!("db-{:.16}", identity.to_string()),
        (None, None) => module.to_owned(),
    };
    let u64_as = options.u64.or(replaced.map(|module| module.u64_as)).unwrap_or_default();
    Ok(ModuleRow {
        name: match replaced {
            Some(replaced) => replaced.name.clone(),
            None if module.is_empty() => identity.to_string(),
            None => module.to_owned(),
        },
        identity,
        owner_identity: match (options.owner_identity()?, replaced) {
            (Some(identity), _) => identity,
            (None, Some(replaced)) => replaced.owner_identity,
            (None, None) => Caller::of_session(&catalog::installation()?)?.identity,
        },
        owner_role,
        version: replaced.map_or(1, |replaced| replaced.version + 1),
        wasm_sha256: upload.sha256,
        description: upload.description.clone(),
        concurrency: options
            .concurrency
            .or(replaced.map(|module| module.concurrency))
            .unwrap_or(Concurrency::Serial),
        sql_writers: options
            .sql_writers
            .or(replaced.map(|module| module.sql_writers))
            .unwrap_or(SqlWriters::Locked),
        u64_as,
        storage: plan::plan(&upload.definition, &schema_name, u64_as, None)?,
        schema_name,
    })
}

/// Steps that make a module, before and after the catalog knows it.
fn creation_steps(row: &ModuleRow, definition: &Definition) -> (Vec<PlannedStep>, Vec<PlannedStep>) {
    let (storage, schema) = (&row.storage, &row.schema_name);
    let create = PlannedStep::new;
    let mut data = vec![create("create_schema", format!("schema `{schema}`"), ddl::create_schema(row))];
    data.extend(
        storage.types.iter().map(|ty| {
            create("create_type", format!("type `{}`", ty.name), vec![ddl::create_type(ty, schema)])
        }),
    );
    data.extend(storage.tables.iter().map(|table| {
        create("create_table", format!("table `{}`", table.name), ddl::create_whole_table(table, schema))
    }));
    let rules = policies::open_ruled_tables(storage, schema);
    if !rules.is_empty() {
        data.push(create("change_row_level_security", "client visibility filters".into(), rules));
    }
    let mut functions = Vec::new();
    functions.extend(definition.tables.iter().zip(&storage.tables).map(|(table, stored)| {
        let triggers = triggers::of_table(row, definition, table, stored);
        let sql = triggers.into_iter().flat_map(|trigger| trigger.sql).collect();
        create("create_trigger", format!("table `{}`", table.name), sql).by_superuser()
    }));
    functions.extend(Wrapper::all(storage).map(|wrapper| {
        let sql = wrapper.create(schema, row.identity, &row.owner_role);
        create(wrapper.kinds().add, wrapper.object(), sql).by_superuser()
    }));
    (data, functions)
}

/// `drop_module(name, keep_data)`.
pub(crate) fn drop_module(module: &str, keep_data: bool) -> Result<()> {
    entry::check(c"drop_module")?;
    access::lock_catalog(catalog::catalog_oid()?);
    let row = catalog::find(module)?.ok_or_else(|| Error::NoSuchModule(module.to_owned()))?;
    owner::require_owner(&row, "drop it")?;
    address::require_unprotected(&row)?;
    catalog::forget_variables(row.identity)?;
    catalog::forget_http_hosts(row.identity)?;
    remove(&row, keep_data, &mut Vec::new())?;
    // What lives on elsewhere may be adopted again: sessions that still map its state must not be left behind.
    if !keep_data && !adopt::is_recorded(row.identity)? {
        xact::remove_files_at_commit(files_of(row.identity));
    }
    changes::note_published(row.identity, 0, true);
    Ok(())
}

fn remove(row: &ModuleRow, keep_data: bool, steps: &mut Vec<String>) -> Result<()> {
    // Without its lock table the schema is not the module's any more, whoever's it is.
    let schema = access::schema(&row.schema_name);
    let lock_table = schema.and_then(|schema| access::relation(schema, &row.storage.lock_table));
    if let (Some(schema), Some(lock_table)) = (schema, lock_table)
        && access::owns_schema(owner_of(row)?, schema)
    {
        // Reducers that run now end first, and do not meet half of the drop.
        access::lock_module(lock_table);
        let statements = if keep_data {
            let drops = Wrapper::all(&row.storage).filter_map(|wrapper| wrapper.drop(&row.schema_name));
            drops.chain(triggers::drop(&row.storage, &row.schema_name)).collect()
        } else {
            vec![ddl::drop_schema(&row.schema_name)]
        };
        run(user::current_user(), &statements, steps)?;
    }
    catalog::delete(row.identity)?;
    forget_artifact(row);
    announce()
}

/// What a module has besides its rows in the catalog and its tables.
fn files_of(identity: Identity) -> impl Iterator<Item = PathBuf> {
    LogFile::files(StatePaths::log(identity)).into_iter().chain([StatePaths::state(identity)])
}

pub(super) fn owner_of(row: &ModuleRow) -> Result<Oid> {
    access::role(&row.owner_role).ok_or_else(|| Error::NotInState {
        what: format!("role {:?}, owner of module {:?}, does not exist", row.owner_role, row.name),
        hint: format!(
            "Create the role; or, if it was renamed, as a superuser: SELECT spacetime.adopt_module('{}')",
            row.name
        ),
    })
}

/// Runs steps in their order.
pub(super) fn carry_out(owner: Oid, steps: &[PlannedStep], done: &mut Vec<String>) -> Result<()> {
    // Runs of steps with the same rights share one change of rights.
    for steps in steps.chunk_by(|a, b| a.rights == b.rights) {
        let statements: Vec<_> = steps.iter().flat_map(|step| &step.sql).cloned().collect();
        match steps[0].rights {
            Rights::Owner => run(owner, &statements, done)?,
            Rights::Superuser => run_as_superuser(&statements, done)?,
        }
    }
    announce()
}

/// Runs DDL with the rights of `role`, and with settings nobody can bend it by.
pub(super) fn run(role: Oid, statements: &[String], steps: &mut Vec<String>) -> Result<()> {
    let caller = user::become_owner(role);
    let done = run_pinned(statements, steps);
    caller.restore();
    done
}

/// Functions in an untrusted language can be made by superusers only; they are handed to the module's owner at once.
fn run_as_superuser(statements: &[String], steps: &mut Vec<String>) -> Result<()> {
    // The validator looks the module up.
    announce()?;
    user::as_catalog_owner(|| run_pinned(statements, steps))?;
    announce()
}

fn run_pinned(statements: &[String], steps: &mut Vec<String>) -> Result<()> {
    user::pin_settings("pg_catalog, pg_temp");
    user::set_local(c"client_min_messages", "warning");
    for statement in statements {
        Spi::connect_mut(|client| client.update(statement.as_str(), None, &[]).map(|_| ()))
            .map_err(|error| Error::Internal(format!("{error}: {statement}")))?;
    }
    steps.extend_from_slice(statements);
    Ok(())
}

/// Removes the compiled code of a version that is no more. If the transaction rolls back, or another module has the same
/// code, the next call makes it again.
pub(super) fn forget_artifact(row: &ModuleRow) {
    ArtifactStore { dir: StatePaths::artifacts() }.forget(&row.wasm_sha256);
}

pub(super) fn announce() -> Result<()> {
    invalidation::announce_module_change(catalog::catalog_oid()?);
    Ok(())
}

pub(super) fn result(row: &ModuleRow, created: bool, steps: &[String]) -> serde_json::Value {
    serde_json::json!({ "module": row.name, "version": row.version, "created": created, "steps": steps })
}

pub(super) fn require_valid_name(module: &str) -> Result<()> {
    let parts_are_fine = module.split('-').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if parts_are_fine && module.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        what: format!("{module:?} is no name for a module"),
        hint: format!(
            "Use lower-case letters and digits, separated by single hyphens, {NAME_BYTES_MAX} characters at most."
        ),
    })
}

fn require_free_schema(schema: &str) -> Result<()> {
    let hint = "Publish with the option schema, for example '{\"schema\": \"chat_app\"}'.".to_owned();
    let fits = (1..=NAME_BYTES_MAX).contains(&schema.len());
    if RESERVED_SCHEMAS.contains(&schema) || schema.starts_with("pg_") || !fits {
        return Err(Error::InvalidParameter {
            what: format!("{schema:?} cannot be the schema of a module"),
            hint,
        });
    }
    if access::schema(schema).is_some() {
        let what = match catalog::find_by_schema(schema)? {
            Some(other) => format!("schema {schema:?} belongs to module {:?}", other.name),
            None => format!("schema {schema:?} already exists and is not a module's"),
        };
        return Err(Error::AlreadyExists { what, hint });
    }
    Ok(())
}

/// A module whose description was not understood.
pub(super) fn refused(error: spacetime_definition::Error) -> Error {
    match error {
        spacetime_definition::Error::Unsupported { what, hint } => {
            Error::Unsupported { what: format!("{what} is not supported"), hint }
        }
        other => Error::InvalidModule(format!("its definition is not valid: {other}")),
    }
}

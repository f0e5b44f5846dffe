//! Publishing: everything between the bytes of a module and its first call, in the caller's transaction. A failure at
//! any point is an error of that transaction and leaves nothing behind but files named by content.

use std::rc::Rc;

use pgrx::spi::Spi;
use sha2::{Digest, Sha256};
use spacetime_auth::Identity;
use spacetime_definition::Definition;

use super::options::Options;
use super::{LogFile, StatePaths, ddl, plan, ready};
use crate::catalog::{self, Concurrency, ModuleRow, SqlWriters, StoragePlan};
use crate::error::{Error, Result};
use crate::pg::{Oid, access, entry, invalidation, name, user};
use crate::reducer::{self, Caller};
use crate::wasm::{ArtifactStore, Code};

/// Longest name of a module: it names a schema.
const NAME_BYTES_MAX: usize = name::NAME_BYTES_MAX;
const RESERVED_SCHEMAS: [&str; 4] = ["public", "spacetime", "information_schema", "pg_catalog"];
/// Issuer under which module identities are drawn.
const LOCAL_ISSUER: &str = "localhost";

/// A module that was compiled, booted and understood, and is not stored anywhere yet.
struct Upload<'a> {
    wasm: &'a [u8],
    sha256: [u8; 32],
    description: Vec<u8>,
    definition: Definition,
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
    require_valid_name(module)?;
    let options = Options::parse(options)?;
    access::lock_catalog(catalog::catalog_oid()?);
    let existing = catalog::find(module)?;
    if let Some(existing) = &existing {
        require_owner(existing)?;
    }
    let identity = match &existing {
        Some(existing) => existing.identity,
        None => Identity::derive(LOCAL_ISSUER, &hex::encode(access::random_bytes::<16>()?)),
    };
    let upload = upload(module, wasm, identity)?;
    match existing {
        Some(existing) if !options.delete_data => {
            options.require_unchanged(&existing)?;
            update(existing, &upload)
        }
        existing => create(module, identity, existing, &upload, &options),
    }
}

fn upload<'a>(module: &str, wasm: &'a [u8], identity: Identity) -> Result<Upload<'a>> {
    let sha256: [u8; 32] = Sha256::digest(wasm).into();
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

fn create(
    module: &str,
    identity: Identity,
    replaced: Option<ModuleRow>,
    upload: &Upload<'_>,
    options: &Options,
) -> Result<serde_json::Value> {
    let owner_role = match &replaced {
        Some(replaced) => replaced.owner_role.clone(),
        None => user::role_name(user::current_user()),
    };
    let schema_name = match (&replaced, &options.schema) {
        (_, Some(schema)) => schema.clone(),
        (Some(replaced), None) => replaced.schema_name.clone(),
        (None, None) => module.to_owned(),
    };
    let mut steps = Vec::new();
    if let Some(replaced) = &replaced {
        remove(replaced, false, &mut steps)?;
    }
    require_free_schema(&schema_name)?;
    let u64_as = options.u64.or(replaced.as_ref().map(|module| module.u64_as)).unwrap_or_default();
    let storage = plan::plan(&upload.definition, &schema_name, u64_as)?;
    let row = ModuleRow {
        name: module.to_owned(),
        identity,
        owner_identity: match (options.owner_identity()?, &replaced) {
            (Some(identity), _) => identity,
            (None, Some(replaced)) => replaced.owner_identity,
            (None, None) => Caller::of_session(&catalog::installation()?)?.identity,
        },
        owner_role,
        schema_name,
        version: replaced.as_ref().map_or(1, |replaced| replaced.version + 1),
        wasm_sha256: upload.sha256,
        description: upload.description.clone(),
        concurrency: options
            .concurrency()
            .or(replaced.as_ref().map(|module| module.concurrency))
            .unwrap_or(Concurrency::Serial),
        sql_writers: options
            .sql_writers()
            .or(replaced.as_ref().map(|module| module.sql_writers))
            .unwrap_or(SqlWriters::Locked),
        u64_as,
        storage,
    };
    let owner = owner_of(&row)?;
    run(owner, &ddl::create(&row.storage, &row.schema_name), &mut steps)?;
    catalog::insert(&row, upload.wasm)?;
    if row.concurrency == Concurrency::Serial && row.sql_writers == SqlWriters::Locked {
        run_as_superuser(&ddl::lock_triggers(&row.storage, &row.schema_name, identity), &mut steps)?;
    }
    create_wrappers(&row, &mut steps)?;
    let ready = ready(module)?;
    warn_of_gaps(&upload.definition);
    reducer::call_init(&ready)?;
    Ok(result(&row, replaced.is_none(), &steps))
}

/// A new version of a module whose tables stay as they are.
fn update(existing: ModuleRow, upload: &Upload<'_>) -> Result<serde_json::Value> {
    if existing.wasm_sha256 == upload.sha256 {
        return Ok(result(&existing, false, &[]));
    }
    let storage = plan::plan(&upload.definition, &existing.schema_name, existing.u64_as)?;
    if !same_tables(&storage, &existing.storage) {
        return Err(Error::Unsupported {
            what: format!("the new version of module {:?} changes its tables or types", existing.name),
            hint: "Publish with the option delete_data to begin afresh; updates that keep the data while tables change \
                   are a current limitation."
                .into(),
        });
    }
    access::lock_module(
        access::schema(&existing.schema_name)
            .and_then(|schema| access::relation(schema, &existing.storage.lock_table))
            .ok_or_else(|| Error::SchemaGone {
                module: existing.name.clone(),
                schema: existing.schema_name.clone(),
            })?,
    );
    let mut steps = Vec::new();
    let old = existing.storage.reducers.clone();
    let row = ModuleRow {
        version: existing.version + 1,
        wasm_sha256: upload.sha256,
        description: upload.description.clone(),
        storage,
        ..existing.clone()
    };
    let unchanged = |reducer: &catalog::StoredReducer| row.storage.reducers.contains(reducer);
    let drops: Vec<_> = old
        .iter()
        .filter(|reducer| !unchanged(reducer))
        .filter_map(|reducer| ddl::drop_wrapper(reducer, &row.schema_name))
        .collect();
    let grants = wrapper_grants(&row, &old)?;
    run(owner_of(&row)?, &drops, &mut steps)?;
    catalog::update_code(&row, upload.wasm)?;
    let added = row.storage.reducers.iter().filter(|reducer| !old.contains(reducer));
    let wrappers = added
        .filter_map(|reducer| ddl::create_wrapper(reducer, &row.schema_name, row.identity, &row.owner_role))
        .collect::<Vec<_>>();
    run_as_superuser(&wrappers, &mut steps)?;
    run(owner_of(&row)?, &ddl::restore_grants(&row.storage.reducers, &row.schema_name, &grants), &mut steps)?;
    forget_artifact(&existing);
    warn_of_gaps(&upload.definition);
    Ok(result(&row, false, &steps))
}

/// `drop_module(name, keep_data)`.
pub(crate) fn drop_module(module: &str, keep_data: bool) -> Result<()> {
    entry::check(c"drop_module")?;
    access::lock_catalog(catalog::catalog_oid()?);
    let row = catalog::find(module)?.ok_or_else(|| Error::NoSuchModule(module.to_owned()))?;
    require_owner(&row)?;
    catalog::forget_variables(row.identity)?;
    remove(&row, keep_data, &mut Vec::new())
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
            let drops = row.storage.reducers.iter().filter_map(|r| ddl::drop_wrapper(r, &row.schema_name));
            drops.chain(ddl::drop_lock_triggers(&row.storage, &row.schema_name)).collect()
        } else {
            vec![format!("DROP SCHEMA {} CASCADE", name::quote(&row.schema_name))]
        };
        run(user::current_user(), &statements, steps)?;
    }
    catalog::delete(row.identity)?;
    forget_artifact(row);
    announce()
}

fn owner_of(row: &ModuleRow) -> Result<Oid> {
    access::role(&row.owner_role).ok_or_else(|| Error::NotInState {
        what: format!("role {:?}, owner of module {:?}, does not exist", row.owner_role, row.name),
        hint: "Create the role.".into(),
    })
}

/// Who may execute the functions of reducers, by reducer: a new version must not give back what was revoked.
fn wrapper_grants(
    row: &ModuleRow,
    reducers: &[catalog::StoredReducer],
) -> Result<Vec<(String, Vec<catalog::Grant>)>> {
    let module = ready(&row.identity.to_string())?;
    let granted = reducers.iter().filter_map(|reducer| Some((reducer, module.wrapper(&reducer.name)?)));
    granted
        .filter_map(|(reducer, function)| {
            catalog::grants(function)
                .map(|grants| grants.map(|grants| (reducer.name.clone(), grants)))
                .transpose()
        })
        .collect()
}

fn create_wrappers(row: &ModuleRow, steps: &mut Vec<String>) -> Result<()> {
    let wrappers: Vec<_> = row
        .storage
        .reducers
        .iter()
        .filter_map(|reducer| ddl::create_wrapper(reducer, &row.schema_name, row.identity, &row.owner_role))
        .collect();
    run_as_superuser(&wrappers, steps)
}

/// Runs DDL with the rights of `role`, and with settings nobody can bend it by.
fn run(role: Oid, statements: &[String], steps: &mut Vec<String>) -> Result<()> {
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
fn forget_artifact(row: &ModuleRow) {
    ArtifactStore { dir: StatePaths::artifacts() }.forget(&row.wasm_sha256);
}

fn announce() -> Result<()> {
    invalidation::announce_module_change(catalog::catalog_oid()?);
    Ok(())
}

fn result(row: &ModuleRow, created: bool, steps: &[String]) -> serde_json::Value {
    serde_json::json!({ "module": row.name, "version": row.version, "created": created, "steps": steps })
}

fn same_tables(new: &StoragePlan, old: &StoragePlan) -> bool {
    // Types made for parameters only may come and go with their reducers; those of columns may not.
    new.tables == old.tables && new.types == old.types
}

fn require_owner(module: &ModuleRow) -> Result<()> {
    let allowed = match access::role(&module.owner_role) {
        Some(owner) => user::has_rights_of(user::current_user(), owner),
        None => user::is_superuser(),
    };
    if allowed {
        return Ok(());
    }
    Err(Error::Forbidden {
        what: format!("must be owner of module {:?}", module.name),
        hint: format!("It belongs to role {:?}.", module.owner_role),
    })
}

fn require_valid_name(module: &str) -> Result<()> {
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

/// Says what of a module will not work, as long as it does not.
fn warn_of_gaps(definition: &Definition) {
    if definition.tables.iter().any(|table| table.schedule.is_some()) {
        pgrx::warning!("the module has scheduled tables; nothing runs their reducers yet");
    }
    if !definition.views.is_empty() || !definition.procedures.is_empty() {
        pgrx::warning!("the module has views or procedures; they cannot be called yet");
    }
    if !definition.row_level_security.is_empty() {
        pgrx::warning!(
            "the module has client visibility filters; grant no one else access to its tables yet"
        );
    }
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

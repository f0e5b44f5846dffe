//! `spacetime._module` and `spacetime._module_name`.

use std::collections::HashSet;

use pgrx::datum::DatumWithOid;
use pgrx::spi::Spi;
use serde::Deserialize;
use spacetime_auth::Identity;

use super::storage::StoragePlan;
use crate::error::{Error, Result};
use crate::pg::read::{self, Parameter, Row};
use crate::pg::{Oid, access, user};
use crate::row::U64As;

/// Whether reducers of a module run one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Concurrency {
    Serial,
    Row,
}

/// Whether plain SQL writers take the module's lock too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SqlWriters {
    Locked,
    Free,
}

/// A published module, without its wasm.
#[derive(Debug, Clone)]
pub(crate) struct ModuleRow {
    pub(crate) name: String,
    pub(crate) identity: Identity,
    pub(crate) owner_identity: Identity,
    pub(crate) owner_role: String,
    pub(crate) schema_name: String,
    pub(crate) version: i32,
    pub(crate) wasm_sha256: [u8; 32],
    pub(crate) description: Vec<u8>,
    pub(crate) storage: StoragePlan,
    pub(crate) concurrency: Concurrency,
    pub(crate) sql_writers: SqlWriters,
    pub(crate) u64_as: U64As,
}

impl Concurrency {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Row => "row",
        }
    }
}

impl SqlWriters {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Free => "free",
        }
    }
}

pub(super) fn broken(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("catalog of spacetime: {error}"))
}

/// Refuses to work on a catalog of another version of the extension than this library is of: 55000. A new library and
/// old SQL meet between the installation of a package and `ALTER EXTENSION`; the other way round, in sessions that began
/// before it.
pub(crate) fn require_own_version() -> Result<()> {
    const OWN: &str = env!("CARGO_PKG_VERSION");
    let rows = read("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'spacetime'", &[])?;
    let version = rows.into_iter().flatten().next().flatten();
    let version = version.map(|version| String::from_utf8_lossy(&version).into_owned()).unwrap_or_default();
    if version == OWN {
        return Ok(());
    }
    Err(Error::NotInState {
        what: format!("the library of spacetime is {OWN}, and the extension in this database is {version}"),
        hint: format!(
            "ALTER EXTENSION spacetime UPDATE TO '{OWN}', and reconnect sessions that are older than that."
        ),
    })
}

/// Oid of `spacetime._module`: its invalidation announces changes of modules to other backends.
pub(crate) fn catalog_oid() -> Result<Oid> {
    access::schema("spacetime")
        .and_then(|schema| access::relation(schema, "_module"))
        .ok_or_else(|| broken("table spacetime._module is missing"))
}

/// What [`module_row`] reads, in its order; every column is text or bytea.
const COLUMNS: &str = "coalesce(n.name, encode(m.identity, 'hex')), m.identity, m.owner_identity, m.owner_role::text, \
    m.schema_name::text, m.version::text, m.wasm_sha256, m.description, m.storage::text, m.concurrency, m.sql_writers, m.u64";

/// The module of that name, or with that identity in hex.
pub(crate) fn find(name: &str) -> Result<Option<ModuleRow>> {
    let by_identity = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let condition = if by_identity { "m.identity = decode($1, 'hex')" } else { "n.name = $1" };
    find_where(condition, name)
}

/// The module that lives in a schema.
pub(crate) fn find_by_schema(schema: &str) -> Result<Option<ModuleRow>> {
    find_where("m.schema_name = $1::name", schema)
}

fn find_where(condition: &str, argument: &str) -> Result<Option<ModuleRow>> {
    let query = format!(
        "SELECT {COLUMNS} FROM spacetime._module m LEFT JOIN spacetime._module_name n USING (identity) \
         WHERE {condition} ORDER BY n.name LIMIT 1"
    );
    let rows = read(&query, &[Parameter::Text(argument)])?;
    rows.into_iter().next().map(module_row).transpose()
}

/// Reads as the owner of the catalog, who alone may.
pub(super) fn read(query: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>> {
    user::as_catalog_owner(|| read::select(query, parameters))
}

fn module_row(row: Row) -> Result<ModuleRow> {
    let mut columns = row.into_iter();
    let mut bytes = || columns.next().flatten().ok_or_else(|| broken("unexpected NULL"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(broken);
    let hash = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| broken("wrong length of a hash"));
    Ok(ModuleRow {
        name: text(bytes()?)?,
        identity: Identity::from_be_bytes(hash(bytes()?)?),
        owner_identity: Identity::from_be_bytes(hash(bytes()?)?),
        owner_role: text(bytes()?)?,
        schema_name: text(bytes()?)?,
        version: text(bytes()?)?.parse().map_err(broken)?,
        wasm_sha256: hash(bytes()?)?,
        description: bytes()?,
        storage: serde_json::from_slice(&bytes()?).map_err(broken)?,
        concurrency: if bytes()? == b"row" { Concurrency::Row } else { Concurrency::Serial },
        sql_writers: if bytes()? == b"free" { SqlWriters::Free } else { SqlWriters::Locked },
        u64_as: if bytes()? == b"bigint" { U64As::Bigint } else { U64As::Numeric },
    })
}

/// The module's code as it was published.
pub(crate) fn wasm(identity: Identity) -> Result<Vec<u8>> {
    let query = "SELECT wasm FROM spacetime._module WHERE identity = $1";
    let rows = read(query, &[Parameter::Bytea(&identity.to_be_bytes())])?;
    rows.into_iter().flatten().next().flatten().ok_or_else(|| broken("the module is gone"))
}

/// The random id that identities of roles are derived from. Read past SQL: parallel workers ask, too, and there nobody can
/// become another user.
pub(crate) fn installation() -> Result<String> {
    let table = access::schema("spacetime").and_then(|schema| access::relation(schema, "_installation"));
    let id = table.and_then(read::first_uuid).ok_or_else(|| broken("no installation id"))?;
    let hex = hex::encode(id);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// Makes room for the id of a restored dump.
pub(crate) fn forget_installation() -> Result<()> {
    write("DELETE FROM spacetime._installation", &[])
}

/// Wrapper functions in a schema: oid and body.
pub(crate) fn find_all_wrappers(schema: Oid) -> Result<Vec<(Oid, String)>> {
    let query = "SELECT p.oid::text, p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang \
                 WHERE l.lanname = 'spacetime' AND p.pronamespace = $1";
    let rows = read(query, &[Parameter::Oid(schema)])?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.into_iter().flatten().map(|bytes| String::from_utf8(bytes).map_err(broken));
            let oid: u32 = columns.next().ok_or_else(|| broken("no oid"))??.parse().map_err(broken)?;
            Ok((Oid::from(oid), columns.next().ok_or_else(|| broken("no body"))??))
        })
        .collect()
}

/// Tables of a schema and the functions of the extension's triggers on them.
pub(crate) fn own_triggers(schema: Oid) -> Result<HashSet<(String, String)>> {
    find_own_triggers(schema, "true")
}

/// Of these, the triggers that fire.
pub(crate) fn own_working_triggers(schema: Oid) -> Result<HashSet<(String, String)>> {
    find_own_triggers(schema, "t.tgenabled IN ('O', 'A')")
}

fn find_own_triggers(schema: Oid, condition: &str) -> Result<HashSet<(String, String)>> {
    let query = format!(
        "SELECT c.relname::text, p.proname::text FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid \
                 JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace \
                 WHERE c.relnamespace = $1 AND n.nspname = 'spacetime' AND NOT t.tgisinternal AND {condition}"
    );
    let rows = read(&query, &[Parameter::Oid(schema)])?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap_or_default()).map_err(broken);
    rows.into_iter()
        .map(|row| {
            let mut row = row.into_iter();
            Ok((text(row.next().flatten())?, text(row.next().flatten())?))
        })
        .collect()
}

/// A right to execute a function.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// `None` is PUBLIC.
    pub(crate) grantee: Option<String>,
    pub(crate) with_grant_option: bool,
}

/// Who may execute a function, its owner aside; `None` while nobody has changed the default.
pub(crate) fn grants(function: Oid) -> Result<Option<Vec<Grant>>> {
    let is_default = "SELECT (p.proacl IS NULL)::text FROM pg_proc p WHERE p.oid = $1";
    let rows = read(is_default, &[Parameter::Oid(function)])?;
    if rows.first().is_none_or(|row| row.first() != Some(&Some(b"false".to_vec()))) {
        return Ok(None);
    }
    let query = "SELECT CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee)::text END, a.is_grantable::text \
                 FROM pg_proc p, aclexplode(p.proacl) a \
                 WHERE p.oid = $1 AND a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner";
    let rows = read(query, &[Parameter::Oid(function)])?;
    let text =
        |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8(bytes).map_err(broken)).transpose();
    let grants = rows.into_iter().map(|row| {
        let mut columns = row.into_iter();
        let grantee = text(columns.next().flatten())?;
        let with_grant_option = text(columns.next().flatten())?.as_deref() == Some("true");
        Ok(Grant { grantee, with_grant_option })
    });
    grants.collect::<Result<_>>().map(Some)
}

/// Records a new module under its names.
pub(crate) fn insert(module: &ModuleRow, names: &[String], wasm: &[u8]) -> Result<()> {
    let storage = pgrx::JsonB(serde_json::to_value(&module.storage).map_err(broken)?);
    let identity = module.identity.to_be_bytes();
    let owner_identity = module.owner_identity.to_be_bytes();
    write(
        "INSERT INTO spacetime._module (identity, owner_identity, owner_role, schema_name, version, wasm, wasm_sha256, \
         description, storage, concurrency, sql_writers, u64) \
         VALUES ($1, $2, $3::name, $4::name, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            identity.as_slice().into(),
            owner_identity.as_slice().into(),
            module.owner_role.as_str().into(),
            module.schema_name.as_str().into(),
            module.version.into(),
            wasm.into(),
            module.wasm_sha256.as_slice().into(),
            module.description.as_slice().into(),
            storage.into(),
            module.concurrency.as_str().into(),
            module.sql_writers.as_str().into(),
            match module.u64_as {
                U64As::Numeric => "numeric".into(),
                U64As::Bigint => "bigint".into(),
            },
        ],
    )?;
    set_names(module.identity, names)
}

/// The names of a module, in alphabetical order; none is legal.
pub(crate) fn names(identity: Identity) -> Result<Vec<String>> {
    let query = "SELECT name FROM spacetime._module_name WHERE identity = $1 ORDER BY name";
    let rows = read(query, &[Parameter::Bytea(&identity.to_be_bytes())])?;
    rows.into_iter().flatten().flatten().map(|name| String::from_utf8(name).map_err(broken)).collect()
}

/// Replaces the names of a module; none of them may be another's.
pub(crate) fn set_names(identity: Identity, names: &[String]) -> Result<()> {
    let identity = identity.to_be_bytes();
    write(
        "DELETE FROM spacetime._module_name WHERE identity = $1 AND name <> ALL ($2)",
        &[identity.as_slice().into(), names.to_vec().into()],
    )?;
    write(
        "INSERT INTO spacetime._module_name (name, identity) SELECT DISTINCT name, $1 FROM pg_catalog.unnest($2) AS given (name) \
         WHERE NOT EXISTS (SELECT FROM spacetime._module_name n WHERE n.name = given.name AND n.identity = $1)",
        &[identity.as_slice().into(), names.to_vec().into()],
    )
}

/// Whether a module may be neither dropped nor emptied.
pub(crate) fn is_protected(identity: Identity) -> Result<bool> {
    let query = "SELECT 1::pg_catalog.text FROM spacetime._module WHERE identity = $1 AND is_protected";
    Ok(!read(query, &[Parameter::Bytea(&identity.to_be_bytes())])?.is_empty())
}

/// Protects a module, or takes that back.
pub(crate) fn set_protected(identity: Identity, is_protected: bool) -> Result<()> {
    write(
        "UPDATE spacetime._module SET is_protected = $2 WHERE identity = $1",
        &[identity.to_be_bytes().as_slice().into(), is_protected.into()],
    )
}

/// Most rows that clients may ask for at a time, if there is a limit.
pub(crate) fn row_limit(identity: Identity) -> Result<Option<u64>> {
    let query = "SELECT row_limit::pg_catalog.text FROM spacetime._module WHERE identity = $1";
    let rows = read(query, &[Parameter::Bytea(&identity.to_be_bytes())])?;
    let Some(text) = rows.into_iter().flatten().next().flatten() else { return Ok(None) };
    String::from_utf8(text).map_err(broken)?.parse().map(Some).map_err(broken)
}

/// Sets that limit, for all gateways.
pub(crate) fn set_row_limit(identity: Identity, limit: u64) -> Result<()> {
    // More rows than bigint counts do not exist.
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    write(
        "UPDATE spacetime._module SET row_limit = $2 WHERE identity = $1",
        &[identity.to_be_bytes().as_slice().into(), limit.into()],
    )
}

/// Replaces a module's code and what is derived from it.
pub(crate) fn update_code(module: &ModuleRow, wasm: &[u8]) -> Result<()> {
    let storage = pgrx::JsonB(serde_json::to_value(&module.storage).map_err(broken)?);
    write(
        "UPDATE spacetime._module SET version = $2, wasm = $3, wasm_sha256 = $4, description = $5, storage = $6, \
         published_at = pg_catalog.now() WHERE identity = $1",
        &[
            module.identity.to_be_bytes().as_slice().into(),
            module.version.into(),
            wasm.into(),
            module.wasm_sha256.as_slice().into(),
            module.description.as_slice().into(),
            storage.into(),
        ],
    )
}

/// Notes where a module's schema is now, and whose.
pub(crate) fn update_place(module: &ModuleRow) -> Result<()> {
    let storage = pgrx::JsonB(serde_json::to_value(&module.storage).map_err(broken)?);
    write(
        "UPDATE spacetime._module SET schema_name = $2::name, owner_role = $3::name, storage = $4 WHERE identity = $1",
        &[
            module.identity.to_be_bytes().as_slice().into(),
            module.schema_name.as_str().into(),
            module.owner_role.as_str().into(),
            storage.into(),
        ],
    )
}

/// A table that could be a module's lock table, by what its comment looks like.
#[derive(Debug)]
pub(crate) struct CommentedTable {
    pub(crate) schema_name: String,
    /// Owner of the schema.
    pub(crate) owner_role: String,
    pub(crate) table: String,
    pub(crate) comment: String,
}

/// Tables whose comment could be the record of a module.
pub(crate) fn commented_tables() -> Result<Vec<CommentedTable>> {
    let query = "SELECT n.nspname::text, pg_get_userbyid(n.nspowner)::text, c.relname::text, d.description \
                 FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND c.relkind = 'r' \
                 AND c.relname LIKE 'spacetime\\_lock%' AND d.description LIKE '{%}' ORDER BY 1, 3";
    let rows = read(query, &[])?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.into_iter();
            let mut text = || String::from_utf8(columns.next().flatten().unwrap_or_default()).map_err(broken);
            Ok(CommentedTable { schema_name: text()?, owner_role: text()?, table: text()?, comment: text()? })
        })
        .collect()
}

/// Removes a module and its names, clients and schedule.
pub(crate) fn delete(identity: Identity) -> Result<()> {
    write("DELETE FROM spacetime._schedule WHERE module = $1", &[identity.to_be_bytes().as_slice().into()])?;
    write("DELETE FROM spacetime._client WHERE module = $1", &[identity.to_be_bytes().as_slice().into()])?;
    write("DELETE FROM spacetime._module WHERE identity = $1", &[identity.to_be_bytes().as_slice().into()])
}

pub(super) fn write(query: &str, arguments: &[DatumWithOid<'_>]) -> Result<()> {
    user::as_catalog_owner(|| {
        Spi::connect_mut(|client| client.update(query, None, arguments).map(|_| ()).map_err(broken))
    })
}

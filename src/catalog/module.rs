//! `spacetime._module` and `spacetime._module_name`.

use pgrx::datum::DatumWithOid;
use pgrx::spi::{Spi, SpiError, SpiHeapTupleData};
use spacetime_auth::Identity;

use super::storage::StoragePlan;
use crate::error::{Error, Result};
use crate::pg::{Oid, access, snapshot, user};
use crate::row::U64As;

/// Whether reducers of a module run one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concurrency {
    Serial,
    Row,
}

/// Whether plain SQL writers take the module's lock too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("catalog of spacetime: {error}"))
}

/// Oid of `spacetime._module`: its invalidation announces changes of modules to other backends.
pub(crate) fn catalog_oid() -> Result<Oid> {
    access::schema("spacetime")
        .and_then(|schema| access::relation(schema, "_module"))
        .ok_or_else(|| broken("table spacetime._module is missing"))
}

const COLUMNS: &str = "n.name, m.identity, m.owner_identity, m.owner_role::text, m.schema_name::text, m.version, \
    m.wasm_sha256, m.description, m.storage, m.concurrency, m.sql_writers, m.u64";

/// The module of that name, or with that identity in hex.
pub(crate) fn find(name: &str) -> Result<Option<ModuleRow>> {
    let by_identity = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let query = if by_identity {
        format!(
            "SELECT coalesce(n.name, encode(m.identity, 'hex')), {} FROM spacetime._module m \
             LEFT JOIN spacetime._module_name n USING (identity) \
             WHERE m.identity = decode($1, 'hex') ORDER BY 1 LIMIT 1",
            COLUMNS.trim_start_matches("n.name, ")
        )
    } else {
        format!(
            "SELECT {COLUMNS} FROM spacetime._module_name n JOIN spacetime._module m USING (identity) WHERE n.name = $1"
        )
    };
    find_by(&query, name)
}

/// The module that lives in a schema.
pub(crate) fn find_by_schema(schema: &str) -> Result<Option<ModuleRow>> {
    let query = format!(
        "SELECT {COLUMNS} FROM spacetime._module m JOIN spacetime._module_name n USING (identity) \
         WHERE m.schema_name = $1 ORDER BY 1 LIMIT 1"
    );
    find_by(&query, schema)
}

fn find_by(query: &str, argument: &str) -> Result<Option<ModuleRow>> {
    user::as_catalog_owner(|| {
        snapshot::with_latest(|| {
            Spi::connect(|client| {
                let rows = client.select(query, Some(1), &[argument.into()]).map_err(broken)?;
                rows.into_iter().next().map(|row| module_row(&row)).transpose()
            })
        })
    })
}

fn module_row(row: &SpiHeapTupleData<'_>) -> Result<ModuleRow> {
    let text = |at: usize| row.get::<String>(at).map_err(broken)?.ok_or_else(|| broken("unexpected NULL"));
    let bytes = |at: usize| row.get::<Vec<u8>>(at).map_err(broken)?.ok_or_else(|| broken("unexpected NULL"));
    let hash = |at: usize| -> Result<[u8; 32]> { bytes(at)?.try_into().map_err(|_| broken("wrong length of a hash")) };
    let storage = row.get::<pgrx::JsonB>(9).map_err(broken)?.ok_or_else(|| broken("unexpected NULL"))?;
    Ok(ModuleRow {
        name: text(1)?,
        identity: Identity::from_be_bytes(hash(2)?),
        owner_identity: Identity::from_be_bytes(hash(3)?),
        owner_role: text(4)?,
        schema_name: text(5)?,
        version: row.get::<i32>(6).map_err(broken)?.unwrap_or_default(),
        wasm_sha256: hash(7)?,
        description: bytes(8)?,
        storage: serde_json::from_value(storage.0).map_err(broken)?,
        concurrency: if text(10)? == "row" { Concurrency::Row } else { Concurrency::Serial },
        sql_writers: if text(11)? == "free" { SqlWriters::Free } else { SqlWriters::Locked },
        u64_as: if text(12)? == "bigint" { U64As::Bigint } else { U64As::Numeric },
    })
}

/// The module's code as it was published.
pub(crate) fn wasm(identity: Identity) -> Result<Vec<u8>> {
    user::as_catalog_owner(|| {
        snapshot::with_latest(|| {
            Spi::connect(|client| {
                let bytes = identity.to_be_bytes();
                let query = "SELECT wasm FROM spacetime._module WHERE identity = $1";
                let rows = client.select(query, Some(1), &[bytes.as_slice().into()]).map_err(broken)?;
                rows.first().get::<Vec<u8>>(1).map_err(broken)?.ok_or_else(|| broken("the module is gone"))
            })
        })
    })
}

/// The random id that identities of roles are derived from.
pub(crate) fn installation() -> Result<String> {
    user::as_catalog_owner(|| {
        snapshot::with_latest(|| {
            Spi::connect(|client| {
                let rows = client.select("SELECT id::text FROM spacetime._installation", Some(1), &[]).map_err(broken)?;
                rows.first().get::<String>(1).map_err(broken)?.ok_or_else(|| broken("no installation id"))
            })
        })
    })
}

/// Wrapper functions in a schema: oid and body.
pub(crate) fn find_all_wrappers(schema: Oid) -> Result<Vec<(Oid, String)>> {
    let query = "SELECT p.oid, p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
                 WHERE l.lanname = 'spacetime' AND p.pronamespace = $1";
    snapshot::with_latest(|| {
        Spi::connect(|client| {
            let rows = client.select(query, None, &[schema.into()]).map_err(broken)?;
            rows.into_iter()
                .map(|row| {
                    let oid = row.get::<Oid>(1)?.unwrap_or(Oid::INVALID);
                    Ok((oid, row.get::<String>(2)?.unwrap_or_default()))
                })
                .collect::<std::result::Result<Vec<_>, SpiError>>()
                .map_err(broken)
        })
    })
}

/// Records a new module under its name.
pub(crate) fn insert(module: &ModuleRow, wasm: &[u8]) -> Result<()> {
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
    write(
        "INSERT INTO spacetime._module_name (name, identity) VALUES ($1, $2)",
        &[module.name.as_str().into(), identity.as_slice().into()],
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

/// Removes a module and its names.
pub(crate) fn delete(identity: Identity) -> Result<()> {
    write("DELETE FROM spacetime._module WHERE identity = $1", &[identity.to_be_bytes().as_slice().into()])
}

fn write(query: &str, arguments: &[DatumWithOid<'_>]) -> Result<()> {
    user::as_catalog_owner(|| {
        Spi::connect_mut(|client| client.update(query, None, arguments).map(|_| ()).map_err(broken))
    })
}

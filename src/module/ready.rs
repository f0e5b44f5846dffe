//! Modules ready to be called, one cache per backend.
//!
//! Key: name or identity in hex. Lifetime: the backend's. Invalidation: a publish or drop, by anyone, changes
//! modules_generation (see [`crate::pg::invalidation`]); the whole cache is then dropped. A call in progress keeps its
//! own reference, so a module is never freed under it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use spacetime_auth::Identity;
use spacetime_definition::Definition;

use super::{LogFile, StatePaths};
use crate::catalog::{self, Concurrency, ModuleRow, SqlWriters, StoredSequence, StoredTable};
use crate::error::{Error, Result};
use crate::pg::module_state::ModuleState;
use crate::pg::relation::OpenTable;
use crate::pg::writer::WriteContext;
use crate::pg::{Oid, access, function, invalidation, user, xact};
use crate::reducer::{WrapperBody, WrapperOf};
use crate::row::{PartNames, TableCodec};
use crate::wasm::{ArtifactStore, Code, Fuel, Instance};

/// Instances kept for later calls; more exist only while calls are nested.
const IDLE_INSTANCES_MAX: usize = 4;
/// Linear memory that an instance may have taken and still be kept.
const IDLE_GROWN_BYTES_MAX: usize = 32 << 20;

thread_local! {
    /// Not dropped at exit: instances would unmap code while the process is being torn down.
    static CACHE: ManuallyDrop<RefCell<Cache>> = ManuallyDrop::new(RefCell::new(Cache::default()));
    /// Counts rollbacks that may have left guest memory ahead of the database.
    static ROLLBACKS: Cell<u64> = const { Cell::new(0) };
}

#[derive(Default)]
struct Cache {
    generation: u64,
    /// By name and by identity in hex. Searched from the front: sessions use few modules.
    modules: Vec<(String, Rc<ReadyModule>)>,
}

/// A published module with everything worked out that calls need.
pub(crate) struct ReadyModule {
    /// The identity in hex: what wrappers and the cache know the module by.
    pub(crate) key: String,
    pub(crate) row: ModuleRow,
    pub(crate) definition: Definition,
    pub(crate) owner: Oid,
    pub(crate) schema: Oid,
    pub(crate) lock_table: Oid,
    /// The functions of the triggers on the module's tables: SQL writers take the lock, and their rows are captured.
    pub(crate) own_triggers: [Oid; 2],
    /// Search path for triggers and defaults of operators on the module's tables.
    pub(crate) search_path: String,
    /// What identities of roles are derived from.
    pub(crate) installation: String,
    pub(crate) state: ModuleState,
    pub(crate) log: Rc<LogFile>,
    code: Code,
    codecs: Vec<RefCell<Option<Rc<TableCodec>>>>,
    /// Table and position of each index; an index id is a position here.
    indexes: Vec<(usize, usize)>,
    wrappers: HashMap<String, Oid>,
    idle: RefCell<Vec<(u64, Instance)>>,
}

impl std::fmt::Debug for ReadyModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyModule").field("name", &self.row.name).finish_non_exhaustive()
    }
}

/// The module of that name or identity, from the cache or freshly loaded.
pub(crate) fn ready(name: &str) -> Result<Rc<ReadyModule>> {
    invalidation::accept();
    if let Some(module) = cached(name) {
        return Ok(module);
    }
    invalidation::watch(catalog::catalog_oid()?);
    let generation = invalidation::modules_generation();
    let row = catalog::find(name)?.ok_or_else(|| Error::NoSuchModule(name.to_owned()))?;
    let identity = row.identity.to_string();
    // By name and by identity it is the same module, with the same code and the same idle instances.
    let module = match cached(&identity) {
        Some(module) => module,
        None => Rc::new(ReadyModule::load(row, wanted_fuel())?),
    };
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        // What changed while loading will be loaded again.
        if cache.generation == generation {
            cache.modules.retain(|(known, _)| *known != identity && known != name);
            if identity != name {
                cache.modules.push((name.to_owned(), Rc::clone(&module)));
            }
            cache.modules.push((identity, Rc::clone(&module)));
        }
    });
    Ok(module)
}

fn cached(name: &str) -> Option<Rc<ReadyModule>> {
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        let generation = invalidation::modules_generation();
        if cache.generation != generation {
            cache.generation = generation;
            cache.modules.clear();
        }
        let found = cache.modules.iter().find(|(known, _)| known == name).map(|(_, module)| module);
        found.filter(|module| module.has_wanted_fuel()).cloned()
    })
}

/// SQL functions and procedures of a module that are there now, and what they stand for.
pub(super) fn wrappers_of(schema: Oid, identity: Identity) -> Result<Vec<(Oid, WrapperOf)>> {
    let functions = catalog::find_all_wrappers(schema)?;
    let key = identity.to_string();
    let of_module = |(function, body): (Oid, String)| {
        let body = serde_json::from_str::<WrapperBody>(&body).ok()?;
        (body.module == key).then_some((function, body.of))
    };
    Ok(functions.into_iter().filter_map(of_module).collect())
}

/// The flavour of code the settings ask for.
pub(super) fn wanted_fuel() -> Fuel {
    if crate::guc::fuel_per_call().is_some() { Fuel::On } else { Fuel::Off }
}

impl ReadyModule {
    fn load(row: ModuleRow, fuel: Fuel) -> Result<Self> {
        catalog::require_own_version()?;
        let definition = spacetime_definition::decode(&row.description).map_err(super::publish::refused)?;
        let artifacts = ArtifactStore { dir: StatePaths::artifacts() };
        let mut warnings = Vec::new();
        let wasm = || catalog::wasm(row.identity);
        let code = Code::load(&artifacts, &row.wasm_sha256, fuel, wasm, &mut warnings)?;
        for warning in warnings {
            pgrx::log!("spacetime: module {:?}: {warning}", row.name);
        }
        // Restored from a dump, or copied with its database: nobody may have told the workers.
        super::schedule::wake_workers_at_commit(&definition);
        Self::assemble(row, definition, code)
    }

    pub(super) fn assemble(row: ModuleRow, definition: Definition, code: Code) -> Result<Self> {
        let gone = || Error::SchemaGone { module: row.name.clone(), schema: row.schema_name.clone() };
        let schema = access::schema(&row.schema_name).ok_or_else(gone)?;
        let lock_table = access::relation(schema, &row.storage.lock_table).ok_or_else(gone)?;
        let owner = super::publish::owner_of(&row)?;
        let wrappers = wrappers_of(schema, row.identity)?;
        let wrappers = wrappers.into_iter().map(|(function, of)| (of.name().to_owned(), function)).collect();
        let indexes = definition
            .tables
            .iter()
            .enumerate()
            .flat_map(|(table, definition)| (0..definition.indexes.len()).map(move |index| (table, index)))
            .collect();
        xact::set_on_abort(|| ROLLBACKS.set(ROLLBACKS.get() + 1));
        Ok(Self {
            key: row.identity.to_string(),
            search_path: format!("pg_catalog, {}, pg_temp", crate::pg::name::quote(&row.schema_name)),
            installation: catalog::installation()?,
            state: ModuleState::open(&StatePaths::state(row.identity))?,
            log: Rc::new(LogFile::new(StatePaths::log(row.identity))),
            own_triggers: ["_lock_module", "_capture_change"].map(|function| {
                access::function_without_arguments("spacetime", function).unwrap_or(Oid::INVALID)
            }),
            codecs: definition.tables.iter().map(|_| RefCell::new(None)).collect(),
            idle: RefCell::new(Vec::new()),
            row,
            definition,
            owner,
            schema,
            lock_table,
            code,
            indexes,
            wrappers,
        })
    }

    /// Whether the code counts instructions exactly if the settings ask for it.
    pub(crate) fn has_wanted_fuel(&self) -> bool {
        self.code.fuel() == wanted_fuel()
    }

    /// Whether reducers of this module run one at a time.
    pub(crate) fn is_serial(&self) -> bool {
        self.row.concurrency == Concurrency::Serial
    }

    /// What SQL calls a function of the module by; reducers, procedures and views share one namespace. Looked at anew,
    /// for an operator may have dropped it.
    pub(crate) fn wrapper(&self, function: &str) -> Option<Oid> {
        self.wrappers.get(function).copied().filter(|wrapper| function::exists(*wrapper))
    }

    /// Id of an index, by canonical name, then alias.
    pub(crate) fn index_id(&self, name: &str) -> Option<usize> {
        let place = self.definition.index_by_name(name)?;
        self.indexes.iter().position(|candidate| *candidate == place)
    }

    /// Table and position of the index with this id.
    pub(crate) fn index_place(&self, id: usize) -> Option<(usize, usize)> {
        self.indexes.get(id).copied()
    }

    /// Opens a table of the module for the length of a call.
    pub(crate) fn open_table(&self, at: usize) -> Result<(OpenTable, Rc<TableCodec>)> {
        let stored = &self.row.storage.tables[at];
        let relation = access::relation(self.schema, &stored.pg_name)
            .ok_or_else(|| self.changed(stored, "it is gone".into()))?;
        let table = OpenTable::open(relation);
        if !user::has_rights_of(self.owner, table.owner()) {
            table.close();
            return Err(Error::Forbidden {
                what: format!(
                    "table {:?} does not belong to the owner of module {:?}",
                    stored.pg_name, self.row.name
                ),
                hint: format!(
                    "ALTER TABLE … OWNER TO {}; or, after ALTER ROLE … RENAME and REASSIGN OWNED, as a superuser: \
                     SELECT spacetime.adopt_module('{}')",
                    crate::pg::name::quote(&self.row.owner_role),
                    self.row.name
                ),
            });
        }
        // Only now: opening may have waited for somebody's DDL.
        let current = self.codecs[at].borrow().as_ref().filter(|codec| codec.serves(relation)).cloned();
        if let Some(codec) = current {
            return Ok((table, codec));
        }
        match self.make_codec(at, relation, &table) {
            Ok(codec) => {
                *self.codecs[at].borrow_mut() = Some(Rc::clone(&codec));
                Ok((table, codec))
            }
            Err(error) => {
                // Not every caller ends in an error that would close it.
                table.close();
                Err(error)
            }
        }
    }

    /// Column and sequence of each auto-increment column of a table.
    pub(crate) fn sequences(&self, at: usize) -> Result<Vec<(usize, Oid)>> {
        let stored = &self.row.storage.tables[at];
        let sequence = |sequence: &StoredSequence| {
            let oid = access::relation(self.schema, &sequence.pg_name);
            let problem = || self.changed(stored, format!("sequence {:?} is gone", sequence.pg_name));
            oid.map(|oid| (sequence.column, oid)).ok_or_else(problem)
        };
        stored.sequences.iter().map(sequence).collect()
    }

    fn make_codec(&self, at: usize, relation: Oid, table: &OpenTable) -> Result<Rc<TableCodec>> {
        let stored = &self.row.storage.tables[at];
        let names = PartNames {
            table: &stored.pg_name,
            columns: stored.columns.iter().map(|column| column.pg_name.as_str()).collect(),
            indexes: stored.indexes.iter().map(|index| index.pg_name.as_str()).collect(),
            row_hash_index: stored.row_hash_index.as_deref(),
            sequences: self.sequences(at)?,
        };
        TableCodec::new(&self.row.name, &self.definition.tables[at], &names, relation, table).map(Rc::new)
    }

    fn changed(&self, table: &StoredTable, problem: String) -> Error {
        Error::TableChanged { module: self.row.name.clone(), table: table.pg_name.clone(), problem }
    }

    /// What writing a table of the module needs to know of it.
    pub(crate) fn write_context<'a>(
        &'a self,
        codec: &'a TableCodec,
        before_sql: &'a dyn Fn() -> Result<()>,
    ) -> WriteContext<'a> {
        WriteContext {
            own_triggers: self.own_triggers,
            has_rivals: !self.is_serial() || self.row.sql_writers == SqlWriters::Free,
            evaluates: codec.evaluates,
            before_sql,
            is_mapped: &codec.is_mapped,
            is_never_null: &codec.is_never_null,
        }
    }

    /// An instance that no rollback has left ahead of the database: an idle one, or a new one.
    pub(crate) fn take_instance(&self) -> Result<Instance> {
        let rollbacks = ROLLBACKS.get();
        let idle = {
            let mut idle = self.idle.borrow_mut();
            idle.retain(|(seen, _)| *seen == rollbacks);
            idle.pop()
        };
        match idle {
            Some((_, instance)) => Ok(instance),
            None => {
                let (code, row) = (&self.code, &self.row);
                crate::reducer::boot(code, &row.name, row.identity, Rc::clone(&self.log))
                    .map(|(instance, _)| instance)
            }
        }
    }

    /// Keeps an instance that ended a call well for the next one, unless it has taken much memory: a guest never gives
    /// any back, and the backend may live for days.
    pub(crate) fn give_back(&self, instance: Instance) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < IDLE_INSTANCES_MAX && instance.grown_bytes() <= IDLE_GROWN_BYTES_MAX {
            idle.push((ROLLBACKS.get(), instance));
        }
    }
}

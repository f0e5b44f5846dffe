//! Statements that need a database without connections: our workers leave it first. Postgres itself waits 5 s for the
//! processes of a database to end and asks only its own vacuum workers to.

use std::ffi::CStr;

use pgrx::pg_guard;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, Oid};

use super::{shmem, worker};

/// Longer than Postgres waits, shorter than anybody would miss a scheduled reducer for.
const HOLD_US: i64 = 10_000_000;

static mut PREVIOUS: pg_sys::ProcessUtility_hook_type = None;

/// Sets the hook. To be called while the postmaster loads the library.
pub(super) fn register() {
    // SAFETY: the postmaster has one thread, and loads the library once.
    unsafe {
        PREVIOUS = pg_sys::ProcessUtility_hook;
        pg_sys::ProcessUtility_hook = Some(on_utility);
    }
}

#[pg_guard]
#[expect(clippy::too_many_arguments, reason = "Postgres says what a hook gets")]
unsafe extern "C-unwind" fn on_utility(
    statement: *mut pg_sys::PlannedStmt,
    text: *const std::ffi::c_char,
    read_only_tree: bool,
    context: pg_sys::ProcessUtilityContext::Type,
    parameters: pg_sys::ParamListInfo,
    environment: *mut pg_sys::QueryEnvironment,
    destination: *mut pg_sys::DestReceiver,
    completion: *mut pg_sys::QueryCompletion,
) {
    // SAFETY: everything is passed on as it came. A statement that fails leaves the hold to run out.
    unsafe {
        let database = wants_alone((*statement).utilityStmt);
        if let Some(database) = database {
            let now = worker::now_us();
            shmem::hold(database, now, now + HOLD_US);
        }
        match PREVIOUS {
            // Guarded: an error of C code must not jump over this frame.
            Some(next) => pg_guard_ffi_boundary(|| {
                next(
                    statement,
                    text,
                    read_only_tree,
                    context,
                    parameters,
                    environment,
                    destination,
                    completion,
                );
            }),
            None => pg_sys::standard_ProcessUtility(
                statement,
                text,
                read_only_tree,
                context,
                parameters,
                environment,
                destination,
                completion,
            ),
        }
        if let Some(database) = database {
            shmem::release(database);
        }
    }
}

/// The database that a statement needs for itself, if the user may run it: others must not stop workers by trying.
unsafe fn wants_alone(statement: *mut pg_sys::Node) -> Option<Oid> {
    // SAFETY: a statement's tag says what it is; names in it are C strings.
    unsafe {
        let name = match (*statement).type_ {
            pg_sys::NodeTag::T_DropdbStmt => (*statement.cast::<pg_sys::DropdbStmt>()).dbname,
            pg_sys::NodeTag::T_RenameStmt => {
                let rename = &*statement.cast::<pg_sys::RenameStmt>();
                if rename.renameType != pg_sys::ObjectType::OBJECT_DATABASE {
                    return None;
                }
                rename.subname
            }
            pg_sys::NodeTag::T_AlterDatabaseStmt => {
                let alter = &*statement.cast::<pg_sys::AlterDatabaseStmt>();
                option(alter.options, c"tablespace")?;
                alter.dbname
            }
            pg_sys::NodeTag::T_CreatedbStmt => {
                let create = &*statement.cast::<pg_sys::CreatedbStmt>();
                let template = option(create.options, c"template").unwrap_or(c"template1".as_ptr());
                let template = pg_sys::get_database_oid(template, true);
                // Who may copy a database is its owner's and superusers' to say, and anybody's if it is a template.
                return (template != Oid::INVALID && is_owner(template)).then_some(template);
            }
            _ => return None,
        };
        if name.is_null() {
            return None;
        }
        let database = pg_sys::get_database_oid(name, true);
        (database != Oid::INVALID && is_owner(database)).then_some(database)
    }
}

/// The text of an option of a statement.
unsafe fn option(options: *mut pg_sys::List, name: &CStr) -> Option<*const std::ffi::c_char> {
    if options.is_null() {
        return None;
    }
    // SAFETY: the list is one of DefElems.
    unsafe {
        (0..(*options).length as usize).find_map(|at| {
            let element = (*(*options).elements.add(at)).ptr_value.cast::<pg_sys::DefElem>();
            let is_it = CStr::from_ptr((*element).defname) == name && !(*element).arg.is_null();
            is_it.then(|| pg_sys::defGetString(element).cast_const())
        })
    }
}

unsafe fn is_owner(database: Oid) -> bool {
    // SAFETY: the database was just looked up.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_database_ownercheck(database, pg_sys::GetUserId());
        #[cfg(not(feature = "pg15"))]
        return pg_sys::object_ownercheck(pg_sys::DatabaseRelationId, database, pg_sys::GetUserId());
    }
}

//! Statements that more than their own session has to know of.
//!
//! Some need a database without connections: our workers leave it first. Postgres itself waits 5 s for the processes of a
//! database to end and asks only its own vacuum workers to. DROP EXTENSION needs all locks that a worker may have some of,
//! in another order. ALTER TABLE may rewrite rows without a trigger seeing them.

use std::ffi::CStr;
use std::time::Duration;

use pgrx::pg_guard;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, Datum, Oid};

use super::{shmem, worker};
use crate::pg::change_log::trigger;
use crate::pg::{interrupt, unguarded};

/// Longer than Postgres waits, shorter than anybody would miss a scheduled reducer for.
const HOLD_US: i64 = 10_000_000;
/// Time for a worker to notice that it is to go.
const LEAVE_US: i64 = 5_000_000;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

static mut PREVIOUS: pg_sys::ProcessUtility_hook_type = None;

/// Sets the hook. To be called while the postmaster loads the library.
pub(super) fn register() {
    // SAFETY: the postmaster has one thread, and loads the library once.
    unsafe {
        PREVIOUS = pg_sys::ProcessUtility_hook;
        pg_sys::ProcessUtility_hook = Some(on_statement);
    }
}

#[pg_guard]
#[expect(clippy::too_many_arguments, reason = "Postgres says what a hook gets")]
unsafe extern "C-unwind" fn on_statement(
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
            if database == pg_sys::MyDatabaseId {
                while shmem::is_occupied(database) && worker::now_us() < now + LEAVE_US {
                    interrupt::process();
                    std::thread::sleep(LOOK_AGAIN);
                }
            }
        }
        let altered = altered_table((*statement).utilityStmt);
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
        if let Some((table, file)) = altered
            && file_of(table).is_some_and(|new| new != file)
        {
            trigger::capture_rewrite(table);
        }
    }
}

/// The table that an ALTER TABLE speaks of, and the file its rows are in.
unsafe fn altered_table(statement: *mut pg_sys::Node) -> Option<(Oid, Oid)> {
    // SAFETY: a statement's tag says what it is. Without a lock another table may get the name before the statement
    // looks it up: a rewrite is then missed only if someone renames tables at that very moment.
    unsafe {
        if (*statement).type_ != pg_sys::NodeTag::T_AlterTableStmt {
            return None;
        }
        let name = (*statement.cast::<pg_sys::AlterTableStmt>()).relation;
        let missing_ok = pg_sys::RVROption::RVR_MISSING_OK;
        let (no_lock, no_check) = (pg_sys::NoLock as i32, None);
        let table =
            pg_sys::RangeVarGetRelidExtended(name, no_lock, missing_ok, no_check, std::ptr::null_mut());
        file_of(table).map(|file| (table, file))
    }
}

/// The file of a relation that exists and has one.
unsafe fn file_of(relation: Oid) -> Option<Oid> {
    // SAFETY: a tuple of the cache is live until it is released.
    unsafe {
        let cache = pg_sys::SysCacheIdentifier::RELOID as i32;
        let tuple = pg_sys::SearchSysCache1(cache, Datum::from(relation));
        if tuple.is_null() {
            return None;
        }
        let file = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relfilenode;
        pg_sys::ReleaseSysCache(tuple);
        (file != Oid::INVALID).then_some(file)
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
            pg_sys::NodeTag::T_DropStmt => {
                let drop = &*statement.cast::<pg_sys::DropStmt>();
                let is_ours = drop.removeType == pg_sys::ObjectType::OBJECT_EXTENSION
                    && cells(drop.objects)
                        .any(|name| CStr::from_ptr((*name.cast::<pg_sys::String>()).sval) == c"spacetime");
                // Only a superuser can own it.
                return (is_ours && pg_sys::superuser()).then_some(pg_sys::MyDatabaseId);
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
    // SAFETY: the list is one of DefElems.
    unsafe {
        cells(options).find_map(|element| {
            let element = element.cast::<pg_sys::DefElem>();
            let is_it = CStr::from_ptr((*element).defname) == name && !(*element).arg.is_null();
            is_it.then(|| pg_sys::defGetString(element).cast_const())
        })
    }
}

/// The pointers in a list, which may be NIL.
unsafe fn cells(list: *mut pg_sys::List) -> impl Iterator<Item = *mut std::ffi::c_void> {
    // SAFETY: a list has `length` cells; those of a parse tree hold pointers.
    unsafe {
        let length = if list.is_null() { 0 } else { (*list).length as usize };
        (0..length).map(move |at| (*(*list).elements.add(at)).ptr_value)
    }
}

unsafe fn is_owner(database: Oid) -> bool {
    // SAFETY: the database was just looked up.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_database_ownercheck(database, unguarded::user());
        #[cfg(not(feature = "pg15"))]
        return pg_sys::object_ownercheck(pg_sys::DatabaseRelationId, database, unguarded::user());
    }
}

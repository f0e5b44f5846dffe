//! Finding objects by name, checking rights on them, locking modules.

use std::ffi::CString;

use pgrx::pg_sys::{self, Oid};

/// Oid of a schema.
pub(crate) fn schema(name: &str) -> Option<Oid> {
    let name = CString::new(name).ok()?;
    // SAFETY: with `missing_ok` it returns InvalidOid.
    found(unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) })
}

/// Name of a schema.
pub(crate) fn schema_name(schema: Oid) -> Option<String> {
    // SAFETY: returns a palloc'd string, or null when there is no such schema.
    unsafe {
        let name = pg_sys::get_namespace_name(schema);
        (!name.is_null()).then(|| std::ffi::CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

/// Oid of a relation in a schema.
pub(crate) fn relation(schema: Oid, name: &str) -> Option<Oid> {
    let name = CString::new(name).ok()?;
    // SAFETY: returns InvalidOid when there is none.
    found(unsafe { pg_sys::get_relname_relid(name.as_ptr(), schema) })
}

/// Oid of a role.
pub(crate) fn role(name: &str) -> Option<Oid> {
    let name = CString::new(name).ok()?;
    // SAFETY: with `missing_ok` it returns InvalidOid.
    found(unsafe { pg_sys::get_role_oid(name.as_ptr(), true) })
}

fn found(oid: Oid) -> Option<Oid> {
    (oid != Oid::INVALID).then_some(oid)
}

/// Raises 42501, as SQL would, unless `user` may use the schema and execute the function.
pub(crate) fn require_execute(user: Oid, schema: Oid, function: Oid) {
    // SAFETY: the check functions raise for missing objects; error text comes from Postgres itself.
    unsafe {
        #[cfg(feature = "pg15")]
        let (on_schema, on_function) = (
            pg_sys::pg_namespace_aclcheck(schema, user, pg_sys::ACL_USAGE),
            pg_sys::pg_proc_aclcheck(function, user, pg_sys::ACL_EXECUTE),
        );
        #[cfg(not(feature = "pg15"))]
        let (on_schema, on_function) = (
            pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, user, pg_sys::ACL_USAGE.into()),
            pg_sys::object_aclcheck(pg_sys::ProcedureRelationId, function, user, pg_sys::ACL_EXECUTE.into()),
        );
        if on_schema != pg_sys::AclResult::ACLCHECK_OK {
            let name = pg_sys::get_namespace_name(schema);
            pg_sys::aclcheck_error(on_schema, pg_sys::ObjectType::OBJECT_SCHEMA, name);
        }
        if on_function != pg_sys::AclResult::ACLCHECK_OK {
            let name = pg_sys::get_func_name(function);
            pg_sys::aclcheck_error(on_function, pg_sys::ObjectType::OBJECT_FUNCTION, name);
        }
    }
}

/// Whether PUBLIC may execute a function.
pub(crate) fn is_executable_by_public(function: Oid) -> bool {
    let public = Oid::from(pg_sys::ACL_ID_PUBLIC);
    // SAFETY: a function that is gone raises.
    unsafe {
        #[cfg(feature = "pg15")]
        let right = pg_sys::pg_proc_aclcheck(function, public, pg_sys::ACL_EXECUTE);
        #[cfg(not(feature = "pg15"))]
        let right = pg_sys::object_aclcheck(
            pg_sys::ProcedureRelationId,
            function,
            public,
            pg_sys::ACL_EXECUTE.into(),
        );
        right == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// Takes a module's serial lock: a lock on its lock table that excludes itself and nothing a reader needs.
/// Held to the end of the transaction (or the savepoint); seen in pg_locks; honours lock_timeout.
///
/// SHARE UPDATE EXCLUSIVE is the strongest mode that Postgres grants without looking through the fast-path locks of every
/// backend, which would cost microseconds per call. `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE` excludes it, too.
pub(crate) fn lock_module(lock_table: Oid) {
    // SAFETY: raises on timeout, cancel or deadlock.
    unsafe { pg_sys::LockRelationOid(lock_table, pg_sys::ShareUpdateExclusiveLock as i32) }
}

/// Keeps others from changing a table's shape until the transaction ends.
pub(crate) fn lock_for_reading(table: Oid) {
    // SAFETY: raises on timeout, cancel or deadlock.
    unsafe { pg_sys::LockRelationOid(table, pg_sys::AccessShareLock as i32) }
}

/// As [`lock_for_reading`], but never waits; `false` if somebody else has the table.
pub(crate) fn try_lock_for_reading(table: Oid) -> bool {
    // SAFETY: plain C call.
    unsafe { pg_sys::ConditionalLockRelationOid(table, pg_sys::AccessShareLock as i32) }
}

/// Runs `wait`, each of whose waits for a lock ends after `limit_ms` (55P03).
pub(crate) fn with_lock_timeout<R>(limit_ms: i32, wait: impl FnOnce() -> R) -> R {
    // SAFETY: a setting changed at a new nesting level is restored here, or by the abort.
    unsafe {
        let level = super::unguarded::begin_settings_level();
        super::user::set_local(c"lock_timeout", &limit_ms.to_string());
        let result = wait();
        pg_sys::AtEOXact_GUC(true, level);
        result
    }
}

/// Draws the next value of a sequence without checking rights on it.
pub(crate) fn next_value(sequence: Oid) -> i64 {
    // SAFETY: raises when the sequence is gone or exhausted.
    unsafe { super::external::nextval_internal(sequence, false) }
}

/// Oid of the database.
pub(crate) fn database() -> Oid {
    // SAFETY: set before any of our code runs in a backend.
    unsafe { pg_sys::MyDatabaseId }
}

/// Whether the database stores UTF-8, which SATS strings are.
pub(crate) fn database_is_utf8() -> bool {
    // SAFETY: reads backend state.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// The server's data directory.
pub(crate) fn data_directory() -> std::path::PathBuf {
    // SAFETY: DataDir is set before backends start and never changes.
    let path = unsafe { std::ffi::CStr::from_ptr(pg_sys::DataDir) };
    std::path::PathBuf::from(std::ffi::OsStr::new(&*path.to_string_lossy()))
}

/// Random bytes from the server's generator.
pub(crate) fn random_bytes<const N: usize>() -> crate::error::Result<[u8; N]> {
    let mut bytes = [0u8; N];
    // SAFETY: fills exactly N bytes.
    if unsafe { pg_sys::pg_strong_random(bytes.as_mut_ptr().cast(), N) } {
        Ok(bytes)
    } else {
        Err(crate::error::Error::Internal("the server has no source of random numbers".into()))
    }
}

/// Oid of a function without parameters.
pub(crate) fn function_without_arguments(schema: &str, name: &str) -> Option<Oid> {
    let (schema, name) = (CString::new(schema).ok()?, CString::new(name).ok()?);
    // SAFETY: the list nodes are palloc'd; with `missing_ok` it returns InvalidOid.
    unsafe {
        let mut names = std::ptr::null_mut();
        names = pg_sys::lappend(names, pg_sys::makeString(schema.as_ptr().cast_mut()).cast());
        names = pg_sys::lappend(names, pg_sys::makeString(name.as_ptr().cast_mut()).cast());
        found(pg_sys::LookupFuncName(names, 0, std::ptr::null(), true))
    }
}

/// Lets one publish or drop run at a time; readers of the catalog do not wait.
pub(crate) fn lock_catalog(catalog: Oid) {
    // SAFETY: raises on timeout, cancel or deadlock.
    unsafe { pg_sys::LockRelationOid(catalog, pg_sys::ShareUpdateExclusiveLock as i32) }
}

/// Whether `role` has the rights of a schema's owner.
pub(crate) fn owns_schema(role: Oid, schema: Oid) -> bool {
    // SAFETY: raises when the schema does not exist.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_namespace_ownercheck(schema, role);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::object_ownercheck(pg_sys::NamespaceRelationId, schema, role);
    }
}

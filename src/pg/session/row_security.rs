//! What a role may read of a table, as the executor would decide it.

use pgrx::pg_sys::{self, Oid};

use crate::pg::array::{self, ElementLayout};

/// Rows of a table that a role may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readable {
    /// A view, say, which runs code of its owner's as whoever reads it.
    NoTable,
    Nothing,
    /// Policies decide about each row.
    ByPolicies,
    All,
}

/// What `role` may read of `table` in `schema`. Raises when the table is gone.
pub(crate) fn readable(schema: Oid, table: Oid, role: Oid) -> Readable {
    // SAFETY: plain C call.
    if unsafe { pg_sys::get_rel_relkind(table) } as u8 != pg_sys::RELKIND_RELATION {
        return Readable::NoTable;
    }
    if !may_use(schema, role) || !may_select(table, role) {
        return Readable::Nothing;
    }
    // SAFETY: plain C call; with `noError` it raises for nothing but a missing table.
    let is_secured = unsafe { pg_sys::check_enable_rls(table, role, true) }
        == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32;
    if !is_secured || has_open_policy(table, role) { Readable::All } else { Readable::ByPolicies }
}

fn may_use(schema: Oid, role: Oid) -> bool {
    // SAFETY: raises when the schema is gone.
    unsafe {
        #[cfg(feature = "pg15")]
        let right = pg_sys::pg_namespace_aclcheck(schema, role, pg_sys::ACL_USAGE);
        #[cfg(not(feature = "pg15"))]
        let right =
            pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, role, pg_sys::ACL_USAGE.into());
        right == pg_sys::AclResult::ACLCHECK_OK
    }
}

fn may_select(table: Oid, role: Oid) -> bool {
    #[cfg(feature = "pg15")]
    let right = pg_sys::ACL_SELECT;
    #[cfg(not(feature = "pg15"))]
    let right = pg_sys::ACL_SELECT.into();
    // SAFETY: plain C calls; raise when the table is gone.
    unsafe {
        pg_sys::pg_class_aclcheck(table, role, right) == pg_sys::AclResult::ACLCHECK_OK
            || pg_sys::pg_attribute_aclcheck_all(table, role, right, pg_sys::AclMaskHow::ACLMASK_ALL)
                == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// Whether one of the policies lets the role read every row, and none takes rows away.
fn has_open_policy(table: Oid, role: Oid) -> bool {
    // SAFETY: the policies belong to the relcache entry, which the reference keeps.
    unsafe {
        let relation = pg_sys::RelationIdGetRelation(table);
        if relation.is_null() {
            return false;
        }
        let security = (*relation).rd_rsdesc;
        let mut is_open = false;
        if !security.is_null() {
            let policies = pgrx::PgList::<pg_sys::RowSecurityPolicy>::from_pg((*security).policies);
            for policy in policies.iter_ptr().map(|policy| &*policy) {
                let is_for_reading =
                    policy.polcmd as u8 == b'*' || policy.polcmd as u8 == pg_sys::ACL_SELECT_CHR;
                if !is_for_reading || !is_for(policy, role) {
                    continue;
                }
                if !policy.permissive {
                    is_open = false;
                    break;
                }
                is_open |= is_true(policy.qual.cast());
            }
            // The list is the relcache's.
            std::mem::forget(policies);
        }
        pg_sys::RelationClose(relation);
        is_open
    }
}

unsafe fn is_for(policy: &pg_sys::RowSecurityPolicy, role: Oid) -> bool {
    let layout = ElementLayout::of(pg_sys::OIDOID);
    // SAFETY: an array of oids without NULLs, as pg_policy holds it.
    let named = unsafe { array::elements_of(pg_sys::Datum::from(policy.roles), layout) };
    named
        .unwrap_or_default()
        .into_iter()
        .map(crate::pg::datum::to_oid)
        .any(|named| named == Oid::from(pg_sys::ACL_ID_PUBLIC) || super::user::has_rights_of(role, named))
}

unsafe fn is_true(condition: *mut pg_sys::Node) -> bool {
    // SAFETY: an expression's tag says what it is.
    unsafe {
        if condition.is_null() || (*condition).type_ != pg_sys::NodeTag::T_Const {
            return false;
        }
        let constant = &*condition.cast::<pg_sys::Const>();
        constant.consttype == pg_sys::BOOLOID
            && !constant.constisnull
            && crate::pg::datum::to_bool(constant.constvalue)
    }
}

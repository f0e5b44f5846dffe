//! Postgres types as the codec meets them: base types of domains, labels of enums.

use pgrx::pg_sys::{self, Oid};

pub(crate) const BOOL: Oid = pg_sys::BOOLOID;
pub(crate) const INT2: Oid = pg_sys::INT2OID;
pub(crate) const INT4: Oid = pg_sys::INT4OID;
pub(crate) const INT8: Oid = pg_sys::INT8OID;
pub(crate) const FLOAT4: Oid = pg_sys::FLOAT4OID;
pub(crate) const FLOAT8: Oid = pg_sys::FLOAT8OID;
pub(crate) const NUMERIC: Oid = pg_sys::NUMERICOID;
pub(crate) const TEXT: Oid = pg_sys::TEXTOID;
pub(crate) const BYTEA: Oid = pg_sys::BYTEAOID;
pub(crate) const TIMESTAMPTZ: Oid = pg_sys::TIMESTAMPTZOID;
pub(crate) const UUID: Oid = pg_sys::UUIDOID;
pub(crate) const JSONB: Oid = pg_sys::JSONBOID;

/// The type a domain is over, or the type itself.
pub(crate) fn base_of(oid: Oid) -> Oid {
    // SAFETY: raises when the type does not exist.
    unsafe { pg_sys::getBaseType(oid) }
}

/// Element type of an array type, `None` for any other type.
pub(crate) fn element_of(oid: Oid) -> Option<Oid> {
    // SAFETY: returns InvalidOid for types that are no true arrays.
    let element = unsafe { pg_sys::get_element_type(oid) };
    (element != Oid::INVALID).then_some(element)
}

/// Name as SQL prints it.
pub(crate) fn name_of(oid: Oid) -> String {
    // SAFETY: returns a palloc'd string for any oid.
    unsafe { std::ffi::CStr::from_ptr(pg_sys::format_type_be(oid)) }.to_string_lossy().into_owned()
}

/// Label oids of an enum type in the order of its variants; empty when the type is no enum.
pub(crate) fn enum_labels(oid: Oid) -> Vec<Oid> {
    // SAFETY: the scan is closed before the function returns; rows are read while the scan holds them.
    unsafe {
        if pg_sys::get_typtype(oid) != pg_sys::TYPTYPE_ENUM as std::ffi::c_char {
            return Vec::new();
        }
        let relation = pg_sys::table_open(pg_sys::EnumRelationId, pg_sys::AccessShareLock as i32);
        let mut key = pg_sys::ScanKeyData::default();
        pg_sys::ScanKeyInit(
            &mut key,
            pg_sys::Anum_pg_enum_enumtypid as i16,
            pg_sys::BTEqualStrategyNumber as u16,
            pg_sys::F_OIDEQ.into(),
            pg_sys::Datum::from(oid),
        );
        let index = Oid::from(pg_sys::EnumTypIdSortOrderIndexId);
        let catalog_index = pg_sys::index_open(index, pg_sys::AccessShareLock as i32);
        let scan =
            pg_sys::systable_beginscan_ordered(relation, catalog_index, std::ptr::null_mut(), 1, &mut key);
        let mut labels = Vec::new();
        loop {
            let tuple = pg_sys::systable_getnext_ordered(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            labels.push((*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_enum>()).oid);
        }
        pg_sys::systable_endscan_ordered(scan);
        pg_sys::index_close(catalog_index, pg_sys::AccessShareLock as i32);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
        labels
    }
}

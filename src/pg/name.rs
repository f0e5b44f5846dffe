//! Names: quoting for the DDL we generate, and the limit Postgres sets on them.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

/// Bytes of a name that Postgres keeps (`NAMEDATALEN - 1`); longer ones are cut silently.
pub(crate) const NAME_BYTES_MAX: usize = pg_sys::NAMEDATALEN as usize - 1;

/// `quote_identifier`: quoted only where it must be.
pub(crate) fn quote(name: &str) -> String {
    // No name holds U+0000 (the definition refuses it), and none may end the quoting if it did.
    let name_c = CString::new(name.replace('\0', "")).unwrap_or_default();
    // SAFETY: `quote_identifier` returns its argument or a palloc'd copy; copied before either goes away.
    unsafe { CStr::from_ptr(pg_sys::quote_identifier(name_c.as_ptr())) }.to_string_lossy().into_owned()
}

/// `schema.name`, both quoted where they must be.
pub(crate) fn quote_qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote(schema), quote(name))
}

/// A string as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

//! Answer of `POST /v1/database/:x/sql` (wire.md §5.6).

use serde::{Deserialize, Serialize};
use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Field, Product, Type};

use super::algebraic_type::References;
use crate::error::WireError;
use crate::sats_json::{Form, from_bsatn};

/// Rows that a statement wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatementStats {
    pub rows_inserted: u64,
    pub rows_deleted: u64,
    pub rows_updated: u64,
}

/// The whole body: the result of one statement in an array. `rows` are BSATN; a statement that writes has neither
/// columns nor rows.
///
/// # Errors
///
/// [`WireError::Malformed`] if a row is no value of `columns`, [`WireError::MessageTooLong`] beyond `limit` bytes.
pub fn statement_result<R: AsRef<[u8]>>(
    columns: &[Field],
    rows: impl IntoIterator<Item = R>,
    duration_micros: u64,
    stats: StatementStats,
    limit: usize,
) -> Result<String, WireError> {
    let row_type = Type::Product(Product { name: None, fields: columns.to_vec() });
    let mut body = format!("[{{\"schema\":{},\"rows\":[", References::default().product_type(columns));
    for (position, row) in rows.into_iter().enumerate() {
        if position > 0 {
            body.push(',');
        }
        let mut reader = Reader::new(row.as_ref());
        from_bsatn(&row_type, &mut reader, Form::Row, &mut body)?;
        reader.finish()?;
        if body.len() > limit {
            return Err(WireError::MessageTooLong { limit });
        }
    }
    let stats = serde_json::to_string(&stats)?;
    body.push_str(&format!("],\"total_duration_micros\":{duration_micros},\"stats\":{stats}}}]"));
    Ok(body)
}

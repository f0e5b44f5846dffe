//! Checked queries of the guests' dialect, run by Postgres over the names that relations have there.

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Field, Type};
use spacetime_query::{Parameter, Plan, StoredNames, Value, select};

use super::ReadyModule;
use crate::error::{Error, Result};
use crate::pg::query::{self, Argument};
use crate::pg::{Datum, Oid, types};
use crate::row::{DecodeError, StoredValue, U64As, ValueCodec, column_type, stored};

/// Shows each row of the plans, in BSATN, to `visit`: as the current user may see them, by the active snapshot.
/// `:sender` must be bound. `fields` are the columns of the rows.
pub(crate) fn query_rows(
    module: &ReadyModule,
    plans: &[Plan],
    fields: &[Field],
    visit: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let sql = select(plans, &|relation| names(module, relation))?;
    let arguments = sql
        .parameters
        .iter()
        .map(|parameter| argument(parameter, module.row.u64_as))
        .collect::<Result<Vec<_>>>()?;
    let mut codecs: Option<Vec<(ValueCodec, bool)>> = None;
    let mut row = Vec::new();
    query::select(&sql.text, &arguments, &mut |types, values, nulls| {
        let codecs = match &mut codecs {
            Some(codecs) => codecs,
            none => none.insert(codecs_of(module, fields, types)?),
        };
        row.clear();
        for (at, (codec, nullable)) in codecs.iter().enumerate() {
            if *nullable {
                row.push(u8::from(nulls[at]));
            }
            if !nulls[at] {
                // SAFETY: the codec was made for the type of this column of the result.
                unsafe { codec.encode(values[at], &mut row) }
                    .map_err(|error| error.at(format!("a row of module {:?}", module.row.name)))?;
            }
        }
        visit(&row)
    })
}

/// A table's, or those of the SQL view of a view.
fn names(module: &ReadyModule, relation: usize) -> Option<StoredNames> {
    let storage = &module.row.storage;
    let schema = module.row.schema_name.clone();
    if let Some(table) = storage.tables.get(relation) {
        let columns = table.columns.iter().map(|column| column.pg_name.clone()).collect();
        return Some(StoredNames { schema, table: table.pg_name.clone(), columns });
    }
    None
}

fn codecs_of(module: &ReadyModule, fields: &[Field], types: &[Oid]) -> Result<Vec<(ValueCodec, bool)>> {
    let codec = |(field, oid): (&Field, &Oid)| {
        let (ty, nullable) = column_type(&field.ty);
        ValueCodec::new(ty, *oid).map(|codec| (codec, nullable)).map_err(|problem| Error::NotInState {
            what: format!("a column of module {:?} has changed: {problem}", module.row.name),
            hint: "Undo the change of the table, or publish the module again.".into(),
        })
    };
    fields.iter().zip(types).map(codec).collect()
}

/// A literal of the query, of the type in which columns of its SATS type are stored.
fn argument(parameter: &Parameter, u64_as: U64As) -> Result<Argument> {
    let misfit = |problem: String| Error::InvalidParameter { what: problem, hint: String::new() };
    let value = match parameter {
        Parameter::Value(value) => value,
        Parameter::Sender(_) => return Err(Error::Internal("the sender of a query is not bound".into())),
    };
    let oid = parameter_type(&value.ty, u64_as)
        .ok_or_else(|| misfit("the query compares values that have no order".into()))?;
    let codec = ValueCodec::new(&value.ty, oid).map_err(misfit)?;
    let decoded = decode(&codec, value).map_err(|error| match error {
        DecodeError::Malformed => misfit("the query has a malformed literal".into()),
        DecodeError::Value(value) => value.at("a literal of the query".to_owned()),
    })?;
    Ok(Argument { ty: oid, value: decoded })
}

fn decode(codec: &ValueCodec, value: &Value) -> std::result::Result<Datum, DecodeError> {
    let mut reader = Reader::new(&value.bsatn);
    let decoded = codec.decode(&mut reader)?;
    reader.finish()?;
    Ok(decoded)
}

/// Domains are compared as what they are over.
fn parameter_type(ty: &Type, u64_as: U64As) -> Option<Oid> {
    Some(match stored(ty, u64_as).value {
        StoredValue::Bool => types::BOOL,
        StoredValue::Int2 | StoredValue::Checked { sql: "smallint", .. } => types::INT2,
        StoredValue::Int4 | StoredValue::Checked { sql: "integer", .. } => types::INT4,
        StoredValue::Int8 | StoredValue::Duration | StoredValue::Checked { .. } => types::INT8,
        StoredValue::Numeric { .. } => types::NUMERIC,
        StoredValue::Float4 => types::FLOAT4,
        StoredValue::Float8 => types::FLOAT8,
        StoredValue::Text => types::TEXT,
        StoredValue::Bytea | StoredValue::Identity | StoredValue::ConnectionId => types::BYTEA,
        StoredValue::Timestamptz => types::TIMESTAMPTZ,
        StoredValue::Uuid => types::UUID,
        StoredValue::Enum | StoredValue::Array(_) | StoredValue::Jsonb => return None,
    })
}

//! Checked queries of the guests' dialect, run by Postgres over the names that relations have there.

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Field, Type};
use spacetime_query::{Parameter, Plan, Sql, StoredNames, Value, select};

use super::ReadyModule;
use crate::error::{Error, Result};
use crate::pg::query::{self, Argument};
use crate::pg::{Datum, Oid, types};
use crate::row::{DecodeError, StoredValue, U64As, ValueCodec, column_type, stored};

/// A statement with its arguments: run as the current user, by the active snapshot.
pub(crate) struct Statement {
    text: String,
    arguments: Vec<Argument>,
}

impl Statement {
    /// Prints plans over the tables of a module; `:sender` must be bound.
    pub(crate) fn of(module: &ReadyModule, plans: &[Plan]) -> Result<Self> {
        let names = |table: usize| {
            let stored = module.row.storage.tables.get(table)?;
            let columns = stored.columns.iter().map(|column| column.pg_name.clone()).collect();
            let schema = module.row.schema_name.clone();
            Some(StoredNames { schema, table: stored.pg_name.clone(), columns })
        };
        Self::printed(module, select(plans, &names)?)
    }

    /// A statement that was printed over the tables of a module.
    pub(crate) fn printed(module: &ReadyModule, sql: Sql) -> Result<Self> {
        let arguments = sql.parameters.iter().map(|parameter| match parameter {
            Parameter::Value(value) => argument(value, module.row.u64_as),
            Parameter::Sender(_) => Err(Error::Internal("the sender of a query is not bound".into())),
        });
        Ok(Self { text: sql.text, arguments: arguments.collect::<Result<_>>()? })
    }

    /// Writes; gives the number of rows.
    pub(crate) fn write(&self) -> Result<u64> {
        query::write(&self.text, &self.arguments)
    }

    /// How many rows the planner expects.
    pub(crate) fn estimate(&self) -> Result<u64> {
        // Never negative, and whole already.
        Ok(query::estimate(&self.text, &self.arguments)?.round() as u64)
    }

    /// Shows each row in BSATN; `what` names them in errors.
    pub(crate) fn run(
        &self,
        what: &str,
        fields: &[Field],
        visit: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut codecs: Option<Vec<(ValueCodec, bool)>> = None;
        let mut bytes = Vec::new();
        query::select(&self.text, &self.arguments, &mut |types, values, nulls| {
            let codecs = match &mut codecs {
                Some(codecs) => codecs,
                none => none.insert(codecs_of(what, fields, types)?),
            };
            bytes.clear();
            for (at, (codec, nullable)) in codecs.iter().enumerate() {
                if *nullable {
                    bytes.push(u8::from(nulls[at]));
                }
                if !nulls[at] {
                    // SAFETY: the codec was made for the type of this column of the result.
                    unsafe { codec.encode(values[at], &mut bytes) }
                        .map_err(|error| error.at(format!("a row of {what}")))?;
                }
            }
            visit(&bytes)
        })
    }
}

fn codecs_of(what: &str, fields: &[Field], types: &[Oid]) -> Result<Vec<(ValueCodec, bool)>> {
    let codec = |(field, oid): (&Field, &Oid)| {
        let (ty, nullable) = column_type(&field.ty);
        ValueCodec::new(ty, *oid).map(|codec| (codec, nullable)).map_err(|problem| Error::NotInState {
            what: format!("a column of {what} has changed: {problem}"),
            hint: "Undo the change of the table, or publish the module again.".into(),
        })
    };
    fields.iter().zip(types).map(codec).collect()
}

/// A literal of the query, of the type in which columns of its SATS type are stored.
pub(crate) fn argument(value: &Value, u64_as: U64As) -> Result<Argument> {
    let misfit = |problem: String| Error::InvalidParameter { what: problem, hint: String::new() };
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

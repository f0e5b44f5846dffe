//! Views that return a query instead of rows: the host runs it, over the names that the tables have in Postgres, with the
//! rights and in the snapshot of the view.

use spacetime_auth::Identity;
use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Type, View};
use spacetime_query::{
    Access, Parameter, Plan, Schema, StoredNames, Value, VisibilityRules, one_off, select,
};

use super::view::malformed;
use crate::error::{Error, Result};
use crate::module::ReadyModule;
use crate::pg::query::{self, Argument};
use crate::pg::{Datum, Oid, types};
use crate::row::{DecodeError, StoredValue, U64As, ValueCodec, column_type, stored};

/// Runs a query in the dialect of the guests. Gives a BSATN array of rows, and the positions of the tables read.
pub(super) fn run(
    module: &ReadyModule,
    view: &View,
    text: &str,
    sender: Identity,
) -> Result<(Vec<u8>, Vec<usize>)> {
    let broken = |problem: &str| malformed(module, view, &format!("{problem}, in the query {text}"));
    let schema = Schema::of(&module.definition);
    // The view's own rights are the owner's: it may show what filters hide from those who ask for it.
    let plans = one_off(text, &schema, &VisibilityRules::default(), Access::Owner)
        .map_err(|error| broken(&error.to_string()))?;
    let plans: Vec<_> = plans.into_iter().map(|plan| plan.bind(&sender.to_le_bytes())).collect();
    let tables = tables_of(module, view, &plans)?;
    let row_type = plans.first().map(|plan| module.definition.tables[plan.returned_relation()].row_type());
    if row_type.is_none_or(|row| row.fields != view.row_type.fields) {
        return Err(broken("its rows are of another type"));
    }
    // Event tables are empty when a call begins, and so is every join with one.
    if tables.iter().any(|table| module.definition.tables[*table].is_event) {
        return Ok((0u32.to_le_bytes().to_vec(), Vec::new()));
    }
    let names = |table: usize| {
        let stored = module.row.storage.tables.get(table)?;
        let columns = stored.columns.iter().map(|column| column.pg_name.clone()).collect();
        Some(StoredNames { schema: module.row.schema_name.clone(), table: stored.pg_name.clone(), columns })
    };
    let sql = select(&plans, &names).map_err(|error| broken(&error.to_string()))?;
    let arguments = sql
        .parameters
        .iter()
        .map(|parameter| argument(parameter, module.row.u64_as).map_err(|problem| broken(&problem)))
        .collect::<Result<Vec<_>>>()?;
    Ok((rows(view, &sql.text, &arguments)?, tables))
}

/// Tables the plans read; views cannot be asked.
fn tables_of(module: &ReadyModule, view: &View, plans: &[Plan]) -> Result<Vec<usize>> {
    let relations: Vec<_> = plans.iter().flat_map(|plan| plan.relations.iter().copied()).collect();
    let tables = module.definition.tables.len();
    match relations.iter().find(|relation| **relation >= tables) {
        None => Ok(relations),
        Some(other) => Err(Error::Unsupported {
            what: format!(
                "view {:?} of module {:?} queries another view, {:?}",
                view.name,
                module.row.name,
                module.definition.views[other - tables].name
            ),
            hint: "Let its query name tables only.".into(),
        }),
    }
}

fn rows(view: &View, text: &str, arguments: &[Argument]) -> Result<Vec<u8>> {
    let (mut count, mut bytes) = (0u32, vec![0; 4]);
    let mut codecs: Option<Vec<(ValueCodec, bool)>> = None;
    query::select(text, arguments, &mut |types, values, nulls| {
        let codecs = match &mut codecs {
            Some(codecs) => codecs,
            none => none.insert(codecs_of(view, types)?),
        };
        count += 1;
        for (at, (codec, nullable)) in codecs.iter().enumerate() {
            if *nullable {
                bytes.push(u8::from(nulls[at]));
            }
            if !nulls[at] {
                // SAFETY: the codec was made for the type of this column of the result.
                unsafe { codec.encode(values[at], &mut bytes) }
                    .map_err(|error| error.at(format!("a row of view {:?}", view.name)))?;
            }
        }
        Ok(())
    })?;
    bytes[..4].copy_from_slice(&count.to_le_bytes());
    Ok(bytes)
}

fn codecs_of(view: &View, types: &[Oid]) -> Result<Vec<(ValueCodec, bool)>> {
    let codec = |(field, oid): (&spacetime_definition::Field, &Oid)| {
        let (ty, nullable) = column_type(&field.ty);
        ValueCodec::new(ty, *oid).map(|codec| (codec, nullable)).map_err(|problem| Error::NotInState {
            what: format!("a column of view {:?} has changed: {problem}", view.name),
            hint: "Undo the change of the table, or publish the module again.".into(),
        })
    };
    view.row_type.fields.iter().zip(types).map(codec).collect()
}

/// A literal of the query, of the type in which columns of its SATS type are stored.
fn argument(parameter: &Parameter, u64_as: U64As) -> std::result::Result<Argument, String> {
    let value = match parameter {
        Parameter::Value(value) => value,
        Parameter::Sender(_) => return Err("its sender is not bound".into()),
    };
    let oid = parameter_type(&value.ty, u64_as).ok_or("it compares values that have no order")?;
    let codec = ValueCodec::new(&value.ty, oid)?;
    let decoded = decode(&codec, value).map_err(|error| match error {
        DecodeError::Malformed => "it has a malformed literal".into(),
        DecodeError::Value(value) => value.problem,
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

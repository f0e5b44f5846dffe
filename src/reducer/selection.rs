//! Queries of the guests' dialect, run by Postgres over the names that tables have there: those of views, and those by which
//! gateways read the first rows of their clients' subscriptions.

use spacetime_auth::Identity;
use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Field, Type};
use spacetime_query::{Parameter, Plan, Schema, Selection, Sql, StoredNames, Value, select};

use crate::auth::Session;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, read_rows, ready};
use crate::pg::query::{self, Argument};
use crate::pg::{Datum, Oid, access, types, user};
use crate::row::{DecodeError, StoredValue, U64As, ValueCodec, column_type, stored};

/// Bytes at which a piece of the answer ends.
const PIECE_BYTES: usize = 1 << 20;

/// With whose eyes rows are read: a role's, whose row policies apply, in a session of somebody.
pub(crate) struct Viewer<'a> {
    /// 32 bytes, big endian.
    pub(crate) identity: &'a [u8],
    pub(crate) claims: &'a str,
    pub(crate) role: &'a str,
}

/// A statement with its arguments.
pub(super) struct Statement {
    text: String,
    arguments: Vec<Argument>,
}

/// Rows of plans (JSON of a [`Selection`]) by the active snapshot: each in BSATN after its length as u32, in pieces. Without
/// a viewer with the rights of the module's owner, who sees all rows.
pub(crate) fn select_rows(
    module: &str,
    selection: &str,
    viewer: Option<&Viewer<'_>>,
) -> Result<Vec<Vec<u8>>> {
    let refused = |problem: String| Error::InvalidParameter {
        what: format!("this is no selection: {problem}"),
        hint: "Only gateways make them.".into(),
    };
    let ready = ready(module)?;
    let definition = &ready.definition;
    let schema = Schema::of(definition);
    let selection: Selection = serde_json::from_str(selection).map_err(|error| refused(error.to_string()))?;
    let plans = selection.over(&schema).map_err(|error| refused(error.to_string()))?;
    let table = plans.first().and_then(|plan| definition.tables.get(plan.returned_relation()));
    let table = table.ok_or_else(|| refused("it returns no rows of a table".into()))?;
    if let ([plan], None) = (plans.as_slice(), viewer)
        && *plan == Plan::all_of(plan.returned_relation())
    {
        // Without a second copy of the table in memory.
        return read_rows(&ready, plan.returned_relation());
    }
    let statement = Statement::of(&ready, &plans).map_err(refused)?;
    let caller = match viewer {
        None => {
            let caller = user::become_owner(ready.owner);
            user::pin_settings(&ready.search_path);
            caller
        }
        Some(viewer) => become_viewer(viewer)?,
    };
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    let what = format!("table {:?}", table.name);
    statement.run(&what, &table.row_type().fields, &mut |row| pack(row, &mut piece, &mut pieces))?;
    caller.restore();
    if !piece.is_empty() {
        pieces.push(piece);
    }
    Ok(pieces)
}

/// Adds a row to the piece that is being filled.
pub(super) fn pack(row: &[u8], piece: &mut Vec<u8>, pieces: &mut Vec<Vec<u8>>) {
    piece.extend_from_slice(&(row.len() as u32).to_le_bytes());
    piece.extend_from_slice(row);
    if piece.len() >= PIECE_BYTES {
        pieces.push(std::mem::take(piece));
    }
}

/// The current user becomes the viewer's role, and the session the viewer's, until the caller is restored.
pub(super) fn become_viewer(viewer: &Viewer<'_>) -> Result<user::Caller> {
    let session = viewer.session()?;
    let role = access::role(viewer.role).ok_or_else(|| Error::NotInState {
        what: format!("role {:?}, which the gateway speaks for, does not exist", viewer.role),
        hint: "Create it, or start the gateway with another one.".into(),
    })?;
    let caller = user::become_owner(role);
    user::set_local(c"row_security", "on");
    session.store_in_level()?;
    Ok(caller)
}

impl Viewer<'_> {
    fn session(&self) -> Result<Session> {
        let identity = <[u8; 32]>::try_from(self.identity).map_err(|_| Error::InvalidParameter {
            what: "an identity has 32 bytes".into(),
            hint: String::new(),
        })?;
        Session::vouched(Identity::from_be_bytes(identity), self.claims)
    }

    /// The session becomes the viewer's until the innermost level of settings is closed.
    pub(super) fn enter_session(&self) -> Result<()> {
        self.session()?.store_in_level()
    }
}

impl Statement {
    /// Prints plans over the tables of a module.
    pub(super) fn of(module: &ReadyModule, plans: &[Plan]) -> std::result::Result<Self, String> {
        let names = |table: usize| {
            let stored = module.row.storage.tables.get(table)?;
            let columns = stored.columns.iter().map(|column| column.pg_name.clone()).collect();
            let schema = module.row.schema_name.clone();
            Some(StoredNames { schema, table: stored.pg_name.clone(), columns })
        };
        Self::printed(module, select(plans, &names).map_err(|error| error.to_string())?)
    }

    /// A statement that was printed over the tables of a module.
    pub(super) fn printed(module: &ReadyModule, sql: Sql) -> std::result::Result<Self, String> {
        let arguments = sql.parameters.iter().map(|parameter| match parameter {
            Parameter::Value(value) => argument(value, module.row.u64_as),
            Parameter::Sender(_) => Err("its sender is not bound".into()),
        });
        Ok(Self { text: sql.text, arguments: arguments.collect::<std::result::Result<_, _>>()? })
    }

    /// Writes; gives the number of rows.
    pub(super) fn write(&self) -> Result<u64> {
        query::write(&self.text, &self.arguments)
    }

    /// Shows each row in BSATN; `what` names them in errors.
    pub(super) fn run(&self, what: &str, fields: &[Field], visit: &mut dyn FnMut(&[u8])) -> Result<()> {
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
            visit(&bytes);
            Ok(())
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
pub(super) fn argument(value: &Value, u64_as: U64As) -> std::result::Result<Argument, String> {
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

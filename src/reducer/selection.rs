//! Queries of the guests' dialect, run by Postgres over the names that tables have there: those of views, and those by which
//! gateways read the first rows of their clients' subscriptions.

use spacetime_auth::Identity;
use spacetime_query::{Plan, Schema, Selection};

use crate::auth::Session;
use crate::error::{Error, Result};
use crate::module::{Statement, read_rows, ready};
use crate::pg::{access, user};

/// Bytes at which a piece of the answer ends.
const PIECE_BYTES: usize = 1 << 20;

/// With whose eyes rows are read: a role's, whose row policies apply, in a session of somebody.
pub(crate) struct Viewer<'a> {
    /// 32 bytes, big endian.
    pub(crate) identity: &'a [u8],
    pub(crate) claims: &'a str,
    pub(crate) role: &'a str,
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
    let statement = Statement::of(&ready, &plans)?;
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
    statement.run(&what, &table.row_type().fields, &mut |row| {
        pack(row, &mut piece, &mut pieces);
        Ok(())
    })?;
    caller.restore();
    if !piece.is_empty() {
        pieces.push(piece);
    }
    Ok(pieces)
}

/// How many rows the planner expects of plans (JSON of a [`Selection`]), before row policies.
pub(crate) fn estimate(module: &str, selection: &str) -> Result<u64> {
    let refused = |problem: String| Error::InvalidParameter {
        what: format!("this is no selection: {problem}"),
        hint: "Only gateways make them.".into(),
    };
    let ready = ready(module)?;
    let selection: Selection = serde_json::from_str(selection).map_err(|error| refused(error.to_string()))?;
    let plans = selection.over(&Schema::of(&ready.definition)).map_err(|error| refused(error.to_string()))?;
    let statement = Statement::of(&ready, &plans)?;
    let caller = user::become_owner(ready.owner);
    user::pin_settings(&ready.search_path);
    let rows = statement.estimate()?;
    caller.restore();
    Ok(rows)
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
    user::pin_settings("pg_catalog, pg_temp");
    session.store_in_level()?;
    Ok(caller)
}

impl Viewer<'_> {
    fn session(&self) -> Result<Session> {
        let identity = <[u8; 32]>::try_from(self.identity).map_err(|_| Error::InvalidParameter {
            what: "an identity has 32 bytes".into(),
            hint: String::new(),
        })?;
        Session::vouched(Identity::from_be_bytes(identity), None, self.claims)
    }

    /// The session becomes the viewer's until the innermost level of settings is closed.
    pub(super) fn enter_session(&self) -> Result<()> {
        self.session()?.store_in_level()
    }
}

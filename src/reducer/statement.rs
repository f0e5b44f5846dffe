//! Statements of the one-off dialect (wire.md §4.4), asked once: with the module owner's rights for its owner, else with those
//! of a role in a session of whom a gateway vouches for, so that row policies apply.

use spacetime_auth::Identity;
use spacetime_query::{
    Access, CheckedOutput, CheckedStatement, Schema, StoredNames, VisibilityRules, check_statement,
    parse_statement, print_statement, quoted,
};

use super::selection::{Viewer, become_viewer, pack};
use crate::catalog;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, Statement, argument, ready};
use crate::pg::query;
use crate::pg::{access, entry, user};
use spacetime_definition::Field;

/// What a statement did.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// Rows of a SELECT, each in BSATN after its length as u32, in pieces.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Rows that it wrote.
    pub(crate) written: u64,
}

/// Runs a statement for `viewer`, who has checked it against the same definition.
pub(crate) fn run_statement(module: &str, text: &str, viewer: &Viewer<'_>) -> Result<Ran> {
    entry::check(c"a statement of a client")?;
    let ready = ready(module)?;
    let identity = <[u8; 32]>::try_from(viewer.identity).map_err(|_| refused("an identity has 32 bytes"))?;
    let identity = Identity::from_be_bytes(identity);
    let is_owner = identity == ready.row.owner_identity;
    let identity_of_module = ready.row.identity;
    let access = if is_owner { Access::Owner } else { Access::Client };
    let schema = Schema::of(&ready.definition);
    let statement = parse_statement(text).map_err(refused)?;
    // The rules are row policies: a client's role does not get past them.
    let rules = VisibilityRules::default();
    let sender = identity.to_le_bytes();
    let checked = check_statement(&statement, &schema, &rules, access, &sender).map_err(refused)?;
    let checked = bound(checked, &sender);
    let limit = match &checked {
        CheckedStatement::SetRowLimit(limit) => {
            access::lock_catalog(catalog::catalog_oid()?);
            catalog::set_row_limit(identity_of_module, *limit)?;
            return Ok(Ran::default());
        }
        CheckedStatement::ShowRowLimit => return shown(catalog::row_limit(identity_of_module)?),
        _ if is_owner => None,
        _ => catalog::row_limit(identity_of_module)?,
    };
    let caller = if is_owner {
        let caller = user::become_owner(ready.owner);
        user::pin_settings(&ready.search_path);
        viewer.enter_session()?;
        caller
    } else {
        become_viewer(viewer)?
    };
    let ran = run(&ready, &schema, &checked, limit)?;
    caller.restore();
    Ok(ran)
}

fn refused(problem: impl std::fmt::Display) -> Error {
    Error::InvalidParameter { what: problem.to_string(), hint: String::new() }
}

fn bound(checked: CheckedStatement, sender: &[u8; 32]) -> CheckedStatement {
    match checked {
        CheckedStatement::Select { plans, output, limit } => CheckedStatement::Select {
            plans: plans.into_iter().map(|plan| plan.bind(sender)).collect(),
            output,
            limit,
        },
        other => other,
    }
}

/// One row of one u64, or none.
fn shown(limit: Option<u64>) -> Result<Ran> {
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    if let Some(limit) = limit {
        pack(&limit.to_le_bytes(), &mut piece, &mut pieces);
        pieces.push(piece);
    }
    Ok(Ran { pieces, written: 0 })
}

/// `limit` is of the rows that the planner expects.
fn run(module: &ReadyModule, schema: &Schema, checked: &CheckedStatement, limit: Option<u64>) -> Result<Ran> {
    let names = |relation: usize| names(module, relation);
    let printed = print_statement(checked, &names).map_err(refused)?;
    match (checked, printed) {
        (CheckedStatement::Select { plans, output, .. }, Some(sql)) => {
            let fields = fields(schema, plans, output);
            let mut pieces = Vec::new();
            let statement = Statement::printed(module, sql)?;
            if let Some(limit) = limit {
                let rows = statement.estimate()?;
                if rows > limit {
                    // The text is the reference's (wire.md §4.4).
                    return Err(refused(format!(
                        "Estimated cardinality ({rows} rows) exceeds limit ({limit} rows)"
                    )));
                }
            }
            let mut piece = Vec::new();
            statement.run("the answer", &fields, &mut |row| {
                pack(row, &mut piece, &mut pieces);
                Ok(())
            })?;
            if !piece.is_empty() {
                pieces.push(piece);
            }
            Ok(Ran { pieces, written: 0 })
        }
        (CheckedStatement::Insert { relation, rows }, _) => {
            let mut written = 0;
            for row in rows {
                written += insert(module, *relation, row)?;
            }
            Ok(Ran { written, ..Ran::default() })
        }
        (_, Some(sql)) => {
            let statement = Statement::printed(module, sql)?;
            Ok(Ran { written: statement.write()?, ..Ran::default() })
        }
        (_, None) => Err(Error::Internal("a statement that is none of Postgres' was to be run by it".into())),
    }
}

/// The names that a relation of the schema has in Postgres: tables first, then the views.
fn names(module: &ReadyModule, relation: usize) -> Option<StoredNames> {
    let storage = &module.row.storage;
    let schema = module.row.schema_name.clone();
    if let Some(table) = storage.tables.get(relation) {
        // Nothing is stored of event tables.
        let columns = table.columns.iter().map(|column| column.pg_name.clone()).collect();
        return (!table.is_event).then(|| StoredNames { schema, table: table.pg_name.clone(), columns });
    }
    let at = relation - storage.tables.len();
    let (view, stored) = (module.definition.views.get(at)?, storage.views.get(at)?);
    let columns = view.row_type.fields.iter().map(|field| field.name.clone().unwrap_or_default()).collect();
    Some(StoredNames { schema, table: stored.pg_view.clone()?, columns })
}

/// Columns of a SELECT's answer.
fn fields(schema: &Schema, plans: &[spacetime_query::Plan], output: &CheckedOutput) -> Vec<Field> {
    spacetime_query::answer_columns(schema, plans, output)
        .into_iter()
        .map(|(name, ty)| Field { name: Some(name), ty })
        .collect()
}

/// Inserts a row; 0 in an auto-increment column draws a value.
fn insert(module: &ReadyModule, relation: usize, row: &[spacetime_query::Value]) -> Result<u64> {
    let stored = names(module, relation).ok_or_else(|| refused("rows of event tables are not stored"))?;
    let sequences = &module.row.storage.tables.get(relation).map(|table| table.sequences.as_slice());
    let draws =
        |column: usize| sequences.is_some_and(|all| all.iter().any(|sequence| sequence.column == column));
    let (mut columns, mut values, mut arguments) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (column, value)) in stored.columns.iter().zip(row).enumerate() {
        columns.push(quoted(column));
        if draws(at) && value.bsatn.iter().all(|byte| *byte == 0) {
            values.push("DEFAULT".to_owned());
        } else {
            arguments.push(argument(value, module.row.u64_as)?);
            values.push(format!("${}", arguments.len()));
        }
    }
    let text = format!(
        "INSERT INTO {}.{} ({}) VALUES ({})",
        quoted(&stored.schema),
        quoted(&stored.table),
        columns.join(", "),
        values.join(", ")
    );
    query::write(&text, &arguments)
}

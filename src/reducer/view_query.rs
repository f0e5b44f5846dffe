//! Views that return a query instead of rows: the host runs it, over the names that the tables have in Postgres, with the
//! rights and in the snapshot of the view.

use spacetime_auth::Identity;
use spacetime_definition::View;
use spacetime_query::{Access, Plan, Schema, VisibilityRules, one_off};

use super::view::malformed;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, Statement};

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
    let statement = Statement::of(module, &plans).map_err(|problem| broken(&problem.to_string()))?;
    let (mut count, mut bytes) = (0u32, vec![0; 4]);
    statement.run(&format!("view {:?}", view.name), &view.row_type.fields, &mut |row| {
        count += 1;
        bytes.extend_from_slice(row);
        Ok(())
    })?;
    bytes[..4].copy_from_slice(&count.to_le_bytes());
    Ok((bytes, tables))
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

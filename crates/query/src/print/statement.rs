//! Statements of the one-off dialect as SQL of Postgres.

use super::{Parameter, Printer, Sql, StoredNames, quoted, select_columns};
use crate::Error;
use crate::plan::Predicate;
use crate::resolve::{CheckedOutput, CheckedStatement};
use crate::schema::RelationId;

/// Prints SELECT, UPDATE and DELETE; the answer to the others is `None`. INSERT goes through the insertion of rows
/// that reducers use, which draws the values of auto-increment columns; `row_limit` is no table.
///
/// # Errors
///
/// [`Error::Misfit`] if `names` lacks a relation or column.
pub fn print_statement(
    statement: &CheckedStatement,
    names: &dyn Fn(RelationId) -> Option<StoredNames>,
) -> Result<Option<Sql>, Error> {
    let mut sql = match statement {
        CheckedStatement::Select { plans, output, limit } => {
            let mut sql = match output {
                CheckedOutput::Columns(columns) => select_columns(plans, Some(columns), names)?,
                CheckedOutput::Rows | CheckedOutput::Count(_) => select_columns(plans, None, names)?,
            };
            if let CheckedOutput::Count(name) = output {
                sql.text = format!("SELECT count(*) AS {} FROM ({}) AS counted", quoted(name), sql.text);
            }
            if let Some(limit) = limit {
                // More rows than bigint counts do not exist.
                sql.text.push_str(&format!(" LIMIT {}", (*limit).min(i64::MAX.unsigned_abs())));
            }
            return Ok(Some(sql));
        }
        CheckedStatement::Insert { .. }
        | CheckedStatement::SetRowLimit(_)
        | CheckedStatement::ShowRowLimit => {
            return Ok(None);
        }
        CheckedStatement::Update { .. } | CheckedStatement::Delete { .. } => Sql::default(),
    };
    let (CheckedStatement::Update { relation, filter, .. } | CheckedStatement::Delete { relation, filter }) =
        statement
    else {
        return Ok(None);
    };
    let Some(stored) = names(*relation) else { return Err(Error::Misfit { problem: "unknown relation" }) };
    let target = format!("{}.{} AS r0", quoted(&stored.schema), quoted(&stored.table));
    let relations = [stored];
    let mut printer = Printer { sql: &mut sql, relations: &relations };
    if let CheckedStatement::Update { assignments, .. } = statement {
        printer.put(&format!("UPDATE {target} SET "));
        for (position, (column, value)) in assignments.iter().enumerate() {
            let [stored] = &relations;
            let Some(name) = stored.columns.get(*column) else {
                return Err(Error::Misfit { problem: "unknown column" });
            };
            printer.put(&format!("{}{} = ", if position == 0 { "" } else { ", " }, quoted(name)));
            printer.parameter(Parameter::Value(value.clone()));
        }
    } else {
        printer.put(&format!("DELETE FROM {target}"));
    }
    if *filter != Predicate::Constant(true) {
        printer.put(" WHERE ");
        printer.predicate(filter)?;
    }
    Ok(Some(sql))
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::print_statement;
    use crate::sample::schema;
    use crate::{Access, VisibilityRules, check_statement, parse_statement};

    #[test]
    fn statements() {
        let rules = VisibilityRules::default();
        for (text, expected, parameters) in [
            (
                "SELECT m.note AS n, u.id FROM user u JOIN member m ON u.id = m.user_id LIMIT 2",
                "SELECT r1.\"note\" AS \"n\", r0.\"id\" AS \"id\" FROM \"a\"\"b\".\"user\" AS r0 \
                 CROSS JOIN \"a\"\"b\".\"member\" AS r1 WHERE r0.\"id\" = r1.\"user_id\" LIMIT 2",
                0,
            ),
            (
                "SELECT COUNT(*) AS n FROM ping",
                "SELECT count(*) AS \"n\" FROM (SELECT r0.\"user_id\" FROM \"a\"\"b\".\"ping\" AS r0) AS counted",
                0,
            ),
            (
                "UPDATE member SET note = 'x', room = 1 WHERE user_id = 2",
                "UPDATE \"a\"\"b\".\"member\" AS r0 SET \"note\" = $1, \"room\" = $2 WHERE r0.\"user_id\" = $3",
                3,
            ),
            ("DELETE FROM member", "DELETE FROM \"a\"\"b\".\"member\" AS r0", 0),
        ] {
            let statement = parse_statement(text).expect("syntax");
            let checked =
                check_statement(&statement, &schema(), &rules, Access::Owner, &[0; 32]).expect("a statement");
            let sql = print_statement(&checked, &names).expect("sql").expect("text");
            assert_eq!((sql.text.as_str(), sql.parameters.len()), (expected, parameters));
        }
    }
}

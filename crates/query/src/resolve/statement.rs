//! Statements of the one-off dialect, checked.

use spacetime_definition::Type;

use super::{Access, Scope, not_in_scope, with_joins_of_filter};
use crate::access::VisibilityRules;
use crate::plan::{ColumnRef, Plan, Predicate, Value};
use crate::schema::{RelationId, Schema, StoredRelation};
use crate::syntax::{self, Expression, Name, Output, Statement};
use crate::{Error, literal};

/// A checked statement. Filters of writes have one relation, number 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedStatement {
    Select {
        /// Their rows together are the answer; `:sender` is not bound.
        plans: Vec<Plan>,
        output: CheckedOutput,
        limit: Option<u64>,
    },
    /// Each row has one value per column, in the schema's order; 0 in an auto-increment column draws a value.
    Insert {
        relation: RelationId,
        rows: Vec<Vec<Value>>,
    },
    Update {
        relation: RelationId,
        assignments: Vec<(usize, Value)>,
        filter: Predicate,
    },
    Delete {
        relation: RelationId,
        filter: Predicate,
    },
    SetRowLimit(u64),
    ShowRowLimit,
}

/// What a SELECT answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedOutput {
    /// All columns of the returned relation.
    Rows,
    /// Columns of the plans' relations, with the names that the answer gives them.
    Columns(Vec<(ColumnRef, String)>),
    /// The number of rows, under this name.
    Count(String),
}

/// Names and types of the columns that a SELECT answers.
pub fn answer_columns(schema: &Schema, plans: &[Plan], output: &CheckedOutput) -> Vec<(String, Type)> {
    let Some(plan) = plans.first() else { return Vec::new() };
    let relation =
        |position: usize| plan.relations.get(position).and_then(|relation| schema.relations.get(*relation));
    match output {
        CheckedOutput::Count(name) => vec![(name.clone(), Type::U64)],
        CheckedOutput::Rows => {
            let columns = relation(plan.returned).map(|found| found.columns.as_slice()).unwrap_or_default();
            columns.iter().map(|column| (column.name.clone(), column.ty.clone())).collect()
        }
        CheckedOutput::Columns(columns) => {
            let column = |at: ColumnRef| relation(at.relation).and_then(|found| found.columns.get(at.column));
            let named = columns.iter().map(|(at, name)| Some((name.clone(), column(*at)?.ty.clone())));
            named.flatten().collect()
        }
    }
}

/// Checks a statement against a schema. `caller` is an identity as in BSATN.
///
/// # Errors
///
/// As [`crate::check`]; [`Error::NotAuthorized`] if a client wants to write.
pub fn check_statement(
    statement: &Statement,
    schema: &Schema,
    rules: &VisibilityRules,
    access: Access,
    caller: &[u8; 32],
) -> Result<CheckedStatement, Error> {
    let is_read = matches!(statement, Statement::Select(_));
    if !is_read && access != Access::Owner {
        let big_endian: Vec<u8> = caller.iter().rev().copied().collect();
        return Err(Error::NotAuthorized { caller: hex::encode(big_endian) });
    }
    Ok(match statement {
        Statement::Select(select) => {
            let (plan, output) = check_select(select, schema, access)?;
            let plans = if access == Access::Owner { vec![plan] } else { rules.expand(plan)? };
            CheckedStatement::Select { plans, output, limit: select.limit }
        }
        Statement::Insert { table, columns, rows } => insert(table, columns, rows, schema)?,
        Statement::Update { table, assignments, filter } => {
            let target = Target::new(table, schema)?;
            let assigned = assignments.iter().map(|assignment| {
                let column = target.column(&assignment.column)?;
                let value = target.value(column, &assignment.value, assignment.position)?;
                Ok((column, value))
            });
            let assignments: Vec<(usize, Value)> = assigned.collect::<Result<_, Error>>()?;
            for (position, (column, _)) in assignments.iter().enumerate() {
                if assignments.iter().take(position).any(|(earlier, _)| earlier == column) {
                    return Err(Error::ColumnList {
                        position: table.position,
                        problem: "a column is set twice",
                    });
                }
            }
            CheckedStatement::Update {
                relation: target.id,
                assignments,
                filter: target.filter(filter.as_ref())?,
            }
        }
        Statement::Delete { table, filter } => {
            let target = Target::new(table, schema)?;
            CheckedStatement::Delete { relation: target.id, filter: target.filter(filter.as_ref())? }
        }
        Statement::SetRowLimit(limit) => CheckedStatement::SetRowLimit(*limit),
        Statement::ShowRowLimit => CheckedStatement::ShowRowLimit,
    })
}

fn check_select(
    select: &syntax::Select,
    schema: &Schema,
    access: Access,
) -> Result<(Plan, CheckedOutput), Error> {
    let (scope, joins) = Scope::of(&select.query, schema, access)?;
    let (returned, output) = match &select.output {
        Output::Rows => (scope.returned(&select.query)?, CheckedOutput::Rows),
        Output::Count(name) => (0, CheckedOutput::Count(name.text.clone())),
        Output::Columns(columns) => {
            let named = columns.iter().map(|(column, alias)| {
                let name = alias.as_ref().map(|alias| alias.text.clone());
                Ok((scope.column(column)?.0, name.unwrap_or_else(|| column.name.text.clone())))
            });
            (0, CheckedOutput::Columns(named.collect::<Result<_, Error>>()?))
        }
    };
    let filter = scope.filter(select.query.filter.as_ref())?;
    let relations = scope.relations.iter().map(|bound| bound.id).collect();
    Ok((with_joins_of_filter(Plan { relations, returned, joins, filter }), output))
}

fn insert(
    table: &Name,
    columns: &[Name],
    rows: &[Vec<(syntax::Literal, crate::Position)>],
    schema: &Schema,
) -> Result<CheckedStatement, Error> {
    let target = Target::new(table, schema)?;
    let order: Vec<usize> = columns.iter().map(|name| target.column(name)).collect::<Result<_, _>>()?;
    let problem = |problem| Error::ColumnList { position: table.position, problem };
    // As many different columns as the table has are all of them.
    let mut sources = vec![None; target.relation.columns.len()];
    for (source, column) in order.iter().enumerate() {
        if sources.get_mut(*column).is_some_and(|place| place.replace(source).is_some()) {
            return Err(problem("a column is named twice"));
        }
    }
    let Some(sources) = sources.into_iter().collect::<Option<Vec<usize>>>() else {
        return Err(problem("INSERT must name all columns of the table"));
    };
    let typed = rows.iter().map(|row| {
        if row.len() != columns.len() {
            return Err(problem("a row has another number of values than there are columns"));
        }
        let values = sources.iter().enumerate().filter_map(|(column, source)| {
            let (literal, position) = row.get(*source)?;
            Some(target.value(column, literal, *position))
        });
        values.collect()
    });
    Ok(CheckedStatement::Insert { relation: target.id, rows: typed.collect::<Result<_, _>>()? })
}

/// The table that a statement writes.
struct Target<'a> {
    id: RelationId,
    relation: &'a StoredRelation,
    scope: Scope<'a>,
}

impl<'a> Target<'a> {
    fn new(table: &Name, schema: &'a Schema) -> Result<Self, Error> {
        let mut scope = Scope { schema, access: Access::Owner, relations: Vec::new() };
        scope.add(&syntax::Relation { table: table.clone(), alias: None })?;
        let bound = scope.relations.first().map(|bound| (bound.id, bound.relation));
        let Some((id, relation)) = bound else { return Err(not_in_scope(table)) };
        if relation.is_view {
            return Err(Error::ReadOnly { position: table.position, name: table.text.clone() });
        }
        Ok(Self { id, relation, scope })
    }

    fn column(&self, name: &Name) -> Result<usize, Error> {
        self.relation.find(&name.text).ok_or_else(|| not_in_scope(name))
    }

    fn value(
        &self,
        column: usize,
        literal: &syntax::Literal,
        position: crate::Position,
    ) -> Result<Value, Error> {
        let column = self.relation.columns.get(column).ok_or(Error::Misfit { problem: "unknown column" })?;
        literal::typed(literal, &column.ty, position)
    }

    fn filter(&self, filter: Option<&Expression>) -> Result<Predicate, Error> {
        self.scope.filter(filter)
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckedOutput, CheckedStatement, check_statement};
    use crate::sample::schema;
    use crate::{Access, ColumnRef, Error, VisibilityRules, parse_statement};

    fn checked(text: &str, access: Access) -> Result<CheckedStatement, Error> {
        let rules = VisibilityRules::check(&["SELECT * FROM user WHERE online"], &schema())?;
        check_statement(&parse_statement(text)?, &schema(), &rules, access, &[0xab; 32])
    }

    #[test]
    fn values_go_to_the_columns_that_are_named() {
        let one = checked("INSERT INTO member (user_id, room, note) VALUES (1, 2, 'x')", Access::Owner);
        let other = checked("INSERT INTO member (note, user_id, room) VALUES ('x', 1, 2)", Access::Owner);
        assert!(one.is_ok());
        assert_eq!(one, other);
    }

    #[test]
    fn refusals() {
        let caller = "ab".repeat(32);
        for (text, access, message) in [
            (
                "DELETE FROM user",
                Access::Client,
                format!("Caller {caller} is not authorized to run SQL DML statements"),
            ),
            (
                "INSERT INTO member (user_id, room) VALUES (1, 2)",
                Access::Owner,
                "INSERT must name all columns of the table".to_owned(),
            ),
            (
                "INSERT INTO member (user_id, room, room) VALUES (1, 2, 3)",
                Access::Owner,
                "a column is named twice".to_owned(),
            ),
            (
                "INSERT INTO member (user_id, room, note) VALUES (1, 2)",
                Access::Owner,
                "a row has another number of values than there are columns".to_owned(),
            ),
            ("UPDATE member SET room = 1, room = 2", Access::Owner, "a column is set twice".to_owned()),
            (
                "UPDATE member SET room = 'x'",
                Access::Owner,
                "the literal `'x'` is no value of type u64".to_owned(),
            ),
            ("SELECT nope FROM user", Access::Client, "`nope` is not in scope".to_owned()),
        ] {
            assert_eq!(checked(text, access).map_err(|error| error.to_string()), Err(message), "{text}");
        }
    }

    #[test]
    fn columns_and_counts_obey_the_rules() {
        let text = "SELECT m.note AS n, u.id FROM user u JOIN member m ON u.id = m.user_id LIMIT 2";
        let Ok(CheckedStatement::Select { plans, output, limit }) = checked(text, Access::Client) else {
            panic!("no select")
        };
        let column = |relation, column| ColumnRef { relation, column };
        let expected = vec![(column(1, 2), "n".to_owned()), (column(0, 0), "id".to_owned())];
        assert_eq!((output, limit), (CheckedOutput::Columns(expected), Some(2)));
        assert!(!plans[0].filter.conjuncts().is_empty());
        let count = |access| checked("SELECT COUNT(*) AS n FROM user", access);
        assert_ne!(count(Access::Client), count(Access::Owner));
        assert_eq!(
            count(Access::Client),
            checked("SELECT COUNT(*) AS n FROM user WHERE online", Access::Owner)
        );
    }
}

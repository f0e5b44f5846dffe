//! Plans as SQL of Postgres, for the rows that a subscription begins with and for one-off queries.
//!
//! No value is ever part of the text: literals are parameters, and names are quoted.

mod statement;

use std::fmt::Write;

use crate::Error;
use crate::plan::{ColumnRef, Comparison, Operand, Plan, Predicate, Value};
use crate::schema::RelationId;
use spacetime_definition::Type;

pub use statement::print_statement;

/// Where Postgres keeps a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNames {
    pub schema: String,
    pub table: String,
    /// One for each column of the relation, in its order.
    pub columns: Vec<String>,
}

/// What `$n` stands for; the column beside it decides its Postgres type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// A value of the column's SATS type, to be converted as the column is stored.
    Value(Value),
    /// The caller's identity as an Identity or as bytes.
    Sender(Type),
}

/// A statement with its parameters, `$1` first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sql {
    pub text: String,
    pub parameters: Vec<Parameter>,
}

/// The columns of the rows that the plans return together, in the order of the schema. A row that several plans
/// return comes several times, as it does in their deltas.
///
/// # Errors
///
/// [`Error::Misfit`] if there is no plan, or `names` lacks a relation or column of one.
pub fn select(plans: &[Plan], names: &dyn Fn(RelationId) -> Option<StoredNames>) -> Result<Sql, Error> {
    select_columns(plans, None, names)
}

/// The same with other columns than those of the returned relation.
fn select_columns(
    plans: &[Plan],
    columns: Option<&[(ColumnRef, String)]>,
    names: &dyn Fn(RelationId) -> Option<StoredNames>,
) -> Result<Sql, Error> {
    let mut sql = Sql::default();
    if plans.is_empty() {
        return Err(Error::Misfit { problem: "no plan" });
    }
    for (position, plan) in plans.iter().enumerate() {
        if position > 0 {
            sql.text.push_str(" UNION ALL ");
        }
        let relations = plan.relations.iter().map(|relation| names(*relation));
        let relations: Option<Vec<_>> = relations.collect();
        let Some(relations) = relations else { return Err(Error::Misfit { problem: "unknown relation" }) };
        Printer { sql: &mut sql, relations: &relations }.plan(plan, columns)?;
    }
    Ok(sql)
}

/// A name in double quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

struct Printer<'a> {
    sql: &'a mut Sql,
    relations: &'a [StoredNames],
}

impl Printer<'_> {
    fn plan(&mut self, plan: &Plan, columns: Option<&[(ColumnRef, String)]>) -> Result<(), Error> {
        self.put("SELECT ");
        match columns {
            Some(columns) => {
                for (position, (column, name)) in columns.iter().enumerate() {
                    self.put(if position == 0 { "" } else { ", " });
                    self.column(*column)?;
                    self.put(&format!(" AS {}", quoted(name)));
                }
            }
            None => {
                let Some(returned) = self.relations.get(plan.returned) else {
                    return Err(Error::Misfit { problem: "unknown relation" });
                };
                let own = |name: &String| format!("{}.{}", alias(plan.returned), quoted(name));
                let columns: Vec<_> = returned.columns.iter().map(own).collect();
                self.put(&columns.join(", "));
            }
        }
        for (position, relation) in self.relations.iter().enumerate() {
            self.put(if position == 0 { " FROM " } else { " CROSS JOIN " });
            let (schema, table) = (quoted(&relation.schema), quoted(&relation.table));
            self.put(&format!("{schema}.{table} AS {}", alias(position)));
        }
        let joins = plan.joins.iter();
        let mut condition = joins.fold(Predicate::Constant(true), |all, (left, right)| {
            all.and(Predicate::Compare(*left, Comparison::Eq, Operand::Column(*right)))
        });
        condition = condition.and(plan.filter.clone());
        if condition != Predicate::Constant(true) {
            self.put(" WHERE ");
            self.predicate(&condition)?;
        }
        Ok(())
    }

    fn put(&mut self, text: &str) {
        self.sql.text.push_str(text);
    }

    fn predicate(&mut self, predicate: &Predicate) -> Result<(), Error> {
        match predicate {
            Predicate::Constant(value) => self.put(if *value { "true" } else { "false" }),
            Predicate::And(parts) => self.chain(parts, " AND ")?,
            Predicate::Or(parts) => self.chain(parts, " OR ")?,
            Predicate::Compare(left, comparison, operand) => {
                self.column(*left)?;
                self.put(match comparison {
                    Comparison::Eq => " = ",
                    Comparison::Ne => " <> ",
                    Comparison::Lt => " < ",
                    Comparison::Le => " <= ",
                    Comparison::Gt => " > ",
                    Comparison::Ge => " >= ",
                });
                match operand {
                    Operand::Column(column) => self.column(*column)?,
                    Operand::Literal(value) => self.parameter(Parameter::Value(value.clone())),
                    Operand::Sender(ty) => self.parameter(Parameter::Sender(ty.clone())),
                }
            }
        }
        Ok(())
    }

    fn chain(&mut self, parts: &[Predicate], word: &str) -> Result<(), Error> {
        self.put("(");
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                self.put(word);
            }
            self.predicate(part)?;
        }
        self.put(")");
        Ok(())
    }

    fn column(&mut self, column: ColumnRef) -> Result<(), Error> {
        let relation = self.relations.get(column.relation);
        let Some(name) = relation.and_then(|relation| relation.columns.get(column.column)) else {
            return Err(Error::Misfit { problem: "unknown column" });
        };
        self.sql.text.push_str(&format!("{}.{}", alias(column.relation), quoted(name)));
        Ok(())
    }

    /// Each use is a parameter of its own: columns of one SATS type can be stored as different Postgres types.
    fn parameter(&mut self, parameter: Parameter) {
        self.sql.parameters.push(parameter);
        // Writing into a String cannot fail.
        let _ = write!(self.sql.text, "${}", self.sql.parameters.len());
    }
}

/// Names of our own, so that a relation that occurs twice has two.
fn alias(position: usize) -> String {
    format!("r{position}")
}

#[cfg(test)]
mod tests {
    use super::{Parameter, StoredNames, select};
    use crate::sample::schema;
    use crate::{Access, Plan, RelationId, VisibilityRules, subscribe};
    use spacetime_definition::Type;

    pub(super) fn names(relation: RelationId) -> Option<StoredNames> {
        let relation = schema().relations.get(relation)?.clone();
        let columns = relation.columns.into_iter().map(|column| column.name).collect();
        Some(StoredNames { schema: "a\"b".to_owned(), table: relation.name, columns })
    }

    fn plans(text: &str, rules: &[&str]) -> Vec<Plan> {
        let rules = VisibilityRules::check(rules, &schema()).expect("rules");
        subscribe(text, &schema(), &rules, Access::Client).expect("plans")
    }

    #[test]
    fn values_are_parameters_and_names_are_quoted() {
        let text = "SELECT m.* FROM user u JOIN member m ON u.id = m.user_id \
                    WHERE m.note = '; DROP TABLE x' AND (u.who = :sender OR u.online)";
        let sql = select(&plans(text, &[]), &names).expect("sql");
        assert_eq!(
            sql.text,
            "SELECT r1.\"user_id\", r1.\"room\", r1.\"note\" FROM \"a\"\"b\".\"user\" AS r0 \
             CROSS JOIN \"a\"\"b\".\"member\" AS r1 WHERE (r0.\"id\" = r1.\"user_id\" AND r1.\"note\" = $1 \
             AND (r0.\"who\" = $2 OR r0.\"online\" = $3))"
        );
        assert_eq!(sql.parameters[1], Parameter::Sender(Type::Identity));
    }

    #[test]
    fn fragments_are_added_up() {
        let rules =
            ["SELECT u.* FROM member m JOIN user u ON m.user_id = u.id", "SELECT * FROM user WHERE id = 1"];
        let sql = select(&plans("SELECT * FROM user WHERE id = 1", &rules), &names).expect("sql");
        assert_eq!(sql.text.matches("UNION ALL").count(), 1, "{}", sql.text);
        assert_eq!(sql.parameters.len(), 3);
    }

    #[test]
    fn no_plan_is_no_statement() {
        assert!(select(&[], &names).is_err());
    }
}

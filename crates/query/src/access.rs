//! What a subscription asks for, after visibility rules (wire.md §4.6) and the rules of subscriptions (§4.2).

use std::collections::HashSet;

use crate::plan::{ColumnRef, Plan, Predicate};
use crate::resolve::{Access, check};
use crate::schema::{RelationId, Schema};
use crate::{Error, parse};

/// Most plans of one query after visibility rules: each reference of a table multiplies them by its rules.
const MAX_FRAGMENTS: usize = 64;

/// The client visibility filters of a module, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibilityRules {
    rules: Vec<Plan>,
}

impl VisibilityRules {
    /// Checks the texts of a definition. They are read with the owner's eyes: a rule may look at private tables
    /// that those whom it restricts cannot see.
    ///
    /// # Errors
    ///
    /// What is wrong with the first rule that cannot be applied, cycles included.
    pub fn check(texts: &[impl AsRef<str>], schema: &Schema) -> Result<Self, Error> {
        let rules = texts.iter().map(|text| check(&parse(text.as_ref())?, schema, Access::Owner));
        let rules = Self { rules: rules.collect::<Result<_, _>>()? };
        let mut checked = HashSet::new();
        for relation in 0..schema.relations.len() {
            rules.check_acyclic(relation, schema, &mut Vec::new(), &mut checked)?;
        }
        Ok(rules)
    }

    fn of(&self, relation: RelationId) -> impl Iterator<Item = &Plan> {
        self.rules.iter().filter(move |rule| rule.returned_relation() == relation)
    }

    /// `path` is the way from the start. A relation that was checked once is not walked again, or a module with many
    /// layers of rules would take forever to publish.
    fn check_acyclic(
        &self,
        relation: RelationId,
        schema: &Schema,
        path: &mut Vec<RelationId>,
        checked: &mut HashSet<RelationId>,
    ) -> Result<(), Error> {
        if path.contains(&relation) {
            let table = schema.relations.get(relation).map(|found| found.name.clone()).unwrap_or_default();
            return Err(Error::CyclicRules { table });
        }
        if !checked.insert(relation) {
            return Ok(());
        }
        path.push(relation);
        for rule in self.of(relation) {
            // The rule's own table is read without rules, also when it occurs twice.
            for other in rule.relations.iter().filter(|other| **other != relation) {
                self.check_acyclic(*other, schema, path, checked)?;
            }
        }
        path.pop();
        Ok(())
    }

    /// Whether a relation has rules.
    pub fn restricts(&self, relation: RelationId) -> bool {
        self.of(relation).next().is_some()
    }

    /// The plans whose rows together are those of `plan` that a client may see. A row that two fragments return
    /// counts twice, as in the reference; rules without a join are one fragment.
    pub(crate) fn expand(&self, plan: Plan) -> Result<Vec<Plan>, Error> {
        let own = plan.relations.clone();
        let mut fragments = vec![plan];
        for (position, relation) in own.into_iter().enumerate() {
            let rules = self.combined(relation)?;
            if rules.is_empty() {
                continue;
            }
            fragments = product(&fragments, position, &rules)?;
        }
        Ok(fragments)
    }

    /// The rules of a relation, with the rules of the other relations that they mention; empty for none.
    /// Ends because rules without cycles are all that [`Self::check`] lets pass.
    fn combined(&self, relation: RelationId) -> Result<Vec<Plan>, Error> {
        let mut local = Vec::new();
        let mut joined: Vec<Plan> = Vec::new();
        for rule in self.of(relation) {
            let mut fragments = vec![rule.clone()];
            for (position, other) in rule.relations.iter().enumerate() {
                if *other == relation {
                    continue;
                }
                let rules = self.combined(*other)?;
                if !rules.is_empty() {
                    fragments = product(&fragments, position, &rules)?;
                }
            }
            for fragment in fragments {
                if fragment.relations.len() > 2 {
                    return Err(Error::SubscriptionTooWide { count: fragment.relations.len() });
                }
                if fragment.relations.len() == 1 {
                    local.push(fragment.filter)
                } else {
                    joined.push(fragment)
                }
            }
        }
        if !local.is_empty() {
            let filter = if local.len() == 1 { local.remove(0) } else { Predicate::Or(local) };
            joined.push(Plan { relations: vec![relation], returned: 0, joins: Vec::new(), filter });
        }
        Ok(joined)
    }
}

/// Each plan with each rule for its relation at `position`.
fn product(plans: &[Plan], position: usize, rules: &[Plan]) -> Result<Vec<Plan>, Error> {
    if plans.len() * rules.len() > MAX_FRAGMENTS {
        return Err(Error::TooManyFragments { max: MAX_FRAGMENTS });
    }
    Ok(plans.iter().flat_map(|plan| rules.iter().map(|rule| restricted(plan, position, rule))).collect())
}

/// `plan` with its relation at `position` reduced to the rows of `rule`.
fn restricted(plan: &Plan, position: usize, rule: &Plan) -> Plan {
    let mut result = plan.clone();
    let mut positions = Vec::new();
    for (index, relation) in rule.relations.iter().enumerate() {
        if index == rule.returned {
            positions.push(position);
        } else {
            positions.push(result.relations.len());
            result.relations.push(*relation);
        }
    }
    let moved = |column: &ColumnRef| ColumnRef {
        relation: positions.get(column.relation).copied().unwrap_or(position),
        column: column.column,
    };
    result.joins.extend(rule.joins.iter().map(|(left, right)| (moved(left), moved(right))));
    result.filter = result.filter.and(rule.filter.clone().relocate(&positions));
    result
}

/// The plans of one subscription query: their rows together are the subscription's. `:sender` is not bound yet.
///
/// # Errors
///
/// What is wrong with the text, or why it cannot be kept up to date.
pub fn subscribe(
    text: &str,
    schema: &Schema,
    rules: &VisibilityRules,
    access: Access,
) -> Result<Vec<Plan>, Error> {
    let plans = if is_everything(text) {
        everything(schema, access)
    } else {
        vec![check(&parse(text)?, schema, access)?]
    };
    let mut fragments = Vec::new();
    for plan in plans {
        match access {
            Access::Owner => fragments.push(plan),
            Access::Client => fragments.extend(rules.expand(plan)?),
        }
    }
    fragments.iter().try_for_each(|plan| check_subscribable(plan, schema))?;
    Ok(fragments)
}

/// The plans of one one-off query: any number of relations, no indexes needed. Their rows together are the answer.
///
/// # Errors
///
/// What is wrong with the text.
pub fn one_off(
    text: &str,
    schema: &Schema,
    rules: &VisibilityRules,
    access: Access,
) -> Result<Vec<Plan>, Error> {
    let plan = check(&parse(text)?, schema, access)?;
    match access {
        Access::Owner => Ok(vec![plan]),
        Access::Client => rules.expand(plan),
    }
}

/// `SELECT * FROM *`, which is no query of the grammar: it stands for one query per table.
fn is_everything(text: &str) -> bool {
    let mut words = text.trim().trim_end_matches(';').split_whitespace();
    let mut is = |expected: &str| words.next().is_some_and(|word| word.eq_ignore_ascii_case(expected));
    is("SELECT") && is("*") && is("FROM") && is("*") && words.next().is_none()
}

fn everything(schema: &Schema, access: Access) -> Vec<Plan> {
    let readable = schema.relations.iter().enumerate().filter(|(_, relation)| {
        !relation.is_event && !relation.is_view && (relation.is_public || access == Access::Owner)
    });
    readable.map(|(relation, _)| Plan::all_of(relation)).collect()
}

fn check_subscribable(plan: &Plan, schema: &Schema) -> Result<(), Error> {
    match plan.relations.len() {
        1 => return Ok(()),
        2 => {}
        count => return Err(Error::SubscriptionTooWide { count }),
    }
    let Some((left, right)) = plan.joins.first().copied() else { return Err(Error::NoJoinCondition) };
    for column in [left, right] {
        let relation = plan.relations.get(column.relation).and_then(|id| schema.relations.get(*id));
        let Some(relation) = relation else { return Err(Error::Misfit { problem: "unknown relation" }) };
        if relation.is_event {
            if column.relation == plan.returned {
                // Nobody looks for rows that are gone when the commit is over.
                continue;
            }
            return Err(Error::EventTableJoined { table: relation.name.clone() });
        }
        let indexed = relation.columns.get(column.column);
        if let Some(column) = indexed.filter(|column| !column.is_indexed) {
            return Err(Error::NoJoinIndex { table: relation.name.clone(), column: column.name.clone() });
        }
    }
    Ok(())
}

//! Plans on their way to another process, which knows the same relations by name but not at the same places.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::plan::Plan;
use crate::schema::{RelationId, Schema};

/// Checked plans and what their places in the schema stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Names of the relations; plans refer to them by position.
    pub relations: Vec<String>,
    pub plans: Vec<Plan>,
}

impl Selection {
    /// Plans over a schema.
    pub fn new(plans: &[Plan], schema: &Schema) -> Self {
        let mut used: Vec<RelationId> = Vec::new();
        let mut place = |relation: RelationId| {
            used.iter().position(|known| *known == relation).unwrap_or_else(|| {
                used.push(relation);
                used.len() - 1
            })
        };
        let renumbered = |plan: &Plan| Plan {
            relations: plan.relations.iter().map(|relation| place(*relation)).collect(),
            ..plan.clone()
        };
        let plans = plans.iter().map(renumbered).collect();
        let name = |id: RelationId| schema.relations.get(id).map(|found| found.name.clone());
        Self { relations: used.into_iter().map(|id| name(id).unwrap_or_default()).collect(), plans }
    }

    /// The plans over the schema of whoever was sent them.
    ///
    /// # Errors
    ///
    /// [`Error::Misfit`] if it lacks a relation.
    pub fn over(self, schema: &Schema) -> Result<Vec<Plan>, Error> {
        let found = |name: &String| {
            let at = schema.relations.iter().position(|relation| relation.name == *name);
            at.ok_or(Error::Misfit { problem: "the module has no relation of that name" })
        };
        let places = self.relations.iter().map(found).collect::<Result<Vec<_>, _>>()?;
        let renumbered = |mut plan: Plan| {
            for relation in &mut plan.relations {
                *relation =
                    *places.get(*relation).ok_or(Error::Misfit { problem: "a relation without name" })?;
            }
            Ok(plan)
        };
        self.plans.into_iter().map(renumbered).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use crate::sample::schema;
    use crate::{Access, Error, Schema, VisibilityRules, subscribe};

    #[test]
    fn plans_arrive_at_other_places() {
        let text = "SELECT m.* FROM user u JOIN member m ON u.id = m.user_id WHERE m.note = 'x'";
        let plans = subscribe(text, &schema(), &VisibilityRules::default(), Access::Client).expect("plans");
        let sent = serde_json::to_string(&Selection::new(&plans, &schema())).expect("JSON");
        let mut relations = schema().relations;
        relations.reverse();
        let other = Schema { relations };
        let arrived: Selection = serde_json::from_str(&sent).expect("a selection");
        let arrived = arrived.over(&other).expect("plans");
        let names = |schema: &Schema, plan: &crate::Plan| -> Vec<String> {
            plan.relations.iter().map(|id| schema.relations[*id].name.clone()).collect()
        };
        assert_eq!(names(&other, &arrived[0]), names(&schema(), &plans[0]));
        assert_eq!(arrived[0].filter, plans[0].filter);
        let sent = Selection { relations: vec!["nothing".into()], plans };
        assert!(matches!(sent.over(&other), Err(Error::Misfit { .. })));
    }
}

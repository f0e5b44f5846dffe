//! Many plans, one commit: which plans a change can concern at all.

use std::collections::{BTreeSet, HashMap};

use spacetime_definition::Type;

use crate::Error;
use crate::incremental::{Delta, Incremental, Lookup};
use crate::plan::{Comparison, Operand, Plan, Predicate};
use crate::row::RowReader;
use crate::schema::{RelationId, Schema, StoredRelation};

/// What one commit did to one relation. Rows are BSATN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableDelta<'a> {
    pub relation: RelationId,
    pub deletes: Vec<&'a [u8]>,
    pub inserts: Vec<&'a [u8]>,
}

/// Names a plan of a [`QuerySet`] for as long as the plan is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId(usize);

/// Distinct plans over one schema, found by the rows that can change their results.
///
/// A plan that demands `column = literal` is looked at only if a changed row has that value: a commit costs what it
/// concerns, not the number of subscriptions.
#[derive(Debug)]
pub struct QuerySet {
    schema: Schema,
    readers: Vec<RowReader>,
    plans: Vec<Option<Entry>>,
    free: Vec<usize>,
    ids: HashMap<Plan, PlanId>,
    by_relation: HashMap<RelationId, Listeners>,
}

#[derive(Debug)]
struct Entry {
    incremental: Incremental,
    /// How often it was added.
    uses: usize,
}

#[derive(Debug, Default)]
struct Listeners {
    /// Plans that any row can concern.
    always: BTreeSet<PlanId>,
    /// By column and value.
    by_value: HashMap<usize, HashMap<Vec<u8>, BTreeSet<PlanId>>>,
}

impl QuerySet {
    pub fn new(schema: Schema) -> Self {
        let readers = schema.relations.iter().map(RowReader::new).collect();
        Self {
            schema,
            readers,
            plans: Vec::new(),
            free: Vec::new(),
            ids: HashMap::new(),
            by_relation: HashMap::new(),
        }
    }

    /// Puts a relation at a place of the schema, which grows by it or has it replaced. No plan may be about the place.
    pub fn set_relation(&mut self, id: RelationId, relation: StoredRelation) {
        let reader = RowReader::new(&relation);
        match (self.schema.relations.get_mut(id), self.readers.get_mut(id)) {
            (Some(place), Some(old)) => (*place, *old) = (relation, reader),
            _ => {
                self.schema.relations.push(relation);
                self.readers.push(reader);
            }
        }
    }

    /// The relations that plans can be about.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Adds a plan, or one more use of an equal one. `:sender` must be bound.
    ///
    /// # Errors
    ///
    /// [`Error::Misfit`] if it is not bound, [`Error::SubscriptionTooWide`] and [`Error::NoJoinCondition`] for plans
    /// that cannot be evaluated incrementally.
    pub fn add(&mut self, plan: Plan) -> Result<PlanId, Error> {
        if let Some(id) = self.ids.get(&plan).copied() {
            if let Some(entry) = self.plans.get_mut(id.0).and_then(Option::as_mut) {
                entry.uses += 1;
            }
            return Ok(id);
        }
        if plan.uses_sender() {
            return Err(Error::Misfit { problem: "`:sender` is not bound" });
        }
        let incremental = Incremental::new(plan.clone(), &self.schema)?;
        let id = PlanId(self.free.pop().unwrap_or(self.plans.len()));
        for (relation, pin) in pins(&incremental) {
            let listeners = self.by_relation.entry(relation).or_default();
            match pin {
                None => listeners.always.insert(id),
                Some((column, value)) => {
                    listeners.by_value.entry(column).or_default().entry(value).or_default().insert(id)
                }
            };
        }
        let entry = Some(Entry { incremental, uses: 1 });
        match self.plans.get_mut(id.0) {
            Some(place) => *place = entry,
            None => self.plans.push(entry),
        }
        self.ids.insert(plan, id);
        Ok(id)
    }

    /// Takes one use of a plan away; the plan goes with the last.
    pub fn remove(&mut self, id: PlanId) {
        let Some(place) = self.plans.get_mut(id.0) else { return };
        let Some(entry) = place else { return };
        entry.uses -= 1;
        if entry.uses > 0 {
            return;
        }
        let Some(entry) = place.take() else { return };
        self.free.push(id.0);
        self.ids.remove(entry.incremental.plan());
        for (relation, pin) in pins(&entry.incremental) {
            let Some(listeners) = self.by_relation.get_mut(&relation) else { continue };
            match pin {
                None => drop(listeners.always.remove(&id)),
                Some((column, value)) => listeners.forget(column, &value, id),
            }
        }
    }

    /// The plan behind an id.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.get(id.0)?.as_ref().map(|entry| entry.incremental.plan())
    }

    /// How many distinct plans there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no plan.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The changes of all results that changed, by plan. `lookup` shows the state after the commit.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedRow`], and what `lookup` answers.
    pub fn evaluate<'a>(
        &self,
        changes: &[TableDelta<'a>],
        lookup: &mut dyn Lookup,
    ) -> Result<Vec<(PlanId, Delta<'a>)>, Error> {
        let mut deltas = Vec::new();
        for id in self.concerned(changes)? {
            let Some(entry) = self.plans.get(id.0).and_then(Option::as_ref) else { continue };
            let delta = entry.incremental.evaluate(&self.readers, changes, lookup)?;
            if !delta.deletes.is_empty() || !delta.inserts.is_empty() {
                deltas.push((id, delta));
            }
        }
        Ok(deltas)
    }

    /// As [`Self::evaluate`], of one plan.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedRow`], and what `lookup` answers.
    pub fn evaluate_plan<'a>(
        &self,
        id: PlanId,
        changes: &[TableDelta<'a>],
        lookup: &mut dyn Lookup,
    ) -> Result<Delta<'a>, Error> {
        match self.plans.get(id.0).and_then(Option::as_ref) {
            Some(entry) => entry.incremental.evaluate(&self.readers, changes, lookup),
            None => Ok(Delta::default()),
        }
    }

    /// The plans whose results the changes can concern.
    pub fn concerned(&self, changes: &[TableDelta<'_>]) -> Result<BTreeSet<PlanId>, Error> {
        let mut found = BTreeSet::new();
        for change in changes {
            let mut rows = change.deletes.iter().chain(&change.inserts).peekable();
            let Some(listeners) = self.by_relation.get(&change.relation) else { continue };
            if rows.peek().is_none() {
                continue;
            }
            found.extend(&listeners.always);
            let Some(reader) = self.readers.get(change.relation) else { continue };
            if listeners.by_value.is_empty() {
                continue;
            }
            for row in rows {
                for (column, values) in &listeners.by_value {
                    found.extend(values.get(reader.column(row, *column)?).into_iter().flatten());
                }
            }
        }
        Ok(found)
    }
}

impl Listeners {
    fn forget(&mut self, column: usize, value: &[u8], id: PlanId) {
        let Some(values) = self.by_value.get_mut(&column) else { return };
        if let Some(ids) = values.get_mut(value) {
            ids.remove(&id);
            if ids.is_empty() {
                values.remove(value);
            }
        }
        if values.is_empty() {
            self.by_value.remove(&column);
        }
    }
}

/// A column and the value that a row must have there.
type Pin = (usize, Vec<u8>);

/// For each relation of a plan the column and value that a row must have to matter, if the plan names one.
fn pins(incremental: &Incremental) -> Vec<(RelationId, Option<Pin>)> {
    let relations = incremental.plan().relations.iter().enumerate();
    relations.map(|(position, relation)| (*relation, incremental.local(position).and_then(pin))).collect()
}

fn pin(condition: &Predicate) -> Option<Pin> {
    condition.conjuncts().iter().find_map(|part| match part {
        // Equal floats can have different bytes, and bools would put every row into one of two heaps.
        Predicate::Compare(column, Comparison::Eq, Operand::Literal(value))
            if !value.ty.is_float() && value.ty != Type::Bool =>
        {
            Some((column.column, value.bsatn.clone()))
        }
        _ => None,
    })
}

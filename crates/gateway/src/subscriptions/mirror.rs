//! What the gateway holds of one module's rows, all of it as of one place in the change log. No I/O: it says what must be
//! read, and is given rows and commits.
//!
//! Two kinds of queries. A query over one table holds its own rows only, read with its condition. Everything else (joins,
//! views, tables under operators' policies) comes out of relations that are held whole.

use std::collections::HashMap;

use spacetime_query::{Error, Lookup, PlanId, QuerySet, RelationId, Schema, Selection, TableDelta};

use super::delta::{Delta, counted, table_delta};
use super::event::{ClientId, SetKey};
use super::planning::{Origin, Plan, Source};
use super::query::Query;
use super::relation::Relation;
use crate::changes::Table;
use crate::postgres::Read;

/// A distinct query of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct QueryId(u64);

/// A relation. Numbers are used again when nobody needs a relation any more, and rows of the old one may still be on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) id: RelationId,
    pub(super) birth: u64,
}

/// Something whose rows must be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    Relation(Place),
    Query(QueryId),
    /// For a query that is asked once: nothing of it is held.
    Question(u64, usize),
}

/// What one step changed in the results of queries.
pub(super) type Changed = Vec<(QueryId, Delta)>;

pub(super) struct Mirror {
    pub(super) set: QuerySet,
    pub(super) relations: Vec<Option<Relation>>,
    pub(super) by_source: HashMap<Source, RelationId>,
    pub(super) queries: HashMap<QueryId, Query>,
    by_plan: HashMap<spacetime_query::Plan, QueryId>,
    by_plan_id: HashMap<PlanId, QueryId>,
    last_query: u64,
    last_birth: u64,
    /// A commit was taken in by halves: everything must be read anew.
    pub(super) is_damaged: bool,
}

impl Default for Mirror {
    fn default() -> Self {
        Self {
            set: QuerySet::new(Schema { relations: Vec::new() }),
            relations: Vec::new(),
            by_source: HashMap::new(),
            queries: HashMap::new(),
            by_plan: HashMap::new(),
            by_plan_id: HashMap::new(),
            last_query: 0,
            last_birth: 0,
            is_damaged: false,
        }
    }
}

/// Shows the stores to the evaluation.
pub(super) struct Stores<'a>(pub(super) &'a mut [Option<Relation>]);

impl Lookup for Stores<'_> {
    fn rows(&mut self, relation: RelationId, column: usize, value: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let relation = self.0.get_mut(relation).and_then(Option::as_mut);
        let store = relation.and_then(|relation| relation.store.as_mut());
        store.ok_or(Error::Misfit { problem: "rows of a joined table are not held" })?.find(column, value)
    }
}

impl Mirror {
    pub(super) fn query(&self, id: QueryId) -> Option<&Query> {
        self.queries.get(&id)
    }

    pub(super) fn relation(&self, id: RelationId) -> Option<&Relation> {
        self.relations.get(id).and_then(Option::as_ref)
    }

    fn relation_at(&self, place: Place) -> Option<&Relation> {
        self.relation(place.id).filter(|relation| relation.birth == place.birth)
    }

    /// Subscribes to a query. Gives what must be read for it.
    pub(super) fn subscribe(&mut self, plan: Plan, subscriber: (ClientId, SetKey)) -> (QueryId, Vec<Part>) {
        let mut bound = plan.query;
        let ids: Vec<_> = plan.origins.into_iter().map(|origin| self.relation_of(origin)).collect();
        bound.relations = bound.relations.iter().filter_map(|place| ids.get(*place).copied()).collect();
        if let Some(id) = self.by_plan.get(&bound).copied() {
            // Asked for twice in one set, changes are told once, as the rows are.
            self.queries.entry(id).and_modify(|query| {
                if !query.subscribers.contains(&subscriber) {
                    query.subscribers.push(subscriber);
                }
            });
            return (id, Vec::new());
        }
        self.last_query += 1;
        let id = QueryId(self.last_query);
        let (uses_stores, parts) = self.enter(&bound, id);
        self.by_plan.insert(bound.clone(), id);
        let mut query = Query::new(plan.table, bound, uses_stores);
        query.subscribers.push(subscriber);
        self.queries.insert(id, query);
        (id, parts)
    }

    /// The place of a source's relation.
    fn relation_of(&mut self, origin: Origin) -> RelationId {
        if let Some(id) = self.by_source.get(&origin.source) {
            return *id;
        }
        let free = self.relations.iter().position(Option::is_none);
        let id = free.unwrap_or(self.relations.len());
        self.set.set_relation(id, origin.relation.clone());
        self.by_source.insert(origin.source.clone(), id);
        self.last_birth += 1;
        let relation = Some(Relation::new(origin, self.last_birth));
        match self.relations.get_mut(id) {
            Some(place) => *place = relation,
            None => self.relations.push(relation),
        }
        id
    }

    /// Notes a new query at its relations.
    fn enter(&mut self, plan: &spacetime_query::Plan, id: QueryId) -> (bool, Vec<Part>) {
        let is_join = plan.relations.len() > 1;
        let found = |id: &RelationId| self.relations.get(*id).and_then(Option::as_ref);
        let uses_stores = plan.relations.iter().filter_map(found).any(|relation| {
            is_join || relation.is_derived() || relation.is_event() || relation.store_uses > 0
        });
        let mut parts = Vec::new();
        for relation_id in distinct(&plan.relations) {
            let Some(relation) = self.relations.get_mut(relation_id).and_then(Option::as_mut) else {
                continue;
            };
            relation.uses += 1;
            if uses_stores && !relation.is_event() {
                relation.store_uses += 1;
                if relation.store_uses == 1 {
                    parts.push(Part::Relation(Place { id: relation_id, birth: relation.birth }));
                }
            }
        }
        if !uses_stores {
            parts.push(Part::Query(id));
        }
        (uses_stores, parts)
    }

    /// Takes subscribers off a query, and drops the query with its last one.
    pub(super) fn unsubscribe(&mut self, id: QueryId, is_leaving: impl Fn(&(ClientId, SetKey)) -> bool) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        query.subscribers.retain(|subscriber| !is_leaving(subscriber));
        if !query.subscribers.is_empty() {
            return;
        }
        let Some(query) = self.queries.remove(&id) else { return };
        self.by_plan.remove(&query.plan);
        if let Some(plan_id) = query.plan_id {
            self.set.remove(plan_id);
            self.by_plan_id.remove(&plan_id);
        }
        for relation_id in distinct(&query.plan.relations) {
            self.leave_relation(relation_id, query.uses_stores);
        }
    }

    fn leave_relation(&mut self, id: RelationId, uses_store: bool) {
        let Some(place) = self.relations.get_mut(id) else { return };
        let Some(relation) = place else { return };
        relation.uses -= 1;
        if uses_store && !relation.is_event() {
            relation.store_uses -= 1;
            if relation.store_uses == 0 {
                relation.store = None;
                relation.is_ready = false;
            }
        }
        if relation.uses == 0 {
            self.by_source.remove(&relation.origin.source);
            *place = None;
        }
    }

    /// What reads a part; `None` for what is not wanted any more.
    pub(super) fn read(&self, part: Part) -> Option<Read> {
        match part {
            Part::Relation(place) => Some(self.relation_at(place)?.read()),
            Part::Query(id) => {
                let plans = std::slice::from_ref(&self.queries.get(&id)?.plan);
                Some(Read::Rows { selection: Selection::new(plans, self.set.schema()), viewer: None })
            }
            Part::Question(..) => None,
        }
    }

    /// Everything that was read so far.
    pub(super) fn parts_held(&self) -> Vec<Part> {
        let relations = self.held(|_| true);
        let queries = self.queries.iter().filter(|(_, query)| !query.uses_stores && query.is_ready());
        relations.chain(queries.map(|(id, _)| Part::Query(*id))).collect()
    }

    /// Relations whose rows must be read again after a commit; all of them without one.
    pub(super) fn touched(&self, tables: Option<&[Table]>) -> Vec<Part> {
        let touches = |relation: &Relation| match tables {
            Some(tables) => tables.iter().any(|table| relation.depends_on(&table.name)),
            None => relation.is_derived(),
        };
        self.held(touches).collect()
    }

    /// Relations whose rows are here.
    fn held(&self, is_wanted: impl Fn(&Relation) -> bool) -> impl Iterator<Item = Part> {
        self.relations.iter().enumerate().filter_map(move |(id, relation)| {
            let relation = relation.as_ref().filter(|relation| relation.is_ready && is_wanted(relation))?;
            Some(Part::Relation(Place { id, birth: relation.birth }))
        })
    }

    /// Whether a part depends on tables in a way that only reading it again shows.
    pub(super) fn is_touched(&self, part: Part, tables: &[Table]) -> bool {
        let Part::Relation(place) = part else { return false };
        self.relation_at(place).is_some_and(|found| tables.iter().any(|table| found.depends_on(&table.name)))
    }

    /// Queries about any of these relations.
    pub(super) fn queries_about(&self, relations: &[RelationId]) -> impl Iterator<Item = (&QueryId, &Query)> {
        let is_about = |query: &Query| query.plan.relations.iter().any(|id| relations.contains(id));
        self.queries.iter().filter(move |(_, query)| is_about(query))
    }

    /// Queries that a part is read for.
    pub(super) fn queries_of(&self, part: Part) -> Vec<QueryId> {
        match part {
            Part::Query(id) => vec![id],
            Part::Relation(place) if self.relation_at(place).is_some() => {
                self.queries_about(&[place.id]).map(|(id, _)| *id).collect()
            }
            Part::Relation(_) | Part::Question(..) => Vec::new(),
        }
    }

    /// Takes in one commit. An error leaves the mirror damaged.
    pub(super) fn commit(&mut self, tables: &[Table]) -> Result<Changed, Error> {
        let changed = self.take_in(tables);
        self.is_damaged |= changed.is_err();
        changed
    }

    fn take_in(&mut self, tables: &[Table]) -> Result<Changed, Error> {
        let mut deltas = Vec::new();
        for table in tables {
            let source = Source::Table(table.name.clone());
            let Some(id) = self.by_source.get(&source).copied() else { continue };
            let Some(relation) = self.relations.get_mut(id).and_then(Option::as_mut) else { continue };
            if !relation.is_event() {
                relation.change(&table.deletes, &table.inserts)?;
            }
            deltas.push(table_delta(id, &table.deletes, &table.inserts));
        }
        self.evaluate(&deltas)
    }

    /// Only the rows of event tables of a commit: they are in no snapshot.
    pub(super) fn commit_events(&mut self, tables: &[Table]) -> Result<Changed, Error> {
        let deltas: Vec<_> = tables
            .iter()
            .filter_map(|table| {
                let id = self.by_source.get(&Source::Table(table.name.clone())).copied()?;
                self.relation(id)?.is_event().then(|| table_delta(id, &[], &table.inserts))
            })
            .collect();
        self.evaluate(&deltas)
    }

    pub(super) fn evaluate(&mut self, deltas: &[TableDelta<'_>]) -> Result<Changed, Error> {
        let found = self.set.evaluate(deltas, &mut Stores(&mut self.relations))?;
        let mut changed = Vec::with_capacity(found.len());
        for (plan_id, delta) in found {
            let Some(id) = self.by_plan_id.get(&plan_id).copied() else { continue };
            let delta = counted(delta);
            if let Some(query) = self.queries.get_mut(&id) {
                query.add(&delta);
                changed.push((id, delta));
            }
        }
        Ok(changed)
    }

    pub(super) fn add_plan(&mut self, id: QueryId) -> Result<PlanId, Error> {
        let unknown = Error::Misfit { problem: "unknown query" };
        let query = self.queries.get_mut(&id).ok_or(unknown)?;
        if let Some(known) = query.plan_id {
            return Ok(known);
        }
        let plan_id = self.set.add(query.plan.clone())?;
        query.plan_id = Some(plan_id);
        self.by_plan_id.insert(plan_id, id);
        Ok(plan_id)
    }
}

fn distinct(relations: &[RelationId]) -> Vec<RelationId> {
    let mut distinct = relations.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

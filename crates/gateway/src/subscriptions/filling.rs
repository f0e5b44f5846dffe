//! Rows that were read come to the mirror.

use bytes::Bytes;
use spacetime_query::{Error, RelationId};

use super::delta::{Delta, Difference, counted, later_rows, table_delta};
use super::mirror::{Changed, Mirror, Part, Place, QueryId, Stores};
use super::planning::Source;
use super::query::Query;
use super::relation::Relation;
use crate::changes::Table;
use crate::postgres::Rows;

/// Queries that cannot be evaluated: rows are not what the module says they are.
pub(super) type FailedQueries = Vec<(QueryId, Error)>;

/// What rows that were read have led to.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// What queries must tell that had rows before.
    pub(super) changed: Changed,
    pub(super) failed: FailedQueries,
}

impl Mirror {
    /// Puts rows in their places, with what the commits did that the snapshot does not contain. A damaged mirror needs all
    /// rows there are, and is whole again; what could not be evaluated must be given up.
    pub(super) fn fill(&mut self, read: &[(Part, &Rows)], later: &[&[Table]]) -> Filled {
        let mut filled = Filled::default();
        let mut differences: Vec<(RelationId, Difference)> = Vec::new();
        for (part, rows) in read {
            let Part::Relation(Place { id, birth }) = part else { continue };
            let Some(relation) = self.relations.get_mut(*id).and_then(Option::as_mut) else { continue };
            // Another relation has its number, or nobody wants all its rows any more.
            if relation.birth != *birth || relation.store_uses == 0 {
                continue;
            }
            let after = later_rows(&relation.origin.source, later);
            let had_rows = relation.is_ready;
            match relation.replace(rows, &after) {
                Ok(difference) if had_rows => differences.push((*id, difference)),
                Ok(_) => {}
                Err(error) => {
                    let about = [*id];
                    let about = self.queries_about(&about).map(|(query, _)| (*query, error.clone()));
                    filled.failed.extend(about);
                }
            }
        }
        let deltas: Vec<_> = differences
            .iter()
            .map(|(id, difference)| table_delta(*id, &difference.deletes, &difference.inserts))
            .collect();
        let by_difference = if self.is_damaged { None } else { self.evaluate(&deltas).ok() };
        match by_difference {
            Some(changed) => filled.changed = changed,
            None => self.evaluate_anew(&mut filled),
        }
        for (part, rows) in read {
            let Part::Query(id) = part else { continue };
            match self.fill_query(*id, rows, later) {
                Ok(delta) => filled.changed.extend(delta.map(|delta| (*id, delta))),
                Err(error) => filled.failed.push((*id, error)),
            }
        }
        filled.failed.extend(self.ready_queries());
        self.is_damaged = false;
        filled
    }

    fn fill_query(&mut self, id: QueryId, rows: &Rows, later: &[&[Table]]) -> Result<Option<Delta>, Error> {
        let Some(query) = self.queries.get(&id) else { return Ok(None) };
        let had_rows = query.is_ready();
        let plan_id = self.add_plan(id)?;
        let mut all = Delta::with_capacity(rows.rows.len());
        for row in &rows.rows {
            *all.entry(Bytes::copy_from_slice(row)).or_default() += 1;
        }
        for tables in later {
            let deltas: Vec<_> = tables
                .iter()
                .filter_map(|table| {
                    let id = self.by_source.get(&Source::Table(table.name.clone()))?;
                    Some(table_delta(*id, &table.deletes, &table.inserts))
                })
                .collect();
            let delta = self.set.evaluate_plan(plan_id, &deltas, &mut Stores(&mut self.relations))?;
            for (row, by) in counted(delta) {
                *all.entry(row).or_default() += by;
            }
        }
        all.retain(|_, count| *count != 0);
        let difference = self.queries.get_mut(&id).map(|query| query.replace(all)).unwrap_or_default();
        Ok(had_rows.then_some(difference))
    }

    /// Computes the results of queries whose relations are all here. Gives those that failed.
    pub(super) fn ready_queries(&mut self) -> FailedQueries {
        let can_begin = |query: &Query| {
            let relations = query.plan.relations.iter().filter_map(|id| self.relation(*id));
            query.uses_stores
                && !query.is_ready()
                && relations.into_iter().all(|relation| relation.is_event() || relation.is_ready)
        };
        let ready: Vec<_> =
            self.queries.iter().filter(|(_, query)| can_begin(query)).map(|(id, _)| *id).collect();
        ready.into_iter().filter_map(|id| Some((id, self.evaluate_query(id).err()?))).collect()
    }

    /// Computes all results out of the rows that are held.
    fn evaluate_anew(&mut self, filled: &mut Filled) {
        let held = self.queries.iter().filter(|(_, query)| query.uses_stores && query.is_ready());
        let held: Vec<_> = held.map(|(id, _)| *id).collect();
        for id in held {
            match self.evaluate_query(id) {
                Ok(difference) => filled.changed.push((id, difference)),
                Err(error) => filled.failed.push((id, error)),
            }
        }
    }

    /// Computes a result out of the rows that are held. Gives what that changed.
    fn evaluate_query(&mut self, id: QueryId) -> Result<Delta, Error> {
        let plan_id = self.add_plan(id)?;
        let Some(query) = self.queries.get(&id).filter(|query| !query.table.is_event) else {
            return Ok(Delta::new());
        };
        let returned = query.plan.returned_relation();
        let rows = self.relation(returned).map(Relation::rows).unwrap_or_default();
        // All rows of the returned relation come, and nothing happens to the other: that is the whole join.
        let delta = [table_delta(returned, &[], &rows)];
        let all = counted(self.set.evaluate_plan(plan_id, &delta, &mut Stores(&mut self.relations))?);
        Ok(self.queries.get_mut(&id).map(|query| query.replace(all)).unwrap_or_default())
    }
}

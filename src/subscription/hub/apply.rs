//! Applying entries of the change log.

use std::rc::Rc;

use spacetime_change_log::{Entry, Kind};

use super::{Hub, decode};
use crate::error::Result;
use crate::subscription::change::Cause;
use crate::subscription::evaluation::{Evaluation, EvaluationId};
use crate::subscription::lookup::{StateAfter, deltas};

impl Hub {
    /// Applies the first `count` entries that are pending.
    pub(super) fn apply_pending(&mut self, count: usize) -> Result<()> {
        let entries: Vec<_> = self.pending.drain(..count).collect();
        let entries = entries.iter().map(|entry| decode(entry)).collect::<Result<Vec<_>>>()?;
        // Joins look at tables as they were after each commit: see `lookup`.
        let has_joins = self.evaluations.values().any(Evaluation::is_join);
        for (at, entry) in entries.iter().enumerate() {
            match &entry.kind {
                Kind::Changes(_) => {
                    let later = if has_joins { &entries[at + 1..] } else { &[] };
                    self.apply(entry, later)?;
                }
                Kind::Resync => self.evaluations_of(entry.header.module).for_each(Evaluation::lose),
                Kind::Published { .. } => self
                    .evaluations_of(entry.header.module)
                    .for_each(|evaluation| evaluation.is_current = false),
            }
        }
        Ok(())
    }

    fn evaluations_of(&mut self, module: [u8; 32]) -> impl Iterator<Item = &mut Evaluation> {
        self.evaluations.values_mut().filter(move |evaluation| evaluation.key.module == module)
    }

    fn apply(&mut self, entry: &Entry<'_>, later: &[Entry<'_>]) -> Result<()> {
        let Kind::Changes(changes) = &entry.kind else { return Ok(()) };
        let Some(watched) = self.modules.get(&entry.header.module) else { return Ok(()) };
        let module = &watched.module;
        let own = deltas(module, changes);
        let others = later.iter().filter(|other| other.header.module == entry.header.module);
        let later: Vec<_> = others
            .filter_map(|other| match &other.kind {
                Kind::Changes(changes) => Some(deltas(module, changes)),
                _ => None,
            })
            .collect();
        let mut lookup = StateAfter { module: Rc::clone(module), later: &later };
        let results = watched.set.evaluate(&own, &mut lookup)?;
        if results.is_empty() {
            return Ok(());
        }
        let cause = Cause::of(entry.header.xid, &changes.calls);
        let concerned: Vec<_> = self
            .evaluations
            .iter()
            .filter(|(_, evaluation)| evaluation.is_current && evaluation.key.module == entry.header.module)
            .filter_map(|(id, evaluation)| {
                let own: Vec<_> = results
                    .iter()
                    .filter(|(plan, _)| evaluation.plan_ids.contains(plan))
                    .map(|(_, delta)| delta)
                    .collect();
                (!own.is_empty()).then(|| (*id, Evaluation::net(own)))
            })
            .collect();
        for (id, (deletes, inserts)) in concerned {
            self.hold(id, &deletes, &inserts);
            let (deletes, inserts) = (deletes.iter().map(Vec::as_slice), inserts.iter().map(Vec::as_slice));
            let change = self.change(id, cause.clone(), deletes.collect(), inserts.collect())?;
            self.tell(id, change);
        }
        Ok(())
    }

    fn hold(&mut self, id: EvaluationId, deletes: &[Vec<u8>], inserts: &[Vec<u8>]) {
        let Some(evaluation) = self.evaluations.get_mut(&id) else { return };
        if evaluation.query.returns_events() {
            return;
        }
        let mut is_there = true;
        deletes.iter().for_each(|row| is_there &= evaluation.held.remove(row));
        inserts.iter().for_each(|row| evaluation.held.insert(row));
        if !is_there {
            // Cannot be: something was missed. The next round finds out what.
            evaluation.is_current = false;
        }
    }
}

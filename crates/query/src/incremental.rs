//! One plan, one commit: which rows enter and leave the result.
//!
//! Let R be the returned relation, S the joined one, R' and S' their state after the commit, dR and dS the changes as
//! multisets with signs. Then the change of R ⋈ S is dR ⋈ S' + R' ⋈ dS − dR ⋈ dS: only the state after the commit is
//! looked up, and a combination whose two sides changed is counted once.

use std::borrow::Cow;
use std::collections::HashMap;

use indexmap::IndexMap;

use crate::Error;
use crate::evaluate::{Rows, column, holds};
use crate::plan::{Comparison, Operand, Plan, Predicate};
use crate::query_set::TableDelta;
use crate::row::RowReader;
use crate::schema::{RelationId, Schema};

/// Rows of a relation in the state after the commit whose delta is evaluated.
pub trait Lookup {
    /// The rows whose column has this value (BSATN; −0 and +0 are one value, and so are all NaNs).
    ///
    /// # Errors
    ///
    /// [`Error::Lookup`] if they cannot be read.
    fn rows(&mut self, relation: RelationId, column: usize, value: &[u8]) -> Result<Vec<Vec<u8>>, Error>;
}

/// How a result changed. No row is in both lists; a row can be in one several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta<'a> {
    pub deletes: Vec<Cow<'a, [u8]>>,
    pub inserts: Vec<Cow<'a, [u8]>>,
}

/// A plan that can be evaluated incrementally: of one relation, or of two with an equality between them.
#[derive(Debug, Clone)]
pub(crate) struct Incremental {
    plan: Plan,
    /// Per relation: the conditions on it alone. They are checked before rows of the other are looked up.
    local: Vec<Predicate>,
    /// The joins but the first, and the conditions that look at both.
    both: Predicate,
    /// The returned relation's rows cannot be looked up.
    returns_events: bool,
}

/// In the order in which rows were met: that of the commit.
type Counts<'a> = IndexMap<Cow<'a, [u8]>, i64>;

impl Incremental {
    pub(crate) fn new(plan: Plan, schema: &Schema) -> Result<Self, Error> {
        let count = plan.relations.len();
        if count == 0 || count > 2 {
            return Err(Error::SubscriptionTooWide { count });
        }
        let crosses = |join: &(_, _)| {
            let (left, right): &(crate::ColumnRef, crate::ColumnRef) = join;
            left.relation != right.relation && left.relation < 2 && right.relation < 2
        };
        if count == 2 && !plan.joins.first().is_some_and(crosses) {
            return Err(Error::NoJoinCondition);
        }
        let extra = plan.joins.iter().skip(usize::from(count == 2));
        let extra =
            extra.map(|(left, right)| Predicate::Compare(*left, Comparison::Eq, Operand::Column(*right)));
        let mut local = vec![Predicate::Constant(true); count];
        let mut both = Predicate::Constant(true);
        for part in plan.filter.conjuncts().iter().cloned().chain(extra) {
            let place = local.iter_mut().enumerate().find(|(relation, _)| part.is_local_to(*relation));
            let place = place.map_or(&mut both, |(_, place)| place);
            *place = std::mem::replace(place, Predicate::Constant(true)).and(part);
        }
        let returned = schema.relations.get(plan.returned_relation());
        let returns_events = returned.is_some_and(|relation| relation.is_event);
        Ok(Self { plan, local, both, returns_events })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The conditions on one relation alone.
    pub(crate) fn local(&self, relation: usize) -> Option<&Predicate> {
        self.local.get(relation)
    }

    pub(crate) fn evaluate<'a>(
        &self,
        readers: &[RowReader],
        changes: &[TableDelta<'a>],
        lookup: &mut dyn Lookup,
    ) -> Result<Delta<'a>, Error> {
        let mut counts = Counts::new();
        let returned = self.changed(self.plan.returned, readers, changes)?;
        if self.plan.relations.len() == 1 {
            for (row, sign) in returned {
                *counts.entry(Cow::Borrowed(row)).or_default() += sign;
            }
            return Ok(net(counts));
        }
        let other_position = 1 - self.plan.returned;
        let other = self.changed(other_position, readers, changes)?;
        for (row, sign) in &returned {
            for partner in self.partners(self.plan.returned, row, readers, lookup)? {
                if self.combine(row, &partner, readers)? {
                    *counts.entry(Cow::Borrowed(*row)).or_default() += sign;
                }
            }
        }
        if self.returns_events {
            return Ok(net(counts));
        }
        for (row, sign) in &other {
            for partner in self.partners(other_position, row, readers, lookup)? {
                if self.combine(&partner, row, readers)? {
                    *counts.entry(Cow::Owned(partner)).or_default() += sign;
                }
            }
        }
        self.subtract_both(&returned, &other, readers, &mut counts)?;
        Ok(net(counts))
    }

    /// The changed rows of one relation that satisfy its own conditions, with their signs.
    fn changed<'a>(
        &self,
        position: usize,
        readers: &[RowReader],
        changes: &[TableDelta<'a>],
    ) -> Result<Vec<(&'a [u8], i64)>, Error> {
        let relation = self.relation(position)?;
        let mut found = Vec::new();
        for change in changes.iter().filter(|change| change.relation == relation) {
            let signed =
                change.deletes.iter().map(|row| (*row, -1)).chain(change.inserts.iter().map(|row| (*row, 1)));
            for (row, sign) in signed {
                if self.is_candidate(position, row, readers)? {
                    found.push((row, sign));
                }
            }
        }
        Ok(found)
    }

    /// Rows after the commit of the relation that is not at `position`, equal in the join columns.
    fn partners(
        &self,
        position: usize,
        row: &[u8],
        readers: &[RowReader],
        lookup: &mut dyn Lookup,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let (own, theirs) = self.join_columns(position)?;
        let value = self.reader(position, readers)?.column(row, own)?;
        let mut rows = lookup.rows(self.relation(1 - position)?, theirs, value)?;
        let mut failure = None;
        rows.retain(|partner| {
            self.is_candidate(1 - position, partner, readers).unwrap_or_else(|error| {
                failure = Some(error);
                false
            })
        });
        failure.map_or(Ok(rows), Err)
    }

    /// − dR ⋈ dS.
    fn subtract_both<'a>(
        &self,
        returned: &[(&'a [u8], i64)],
        other: &[(&'a [u8], i64)],
        readers: &[RowReader],
        counts: &mut Counts<'a>,
    ) -> Result<(), Error> {
        let (own, theirs) = self.join_columns(self.plan.returned)?;
        let reader = self.reader(self.plan.returned, readers)?;
        let other_reader = self.reader(1 - self.plan.returned, readers)?;
        let ty = reader.ty(own)?;
        let key = |bytes: &[u8]| {
            spacetime_definition::bsatn::canonical(ty, bytes).unwrap_or_else(|_| bytes.to_vec())
        };
        let mut by_value: HashMap<Vec<u8>, Vec<(&[u8], i64)>> = HashMap::new();
        for (row, sign) in other {
            by_value.entry(key(other_reader.column(row, theirs)?)).or_default().push((row, *sign));
        }
        for (row, sign) in returned {
            let matching = by_value.get(&key(reader.column(row, own)?));
            for (partner, partner_sign) in matching.into_iter().flatten() {
                if self.combine(row, partner, readers)? {
                    *counts.entry(Cow::Borrowed(*row)).or_default() -= sign * partner_sign;
                }
            }
        }
        Ok(())
    }

    fn is_candidate(&self, position: usize, row: &[u8], readers: &[RowReader]) -> Result<bool, Error> {
        let mut rows = [None, None];
        if let Some(place) = rows.get_mut(position) {
            *place = Some((self.reader(position, readers)?, row));
        }
        self.local.get(position).map_or(Ok(false), |condition| holds(condition, &rows))
    }

    /// Whether a row of the returned and one of the other relation make a result. Candidates both; the first join
    /// condition is checked again, so that a lookup may return too much.
    fn combine(&self, returned: &[u8], other: &[u8], readers: &[RowReader]) -> Result<bool, Error> {
        let (first, second) = if self.plan.returned == 0 { (returned, other) } else { (other, returned) };
        let rows: [_; 2] =
            [Some((self.reader(0, readers)?, first)), Some((self.reader(1, readers)?, second))];
        self.is_joined(&rows, readers).and_then(|joined| Ok(joined && holds(&self.both, &rows)?))
    }

    fn is_joined(&self, rows: &Rows<'_>, readers: &[RowReader]) -> Result<bool, Error> {
        let Some((left, right)) = self.plan.joins.first() else { return Err(Error::NoJoinCondition) };
        let ty = self.reader(left.relation, readers)?.ty(left.column)?;
        Ok(crate::value::compare(ty, column(rows, *left)?, column(rows, *right)?).is_eq())
    }

    /// The join's column of the relation at `position`, and that of the other.
    fn join_columns(&self, position: usize) -> Result<(usize, usize), Error> {
        let Some((left, right)) = self.plan.joins.first() else { return Err(Error::NoJoinCondition) };
        Ok(if left.relation == position { (left.column, right.column) } else { (right.column, left.column) })
    }

    fn relation(&self, position: usize) -> Result<RelationId, Error> {
        self.plan.relations.get(position).copied().ok_or(Error::Misfit { problem: "unknown relation" })
    }

    fn reader<'r>(&self, position: usize, readers: &'r [RowReader]) -> Result<&'r RowReader, Error> {
        readers.get(self.relation(position)?).ok_or(Error::Misfit { problem: "unknown relation" })
    }
}

fn net(counts: Counts<'_>) -> Delta<'_> {
    let mut delta = Delta::default();
    for (row, count) in counts {
        let times = usize::try_from(count.unsigned_abs()).unwrap_or_default();
        let list = if count < 0 { &mut delta.deletes } else { &mut delta.inserts };
        list.extend(std::iter::repeat_n(row, times));
    }
    delta
}

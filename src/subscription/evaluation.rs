//! The rows of one query as seen by everybody who sees the same.

use std::collections::HashMap;

use spacetime_auth::Identity;
use spacetime_definition::Product;
use spacetime_query::{Delta, Plan, PlanId};

use super::access::{Sight, sight};
use super::query::Query;
use super::rows::{self, Rows};
use crate::auth;
use crate::error::{Error, Result};
use crate::pg::{Oid, access, user};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct EvaluationId(pub(super) i64);

/// Equal keys have equal rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Identity of the module, little-endian.
    pub(super) module: [u8; 32],
    pub(super) plans: Vec<Plan>,
    /// Versions of a module differ in it, where plans do not.
    row_type: Product,
    /// Who reads, where row policies decide what.
    pub(super) reader: Option<(Oid, Option<String>)>,
}

impl Key {
    pub(super) fn new(query: &Query, sight: Sight, role: Oid, login: Option<&str>) -> Self {
        Self {
            module: query.module.row.identity.to_le_bytes(),
            plans: query.plans.clone(),
            row_type: query.row_type(),
            reader: (sight == Sight::ByPolicies).then(|| (role, login.map(str::to_owned))),
        }
    }
}

#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) key: Key,
    pub(super) query: Query,
    /// Of whoever subscribed first.
    pub(super) text: String,
    pub(super) sender: Identity,
    /// What the subscribers hold.
    pub(super) held: Rows,
    /// Whether `held` was what the query gives when the log was read last.
    pub(super) is_current: bool,
    /// Rows of its event table may have come since, which are not in the log.
    pub(super) has_lost_events: bool,
    pub(super) plan_ids: Vec<PlanId>,
    /// Those that hold what is held here.
    pub(super) subscribers: Vec<i64>,
}

impl Evaluation {
    /// The log has skipped something: the rows must be read anew, and those of event tables cannot be.
    pub(super) fn lose(&mut self) {
        self.is_current = false;
        self.has_lost_events = self.query.returns_events();
    }

    pub(super) fn is_by_policies(&self) -> bool {
        self.key.reader.is_some()
    }

    /// Whether rows of other tables must be looked up to follow it.
    pub(super) fn is_join(&self) -> bool {
        self.key.plans.iter().any(|plan| plan.relations.len() > 1)
    }

    /// Locks the tables; `false` if somebody else has one of them.
    pub(super) fn try_lock(&self) -> bool {
        let tables = &self.query.module.row.storage.tables;
        self.query
            .relations()
            .filter_map(|relation| tables.get(relation))
            .filter(|table| !table.is_event)
            .all(|table| {
                access::relation(self.query.module.schema, &table.pg_name)
                    .is_none_or(access::try_lock_for_reading)
            })
    }

    /// The rows by the active snapshot. To be called within a savepoint, for a query that [`Evaluation::resolve_again`] gave
    /// while the tables are locked: then nothing but tables is read. Nobody's code runs with more than the rights of the
    /// module's owner or the subscriber.
    pub(super) fn read(&self, query: &Query) -> Result<Rows> {
        let owner = || query.module.row.owner_role.clone();
        let role = self.key.reader.as_ref().map_or_else(owner, |(role, _)| user::role_name(*role));
        user::as_reader(&role, || {
            if let Some((_, Some(login))) = &self.key.reader {
                auth::assume(login)?;
            }
            Ok(rows::read(query)?.into_iter().collect())
        })
    }

    /// Resolves the query again, for the module as it is now; an error if its rows have become others, or cannot be read
    /// any more.
    pub(super) fn resolve_again(&self) -> Result<Query> {
        let query = Query::resolve(&self.text, self.sender)?;
        sight(&query, self.key.reader.as_ref().map_or(query.module.owner, |(role, _)| *role))?;
        if query.row_type() != self.query.row_type() || query.table() != self.query.table() {
            return Err(Error::NotInState {
                what: format!("table {:?} was changed by a new version of its module", query.table()),
                hint: "Subscribe anew.".into(),
            });
        }
        Ok(query)
    }

    /// The changes of the plans together; rows that enter by one and leave by another stay.
    pub(super) fn net(deltas: Vec<&Delta<'_>>) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let mut counts: HashMap<&[u8], i64> = HashMap::new();
        for delta in deltas {
            delta.deletes.iter().for_each(|row| *counts.entry(row).or_default() -= 1);
            delta.inserts.iter().for_each(|row| *counts.entry(row).or_default() += 1);
        }
        let (mut deletes, mut inserts) = (Vec::new(), Vec::new());
        for (row, count) in counts {
            let list = if count < 0 { &mut deletes } else { &mut inserts };
            list.extend(std::iter::repeat_n(row.to_vec(), count.unsigned_abs() as usize));
        }
        (deletes, inserts)
    }
}

/// What a subscriber's role sees of a query now.
pub(super) fn key_now(query: &Query, role: Oid, login: Option<&str>) -> Result<Key> {
    Ok(Key::new(query, sight(query, role)?, role, login))
}

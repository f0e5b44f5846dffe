//! Who is connected, and which sets of queries they have. No I/O; the hub decides when.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use spacetime_auth::Identity;
use spacetime_wire::WireError;
use tokio::sync::mpsc;

use super::delta::Delta;
use super::event::{AppliedTable, ChangedTable, ClientId, Event, Request, SetKey};
use super::hub::{NewClient, Unanswered};
use super::mirror::{Changed, Mirror, Part, QueryId};
use super::planning::Plan;
use crate::postgres::RightsSeen;

/// What clients must hear of one commit: for each, its sets with the tables that changed.
pub(super) type Updates = HashMap<ClientId, BTreeMap<SetKey, Vec<ChangedTable>>>;

/// Clients that no message can tell what has changed: it has more than 4 GiB.
pub(super) type Unable = Vec<ClientId>;

/// What several commits did, for clients that hear of them as one.
pub(super) type Merged = BTreeMap<QueryId, Delta>;

/// A set, and its first rows.
pub(super) struct NewlyApplied {
    pub(super) client: ClientId,
    pub(super) request: Request,
    pub(super) unanswered: Option<Unanswered>,
    pub(super) tables: Result<Vec<AppliedTable>, WireError>,
}

#[derive(Default)]
pub(super) struct Registry {
    pub(super) clients: HashMap<ClientId, Client>,
}

pub(super) struct Client {
    pub(super) module: Identity,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) waiting: Arc<AtomicUsize>,
    sets: HashMap<SetKey, Set>,
}

/// What a client has asked for.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) rights: Option<RightsSeen>,
    pub(super) unanswered: Unanswered,
}

struct Set {
    request: Request,
    /// Until the client has the rows.
    unanswered: Option<Unanswered>,
    queries: Vec<QueryId>,
    /// The client has the rows: from now on it hears of changes.
    is_applied: bool,
    /// What its plans rest on, and the tables and views in them.
    rights: Option<(RightsSeen, HashSet<String>)>,
}

impl Registry {
    pub(super) fn connect(&mut self, new: NewClient) {
        let NewClient { id, module, events, waiting } = new;
        self.clients.insert(id, Client { module, events, waiting, sets: HashMap::new() });
    }

    pub(super) fn disconnect(&mut self, id: ClientId, mirror: &mut Mirror) {
        let Some(client) = self.clients.remove(&id) else { return };
        for query in client.sets.values().flat_map(|set| &set.queries) {
            mirror.unsubscribe(*query, |(client, _)| *client == id);
        }
    }

    pub(super) fn has_set(&self, id: ClientId, set: SetKey) -> bool {
        self.clients.get(&id).is_some_and(|client| client.sets.contains_key(&set))
    }

    /// Adds a set. Gives what must be read for it.
    pub(super) fn subscribe(
        &mut self,
        id: ClientId,
        asked: Asked,
        plans: Vec<Plan>,
        mirror: &mut Mirror,
    ) -> Vec<Part> {
        let Asked { request, rights, unanswered } = asked;
        let Some(client) = self.clients.get_mut(&id) else { return Vec::new() };
        let (mut missing, mut queries) = (Vec::new(), Vec::new());
        let relations = || plans.iter().flat_map(Plan::relations).map(str::to_owned).collect();
        let rights = rights.map(|rights| (rights, relations()));
        for plan in plans {
            let (query, parts) = mirror.subscribe(plan, (id, request.set));
            missing.extend(parts);
            // Asked for twice in one set, the rows come once.
            if !queries.contains(&query) {
                queries.push(query);
            }
        }
        client.sets.insert(
            request.set,
            Set { request, unanswered: Some(unanswered), queries, is_applied: false, rights },
        );
        missing
    }

    /// Removes a set; gives the rows the client holds because of it, nothing if there is no such set.
    pub(super) fn unsubscribe(
        &mut self,
        id: ClientId,
        set: SetKey,
        mirror: &mut Mirror,
    ) -> Option<Result<Vec<AppliedTable>, WireError>> {
        let removed = self.clients.get_mut(&id)?.sets.remove(&set)?;
        let held = removed.queries.iter().filter(|_| removed.is_applied);
        let rows = held.filter_map(|query| mirror.query(*query)).map(|query| query.all()).collect();
        for query in &removed.queries {
            mirror.unsubscribe(*query, |subscriber| *subscriber == (id, set));
        }
        Some(rows)
    }

    /// Sets of a module whose queries are all loaded now.
    pub(super) fn newly_applied(&mut self, module: Identity, mirror: &Mirror) -> Vec<NewlyApplied> {
        let mut applied = Vec::new();
        for (id, client) in self.clients.iter_mut().filter(|(_, client)| client.module == module) {
            for set in client.sets.values_mut().filter(|set| !set.is_applied) {
                let found: Option<Vec<_>> = set.queries.iter().map(|query| mirror.query(*query)).collect();
                if let Some(found) = found.filter(|found| found.iter().all(|query| query.is_ready())) {
                    set.is_applied = true;
                    let tables = found.into_iter().map(|query| query.all()).collect();
                    let (request, unanswered) = (set.request, set.unanswered.take());
                    applied.push(NewlyApplied { client: *id, request, unanswered, tables });
                }
            }
        }
        applied
    }

    /// The sets that have any of these queries, with whether their clients have rows of them.
    pub(super) fn sets_with(&self, queries: &[QueryId], mirror: &Mirror) -> Vec<(ClientId, Request, bool)> {
        let subscribers: HashSet<_> = queries
            .iter()
            .filter_map(|id| mirror.query(*id))
            .flat_map(|query| query.subscribers.iter().copied())
            .collect();
        let of = |(id, key): (ClientId, SetKey)| {
            let set = self.clients.get(&id)?.sets.get(&key)?;
            Some((id, set.request, set.is_applied))
        };
        subscribers.into_iter().filter_map(of).collect()
    }

    /// The keys of all sets of a client.
    pub(super) fn sets_of(&self, id: ClientId) -> Vec<SetKey> {
        self.clients.get(&id).into_iter().flat_map(|client| client.sets.keys().copied()).collect()
    }

    /// What clients must hear of a step. Those in `held_back` hear it later: it is added to `merged`.
    pub(super) fn updates(
        &self,
        changed: &Changed,
        mirror: &Mirror,
        held_back: &HashSet<ClientId>,
        merged: &mut Merged,
    ) -> (Updates, Unable) {
        let (mut updates, mut unable) = (Updates::new(), Unable::new());
        for (id, delta) in changed.iter().filter(|(_, delta)| !delta.is_empty()) {
            let Some(query) = mirror.query(*id) else { continue };
            if query.subscribers.iter().any(|(client, _)| held_back.contains(client)) {
                let sum = merged.entry(*id).or_default();
                for (row, by) in delta {
                    *sum.entry(row.clone()).or_default() += by;
                }
                sum.retain(|_, by| *by != 0);
            }
            let Ok(changed) = query.changed(delta) else {
                unable.extend(query.subscribers.iter().map(|(client, _)| *client));
                continue;
            };
            for (client, set) in &query.subscribers {
                if !held_back.contains(client) && self.is_applied(*client, *set) {
                    updates.entry(*client).or_default().entry(*set).or_default().push(changed.clone());
                }
            }
        }
        (updates, unable)
    }

    /// What those in `held_back` must hear of several steps.
    pub(super) fn merged_updates(
        &self,
        merged: &Merged,
        mirror: &Mirror,
        held_back: &HashSet<ClientId>,
    ) -> (Updates, Unable) {
        let (mut updates, mut unable) = (Updates::new(), Unable::new());
        for (id, delta) in merged.iter().filter(|(_, delta)| !delta.is_empty()) {
            let Some(query) = mirror.query(*id) else { continue };
            let Ok(changed) = query.changed(delta) else {
                unable.extend(query.subscribers.iter().map(|(client, _)| *client));
                continue;
            };
            for (client, set) in query.subscribers.iter().filter(|(client, _)| held_back.contains(client)) {
                if self.is_applied(*client, *set) {
                    updates.entry(*client).or_default().entry(*set).or_default().push(changed.clone());
                }
            }
        }
        (updates, unable)
    }

    fn is_applied(&self, client: ClientId, set: SetKey) -> bool {
        let set = self.clients.get(&client).and_then(|client| client.sets.get(&set));
        set.is_some_and(|set| set.is_applied)
    }

    /// Clients of a module with queries that were planned for other rights than these.
    pub(super) fn outdated_by(&self, module: Identity, seen: &RightsSeen) -> Vec<ClientId> {
        let is_outdated = |set: &Set| {
            let rights = set.rights.as_ref();
            rights.is_some_and(|(rights, relations)| rights.differ(seen, relations.iter()))
        };
        let of_module = self.clients.iter().filter(|(_, client)| client.module == module);
        of_module.filter(|(_, client)| client.sets.values().any(is_outdated)).map(|(id, _)| *id).collect()
    }

    pub(super) fn clients_of(&self, module: Identity) -> Vec<ClientId> {
        let of_module = self.clients.iter().filter(|(_, client)| client.module == module);
        of_module.map(|(id, _)| *id).collect()
    }
}

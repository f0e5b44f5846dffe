//! Who is connected, and who has subscribed to what. No I/O; the hub decides when.

use std::collections::{BTreeMap, HashMap};

use spacetime_auth::Identity;
use spacetime_wire::WireError;
use tokio::sync::mpsc;

use super::event::{AppliedTable, ChangedTable, ClientId, Event, Request, SetKey};
use super::plan::Plan;
use super::query::{Delta, Query};

/// What clients must hear of one commit: for each, its sets with the tables that changed.
pub(super) type Updates = HashMap<ClientId, BTreeMap<SetKey, Vec<ChangedTable>>>;

#[derive(Default)]
pub(super) struct Registry {
    pub(super) clients: HashMap<ClientId, Client>,
    /// Queries of each module by [`Plan::key`].
    pub(super) queries: HashMap<Identity, HashMap<String, Query>>,
}

pub(super) struct Client {
    pub(super) module: Identity,
    pub(super) events: mpsc::Sender<Event>,
    sets: HashMap<SetKey, Set>,
}

struct Set {
    request: Request,
    queries: Vec<String>,
    /// The client has the rows: from now on it hears of changes.
    is_applied: bool,
}

impl Registry {
    pub(super) fn connect(&mut self, id: ClientId, module: Identity, events: mpsc::Sender<Event>) {
        self.clients.insert(id, Client { module, events, sets: HashMap::new() });
    }

    pub(super) fn disconnect(&mut self, id: ClientId) {
        let Some(client) = self.clients.remove(&id) else { return };
        let Some(queries) = self.queries.get_mut(&client.module) else { return };
        for key in client.sets.values().flat_map(|set| &set.queries) {
            leave(queries, key, |(client, _)| *client == id);
        }
    }

    pub(super) fn has_set(&self, id: ClientId, set: SetKey) -> bool {
        self.clients.get(&id).is_some_and(|client| client.sets.contains_key(&set))
    }

    /// Adds a set. Gives the keys and tables of queries whose rows are not held yet.
    pub(super) fn subscribe(
        &mut self,
        id: ClientId,
        request: Request,
        plans: Vec<Plan>,
        load: u64,
    ) -> Vec<(String, String)> {
        let Some(client) = self.clients.get_mut(&id) else { return Vec::new() };
        let queries = self.queries.entry(client.module).or_default();
        let mut missing = Vec::new();
        let mut keys = Vec::new();
        for plan in plans {
            let key = plan.key();
            if keys.contains(&key) {
                continue;
            }
            let query = queries.entry(key.clone()).or_insert_with(|| {
                missing.push((key.clone(), plan.table.name.clone()));
                Query::new(plan, load)
            });
            query.subscribers.push((id, request.set));
            keys.push(key);
        }
        client.sets.insert(request.set, Set { request, queries: keys, is_applied: false });
        missing
    }

    /// Removes a set; gives the rows the client holds because of it, nothing if there is no such set.
    pub(super) fn unsubscribe(
        &mut self,
        id: ClientId,
        set: SetKey,
    ) -> Option<Result<Vec<AppliedTable>, WireError>> {
        let client = self.clients.get_mut(&id)?;
        let removed = client.sets.remove(&set)?;
        let queries = self.queries.get_mut(&client.module)?;
        let held = removed.queries.iter().filter(|_| removed.is_applied).filter_map(|key| queries.get(key));
        let rows = held.map(Query::all).collect();
        for key in &removed.queries {
            leave(queries, key, |subscriber| *subscriber == (id, set));
        }
        Some(rows)
    }

    /// Sets of a module whose queries are all loaded now: each with its request and rows.
    pub(super) fn newly_applied(
        &mut self,
        module: Identity,
    ) -> Vec<(ClientId, Request, Result<Vec<AppliedTable>, WireError>)> {
        let Some(queries) = self.queries.get(&module) else { return Vec::new() };
        let mut applied = Vec::new();
        for (id, client) in self.clients.iter_mut().filter(|(_, client)| client.module == module) {
            for set in client.sets.values_mut().filter(|set| !set.is_applied) {
                let found: Option<Vec<_>> = set.queries.iter().map(|key| queries.get(key)).collect();
                if let Some(found) = found.filter(|found| found.iter().all(|query| query.is_ready())) {
                    set.is_applied = true;
                    applied.push((*id, set.request, found.into_iter().map(Query::all).collect()));
                }
            }
        }
        applied
    }

    /// Drops queries whose rows could not be read; gives the sets that are refused with them.
    pub(super) fn fail(&mut self, module: Identity, keys: &[String]) -> Vec<(ClientId, Request)> {
        let mut refused = Vec::new();
        for (id, client) in self.clients.iter().filter(|(_, client)| client.module == module) {
            let sets = client.sets.values().filter(|set| !set.is_applied);
            let failed = sets.filter(|set| set.queries.iter().any(|key| keys.contains(key)));
            refused.extend(failed.map(|set| (*id, set.request)));
        }
        for (id, request) in &refused {
            drop(self.unsubscribe(*id, request.set));
        }
        refused
    }

    /// Adds the difference of one query to what its subscribers must hear.
    pub(super) fn collect(
        &self,
        query: &Query,
        delta: &Delta,
        updates: &mut Updates,
    ) -> Result<(), WireError> {
        if delta.is_empty() {
            return Ok(());
        }
        let changed = query.changed(delta)?;
        for (id, set) in &query.subscribers {
            let is_applied = |client: &Client| client.sets.get(set).is_some_and(|set| set.is_applied);
            if self.clients.get(id).is_some_and(is_applied) {
                updates.entry(*id).or_default().entry(*set).or_default().push(changed.clone());
            }
        }
        Ok(())
    }

    pub(super) fn clients_of(&self, module: Identity) -> Vec<ClientId> {
        let of_module = self.clients.iter().filter(|(_, client)| client.module == module);
        of_module.map(|(id, _)| *id).collect()
    }
}

/// Takes subscribers off a query, and drops the query with its last one.
fn leave(queries: &mut HashMap<String, Query>, key: &str, is_leaving: impl Fn(&(ClientId, SetKey)) -> bool) {
    if let Some(query) = queries.get_mut(key) {
        query.subscribers.retain(|subscriber| !is_leaving(subscriber));
        if query.subscribers.is_empty() {
            queries.remove(key);
        }
    }
}

//! The hub's readings of tables: the first rows of queries, and all rows anew when entries are lost.

use std::sync::Arc;
use std::time::Duration;

use spacetime_auth::Identity;

use super::event::Event;
use super::hub::{Hub, Input};
use super::registry::Updates;
use crate::error::Result;
use crate::postgres::Loaded;

/// Pause before tables are read again after a failure.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Load {
    module: Identity,
    /// Keys of the queries, and the table of each.
    queries: Vec<(String, String)>,
    tables: Vec<String>,
    read: Option<Loaded>,
    /// Pages of the change log that came since.
    pages: u32,
}

/// The second page after a reading was asked for after it: it contains whatever the snapshot does.
const PAGES_ENOUGH: u32 = 2;

impl Hub {
    /// Begins to read the tables of queries.
    pub(super) fn load(&mut self, load: u64, module: Identity, queries: Vec<(String, String)>) {
        let mut tables: Vec<_> = queries.iter().map(|(_, table)| table.clone()).collect();
        tables.sort();
        tables.dedup();
        let (database, handle, names) = (Arc::clone(&self.database), self.handle.clone(), tables.clone());
        self.loads.insert(load, Load { module, queries, tables, read: None, pages: 0 });
        let is_reload = self.reloading == Some(load);
        tokio::spawn(async move {
            let result = loop {
                match database.load(&module.to_string(), &names).await {
                    // Nothing goes on without these rows.
                    Err(error) if is_reload && error.sqlstate() != Some("42704") => {
                        tracing::warn!(%error, "reading tables anew failed; trying again");
                        tokio::time::sleep(RETRY).await;
                    }
                    result => break result,
                }
            };
            drop(handle.send(Input::Read { load, result }));
        });
    }

    pub(super) fn read(&mut self, load: u64, result: Result<Loaded>) {
        match result {
            Ok(loaded) => {
                if let Some(load) = self.loads.get_mut(&load) {
                    load.read = Some(loaded);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the rows of a subscription could not be read");
                let Some(failed) = self.loads.remove(&load) else { return };
                let keys: Vec<_> = failed.queries.into_iter().map(|(key, _)| key).collect();
                for (client, request) in self.registry.fail(failed.module, &keys) {
                    let error = error.message();
                    self.tell(client, Event::SubscriptionRefused { request, error });
                }
            }
        }
        if self.reloading == Some(load) {
            self.complete_reload(load);
        } else {
            self.complete_loads();
        }
        self.advance();
    }

    /// Notes that a page has been taken in.
    pub(super) fn page_passed(&mut self) {
        for load in self.loads.values_mut().filter(|load| load.read.is_some()) {
            load.pages += 1;
        }
        self.complete_loads();
    }

    /// Rows count once the entries that they contain have been taken in: so all sets of a client show one commit's state.
    fn complete_loads(&mut self) {
        let next_seq = self.next_seq;
        let is_complete = |load: &Load| {
            load.read.as_ref().is_some_and(|read| read.last_seq < next_seq || load.pages >= PAGES_ENOUGH)
        };
        let complete: Vec<_> =
            self.loads.iter().filter(|(_, load)| is_complete(load)).map(|(id, _)| *id).collect();
        let reloading = self.reloading;
        for id in complete.into_iter().filter(|id| reloading != Some(*id)) {
            let Some(load) = self.loads.remove(&id) else { continue };
            drop(self.fill(id, &load, false));
            self.apply(load.module);
        }
    }

    /// Puts rows that were read into their queries; gives what those must hear who had rows before.
    fn fill(&mut self, id: u64, load: &Load, is_reload: bool) -> Updates {
        let mut updates = Updates::new();
        let Some(read) = &load.read else { return updates };
        let mut queries = self.registry.queries.remove(&load.module).unwrap_or_default();
        for (key, table) in &load.queries {
            let Some(query) = queries.get_mut(key).filter(|query| is_reload || query.load == id) else {
                continue;
            };
            // Rows of a reading that was begun before tables were read anew are older than what is held.
            if !is_reload && query.is_ready() {
                continue;
            }
            let Some(rows) =
                load.tables.iter().position(|name| name == table).and_then(|at| read.tables.get(at))
            else {
                continue;
            };
            let was_ready = query.is_ready();
            let difference = query.loaded(&read.snapshot, rows);
            if was_ready && let Err(error) = self.registry.collect(query, &difference, &mut updates) {
                tracing::error!(%error, "an update is too large for a message");
            }
        }
        self.registry.queries.insert(load.module, queries);
        updates
    }

    fn complete_reload(&mut self, id: u64) {
        self.reloading = None;
        let Some(load) = self.loads.remove(&id) else { return };
        let updates = self.fill(id, &load, true);
        for (client, sets) in updates {
            let sets = sets.into_iter().collect();
            self.tell(client, Event::Update { sets, call: None, committed_at_us: 0 });
        }
        self.apply(load.module);
    }
}

//! Two hubs: one tells what is durable. The other tells what has committed, to clients that have asked for that
//! (`?confirmed=false`). It starts with the first of them, and is as the first hub in all else; a query that both kinds of
//! clients have is held twice.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::answers::{BatchId, Outcome, PendingCall};
use super::hub::{Hub, HubHandle, Input};
use crate::changes::{self, Durability, Reader};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::postgres::Database;
use crate::vital::VitalTasks;
use spacetime_auth::Identity;

/// The ways to the hubs.
pub(crate) struct Hubs {
    confirmed: HubHandle,
    early: OnceCell<HubHandle>,
    database: Arc<Database>,
    metrics: Arc<Metrics>,
    vital: VitalTasks,
}

impl Hubs {
    /// Starts the hub of what is durable.
    pub(crate) async fn start(
        database: Arc<Database>,
        metrics: Arc<Metrics>,
        vital: VitalTasks,
    ) -> Result<Self> {
        let confirmed = start(&database, &metrics, &vital, Durability::Awaited).await?;
        Ok(Self { confirmed, early: OnceCell::new(), database, metrics, vital })
    }

    /// The hub for a new client.
    pub(crate) async fn hub(&self, is_confirmed: bool) -> Result<&HubHandle> {
        if is_confirmed {
            return Ok(&self.confirmed);
        }
        let start = || start(&self.database, &self.metrics, &self.vital, Durability::NotAwaited);
        self.early.get_or_try_init(start).await
    }

    /// The hub of a client that is there.
    fn known(&self, is_early: bool) -> Option<&HubHandle> {
        if is_early { self.early.get() } else { Some(&self.confirmed) }
    }

    /// Says that calls are about to be sent. Each hub knows those of its own clients.
    pub(crate) fn started(&self, module: Identity, batch: BatchId, calls: Vec<PendingCall>) {
        let (early, confirmed): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.reply.is_early());
        for (is_early, calls) in [(true, early), (false, confirmed)] {
            if let Some(hub) = self.known(is_early).filter(|_| !calls.is_empty()) {
                drop(hub.send(Input::Started { module, batch, calls }));
            }
        }
    }

    /// Says what became of a batch's calls of one kind.
    pub(crate) fn finished(&self, is_early: bool, module: Identity, batch: BatchId, outcome: Outcome) {
        if let Some(hub) = self.known(is_early) {
            drop(hub.send(Input::Finished { module, batch, outcome }));
        }
    }

    /// Says something to all hubs.
    pub(crate) fn tell_all(&self, input: impl Fn() -> Input) {
        for hub in [Some(&self.confirmed), self.early.get()].into_iter().flatten() {
            drop(hub.send(input()));
        }
    }
}

async fn start(
    database: &Arc<Database>,
    metrics: &Arc<Metrics>,
    vital: &VitalTasks,
    durability: Durability,
) -> Result<HubHandle> {
    let reader = Reader::begin(database, durability).await?;
    let hub = Hub::start(Arc::clone(database), Arc::clone(metrics), vital.clone(), reader.begins_at);
    vital.spawn("the reader of the change log", changes::read(Arc::clone(database), reader, hub.clone()));
    Ok(hub)
}

//! Runs calls: for each module one queue, in arrival order, in batches.

mod procedures;
mod queue;
mod room;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_wire::ConnectionId;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::postgres::Database;
use crate::subscriptions::{Hubs, Reply};
use crate::vital::VitalTasks;
pub(crate) use procedures::{Failed, ProcedureCall, Procedures};
use queue::Queue;
pub(crate) use room::Room;

/// Calls that may wait for one module.
const QUEUE_CALLS_MAX: usize = 16_384;

/// Arguments of a call.
#[derive(Debug, Clone)]
pub(crate) enum Arguments {
    Bsatn(Bytes),
    Json(String),
}

impl Arguments {
    fn len(&self) -> usize {
        match self {
            Self::Bsatn(bytes) => bytes.len(),
            Self::Json(text) => text.len(),
        }
    }

    fn encoded(&self) -> spacetime_call_batch::Arguments<'_> {
        match self {
            Self::Bsatn(bytes) => spacetime_call_batch::Arguments::Bsatn(bytes),
            Self::Json(text) => spacetime_call_batch::Arguments::Json(text),
        }
    }
}

/// A call that waits for its turn.
#[derive(Debug)]
pub(crate) struct QueuedCall {
    pub(crate) reducer: String,
    pub(crate) arguments: Arguments,
    pub(crate) sender: Identity,
    pub(crate) connection_id: ConnectionId,
    pub(crate) claims: Arc<str>,
    /// The role that the caller's token maps to.
    pub(crate) role: Option<Arc<str>>,
    pub(crate) reply: Reply,
    /// Given back when the call is run.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// The queue of a module is full.
#[derive(Debug)]
pub(crate) struct Overloaded;

/// The queues of all modules.
pub(crate) struct Executors {
    queues: Mutex<HashMap<Identity, mpsc::Sender<QueuedCall>>>,
    shared: Shared,
}

/// What queues need.
#[derive(Clone)]
pub(crate) struct Shared {
    database: Arc<Database>,
    hubs: Arc<Hubs>,
    metrics: Arc<Metrics>,
    vital: VitalTasks,
    role: Arc<str>,
    /// Tags of calls: unique among gateways by what they begin with, which is drawn at the start.
    next_tag: Arc<AtomicU64>,
    next_batch: Arc<AtomicU64>,
}

impl Executors {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { queues: Mutex::new(HashMap::new()), shared }
    }

    /// Puts a call into its module's queue.
    pub(crate) fn submit(&self, module: Identity, call: QueuedCall) -> std::result::Result<(), Overloaded> {
        self.queue(module).try_send(call).map_err(|_| Overloaded)
    }

    /// As [`Executors::submit`], but waits for a place in the queue, and for room among the connection's own calls.
    pub(crate) async fn submit_in_turn(
        &self,
        module: Identity,
        room: &Room,
        mut call: QueuedCall,
    ) -> Result<()> {
        call.room = Some(room.take(call.arguments.len()).await?);
        self.queue(module).send(call).await.map_err(|_| Error::Stopping)
    }

    fn queue(&self, module: Identity) -> mpsc::Sender<QueuedCall> {
        let mut queues = self.queues.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let queue = queues.entry(module).or_insert_with(|| {
            let (sender, calls) = mpsc::channel(QUEUE_CALLS_MAX);
            let queue = Queue::new(module, self.shared.clone());
            self.shared.vital.spawn("the queue of a module's calls", queue.run(calls));
            sender
        });
        queue.clone()
    }
}

impl Shared {
    pub(crate) fn new(
        database: Arc<Database>,
        hubs: Arc<Hubs>,
        metrics: Arc<Metrics>,
        vital: VitalTasks,
        role: String,
    ) -> Result<Self> {
        let mut head = [0; 4];
        getrandom::fill(&mut head).map_err(|error| Error::Layout(format!("no random numbers: {error}")))?;
        let first_tag = (u64::from(u32::from_le_bytes(head)) << 32) | 1;
        Ok(Self {
            database,
            hubs,
            metrics,
            vital,
            role: role.into(),
            next_tag: Arc::new(AtomicU64::new(first_tag)),
            next_batch: Arc::new(AtomicU64::new(1)),
        })
    }

    fn tag(&self) -> u64 {
        self.next_tag.fetch_add(1, Ordering::Relaxed)
    }

    fn batch(&self) -> u64 {
        self.next_batch.fetch_add(1, Ordering::Relaxed)
    }
}

//! One module's calls. A batch is what has queued up while the last one ran: an idle module runs each call at once.
//!
//! A batch commits without waiting for the disk; while its flush is on the way, over another connection, the next one
//! runs already. Answers go out only after the flush, but to clients that do not want to wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spacetime_auth::Identity;
use spacetime_call_batch::{Answer, CallResult};
use tokio::sync::mpsc;
use tokio_postgres::{Client, Statement};

use super::{Arguments, QueuedCall, Shared};
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::subscriptions::{BatchId, CallInfo, Outcome, PendingCall};

/// Calls in one transaction: what they hold up others by is bounded.
const BATCH_CALLS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 1 << 20;
/// How long the outcome of a batch whose connection was lost is asked for, and how often.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);
const SETTLE_PAUSE: Duration = Duration::from_millis(50);

/// Which life of Postgres it is.
const EPOCH: &str = "SELECT epoch FROM spacetime.change_log LIMIT 1";
/// After so long without a call a module's connection is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(300);

pub(super) struct Queue {
    module: Identity,
    shared: Shared,
    connection: Option<Connection>,
    flushes: mpsc::UnboundedSender<Committed>,
}

/// A batch that is to be made durable, and the epoch in which it was committed.
type Committed = (BatchId, Option<String>, Outcome);

/// A connection for batches.
struct Connection {
    client: Client,
    statement: Statement,
    /// Begins anew when Postgres starts or recovers: transaction ids from before may then be those of others.
    epoch: String,
}

/// A call with its number, until it has been run.
struct Numbered {
    tag: u64,
    call: Request,
}

struct Request {
    reducer: String,
    arguments: Arguments,
    sender: Identity,
    connection_id: spacetime_wire::ConnectionId,
    claims: Arc<str>,
    role: Option<Arc<str>>,
}

impl Queue {
    pub(super) fn new(module: Identity, shared: Shared) -> Self {
        let (flushes, committed) = mpsc::unbounded_channel();
        shared.vital.spawn("the one that makes calls durable", flush(module, shared.clone(), committed));
        Self { module, shared, connection: None, flushes }
    }

    pub(super) async fn run(mut self, mut calls: mpsc::Receiver<QueuedCall>) {
        let mut waiting = Vec::new();
        loop {
            match tokio::time::timeout(IDLE_LIMIT, calls.recv_many(&mut waiting, BATCH_CALLS_MAX)).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(_) => {
                    self.connection = None;
                    continue;
                }
            }
            while !waiting.is_empty() {
                let rest = waiting.split_off(within_bytes(&waiting));
                let batch = std::mem::replace(&mut waiting, rest);
                self.run_batch(batch).await;
            }
        }
    }

    async fn run_batch(&mut self, calls: Vec<QueuedCall>) {
        Metrics::add(&self.shared.metrics.calls, calls.len() as u64);
        let mut numbered = Vec::with_capacity(calls.len());
        let mut pending = Vec::with_capacity(calls.len());
        for call in calls {
            let tag = self.shared.tag();
            pending.push(PendingCall { tag, call: Arc::new(info(&call)), reply: call.reply });
            let QueuedCall { reducer, arguments, sender, connection_id, claims, role, .. } = call;
            let call = Request { reducer, arguments, sender, connection_id, claims, role };
            numbered.push(Numbered { tag, call });
        }
        let batch = self.shared.batch();
        Metrics::add(&self.shared.metrics.batches, 1);
        // Before it runs: the hub must know the calls when their entries arrive.
        let is_early: Vec<bool> = pending.iter().map(|call| call.reply.is_early()).collect();
        self.shared.hubs.started(self.module, batch, pending);
        let (outcome, epoch) = self.run_all(&numbered).await;
        let failed = outcome.results.iter().filter(|result| !result.is_done()).count();
        Metrics::add(&self.shared.metrics.failed_calls, failed as u64);
        let (early, confirmed) = outcome.split(&is_early);
        if let Some(outcome) = early {
            self.shared.hubs.finished(true, self.module, batch, outcome);
        }
        if let Some(outcome) = confirmed {
            drop(self.flushes.send((batch, epoch, outcome)));
        }
    }

    /// Runs calls, together if that goes well. Their results are complete, whatever happens. Gives the epoch in which they
    /// were committed, too; none if there were several.
    async fn run_all(&mut self, calls: &[Numbered]) -> (Outcome, Option<String>) {
        let mut xids = Vec::new();
        let mut epochs: Vec<String> = Vec::new();
        let mut results: Vec<CallResult> = Vec::with_capacity(calls.len());
        let (mut may_repeat, mut singly) = (true, false);
        while results.len() < calls.len() {
            let mut left = calls.get(results.len()..).unwrap_or_default();
            if singly {
                left = left.get(..1).unwrap_or(left);
            }
            match self.transaction(left).await {
                Ok(answer) if !answer.results.is_empty() => {
                    xids.push(answer.xid);
                    epochs.extend(self.connection.as_ref().map(|connection| connection.epoch.clone()));
                    epochs.dedup();
                    results.extend(answer.results.into_iter().take(left.len()));
                }
                Ok(_) => results.extend(left.iter().map(|_| failure("XX000", "the call was not run"))),
                Err(Error::RolledBack) if may_repeat => may_repeat = false,
                // The transaction of several was refused as a whole (a deferred constraint, say): each alone then, and
                // all that are left, or each that is refused would have the others run once more.
                Err(error) if left.len() > 1 && error.sqlstate().is_some() && !self.is_lost() => {
                    singly = true;
                }
                Err(error) => {
                    tracing::warn!(%error, "a batch of calls failed");
                    results.extend(left.iter().map(|_| failed(&error)));
                }
            }
        }
        let epoch = epochs.pop().filter(|_| epochs.is_empty());
        (Outcome { xids, results }, epoch)
    }

    fn is_lost(&self) -> bool {
        self.connection.as_ref().is_none_or(|connection| connection.client.is_closed())
    }

    /// One transaction, in one round trip.
    async fn transaction(&mut self, calls: &[Numbered]) -> Result<Answer> {
        self.ensure_connection().await.map_err(|error| Error::NotSent(Box::new(error)))?;
        let Some(Connection { client, statement, .. }) = &self.connection else {
            return Err(Error::Stopping);
        };
        let module = self.module.to_string();
        let batch = spacetime_call_batch::encode(
            calls.iter().map(|numbered| encoded(&module, &self.shared.role, numbered)),
        );
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&batch];
        let (began, answer, ended) = tokio::join!(
            client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off"),
            client.query_one(statement, &parameters),
            // After an error this is a ROLLBACK.
            client.batch_execute("COMMIT"),
        );
        began?;
        let answer = answer?;
        let answer = Answer::decode(answer.get(0)).map_err(|error| Error::Layout(error.to_string()))?;
        match ended {
            Ok(()) => Ok(answer),
            Err(error) if error.as_db_error().is_none() => self.settle(answer, error.into()).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn ensure_connection(&mut self) -> Result<()> {
        if self.is_lost() {
            let client = self.shared.database.connect().await?;
            let statement = client.prepare("SELECT spacetime.call_batch($1)").await?;
            let epoch = client.query_one(EPOCH, &[]).await?.get(0);
            self.connection = Some(Connection { client, statement, epoch });
        }
        Ok(())
    }

    /// The calls have run, and whether COMMIT arrived is not known: Postgres is asked what became of the transaction.
    async fn settle(&mut self, answer: Answer, lost: Error) -> Result<Answer> {
        if answer.xid == 0 {
            return Ok(answer);
        }
        let before = self.connection.as_ref().map(|connection| connection.epoch.clone());
        let asked_until = Instant::now() + SETTLE_LIMIT;
        while Instant::now() < asked_until {
            if self.ensure_connection().await.is_ok()
                && let Some(connection) = &self.connection
            {
                if before.as_ref() != Some(&connection.epoch) {
                    return Err(lost);
                }
                let question = "SELECT pg_xact_status($1::text::xid8)";
                match connection.client.query_one(question, &[&answer.xid.to_string()]).await {
                    Ok(row) => match row.get::<_, Option<&str>>(0) {
                        Some("committed") => return Ok(answer),
                        Some("aborted") => return Err(Error::RolledBack),
                        // Its backend has not noticed yet, or waits for a standby.
                        _ => {}
                    },
                    Err(error) => tracing::debug!(%error, "the outcome of a batch could not be asked for"),
                }
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        Err(lost)
    }
}

/// Makes committed batches durable, several at once if they have queued up, and tells the hub.
async fn flush(module: Identity, shared: Shared, mut committed: mpsc::UnboundedReceiver<Committed>) {
    let mut batches = Vec::new();
    while committed.recv_many(&mut batches, 1024).await > 0 {
        let durable_in = make_durable(&shared).await;
        for (batch, epoch, mut outcome) in batches.drain(..) {
            // Another epoch: Postgres has started anew, and what it had in memory may be gone.
            if durable_in.is_none() || durable_in != epoch {
                for result in outcome.results.iter_mut().filter(|result| result.is_done()) {
                    *result = unknown();
                }
            }
            shared.hubs.finished(false, module, batch, outcome);
        }
    }
}

/// Waits until all that is committed by now is durable; the epoch of the change log in which that is so. A lost connection
/// says nothing: the commits are where they were, and are asked about over another one.
async fn make_durable(shared: &Shared) -> Option<String> {
    let asked_until = Instant::now() + SETTLE_LIMIT;
    loop {
        let flushed = async {
            let client = shared.database.durability().await?;
            let (flushed, epoch) = tokio::join!(
                client.execute("SELECT spacetime.wait_durable(pg_current_wal_insert_lsn())", &[]),
                client.query_one(EPOCH, &[]),
            );
            flushed?;
            Ok::<String, Error>(epoch?.get(0))
        };
        match flushed.await {
            Ok(epoch) => return Some(epoch),
            Err(error) if Instant::now() > asked_until => {
                tracing::error!(%error, "commits could not be made durable");
                return None;
            }
            Err(error) => tracing::warn!(%error, "waiting for commits to be durable failed; trying again"),
        }
        tokio::time::sleep(SETTLE_PAUSE).await;
    }
}

fn within_bytes(calls: &[QueuedCall]) -> usize {
    let mut bytes = 0;
    let fits = calls.iter().take_while(|call| {
        bytes += call.arguments.len();
        bytes <= BATCH_BYTES_MAX
    });
    fits.count().max(1)
}

fn info(call: &QueuedCall) -> CallInfo {
    CallInfo {
        reducer: call.reducer.clone(),
        sender: call.sender,
        connection_id: call.connection_id,
        timestamp_us: 0,
        arguments: match &call.arguments {
            Arguments::Bsatn(bytes) => bytes.clone(),
            Arguments::Json(_) => bytes::Bytes::new(),
        },
    }
}

fn encoded<'a>(module: &'a str, role: &'a str, numbered: &'a Numbered) -> spacetime_call_batch::Call<'a> {
    let call = &numbered.call;
    spacetime_call_batch::Call {
        module,
        reducer: &call.reducer,
        role: call.role.as_deref().unwrap_or(role),
        sender: call.sender.to_le_bytes(),
        connection_id: call.connection_id.to_le_bytes(),
        claims: &call.claims,
        tag: numbered.tag,
        arguments: call.arguments.encoded(),
    }
}

/// The result of a call that Postgres did not report on. If the connection was lost, whether it committed is not known.
fn failed(error: &Error) -> CallResult {
    match error.sqlstate() {
        Some(code) => failure(code, &error.message()),
        None => unknown(),
    }
}

fn unknown() -> CallResult {
    failure("08006", "the connection to Postgres was lost; whether the call was done is not known")
}

fn failure(sqlstate: &str, message: &str) -> CallResult {
    CallResult {
        sqlstate: sqlstate.as_bytes().try_into().unwrap_or(*b"XX000"),
        message: message.to_owned(),
        timestamp_us: 0,
        duration_us: 0,
        has_written: false,
    }
}

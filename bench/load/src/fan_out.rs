//! From a call to the callback of each subscriber of the row it inserts. Longer than from its commit, by the way to the
//! server and the call itself: no client can see the moment of a commit.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::try_join_all;
use spacetime_wire::v2::{ReducerOutcome, ServerMessage, TableUpdateRows, TransactionUpdate};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::connection::{Receiver, Sender, Server};
use crate::error::{Error, Result};
use crate::latencies::Latencies;

/// How long the last row may take to reach everybody.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(crate) struct FanOut {
    #[arg(long, default_value_t = 100)]
    subscribers: usize,
    /// Calls per second, each one transaction.
    #[arg(long, default_value_t = 100.0)]
    commits_per_second: f64,
}

impl FanOut {
    pub(crate) async fn run(&self, server: &Server, seconds: f64) -> Result<serde_json::Value> {
        let subscribers = try_join_all((0..self.subscribers).map(|_| subscribe(server))).await?;
        let (sender, receiver) = server.connect("bench").await?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let commits = (self.commits_per_second * seconds).ceil() as usize;
        // Rows carry when they were sent, counted from here.
        let start = Instant::now();
        let everybody =
            subscribers.into_iter().map(|(sender, receiver)| listen(sender, receiver, commits, start));
        let gap = Duration::from_secs_f64(1.0 / self.commits_per_second);
        let (sent, times) = mpsc::unbounded_channel();
        let work = async {
            tokio::try_join!(
                write(sender, commits, gap, start, sent),
                acknowledge(receiver, commits, times),
                try_join_all(everybody),
            )
        };
        let limit = Duration::from_secs_f64(seconds) + PATIENCE;
        let finished = tokio::time::timeout(limit, work).await;
        let ((), answers, all) =
            finished.map_err(|_| Error::Lost("some rows have not reached all subscribers".into()))??;
        let mut latencies = Latencies::default();
        all.into_iter().for_each(|each| latencies.extend(each));
        Ok(serde_json::json!({
            "commits": commits,
            "callbacks": latencies.len(),
            "latency_ms": latencies.report(),
            "answer_ms": answers.report(),
        }))
    }
}

async fn subscribe(server: &Server) -> Result<(Sender, Receiver)> {
    let (mut sender, mut receiver) = server.connect("bench").await?;
    sender.subscribe("SELECT * FROM event").await?;
    loop {
        for message in receiver.next().await? {
            match message {
                ServerMessage::SubscribeApplied(_) => return Ok((sender, receiver)),
                ServerMessage::SubscriptionError(refusal) => return Err(Error::Refused(refusal.error)),
                _ => {}
            }
        }
    }
}

/// The one writer: a call at each tick, whether the one before has been answered or not.
async fn write(
    mut sender: Sender,
    commits: usize,
    gap: Duration,
    start: Instant,
    times: mpsc::UnboundedSender<Instant>,
) -> Result<()> {
    let mut ticks = tokio::time::interval(gap);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..commits {
        ticks.tick().await;
        times.send(Instant::now()).map_err(|_| Error::Lost("nobody takes answers in".into()))?;
        let sent = i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
        sender.call("insert_one", [Bytes::copy_from_slice(&sent.to_le_bytes())]).await?;
    }
    Ok(())
}

/// How long the writer waits for each answer; they come in the order of calls.
async fn acknowledge(
    mut receiver: Receiver,
    commits: usize,
    mut times: mpsc::UnboundedReceiver<Instant>,
) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    while latencies.len() < commits {
        for message in receiver.next().await? {
            let ServerMessage::ReducerResult(answer) = message else { continue };
            match answer.result {
                ReducerOutcome::Ok { .. } | ReducerOutcome::OkEmpty => {}
                other => return Err(Error::Refused(format!("{other:?}"))),
            }
            let sent = times.recv().await;
            let sent = sent.ok_or_else(|| Error::Lost("an answer to no question".into()))?;
            latencies.add(sent.elapsed());
        }
    }
    Ok(latencies)
}

/// One subscriber, until it has seen all rows. Its sender is kept: without it the connection would be closed.
async fn listen(
    _sender: Sender,
    mut receiver: Receiver,
    commits: usize,
    start: Instant,
) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    while latencies.len() < commits {
        for message in receiver.next().await? {
            if let ServerMessage::TransactionUpdate(update) = message {
                let now = start.elapsed();
                for sent in inserted(&update) {
                    latencies.add(now.saturating_sub(sent));
                }
            }
        }
    }
    Ok(latencies)
}

/// When each inserted row was sent: the second column of `event`, an i64 after a u64.
fn inserted(update: &TransactionUpdate) -> impl Iterator<Item = Duration> + '_ {
    let pieces = update.query_sets.iter().flat_map(|set| &set.tables).flat_map(|table| &table.rows);
    let inserts = pieces.filter_map(|rows| match rows {
        TableUpdateRows::PersistentTable { inserts, .. } => Some(inserts),
        TableUpdateRows::EventTable { .. } => None,
    });
    let values = inserts.flat_map(|rows| rows.iter()).filter_map(|row| row.get(8..16)?.try_into().ok());
    values.map(|value| Duration::from_nanos(u64::try_from(i64::from_le_bytes(value)).unwrap_or(0)))
}

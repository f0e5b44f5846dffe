//! Transfers per second, each answered when it is durable.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::try_join_all;
use spacetime_wire::v2::{ReducerOutcome, ServerMessage};

use crate::accounts::Accounts;
use crate::connection::Server;
use crate::error::{Error, Result};
use crate::latencies::Latencies;

const WARM_UP: Duration = Duration::from_millis(500);

#[derive(clap::Args)]
pub(crate) struct Transfers {
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Calls of one connection that wait for their answer.
    #[arg(long, default_value_t = 40)]
    in_flight: usize,
    #[arg(long, default_value_t = 100_000)]
    accounts: u32,
    /// Exponent of Zipf's law; 0: all accounts alike.
    #[arg(long, default_value_t = 0.0)]
    zipf: f64,
}

/// What one connection did while it was measured.
#[derive(Default)]
struct Done {
    latencies: Latencies,
    refused: usize,
    /// Also before and after it was measured.
    all: usize,
}

impl Transfers {
    pub(crate) async fn run(&self, server: &Server, seconds: f64) -> Result<serde_json::Value> {
        let connecting = (0..self.connections).map(|_| server.connect("bank"));
        let connections = try_join_all(connecting).await?;
        let begin = Instant::now() + WARM_UP;
        let end = begin + Duration::from_secs_f64(seconds);
        let each = connections.into_iter().zip(0..).map(|((sender, receiver), number)| {
            let accounts = Accounts::new(self.accounts, self.zipf, number);
            Caller { sender, receiver, accounts, sent: HashMap::new() }.run(self.in_flight, begin, end)
        });
        let mut total = Done::default();
        for done in try_join_all(each).await? {
            total.latencies.extend(done.latencies);
            total.refused += done.refused;
            total.all += done.all;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
        let per_second = total.latencies.len() as f64 / seconds;
        Ok(serde_json::json!({
            "per_second": per_second,
            "refused": total.refused,
            "transfers": total.all,
            "latency_ms": total.latencies.report(),
        }))
    }
}

struct Caller {
    sender: crate::connection::Sender,
    receiver: crate::connection::Receiver,
    accounts: Accounts,
    sent: HashMap<u32, Instant>,
}

impl Caller {
    async fn run(mut self, in_flight: usize, begin: Instant, end: Instant) -> Result<Done> {
        let mut done = Done::default();
        self.send(in_flight).await?;
        while !self.sent.is_empty() {
            let messages = self.receiver.next().await?;
            let now = Instant::now();
            for message in messages {
                let ServerMessage::ReducerResult(result) = message else { continue };
                let sent = self.sent.remove(&result.request_id);
                let sent = sent.ok_or_else(|| Error::Lost("an answer to no question".into()))?;
                match result.result {
                    ReducerOutcome::Ok { .. } | ReducerOutcome::OkEmpty => done.all += 1,
                    ReducerOutcome::Err(_) => {
                        done.refused += 1;
                        continue;
                    }
                    ReducerOutcome::InternalError(error) => return Err(Error::Refused(error)),
                }
                if begin <= now && now < end {
                    done.latencies.add(now - sent);
                }
            }
            if now < end {
                self.send(in_flight - self.sent.len()).await?;
            }
        }
        Ok(done)
    }

    async fn send(&mut self, count: usize) -> Result<()> {
        let calls: Vec<Bytes> = (0..count).map(|_| arguments(self.accounts.pair())).collect();
        let now = Instant::now();
        let first = self.sender.call("transfer", calls).await?;
        self.sent.extend(
            (0..count).map_while(|at| u32::try_from(at).ok()).map(|at| (first.wrapping_add(at), now)),
        );
        Ok(())
    }
}

fn arguments((from, to): (u32, u32)) -> Bytes {
    let mut bsatn = BytesMut::with_capacity(16);
    bsatn.put_u32_le(from);
    bsatn.put_u32_le(to);
    bsatn.put_i64_le(1);
    bsatn.freeze()
}

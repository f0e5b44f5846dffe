//! `/v1/database/{name}/logs`: what the module has printed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use spacetime_wire::http::{LogLevel, LogLine};

use super::Authorized;
use super::database::require_owner;
use crate::error::Result;
use crate::postgres::Module;
use crate::state::Gateway;

/// How often a log that is followed is looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
/// Lines that are read each time, unless there are more new ones.
const FOLLOW_LINES: i32 = 256;

#[derive(serde::Deserialize)]
pub(super) struct Parameters {
    num_lines: Option<i32>,
    #[serde(default)]
    follow: bool,
}

pub(super) async fn logs(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Query<Parameters>,
    Authorized(caller): Authorized,
) -> Result<Response> {
    let module = gateway.database.module(&name).await?;
    require_owner(&module, &caller, "view module logs")?;
    let lines = parameters.num_lines.unwrap_or(i32::MAX);
    let first = read(&gateway, &module, lines).await?;
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    if !parameters.follow {
        return Ok((kind, text(&first)?).into_response());
    }
    let text = Bytes::from(text(&first)?);
    let follower = Follower { gateway, module, last: Last::of(&first) };
    let rest = stream::unfold(follower, |mut follower| async move {
        let text = follower.next().await?;
        Some((Ok::<_, Infallible>(text), follower))
    });
    let body = Body::from_stream(stream::once(async { Ok(text) }).chain(rest));
    Ok((kind, body).into_response())
}

/// The last line that was sent: the log has no numbers, and lines of one moment are told apart by their count.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    ts: i64,
    lines_of_ts: usize,
}

impl Last {
    fn of(lines: &[LogLine]) -> Self {
        let ts = lines.last().map_or(0, |line| line.ts);
        Self { ts, lines_of_ts: lines.iter().rev().take_while(|line| line.ts == ts).count() }
    }

    /// The lines after it.
    fn after(self, lines: &[LogLine]) -> &[LogLine] {
        let older = lines.iter().take_while(|line| line.ts < self.ts).count();
        let same = lines.iter().skip(older).take_while(|line| line.ts == self.ts).count();
        lines.get(older + same.min(self.lines_of_ts)..).unwrap_or_default()
    }
}

/// Sends what a module prints, as it prints it.
struct Follower {
    gateway: Arc<Gateway>,
    module: Arc<Module>,
    last: Last,
}

impl Follower {
    /// More lines; none once the gateway stops, or the module is gone.
    async fn next(&mut self) -> Option<Bytes> {
        let mut stopping = self.gateway.stopping.subscribe();
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return None,
                () = tokio::time::sleep(FOLLOW_INTERVAL) => {}
            }
            let mut asked = FOLLOW_LINES;
            let lines = loop {
                let lines = read(&self.gateway, &self.module, asked).await.ok()?;
                let reaches_back = lines.first().is_none_or(|line| line.ts <= self.last.ts);
                if reaches_back || lines.len() < usize::try_from(asked).unwrap_or(usize::MAX) {
                    break lines;
                }
                asked = asked.saturating_mul(4);
            };
            let new = self.last.after(&lines);
            if !new.is_empty() {
                let text = text(new).ok()?;
                self.last = Last::of(&lines);
                return Some(text.into());
            }
        }
    }
}

async fn read(gateway: &Gateway, module: &Module, lines: i32) -> Result<Vec<LogLine>> {
    let question = "SELECT at, level, target, file, line, message FROM spacetime.logs($1, $2, 'trace')";
    let client = gateway.database.shared().await?;
    let rows = client.query(question, &[&module.key(), &lines]).await?;
    let line = |row: &tokio_postgres::Row| {
        let at: std::time::SystemTime = row.get(0);
        let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        LogLine {
            level: level(row.get(1)),
            ts: i64::try_from(since.as_micros()).unwrap_or(0),
            target: row.get(2),
            filename: row.get(3),
            line_number: row.get::<_, Option<i32>>(4).and_then(|line| u32::try_from(line).ok()),
            function: None,
            message: row.get(5),
            trace: None,
        }
    };
    Ok(rows.iter().map(line).collect())
}

fn text(lines: &[LogLine]) -> Result<String> {
    let lines = lines.iter().map(LogLine::to_ndjson).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(lines.concat())
}

fn level(name: &str) -> LogLevel {
    match name {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        "panic" => LogLevel::Panic,
        _ => LogLevel::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::{Last, LogLevel, LogLine};

    fn line(ts: i64, message: &str) -> LogLine {
        LogLine {
            level: LogLevel::Info,
            ts,
            target: None,
            filename: None,
            line_number: None,
            function: None,
            message: message.into(),
            trace: None,
        }
    }

    #[test]
    fn lines_of_one_moment_are_sent_once() {
        let mut log = vec![line(1, "a"), line(2, "b"), line(2, "c")];
        let last = Last::of(&log);
        assert!(last.after(&log).is_empty());
        log.push(line(2, "d"));
        log.push(line(3, "e"));
        let new: Vec<_> = last.after(&log).iter().map(|line| line.message.as_str()).collect();
        assert_eq!(new, ["d", "e"]);
        assert_eq!(Last::default().after(&log).len(), 5);
    }
}

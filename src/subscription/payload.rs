//! Messages as NOTIFY carries them: JSON objects, a change in as many parts as it takes.

use std::fmt::Write;

use super::change::Change;
use crate::pg::notify::PAYLOAD_BYTES_MAX;

/// Longest text of the reason for an end.
const REASON_CHARACTERS_MAX: usize = 1000;
/// Room for the numbers of parts.
const PARTS_BYTES: usize = 40;

/// The payloads of a change, in order.
pub(super) fn of_change(subscription: i64, seq: i64, change: &Change) -> Vec<String> {
    let mut facts = String::new();
    // Writing to a String cannot fail.
    if let Some(xid) = change.cause.xid {
        let _ = write!(facts, r#","xid":"{xid}""#);
    }
    if let Some((reducer, sender)) = &change.cause.call {
        let _ =
            write!(facts, r#","reducer":{},"sender":"{sender}""#, serde_json::Value::from(reducer.as_str()));
    }
    if change.cause.has_lost_events {
        facts.push_str(r#","lost":true"#);
    }
    let frame = head(subscription, seq).len() + facts.len() + r#","changes":[]}"#.len() + PARTS_BYTES;
    let room = PAYLOAD_BYTES_MAX.saturating_sub(frame);
    let mut parts = Vec::new();
    let mut part = String::new();
    for row in &change.rows {
        if !part.is_empty() && part.len() + 1 + row.len() > room {
            parts.push(std::mem::take(&mut part));
        }
        if !part.is_empty() {
            part.push(',');
        }
        part.push_str(row);
    }
    parts.push(part);
    let count = parts.len();
    let payload = |(at, rows): (usize, String)| {
        let head = head(subscription, seq);
        format!(r#"{head},"part":{},"parts":{count}{facts},"changes":[{rows}]}}"#, at + 1)
    };
    parts.into_iter().enumerate().map(payload).collect()
}

/// The last message of a subscription.
pub(super) fn of_end(subscription: i64, seq: i64, sqlstate: &str, reason: &str) -> String {
    let reason: String = reason.chars().take(REASON_CHARACTERS_MAX).collect();
    let reason = serde_json::Value::from(reason);
    let head = head(subscription, seq);
    format!(r#"{head},"part":1,"parts":1,"ended":{reason},"sqlstate":"{sqlstate}"}}"#)
}

fn head(subscription: i64, seq: i64) -> String {
    format!(r#"{{"sub":{subscription},"seq":{seq}"#)
}

//! What readers of the change log get.

use std::time::{Duration, Instant};

use spacetime_change_log::{Cursor, Status, encode_answer};

use crate::error::{Error, Result};
use crate::pg::change_log::{self, Reader};

/// Most bytes of entries in one answer; one larger entry is given alone.
const BYTES_MAX: usize = 64 << 20;

/// Entries after the cursor `after`, in the layout of `spacetime-change-log`, waiting for the first of them up to `wait_ms`; without a cursor the place from which
/// to begin. What is answered is durable, unless `flush` is false.
pub(crate) fn answer(after: Option<&[u8]>, bytes_max: i32, wait_ms: i32, flush: bool) -> Result<Vec<u8>> {
    let bytes_max = usize::try_from(bytes_max).ok().filter(|bytes| (1..=BYTES_MAX).contains(bytes));
    let bytes_max = bytes_max.ok_or_else(|| Error::InvalidParameter {
        what: "max_bytes is out of range".into(),
        hint: format!("Use a number from 1 to {BYTES_MAX}."),
    })?;
    let wait = Duration::from_millis(u64::try_from(wait_ms).map_err(|_| Error::InvalidParameter {
        what: "wait_ms is negative".into(),
        hint: "Use 0 to get what is there.".into(),
    })?);
    let reader = Reader::register()?;
    let Some(after) = after else {
        let (epoch, next) = reader.now();
        return Ok(encode_answer(Status::Ok, Cursor { epoch, next }, 0, &[]));
    };
    let cursor = Cursor::from_bytes(after).map_err(|problem| Error::InvalidParameter {
        what: format!("this is no cursor: {problem}"),
        hint: "Give back the cursor of the last answer, or NULL to begin.".into(),
    })?;
    let until = Instant::now() + wait;
    let mut next = cursor.next;
    loop {
        let (read, blocked) = reader.read(cursor.epoch, next, bytes_max);
        let left = until.saturating_duration_since(Instant::now());
        if read.is_gap || !read.entries.is_empty() || left.is_zero() {
            if flush {
                change_log::flush(read.lsn);
            }
            return Ok(encode(&read));
        }
        next = read.next;
        reader.wait(next, blocked, i64::try_from(left.as_millis()).unwrap_or(i64::MAX).max(1));
    }
}

/// The cursor behind every change that a snapshot taken before this call can show. Commits can be visible a moment before
/// they are in the log: waits for those.
pub(crate) fn settled_cursor() -> Result<Vec<u8>> {
    let (epoch, next) = change_log::settled()?;
    Ok(Cursor { epoch, next }.to_bytes().to_vec())
}

fn encode(read: &change_log::Batchful) -> Vec<u8> {
    let mut entries = Vec::with_capacity(read.entries.iter().map(|entry| entry.len() + 4).sum());
    for entry in &read.entries {
        entries.extend_from_slice(&(entry.len() as u32).to_le_bytes());
        entries.extend_from_slice(entry);
    }
    let status = if read.is_gap { Status::Resync } else { Status::Ok };
    encode_answer(status, Cursor { epoch: read.epoch, next: read.next }, read.entries.len() as u32, &entries)
}

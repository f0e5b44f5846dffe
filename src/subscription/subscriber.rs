//! One subscription as the notifier knows it.

use std::collections::VecDeque;
use std::rc::Rc;

use spacetime_auth::Identity;
use spacetime_change_log::Cursor;

use super::change::Change;
use super::evaluation::EvaluationId;
use super::rows::Rows;
use super::seen::Seen;
use crate::catalog::SubscriptionRow;
use crate::error::{Error, Result};
use crate::pg::Oid;

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) id: i64,
    pub(super) channel: String,
    pub(super) query: String,
    pub(super) role: Oid,
    pub(super) identity: Identity,
    pub(super) login: Option<String>,
    pub(super) evaluation: EvaluationId,
    /// What it holds, while that is not what its evaluation holds.
    pub(super) holds: Option<Rows>,
    /// Where the log goes on from what it was given first, and which transactions that contains.
    pub(super) since: Option<(Cursor, Seen)>,
    /// Number of the last message.
    pub(super) seq: i64,
    pub(super) resumes: i64,
    /// Since when no session listens.
    pub(super) gone_since_us: Option<i64>,
    /// Messages that can be sent again, with their numbers.
    kept: VecDeque<(i64, Rc<Change>)>,
    kept_bytes: usize,
}

impl Subscriber {
    pub(super) fn new(row: SubscriptionRow, evaluation: EvaluationId) -> Result<Self> {
        let cursor = Cursor::from_bytes(&row.since).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self {
            id: row.id,
            channel: row.channel,
            query: row.query,
            role: row.role,
            identity: row.identity,
            login: row.login,
            evaluation,
            holds: Some(Rows::from_bytes(row.rows.as_deref().unwrap_or_default())?),
            since: Some((cursor, Seen::parse(&row.seen)?)),
            seq: 0,
            resumes: 0,
            gone_since_us: None,
            kept: VecDeque::new(),
            kept_bytes: 0,
        })
    }

    /// Takes the next number for a message and keeps the message for a while.
    pub(super) fn number(&mut self, change: &Rc<Change>) -> i64 {
        self.seq += 1;
        self.kept_bytes += change.bytes;
        self.kept.push_back((self.seq, Rc::clone(change)));
        self.seq
    }

    /// Number of the first message that is kept, or will be.
    pub(super) fn first_kept(&self) -> i64 {
        self.kept.front().map_or(self.seq + 1, |(seq, _)| *seq)
    }

    /// The messages after a number; `None` when some are not kept any more, or there is no such number yet.
    pub(super) fn after(&self, seq: i64) -> Option<Vec<(i64, Rc<Change>)>> {
        let is_kept = seq >= self.first_kept() - 1 && seq <= self.seq;
        is_kept.then(|| self.kept.iter().filter(|(kept, _)| *kept > seq).cloned().collect())
    }

    /// Lets go of the oldest messages: those beyond `bytes_max` and those older than `since_us`. Rows told by reference stay
    /// as long as they may be asked for. Gives the ids of large rows that nobody needs any more.
    pub(super) fn forget_old(&mut self, bytes_max: usize, since_us: i64) -> Vec<i64> {
        let mut unused = Vec::new();
        while let Some((_, oldest)) = self.kept.front() {
            let is_old = oldest.made_at_us < since_us;
            if !is_old && (self.kept_bytes <= bytes_max || !oldest.large.is_empty()) {
                break;
            }
            let Some((_, oldest)) = self.kept.pop_front() else { break };
            self.kept_bytes = self.kept_bytes.saturating_sub(oldest.bytes);
            if let Some(last) = Rc::into_inner(oldest) {
                unused.extend(last.large);
            }
        }
        unused
    }

    /// As [`Subscriber::forget_old`], for all.
    pub(super) fn forget_all(&mut self) -> Vec<i64> {
        self.forget_old(0, i64::MAX)
    }
}

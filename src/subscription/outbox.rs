//! What is to be sent and written, in order, kept until it is committed.

use std::collections::VecDeque;
use std::rc::Rc;

use super::change::{Change, LargeRow};
use super::evaluation::EvaluationId;
use super::payload;
use crate::catalog;
use crate::error::Result;
use crate::pg::notify;
use crate::pg::worker::{Failure, transaction};

/// Payloads of one transaction, unless one message alone has more.
const BATCH_BYTES: usize = 16 << 20;

#[derive(Debug)]
struct Message {
    channel: String,
    subscription: i64,
    seq: i64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Change(Rc<Change>),
    End { sqlstate: String, reason: String },
}

#[derive(Debug)]
enum Record {
    LargeRow { evaluation: EvaluationId, row: LargeRow },
    ForgetRows(Vec<i64>),
    Evaluation { subscription: i64, evaluation: EvaluationId },
    Resumable { subscription: i64, from: Option<i64> },
    Delete(i64),
}

/// Messages and records, those of one moment together.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
    records: Vec<Record>,
}

impl Outbox {
    pub(super) fn send(&mut self, channel: &str, subscription: i64, seq: i64, change: &Rc<Change>) {
        let body = Body::Change(Rc::clone(change));
        self.messages.push_back(Message { channel: channel.to_owned(), subscription, seq, body });
    }

    /// The last message of a subscription, which is forgotten with it.
    pub(super) fn end(&mut self, channel: &str, subscription: i64, seq: i64, sqlstate: &str, reason: &str) {
        // What it was not sent yet would come after its end, or hold up others for its sake.
        self.messages.retain(|message| message.subscription != subscription);
        let body = Body::End { sqlstate: sqlstate.to_owned(), reason: reason.to_owned() };
        self.messages.push_back(Message { channel: channel.to_owned(), subscription, seq, body });
        self.records.push(Record::Delete(subscription));
    }

    pub(super) fn keep_row(&mut self, evaluation: EvaluationId, row: LargeRow) {
        self.records.push(Record::LargeRow { evaluation, row });
    }

    pub(super) fn forget_rows(&mut self, ids: Vec<i64>) {
        if !ids.is_empty() {
            self.records.push(Record::ForgetRows(ids));
        }
    }

    pub(super) fn note_evaluation(&mut self, subscription: i64, evaluation: EvaluationId) {
        self.records.push(Record::Evaluation { subscription, evaluation });
    }

    pub(super) fn note_resumable(&mut self, subscription: i64, from: Option<i64>) {
        self.records.push(Record::Resumable { subscription, from });
    }

    pub(super) fn forget(&mut self, subscription: i64) {
        self.messages.retain(|message| message.subscription != subscription);
        self.records.push(Record::Delete(subscription));
    }

    /// Whether a subscription is over, although that is not written yet.
    pub(super) fn has_forgotten(&self, subscription: i64) -> bool {
        self.records.iter().any(|record| matches!(record, Record::Delete(id) if *id == subscription))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.records.is_empty()
    }

    /// Writes and sends everything. What a failure undoes is still there.
    pub(super) fn flush(&mut self) -> std::result::Result<(), Failure> {
        while !self.is_empty() {
            let batch = self.next_batch();
            transaction("sending notifications", || {
                self.records.iter().try_for_each(Record::write)?;
                for message in self.messages.iter().take(batch) {
                    message.send();
                }
                Ok(())
            })?;
            self.records.clear();
            self.messages.drain(..batch);
        }
        Ok(())
    }

    /// How many messages go into one transaction.
    fn next_batch(&self) -> usize {
        let mut bytes = 0;
        let fits = |message: &&Message| {
            let is_first = bytes == 0;
            bytes += match &message.body {
                Body::Change(change) => change.bytes.max(1),
                Body::End { .. } => 1,
            };
            is_first || bytes <= BATCH_BYTES
        };
        self.messages.iter().take_while(fits).count()
    }
}

impl Message {
    fn send(&self) {
        match &self.body {
            Body::Change(change) => {
                for payload in payload::of_change(self.subscription, self.seq, change) {
                    crate::pg::interrupt::process();
                    notify::notify(&self.channel, &payload);
                }
            }
            Body::End { sqlstate, reason } => {
                notify::notify(
                    &self.channel,
                    &payload::of_end(self.subscription, self.seq, sqlstate, reason),
                );
            }
        }
    }
}

impl Record {
    fn write(&self) -> Result<()> {
        match self {
            Self::LargeRow { evaluation, row } => catalog::insert_large_row(row.id, evaluation.0, &row.json),
            Self::ForgetRows(ids) => catalog::delete_large_rows(ids),
            Self::Evaluation { subscription, evaluation } => {
                catalog::note_evaluation(*subscription, evaluation.0)
            }
            Self::Resumable { subscription, from } => catalog::note_resumable(*subscription, *from),
            Self::Delete(subscription) => catalog::delete_subscription(*subscription),
        }
    }
}

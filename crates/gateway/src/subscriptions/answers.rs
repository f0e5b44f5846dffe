//! Answers to calls, held back until everything before them has been told.
//!
//! A call that wrote is answered by its entry in the change log; one that did not, in its place between those. Batches of
//! one module are committed in the order in which they are sent, and their answers are given in that order.

use std::collections::VecDeque;
use std::sync::Arc;

use spacetime_call_batch::CallResult;
use tokio::sync::oneshot;

use super::event::{CallInfo, ClientId};

pub(crate) type BatchId = u64;

/// Who waits for a call.
#[derive(Debug)]
pub(crate) enum Reply {
    Socket { client: ClientId, request_id: u32, is_quiet: bool, is_early: bool },
    Http(oneshot::Sender<CallResult>),
}

impl Reply {
    /// Whether the answer is given before the call is durable.
    pub(crate) fn is_early(&self) -> bool {
        matches!(self, Self::Socket { is_early: true, .. })
    }
}

/// A call that was sent to Postgres.
#[derive(Debug)]
pub(crate) struct PendingCall {
    pub(crate) tag: u64,
    pub(crate) reply: Reply,
    pub(crate) call: Arc<CallInfo>,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The transactions its calls were run in.
    pub(crate) xids: Vec<u64>,
    /// One for each call.
    pub(crate) results: Vec<CallResult>,
}

impl Outcome {
    /// What those that do not wait for the disk are told, and what the others are; nothing if there are none.
    pub(crate) fn split(self, is_early: &[bool]) -> (Option<Self>, Option<Self>) {
        let (early, confirmed): (Vec<_>, Vec<_>) =
            self.results.into_iter().zip(is_early).partition(|(_, is_early)| **is_early);
        let part = |results: Vec<(CallResult, &bool)>| {
            let results: Vec<_> = results.into_iter().map(|(result, _)| result).collect();
            (!results.is_empty()).then(|| Self { xids: self.xids.clone(), results })
        };
        (part(early), part(confirmed))
    }
}

/// The calls of one module that were sent and not yet answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    batches: VecDeque<Batch>,
    /// Transactions whose entries are lost, the last ones: the batch may be heard of later.
    lost: VecDeque<u64>,
}

const LOST_MAX: usize = 1024;

#[derive(Debug)]
struct Batch {
    id: BatchId,
    xids: Vec<u64>,
    /// Its entries are lost, or may be.
    is_lost: bool,
    calls: VecDeque<PendingCall>,
    /// As many as there are calls, once they are known.
    results: Option<VecDeque<CallResult>>,
}

impl Answers {
    pub(super) fn start(&mut self, id: BatchId, calls: Vec<PendingCall>) {
        self.batches.push_back(Batch {
            id,
            xids: Vec::new(),
            is_lost: false,
            calls: calls.into(),
            results: None,
        });
    }

    pub(super) fn finish(&mut self, id: BatchId, outcome: Outcome) {
        if let Some(batch) = self.batches.iter_mut().find(|batch| batch.id == id) {
            batch.is_lost |= outcome.xids.iter().any(|xid| self.lost.contains(xid));
            batch.xids = outcome.xids;
            batch.results = Some(outcome.results.into());
        }
        self.expect_no_entries();
    }

    /// Whether the outcome of the batch with this call has not arrived: its entry must wait, or calls before it in the
    /// batch would be answered after it.
    pub(super) fn is_awaited(&self, tag: u64) -> bool {
        self.batches
            .iter()
            .any(|batch| batch.results.is_none() && batch.calls.iter().any(|call| call.tag == tag))
    }

    /// Answers that nothing stands before.
    pub(super) fn due(&mut self) -> Vec<(PendingCall, CallResult)> {
        self.take_while(|_, result| !result.has_written)
    }

    /// Answers up to the call of an entry, which is the last; nothing if the call is not one of ours.
    pub(super) fn up_to(&mut self, tag: u64) -> Vec<(PendingCall, CallResult)> {
        if !self.batches.iter().any(|batch| batch.calls.iter().any(|call| call.tag == tag)) {
            return Vec::new();
        }
        let mut is_past = false;
        self.take_while(|call, _| {
            let is_wanted = !is_past;
            is_past |= call.tag == tag;
            is_wanted
        })
    }

    /// The entries of a transaction will not come, those of any transaction so far for `None`: its calls are answered
    /// without them.
    pub(super) fn lose(&mut self, xid: Option<u64>) {
        for batch in &mut self.batches {
            batch.is_lost |= xid.is_none_or(|xid| batch.xids.contains(&xid));
        }
        if let Some(xid) = xid {
            self.lost.push_front(xid);
            self.lost.truncate(LOST_MAX);
        }
        self.expect_no_entries();
    }

    fn expect_no_entries(&mut self) {
        for result in
            self.batches.iter_mut().filter(|batch| batch.is_lost).filter_map(|b| b.results.as_mut()).flatten()
        {
            result.has_written = false;
        }
    }

    fn take_while(
        &mut self,
        mut is_wanted: impl FnMut(&PendingCall, &CallResult) -> bool,
    ) -> Vec<(PendingCall, CallResult)> {
        let mut taken = Vec::new();
        while let Some(batch) = self.batches.front_mut() {
            let Some(results) = &mut batch.results else { break };
            match (batch.calls.front(), results.front()) {
                (Some(call), Some(result)) if is_wanted(call, result) => {
                    taken.extend(batch.calls.pop_front().zip(results.pop_front()));
                }
                (Some(_), Some(_)) => break,
                _ => drop(self.batches.pop_front()),
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, CallInfo, CallResult, Outcome, PendingCall, Reply};

    fn call(tag: u64) -> PendingCall {
        let call = CallInfo {
            reducer: "r".into(),
            sender: spacetime_auth::Identity::from_be_bytes([1; 32]),
            connection_id: spacetime_wire::ConnectionId::new(1),
            timestamp_us: 0,
            arguments: bytes::Bytes::new(),
        };
        PendingCall {
            tag,
            reply: Reply::Socket { client: 1, request_id: 0, is_quiet: false, is_early: false },
            call: call.into(),
        }
    }

    fn result(has_written: bool) -> CallResult {
        CallResult {
            sqlstate: spacetime_call_batch::DONE,
            message: String::new(),
            timestamp_us: 0,
            duration_us: 0,
            has_written,
        }
    }

    fn tags(taken: Vec<(PendingCall, CallResult)>) -> Vec<u64> {
        taken.into_iter().map(|(call, _)| call.tag).collect()
    }

    #[test]
    fn answers_come_in_the_order_of_calls() {
        let mut answers = Answers::default();
        answers.start(1, [1, 2, 3, 4].map(call).into());
        answers.start(2, [5].map(call).into());
        answers.finish(2, Outcome { xids: vec![8], results: vec![result(false)] });
        assert!(answers.is_awaited(3) && !answers.is_awaited(5));
        assert!(answers.due().is_empty(), "the first batch is not known yet");
        answers.finish(1, Outcome { xids: vec![7], results: [false, true, false, true].map(result).into() });
        assert_eq!(tags(answers.due()), [1]);
        assert_eq!(tags(answers.up_to(2)), [2]);
        assert_eq!(tags(answers.due()), [3]);
        assert!(answers.up_to(99).is_empty());
        answers.lose(Some(7));
        assert_eq!(tags(answers.due()), [4, 5]);
    }

    #[test]
    fn a_gap_answers_what_is_known() {
        let mut answers = Answers::default();
        answers.start(1, [1, 2].map(call).into());
        answers.start(2, [3].map(call).into());
        answers.finish(1, Outcome { xids: vec![7], results: [true, true].map(result).into() });
        answers.lose(None);
        assert_eq!(tags(answers.due()), [1, 2]);
        assert!(answers.is_awaited(3));
        answers.finish(2, Outcome { xids: vec![8], results: vec![result(true)] });
        assert_eq!(tags(answers.due()), [3]);
    }
}

//! How much memory the rows of subscriptions may take: a notifier that the system kills takes the server with it.

use super::Hub;
use crate::guc;
use crate::pg::worker::Failure;
use crate::subscription::rows::{self, Rows};

impl Hub {
    /// Whether the rows of one more subscriber fit.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        let new = self.subscribers.values().filter_map(|subscriber| subscriber.holds.as_ref());
        let new: usize = new.map(Rows::bytes).sum();
        self.held_bytes() + new + bytes <= guc::subscription_memory_bytes()
    }

    /// Whether a subscriber still holds rows of its own.
    pub(super) fn is_anyone_new(&self) -> bool {
        self.subscribers.values().any(|subscriber| subscriber.holds.is_some())
    }

    /// Ends the subscriptions to the largest queries until the others fit.
    pub(super) fn limit_memory(&mut self) {
        while self.held_bytes() > guc::subscription_memory_bytes() {
            let largest = self.evaluations.iter().max_by_key(|(_, evaluation)| evaluation.held.bytes());
            let Some((&id, evaluation)) = largest else { return };
            pgrx::log!(
                "spacetime: subscriptions are ended, their rows take too much memory: {}",
                evaluation.text
            );
            self.end_all(id, &Failure::from(rows::too_large()));
            // Also if nobody was left to take it along.
            self.evaluations.remove(&id);
        }
    }

    fn held_bytes(&self) -> usize {
        self.evaluations.values().map(|evaluation| evaluation.held.bytes()).sum()
    }
}

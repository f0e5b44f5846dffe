//! The notifier of one database: tells SQL sessions what commits change in the rows they subscribed to.

use super::{Next, Worker};
use crate::subscription::{Hub, Pause};

pub(super) struct Notifier {
    hub: Hub,
}

impl Notifier {
    pub(super) fn new() -> Self {
        Self { hub: Hub::default() }
    }
}

impl Worker for Notifier {
    fn round(&mut self, now_us: i64, is_woken: bool) -> Next {
        match self.hub.round(now_us, is_woken) {
            Pause::Until(time) => {
                // It must be seen to wait, or commits would not wake it.
                self.hub.wait(time, crate::pg::worker::now_us());
                Next::Again
            }
            Pause::End => Next::EndUntil(i64::MAX),
        }
    }
}

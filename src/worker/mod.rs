//! Background workers, if the library is preloaded: one launcher for the server, and for each database that has
//! something to do one worker of each [`Kind`]. They all share one shape: look for work in a transaction, do it in
//! others, sleep until woken or until the next work is due, end when nothing is due soon.

mod launcher;
mod notifier;
mod scheduler;

pub(crate) use launcher::launch;

use crate::pg::shmem::{self, Slot};

/// The kinds of workers a database may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Runs the reducers of scheduled tables.
    Scheduler,
    /// Runs the procedures of scheduled tables, which may sleep and wait for others: no reducer waits for them.
    Procedures,
    /// Tells subscribed SQL sessions what commits change.
    Notifier,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Scheduler, Self::Notifier, Self::Procedures];

    /// Its `backend_type` in pg_stat_activity.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Scheduler => "spacetime scheduler",
            Self::Procedures => "spacetime procedure scheduler",
            Self::Notifier => "spacetime notifier",
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Scheduler => 0,
            Self::Notifier => 1,
            Self::Procedures => 2,
        }
    }

    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What a worker does after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There is more to do right now.
    Again,
    /// Nothing until then (microseconds since the Unix epoch), or until it is woken.
    SleepUntil(i64),
    /// End, and be started again at this time; `i64::MAX`: only when asked for.
    EndUntil(i64),
}

/// One worker's work.
trait Worker {
    /// Does what is there to do now; `is_woken` unless only time has passed since the last round. Errors are its own
    /// business: what leaves it ends the process.
    fn round(&mut self, now_us: i64, is_woken: bool) -> Next;
}

/// The life of a worker; returning ends the process.
pub(crate) fn work(kind: Kind, slot: &Slot) {
    let mut worker: Box<dyn Worker> = match kind {
        Kind::Scheduler | Kind::Procedures => Box::new(scheduler::Scheduler::new(kind)),
        Kind::Notifier => Box::new(notifier::Notifier::new()),
    };
    let mut is_first = true;
    loop {
        crate::pg::worker::look_around();
        // Before looking for work: a wake-up that comes later is one for the next round.
        let is_woken = slot.note_wakes() || is_first;
        is_first = false;
        if let Some(until) = shmem::held_until(slot.database())
            && until > crate::pg::worker::now_us()
        {
            slot.next_start_us.store(until, std::sync::atomic::Ordering::SeqCst);
            return;
        }
        match worker.round(crate::pg::worker::now_us(), is_woken) {
            Next::Again => {}
            Next::SleepUntil(time) => {
                crate::pg::worker::sleep(time.saturating_sub(crate::pg::worker::now_us()));
            }
            Next::EndUntil(time) => {
                slot.next_start_us.store(time, std::sync::atomic::Ordering::SeqCst);
                return;
            }
        }
    }
}

/// Whether there are workers at all.
pub(crate) fn is_available() -> bool {
    shmem::is_available()
}

//! One connection at a time for each connection id of a caller: after a network loss a client comes again with its id
//! before the gateway has missed it. The newest wins; it begins when the one before is disconnected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spacetime_auth::Identity;
use spacetime_wire::ConnectionId;
use tokio::sync::{OwnedMutexGuard, watch};

/// Module, caller, and the id that the caller has chosen.
type Key = (Identity, Identity, ConnectionId);

/// Who holds which id.
#[derive(Debug, Default)]
pub(crate) struct Seats(Mutex<HashMap<Key, Arc<Seat>>>);

#[derive(Debug)]
struct Seat {
    /// Number of the last that came.
    newest: watch::Sender<u64>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A connection's hold on its id.
#[derive(Debug)]
pub(crate) struct Taken {
    seats: Arc<Seats>,
    key: Key,
    seat: Arc<Seat>,
    number: u64,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Seats {
    /// Sends away who holds the id, and waits until that one is gone.
    pub(crate) async fn take(self: &Arc<Self>, key: Key) -> Taken {
        let (seat, number) = {
            let mut seats = self.lock();
            let new = || Arc::new(Seat { newest: watch::channel(0).0, turn: Arc::default() });
            let seat = Arc::clone(seats.entry(key).or_insert_with(new));
            seat.newest.send_modify(|newest| *newest += 1);
            let number = *seat.newest.borrow();
            (seat, number)
        };
        let waits_at = Arc::clone(&seat.turn);
        // Before it waits: a connection that gives up while it waits leaves nothing behind.
        let mut taken = Taken { seats: Arc::clone(self), key, seat, number, turn: None };
        taken.turn = Some(waits_at.lock_owned().await);
        taken
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Seat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Ends when somebody else has come with the id.
    pub(crate) async fn replaced(&self) {
        let mut newest = self.seat.newest.subscribe();
        // The sender lives in `self`.
        drop(newest.wait_for(|newest| *newest > self.number).await);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut seats = self.seats.lock();
        // The map's and ours: nobody waits. Others can only come by the map.
        if Arc::strong_count(&self.seat) == 2 {
            seats.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use spacetime_auth::Identity;
    use spacetime_wire::ConnectionId;

    use super::Seats;

    #[tokio::test]
    async fn the_newest_waits_for_the_one_before_to_go() {
        let seats = Arc::new(Seats::default());
        let who = Identity::from_be_bytes([1; 32]);
        let key = (who, who, ConnectionId::from_le_bytes([1; 16]));
        let first = seats.take(key).await;
        let waiting = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.take(key).await }
        });
        first.replaced().await;
        assert!(!waiting.is_finished());
        drop(first);
        let second = waiting.await.expect("it has its turn");
        let other = seats.take((who, who, ConnectionId::from_le_bytes([2; 16]))).await;
        assert_eq!(seats.lock().len(), 2);
        drop((second, other));
        assert!(seats.lock().is_empty());
    }
}

//! What one connection may have waiting in queues: beyond it the gateway does not read on, and TCP tells the client.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Bytes of arguments, a little more than one message has at most, counted in pieces.
const ROOM_PIECES: u32 = 33 << 10;
const PIECE_BYTES: usize = 1 << 10;
/// What a call takes besides: there are at most about 2,000, of any size.
const CALL_PIECES: u32 = 16;

/// Room for calls.
#[derive(Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_PIECES as usize)))
    }

    /// Room for a call with arguments of so many bytes, when there is some.
    pub(crate) async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit> {
        let pieces = u32::try_from(bytes / PIECE_BYTES).unwrap_or(u32::MAX).saturating_add(CALL_PIECES);
        let taken = Arc::clone(&self.0).acquire_many_owned(pieces.min(ROOM_PIECES)).await;
        // Nobody closes it.
        taken.map_err(|_| Error::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::OwnedSemaphorePermit;

    use super::Room;

    /// Room that is there now. Without tokio's budget, which makes a task that takes a lot at once wait.
    fn now(room: &Room, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let taken = tokio::task::unconstrained(room.take(bytes)).now_or_never();
        taken.map(|permit| permit.expect("nobody closes it"))
    }

    #[test]
    fn calls_of_all_sizes_find_room_one_after_the_other() {
        let room = Room::new();
        let mut taken = Vec::new();
        while let Some(permit) = now(&room, 10) {
            taken.push(permit);
        }
        assert!((1_000..4_000).contains(&taken.len()), "{}", taken.len());
        taken.pop();
        assert!(now(&room, 10).is_some());
        taken.clear();
        let large = now(&room, usize::MAX).expect("even the largest");
        assert!(now(&room, 10).is_none());
        drop(large);
        assert!(now(&room, 10).is_some());
    }
}

//! Version 3 of the client protocol (wire.md §1.6): one binary frame is one or more messages of version 2, one after
//! the other. To a client the whole frame has one [`crate::envelope`].

use bytes::Bytes;

use crate::codec::{Codec, Input, MESSAGE_BYTES, within};
use crate::error::WireError;
use crate::limits::Limits;
use crate::v2::{ClientMessage, ServerMessage};

/// Bytes at which the reference stops adding messages to a frame.
pub const FRAME_TARGET_BYTES: usize = 512 << 10;

/// Collects encoded messages to one client into one frame.
#[derive(Debug, Default)]
pub struct Batch {
    messages: Vec<u8>,
}

impl Batch {
    /// Appends a message as [`ServerMessage::encode`] or [`ClientMessage::encode`] returns it. False, and nothing is
    /// appended, if the frame is to be sent first: it would grow beyond [`FRAME_TARGET_BYTES`].
    pub fn push(&mut self, message: &[u8]) -> bool {
        if !self.messages.is_empty() && self.messages.len() + message.len() > FRAME_TARGET_BYTES {
            return false;
        }
        self.messages.extend_from_slice(message);
        true
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The messages of the frame; the batch is empty afterwards.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.messages)
    }
}

/// Reads the messages of a frame to the server.
///
/// # Errors
///
/// [`WireError::Malformed`] also for an empty frame and for surplus bytes, [`WireError::OverLimit`]. One bad message
/// refuses the frame.
pub fn decode_client(frame: &Bytes, limits: &Limits) -> Result<Vec<ClientMessage>, WireError> {
    decode(frame, limits, limits.message_bytes)
}

/// Reads the messages of a frame to a client, without its envelope.
///
/// # Errors
///
/// As for [`decode_client`].
pub fn decode_server(frame: &Bytes, limits: &Limits) -> Result<Vec<ServerMessage>, WireError> {
    decode(frame, limits, limits.outgoing_bytes)
}

fn decode<T: Codec>(frame: &Bytes, limits: &Limits, longest: usize) -> Result<Vec<T>, WireError> {
    within(MESSAGE_BYTES, frame.len(), longest)?;
    let mut input = Input::new(frame, limits);
    let mut messages = Vec::new();
    while !input.reader.is_empty() {
        within("messages of a frame", messages.len() + 1, limits.messages_per_frame)?;
        messages.push(T::read(&mut input)?);
    }
    if messages.is_empty() {
        return Err(WireError::malformed("empty frame"));
    }
    Ok(messages)
}

//! How much of everything is accepted.

/// Bounds on what decoders accept. The reference limits only the length of messages and queries; the other defaults
/// are far above what the official clients send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message to the server, and of one frame (wire.md §1.4).
    pub message_bytes: usize,
    /// Messages in one frame of version 3.
    pub messages_per_frame: usize,
    /// Queries in one subscription.
    pub queries: usize,
    /// Bytes of one query (wire.md §4.1).
    pub query_bytes: usize,
    /// Bytes of the name of a reducer or procedure.
    pub name_bytes: usize,
    /// Bytes of the id of a one-off query in version 1.
    pub message_id_bytes: usize,
    /// Bytes of one message to a client, before compression. The C# SDK accepts no more than the default.
    pub outgoing_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 32 << 20,
            messages_per_frame: 16_384,
            queries: 4_096,
            query_bytes: 50_000,
            name_bytes: 4_096,
            message_id_bytes: 1_024,
            outgoing_bytes: 64 << 20,
        }
    }
}

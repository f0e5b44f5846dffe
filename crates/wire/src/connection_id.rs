//! Ids of connections.

use std::fmt;
use std::str::FromStr;

use crate::error::WireError;

/// Id of one connection of a client: 128 bits, shown as 32 hex digits, most significant first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u128);

impl ConnectionId {
    /// The reserved id of callers that are no client: schedules and SQL.
    pub const ZERO: Self = Self(0);

    pub const fn new(id: u128) -> Self {
        Self(id)
    }

    pub const fn get(self) -> u128 {
        self.0
    }

    /// Bytes as guests and BSATN hold them.
    pub const fn to_le_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    pub const fn from_le_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }
}

impl FromStr for ConnectionId {
    type Err = WireError;

    /// Reads the query parameter `connection_id`: exactly 32 hex digits, not all zero (wire.md §1.1).
    fn from_str(text: &str) -> Result<Self, WireError> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u128::from_str_radix(text, 16) {
            Ok(0) if is_hex => Err(WireError::malformed(
                "invalid connection id: the all-zeros ConnectionId is reserved, choose a random one",
            )),
            Ok(id) if is_hex => Ok(Self(id)),
            _ => Err(WireError::malformed("invalid connection id: 32 hex digits expected")),
        }
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionId;

    #[test]
    fn reads_what_it_shows() {
        let id = ConnectionId::new(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        assert_eq!(id.to_string(), "0102030405060708090a0b0c0d0e0f10");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_le_bytes()[0], 0x10);
        for refused in [
            "",
            "1",
            "00000000000000000000000000000000",
            "+102030405060708090a0b0c0d0e0f10",
            "zz02030405060708090a0b0c0d0e0f10",
        ] {
            assert!(refused.parse::<ConnectionId>().is_err(), "{refused}");
        }
    }
}

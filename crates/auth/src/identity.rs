//! Identities (module-abi.md §5.1): a hash of issuer and subject of a token.

use std::fmt;

/// A caller's or module's identity: 256 bits, held most significant byte first, as its hex reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 32]);

/// First bytes of every derived identity.
const PREFIX: [u8; 2] = [0xC2, 0x00];

impl Identity {
    /// The identity of `subject` as known to `issuer`.
    pub fn derive(issuer: &str, subject: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(issuer.as_bytes()).update(b"|").update(subject.as_bytes());
        let hash = hasher.finalize();
        let body = &hash.as_bytes()[..26];
        let checksum = blake3::Hasher::new().update(&PREFIX).update(body).finalize();
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&PREFIX);
        bytes[2..6].copy_from_slice(&checksum.as_bytes()[..4]);
        bytes[6..].copy_from_slice(body);
        Self(bytes)
    }

    /// From bytes in hex order, as tables hold them.
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Bytes in hex order, as tables hold them.
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Bytes as guests and BSATN hold them.
    pub fn to_le_bytes(self) -> [u8; 32] {
        let mut bytes = self.0;
        bytes.reverse();
        bytes
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_the_vectors_of_the_specification() {
        let alice = Identity::derive("localhost", "alice");
        assert_eq!(alice.to_string(), "c20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d");
        let user = Identity::derive("https://auth.example.com", "user-123");
        assert_eq!(user.to_string(), "c2000e9c6bea96ed193403b2bc12b1fa4e8ec2970024252762dbf8a7ddda7157");
        assert_eq!(user.to_le_bytes()[30..], [0x00, 0xc2]);
    }
}

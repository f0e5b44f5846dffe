//! serde in the forms of SATS-JSON (wire.md §0.3), for messages and bodies whose shape is known.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use spacetime_auth::Identity;

use crate::codec::product;
use crate::connection_id::ConnectionId;

/// Microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timestamp {
    #[serde(rename = "__timestamp_micros_since_unix_epoch__")]
    pub micros: i64,
}

/// Microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimeDuration {
    #[serde(rename = "__time_duration_micros__")]
    pub micros: i64,
}

product!(Timestamp { micros });
product!(TimeDuration { micros });

#[derive(Serialize, Deserialize)]
struct ConnectionIdForm {
    #[serde(rename = "__connection_id__")]
    id: u128,
}

impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ConnectionIdForm { id: self.get() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ConnectionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ConnectionIdForm::deserialize(deserializer).map(|form| Self::new(form.id))
    }
}

/// An identity as `{"__identity__":"0x…"}`.
pub(crate) mod identity {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Form {
        #[serde(rename = "__identity__")]
        hex: String,
    }

    pub(crate) fn serialize<S: Serializer>(identity: &Identity, serializer: S) -> Result<S::Ok, S::Error> {
        Form { hex: prefixed_hex(identity.to_be_bytes()) }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
        let Form { hex } = Form::deserialize(deserializer)?;
        let digits = hex.strip_prefix("0x").unwrap_or(&hex);
        from_hex(digits).ok_or_else(|| D::Error::custom("identity must be `0x` and at most 64 hex digits"))
    }
}

/// An identity as 64 hex digits.
pub(crate) mod plain_identity {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(identity: &Identity, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(identity)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let identity = if hex.len() == 64 { from_hex(&hex) } else { None };
        identity.ok_or_else(|| D::Error::custom("identity must be 64 hex digits"))
    }
}

/// `0x` and the digits of a u256, most significant first, without leading zeros.
pub(crate) fn prefixed_hex(bytes: [u8; 32]) -> String {
    let digits = hex::encode(bytes);
    let significant = digits.trim_start_matches('0');
    format!("0x{}", if significant.is_empty() { "0" } else { significant })
}

fn from_hex(digits: &str) -> Option<Identity> {
    if digits.is_empty() || digits.len() > 64 {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(format!("{digits:0>64}"), &mut bytes).ok()?;
    Some(Identity::from_be_bytes(bytes))
}

/// `{"some":v}` or `{"none":[]}`; null is read too.
pub(crate) mod option {
    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Form<T> {
        #[serde(alias = "0")]
        Some(T),
        #[serde(alias = "1", with = "super::unit")]
        None,
    }

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => Form::Some(value).serialize(serializer),
            None => Form::<T>::None.serialize(serializer),
        }
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Ok(match Option::<Form<T>>::deserialize(deserializer)? {
            Some(Form::Some(value)) => Some(value),
            Some(Form::None) | None => None,
        })
    }
}

/// The unit value `[]`.
pub(crate) mod unit {
    use super::*;

    #[derive(Deserialize)]
    struct Empty {}

    pub(crate) fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::empty::<u8>())
    }

    /// Reads `[]` or `{}`.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        Empty::deserialize(deserializer).map(|Empty {}| ())
    }
}

/// Bytes as a hex string; an array of integers is read too.
pub(crate) mod hex_bytes {
    use bytes::Bytes;

    use super::*;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Hex(String),
        Integers(Vec<u8>),
    }

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Hex(text) => hex::decode(text).map(Bytes::from).map_err(D::Error::custom),
            Form::Integers(integers) => Ok(Bytes::from(integers)),
        }
    }
}

/// Metered work, a unit of the reference; any value means the same to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EnergyQuanta {
    pub quanta: u128,
}

product!(EnergyQuanta { quanta });

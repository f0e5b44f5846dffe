//! BSATN of messages: what every message is made of, and macros that turn a list of fields into a codec.
//!
//! Lengths and counts from outside are never allocated for: vectors grow with what was really read, and every
//! element takes at least one byte of input.

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_definition::bsatn::Reader;

use crate::connection_id::ConnectionId;
use crate::error::WireError;
use crate::limits::Limits;

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    /// A length did not fit its u32. The bytes are garbage then and must not be sent.
    overflow: bool,
}

impl Output {
    pub(crate) fn length(&mut self, length: usize) {
        match u32::try_from(length) {
            Ok(length) => self.bytes.extend_from_slice(&length.to_le_bytes()),
            Err(_) => self.overflow = true,
        }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn finish(self, limit: usize) -> Result<Vec<u8>, WireError> {
        if self.overflow || self.bytes.len() > limit {
            return Err(WireError::MessageTooLong { limit });
        }
        Ok(self.bytes)
    }
}

/// A message that is being read.
pub(crate) struct Input<'a> {
    pub(crate) reader: Reader<'a>,
    /// What the reader reads; byte strings of the message share it.
    source: &'a Bytes,
    pub(crate) limits: &'a Limits,
    /// Bytes that compressed parts of the message may still expand to, all together.
    pub(crate) inflatable: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(source: &'a Bytes, limits: &'a Limits) -> Self {
        Self { reader: Reader::new(source), source, limits, inflatable: limits.outgoing_bytes }
    }

    /// The part of the source that `slice`, which was read from it, is.
    pub(crate) fn share(&self, slice: &[u8]) -> Bytes {
        self.source.slice_ref(slice)
    }

    /// Reads a string of at most `limit` bytes.
    pub(crate) fn string(&mut self, what: &'static str, limit: usize) -> Result<String, WireError> {
        let text = self.reader.string()?;
        within(what, text.len(), limit)?;
        Ok(text.to_owned())
    }

    pub(crate) fn query(&mut self) -> Result<String, WireError> {
        self.string(QUERY_BYTES, self.limits.query_bytes)
    }

    pub(crate) fn name(&mut self) -> Result<String, WireError> {
        self.string(NAME_BYTES, self.limits.name_bytes)
    }

    pub(crate) fn message_id(&mut self) -> Result<Bytes, WireError> {
        let id = self.reader.bytes()?;
        within(MESSAGE_ID_BYTES, id.len(), self.limits.message_id_bytes)?;
        Ok(self.share(id))
    }

    /// Reads flags of which none is defined.
    pub(crate) fn no_flags(&mut self) -> Result<u8, WireError> {
        zero_flags(self.reader.u8()?)
    }

    pub(crate) fn queries(&mut self) -> Result<Vec<String>, WireError> {
        let count = self.reader.length()?;
        within(QUERIES, count, self.limits.queries)?;
        (0..count).map(|_| self.query()).collect()
    }
}

pub(crate) const QUERY_BYTES: &str = "bytes of a query";
pub(crate) const NAME_BYTES: &str = "bytes of a name";
pub(crate) const QUERIES: &str = "queries of a subscription";
pub(crate) const MESSAGE_BYTES: &str = "bytes of a message";
pub(crate) const MESSAGE_ID_BYTES: &str = "bytes of a message id";

pub(crate) fn within(what: &'static str, found: usize, limit: usize) -> Result<(), WireError> {
    if found > limit { Err(WireError::OverLimit { what, limit }) } else { Ok(()) }
}

/// Checks flags of which none is defined.
pub(crate) fn zero_flags(flags: u8) -> Result<u8, WireError> {
    match flags {
        0 => Ok(0),
        other => Err(WireError::malformed(format!("unknown flags {other} of a call"))),
    }
}

/// Something with a BSATN encoding.
pub(crate) trait Codec: Sized {
    fn write(&self, out: &mut Output);
    fn read(input: &mut Input<'_>) -> Result<Self, WireError>;
}

macro_rules! integers {
    ($($name:ident)*) => {
        $(impl Codec for $name {
            fn write(&self, out: &mut Output) {
                out.put(&self.to_le_bytes());
            }

            fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
                Ok(input.reader.$name()?)
            }
        })*
    };
}

integers!(u8 u16 u32 u64 u128 i64);

impl Codec for String {
    fn write(&self, out: &mut Output) {
        out.length(self.len());
        out.put(self.as_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        Ok(input.reader.string()?.to_owned())
    }
}

impl Codec for Bytes {
    fn write(&self, out: &mut Output) {
        out.length(self.len());
        out.put(self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        let bytes = input.reader.bytes()?;
        Ok(input.share(bytes))
    }
}

impl Codec for Identity {
    fn write(&self, out: &mut Output) {
        out.put(&self.to_le_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        let mut bytes = input.reader.array::<32>()?;
        bytes.reverse();
        Ok(Self::from_be_bytes(bytes))
    }
}

impl Codec for ConnectionId {
    fn write(&self, out: &mut Output) {
        out.put(&self.to_le_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        Ok(Self::from_le_bytes(input.reader.array()?))
    }
}

impl<T: Codec> Codec for Option<T> {
    fn write(&self, out: &mut Output) {
        match self {
            Some(value) => {
                out.put(&[0]);
                value.write(out);
            }
            None => out.put(&[1]),
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        match input.reader.tag(2)? {
            0 => T::read(input).map(Some),
            _ => Ok(None),
        }
    }
}

impl<T: Codec, E: Codec> Codec for Result<T, E> {
    fn write(&self, out: &mut Output) {
        match self {
            Ok(value) => {
                out.put(&[0]);
                value.write(out);
            }
            Err(error) => {
                out.put(&[1]);
                error.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        match input.reader.tag(2)? {
            0 => T::read(input).map(Ok),
            _ => E::read(input).map(Err),
        }
    }
}

impl<T: Codec> Codec for Vec<T> {
    fn write(&self, out: &mut Output) {
        out.length(self.len());
        self.iter().for_each(|element| element.write(out));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        let count = input.reader.length()?;
        // No element is empty, so a count beyond the input fails at its end.
        (0..count).map(|_| T::read(input)).collect()
    }
}

/// Codec of a struct: its fields in the order of the wire. A field may name the method of [`Input`] that reads it
/// under a limit: `reducer by name`.
macro_rules! product {
    ($type:ty $(, where $parameter:ident : $bound:path)? { $($field:ident $(by $read:ident)?),* $(,)? }) => {
        impl $(<$parameter: $bound>)? $crate::codec::Codec for $type {
            fn write(&self, out: &mut $crate::codec::Output) {
                $($crate::codec::Codec::write(&self.$field, out);)*
            }

            fn read(input: &mut $crate::codec::Input<'_>) -> Result<Self, $crate::error::WireError> {
                Ok(Self { $($field: $crate::codec::product!(@read input $($read)?),)* })
            }
        }
    };
    (@read $input:ident) => { $crate::codec::Codec::read($input)? };
    (@read $input:ident $read:ident) => { $input.$read()? };
}

/// Codec of an enum whose variants carry one struct each, or nothing: position is the tag.
macro_rules! sum {
    ($type:ty $(, where $parameter:ident : $bound:path)? { $($tag:literal => $variant:ident $(($payload:ident))?),* $(,)? }) => {
        impl $(<$parameter: $bound>)? $crate::codec::Codec for $type {
            fn write(&self, out: &mut $crate::codec::Output) {
                match self {
                    $(Self::$variant $(($payload))? => {
                        out.put(&[$tag]);
                        $($crate::codec::Codec::write($payload, out);)?
                    })*
                }
            }

            fn read(input: &mut $crate::codec::Input<'_>) -> Result<Self, $crate::error::WireError> {
                match input.reader.u8()? {
                    $($tag => {
                        $(let $payload = $crate::codec::Codec::read(input)?;)?
                        Ok(Self::$variant $(($payload))?)
                    })*
                    tag => Err($crate::error::WireError::malformed(format!(
                        "unknown tag {tag} of {}",
                        stringify!($type)
                    ))),
                }
            }
        }
    };
}

pub(crate) use {product, sum};

/// Reads one message from the front of `source`. What follows it is ignored, as the reference does (wire.md §0.1).
pub(crate) fn read_message<T: Codec>(
    source: &Bytes,
    limits: &Limits,
    longest: usize,
) -> Result<T, WireError> {
    within(MESSAGE_BYTES, source.len(), longest)?;
    T::read(&mut Input::new(source, limits))
}

/// Writes one message, at most `limit` bytes.
pub(crate) fn write_message<T: Codec>(message: &T, limit: usize) -> Result<Vec<u8>, WireError> {
    let mut out = Output::default();
    message.write(&mut out);
    out.finish(limit)
}

//! BSATN values (module-abi.md §4.1): bounds-checked reading, checking by type, and the canonical form that makes
//! equal values equal bytes.

use crate::error::Error;
use crate::types::{Field, Type};

/// Longest array whose elements take no bytes. Its count is the only thing in a value that the length of the
/// input does not bound; without a limit five hostile bytes become four billion elements.
pub const MAX_ZERO_SIZED_ELEMENTS: usize = 1 << 20;

/// Canonical quiet NaN of f32.
pub const CANONICAL_NAN_32: u32 = 0x7fc0_0000;
/// Canonical quiet NaN of f64.
pub const CANONICAL_NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// A cursor over bytes. Every method fails with [`Error::Malformed`] instead of reading past the end; after a
/// failure the position is unspecified but still inside the bytes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

macro_rules! integers {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("Reads a little-endian ", stringify!($name), ".")]
            pub fn $name(&mut self) -> Result<$name, Error> {
                self.array().map($name::from_le_bytes)
            }
        )*
    };
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes not read yet, without reading them.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// The bytes between an earlier [`Self::position`] and now.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.position).unwrap_or_default()
    }

    /// Reads `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let end = self.position.checked_add(count);
        let Some((end, taken)) = end.and_then(|end| Some((end, self.bytes.get(self.position..end)?))) else {
            return Err(self.error(format!("{count} bytes needed, {} left", self.remaining())));
        };
        self.position = end;
        Ok(taken)
    }

    /// Reads `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

    /// Reads an f32; the bits are kept.
    pub fn f32(&mut self) -> Result<f32, Error> {
        self.u32().map(f32::from_bits)
    }

    /// Reads an f64; the bits are kept.
    pub fn f64(&mut self) -> Result<f64, Error> {
        self.u64().map(f64::from_bits)
    }

    /// Reads a bool; anything but 0 and 1 is an error.
    pub fn bool(&mut self) -> Result<bool, Error> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.error_before(1, format!("bool must be 0 or 1, found {other}"))),
        }
    }

    /// Reads the tag of a sum with `variants` variants.
    pub fn tag(&mut self, variants: usize) -> Result<usize, Error> {
        let tag = usize::from(self.u8()?);
        if tag < variants {
            return Ok(tag);
        }
        Err(self.error_before(1, format!("unknown tag {tag}, the type has {variants} variants")))
    }

    /// Reads the u32 count that precedes strings and arrays.
    pub fn length(&mut self) -> Result<usize, Error> {
        // A count that does not fit usize could not be followed by that many bytes either.
        self.u32().map(|length| usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// Reads an array of u8.
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.length()?;
        self.take(length)
    }

    /// Reads a string and checks that it is UTF-8.
    pub fn string(&mut self) -> Result<&'a str, Error> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes)
            .map_err(|error| self.error_before(bytes.len(), format!("string is not UTF-8: {error}")))
    }

    /// Fails if bytes are left.
    pub fn finish(&self) -> Result<(), Error> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.error(format!("{} bytes left over after the value", self.remaining())))
    }

    /// A [`Error::Malformed`] at the current position.
    pub fn error(&self, problem: impl Into<String>) -> Error {
        self.error_before(0, problem)
    }

    fn error_before(&self, back: usize, problem: impl Into<String>) -> Error {
        Error::malformed(self.position.saturating_sub(back), problem)
    }

    /// Reads the count of an array of `element` and refuses counts that the remaining bytes cannot hold.
    pub fn array_length(&mut self, element: &Type) -> Result<usize, Error> {
        let count = self.length()?;
        let most = if element.is_zero_sized() { MAX_ZERO_SIZED_ELEMENTS } else { self.remaining() };
        if count <= most {
            return Ok(count);
        }
        Err(self.error_before(4, format!("array of {count} elements, at most {most} are possible")))
    }
}

/// Reads over one value of type `ty` and checks it: bools are 0 or 1, strings UTF-8, tags known.
pub fn skip(ty: &Type, reader: &mut Reader<'_>) -> Result<(), Error> {
    walk(ty, reader, &mut Ignore)
}

/// Reads over the fields of one product value; see [`skip`].
pub fn skip_fields(fields: &[Field], reader: &mut Reader<'_>) -> Result<(), Error> {
    fields.iter().try_for_each(|field| skip(&field.ty, reader))
}

/// Checks that `bytes` are exactly one value of type `ty`.
pub fn validate(ty: &Type, bytes: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::new(bytes);
    skip(ty, &mut reader)?;
    reader.finish()
}

/// Checks that `bytes` are exactly one product value with these fields: a row, or the arguments of a function.
pub fn validate_fields(fields: &[Field], bytes: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::new(bytes);
    skip_fields(fields, &mut reader)?;
    reader.finish()
}

/// The value with −0 replaced by +0 and every NaN by the canonical quiet NaN: two values are equal (module-abi.md
/// §4.2) exactly if their canonical bytes are.
pub fn canonical(ty: &Type, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut floats = FloatRewriter { out: bytes.to_vec() };
    let mut reader = Reader::new(bytes);
    walk(ty, &mut reader, &mut floats)?;
    reader.finish()?;
    Ok(floats.out)
}

/// [`canonical`] of a row.
pub fn canonical_fields(fields: &[Field], bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut floats = FloatRewriter { out: bytes.to_vec() };
    let mut reader = Reader::new(bytes);
    for field in fields {
        walk(&field.ty, &mut reader, &mut floats)?;
    }
    reader.finish()?;
    Ok(floats.out)
}

/// Canonical bits of an f32: one zero, one NaN.
pub fn canonical_f32(bits: u32) -> u32 {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        CANONICAL_NAN_32
    } else if value == 0.0 {
        0
    } else {
        bits
    }
}

/// Canonical bits of an f64: one zero, one NaN.
pub fn canonical_f64(bits: u64) -> u64 {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        CANONICAL_NAN_64
    } else if value == 0.0 {
        0
    } else {
        bits
    }
}

/// Told about each float that a walk passes.
trait FloatVisitor {
    fn f32(&mut self, offset: usize, bits: u32);
    fn f64(&mut self, offset: usize, bits: u64);
}

struct Ignore;

impl FloatVisitor for Ignore {
    fn f32(&mut self, _: usize, _: u32) {}
    fn f64(&mut self, _: usize, _: u64) {}
}

/// A copy of the value; canonical floats are as long as any other, so they are written in place.
struct FloatRewriter {
    out: Vec<u8>,
}

impl FloatRewriter {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(offset..offset + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

impl FloatVisitor for FloatRewriter {
    fn f32(&mut self, offset: usize, bits: u32) {
        self.write(offset, &canonical_f32(bits).to_le_bytes());
    }

    fn f64(&mut self, offset: usize, bits: u64) {
        self.write(offset, &canonical_f64(bits).to_le_bytes());
    }
}

fn walk(ty: &Type, reader: &mut Reader<'_>, floats: &mut impl FloatVisitor) -> Result<(), Error> {
    match ty {
        Type::Bool => reader.bool().map(drop),
        Type::F32 => {
            let offset = reader.position();
            reader.u32().map(|bits| floats.f32(offset, bits))
        }
        Type::F64 => {
            let offset = reader.position();
            reader.u64().map(|bits| floats.f64(offset, bits))
        }
        Type::String => reader.string().map(drop),
        Type::Bytes => reader.bytes().map(drop),
        Type::ScheduleAt => {
            reader.tag(2)?;
            reader.take(8).map(drop)
        }
        Type::Array(element) => {
            let count = reader.array_length(element)?;
            if element.is_zero_sized() {
                return Ok(());
            }
            (0..count).try_for_each(|_| walk(element, reader, floats))
        }
        Type::Option(inner) => match reader.tag(2)? {
            0 => walk(inner, reader, floats),
            _ => Ok(()),
        },
        Type::Product(product) => product.fields.iter().try_for_each(|field| walk(&field.ty, reader, floats)),
        Type::Sum(sum) => {
            let tag = reader.tag(sum.variants.len())?;
            sum.variants.get(tag).map_or(Ok(()), |variant| walk(&variant.ty, reader, floats))
        }
        fixed => reader.take(fixed.fixed_size().unwrap_or_default()).map(drop),
    }
}

//! `numeric` datums of whole numbers, built and read digit group by digit group.
//!
//! u64 keys are the common case of module tables, and going through text would cost more than the row itself.
//! Layout (utils/adt/numeric.c): varlena header, 16-bit header, 16-bit digits in base 10,000, most significant first,
//! trailing zero groups left out. Whole numbers up to 256 bits always fit the short header.

use pgrx::pg_sys::{self, Datum};

use super::datum;

const BASE: u32 = 10_000;
/// Groups of four digits in 2^256.
const GROUPS_MAX: usize = 20;
const SHORT: u16 = 0x8000;
const SHORT_NEGATIVE: u16 = 0x2000;
const SPECIAL_MASK: u16 = 0xC000;
const LONG_NEGATIVE: u16 = 0x4000;
const SHORT_WEIGHT_SIGN: u16 = 0x0040;
const SHORT_WEIGHT_MASK: u16 = 0x003F;

/// Magnitude of a whole number, little-endian 32-bit limbs, with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) negative: bool,
    pub(crate) limbs: [u32; 8],
}

/// Why a numeric is no whole number of 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotWhole {
    /// NaN or infinity.
    Special,
    Fraction,
    TooLarge,
}

impl Whole {
    /// From little-endian two's complement of 1 to 32 bytes.
    pub(crate) fn from_le_bytes(bytes: &[u8], signed: bool) -> Self {
        let negative = signed && bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut filled = [if negative { 0xff } else { 0 }; 32];
        filled[..bytes.len()].copy_from_slice(bytes);
        let mut limbs = [0u32; 8];
        for (limb, chunk) in limbs.iter_mut().zip(filled.chunks_exact(4)) {
            *limb = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        if negative {
            negate(&mut limbs);
        }
        Self { negative, limbs }
    }

    /// Appends two's complement of `width` bytes; `None` when the number does not fit.
    pub(crate) fn append_le_bytes(self, width: usize, signed: bool, out: &mut Vec<u8>) -> Option<()> {
        let mut limbs = self.limbs;
        if self.negative {
            if !signed {
                return None;
            }
            negate(&mut limbs);
        }
        let mut bytes = [0u8; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(4).zip(limbs) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        let sign_bit = bytes[width - 1] & 0x80 != 0;
        let filler = if self.negative { 0xff } else { 0 };
        let fits =
            bytes[width..].iter().all(|byte| *byte == filler) && (!signed || sign_bit == self.negative);
        fits.then(|| out.extend_from_slice(&bytes[..width]))
    }
}

fn negate(limbs: &mut [u32; 8]) {
    let mut carry = true;
    for limb in limbs {
        let (value, overflow) = (!*limb).overflowing_add(u32::from(carry));
        *limb = value;
        carry = overflow;
    }
}

/// Numeric datum of an unsigned 64-bit number: the hot case.
pub(crate) fn from_u64(mut value: u64) -> Datum {
    let mut groups = [0u16; GROUPS_MAX];
    let mut count = 0;
    while value != 0 {
        groups[count] = (value % u64::from(BASE)) as u16;
        value /= u64::from(BASE);
        count += 1;
    }
    build(&groups[..count], false)
}

/// Numeric datum of any whole number.
pub(crate) fn from_whole(whole: Whole) -> Datum {
    let mut limbs = whole.limbs;
    let mut groups = [0u16; GROUPS_MAX];
    let mut count = 0;
    while limbs.iter().any(|limb| *limb != 0) {
        let mut remainder = 0u64;
        for limb in limbs.iter_mut().rev() {
            let value = (remainder << 32) | u64::from(*limb);
            *limb = (value / u64::from(BASE)) as u32;
            remainder = value % u64::from(BASE);
        }
        groups[count] = remainder as u16;
        count += 1;
    }
    build(&groups[..count], whole.negative)
}

/// Its decimal digits, as Postgres writes and reads them.
pub(crate) fn text_of(whole: Whole) -> String {
    // SAFETY: the output function returns a palloc'd cstring of a numeric.
    unsafe {
        let text = pg_sys::OidOutputFunctionCall(pg_sys::F_NUMERIC_OUT.into(), from_whole(whole));
        std::ffi::CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}

/// `groups` least significant first.
fn build(groups: &[u16], negative: bool) -> Datum {
    let trailing_zeros = groups.iter().take_while(|group| **group == 0).count();
    let weight = groups.len().saturating_sub(1) as u16;
    let mut header = SHORT | weight;
    if negative && !groups.is_empty() {
        header |= SHORT_NEGATIVE;
    }
    let mut bytes = [0u8; 2 + 2 * GROUPS_MAX];
    bytes[..2].copy_from_slice(&header.to_ne_bytes());
    let mut length = 2;
    for group in groups[trailing_zeros..].iter().rev() {
        bytes[length..length + 2].copy_from_slice(&group.to_ne_bytes());
        length += 2;
    }
    datum::from_bytes(&bytes[..length])
}

/// Reads a numeric that is a whole number (`1.00` counts as 1).
///
/// # Safety
/// `datum` is a non-null `numeric`.
pub(crate) unsafe fn whole_of(numeric: Datum) -> Result<Whole, NotWhole> {
    // SAFETY: upheld by the caller.
    let bytes = unsafe { datum::bytes_of(numeric) };
    let half = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
    let header = half(0);
    let (negative, weight, digits_at) = if header & SPECIAL_MASK == SPECIAL_MASK {
        return Err(NotWhole::Special);
    } else if header & SHORT != 0 {
        let magnitude = (header & SHORT_WEIGHT_MASK) as i16;
        let weight = if header & SHORT_WEIGHT_SIGN != 0 { magnitude - 64 } else { magnitude };
        (header & SHORT_NEGATIVE != 0, weight, 2)
    } else {
        (header & LONG_NEGATIVE != 0, half(2) as i16, 4)
    };
    let digits = bytes[digits_at..].chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
    let mut limbs = [0u32; 8];
    let mut groups_left = i32::from(weight) + 1;
    for digit in digits {
        if groups_left > 0 {
            multiply_add(&mut limbs, u32::from(digit)).ok_or(NotWhole::TooLarge)?;
        } else if digit != 0 {
            return Err(NotWhole::Fraction);
        }
        groups_left -= 1;
    }
    for _ in 0..groups_left.max(0) {
        multiply_add(&mut limbs, 0).ok_or(NotWhole::TooLarge)?;
    }
    Ok(Whole { negative, limbs })
}

/// `limbs = limbs * BASE + digit`; `None` on overflow.
fn multiply_add(limbs: &mut [u32; 8], digit: u32) -> Option<()> {
    let mut carry = u64::from(digit);
    for limb in limbs {
        let value = u64::from(*limb) * u64::from(BASE) + carry;
        *limb = value as u32;
        carry = value >> 32;
    }
    (carry == 0).then_some(())
}

/// Reads a numeric that should be a u64: the hot case.
///
/// # Safety
/// `datum` is a non-null `numeric`.
pub(crate) unsafe fn u64_of(numeric: Datum) -> Result<u64, NotWhole> {
    // SAFETY: upheld by the caller.
    let whole = unsafe { whole_of(numeric) }?;
    if whole.negative || whole.limbs[2..].iter().any(|limb| *limb != 0) {
        return Err(NotWhole::TooLarge);
    }
    Ok(u64::from(whole.limbs[0]) | u64::from(whole.limbs[1]) << 32)
}

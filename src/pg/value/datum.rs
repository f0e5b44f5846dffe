//! Datums of the types module columns use, built and read without going through text.
//!
//! Builders allocate in the current memory context; readers borrow from the datum, detoasting into that context.

use pgrx::pg_sys::{self, Datum};

/// Microseconds from the Unix epoch to Postgres' epoch, 2000-01-01.
pub(crate) const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

pub(crate) fn from_bool(value: bool) -> Datum {
    Datum::from(value)
}

pub(crate) fn from_i16(value: i16) -> Datum {
    Datum::from(value)
}

pub(crate) fn from_i32(value: i32) -> Datum {
    Datum::from(value)
}

pub(crate) fn from_i64(value: i64) -> Datum {
    Datum::from(value)
}

pub(crate) fn from_f32(value: f32) -> Datum {
    Datum::from(value.to_bits() as i32)
}

pub(crate) fn from_f64(value: f64) -> Datum {
    Datum::from(value.to_bits())
}

pub(crate) fn from_oid(value: pg_sys::Oid) -> Datum {
    Datum::from(value)
}

pub(crate) fn to_bool(datum: Datum) -> bool {
    datum.value() & 0xff != 0
}

pub(crate) fn to_i16(datum: Datum) -> i16 {
    datum.value() as i16
}

pub(crate) fn to_i32(datum: Datum) -> i32 {
    datum.value() as i32
}

pub(crate) fn to_i64(datum: Datum) -> i64 {
    datum.value() as i64
}

pub(crate) fn to_f32(datum: Datum) -> f32 {
    f32::from_bits(datum.value() as u32)
}

pub(crate) fn to_f64(datum: Datum) -> f64 {
    f64::from_bits(datum.value() as u64)
}

pub(crate) fn to_oid(datum: Datum) -> pg_sys::Oid {
    pg_sys::Oid::from_u32(datum.value() as u32)
}

/// A `bytea` or `text` datum; both are a length and bytes. Text must be UTF-8 without U+0000: the caller has checked.
pub(crate) fn from_bytes(bytes: &[u8]) -> Datum {
    let size = bytes.len() + pg_sys::VARHDRSZ;
    // SAFETY: palloc returns `size` bytes or raises; header and payload fill them exactly.
    unsafe {
        let varlena = pg_sys::palloc(size).cast::<pg_sys::varlena>();
        pgrx::set_varsize_4b(varlena, size as i32);
        std::ptr::copy_nonoverlapping(
            bytes.as_ptr(),
            varlena.cast::<u8>().add(pg_sys::VARHDRSZ),
            bytes.len(),
        );
        Datum::from(varlena)
    }
}

/// Payload of a varlena datum, detoasted.
///
/// # Safety
/// `datum` is a non-null varlena; the slice lives as long as the datum's memory and the current context.
pub(crate) unsafe fn bytes_of<'a>(datum: Datum) -> &'a [u8] {
    // SAFETY: upheld by the caller.
    unsafe {
        let varlena = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        pgrx::varlena_to_byte_slice(varlena)
    }
}

/// A `uuid` datum from its 16 bytes in RFC 4122 order.
pub(crate) fn from_uuid(bytes: [u8; 16]) -> Datum {
    // SAFETY: uuid is pass-by-reference with 16 bytes and no header.
    unsafe {
        let uuid = pg_sys::palloc(16).cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), uuid, 16);
        Datum::from(uuid)
    }
}

/// # Safety
/// `datum` is a non-null `uuid`.
pub(crate) unsafe fn uuid_of(datum: Datum) -> [u8; 16] {
    // SAFETY: upheld by the caller.
    unsafe { *datum.cast_mut_ptr::<[u8; 16]>() }
}

/// Parses JSON text into a `jsonb` datum. Raises 22P02 on text that is no JSON.
pub(crate) fn jsonb_from_text(json: &str) -> Datum {
    let text = std::ffi::CString::new(json).unwrap_or_default();
    // SAFETY: `jsonb_in` takes a cstring and copies what it keeps.
    unsafe {
        pg_sys::OidInputFunctionCall(
            pg_sys::F_JSONB_IN.into(),
            text.as_ptr().cast_mut(),
            pg_sys::InvalidOid,
            -1,
        )
    }
}

/// JSON text of a `jsonb` datum.
///
/// # Safety
/// `datum` is a non-null `jsonb`.
pub(crate) unsafe fn jsonb_to_text(datum: Datum) -> String {
    // SAFETY: upheld by the caller; the output function returns a palloc'd cstring.
    unsafe {
        let text = pg_sys::OidOutputFunctionCall(pg_sys::F_JSONB_OUT.into(), datum);
        let copy = std::ffi::CStr::from_ptr(text).to_string_lossy().into_owned();
        pg_sys::pfree(text.cast());
        copy
    }
}

/// A `timestamptz` from microseconds since the Unix epoch.
pub(crate) fn timestamp_of_unix_us(unix_us: i64) -> pgrx::datum::TimestampWithTimeZone {
    // SAFETY: a timestamptz datum is any i64; this one is not NULL.
    let value = unsafe {
        let shifted = Datum::from(unix_us - POSTGRES_EPOCH_US);
        <pgrx::datum::TimestampWithTimeZone as pgrx::FromDatum>::from_datum(shifted, false)
    };
    value.unwrap_or_else(pgrx::datum::TimestampWithTimeZone::positive_infinity)
}

//! One value as an SQL literal: BSATN to what Postgres reads as input of the column's type. For DDL, where there are no
//! parameters; types may be ones that do not exist yet.

use std::fmt::Write;

use spacetime_definition::Type;
use spacetime_definition::bsatn::Reader;
use spacetime_wire::sats_json;

use super::storage::{StoredValue, U64As, stored};
use super::value::DecodeError;
use crate::pg::name;
use crate::pg::numeric::{self, Whole};

const DAY_US: i64 = 86_400_000_000;

/// The literal of `bsatn`, which is one value of `ty`, in a column of type `sql_type`. `labels` are those of the enum that
/// the column holds.
pub(crate) fn literal(
    ty: &Type,
    u64_as: U64As,
    bsatn: &[u8],
    sql_type: &str,
    labels: &[String],
) -> Result<String, DecodeError> {
    let (value_type, _) = super::column_type(ty);
    let column = stored(ty, u64_as);
    let mut reader = Reader::new(bsatn);
    if column.nullable && reader.tag(2)? == 1 {
        return Ok("NULL".into());
    }
    let text = text(value_type, &column.value, &mut reader, labels)?;
    reader.finish()?;
    Ok(format!("{}::{sql_type}", name::literal(&text)))
}

fn text(
    ty: &Type,
    value: &StoredValue,
    reader: &mut Reader<'_>,
    labels: &[String],
) -> Result<String, DecodeError> {
    Ok(match value {
        StoredValue::Bool => reader.bool()?.to_string(),
        StoredValue::Float4 => reader.f32()?.to_string(),
        StoredValue::Float8 => reader.f64()?.to_string(),
        StoredValue::Duration => reader.i64()?.to_string(),
        StoredValue::Text => {
            let text = reader.string()?;
            if text.contains('\0') {
                return Err(super::codec::nul_character().into());
            }
            text.to_owned()
        }
        StoredValue::Bytea => format!("\\x{}", hex::encode(reader.bytes()?)),
        StoredValue::Identity => format!("\\x{}", reversed_hex(reader.take(32)?)),
        StoredValue::ConnectionId => format!("\\x{}", reversed_hex(reader.take(16)?)),
        StoredValue::Uuid => reversed_hex(reader.take(16)?),
        StoredValue::Timestamptz => timestamp(reader.i64()?),
        StoredValue::Enum => labels[reader.tag(labels.len())?].clone(),
        StoredValue::Array(element) => {
            let Type::Array(element_type) = ty else { return Err(DecodeError::Malformed) };
            let elements = (0..reader.length()?)
                .map(|_| text(element_type, element, reader, labels).map(|text| array_element(&text)))
                .collect::<Result<Vec<_>, _>>()?;
            format!("{{{}}}", elements.join(","))
        }
        StoredValue::Jsonb => json(ty, reader)?,
        StoredValue::Int2
        | StoredValue::Int4
        | StoredValue::Int8
        | StoredValue::Checked { .. }
        | StoredValue::Numeric { .. } => {
            let width = ty.integer_width().ok_or(DecodeError::Malformed)?;
            numeric::text_of(Whole::from_le_bytes(reader.take(width)?, ty.is_signed_integer()))
        }
    })
}

fn json(ty: &Type, reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let mut json = String::new();
    sats_json::from_bsatn(ty, reader, sats_json::Form::Storage, &mut json)
        .map_err(super::codec::json_error)?;
    Ok(json)
}

fn reversed_hex(bytes: &[u8]) -> String {
    bytes.iter().rev().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn array_element(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// ISO 8601 with `BC` for years before 1, which reads the same under every DateStyle and TimeZone.
fn timestamp(unix_us: i64) -> String {
    let (days, within) = (unix_us.div_euclid(DAY_US), unix_us.rem_euclid(DAY_US));
    // Civil date of a day, counted in 400-year eras that begin on a 1st of March.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (year, suffix) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    let (seconds, microseconds) = (within / 1_000_000, within % 1_000_000);
    format!(
        "{year:04}-{month:02}-{day_of_month:02} {:02}:{:02}:{:02}.{microseconds:06}+00{suffix}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

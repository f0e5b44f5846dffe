//! Lists of rows, encoded once and shared by the messages of many clients.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::codec::{Codec, Input, Output};
use crate::error::WireError;

const FIXED_SIZE: u8 = 0;
const ROW_OFFSETS: u8 = 1;

/// A BsatnRowList (wire.md §2.1), the same in every version of the protocol. Cloning shares the bytes.
///
/// Its size hint always fits its rows: `FixedSize` is never 0 and divides the data, `RowOffsets` begin at 0, do not
/// decrease and stay inside.
#[derive(Clone, PartialEq, Eq)]
pub struct RowList {
    /// Size hint, length and rows.
    encoded: Bytes,
    rows: Bytes,
    hint: SizeHint,
}

#[derive(Clone, PartialEq, Eq)]
enum SizeHint {
    Fixed(u16),
    /// Start of each row, u64 little endian.
    Offsets(Bytes),
}

impl Default for RowList {
    fn default() -> Self {
        const EMPTY: [u8; 9] = [ROW_OFFSETS, 0, 0, 0, 0, 0, 0, 0, 0];
        Self {
            encoded: Bytes::from_static(&EMPTY),
            rows: Bytes::new(),
            hint: SizeHint::Offsets(Bytes::new()),
        }
    }
}

impl RowList {
    /// Encodes rows, each given as its BSATN.
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] if they are longer than a list can be (4 GiB).
    pub fn new<R: AsRef<[u8]>>(rows: impl IntoIterator<Item = R>) -> Result<Self, WireError> {
        let mut builder = RowListBuilder::default();
        rows.into_iter().for_each(|row| builder.push(row.as_ref()));
        builder.finish()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.hint {
            SizeHint::Fixed(size) => self.rows.len() / usize::from(*size).max(1),
            SizeHint::Offsets(offsets) => offsets.len() / 8,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The list as messages contain it.
    pub fn encoded(&self) -> &Bytes {
        &self.encoded
    }

    /// The rows one after the other.
    pub fn rows_data(&self) -> &Bytes {
        &self.rows
    }

    /// Each row's BSATN.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|position| {
            self.rows.get(self.start_of(position)..self.start_of(position + 1)).unwrap_or_default()
        })
    }

    /// Where a row starts; for the position after the last row the end of the rows.
    fn start_of(&self, position: usize) -> usize {
        match &self.hint {
            SizeHint::Fixed(size) => position * usize::from(*size),
            SizeHint::Offsets(offsets) => offset(offsets, position).unwrap_or(self.rows.len()),
        }
    }
}

fn offset(offsets: &[u8], position: usize) -> Option<usize> {
    let bytes = offsets.get(position * 8..)?.first_chunk::<8>()?;
    usize::try_from(u64::from_le_bytes(*bytes)).ok()
}

impl fmt::Debug for RowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(hex::encode)).finish()
    }
}

impl Codec for RowList {
    fn write(&self, out: &mut Output) {
        out.put(&self.encoded);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        let start = input.reader.position();
        let hint = match input.reader.tag(2)? {
            0 => SizeHint::Fixed(input.reader.u16()?),
            _ => {
                let count = input.reader.length()?;
                let offsets = input.reader.take(count.saturating_mul(8))?;
                SizeHint::Offsets(input.share(offsets))
            }
        };
        let rows = Bytes::read(input)?;
        check_hint(&hint, rows.len())?;
        Ok(Self { encoded: input.share(input.reader.since(start)), rows, hint })
    }
}

fn check_hint(hint: &SizeHint, rows: usize) -> Result<(), WireError> {
    let fits = match hint {
        SizeHint::Fixed(size) => *size > 0 && rows.is_multiple_of(usize::from(*size)),
        SizeHint::Offsets(offsets) => {
            let mut last = 0;
            let ascending = (0..offsets.len() / 8).all(|position| {
                let start = offset(offsets, position);
                let ordered = start.is_some_and(|start| start >= last && (position > 0 || start == 0));
                last = start.unwrap_or(usize::MAX);
                ordered
            });
            ascending && last <= rows && (rows == 0 || !offsets.is_empty())
        }
    };
    if fits { Ok(()) } else { Err(WireError::malformed("the size hint of a row list does not fit its rows")) }
}

/// Builds a [`RowList`] row by row.
#[derive(Debug, Default)]
pub struct RowListBuilder {
    rows: Vec<u8>,
    /// Start of each row.
    offsets: Vec<u64>,
    /// Some while all rows have one length.
    size: Option<usize>,
}

impl RowListBuilder {
    /// Appends one row.
    pub fn push(&mut self, row: &[u8]) {
        self.push_with(|rows| rows.extend_from_slice(row));
    }

    /// Appends the row that `write` appends to the rows before it.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.rows.len();
        write(&mut self.rows);
        let size = self.rows.len().saturating_sub(start);
        self.size = (self.offsets.is_empty() || self.size == Some(size)).then_some(size);
        self.offsets.push(start as u64);
    }

    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] if the rows are longer than a list can be (4 GiB).
    pub fn finish(self) -> Result<RowList, WireError> {
        let mut out = Output::default();
        // Never FixedSize(0): clients divide by it (wire.md §2.1).
        let fixed = self.size.and_then(|size| u16::try_from(size).ok()).filter(|size| *size > 0);
        match fixed {
            Some(size) => {
                out.put(&[FIXED_SIZE]);
                out.put(&size.to_le_bytes());
            }
            None => {
                out.put(&[ROW_OFFSETS]);
                out.length(self.offsets.len());
                self.offsets.iter().for_each(|offset| out.put(&offset.to_le_bytes()));
            }
        }
        out.length(self.rows.len());
        let head = out.bytes.len();
        out.put(&self.rows);
        let encoded = Bytes::from(out.finish(usize::MAX).map_err(|_| {
            // The only limit of a list itself is its u32 length.
            WireError::MessageTooLong { limit: u32::MAX as usize }
        })?);
        let hint = match fixed {
            Some(size) => SizeHint::Fixed(size),
            // Tag and count precede the offsets, the length of the rows follows them.
            None => SizeHint::Offsets(encoded.slice(5..head - 4)),
        };
        Ok(RowList { rows: encoded.slice(head..), hint, encoded })
    }
}

/// Rows of the JSON encoding (wire.md §2.4): a JSON array of strings, each the JSON text of one row. Cloning shares
/// the text.
#[derive(Clone, Default)]
pub struct JsonRows {
    /// None for the empty list.
    text: Option<Arc<RawValue>>,
    count: usize,
}

impl JsonRows {
    /// Encodes rows, each given as its JSON text.
    ///
    /// # Errors
    ///
    /// Never in practice; the JSON writer reports its errors this way.
    pub fn new<R: AsRef<str>>(rows: impl IntoIterator<Item = R>) -> Result<Self, WireError> {
        let rows: Vec<R> = rows.into_iter().collect();
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let texts: Vec<&str> = rows.iter().map(AsRef::as_ref).collect();
        Ok(Self { text: Some(Arc::from(serde_json::value::to_raw_value(&texts)?)), count: texts.len() })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The array of strings, as messages contain it.
    pub fn encoded(&self) -> &str {
        self.text.as_deref().map_or("[]", RawValue::get)
    }

    /// Each row's JSON text.
    ///
    /// # Errors
    ///
    /// Never in practice: the text was checked when the list was made.
    pub fn rows(&self) -> Result<Vec<String>, WireError> {
        Ok(serde_json::from_str(self.encoded())?)
    }
}

impl PartialEq for JsonRows {
    fn eq(&self, other: &Self) -> bool {
        self.encoded() == other.encoded()
    }
}

impl fmt::Debug for JsonRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encoded())
    }
}

impl Serialize for JsonRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            Some(text) => text.as_ref().serialize(serializer),
            None => serializer.collect_seq(std::iter::empty::<&str>()),
        }
    }
}

impl<'de> Deserialize<'de> for JsonRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Box<RawValue> = Deserialize::deserialize(deserializer)?;
        let rows: Vec<String> = serde_json::from_str(text.get()).map_err(serde::de::Error::custom)?;
        let text = (!rows.is_empty()).then(|| Arc::from(text));
        Ok(Self { text, count: rows.len() })
    }
}

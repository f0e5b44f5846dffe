//! Keys of index scans, from the bytes guests send (module-abi.md §4.3, §4.4) to conditions on index columns.

use spacetime_definition::IndexAlgorithm;
use spacetime_definition::bsatn::Reader;

use crate::error::ValueProblem;
use crate::pg::index::{Key, Strategy};
use crate::pg::relation::RowDatums;
use crate::row::{DecodeError, IndexCodec, TableCodec};
use crate::wasm::host::{Errno, HostError, HostResult, RangeBytes};

/// One side of a range.
enum Bound {
    Included(Key),
    Excluded(Key),
    Unbounded,
    /// Above everything the column can hold.
    Beyond,
}

/// Conditions for the one key `point`, all columns of the index; `None` when no row can have it, because the table
/// cannot store such a value.
pub(super) fn point(codec: &TableCodec, index: &IndexCodec, point: &[u8]) -> HostResult<Option<Vec<Key>>> {
    equalities(codec, index, index.columns.len(), point)
}

/// Equality on the first `count` columns.
fn equalities(
    codec: &TableCodec,
    index: &IndexCodec,
    count: usize,
    bytes: &[u8],
) -> HostResult<Option<Vec<Key>>> {
    let mut reader = Reader::new(bytes);
    let mut keys = Vec::with_capacity(count);
    for column in 0..count {
        match codec.decode_key(index.columns[column], &mut reader) {
            Ok(value) => keys.push(Key { column, strategy: Strategy::Equal, value }),
            Err(DecodeError::Value(_)) => return Ok(None),
            Err(DecodeError::Malformed) => return Err(Errno::BsatnDecodeError.into()),
        }
    }
    reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
    Ok(Some(keys))
}

/// Conditions for a range: equality on a prefix of the columns, bounds on the next.
///
/// The bounds of a multi-column index need no suffix: `>` on the bounded column skips all keys that share prefix and
/// value, `<=` includes them all, which is what the specification asks for.
pub(super) fn range(
    codec: &TableCodec,
    index: &IndexCodec,
    range: RangeBytes<'_>,
) -> HostResult<Option<Vec<Key>>> {
    let prefix_length = usize::from(range.prefix_elems);
    if prefix_length >= index.columns.len() {
        return Err(Errno::BsatnDecodeError.into());
    }
    let Some(mut keys) = equalities(codec, index, prefix_length, range.prefix)? else { return Ok(None) };
    let start = bound(codec, index, prefix_length, range.start)?;
    let end = bound(codec, index, prefix_length, range.end)?;
    let is_point = prefix_length + 1 == index.columns.len()
        && range.start == range.end
        && matches!(start, Bound::Included(_));
    if index.algorithm == IndexAlgorithm::Hash && !is_point {
        return Err(Errno::WrongIndexAlgo.into());
    }
    if is_point {
        keys.extend(match start {
            Bound::Included(key) => Some(key),
            _ => None,
        });
        return Ok(Some(keys));
    }
    if matches!(start, Bound::Beyond) {
        return Ok(None);
    }
    let is_bounded = !matches!((&start, &end), (Bound::Unbounded, Bound::Unbounded));
    if is_bounded && codec.is_nullable(index.columns[prefix_length]) {
        // `none` sorts behind every `some`, but no condition on a column holds for its NULLs.
        return Err(Errno::WrongIndexAlgo.into());
    }
    for (bound, including, excluding) in
        [(start, Strategy::GreaterEqual, Strategy::Greater), (end, Strategy::LessEqual, Strategy::Less)]
    {
        let (key, strategy) = match bound {
            Bound::Included(key) => (key, including),
            Bound::Excluded(key) => (key, excluding),
            Bound::Unbounded | Bound::Beyond => continue,
        };
        keys.push(Key { strategy, ..key });
    }
    Ok(Some(keys))
}

fn bound(codec: &TableCodec, index: &IndexCodec, column: usize, bytes: &[u8]) -> HostResult<Bound> {
    let mut reader = Reader::new(bytes);
    let tag = reader.tag(3).map_err(|_| Errno::BsatnDecodeError)?;
    if tag == 2 {
        reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
        return Ok(Bound::Unbounded);
    }
    let value = match codec.decode_key(index.columns[column], &mut reader) {
        Ok(value) => value,
        // Only u64 in a bigint column is out of range, and only at the top.
        Err(DecodeError::Value(error)) if error.kind == ValueProblem::OutOfRange => return Ok(Bound::Beyond),
        Err(error) => return Err(key_error(error)),
    };
    reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
    let key = Key { column, strategy: Strategy::Equal, value };
    Ok(if tag == 0 { Bound::Included(key) } else { Bound::Excluded(key) })
}

fn key_error(error: DecodeError) -> HostError {
    match error {
        DecodeError::Malformed => Errno::BsatnDecodeError.into(),
        DecodeError::Value(value) => value.at("key of an index scan").into(),
    }
}

/// The key of a row in an index.
pub(super) fn of_row(codec: &TableCodec, index: &IndexCodec, row: RowDatums<'_>) -> Vec<Key> {
    let columns = index.columns.iter().enumerate();
    columns
        .map(|(column, position)| Key {
            column,
            strategy: Strategy::Equal,
            value: codec.column_of(*position, row),
        })
        .collect()
}

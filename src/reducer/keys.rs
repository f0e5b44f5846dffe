//! Keys of index scans, from the bytes guests send (module-abi.md §4.3, §4.4) to conditions on index columns.

use spacetime_definition::IndexAlgorithm;
use spacetime_definition::bsatn::Reader;

use crate::pg::index::{Key, Strategy};
use crate::pg::relation::RowDatums;
use crate::row::{DecodeError, IndexCodec, TableCodec};
use crate::wasm::host::{Errno, HostError, HostResult, RangeBytes};

/// One side of a range.
enum Bound {
    Included(Key),
    Excluded(Key),
    Unbounded,
}

/// Conditions for the one key `point`, all columns of the index.
pub(super) fn point(codec: &TableCodec, index: &IndexCodec, point: &[u8]) -> HostResult<Vec<Key>> {
    let mut reader = Reader::new(point);
    let keys = (0..index.columns.len()).map(|column| equal(codec, index, column, &mut reader));
    let keys = keys.collect::<HostResult<Vec<_>>>()?;
    reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
    Ok(keys)
}

/// Conditions for a range: equality on a prefix of the columns, bounds on the next.
///
/// The bounds of a multi-column index need no suffix: `>` on the bounded column skips all keys that share prefix and
/// value, `<=` includes them all, which is what the specification asks for.
pub(super) fn range(codec: &TableCodec, index: &IndexCodec, range: RangeBytes<'_>) -> HostResult<Vec<Key>> {
    let prefix_length = usize::from(range.prefix_elems);
    if prefix_length >= index.columns.len() {
        return Err(Errno::BsatnDecodeError.into());
    }
    let mut reader = Reader::new(range.prefix);
    let keys = (0..prefix_length).map(|column| equal(codec, index, column, &mut reader));
    let mut keys = keys.collect::<HostResult<Vec<_>>>()?;
    reader.finish().map_err(|_| Errno::BsatnDecodeError)?;

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
        return Ok(keys);
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
            Bound::Unbounded => continue,
        };
        keys.push(Key { strategy, ..key });
    }
    Ok(keys)
}

fn equal(codec: &TableCodec, index: &IndexCodec, column: usize, reader: &mut Reader<'_>) -> HostResult<Key> {
    let value = codec.decode_key(index.columns[column], reader).map_err(key_error)?;
    Ok(Key { column, strategy: Strategy::Equal, value })
}

fn bound(codec: &TableCodec, index: &IndexCodec, column: usize, bytes: &[u8]) -> HostResult<Bound> {
    let mut reader = Reader::new(bytes);
    let bound = match reader.tag(3).map_err(|_| Errno::BsatnDecodeError)? {
        0 => Bound::Included(equal(codec, index, column, &mut reader)?),
        1 => Bound::Excluded(equal(codec, index, column, &mut reader)?),
        _ => Bound::Unbounded,
    };
    reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
    Ok(bound)
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

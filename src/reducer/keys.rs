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

/// Conditions that rows of an index must meet, in index order.
pub(super) struct KeyRange {
    pub(super) keys: Vec<Key>,
    /// Conditions for a second part, which lies behind the first.
    pub(super) then: Option<Vec<Key>>,
}

impl From<Vec<Key>> for KeyRange {
    fn from(keys: Vec<Key>) -> Self {
        Self { keys, then: None }
    }
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

/// Conditions for a range: equality on a prefix of the columns, bounds on the next; `None` when no row can be in it.
///
/// The bounds of a multi-column index need no suffix: `>` on the bounded column skips all keys that share prefix and
/// value, `<=` includes them all, which is what the specification asks for.
pub(super) fn range(
    codec: &TableCodec,
    index: &IndexCodec,
    range: RangeBytes<'_>,
) -> HostResult<Option<KeyRange>> {
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
        return Ok(Some(keys.into()));
    }
    if codec.is_nullable(index.columns[prefix_length]) {
        return Ok(nullable_range(keys, prefix_length, start, end));
    }
    if matches!(start, Bound::Beyond) {
        return Ok(None);
    }
    keys.extend(comparisons(start, end));
    Ok(Some(keys.into()))
}

/// A range of a column whose NULLs are `none`. In SATS as in the index they are behind every `some`, but comparisons
/// never find them: they are a part of their own.
fn nullable_range(prefix: Vec<Key>, column: usize, start: Bound, end: Bound) -> Option<KeyRange> {
    let is_none = |key: &Key| key.value.is_none();
    let with_none = match &end {
        Bound::Unbounded => true,
        Bound::Included(key) => is_none(key),
        Bound::Excluded(_) | Bound::Beyond => false,
    } && !matches!(&start, Bound::Excluded(key) if is_none(key));
    let with_some = match &start {
        Bound::Included(key) | Bound::Excluded(key) => !is_none(key),
        Bound::Unbounded => true,
        Bound::Beyond => false,
    };
    let part = |conditions: &[Key]| [&prefix, conditions].concat();
    let none = with_none.then(|| part(&[Key { column, strategy: Strategy::Equal, value: None }]));
    if !with_some {
        return none.map(KeyRange::from);
    }
    // Bounds at `none` bound no `some`.
    let drop_none = |bound| match bound {
        Bound::Included(key) | Bound::Excluded(key) if is_none(&key) => Bound::Unbounded,
        bound => bound,
    };
    let some: Vec<_> = comparisons(drop_none(start), drop_none(end)).collect();
    Some(match none {
        Some(_) if some.is_empty() => prefix.into(),
        then if some.is_empty() => {
            KeyRange { keys: part(&[Key { column, strategy: Strategy::NotNull, value: None }]), then }
        }
        then => KeyRange { keys: part(&some), then },
    })
}

fn comparisons(start: Bound, end: Bound) -> impl Iterator<Item = Key> {
    let sides =
        [(start, Strategy::GreaterEqual, Strategy::Greater), (end, Strategy::LessEqual, Strategy::Less)];
    sides.into_iter().filter_map(|(bound, including, excluding)| match bound {
        Bound::Included(key) => Some(Key { strategy: including, ..key }),
        Bound::Excluded(key) => Some(Key { strategy: excluding, ..key }),
        Bound::Unbounded | Bound::Beyond => None,
    })
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

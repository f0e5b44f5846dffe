//! Whatever is written is read back; whatever is not of the layout is an error, never a panic.

use proptest::collection::vec;
use proptest::prelude::*;
use spacetime_change_log::{
    Answer, Call, Changes, Cursor, Entry, EntryHeader, Error, Kind, Rows, Status, TableChanges,
    encode_answer, encode_header,
};

type OwnedRows = Vec<Vec<u8>>;

fn rows_of(rows: &OwnedRows, bytes: &mut Vec<u8>) -> u32 {
    rows.iter().for_each(|row| Rows::append(row, bytes));
    rows.len() as u32
}

fn append_entry(header: &EntryHeader, kind: &Kind<'_>, out: &mut Vec<u8>) {
    let mut body = encode_header(header).to_vec();
    kind.encode(&mut body);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(&body);
}

const HEADER: EntryHeader =
    EntryHeader { seq: 7, lsn: 0x1_0000_0000, xid: 901, committed_at_us: -1, module: [0xC2; 32] };

proptest! {
    #[test]
    fn changes_survive(
        tables in vec((".{0,9}", any::<bool>(), vec(vec(any::<u8>(), 0..20), 0..5), vec(vec(any::<u8>(), 0..20), 0..5)), 0..4),
        calls in vec((".{0,9}", any::<[u8; 32]>(), any::<[u8; 16]>(), any::<i64>(), vec(any::<u8>(), 0..9), any::<u64>()), 0..4),
        next: u64,
    ) {
        let encoded: Vec<_> = tables.iter().map(|(name, is_event, deletes, inserts)| {
            let (mut deleted, mut inserted) = (Vec::new(), Vec::new());
            let counts = (rows_of(deletes, &mut deleted), rows_of(inserts, &mut inserted));
            (name, *is_event, counts, deleted, inserted)
        }).collect();
        let changes = Changes {
            calls: calls.iter().map(|(reducer, sender, connection_id, timestamp_us, arguments, tag)| Call {
                reducer, sender: *sender, connection_id: *connection_id, timestamp_us: *timestamp_us, arguments, tag: *tag,
            }).collect(),
            tables: encoded.iter().map(|(name, is_event, counts, deleted, inserted)| TableChanges {
                name, is_event: *is_event,
                deletes: Rows::new(counts.0, deleted), inserts: Rows::new(counts.1, inserted),
            }).collect(),
        };
        let mut entries = Vec::new();
        append_entry(&HEADER, &Kind::Changes(changes.clone()), &mut entries);
        append_entry(&HEADER, &Kind::Published { version: 3, breaks_clients: true }, &mut entries);
        append_entry(&HEADER, &Kind::Resync, &mut entries);
        let cursor = Cursor { epoch: 5, next };
        let bytes = encode_answer(Status::Resync, cursor, 3, &entries);
        let answer = Answer::decode(&bytes).unwrap();
        prop_assert_eq!(answer.status, Status::Resync);
        prop_assert_eq!(answer.cursor, cursor);
        prop_assert_eq!(&answer.entries, &vec![
            Entry { header: HEADER, kind: Kind::Changes(changes) },
            Entry { header: HEADER, kind: Kind::Published { version: 3, breaks_clients: true } },
            Entry { header: HEADER, kind: Kind::Resync },
        ]);
        if let Kind::Changes(read) = &answer.entries[0].kind {
            for (table, (_, _, deletes, inserts)) in read.tables.iter().zip(&tables) {
                prop_assert_eq!(table.deletes.iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), deletes.clone());
                prop_assert_eq!(table.inserts.iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), inserts.clone());
            }
        }
        // Every prefix is an error.
        for length in 0..bytes.len() {
            prop_assert!(Answer::decode(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Answer::decode(&bytes);
        let _ = Entry::decode(&bytes);
        let _ = Cursor::from_bytes(&bytes);
    }
}

#[test]
fn cursors_are_sixteen_bytes() {
    let cursor = Cursor { epoch: 1, next: 2 };
    assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Ok(cursor));
    assert_eq!(Cursor::from_bytes(&[0; 15]), Err(Error::Truncated("a cursor")));
    assert_eq!(Cursor::from_bytes(&[0; 17]), Err(Error::Trailing { what: "a cursor", count: 1 }));
}

/// A reader must not be made to reserve memory by a count alone.
#[test]
fn huge_counts_are_refused() {
    let mut body = encode_header(&HEADER).to_vec();
    body.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    body.extend_from_slice(&u32::MAX.to_le_bytes());
    body.extend_from_slice(&0u32.to_le_bytes());
    assert_eq!(Entry::decode(&body), Err(Error::Truncated("a row")));
}

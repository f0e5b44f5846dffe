//! Rows in and out: the iterator protocol, generated columns, errors that are the guest's to handle.

use super::guest::says;
use super::mock::{FIRST_TABLE, Mock, Table};

/// `$next` reads iterator 1 into a buffer of the given size and puts code, length and bytes into the sink.
const NEXT: &str = "(func $next (param $len i32) (i32.store (i32.const 16) (local.get $len))
    (call $put (call $row_iter_bsatn_advance (i32.const 1) (i32.const 32) (i32.const 16)))
    (call $put (i32.load (i32.const 16)))
    (if (i32.le_u (i32.load (i32.const 16)) (local.get $len)) (then (call $write (i32.const 32) (i32.load (i32.const 16))))))";

fn table(rows: &[&str]) -> Mock {
    let rows = rows.iter().map(|row| row.as_bytes().to_vec()).collect();
    Mock::with(vec![Table { name: "t", indexes: vec!["t_idx"], rows, auto_inc: None }])
}

/// Opens a scan of the table and reads with buffers of the given sizes.
fn reads(mock: &Mock, sizes: &[usize]) -> String {
    let mut body =
        format!("(call $put (call $datastore_table_scan_bsatn (i32.const {FIRST_TABLE}) (i32.const 8)))");
    for size in sizes {
        body += &format!("(call $next (i32.const {size}))");
    }
    says(NEXT, &(body + "(i32.const 1)"), mock)
}

#[test]
fn an_empty_scan_ends_at_the_first_read() {
    assert_eq!(reads(&table(&[]), &[100, 0]), "00000000 ffffffff 00000000 00000006 00000000");
}

#[test]
fn the_end_comes_with_the_last_rows() {
    for rows_per_fetch in [0, 1, 2, 3, 4] {
        let mock = table(&["aa", "bbb", "c"]);
        mock.0.borrow_mut().rows_per_fetch = rows_per_fetch;
        // Exactly full, and with room.
        for size in [6, 7, 1000] {
            assert_eq!(reads(&mock, &[size]), "00000000 ffffffff 00000006 aabbbc", "{rows_per_fetch} {size}");
        }
        assert_eq!(mock.open_scans(), 0);
    }
}

#[test]
fn rows_are_never_split() {
    for rows_per_fetch in [0, 1, 2] {
        let mock = table(&["aa", "bbb", "c"]);
        mock.0.borrow_mut().rows_per_fetch = rows_per_fetch;
        let expected = "00000000 00000000 00000002 aaffffffff 00000004 bbbc";
        assert_eq!(reads(&mock, &[4, 4]), expected);
        let expected = "00000000 00000000 00000005 aabbbffffffff 00000001 c";
        assert_eq!(reads(&mock, &[5, 1]), expected);
    }
}

#[test]
fn too_small_a_buffer_is_told_the_size_that_will_do() {
    let mock = table(&["aa", "bbb", "c"]);
    assert_eq!(
        reads(&mock, &[0, 1, 6]),
        "00000000 0000000b 00000006 0000000b 00000006 ffffffff 00000006 aabbbc"
    );
    assert_eq!(
        reads(&mock, &[2, 2, 4]),
        "00000000 00000000 00000002 aa0000000b 00000004 ffffffff 00000004 bbbc"
    );
}

#[test]
fn rows_without_bytes_end_too() {
    for rows_per_fetch in [0, 1, 2] {
        let mock = table(&["", "", ""]);
        mock.0.borrow_mut().rows_per_fetch = rows_per_fetch;
        assert_eq!(reads(&mock, &[100]), "00000000 ffffffff 00000000");
        assert_eq!(reads(&mock, &[0]), "00000000 ffffffff 00000000");
    }
}

#[test]
fn large_tables_are_fetched_in_batches_and_arrive_whole() {
    let rows: Vec<Vec<u8>> = (0..50_000_u32).map(|n| n.to_le_bytes().repeat(1 + n as usize % 7)).collect();
    let total: usize = rows.iter().map(Vec::len).sum();
    let mock = Mock::with(vec![Table { name: "t", rows, ..Table::default() }]);
    // Counts bytes and reads; every read but the last must give something and code 0.
    let body = format!(
        "(local $code i32) (local $sum i32)
         (drop (call $datastore_table_scan_bsatn (i32.const {FIRST_TABLE}) (i32.const 8)))
         (loop $l (i32.store (i32.const 16) (i32.const 40000))
           (local.set $code (call $row_iter_bsatn_advance (i32.load (i32.const 8)) (i32.const 1000) (i32.const 16)))
           (if (i32.eqz (i32.load (i32.const 16))) (then unreachable))
           (local.set $sum (i32.add (local.get $sum) (i32.load (i32.const 16))))
           (br_if $l (i32.eqz (local.get $code))))
         (call $put (local.get $code)) (call $put (local.get $sum)) (i32.const 1)"
    );
    assert_eq!(says("", &body, &mock), format!("ffffffff {total:08x}"));
}

#[test]
fn iterators_are_closed_once_and_by_the_end_of_the_call() {
    let mock = table(&["aa"]);
    let scan =
        format!("(call $put (call $datastore_table_scan_bsatn (i32.const {FIRST_TABLE}) (i32.const 8)))");
    let body = format!(
        "{scan} {scan} (call $put (i32.load (i32.const 8)))
         (call $put (call $row_iter_bsatn_close (i32.const 1))) (call $put (call $row_iter_bsatn_close (i32.const 1)))
         (call $put (call $row_iter_bsatn_close (i32.const 0))) (call $next (i32.const 9))
         {scan} (call $put (i32.load (i32.const 8))) (i32.const 1)"
    );
    // What an unknown iterator leaves in the buffer is what was there: nine zeros.
    assert_eq!(
        says(NEXT, &body, &mock).replace('\u{fffd}', "?"),
        "00000000 00000000 00000002 00000000 00000006 00000006 00000006 00000009 ?????????00000000 00000001"
    );
    assert_eq!(mock.open_scans(), 0);
}

#[test]
fn generated_columns_overwrite_the_start_of_the_row() {
    let row = format!("{}rest", "\0".repeat(8));
    let mock = Mock::with(vec![Table { name: "t", auto_inc: Some(0x4142), ..Table::default() }]);
    let body = format!(
        "(i32.store (i32.const 16) (i32.const 12)) (i32.store (i32.const 40) (i32.const 0x74736572))
         (call $put (call $datastore_insert_bsatn (i32.const {FIRST_TABLE}) (i32.const 32) (i32.const 16)))
         (call $put (i32.load (i32.const 16))) (call $put (i32.load (i32.const 32))) (call $put (i32.load (i32.const 40)))
         (i32.store (i32.const 16) (i32.const 12))
         (call $put (call $datastore_insert_bsatn (i32.const {FIRST_TABLE}) (i32.const 32) (i32.const 16)))
         (call $put (i32.load (i32.const 16))) (i32.const 1)"
    );
    assert_eq!(says("", &body, &mock), "00000000 00000008 00004142 74736572 00000000 00000000");
    let rows = mock.0.borrow().tables[0].rows.clone();
    assert_eq!(rows.len(), 2);
    assert!(rows[0] != row.as_bytes() && rows[0][..2] == [0x42, 0x41]);
}

#[test]
fn errnos_reach_the_guest_and_leave_its_variables_alone() {
    let mock = table(&["ab"]);
    let extra =
        "(data (i32.const 32) \"ac\") (data (i32.const 40) \"nothing\") (data (i32.const 48) \"t_idx\")";
    let body = format!(
        "(i32.store (i32.const 8) (i32.const -2)) (i32.store (i32.const 16) (i32.const 2))
         (call $put (call $table_id_from_name (i32.const 40) (i32.const 7) (i32.const 8)))
         (call $put (call $index_id_from_name (i32.const 40) (i32.const 7) (i32.const 8)))
         (call $put (call $datastore_table_row_count (i32.const 1) (i32.const 8)))
         (call $put (call $datastore_insert_bsatn (i32.const {FIRST_TABLE}) (i32.const 32) (i32.const 16)))
         (call $put (call $datastore_index_scan_point_bsatn (i32.const 5) (i32.const 32) (i32.const 2) (i32.const 8)))
         (call $put (i32.load (i32.const 8))) (call $put (i32.load (i32.const 16)))
         (call $put (call $index_id_from_name (i32.const 48) (i32.const 5) (i32.const 8)))
         (call $put (call $datastore_delete_by_index_scan_point_bsatn (i32.load (i32.const 8)) (i32.const 32) (i32.const 1) (i32.const 8)))
         (call $put (i32.load (i32.const 8)))
         (call $put (call $datastore_clear (i32.const {FIRST_TABLE}) (i32.const 8))) (call $put (i32.load (i32.const 12))) (i32.const 1)"
    );
    assert_eq!(
        says(extra, &body, &mock),
        "00000004 00000005 00000004 0000000c 00000005 fffffffe 00000002 00000000 00000000 00000001 00000000 00000000"
    );
}

#[test]
fn ranges_do_not_look_at_a_prefix_that_is_not_there() {
    let mock = table(&["ab", "ac", "b"]);
    let index = FIRST_TABLE * 16;
    let scan = |name: &str, prefix: &str| {
        format!(
            "(call $put (call ${name} (i32.const {index}) {prefix} (i32.const 32) (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 8)))"
        )
    };
    let body = [
        scan("datastore_index_scan_range_bsatn", "(i32.const 0) (i32.const -1) (i32.const 0)"),
        scan("datastore_btree_scan_bsatn", "(i32.const 40) (i32.const 1) (i32.const 1)"),
        scan("datastore_delete_by_btree_scan_bsatn", "(i32.const 40) (i32.const 1) (i32.const 1)"),
        "(call $put (i32.load (i32.const 8)))".into(),
        scan("datastore_delete_by_index_scan_range_bsatn", "(i32.const 0) (i32.const -1) (i32.const 0)"),
        "(call $put (i32.load (i32.const 8))) (i32.const 1)".into(),
    ]
    .concat();
    assert_eq!(
        says("(data (i32.const 40) \"a\")", &body, &mock),
        "00000000 00000000 00000000 00000002 00000000 00000001"
    );
}

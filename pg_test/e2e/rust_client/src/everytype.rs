//! Every type a column can have: what is deleted must be, byte by byte, what was there before, or the SDK panics.

use spacetimedb_sdk::{Compression, DbContext, Table};

use crate::bindings::everytype::*;
use crate::session::{Word, until};
use crate::{call, close, connect};

/// How many rows the tables have, one after the other.
fn counts(context: &impl RemoteDbContext) -> Vec<u64> {
    let db = context.db();
    vec![
        db.of_bool().count(),
        db.of_i_8().count(),
        db.of_u_8().count(),
        db.of_i_16().count(),
        db.of_u_16().count(),
        db.of_i_32().count(),
        db.of_u_32().count(),
        db.of_i_64().count(),
        db.of_u_64().count(),
        db.of_i_128().count(),
        db.of_u_128().count(),
        db.of_i_256().count(),
        db.of_u_256().count(),
        db.of_f_32().count(),
        db.of_f_64().count(),
        db.of_string().count(),
        db.of_bytes().count(),
        db.of_identity().count(),
        db.of_connection_id().count(),
        db.of_timestamp().count(),
        db.of_duration().count(),
        db.of_uuid().count(),
        db.of_result().count(),
        db.of_large_result().count(),
        db.of_schedule_at().count(),
        db.of_status().count(),
        db.of_shape().count(),
        db.of_point().count(),
        db.of_line().count(),
        db.of_nothing().count(),
    ]
}

pub fn run(url: &str) {
    let writer = connect!(everytype, url, None::<String>, with_compression(Compression::Brotli));
    let (applied, is_applied) = Word::new();
    writer
        .connection
        .subscription_builder()
        .on_applied(move |_| applied.send(()).unwrap())
        .on_error(|_, error| panic!("{error}"))
        .subscribe_to_all_tables();
    is_applied.hear("all tables");
    assert!(counts(&writer.connection).iter().all(|count| *count == 0));
    assert_eq!(call!(writer, check_columns_then), Ok(()));
    let written = counts(&writer.connection);
    assert!(written.iter().all(|count| *count > 0), "{written:?}");

    // To another the same rows come as initial rows, compressed differently if the gateway compresses.
    let reader = connect!(everytype, url, None::<String>, with_compression(Compression::Gzip));
    let (applied, is_applied) = Word::new();
    reader
        .connection
        .subscription_builder()
        .on_applied(move |_| applied.send(()).unwrap())
        .subscribe_to_all_tables();
    is_applied.hear("all tables");
    assert_eq!(counts(&reader.connection), written);
    // Written anew: deleted and inserted.
    assert_eq!(call!(writer, check_columns_then), Ok(()));
    assert_eq!(counts(&writer.connection), written);

    // Postgres restarts and every row gets another key, maybe before the gateway is back; then all are deleted.
    println!("turn restart");
    let moved = |context: &DbConnection| context.db.of_f_64().id().find(&1000).is_some();
    until("updates with SQL", || moved(&writer.connection) && moved(&reader.connection));
    println!("turn delete");
    let is_empty = |context: &DbConnection| counts(context).iter().all(|count| *count == 0);
    until("deletions with SQL", || is_empty(&writer.connection) && is_empty(&reader.connection));
    close!(writer);
    close!(reader);
}

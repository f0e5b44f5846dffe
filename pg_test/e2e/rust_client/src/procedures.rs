//! Procedures: what they return, and what they leave behind.

use spacetimedb_sdk::Table;

use crate::bindings::procedures::*;
use crate::session::{Word, until};
use crate::{close, connect, subscribe};

pub fn run(url: &str) {
    let session = connect!(procedures, url, None::<String>);
    subscribe!(session, "SELECT * FROM entry");
    let procedures = &session.connection.procedures;
    let (returned, sum) = Word::new();
    procedures.add_then(2, 3, move |_, result| returned.send(result.unwrap()).unwrap());
    assert_eq!(sum.hear("a sum"), 5);
    let (returned, report) = Word::new();
    procedures
        .record_one_of_then("one".into(), "two".into(), move |_, result| returned.send(result).unwrap());
    let report: Report = report.hear("a report").unwrap();
    let (returned, failure) = Word::new();
    procedures.record_then_panic_then("kept".into(), "lost".into(), move |_, result| {
        returned.send(result.unwrap_err().to_string()).unwrap()
    });
    let failure = failure.hear("a failure");
    assert!(!failure.is_empty(), "{report:?}");
    let texts = || session.connection.db.entry().iter().map(|entry| entry.text).collect::<Vec<_>>();
    until("what was committed before", || texts().contains(&"kept".to_owned()));
    assert!(!texts().contains(&"lost".to_owned()), "{:?}", texts());
    close!(session);
}

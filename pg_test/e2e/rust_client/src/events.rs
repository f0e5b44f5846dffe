//! Event tables: rows that are told, and not kept.

use spacetimedb_sdk::EventTable;

use crate::bindings::events::*;
use crate::session::{Word, until};
use crate::{call, close, connect, subscribe};

pub fn run(url: &str) {
    let caller = connect!(events, url, None::<String>);
    let other = connect!(events, url, None::<String>);
    let mut words = Vec::new();
    for session in [&caller, &other] {
        let (told, word) = Word::new();
        session.connection.db.damage().on_insert(move |_, damage| told.send(damage.clone()).unwrap());
        subscribe!(session, "SELECT * FROM damage");
        words.push(word);
    }
    assert_eq!(call!(caller, emit_then, "dragon".into()), Ok(()));
    let told: Vec<Damage> = words.into_iter().map(|word| word.hear("an event")).collect();
    assert_eq!(told[0].target, "dragon");
    assert_eq!(told[0], told[1]);
    until("nothing is kept", || caller.connection.db.damage().count() == 0);
    close!(caller);
    close!(other);
}

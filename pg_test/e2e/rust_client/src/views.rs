//! Views: tables that nobody writes to.

use spacetimedb_sdk::{Table, TableWithPrimaryKey};

use crate::bindings::views::*;
use crate::session::until;
use crate::{call, close, connect, subscribe};

pub fn run(url: &str) {
    let strong = connect!(views, url, None::<String>);
    let weak = connect!(views, url, None::<String>);
    for session in [&strong, &weak] {
        session.connection.db.my_notes().on_update(|_, _, _| panic!("nobody updates a note"));
        subscribe!(
            session,
            [
                "SELECT * FROM my_player",
                "SELECT * FROM strong_players",
                "SELECT * FROM my_notes",
                "SELECT * FROM note_count",
            ]
        );
    }
    assert_eq!(call!(strong, join_then, "Ann".into(), 50), Ok(()));
    assert_eq!(call!(weak, join_then, "Ben".into(), 1), Ok(()));
    let players =
        |context: &DbConnection| context.db.my_player().iter().map(|player| player.name).collect::<Vec<_>>();
    until("each sees themselves", || {
        players(&strong.connection) == ["Ann"] && players(&weak.connection) == ["Ben"]
    });
    until("both see the strong", || {
        [&strong, &weak].iter().all(|session| session.connection.db.strong_players().count() == 1)
    });
    assert_eq!(call!(weak, write_note_then, "mine".into(), Some(3)), Ok(()));
    until("its writer sees a note", || weak.connection.db.my_notes().count() == 1);
    let note = weak.connection.db.my_notes().iter().next().unwrap();
    assert_eq!(weak.connection.db.my_notes().id().find(&note.id), Some(note));
    until("both count it", || {
        [&strong, &weak]
            .iter()
            .all(|session| session.connection.db.note_count().iter().any(|count| count.rows == 1))
    });
    assert_eq!(strong.connection.db.my_notes().count(), 0);
    close!(strong);
    close!(weak);
}

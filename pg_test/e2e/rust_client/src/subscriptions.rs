//! Queries that the SDK's builder makes: conditions, joins in both directions, and rows that only some may see.

use spacetimedb_sdk::{DbContext, Table, TableWithPrimaryKey};

use crate::bindings::subscriptions::*;
use crate::session::{Word, until};
use crate::{close, connect};

/// Subscribes to what a query builder makes and waits until the rows are there.
macro_rules! query {
    ($session:expr, $build:expr) => {{
        let (applied, is_applied) = Word::new();
        let failed = applied.clone();
        $session
            .connection
            .subscription_builder()
            .on_applied(move |_| applied.send(Ok(())).unwrap())
            .on_error(move |_, error| failed.send(Err(error)).unwrap())
            .add_query($build)
            .subscribe();
        is_applied.hear("a typed query").unwrap();
    }};
}

pub fn run(url: &str) {
    let players = connect!(subscriptions, url, None::<String>);
    let teams = connect!(subscriptions, url, None::<String>);
    let me = players.identity;
    // Players of teams of rank 1 who are not far below zero.
    query!(players, |query| {
        query
            .from
            .team()
            .filter(|team| team.rank.eq(1u32))
            .right_semijoin(query.from.player(), |team, player| team.id.eq(player.team))
            .filter(|player| player.score.gte(-5).and(player.score.ne(3)))
    });
    // The module's filter lets everybody see their own items only.
    query!(players, |query| query.from.item());
    // Teams that have a player.
    query!(teams, |query| {
        query.from.team().left_semijoin(query.from.player(), |team, player| team.id.eq(player.team))
    });

    let (updated, update) = Word::new();
    players
        .connection
        .db
        .player()
        .on_update(move |_, old, new| updated.send((old.score, new.score)).unwrap());
    println!("turn rows {}", me.to_hex());
    let ids = || {
        let mut ids: Vec<u32> = players.connection.db.player().iter().map(|player| player.id).collect();
        ids.sort();
        ids
    };
    until("players of the first team", || ids() == [10, 11]);
    until("teams with players", || teams.connection.db.team().count() == 2);
    until("my item", || players.connection.db.item().iter().map(|item| item.id).eq([1]));

    // Player 10 scores, 11 falls out of the condition, 12 comes into the team, the second team ends.
    println!("turn change");
    assert_eq!(update.hear("an update"), (0, 7));
    until("other players of the first team", || ids() == [10, 12]);
    until("one team with players", || teams.connection.db.team().iter().map(|team| team.id).eq([1]));
    assert_eq!(players.connection.db.team().count(), 0, "nobody asked for teams here");
    close!(players);
    close!(teams);
}

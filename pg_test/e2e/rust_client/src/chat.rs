//! The chat module: connections, tokens, subscriptions, callbacks of rows, reducers.

use std::sync::{Arc, Mutex};

use spacetimedb_sdk::{
    Compression, DbContext, Event, Status, SubscriptionHandle as _, Table, TableWithPrimaryKey,
};

use crate::bindings::chat::*;
use crate::session::{Session, Word, until};
use crate::{call, close, connect, subscribe};

type Client = Session<DbConnection>;

pub fn run(url: &str) {
    refusals(url);
    let alice = connect!(chat, url, None::<String>);
    let bob =
        connect!(chat, url, None::<String>, with_compression(Compression::Gzip), with_confirmed_reads(true));
    assert_ne!(alice.identity, bob.identity, "two anonymous clients");
    assert_eq!(alice.connection.identity(), alice.identity);

    let seen = record(&alice);
    let everything = subscribe!(alice, ["SELECT * FROM user", "SELECT * FROM message"]);
    assert!(everything.is_active());
    assert_eq!((alice.connection.db.user().count(), alice.connection.db.message().count()), (0, 0));

    reducers(&alice, &bob, &seen);
    messages(&alice, &bob);
    failing_subscription(&alice);
    same_identity(url, &alice);
    overlapping_updates(&alice, &seen);
    in_a_loop_of_its_own(url, &alice);
    unsubscribing(&alice, everything, &seen);
    close!(alice);
    close!(bob);
}

/// Connections that are refused say so.
fn refusals(url: &str) {
    let builder = || DbConnection::builder().with_uri(url);
    let build = |builder: spacetimedb_sdk::DbConnectionBuilder<RemoteModule>| {
        let (failed, failure) = Word::new();
        match builder.on_connect_error(move |_, error| failed.send(error.to_string()).unwrap()).build() {
            Err(error) => error.to_string(),
            Ok(connection) => {
                connection.run_threaded();
                failure.hear("a refusal")
            }
        }
    };
    let refusal = build(builder().with_database_name("chat").with_token(Some("nonsense")));
    assert!(refusal.contains("401"), "{refusal}");
    let refusal = build(builder().with_database_name("nowhere"));
    assert!(refusal.contains("404"), "{refusal}");
}

/// What the callbacks of rows say, in order.
fn record(client: &Client) -> Arc<Mutex<Vec<String>>> {
    fn cause(context: &EventContext) -> String {
        match &context.event {
            Event::Reducer(event) => match (&event.status, &event.reducer) {
                (Status::Committed, reducer) => format!("{reducer:?}"),
                (status, reducer) => panic!("rows by {reducer:?} with {status:?}"),
            },
            other => format!("{other:?}"),
        }
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let users = client.connection.db.user();
    let named = |user: &User| user.name.clone().unwrap_or_default();
    let note = seen.clone();
    users.on_insert(move |context, user| {
        note.lock().unwrap().push(format!("+{} by {}", named(user), cause(context)));
    });
    let note = seen.clone();
    users.on_delete(move |context, user| {
        note.lock().unwrap().push(format!("-{} by {}", named(user), cause(context)));
    });
    let note = seen.clone();
    users.on_update(move |context, old, new| {
        note.lock().unwrap().push(format!("{}>{} by {}", named(old), named(new), cause(context)));
    });
    let never = users.on_insert(|_, _| panic!("this callback was removed"));
    users.remove_on_insert(never);
    seen
}

fn reducers(alice: &Client, bob: &Client, seen: &Mutex<Vec<String>>) {
    assert_eq!(call!(alice, register_user_then, "Alice".into()), Ok(()));
    assert_eq!(
        call!(alice, register_user_then, "Again".into()),
        Err("you are registered already; use set_name to change your name".into())
    );
    assert_eq!(call!(bob, register_user_then, "Bob".into()), Ok(()));
    until("Alice sees Bob", || alice.connection.db.user().count() == 2);
    let found = alice.connection.db.user().id().find(&bob.identity).unwrap();
    assert_eq!(found, User { id: bob.identity, name: Some("Bob".into()) });
    // Without a callback.
    bob.connection.reducers.set_name("Robert".into()).unwrap();
    until("an update of a row with a key", || seen.lock().unwrap().len() == 3);
    assert_eq!(
        *seen.lock().unwrap(),
        ["+Alice by RegisterUser { name: \"Alice\" }", "+Bob by Transaction", "Bob>Robert by Transaction"]
    );
}

fn messages(alice: &Client, bob: &Client) {
    // Two queries that overlap, and one that the builder makes.
    let to_bob = format!("SELECT * FROM message WHERE receiver = 0x{}", bob.identity.to_hex());
    let sent = subscribe!(bob, [to_bob.as_str(), "SELECT * FROM message WHERE content = 'hello'"]);
    assert_eq!(call!(alice, send_message_then, bob.identity, "hello".into()), Ok(()));
    assert_eq!(call!(bob, send_message_then, alice.identity, "for Alice only".into()), Ok(()));
    until("both messages", || alice.connection.db.message().count() == 2);
    until("the filtered message", || bob.connection.db.message().count() == 1);

    let (applied, is_applied) = Word::new();
    let me = bob.identity;
    let typed = bob
        .connection
        .subscription_builder()
        .on_applied(move |_| applied.send(()).unwrap())
        .on_error(|_, error| panic!("{error}"))
        .add_query(move |query| query.from.message().filter(move |message| message.sender.eq(me)))
        .add_query(|query| query.from.user())
        .subscribe();
    is_applied.hear("the typed subscription");
    assert_eq!((bob.connection.db.user().count(), bob.connection.db.message().count()), (2, 2));

    println!("turn {} {}", alice.identity.to_hex(), bob.identity.to_hex());
    let contents = || bob.connection.db.message().iter().map(|message| message.content).collect::<Vec<_>>();
    until("a row inserted with SQL", || contents().contains(&"from psql".to_owned()));
    until("a row deleted with SQL", || !contents().contains(&"hello".to_owned()));

    typed.unsubscribe().unwrap();
    until("the typed rows leave", || bob.connection.db.user().count() == 0);
    assert_eq!(contents(), ["from psql"]);
    sent.unsubscribe().unwrap();
    until("the rest leaves", || bob.connection.db.message().count() == 0);
}

fn failing_subscription(alice: &Client) {
    let (failed, failure) = Word::new();
    let handle = alice
        .connection
        .subscription_builder()
        .on_applied(|_| panic!("a query without a table was applied"))
        .on_error(move |_, error| failed.send(error.to_string()).unwrap())
        .subscribe("SELECT * FROM nothing");
    let failure = failure.hear("a failing subscription");
    assert!(failure.contains("no such table: `nothing`"), "{failure}");
    until("it has ended", || handle.is_ended());
}

fn same_identity(url: &str, alice: &Client) {
    let again = connect!(chat, url, Some(alice.token.clone()));
    assert_eq!((again.identity, &again.token), (alice.identity, &alice.token));
    let handle = {
        let (applied, is_applied) = Word::new();
        let handle = again
            .connection
            .subscription_builder()
            .on_applied(move |context| applied.send(context.db.user().count()).unwrap())
            .subscribe_to_all_tables();
        assert_eq!(is_applied.hear("all tables"), 2);
        handle
    };
    // What one connection of a client does the other sees.
    assert_eq!(call!(again, set_name_then, "Alicia".into()), Ok(()));
    let name_of =
        |client: &Client| client.connection.db.user().id().find(&client.identity).unwrap().name.unwrap();
    until("her new name", || name_of(alice) == "Alicia" && name_of(&again) == "Alicia");
    assert!(handle.is_active());
    close!(again);
}

/// A row of two subscriptions is updated: one callback, and it is there until both have ended.
fn overlapping_updates(alice: &Client, seen: &Mutex<Vec<String>>) {
    let herself = subscribe!(alice, format!("SELECT * FROM user WHERE id = 0x{}", alice.identity.to_hex()));
    seen.lock().unwrap().clear();
    assert_eq!(call!(alice, set_name_then, "Alison".into()), Ok(()));
    assert_eq!(call!(alice, set_name_then, "Alicia".into()), Ok(()));
    assert_eq!(
        *seen.lock().unwrap(),
        ["Alicia>Alison by SetName { name: \"Alison\" }", "Alison>Alicia by SetName { name: \"Alicia\" }"]
    );
    let (ended, end) = Word::new();
    herself
        .unsubscribe_then(Box::new(move |context| ended.send(context.db.user().count()).unwrap()))
        .unwrap();
    assert_eq!(end.hear("the end of the second subscription"), 2);
}

/// A client that handles messages when it likes, as games do.
fn in_a_loop_of_its_own(url: &str, alice: &Client) {
    let connection = DbConnection::builder()
        .with_uri(url)
        .with_database_name("chat")
        .with_token(Some(alice.token.clone()))
        .with_compression(Compression::None)
        .build()
        .unwrap();
    connection.subscription_builder().subscribe("SELECT * FROM user");
    until("rows in the loop", || {
        connection.frame_tick().unwrap();
        connection.db.user().count() == 2
    });
    assert_eq!(connection.try_identity(), Some(alice.identity));
    connection.disconnect().unwrap();
    until("the end in the loop", || connection.advance_one_message().is_err());
    assert!(!connection.is_active());
}

fn unsubscribing(alice: &Client, everything: SubscriptionHandle, seen: &Mutex<Vec<String>>) {
    let (ended, end) = Word::new();
    seen.lock().unwrap().clear();
    let handle = everything.clone();
    everything
        .unsubscribe_then(Box::new(move |context| ended.send(context.db.user().count()).unwrap()))
        .unwrap();
    assert_eq!(end.hear("the end of the subscription"), 0);
    assert!(handle.is_ended());
    assert!(handle.unsubscribe().is_err(), "a second time");
    assert_eq!(alice.connection.db.message().count(), 0);
    until("a callback per row", || seen.lock().unwrap().len() == 2);
    seen.lock().unwrap().sort();
    assert_eq!(*seen.lock().unwrap(), ["-Alicia by UnsubscribeApplied", "-Robert by UnsubscribeApplied"]);
}

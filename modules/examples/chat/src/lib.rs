//! A chat in one file: three tables, three reducers for clients, and two that run when clients come and go. `web/` is a
//! client for browsers.
//!
//! A *table* is a struct; each value of it is a row. A *reducer* is a function clients may call: it runs inside one
//! transaction, which is committed when it returns `Ok(())` and rolled back when it returns an `Err` or panics. There
//! is no other backend code: clients read the public tables and subscribe to them directly. A *filter* says which rows of a
//! public table a client sees.

use spacetimedb::{
    ConnectionId, Filter, Identity, ReducerContext, Table, Timestamp, client_visibility_filter, reducer,
    table,
};

/// Someone who may send and receive messages.
#[table(accessor = user, public)]
pub struct User {
    /// Who they are: proven by the token a client connects with, so nobody can register for somebody else.
    #[primary_key]
    id: Identity,
    /// What others see.
    name: Option<String>,
}

/// One message from one user to another. Nobody else sees it.
#[table(accessor = message, public)]
pub struct Message {
    /// A row inserted with 0 here gets the next free number.
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    sender: Identity,
    #[index(btree)]
    receiver: Identity,
    content: String,
    timestamp: Timestamp,
}

/// Rows that one of a table's filters lets through are seen; `:sender` is who looks.
#[client_visibility_filter]
const SENT: Filter = Filter::Sql("SELECT * FROM message WHERE sender = :sender");
#[client_visibility_filter]
const RECEIVED: Filter = Filter::Sql("SELECT * FROM message WHERE receiver = :sender");

/// One open connection, so its client is online. Somebody with two windows has two of them.
#[table(accessor = session, public)]
pub struct Session {
    #[primary_key]
    connection: ConnectionId,
    client: Identity,
}

/// Runs when a client connects, before it can do anything else.
#[reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) {
    if let Some(connection) = ctx.connection_id() {
        ctx.db.session().insert(Session { connection, client: ctx.sender() });
    }
}

/// Runs when its connection has ended, also if the client, its network or the gateway broke down.
#[reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) {
    if let Some(connection) = ctx.connection_id() {
        ctx.db.session().connection().delete(connection);
    }
}

/// Makes the caller a user.
#[reducer]
pub fn register_user(ctx: &ReducerContext, name: String) -> Result<(), String> {
    let name = checked_name(name)?;
    // `ctx.sender()` is the caller's verified identity. Never take it as an argument instead.
    let id = ctx.sender();
    if ctx.db.user().id().find(id).is_some() {
        return Err("you are registered already; use set_name to change your name".into());
    }
    log::info!("{id} registers as {name}");
    ctx.db.user().insert(User { id, name: Some(name) });
    Ok(())
}

/// Sends a message from the caller to the user `to`.
#[reducer]
pub fn send_message(ctx: &ReducerContext, to: Identity, content: String) -> Result<(), String> {
    if content.trim().is_empty() {
        return Err("a message must not be empty".into());
    }
    let sender = registered_caller(ctx)?.id;
    if ctx.db.user().id().find(to).is_none() {
        return Err(format!("there is no user {to}"));
    }
    ctx.db.message().insert(Message {
        id: 0,
        sender,
        receiver: to,
        content,
        // The time of this call. A module has no clock of its own: the same call always gives the same result.
        timestamp: ctx.timestamp,
    });
    Ok(())
}

/// Changes the caller's name.
#[reducer]
pub fn set_name(ctx: &ReducerContext, name: String) -> Result<(), String> {
    let name = checked_name(name)?;
    let user = registered_caller(ctx)?;
    // Replaces the row with the same primary key. Subscribers see an update, not a delete and an insert.
    ctx.db.user().id().update(User { name: Some(name), ..user });
    Ok(())
}

fn registered_caller(ctx: &ReducerContext) -> Result<User, String> {
    ctx.db
        .user()
        .id()
        .find(ctx.sender())
        .ok_or_else(|| "you are not registered; call register_user first".into())
}

fn checked_name(name: String) -> Result<String, String> {
    if name.trim().is_empty() {
        return Err("a name must not be empty".into());
    }
    Ok(name)
}

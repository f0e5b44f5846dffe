//! What sessions do: begin, end and resume subscriptions.

use spacetime_auth::Identity;
use spacetime_change_log::Cursor;

use super::access;
use super::query::Query;
use super::row_json::row_json;
use super::rows;
use super::seen::Seen;
use crate::catalog::{self, SubscriptionRow};
use crate::error::{Error, Result};
use crate::pg::{self, change_log, entry, notify, snapshot, user, wal, xact};
use crate::reducer::Caller;
use crate::worker::Kind;
use crate::{auth, worker};

/// A subscription that takes effect when the transaction commits.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) id: i64,
    pub(crate) channel: String,
    /// An array of objects.
    pub(crate) rows: serde_json::Value,
}

/// `spacetime.subscribe(query)`: the rows that are committed now and that the session's role sees; from the commit of
/// this transaction on the session hears what changes them, also what this transaction itself has written.
pub(crate) fn subscribe(text: &str) -> Result<Begun> {
    change_log::require()?;
    entry::check(c"spacetime.subscribe()")?;
    // Before the snapshot: what it does not see will be in the log from here on.
    let (epoch, next) = change_log::begin_here()?;
    let (role, identity) = subscriber()?;
    let query = Query::resolve(text, identity)?;
    access::sight(&query, role)?;
    lock_tables(&query);
    let settings = user::become_owner(role);
    user::pin_search_path();
    snapshot::push_committed();
    let rows = rows::read(&query)?;
    let seen = Seen::text_of_active()?;
    snapshot::pop();
    settings.restore();
    // What the session was shown must survive a crash.
    change_log::flush(wal::written_to());
    let row = SubscriptionRow {
        id: 0,
        channel: channel()?,
        query: text.to_owned(),
        role,
        identity,
        login: auth::current_as_text()?,
        rows: Some(rows::to_bytes(&rows)),
        since: Cursor { epoch, next }.to_bytes().to_vec(),
        seen,
    };
    let shown = shown(&query, &rows)?;
    let id = catalog::insert_subscription(&row)?;
    attend(&row.channel);
    Ok(Begun { id, channel: row.channel, rows: shown })
}

/// The role and identity that the session's policies see.
fn subscriber() -> Result<(pg::Oid, Identity)> {
    let role = user::outer_user();
    if role != user::current_user() {
        return Err(Error::Forbidden {
            what: "cannot subscribe with the rights of a SECURITY DEFINER function".into(),
            hint: "Call spacetime.subscribe outside of it: the session goes on with its own rights.".into(),
        });
    }
    Ok((role, Caller::of_session(&catalog::installation()?)?.identity))
}

/// Before the snapshot: a table that is rewritten between the two reads as empty.
fn lock_tables(query: &Query) {
    for relation in query.relations() {
        let table = query.module.row.storage.tables.get(relation).filter(|table| !table.is_event);
        let oid = table.and_then(|table| pg::access::relation(query.module.schema, &table.pg_name));
        if let Some(oid) = oid {
            pg::access::lock_for_reading(oid);
        }
    }
}

fn shown(query: &Query, rows: &[Vec<u8>]) -> Result<serde_json::Value> {
    let fields = query.row_type().fields;
    let broken = |error: &dyn std::fmt::Display| Error::Internal(format!("a row as JSON: {error}"));
    let rows = rows.iter().map(|row| {
        let json = row_json(&fields, row).map_err(|error| broken(&error))?;
        serde_json::from_str(&json).map_err(|error| broken(&error))
    });
    rows.collect::<Result<Vec<_>>>().map(serde_json::Value::Array)
}

fn channel() -> Result<String> {
    Ok(format!("spacetime_{}", hex::encode(pg::access::random_bytes::<16>()?)))
}

/// Listens, and has the notifier know.
fn attend(channel: &str) {
    notify::listen(channel);
    notify::wake_notifier_at_exit();
    xact::wake_worker_at_commit(Kind::Notifier);
}

/// `spacetime.unsubscribe(id)`
pub(crate) fn unsubscribe(id: i64) -> Result<()> {
    entry::check(c"spacetime.unsubscribe()")?;
    end(&own(id)?)
}

/// After the session has become somebody else: it hears no longer what it subscribed to as who it was.
pub(crate) fn end_of_others() -> Result<()> {
    if !notify::has_subscribed() {
        return Ok(());
    }
    let identity = Caller::of_session(&catalog::installation()?)?.identity;
    catalog::own_subscriptions()?.iter().filter(|row| row.identity != identity).try_for_each(end)
}

fn end(row: &SubscriptionRow) -> Result<()> {
    catalog::delete_subscription(row.id)?;
    notify::unlisten(&row.channel);
    xact::wake_worker_at_commit(Kind::Notifier);
    Ok(())
}

/// `spacetime.resume(id, after_seq)`: gives the channel.
pub(crate) fn resume(id: i64, after: i64) -> Result<String> {
    change_log::require()?;
    entry::check(c"spacetime.resume()")?;
    let row = own(id)?;
    if catalog::resumable_from(id)?.is_some_and(|first| after < first - 1) {
        return Err(Error::NotInState {
            what: format!("messages after {after} of subscription {id} are no longer kept"),
            hint: "Subscribe anew: SELECT * FROM spacetime.subscribe(…)".into(),
        });
    }
    catalog::resume_subscription(id, after)?;
    attend(&row.channel);
    Ok(row.channel)
}

/// `spacetime.fetch_change(subscription, reference)`
pub(crate) fn fetch_change(subscription: i64, reference: i64) -> Result<serde_json::Value> {
    own(subscription)?;
    let row = catalog::large_row(subscription, reference)?.ok_or_else(|| Error::NotInState {
        what: format!("row {reference} of subscription {subscription} is no longer kept"),
        hint: "Subscribe anew: SELECT * FROM spacetime.subscribe(…)".into(),
    })?;
    serde_json::from_str(&row).map_err(|error| Error::Internal(error.to_string()))
}

/// A subscription of the session's role and identity. Others learn no more of it than if it were not there.
fn own(id: i64) -> Result<SubscriptionRow> {
    let (role, identity) = subscriber()?;
    let row = catalog::subscription(id)?.filter(|row| row.role == role && row.identity == identity);
    row.ok_or_else(|| Error::NotInState {
        what: format!("there is no subscription {id}"),
        hint: if worker::is_available() {
            "It may have ended; subscribe anew: SELECT * FROM spacetime.subscribe(…)".into()
        } else {
            String::new()
        },
    })
}

//! `spacetime._subscription` and `spacetime._subscription_row`.

use pgrx::datum::DatumWithOid;
use spacetime_auth::Identity;

use super::module::{broken, read, write};
use crate::error::Result;
use crate::pg::Oid;
use crate::pg::read::{Parameter, Row};

/// As [`subscription_row`] reads them.
const COLUMNS: &str = "id::text, channel, query, role::text, identity, login, rows, since, seen";

/// A subscription of a SQL session.
#[derive(Debug, Clone)]
pub(crate) struct SubscriptionRow {
    pub(crate) id: i64,
    pub(crate) channel: String,
    pub(crate) query: String,
    pub(crate) role: Oid,
    pub(crate) identity: Identity,
    /// See `auth::current_as_text`.
    pub(crate) login: Option<String>,
    /// Rows in BSATN, each after its length as u32; gone once the notifier has them.
    pub(crate) rows: Option<Vec<u8>>,
    /// Cursor of the change log from where on it has what the rows lack.
    pub(crate) since: Vec<u8>,
    /// The snapshot of the rows: see `subscription/seen.rs`.
    pub(crate) seen: String,
}

/// What the notifier looks at each time: which subscriptions there are, and whether their sessions are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubscriptionState {
    pub(crate) id: i64,
    pub(crate) resumes: i64,
    pub(crate) resume_after: Option<i64>,
    pub(crate) has_session: bool,
}

/// Records a subscription of this session; gives its id.
pub(crate) fn insert_subscription(row: &SubscriptionRow) -> Result<i64> {
    let id = next_id()?;
    write(
        "INSERT INTO spacetime._subscription (id, channel, query, role, identity, login, rows, since, seen, pid, backend_start) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, a.pid, a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) a",
        &[
            id.into(),
            row.channel.as_str().into(),
            row.query.as_str().into(),
            row.role.into(),
            row.identity.to_be_bytes().as_slice().into(),
            row.login.as_deref().into(),
            row.rows.as_deref().into(),
            row.since.as_slice().into(),
            row.seen.as_str().into(),
        ],
    )?;
    Ok(id)
}

fn next_id() -> Result<i64> {
    let rows = read("SELECT nextval('spacetime._subscription_id')::text", &[])?;
    number(rows.into_iter().flatten().next().flatten())?.ok_or_else(|| broken("no number"))
}

/// The subscription with this id.
pub(crate) fn subscription(id: i64) -> Result<Option<SubscriptionRow>> {
    let rows = read(
        &format!("SELECT {COLUMNS} FROM spacetime._subscription WHERE id = $1::bigint"),
        &[Parameter::Text(&id.to_string())],
    )?;
    rows.into_iter().next().map(subscription_row).transpose()
}

/// Subscriptions of this session.
pub(crate) fn own_subscriptions() -> Result<Vec<SubscriptionRow>> {
    let query = format!(
        "SELECT {COLUMNS} FROM spacetime._subscription WHERE (pid, backend_start) = \
         (SELECT pid, backend_start FROM pg_stat_get_activity(pg_backend_pid()))"
    );
    read(&query, &[])?.into_iter().map(subscription_row).collect()
}

fn subscription_row(row: Row) -> Result<SubscriptionRow> {
    let mut columns = row.into_iter();
    let mut next = || columns.next().flatten();
    let present = |bytes: Option<Vec<u8>>| bytes.ok_or_else(|| broken("unexpected NULL"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(broken);
    Ok(SubscriptionRow {
        id: number(next())?.ok_or_else(|| broken("no id"))?,
        channel: text(present(next())?)?,
        query: text(present(next())?)?,
        role: Oid::from(text(present(next())?)?.parse::<u32>().map_err(broken)?),
        identity: Identity::from_be_bytes(present(next())?.try_into().map_err(|_| broken("wrong length"))?),
        login: next().map(text).transpose()?,
        rows: next(),
        since: present(next())?,
        seen: text(present(next())?)?,
    })
}

/// All subscriptions.
pub(crate) fn subscription_states() -> Result<Vec<SubscriptionState>> {
    let rows = read(
        "SELECT s.id::text, s.resumes::text, s.resume_after::text, \
         (EXISTS (SELECT FROM pg_stat_get_activity(s.pid) a WHERE a.backend_start = s.backend_start))::text \
         FROM spacetime._subscription s ORDER BY s.id",
        &[],
    )?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.into_iter();
            let mut next = || columns.next().flatten();
            Ok(SubscriptionState {
                id: number(next())?.ok_or_else(|| broken("no id"))?,
                resumes: number(next())?.unwrap_or_default(),
                resume_after: number(next())?,
                has_session: next().as_deref() == Some(b"true"),
            })
        })
        .collect()
}

fn number(bytes: Option<Vec<u8>>) -> Result<Option<i64>> {
    let parse = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(broken)?.parse().map_err(broken);
    bytes.map(parse).transpose()
}

/// Makes this session the one that a subscription sends to.
pub(crate) fn resume_subscription(id: i64, after: i64) -> Result<()> {
    write(
        "UPDATE spacetime._subscription s SET pid = a.pid, backend_start = a.backend_start, resumes = s.resumes + 1, \
         resume_after = $2 FROM pg_stat_get_activity(pg_backend_pid()) a WHERE s.id = $1",
        &[id.into(), after.into()],
    )
}

/// The first message that can be sent again; `None` while the session is there.
pub(crate) fn resumable_from(id: i64) -> Result<Option<i64>> {
    let query = "SELECT resumable_from::text FROM spacetime._subscription WHERE id = $1::bigint";
    let rows = read(query, &[Parameter::Text(&id.to_string())])?;
    number(rows.into_iter().flatten().next().flatten())
}

/// Notes which message could be sent first again.
pub(crate) fn note_resumable(id: i64, from: Option<i64>) -> Result<()> {
    write("UPDATE spacetime._subscription SET resumable_from = $2 WHERE id = $1", &[id.into(), from.into()])
}

/// Notes that the notifier has the rows of a subscription, and which evaluation it belongs to.
pub(crate) fn note_evaluation(id: i64, evaluation: i64) -> Result<()> {
    write(
        "UPDATE spacetime._subscription SET rows = NULL, evaluation = $2 WHERE id = $1",
        &[id.into(), evaluation.into()],
    )
}

/// Forgets a subscription.
pub(crate) fn delete_subscription(id: i64) -> Result<()> {
    write("DELETE FROM spacetime._subscription WHERE id = $1", &[id.into()])
}

/// Forgets what an earlier run of the notifier left: it alone knew what its subscribers hold.
pub(crate) fn left_subscriptions() -> Result<Vec<i64>> {
    write("DELETE FROM spacetime._subscription_row", &[])?;
    let rows = read("SELECT id::text FROM spacetime._subscription WHERE evaluation IS NOT NULL", &[])?;
    let ids = rows.into_iter().flatten().map(number).collect::<Result<Vec<_>>>()?;
    Ok(ids.into_iter().flatten().collect())
}

/// Subscriptions of sessions that have been in one transaction for longer than this.
pub(crate) fn subscriptions_in_transactions(seconds: i64) -> Result<Vec<i64>> {
    let rows = read(
        "SELECT s.id::text FROM spacetime._subscription s JOIN pg_stat_get_activity(NULL) a \
         ON a.pid = s.pid AND a.backend_start = s.backend_start \
         WHERE a.xact_start < clock_timestamp() - $1::bigint * interval '1 second'",
        &[Parameter::Text(&seconds.to_string())],
    )?;
    let ids = rows.into_iter().flatten().map(number).collect::<Result<Vec<_>>>()?;
    Ok(ids.into_iter().flatten().collect())
}

/// Keeps a row that is too large for a notification.
pub(crate) fn insert_large_row(id: i64, evaluation: i64, row: &str) -> Result<()> {
    let arguments: [DatumWithOid<'_>; 3] = [id.into(), evaluation.into(), row.into()];
    write("INSERT INTO spacetime._subscription_row (id, evaluation, \"row\") VALUES ($1, $2, $3)", &arguments)
}

/// Forgets large rows.
pub(crate) fn delete_large_rows(ids: &[i64]) -> Result<()> {
    write("DELETE FROM spacetime._subscription_row WHERE id = ANY ($1)", &[ids.to_vec().into()])
}

/// A large row of a subscription.
pub(crate) fn large_row(subscription: i64, id: i64) -> Result<Option<String>> {
    let rows = read(
        "SELECT r.\"row\" FROM spacetime._subscription s JOIN spacetime._subscription_row r USING (evaluation) \
         WHERE s.id = $1::bigint AND r.id = $2::bigint",
        &[Parameter::Text(&subscription.to_string()), Parameter::Text(&id.to_string())],
    )?;
    let row = rows.into_iter().flatten().next().flatten();
    row.map(|row| String::from_utf8(row).map_err(broken)).transpose()
}

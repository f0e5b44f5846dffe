//! A database that is spoken to in SQL, with the rights of the connection's role.

use std::time::Duration;

use serde_json::Value;
use spacetime_wire::http::step_text;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::log_tail::unseen;
use super::{Agreed, Plan, Rows, Step};
use crate::error::{Error, Result};

/// How often a log that is followed is looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(300);
/// Records that are read each time; all of them only if none of these is known.
const FOLLOW_RECORDS: u32 = 256;

pub(crate) struct Database {
    url: String,
    client: tokio_postgres::Client,
}

impl Database {
    /// Connects; the extension must be in the database.
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let connected = tokio_postgres::connect(url, NoTls).await;
        let (client, connection) = connected.map_err(|error| match error.as_db_error() {
            Some(_) => Error::Postgres(error),
            None => Error::DatabaseUnreachable(error),
        })?;
        tokio::spawn(connection);
        let installed =
            client.query_opt("SELECT extversion FROM pg_extension WHERE extname = 'spacetime'", &[]).await?;
        if installed.is_none() {
            return Err(Error::refused(
                "the extension spacetime is not in this database",
                "as a superuser: CREATE EXTENSION spacetime",
            ));
        }
        Ok(Self { url: url.to_owned(), client })
    }

    /// Connects again if the connection was lost.
    pub(super) async fn reconnect(&mut self) -> Result<()> {
        if self.client.is_closed() {
            *self = Self::connect(&self.url).await?;
        }
        Ok(())
    }

    async fn exists(&self, module: &str) -> Result<bool> {
        let question = "SELECT EXISTS (SELECT FROM spacetime.modules WHERE name = $1)";
        Ok(self.client.query_one(question, &[&module]).await?.try_get(0)?)
    }

    pub(super) async fn plan(&self, name: &str, wasm: &[u8]) -> Result<Plan> {
        if !self.exists(name).await? {
            return Ok(Plan::New);
        }
        let question = "SELECT kind, object, breaks_clients, refused_why \
                        FROM spacetime.plan_publish($1, $2, '{\"allow_breaking\": true}') ORDER BY step";
        let mut steps = Vec::new();
        let mut refusals = Vec::new();
        for row in self.client.query(question, &[&name, &wasm]).await? {
            let (kind, object): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if let Some(why) = row.try_get::<_, Option<String>>(3)? {
                refusals.push(why);
            }
            let text = step_text(&kind, &object);
            steps.push(Step { text, breaks_clients: row.try_get(2)? });
        }
        Ok(if refusals.is_empty() { Plan::Update(steps) } else { Plan::Impossible(refusals.join("\n")) })
    }

    pub(super) async fn publish(&self, name: &str, wasm: &[u8], agreed: Agreed) -> Result<String> {
        let options = serde_json::json!({
            "allow_breaking": agreed.break_clients || agreed.delete_data,
            "delete_data": agreed.delete_data && self.exists(name).await?,
        });
        let row =
            self.client.query_one("SELECT publish_module($1, $2, $3)", &[&name, &wasm, &options]).await?;
        let result: Value = row.try_get(0)?;
        Ok(format!("{name}, version {}", result["version"]))
    }

    pub(super) async fn call(
        &self,
        module: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<Option<Value>> {
        let question = "SELECT EXISTS (SELECT FROM spacetime.procedures WHERE module = $1 AND name = $2)";
        let is_procedure: bool = self.client.query_one(question, &[&module, &function]).await?.try_get(0)?;
        if !is_procedure {
            self.client.execute("SELECT call_reducer($1, $2, $3)", &[&module, &function, arguments]).await?;
            return Ok(None);
        }
        let row = self
            .client
            .query_one("CALL call_procedure($1, $2, $3, NULL)", &[&module, &function, arguments])
            .await?;
        Ok(row.try_get(0)?)
    }

    pub(super) async fn sql(&self, query: &str) -> Result<Vec<Rows>> {
        let mut results = Vec::new();
        for message in self.client.simple_query(query).await? {
            match message {
                SimpleQueryMessage::RowDescription(columns) => {
                    let names = columns.iter().map(|column| column.name().to_owned()).collect();
                    results.push(Rows { names, rows: Vec::new() });
                }
                SimpleQueryMessage::Row(row) => {
                    let cells =
                        (0..row.len()).map(|at| row.get(at).map_or(Value::Null, Value::from)).collect();
                    if let Some(result) = results.last_mut() {
                        result.rows.push(cells);
                    }
                }
                _ => {}
            }
        }
        Ok(results)
    }

    pub(super) async fn logs(&self, module: &str, count: u32) -> Result<Vec<Value>> {
        let question = "SELECT to_jsonb(l) FROM spacetime.logs($1, $2, 'trace') l ORDER BY at";
        let rows = self.client.query(question, &[&module, &i32::try_from(count).unwrap_or(i32::MAX)]).await?;
        rows.iter().map(|row| row.try_get(0).map_err(Error::from)).collect()
    }

    /// Postgres tells nobody of new records: looks again and again.
    pub(super) async fn follow_logs(
        &self,
        module: &str,
        count: u32,
        mut show: impl FnMut(&Value),
    ) -> Result<()> {
        let mut known = self.logs(module, count.max(1)).await?;
        known.iter().skip(known.len().saturating_sub(count as usize)).for_each(&mut show);
        loop {
            tokio::time::sleep(FOLLOW_INTERVAL).await;
            let mut now = self.logs(module, FOLLOW_RECORDS).await?;
            let mut new = unseen(&known, &now);
            if new == 0 && now.len() >= FOLLOW_RECORDS as usize {
                now = self.logs(module, u32::MAX).await?;
                new = unseen(&known, &now);
            }
            now[new..].iter().for_each(&mut show);
            known = now;
        }
    }

    pub(super) async fn describe(&self, module: &str) -> Result<Value> {
        Ok(self.client.query_one("SELECT spacetime.describe($1)", &[&module]).await?.try_get(0)?)
    }

    pub(super) async fn list(&self) -> Result<Rows> {
        let rows = self
            .client
            .query("SELECT name, version::text, owner_role FROM spacetime.modules ORDER BY name", &[]);
        let texts = |row: &tokio_postgres::Row| {
            (0..3)
                .map(|at| Ok(row.try_get::<_, Option<String>>(at)?.map_or(Value::Null, Value::from)))
                .collect()
        };
        Ok(Rows {
            names: ["name", "version", "owner"].map(String::from).to_vec(),
            rows: rows.await?.iter().map(texts).collect::<Result<_>>()?,
        })
    }

    pub(super) async fn delete(&self, module: &str) -> Result<()> {
        self.client.execute("SELECT spacetime.drop_module($1)", &[&module]).await?;
        Ok(())
    }
}

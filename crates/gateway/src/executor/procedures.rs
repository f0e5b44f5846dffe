//! Procedures: each on a connection of its own, beside reducers and each other. They begin and end their transactions
//! themselves, and may sleep for long in between.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_wire::ConnectionId;

use super::Arguments;
use crate::error::{Error, Result};
use crate::postgres::{Database, Pool, Pooled};
use crate::refusal::{Refusal, TRAPPED};

/// A call of a procedure.
#[derive(Debug)]
pub(crate) struct ProcedureCall {
    pub(crate) module: Identity,
    pub(crate) procedure: String,
    pub(crate) arguments: Arguments,
    pub(crate) sender: Identity,
    pub(crate) connection_id: ConnectionId,
    pub(crate) claims: Arc<str>,
    pub(crate) role: Option<Arc<str>>,
}

/// Why a procedure gave no result.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) sqlstate: Option<String>,
    /// What its caller may know.
    pub(crate) message: String,
}

/// Runs procedures.
pub(crate) struct Procedures {
    connections: Pool,
    limit: usize,
    role: Arc<str>,
}

/// A procedure that has its connection.
pub(crate) struct Start {
    connection: Pooled,
    role: Arc<str>,
}

impl Procedures {
    pub(crate) fn new(database: Arc<Database>, limit: usize, role: &str) -> Self {
        Self { connections: Pool::new(database, limit), limit, role: role.into() }
    }

    /// Takes a connection for a procedure.
    ///
    /// # Errors
    ///
    /// All are in use: who waits for a procedure that sleeps would wait for long.
    pub(crate) async fn start(&self) -> std::result::Result<Start, Failed> {
        match self.connections.try_now().await {
            Ok(Some(connection)) => Ok(Start { connection, role: Arc::clone(&self.role) }),
            Ok(None) => Err(Failed {
                sqlstate: Some("53300".into()),
                message: format!(
                    "{} procedures are running, more than the gateway runs at a time",
                    self.limit
                ),
            }),
            Err(error) => Err(failed(&error)),
        }
    }
}

impl Start {
    /// Runs it; the result is BSATN. What it has committed is durable.
    pub(crate) async fn run(self, call: &ProcedureCall) -> std::result::Result<Bytes, Failed> {
        let Self { connection, role } = self;
        let outcome = ask(&connection, call, &role).await;
        connection.give_back();
        outcome.map_err(|error| failed(&error))
    }
}

async fn ask(connection: &Pooled, call: &ProcedureCall, role: &str) -> Result<Bytes> {
    let module = call.module.to_string();
    let call = spacetime_call_batch::Call {
        module: &module,
        reducer: &call.procedure,
        role: call.role.as_deref().unwrap_or(role),
        sender: call.sender.to_le_bytes(),
        connection_id: call.connection_id.to_le_bytes(),
        claims: &call.claims,
        tag: 0,
        arguments: call.arguments.encoded(),
    };
    let call = spacetime_call_batch::encode(std::iter::once(call));
    let row = connection.query_one("CALL spacetime._call_procedure($1, NULL)", &[&call]).await?;
    Ok(Bytes::from(row.get::<_, Vec<u8>>(0)))
}

fn failed(error: &Error) -> Failed {
    let sqlstate = error.sqlstate().map(str::to_owned);
    let message = match Refusal::of(sqlstate.as_deref()) {
        Refusal::Trapped => TRAPPED.to_owned(),
        Refusal::NoSuchFunction => "No such procedure".to_owned(),
        _ if sqlstate.is_some() => error.message(),
        _ => "the connection to Postgres was lost; what the procedure has committed stays".to_owned(),
    };
    tracing::debug!(%error, "a procedure failed");
    Failed { sqlstate, message }
}

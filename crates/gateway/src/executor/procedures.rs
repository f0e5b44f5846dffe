//! Procedures: each on a connection of its own, beside reducers and each other. They begin and end their transactions
//! themselves, and may sleep for long in between.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_wire::ConnectionId;
use tokio_postgres::Statement;

use super::Arguments;
use crate::changes::Position;
use crate::error::Error;
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
    statement: Statement,
    settled: Statement,
    role: Arc<str>,
}

const CALL: &str = "CALL spacetime._call_procedure($1, NULL)";
const SETTLED: &str = "SELECT spacetime._settled_cursor()";

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
        let start = async {
            let Some(connection) = self.connections.try_now().await? else { return Ok(None) };
            let (statement, settled) =
                tokio::try_join!(connection.prepare(CALL), connection.prepare(SETTLED))?;
            Ok::<_, Error>(Some(Start { connection, statement, settled, role: Arc::clone(&self.role) }))
        };
        match start.await {
            Ok(Some(start)) => Ok(start),
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
    /// Runs it; the result is BSATN. What it has committed is durable, and in the change log before the place, which is not
    /// known if the connection is lost.
    pub(crate) async fn run(
        self,
        call: &ProcedureCall,
    ) -> (std::result::Result<Bytes, Failed>, Option<Position>) {
        let Self { connection, statement, settled, role } = self;
        let call = encoded(call, &role);
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&call];
        let (outcome, settled) =
            tokio::join!(connection.query_one(&statement, &parameters), connection.query_one(&settled, &[]),);
        connection.give_back();
        let position = settled.ok().and_then(|row| Position::of_cursor(row.get(0)).ok());
        let result = outcome.map(|row| Bytes::from(row.get::<_, Vec<u8>>(0)));
        (result.map_err(|error| failed(&error.into())), position)
    }
}

fn encoded(call: &ProcedureCall, role: &str) -> Vec<u8> {
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
    spacetime_call_batch::encode(std::iter::once(call))
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

//! Procedures that clients of a connection call. They run beside everything else; their answers come when they come.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::Message;
use tokio::sync::mpsc;

use super::connection::{Connection, now_us};
use super::protocol::{ProcedureAnswer, Reply};
use crate::executor::{Arguments, Failed, ProcedureCall};

impl Connection {
    /// Starts a procedure; its answer goes to `direct`.
    pub(super) async fn procedure(
        &self,
        procedure: String,
        arguments: Arguments,
        request_id: u32,
        direct: &mpsc::Sender<Message>,
    ) {
        let peer = &self.encoder.peer;
        let call = ProcedureCall {
            module: peer.module.identity,
            procedure,
            arguments,
            sender: peer.caller.identity,
            connection_id: peer.connection_id,
            claims: Arc::clone(&self.claims),
            role: peer.caller.role.clone(),
        };
        let (started_us, began) = (now_us(), Instant::now());
        // Here and not in the task: procedures of one client start in the order in which it has called them.
        let start = self.gateway.procedures.start().await;
        let (encoder, direct) = (self.encoder.clone(), direct.clone());
        tokio::spawn(async move {
            let outcome = match start {
                Ok(start) => start.run(&call).await,
                Err(failed) => Err(failed),
            };
            let mut answer = ProcedureAnswer {
                procedure: call.procedure,
                request_id,
                started_us,
                duration_us: i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX),
                outcome: outcome.map_err(|Failed { message, .. }| message),
            };
            let message = encoder.encode(&Reply::Procedure(&answer)).or_else(|error| {
                // Too large, or not of the type that the module names.
                answer.outcome = Err(error.to_string());
                encoder.encode(&Reply::Procedure(&answer))
            });
            match message {
                // Nobody receives once the connection has ended.
                Ok(Some(message)) => drop(direct.send(message).await),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the answer of a procedure could not be sent"),
            }
        });
    }
}

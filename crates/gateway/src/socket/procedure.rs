//! Procedures that clients of a connection call. They run beside everything else; each is answered when it has ended, after the
//! rows that it has written.

use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;

use super::connection::{Connection, now_us};
use crate::executor::{Arguments, Failed, ProcedureCall};
use crate::subscriptions::{Event, Input, ProcedureAnswer};

impl Connection {
    /// Starts a procedure.
    pub(super) async fn procedure(&self, procedure: String, arguments: Arguments, request_id: u32) {
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
        let (client, hub) = (self.id, self.hub.clone());
        let answer = move |procedure, outcome: Result<_, Failed>| {
            let duration_us = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
            let outcome = outcome.map_err(|Failed { message, .. }| message);
            Event::Procedure(ProcedureAnswer { procedure, request_id, started_us, duration_us, outcome })
        };
        match self.gateway.procedures.start().await {
            Ok(start) => {
                let mut running = Box::pin(async move {
                    let (outcome, after) = start.run(&call).await;
                    let event = answer(call.procedure, outcome);
                    // The hub lives as long as the gateway.
                    drop(hub.send(Input::Tell { client, after, event }));
                });
                // Sends the CALL, before the client's next message is handled: its procedures start in the order in which it
                // has called them.
                if running.as_mut().now_or_never().is_none() {
                    tokio::spawn(running);
                }
            }
            Err(failed) => self.tell(answer(call.procedure, Err(failed)), None),
        }
    }
}

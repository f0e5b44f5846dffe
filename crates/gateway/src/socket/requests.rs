//! What clients ask for: one message after the other, in the order in which they came.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::ws::Message;
use spacetime_wire::RowList;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::connection::{Connection, End};
use super::protocol::{Reply as Answer, Request};
use crate::executor::QueuedCall;
use crate::postgres::RightsSeen;
use crate::state::Gateway;
use crate::subscriptions::{
    AppliedTable, Event, Input, Reply, Request as SetRequest, Subscribe, SubscribeKind, one_off, plans,
};

/// A message that waits to be handled, and the room it takes meanwhile.
pub(super) struct ReadAhead {
    pub(super) message: Message,
    pub(super) _room: OwnedSemaphorePermit,
}

impl Connection {
    /// Handles messages until no more come. Subscriptions are awaited: what comes after one finds it there. Answers that
    /// need no hub go to `direct`.
    pub(super) async fn handle(
        &self,
        mut requests: mpsc::UnboundedReceiver<ReadAhead>,
        direct: &mpsc::Sender<Message>,
    ) -> Result<(), End> {
        while let Some(ReadAhead { message, _room }) = requests.recv().await {
            self.message(message, direct).await?;
        }
        Ok(())
    }

    async fn message(&self, message: Message, direct: &mpsc::Sender<Message>) -> Result<(), End> {
        let peer = &self.encoder.peer;
        for request in self.encoder.protocol.decode(message, &self.encoder.limits)? {
            match request {
                Request::Call { reducer, arguments, request_id, is_quiet } => {
                    let is_early = !self.is_confirmed;
                    let reply = Reply::Socket { client: self.id, request_id, is_quiet, is_early };
                    let call = QueuedCall {
                        reducer,
                        arguments,
                        sender: peer.caller.identity,
                        connection_id: peer.connection_id,
                        claims: Arc::clone(&self.claims),
                        role: peer.caller.role.clone(),
                        reply,
                        room: None,
                    };
                    self.queue(call).await?;
                }
                Request::Procedure { procedure, arguments, request_id } => {
                    self.procedure(procedure, arguments, request_id, direct).await;
                }
                Request::Subscribe { request, queries } => self.subscribe(request, &queries, direct).await?,
                Request::Unsubscribe { request } => {
                    drop(self.hub.send(Input::Unsubscribe { client: self.id, request }));
                }
                Request::OneOff { id, query } => {
                    let result = self.one_off(&query).await;
                    self.say(&Answer::OneOff { id: &id, result }, direct).await?;
                }
            }
        }
        Ok(())
    }

    /// Nothing more is handled while there is no room: who sends faster than calls can be run waits, and nobody else.
    async fn queue(&self, call: QueuedCall) -> Result<(), End> {
        let module = self.encoder.peer.module.identity;
        let queued = self.gateway.executors.submit_in_turn(module, &self.room, call).await;
        queued.map_err(|error| End::new(error.close_code(), error.to_string()))
    }

    async fn subscribe(
        &self,
        request: SetRequest,
        queries: &[String],
        direct: &mpsc::Sender<Message>,
    ) -> Result<(), End> {
        match self.plans(request.kind, queries).await {
            Ok((plans, rights)) => {
                let (unanswered, answered) = oneshot::channel();
                let subscribe = Subscribe { client: self.id, request, plans, rights, unanswered };
                drop(self.hub.send(Input::Subscribe(subscribe)));
                self.answered(answered).await;
                Ok(())
            }
            Err(error) => {
                let event = Event::SubscriptionRefused { request, error: error.to_string() };
                self.say(&Answer::Event(&event), direct).await
            }
        }
    }

    /// Until the hub has answered, or nobody is there to be answered.
    async fn answered(&self, answered: oneshot::Receiver<Infallible>) {
        let mut gone = self.gone.subscribe();
        tokio::select! {
            _ = answered => {}
            _ = gone.wait_for(|gone| *gone) => {}
        }
    }

    async fn plans(
        &self,
        kind: SubscribeKind,
        queries: &[String],
    ) -> crate::Result<(Vec<crate::subscriptions::Plan>, Option<RightsSeen>)> {
        let identity = self.encoder.peer.module.identity;
        // Before the plans: rights that change meanwhile make them outdated.
        let rights = self.gateway.database.rights(Some(identity)).await?.pop().map(|(_, seen)| seen);
        // The version of now: it may have been published since the connection was made.
        let module = self.gateway.database.module(&self.encoder.peer.module.key()).await?;
        let asker = Gateway::asker(&module, &self.encoder.peer.caller);
        let mut all = Vec::new();
        for query in queries {
            all.extend(plans(&module, &asker, query)?);
        }
        let is_v1 = kind != SubscribeKind::QuerySet;
        if let Some(event_table) = all.iter().find(|plan| is_v1 && plan.table.is_event) {
            let name = &event_table.table.name;
            return Err(crate::Error::Query(format!("event table `{name}` requires WebSocket v2")));
        }
        Ok((all, rights.filter(|_| !asker.is_owner)))
    }

    async fn one_off(&self, query: &str) -> Result<AppliedTable, String> {
        let found = async {
            let module = self.gateway.database.module(&self.encoder.peer.module.key()).await?;
            let asker = Gateway::asker(&module, &self.encoder.peer.caller);
            let (table, rows) = one_off(&self.gateway.database, &module, &asker, query).await?;
            Ok(AppliedTable { table, rows: RowList::new(rows)? })
        };
        found.await.map_err(|error: crate::Error| error.message())
    }
}

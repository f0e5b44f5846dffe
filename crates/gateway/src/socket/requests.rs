//! What clients ask for: one message after the other, in the order in which they came.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::ws::Message;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::connection::{Connection, End};
use super::protocol::Request;
use crate::changes::Position;
use crate::executor::QueuedCall;
use crate::postgres::RightsSeen;
use crate::state::Gateway;
use crate::subscriptions::{
    Event, Input, OneOffId, OneOffQuery, Question, Reply, Request as SetRequest, Subscribe, SubscribeKind,
    plans,
};

/// A message that waits to be handled, and the room it takes meanwhile.
pub(super) struct ReadAhead {
    pub(super) message: Message,
    pub(super) _room: OwnedSemaphorePermit,
}

impl Connection {
    /// Handles messages until no more come. Subscriptions are awaited: what comes after one finds it there.
    pub(super) async fn handle(&self, mut requests: mpsc::UnboundedReceiver<ReadAhead>) -> Result<(), End> {
        while let Some(ReadAhead { message, _room }) = requests.recv().await {
            self.message(message).await?;
        }
        Ok(())
    }

    async fn message(&self, message: Message) -> Result<(), End> {
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
                    self.procedure(procedure, arguments, request_id).await;
                }
                Request::Subscribe { request, queries } => self.subscribe(request, &queries).await,
                Request::Unsubscribe { request } => {
                    drop(self.hub.send(Input::Unsubscribe { client: self.id, request }));
                }
                Request::OneOff { id, query } => self.one_off(id, &query).await,
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

    async fn subscribe(&self, request: SetRequest, queries: &[String]) {
        match self.plans(request.kind, queries).await {
            Ok((plans, rights)) => {
                let (unanswered, answered) = oneshot::channel();
                let subscribe = Subscribe { client: self.id, request, plans, rights, unanswered };
                drop(self.hub.send(Input::Subscribe(subscribe)));
                self.answered(answered).await;
            }
            Err(error) => self.tell(Event::SubscriptionRefused { request, error: error.to_string() }, None),
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
        let peer = &self.encoder.peer;
        let database = &self.gateway.database;
        let role = database.role_of(peer.caller.role.as_ref());
        // Before the plans: rights that change meanwhile make them outdated.
        let rights = database.watch(peer.module.identity, role).await?;
        // The version of now: it may have been published since the connection was made.
        let module = database.module_as(&peer.module.key(), role).await?;
        let asker = Gateway::asker(&module, &peer.caller);
        let mut all = Vec::new();
        for query in queries {
            let planned = plans(&module, &asker, query)?;
            let selections: Vec<_> =
                planned.iter().filter_map(crate::subscriptions::Plan::selection).collect();
            database.check_row_limit(&module, asker.is_owner, &selections).await?;
            all.extend(planned);
        }
        let is_v1 = kind != SubscribeKind::QuerySet;
        if let Some(event_table) = all.iter().find(|plan| is_v1 && plan.table.is_event) {
            let name = &event_table.table.name;
            return Err(crate::Error::Query(format!("event table `{name}` requires WebSocket v2")));
        }
        Ok((all, rights.filter(|_| !asker.is_owner)))
    }

    async fn one_off(&self, id: OneOffId, query: &str) {
        let checked = async {
            let peer = &self.encoder.peer;
            let role = self.gateway.database.role_of(peer.caller.role.as_ref());
            let module = self.gateway.database.module_as(&peer.module.key(), role).await?;
            let asker = Gateway::asker(&module, &peer.caller);
            OneOffQuery::check(&self.gateway.database, &module, &asker, query).await
        };
        match checked.await {
            Ok(query) => {
                let (unanswered, answered) = oneshot::channel();
                let question = Question { client: self.id, id, query, _unanswered: unanswered };
                drop(self.hub.send(Input::Ask(question)));
                self.answered(answered).await;
            }
            Err(error) => self.tell(Event::OneOff { id, result: Err(error.message()) }, None),
        }
    }

    /// Has the client told something, once it has been told everything before a place.
    pub(super) fn tell(&self, event: Event, after: Option<Position>) {
        // The hub lives as long as the gateway.
        drop(self.hub.send(Input::Tell { client: self.id, after, event }));
    }
}

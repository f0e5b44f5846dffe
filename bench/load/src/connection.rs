//! A connection to the server.

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use spacetime_wire::envelope;
use spacetime_wire::v2::{CallReducer, ClientMessage, QuerySetId, ServerMessage, Subscribe};
use spacetime_wire::{Limits, V2_BSATN, V3_BSATN, v3};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::error::{Error, Result};

type Socket = WebSocketStream<TcpStream>;

pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) protocol: u8,
}

/// Sends messages.
pub(crate) struct Sender {
    sink: SplitSink<Socket, Message>,
    protocol: u8,
    requests: u32,
}

/// Receives messages.
pub(crate) struct Receiver {
    stream: SplitStream<Socket>,
    limits: Limits,
}

impl Server {
    /// Connects as somebody new; returns when the server has let it in.
    pub(crate) async fn connect(&self, module: &str) -> Result<(Sender, Receiver)> {
        let address = &self.address;
        let mut request = format!("ws://{address}/v1/database/{module}/subscribe?compression=None")
            .into_client_request()?;
        let protocol = HeaderValue::from_static(if self.protocol == 2 { V2_BSATN } else { V3_BSATN });
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        let (sink, stream) = socket.split();
        let mut receiver = Receiver { stream, limits: Limits::default() };
        match receiver.next().await?.as_slice() {
            [ServerMessage::InitialConnection(_), ..] => {}
            other => return Err(Error::Refused(format!("{other:?}"))),
        }
        Ok((Sender { sink, protocol: self.protocol, requests: 0 }, receiver))
    }
}

impl Sender {
    /// Calls a reducer once for each of `arguments`; gives the number of the first of these requests, which count up.
    pub(crate) async fn call(
        &mut self,
        reducer: &str,
        arguments: impl IntoIterator<Item = Bytes>,
    ) -> Result<u32> {
        let first = self.requests;
        let mut batch = v3::Batch::default();
        for args in arguments {
            let call = CallReducer { request_id: self.requests, flags: 0, reducer: reducer.to_owned(), args };
            self.requests = self.requests.wrapping_add(1);
            let message = ClientMessage::CallReducer(call).encode()?;
            if self.protocol == 2 {
                self.sink.feed(Message::Binary(message)).await?;
            } else if !batch.push(&message) {
                self.sink.feed(Message::Binary(batch.take().into())).await?;
                batch.push(&message);
            }
        }
        if !batch.is_empty() {
            self.sink.feed(Message::Binary(batch.take().into())).await?;
        }
        self.sink.flush().await?;
        Ok(first)
    }

    /// Asks for a subscription.
    pub(crate) async fn subscribe(&mut self, query: &str) -> Result<()> {
        let subscribe = Subscribe {
            request_id: self.requests,
            query_set_id: QuerySetId { id: 1 },
            query_strings: vec![query.to_owned()],
        };
        self.requests = self.requests.wrapping_add(1);
        let message = ClientMessage::Subscribe(subscribe).encode()?;
        Ok(self.sink.send(Message::Binary(message)).await?)
    }
}

impl Receiver {
    /// The messages of the next frame.
    pub(crate) async fn next(&mut self) -> Result<Vec<ServerMessage>> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(frame))) => {
                    let frame = envelope::open(&frame, self.limits.outgoing_bytes)?;
                    // A frame of version 2 is one of version 3 with one message.
                    return Ok(v3::decode_server(&frame, &self.limits)?);
                }
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| format!("{} {}", frame.code, frame.reason));
                    return Err(Error::Closed(reason.unwrap_or_default()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(Error::Closed("without a word".into())),
            }
        }
    }
}

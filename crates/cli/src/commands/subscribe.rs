//! `spacetime subscribe`: what clients of a query are told, as it happens. Speaks v1 of the protocol in JSON (wire.md §2).

use clap::Args;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::target::Server;
use crate::terminal;

/// Shows the rows of queries and every change of them, one JSON object per line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module.
    module: String,
    /// `SELECT * FROM …`, one or more.
    #[arg(required = true)]
    queries: Vec<String>,
    /// Stop after so many updates; 0 shows the rows of now [default: until Ctrl-C].
    #[arg(long, short, value_name = "N")]
    num_updates: Option<u32>,
    /// Server: a URL, or a name (see `spacetime server`) [default: where `spacetime start` listens].
    #[arg(long, short)]
    server: Option<String>,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let settings = Settings::read()?;
    let mut server = Server::new(settings.server(options.server.as_deref())?, &settings)?;
    server.identify().await?;
    let url = format!("{}/v1/database/{}/subscribe", server.url().replacen("http", "ws", 1), options.module);
    let problem = |error: tokio_tungstenite::tungstenite::Error| match error {
        tokio_tungstenite::tungstenite::Error::Http(response) => Error::Answer {
            status: response.status().as_u16(),
            text: response
                .body()
                .as_ref()
                .map(|body| String::from_utf8_lossy(body).into_owned())
                .unwrap_or_default(),
        },
        error => Error::Plain(format!("the connection to {} broke: {error}", options.module)),
    };
    let mut request = url.into_client_request().map_err(problem)?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("v1.json.spacetimedb"));
    if let Some(token) =
        server.token().and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok())
    {
        request.headers_mut().insert("authorization", token);
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.map_err(problem)?;
    let subscribe = json!({"Subscribe": {"query_strings": options.queries, "request_id": 1}});
    socket.send(Message::text(subscribe.to_string())).await.map_err(problem)?;
    let mut updates = 0;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(problem)? else { continue };
        if !show(&serde_json::from_str(&text)?)? {
            continue;
        }
        updates += 1;
        if options.num_updates.is_some_and(|wanted| updates > wanted) {
            break;
        }
    }
    Ok(())
}

/// Prints what a message tells of rows; whether it does.
fn show(message: &Value) -> Result<bool> {
    let Some((kind, body)) = message.as_object().and_then(|message| message.iter().next()) else {
        return Ok(false);
    };
    let update = match kind.as_str() {
        "InitialSubscription" => &body["database_update"],
        "TransactionUpdate" => match body["status"].as_object().and_then(|status| status.iter().next()) {
            Some((status, update)) if status == "Committed" => update,
            _ => return Ok(false),
        },
        "TransactionUpdateLight" => &body["update"],
        "SubscriptionError" => {
            return Err(Error::Plain(
                body["error"].as_str().unwrap_or("the subscription was refused").into(),
            ));
        }
        _ => return Ok(false),
    };
    for table in update["tables"].as_array().into_iter().flatten() {
        for change in table["updates"].as_array().into_iter().flatten() {
            let rows = json!({
                "table": table["table_name"], "inserts": rows(&change["inserts"]), "deletes": rows(&change["deletes"]),
            });
            terminal::out(rows);
        }
    }
    Ok(true)
}

/// Rows are JSON texts in JSON.
fn rows(list: &Value) -> Vec<Value> {
    let texts = list.as_array().into_iter().flatten();
    texts
        .map(|row| {
            row.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| row.clone())
        })
        .collect()
}

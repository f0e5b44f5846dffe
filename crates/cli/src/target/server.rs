//! A gateway's HTTP interface (wire.md §5), with the user's token for it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use spacetime_auth::Identity;
use spacetime_definition::Definition;
use spacetime_wire::http::schema::{self, Version};

use super::{Agreed, Plan, Rows, Step};
use crate::error::{Error, Result};
use crate::settings::Settings;

pub(crate) struct Server {
    url: String,
    client: reqwest::Client,
    token: Option<String>,
    /// What the last plan was confirmed with.
    plan_token: Option<String>,
}

impl Server {
    pub(crate) fn new(url: String, settings: &Settings) -> Result<Self> {
        let token = settings.tokens.get(&url).cloned();
        Ok(Self { client: reqwest::Client::builder().build()?, url, token, plan_token: None })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/v1/{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response =
            request.send().await.map_err(|source| Error::Unreachable { url: self.url.clone(), source })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await?;
        let text = if text.trim().is_empty() { status.to_string() } else { text.trim().to_owned() };
        if status == StatusCode::UNAUTHORIZED && self.token.is_some() {
            return Err(Error::refused(
                format!("{} does not accept your token: {text}", self.url),
                "forget it with `spacetime login --logout`, or give another with --token",
            ));
        }
        Err(Error::Answer { status: status.as_u16(), text })
    }

    /// Sees to it that there is a token: the first command that needs an identity gets a new one, which is kept.
    pub(crate) async fn identify(&mut self) -> Result<()> {
        if self.token.is_some() {
            return Ok(());
        }
        let given: Value = self.send(self.request(Method::POST, "identity")).await?.json().await?;
        let token = given["token"].as_str().ok_or_else(|| Error::Plain("the server gave no token".into()))?;
        let mut settings = Settings::read()?;
        settings.tokens.insert(self.url.clone(), token.to_owned());
        settings.write()?;
        self.token = Some(token.to_owned());
        crate::terminal::note(format!(
            "You are {} at {} from now on.",
            given["identity"].as_str().unwrap_or("?"),
            self.url
        ));
        Ok(())
    }

    /// The caller's identity, which the server has checked.
    pub(crate) async fn identity(&mut self) -> Result<Identity> {
        self.identify().await?;
        let token = self.token.as_deref().unwrap_or_default();
        let identity = identity_of(token).ok_or_else(|| {
            Error::refused(
                "this is no token of an identity",
                "a token is a JWT: three parts with dots between them",
            )
        })?;
        self.send(self.request(Method::GET, &format!("identity/{identity}/verify"))).await?;
        Ok(identity)
    }

    pub(super) async fn plan(&mut self, name: &str, wasm: &[u8]) -> Result<Plan> {
        self.identify().await?;
        let request = self.request(Method::POST, &format!("database/{name}/pre_publish?style=NoColor"));
        let answer = match self.send(request.body(wasm.to_vec())).await {
            Ok(response) => response.json::<Value>().await?,
            Err(Error::Answer { status: 404, .. }) => return Ok(Plan::New),
            Err(error) => return Err(error),
        };
        if let Some(reason) = answer["ManualMigrate"]["reason"].as_str() {
            return Ok(Plan::Impossible(reason.to_owned()));
        }
        let plan = &answer["AutoMigrate"];
        self.plan_token = plan["token"].as_str().map(str::to_owned);
        let lines = plan["migrate_plan"]
            .as_str()
            .unwrap_or_default()
            .lines()
            .map(|line| line.trim_start_matches('▸').trim());
        let mut steps: Vec<_> = lines
            .filter(|line| !line.is_empty())
            .map(|line| Step {
                breaks_clients: line.ends_with("(disconnects clients)"),
                text: line.to_owned(),
            })
            .collect();
        if plan["break_clients"] == true && !steps.iter().any(|step| step.breaks_clients) {
            // Another server's words.
            steps.iter_mut().for_each(|step| step.breaks_clients = true);
        }
        Ok(Plan::Update(steps))
    }

    pub(super) async fn publish(&mut self, name: &str, wasm: &[u8], agreed: Agreed) -> Result<String> {
        self.identify().await?;
        let mut path = format!("database/{name}?host_type=Wasm");
        if agreed.delete_data {
            path.push_str("&clear=true");
        }
        if let Some(token) = self.plan_token.take().filter(|_| agreed.break_clients) {
            path.push_str(&format!("&policy=BreakClients&token={token}"));
        }
        let answer: Value =
            self.send(self.request(Method::PUT, &path).body(wasm.to_vec())).await?.json().await?;
        let done = &answer["Success"];
        let identity = done["database_identity"].as_str().unwrap_or_default();
        Ok(format!("{name} ({}), identity {identity}", done["op"].as_str().unwrap_or("done")))
    }

    pub(super) async fn call(
        &mut self,
        module: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<Option<Value>> {
        self.identify().await?;
        let request =
            self.request(Method::POST, &format!("database/{module}/call/{function}")).json(arguments);
        let text = self.send(request).await?.text().await?;
        if text.trim().is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
    }

    pub(super) async fn sql(&mut self, module: &str, query: &str) -> Result<Vec<Rows>> {
        self.identify().await?;
        let request = self.request(Method::POST, &format!("database/{module}/sql"));
        let results: Vec<Value> = self.send(request.body(query.to_owned())).await?.json().await?;
        Ok(results.iter().map(rows_of).collect())
    }

    pub(super) async fn logs(&mut self, module: &str, count: u32) -> Result<Vec<Value>> {
        self.identify().await?;
        let request = self.request(Method::GET, &format!("database/{module}/logs?num_lines={count}"));
        let text = self.send(request).await?.text().await?;
        text.lines().map(|line| serde_json::from_str(line).map_err(Error::from)).collect()
    }

    /// Records come one per line, and pieces of the answer end anywhere.
    pub(super) async fn follow_logs(
        &mut self,
        module: &str,
        count: u32,
        mut show: impl FnMut(&Value),
    ) -> Result<()> {
        self.identify().await?;
        let path = format!("database/{module}/logs?num_lines={count}&follow=true");
        let mut pieces = self.send(self.request(Method::GET, &path)).await?.bytes_stream();
        let mut text = Vec::new();
        while let Some(piece) = pieces.next().await {
            text.extend_from_slice(&piece?);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                show(&serde_json::from_slice(&line)?);
            }
        }
        Ok(())
    }

    /// Whether the server answers, and its Postgres does.
    pub(super) async fn is_healthy(&self) -> bool {
        self.send(self.request(Method::GET, "health")).await.is_ok()
    }

    /// The schema in the newest version that the server has.
    pub(super) async fn schema(&mut self, module: &str) -> Result<(Version, Value)> {
        let ask = |version| self.request(Method::GET, &format!("database/{module}/schema?version={version}"));
        match self.send(ask(10)).await {
            Ok(response) => Ok((Version::V10, response.json().await?)),
            Err(Error::Answer { status: 400, .. }) => {
                Ok((Version::V9, self.send(ask(9)).await?.json().await?))
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn definition(&mut self, module: &str) -> Result<Definition> {
        let (version, body) = self.schema(module).await?;
        Ok(spacetime_definition::decode(&schema::description(version, &body)?)?)
    }

    pub(super) async fn list(&mut self) -> Result<Rows> {
        let identity = self.identity().await?;
        let request = self.request(Method::GET, &format!("identity/{identity}/databases"));
        let answer: Value = self.send(request).await?.json().await?;
        let mut rows = Vec::new();
        for module in answer["identities"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let request = self.request(Method::GET, &format!("database/{module}/names"));
            let names: Value = self.send(request).await?.json().await?;
            let names = names["names"].as_array().into_iter().flatten().filter_map(Value::as_str);
            rows.push(vec![names.collect::<Vec<_>>().join(", ").into(), module.into()]);
        }
        Ok(Rows { names: vec!["name".into(), "identity".into()], rows })
    }

    pub(super) async fn delete(&mut self, module: &str) -> Result<()> {
        self.identify().await?;
        self.send(self.request(Method::DELETE, &format!("database/{module}"))).await?;
        Ok(())
    }
}

/// Whom a token speaks for, as it says itself.
fn identity_of(token: &str) -> Option<Identity> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    Some(Identity::derive(claims["iss"].as_str()?, claims["sub"].as_str()?))
}

/// One result of `/sql`, its values as a person reads them.
fn rows_of(result: &Value) -> Rows {
    let columns = result["schema"]["elements"].as_array();
    let names = columns.into_iter().flatten().enumerate().map(|(at, column)| {
        column["name"]["some"].as_str().map_or_else(|| format!("column {at}"), str::to_owned)
    });
    let rows = result["rows"].as_array().into_iter().flatten();
    let cells = |row: &Value| row.as_array().into_iter().flatten().map(plain).collect();
    Rows { names: names.collect(), rows: rows.map(cells).collect() }
}

/// A value without the wrapping of SATS-JSON that only programs need: `["0xc2…"]` of an identity.
fn plain(value: &Value) -> Value {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(only)]) if only.starts_with("0x") => Value::from(only.as_str()),
        _ => value.clone(),
    }
}

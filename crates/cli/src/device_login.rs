//! Logging in at an OpenID provider without a browser of our own: the device flow (RFC 8628). The user opens a page anywhere
//! and types a code; meanwhile we ask the provider again and again whether that has happened.

use std::time::Duration;

use reqwest::{Client, Url};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::terminal;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Time between two questions where the provider says nothing, and what one that is asked too often wants added (RFC 8628 §3.5).
const INTERVAL: Duration = Duration::from_secs(5);

/// A provider, and what we are called there.
pub(crate) struct Provider<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) scope: &'a str,
}

/// Logs in; returns the ID token, which says who the user is. An access token does not: it is for somebody else's interface.
///
/// # Errors
///
/// The provider cannot be reached, has no device flow, or the user refused or was too slow.
pub(crate) async fn log_in(provider: &Provider<'_>) -> Result<String> {
    let client = Client::builder().build()?;
    let issuer = provider.issuer.trim_end_matches('/');
    let address = format!("{issuer}/.well-known/openid-configuration");
    let found = answer(provider, client.get(checked(&address)?)).await?;
    let endpoint = |name: &str| {
        found[name].as_str().ok_or_else(|| {
            Error::refused(
                format!("{issuer} has no device flow: it names no {name}"),
                "get a token in another way and give it with --token",
            )
        })
    };
    let token_endpoint = checked(endpoint("token_endpoint")?)?;
    let asked = [("client_id", provider.client_id), ("scope", provider.scope)];
    let begun =
        answer(provider, post(&client, checked(endpoint("device_authorization_endpoint")?)?, &asked)?)
            .await?;
    let (Some(device_code), Some(user_code)) = (begun["device_code"].as_str(), begun["user_code"].as_str())
    else {
        return Err(refusal(provider, &begun));
    };
    show(&begun, user_code);
    let mut interval =
        begun["interval"].as_u64().map_or(INTERVAL, |seconds| Duration::from_secs(seconds.max(1)));
    let form = [("grant_type", GRANT), ("device_code", device_code), ("client_id", provider.client_id)];
    loop {
        tokio::time::sleep(interval).await;
        let now = answer(provider, post(&client, token_endpoint.clone(), &form)?).await?;
        if let Some(token) = now["id_token"].as_str() {
            return Ok(token.to_owned());
        }
        match now["error"].as_str() {
            Some("authorization_pending") => {}
            Some("slow_down") => interval += INTERVAL,
            Some("expired_token") => {
                return Err(Error::refused("the code was not typed in time", "run the command again"));
            }
            Some("access_denied") => return Err(Error::Plain(format!("{issuer}: the login was refused"))),
            _ => return Err(refusal(provider, &now)),
        }
    }
}

fn show(begun: &Value, user_code: &str) {
    let page = begun["verification_uri_complete"].as_str().or(begun["verification_uri"].as_str());
    terminal::step("open", page.unwrap_or("the provider's page for devices"));
    terminal::step("code", user_code);
    terminal::note("Waiting until you have logged in there; Ctrl-C gives up.");
}

/// What a provider answers. Refusals of the flow come as JSON, too, with status 400.
async fn answer(provider: &Provider<'_>, request: reqwest::RequestBuilder) -> Result<Value> {
    let unreachable = |source| {
        Error::refused(
            format!("{} cannot be asked: {source}", provider.issuer),
            "--issuer is the URL that tokens name as `iss`",
        )
    };
    let response = request.header("accept", "application/json").send().await.map_err(unreachable)?;
    let status = response.status();
    let text = response.text().await.map_err(unreachable)?;
    match serde_json::from_str::<Value>(&text) {
        Ok(answer) if answer.is_object() => Ok(answer),
        _ => Err(Error::Plain(format!("{} answered {status}, and no JSON", provider.issuer))),
    }
}

fn post(client: &Client, to: Url, form: &[(&str, &str)]) -> Result<reqwest::RequestBuilder> {
    // A form's body is encoded as a query is.
    let encoded =
        Url::parse_with_params("http://form", form).map_err(|error| Error::Plain(error.to_string()))?;
    Ok(client
        .post(to)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded.query().unwrap_or_default().to_owned()))
}

/// An address that tokens may travel to: encrypted, or on this machine.
fn checked(address: &str) -> Result<Url> {
    let wrong = || Error::refused(format!("{address:?} is no address of a provider"), "https://…");
    let url = Url::parse(address).map_err(|_| wrong())?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "https" || (url.scheme() == "http" && is_local) { Ok(url) } else { Err(wrong()) }
}

fn refusal(provider: &Provider<'_>, answer: &Value) -> Error {
    let said = answer["error_description"].as_str().or(answer["error"].as_str());
    Error::refused(
        format!("{} refuses the login: {}", provider.issuer, said.unwrap_or("it gave no ID token")),
        "the client must be allowed the device flow, and the scope must contain openid",
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn tokens_travel_encrypted() {
        for good in ["https://a.example/x", "http://127.0.0.1:8/x", "http://localhost/x", "http://[::1]/"] {
            assert!(super::checked(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example", "ftp://a.example", "a.example", "", "http://localhost.a.example"] {
            assert!(super::checked(bad).is_err(), "{bad}");
        }
    }
}

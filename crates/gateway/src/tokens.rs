//! Who a request comes from. The database knows: its own key, the issuers it trusts, and their keys are in one place, so that
//! a token counts here exactly when `spacetime.login` takes it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use spacetime_auth::Identity;
use spacetime_wire::http::ErrorBody;
use tokio_postgres::Row;

use crate::error::{Error, Result};
use crate::postgres::{Database, Pool, identity_of};

/// DER of the head of a SubjectPublicKeyInfo of a P-256 key; the uncompressed point follows.
const SPKI_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// Issuers of the official command line tool's tokens.
const CLI_ISSUERS: [&str; 2] = ["https://auth.spacetimedb.com", "https://auth.spacetimedb.com/oidc"];
/// Tokens of other issuers that are checked at one time: each may wait for its issuer's keys.
const FOREIGN_MAX: usize = 8;
/// Longest wait for the turn of a token of another issuer.
const FOREIGN_LIMIT: Duration = Duration::from_secs(20);

/// Makes and checks tokens.
pub(crate) struct Tokens {
    database: Arc<Database>,
    /// Checking a foreign token may fetch keys, which must not hold up the shared connection.
    foreign: Pool,
    also_trust: Vec<String>,
}

/// A caller with a proof, or a new one.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// As presented, or freshly made.
    pub(crate) token: String,
    /// Claims as JSON text, for the guest.
    pub(crate) claims: String,
    /// The Postgres role that the token maps to.
    pub(crate) role: Option<Arc<str>>,
    /// The caller has presented a token.
    pub(crate) is_known: bool,
}

impl Tokens {
    /// `trust_cli`: tokens of the official command line tool's public issuer count, unless the database has decided.
    pub(crate) fn new(database: Arc<Database>, trust_cli: bool) -> Self {
        let also_trust = if trust_cli { CLI_ISSUERS.map(str::to_owned).into() } else { Vec::new() };
        Self { foreign: Pool::new(Arc::clone(&database), FOREIGN_MAX), database, also_trust }
    }

    /// An identity nobody had before, and its token.
    pub(crate) async fn new_caller(&self) -> Result<Caller> {
        let client = self.database.shared().await?;
        let question = "SELECT identity, token FROM spacetime.anonymous_token()";
        let row = client.query_one(question, &[]).await?;
        let token: String = row.get(1);
        let claims = payload(&token).ok_or_else(|| Error::Layout("a token has no claims".into()))?;
        Ok(Caller { identity: identity_of(row.get(0))?, token, claims, role: None, is_known: false })
    }

    /// Checks a token.
    pub(crate) async fn verify(&self, token: &str) -> Result<Caller> {
        let row =
            self.ask("SELECT identity, claims, role FROM spacetime._verify_token($1, $2)", token).await?;
        let role: Option<String> = row.get(2);
        Ok(Caller {
            identity: identity_of(row.get(0))?,
            token: token.to_owned(),
            claims: row.get(1),
            role: role.map(Arc::from),
            is_known: true,
        })
    }

    /// A token for a minute, with the claims of `token`.
    pub(crate) async fn for_websocket(&self, token: &str) -> Result<String> {
        Ok(self.ask("SELECT spacetime.websocket_token($1, $2)", token).await?.get(0))
    }

    /// Asks a question about a token.
    async fn ask(&self, question: &str, token: &str) -> Result<Row> {
        let issuer = spacetime_auth::issuer_unverified(token)?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&token, &self.also_trust];
        if issuer == spacetime_auth::LOCAL_ISSUER {
            let client = self.database.shared().await?;
            return client.query_one(question, &parameters).await.map_err(refused);
        }
        let turn = tokio::time::timeout(FOREIGN_LIMIT, self.foreign.wait()).await;
        let client =
            turn.map_err(|_| ErrorBody::Unavailable("too many tokens are being checked".into()))??;
        let row = client.query_one(question, &parameters).await;
        client.give_back();
        row.map_err(refused)
    }

    /// The public half of the key that signs, in PEM.
    pub(crate) async fn public_pem(&self) -> Result<String> {
        let client = self.database.shared().await?;
        let question = "SELECT spacetime.public_keys() -> 'keys' -> 0";
        let mut key: Option<serde_json::Value> = client.query_one(question, &[]).await?.get(0);
        if key.is_none() {
            // The key is made with the first token.
            self.new_caller().await?;
            key = client.query_one(question, &[]).await?.get(0);
        }
        pem(&key.unwrap_or_default())
    }
}

/// What a token is refused with is for its bearer; anything else is not the token's fault.
fn refused(error: tokio_postgres::Error) -> Error {
    let Some(report) = error.as_db_error() else { return error.into() };
    match report.code().code() {
        // The token; its issuer's options; its role; its issuer does not answer, or not as it should.
        "28000" | "22023" | "42501" | "08006" | "08P01" => {
            let hint = report.hint().map(|hint| format!(". {hint}")).unwrap_or_default();
            ErrorBody::InvalidToken(format!("{}{hint}", report.message())).into()
        }
        _ => error.into(),
    }
}

/// The claims of a token of our own, as text.
fn payload(token: &str) -> Option<String> {
    let part = token.split('.').nth(1)?;
    String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// A P-256 key in PEM.
fn pem(key: &serde_json::Value) -> Result<String> {
    let part = |name: &str| {
        let text = key.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|error| Error::Layout(error.to_string()))
    };
    let der = [SPKI_HEAD.to_vec(), part("x")?, part("y")?].concat();
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let (first, second) = text.split_at(64.min(text.len()));
    Ok(format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n"))
}

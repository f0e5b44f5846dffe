//! Who a request comes from: tokens of our own key. (Issuers trusted with `spacetime.trust_issuer` are not asked yet.)

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use spacetime_auth::{Examined, Identity, OwnKey, Trust};
use spacetime_wire::http::ErrorBody;

use crate::error::{Error, Result};

/// DER of the head of a SubjectPublicKeyInfo of a P-256 key; the uncompressed point follows.
const SPKI_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// The gateway's key.
pub(crate) struct Tokens {
    key: OwnKey,
}

/// A caller with a proof, or a new one.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// As presented, or freshly made.
    pub(crate) token: String,
    /// Claims as JSON text, for the guest.
    pub(crate) claims: String,
    /// The caller has presented a token.
    pub(crate) is_known: bool,
}

impl Tokens {
    /// Reads the key, or makes it at the first start.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |action, source| Error::File { action, path: path.display().to_string(), source };
        match std::fs::read_to_string(path) {
            Ok(pem) => Ok(Self { key: OwnKey::from_pem(&pem)? }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = OwnKey::generate()?;
                write_private(path, &key.to_pem()).map_err(|source| failed("write", source))?;
                tracing::info!(path = %path.display(), "made a new key for tokens");
                Ok(Self { key })
            }
            Err(source) => Err(failed("read", source)),
        }
    }

    /// An identity nobody had before, and its token.
    pub(crate) fn new_caller(&self) -> Result<Caller> {
        let (_, token) = self.key.mint_anonymous(now())?;
        Ok(Caller { is_known: false, ..self.verify(&token)? })
    }

    /// Checks a token.
    pub(crate) fn verify(&self, token: &str) -> Result<Caller> {
        let verified = self.examine(token)?;
        let (identity, claims) = (verified.identity, verified.payload);
        Ok(Caller { identity, token: token.to_owned(), claims, is_known: true })
    }

    /// A token for a minute, with the claims of `token`.
    pub(crate) fn for_websocket(&self, token: &str) -> Result<String> {
        Ok(self.key.mint_websocket(&self.examine(token)?, now())?)
    }

    fn examine(&self, token: &str) -> Result<spacetime_auth::Verified> {
        let own = [self.key.public().clone()];
        let trust = Trust { own_keys: &own, issuers: &[], distrusted: &[] };
        match trust.examine(token, now())? {
            Examined::Verified(verified) => Ok(*verified),
            // Without trusted issuers there is nobody to ask.
            Examined::Pending(_) => {
                Err(ErrorBody::InvalidToken("the token's issuer is not trusted".into()).into())
            }
        }
    }

    /// The public half in PEM.
    pub(crate) fn public_pem(&self) -> Result<String> {
        let part = |name: &str| {
            let text = self.key.public_jwk().get(name).and_then(|value| value.as_str()).unwrap_or_default();
            base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|error| Error::Layout(error.to_string()))
        };
        let der = [SPKI_HEAD.to_vec(), part("x")?, part("y")?].concat();
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        let (first, second) = text.split_at(64.min(text.len()));
        pem.push_str(&format!("{first}\n{second}\n-----END PUBLIC KEY-----\n"));
        Ok(pem)
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

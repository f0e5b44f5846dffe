//! A token's form: three parts, a header, claims. Nothing in here is verified yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::error::{Error, Result};
use crate::json::parse_object;

/// Tokens above this size are not looked at. Those of large directories with groups reach 8 KiB.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// A header holds an algorithm, a type and a key's name; some issuers add certificates.
const HEADER_BYTES_MAX: usize = 8 * 1024;
const KEY_ID_BYTES_MAX: usize = 256;
const CLAIMS_MAX: usize = 256;
/// Types that name a token for logging in (RFC 7519, RFC 9068). Others, such as logout tokens and DPoP proofs, are signed
/// with the same keys and mean something else.
const TYPES: [&str; 5] = ["JWT", "at+jwt", "application/at+jwt", "id+jwt", "application/jwt"];

/// A token taken apart.
pub(crate) struct Token {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    /// First two parts with the dot between: what is signed.
    pub(crate) signed: String,
    /// Third part, as it stands in the token; known to be base64url.
    pub(crate) signature: String,
    pub(crate) claims: Map<String, Value>,
    /// The claims as the issuer wrote them.
    pub(crate) payload: String,
}

impl Token {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(Error::Malformed("it is longer than 16 KiB"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            let problem = match parts.len() {
                5 => "it is encrypted, not signed",
                _ => "it does not have three parts",
            };
            return Err(Error::Malformed(problem));
        };
        let signed = text[..header.len() + 1 + payload.len()].to_owned();
        let header = decode(header)?;
        if header.len() > HEADER_BYTES_MAX {
            return Err(Error::Malformed("its header is longer than 8 KiB"));
        }
        let (algorithm, key_id) = read_header(&parse_object(&header).map_err(Error::Malformed)?)?;
        let payload = decode(payload)?;
        let claims = parse_object(&payload).map_err(Error::Malformed)?;
        if claims.len() > CLAIMS_MAX {
            return Err(Error::Malformed("it has more than 256 claims"));
        }
        if signature.is_empty() {
            return Err(Error::Signature(": there is none"));
        }
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| Error::Malformed("a part is not base64url"))?;
        Ok(Self { algorithm, key_id, signed, signature: signature.to_owned(), claims, payload })
    }
}

fn decode(part: &str) -> Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Malformed("a part is not base64url"))?;
    String::from_utf8(bytes).map_err(|_| Error::Malformed("a part is not UTF-8"))
}

/// Reads the members that matter. Keys and addresses of keys in a header (`jwk`, `jku`, `x5c`, `x5u`) are the token's own
/// word about who may have signed it, and are never used.
fn read_header(header: &Map<String, Value>) -> Result<(Algorithm, Option<String>)> {
    if header.contains_key("crit") || header.contains_key("b64") || header.contains_key("zip") {
        return Err(Error::Malformed("its header demands an extension that is not known here"));
    }
    match header.get("typ") {
        None => {}
        Some(Value::String(kind)) if TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) => {}
        Some(_) => return Err(Error::Malformed("its type says that it is not for logging in")),
    }
    let algorithm = match header.get("alg") {
        Some(Value::String(name)) => Algorithm::from_name(name)?,
        _ => return Err(Error::Algorithm("the header names none".to_owned())),
    };
    let key_id = match header.get("kid") {
        None | Some(Value::Null) => None,
        Some(Value::String(key_id)) if key_id.len() <= KEY_ID_BYTES_MAX => Some(key_id.clone()),
        Some(_) => return Err(Error::Malformed("its key id is not a string of at most 256 bytes")),
    };
    Ok((algorithm, key_id))
}

/// The issuer a token claims, for deciding which rows to load before [`crate::Trust::examine`]. It proves nothing.
pub fn issuer_unverified(token: &str) -> Result<String> {
    match Token::parse(token)?.claims.get("iss") {
        Some(Value::String(issuer)) => Ok(issuer.clone()),
        _ => Err(Error::claim("iss", "is missing or not a string")),
    }
}

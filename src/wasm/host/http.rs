//! HTTP requests of procedures, as guests write them and as they read the answers (module-abi.md §2.6).

use spacetime_definition::Error;
use spacetime_definition::bsatn::Reader;

/// A request but for its body. The version that a guest asks for is ignored, as in the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) timeout_us: Option<i64>,
    pub(crate) uri: String,
}

/// The protocol a server speaks, as guests number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    Http09 = 0,
    Http10 = 1,
    Http11 = 2,
    Http2 = 3,
    Http3 = 4,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpResponse {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) version: HttpVersion,
    pub(crate) code: u16,
    pub(crate) body: Vec<u8>,
}

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Reads a request in BSATN.
pub(super) fn decode(bytes: &[u8]) -> Result<HttpRequest, Error> {
    let mut reader = Reader::new(bytes);
    let method = match METHODS.get(reader.tag(METHODS.len() + 1)?) {
        Some(method) => (*method).to_owned(),
        None => reader.string()?.to_owned(),
    };
    let mut headers = Vec::new();
    for _ in 0..reader.length()? {
        headers.push((reader.string()?.to_owned(), reader.bytes()?.to_vec()));
    }
    let timeout_us = match reader.tag(2)? {
        0 => Some(i64::from_le_bytes(reader.array()?)),
        _ => None,
    };
    let uri = reader.string()?.to_owned();
    reader.tag(5)?;
    reader.finish()?;
    Ok(HttpRequest { method, headers, timeout_us, uri })
}

/// Writes a response without its body in BSATN.
pub(super) fn encode(response: &HttpResponse) -> Vec<u8> {
    let mut out = length(response.headers.len());
    for (name, value) in &response.headers {
        for part in [name.as_bytes(), value] {
            out.extend(length(part.len()));
            out.extend_from_slice(part);
        }
    }
    out.push(response.version as u8);
    out.extend(response.code.to_le_bytes());
    out
}

fn length(of: usize) -> Vec<u8> {
    (of as u32).to_le_bytes().to_vec()
}

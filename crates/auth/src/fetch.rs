//! How documents are got: the only thing about tokens that does I/O, and it knows nothing of tokens.

use std::time::Duration;

pub use spacetime_outbound::Failure as FetchError;

use crate::address::{Reach, parse_url, without_query};
use crate::error::{Error, Result};

/// Discovery documents have 2 KiB, key sets with certificates 40 KiB.
const BODY_BYTES_MAX: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);
const REDIRECTS_MAX: usize = 3;

/// One GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Checked for its form; the addresses its host resolves to are the fetcher's to check.
    pub url: String,
    /// If not set, a fetcher connects only to addresses for which [`spacetime_outbound::is_public`] holds.
    pub private_addresses: bool,
    /// A fetcher stops reading once a body is longer.
    pub body_bytes_max: usize,
    /// From resolving the name to the last byte.
    pub timeout: Duration,
}

/// What came back, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Where a redirect points.
    pub location: Option<String>,
    /// At most as many bytes as asked for.
    pub body: Vec<u8>,
}

/// Gets documents. Redirects are not followed: whether to follow one is decided here.
pub trait Fetch {
    /// Gets one document.
    fn get(&self, request: Request)
    -> impl Future<Output = std::result::Result<Response, FetchError>> + Send;
}

/// Gets the JSON document at `address`, following redirects on the same host.
pub(crate) async fn get_document(
    fetch: &impl Fetch,
    address: &str,
    reach: Reach,
) -> Result<serde_json::Value> {
    let mut url = parse_url(address, reach)?;
    for _ in 0..=REDIRECTS_MAX {
        let request = Request {
            url: url.to_string(),
            private_addresses: reach.private_addresses,
            body_bytes_max: BODY_BYTES_MAX,
            timeout: TIMEOUT,
        };
        let response = fetch.get(request).await.map_err(|error| failed(url.as_str(), error))?;
        match (response.status, response.location) {
            (200, _) => {
                return serde_json::from_slice(&response.body)
                    .map_err(|_| document(url.as_str(), "it is not JSON"));
            }
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                let target =
                    url.join(&location).map_err(|_| document(url.as_str(), "it redirects to no URL"))?;
                if target.origin() != url.origin() {
                    return Err(document(url.as_str(), "it redirects to another host"));
                }
                url = parse_url(target.as_str(), reach)?;
            }
            // A busy or broken server may be well again later; a missing document is missing.
            (status @ (408 | 429 | 500..), _) => {
                let problem = format!("the server answers {status}");
                return Err(Error::Unreachable { url: without_query(url.as_str()), problem });
            }
            (status, _) => return Err(document(url.as_str(), &format!("the server answers {status}"))),
        }
    }
    Err(document(address, "it redirects too often"))
}

pub(crate) fn document(url: &str, problem: &str) -> Error {
    Error::Document { url: without_query(url), problem: problem.to_owned() }
}

fn failed(url: &str, error: FetchError) -> Error {
    let url = without_query(url);
    match error {
        FetchError::PrivateAddress => Error::Forbidden {
            url,
            problem: "its host is not on the public internet".to_owned(),
            option: Some("private_addresses"),
        },
        FetchError::TooLarge => Error::Document { url, problem: "it is longer than 256 KiB".to_owned() },
        FetchError::TimedOut => Error::Unreachable { url, problem: "no answer in time".to_owned() },
        FetchError::Failed(problem) => Error::Unreachable { url, problem },
    }
}

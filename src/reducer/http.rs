//! HTTP requests of procedures: to hosts that an administrator has allowed for the module, and to no others.

use std::time::Duration;

use spacetime_outbound::in_thread::{self, Stopped};
use spacetime_outbound::{
    HeaderMap, HeaderName, HeaderValue, Method, Reach, Request, Response, Url, Version, parse_url,
    without_query,
};

use crate::error::{Error, Result};
use crate::module::{ReadyModule, http_reach};
use crate::pg::name::literal;
use crate::pg::{interrupt, timeout};
use crate::wasm::host::{HttpRequest, HttpResponse, HttpVersion};

const TIMEOUT: Duration = Duration::from_secs(30);
const TIMEOUT_MAX: Duration = Duration::from_secs(180);
const RESPONSE_BYTES_MAX: usize = 16 << 20;
/// What the client says itself: a guest's word on the connection could make one message two.
const OF_THE_CONNECTION: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

/// Makes a request that was prepared; gives the response, or why there is none.
pub(super) fn send(
    module: &ReadyModule,
    procedure: &str,
    request: Request,
) -> Result<std::result::Result<HttpResponse, String>> {
    let uri = without_query(&request.url);
    // Looking a name up is within the limit, and cannot be stopped halfway.
    let limit = request.timeout + Duration::from_secs(1);
    let answered = timeout::without_ticks(|| {
        in_thread::run(async |client| client.send(request).await, limit, interrupt::must_stop)
    });
    match answered {
        Ok(answer) => Ok(answer.map(response).map_err(|failure| format!("request to {uri}: {failure}"))),
        Err(Stopped::Interrupted) => {
            let function = format!("procedure {procedure:?}");
            Err(Error::Interrupted { module: module.row.name.clone(), function })
        }
        Err(stopped) => Ok(Err(format!("request to {uri}: {stopped}"))),
    }
}

/// What is sent for a guest's request, or why nothing is.
pub(super) fn prepare(
    module: &ReadyModule,
    request: HttpRequest,
    body: &[u8],
) -> Result<std::result::Result<Request, String>> {
    let anything = Reach { insecure_http: true, private_addresses: true };
    let uri = without_query(&request.uri);
    let url = match parse_url(&request.uri, anything) {
        Ok(url) => url,
        Err(refusal) => return Ok(Err(format!("{uri:?} is refused: {refusal}"))),
    };
    let Some(reach) = http_reach(module, &url)? else {
        return Ok(Err(not_allowed(module, &url)));
    };
    if let Err(refusal) = parse_url(&request.uri, reach) {
        let option = refusal.option.map_or_else(String::new, |option| format!(" (option {option})"));
        return Ok(Err(format!("{uri} is refused: {refusal}{option}")));
    }
    let Ok(method) = Method::from_bytes(request.method.as_bytes()) else {
        return Ok(Err(format!("{:?} is no method", request.method)));
    };
    if method == Method::CONNECT {
        return Ok(Err("method CONNECT is refused: requests are made, connections are not".into()));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) else {
            return Ok(Err(format!("header {name:?} cannot be sent")));
        };
        if !OF_THE_CONNECTION.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    let timeout = request.timeout_us.map_or(TIMEOUT, |us| Duration::from_micros(us.max(0).cast_unsigned()));
    Ok(Ok(Request {
        method,
        url: url.into(),
        headers,
        body: body.to_vec(),
        private_addresses: reach.private_addresses,
        follow_redirects: true,
        body_bytes_max: RESPONSE_BYTES_MAX,
        timeout: timeout.min(TIMEOUT_MAX),
    }))
}

/// The statement names the host as it is compared.
fn not_allowed(module: &ReadyModule, url: &Url) -> String {
    let host = url.host().map_or_else(String::new, |host| host.to_string());
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let (module, host) = (&module.row.name, format!("{host}{port}"));
    let statement = format!("SELECT spacetime.allow_http({}, {})", literal(module), literal(&host));
    format!("module {module:?} may make no requests to {host}; an administrator can allow it: {statement}")
}

fn response(response: Response) -> HttpResponse {
    let headers = response.headers.iter();
    HttpResponse {
        headers: headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
        version: match response.version {
            Version::HTTP_09 => HttpVersion::Http09,
            Version::HTTP_10 => HttpVersion::Http10,
            Version::HTTP_2 => HttpVersion::Http2,
            Version::HTTP_3 => HttpVersion::Http3,
            _ => HttpVersion::Http11,
        },
        code: response.status,
        body: response.body,
    }
}

//! [`Fetch`] over HTTPS.

use spacetime_outbound::{Client, HeaderMap, HeaderValue, Method, Request as Outbound};

use crate::fetch::{Fetch, FetchError, Request, Response};

impl Fetch for Client {
    async fn get(&self, request: Request) -> Result<Response, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let response = self
            .send(Outbound {
                method: Method::GET,
                url: request.url,
                headers,
                body: Vec::new(),
                private_addresses: request.private_addresses,
                // Whether to follow one is decided by who asked.
                follow_redirects: false,
                body_bytes_max: request.body_bytes_max,
                timeout: request.timeout,
            })
            .await?;
        let location = response.headers.get("location").and_then(|value| value.to_str().ok());
        Ok(Response { status: response.status, location: location.map(str::to_owned), body: response.body })
    }
}

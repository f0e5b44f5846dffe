//! HTTP requests that this server makes on behalf of others: issuers of tokens, whose keys it needs, and procedures of
//! modules. Which addresses may be opened is decided in [`parse_url`] by how they look, and in [`Client`] by what their
//! names resolve to; which hosts a module may ask at all, by [`HostPattern`]s.

mod address;
mod failure;
mod host_pattern;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
pub mod in_thread;

pub use address::{Reach, Refusal, is_public, parse_url, without_query};
#[cfg(feature = "client")]
pub use client::{Client, Request, Response};
pub use failure::Failure;
pub use host_pattern::HostPattern;
#[cfg(feature = "client")]
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
#[cfg(feature = "client")]
pub use reqwest::{Method, Version};
pub use url::Url;

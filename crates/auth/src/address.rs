//! The rules for outbound requests, as they are said of issuers.

use spacetime_outbound::Url;
pub(crate) use spacetime_outbound::{Reach, without_query};

use crate::error::{Error, Result};

/// Reads and checks an address before anything is resolved.
pub(crate) fn parse_url(text: &str, reach: Reach) -> Result<Url> {
    spacetime_outbound::parse_url(text, reach).map_err(|refusal| Error::Forbidden {
        url: without_query(text),
        problem: refusal.problem.to_owned(),
        option: refusal.option,
    })
}

//! Calling a view.
//!
//! Invariant: as for reducers, an instance that did not return normally is not given back.

use super::abi;
use super::call::words;
use super::host::Host;
use super::instance::Instance;
use super::limits::Limits;
use super::memory::SINK;
use super::state::Entry;
use super::trap::{Place, presentable};
use crate::error::Result;

/// One evaluation of a view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViewCall<'a> {
    /// Names for messages only.
    pub(crate) module: &'a str,
    pub(crate) view: &'a str,
    /// Raw id: sender views and anonymous views count separately.
    pub(crate) id: u32,
    /// Little-endian; `None` for a view that is the same for everybody.
    pub(crate) sender: Option<[u8; 32]>,
    /// BSATN product of the parameters.
    pub(crate) args: &'a [u8],
}

/// What a view that returned gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ViewOutcome {
    /// BSATN array of rows.
    Rows(Vec<u8>),
    /// A query, in the guests' SQL, whose result are the rows.
    Query(String),
    /// An error, in the guest's words.
    Refused(String),
}

impl Instance {
    /// Evaluates one view.
    ///
    /// After `Error::Interrupted` the caller must let Postgres act on its pending interrupt; no guest frame is left then.
    pub(crate) fn call_view(
        mut self,
        call: ViewCall<'_>,
        limits: Limits,
        host: Box<dyn Host>,
    ) -> Result<(Instance, ViewOutcome)> {
        let function = format!("view {:?}", call.view);
        let place = Place { module: call.module, function: &function };
        let id = call.id;
        let code = match call.sender.map(words) {
            Some([s0, s1, s2, s3]) => {
                let params = |args: u32| (id, s0, s1, s2, s3, args, SINK);
                self.enter(abi::CALL_VIEW, Entry::View, place, &limits, host, call.args, params)?
            }
            None => {
                let params = |args: u32| (id, args, SINK);
                self.enter(abi::CALL_VIEW_ANON, Entry::View, place, &limits, host, call.args, params)?
            }
        };
        let result = self.store.data_mut().handles.sink.take();
        Ok((self, outcome(code, result, place)?))
    }
}

/// Reads a result (module-abi.md §2.4). Code 0 is that of guests up to 1.10, which know no header.
fn outcome(code: u32, mut result: Vec<u8>, place: Place<'_>) -> Result<ViewOutcome> {
    let malformed = || place.trap("wrote a result that cannot be read".into(), String::new());
    match code {
        0 => Ok(ViewOutcome::Rows(result)),
        1 => Ok(ViewOutcome::Refused(presentable(&result))),
        2 => match result.first() {
            Some(0) => {
                result.drain(..1);
                Ok(ViewOutcome::Rows(result))
            }
            Some(1) => query(&result[1..]).map(ViewOutcome::Query).ok_or_else(malformed),
            _ => Err(malformed()),
        },
        code => Err(place.trap(format!("returned {code}, which means nothing"), String::new())),
    }
}

/// A BSATN string and nothing behind it.
fn query(bytes: &[u8]) -> Option<String> {
    let (length, text) = bytes.split_first_chunk()?;
    let is_whole = u32::from_le_bytes(*length) as usize == text.len();
    String::from_utf8(text.to_vec()).ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: u32, result: &[u8]) -> Result<ViewOutcome> {
        outcome(code, result.to_vec(), Place { module: "m", function: "view \"v\"" })
    }

    #[test]
    fn results_with_and_without_header() {
        let rows = [2, 0, 0, 0, 7, 8];
        assert_eq!(read(0, &rows).unwrap(), ViewOutcome::Rows(rows.to_vec()));
        assert_eq!(read(2, &[&[0][..], &rows].concat()).unwrap(), ViewOutcome::Rows(rows.to_vec()));
        assert_eq!(read(2, b"\x01\x02\0\0\0hi").unwrap(), ViewOutcome::Query("hi".into()));
        assert_eq!(read(1, b"no").unwrap(), ViewOutcome::Refused("no".into()));
    }

    #[test]
    fn results_that_are_none() {
        for (code, result) in [
            (2, &b""[..]),
            (2, b"\x02"),
            (2, b"\x01\x03\0\0\0hi"),
            (2, b"\x01\x01\0\0\0hi"),
            (2, b"\x01\x01\0\0\0\xff"),
            (2, b"\x01\x01\0"),
            (3, b""),
        ] {
            assert_eq!(read(code, result).unwrap_err().sqlstate(), "39000", "{code} {result:?}");
        }
    }
}

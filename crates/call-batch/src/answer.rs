//! What the extension answers.

use crate::bytes::{Bytes, Error, append_string};

/// SQLSTATE of a call that was done.
pub const DONE: [u8; 5] = *b"00000";

/// What became of the calls of a batch, once its transaction is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The transaction; 0 when no call has written anything.
    pub xid: u64,
    pub results: Vec<CallResult>,
}

/// What became of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// [`DONE`], or why the call has left nothing behind.
    pub sqlstate: [u8; 5],
    pub message: String,
    /// The guest's clock; 0 when the guest was not entered.
    pub timestamp_us: i64,
    pub duration_us: u32,
    /// The call is in the change log, if anybody reads it.
    pub has_written: bool,
}

impl CallResult {
    /// Whether the call was done.
    pub fn is_done(&self) -> bool {
        self.sqlstate == DONE
    }

    /// The SQLSTATE as text.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.sqlstate).unwrap_or("XX000")
    }
}

impl Answer {
    /// The bytes of an answer.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![crate::VERSION];
        out.extend_from_slice(&self.xid.to_le_bytes());
        out.extend_from_slice(&(self.results.len() as u32).to_le_bytes());
        for result in &self.results {
            out.extend_from_slice(&result.sqlstate);
            append_string(result.message.as_bytes(), &mut out);
            out.extend_from_slice(&result.timestamp_us.to_le_bytes());
            out.extend_from_slice(&result.duration_us.to_le_bytes());
            out.push(u8::from(result.has_written));
        }
        out
    }

    /// Decodes an answer.
    ///
    /// # Errors
    ///
    /// Bytes that are not of the layout.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut bytes = Bytes(bytes);
        bytes.version()?;
        let xid = bytes.u64("an answer")?;
        let count = bytes.u32("an answer")?;
        let results = (0..count).map(|_| decode_result(&mut bytes)).collect::<Result<_, _>>()?;
        bytes.finish()?;
        Ok(Self { xid, results })
    }
}

fn decode_result(bytes: &mut Bytes<'_>) -> Result<CallResult, Error> {
    Ok(CallResult {
        sqlstate: bytes.array("a result")?,
        message: bytes.text("a message")?.to_owned(),
        timestamp_us: i64::from_le_bytes(bytes.array("a result")?),
        duration_us: bytes.u32("a result")?,
        has_written: match bytes.u8("a result")? {
            0 => false,
            1 => true,
            value => return Err(Error::Unknown { what: "has_written", value }),
        },
    })
}

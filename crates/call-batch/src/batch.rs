//! What a gateway asks.

use crate::bytes::{Bytes, Error, append_string};

/// One reducer call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// Name of the module, or its identity in hex.
    pub module: &'a str,
    pub reducer: &'a str,
    /// The role whose EXECUTE right counts; empty: the role `spacetime_client` where it exists, else anybody's right.
    pub role: &'a str,
    /// Little-endian, as guests get it.
    pub sender: [u8; 32],
    /// Little-endian; not zero.
    pub connection_id: [u8; 16],
    /// The caller's verified claims as JSON text.
    pub claims: &'a str,
    /// What the entry of the change log names the call by; 0 for none.
    pub tag: u64,
    pub arguments: Arguments<'a>,
}

/// Arguments of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arguments<'a> {
    /// The product of the parameters.
    Bsatn(&'a [u8]),
    /// An array by position or an object by parameter name.
    Json(&'a str),
}

/// Encodes a batch.
pub fn encode<'a>(calls: impl ExactSizeIterator<Item = Call<'a>>) -> Vec<u8> {
    let mut out = vec![crate::VERSION];
    out.extend_from_slice(&(calls.len() as u32).to_le_bytes());
    for call in calls {
        append_string(call.module.as_bytes(), &mut out);
        append_string(call.reducer.as_bytes(), &mut out);
        append_string(call.role.as_bytes(), &mut out);
        out.extend_from_slice(&call.sender);
        out.extend_from_slice(&call.connection_id);
        append_string(call.claims.as_bytes(), &mut out);
        out.extend_from_slice(&call.tag.to_le_bytes());
        let (format, arguments) = match call.arguments {
            Arguments::Bsatn(bytes) => (0, bytes),
            Arguments::Json(text) => (1, text.as_bytes()),
        };
        out.push(format);
        append_string(arguments, &mut out);
    }
    out
}

/// Decodes a batch.
///
/// # Errors
///
/// Bytes that are not of the layout.
pub fn decode(bytes: &[u8]) -> Result<Vec<Call<'_>>, Error> {
    let mut bytes = Bytes(bytes);
    bytes.version()?;
    let count = bytes.u32("a batch")?;
    let calls = (0..count).map(|_| decode_call(&mut bytes)).collect::<Result<_, _>>()?;
    bytes.finish()?;
    Ok(calls)
}

fn decode_call<'a>(bytes: &mut Bytes<'a>) -> Result<Call<'a>, Error> {
    Ok(Call {
        module: bytes.text("a module")?,
        reducer: bytes.text("a reducer")?,
        role: bytes.text("a role")?,
        sender: bytes.array("a sender")?,
        connection_id: bytes.array("a connection id")?,
        claims: bytes.text("claims")?,
        tag: bytes.u64("a tag")?,
        arguments: match bytes.u8("a format")? {
            0 => Arguments::Bsatn(bytes.string("arguments")?),
            1 => Arguments::Json(bytes.text("arguments")?),
            value => return Err(Error::Unknown { what: "format of arguments", value }),
        },
    })
}

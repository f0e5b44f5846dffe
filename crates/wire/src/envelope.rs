//! The envelope of binary messages to a client (wire.md §1.5): one byte that names the compression, then the payload.
//! Messages to the server have none.
//!
//! Mixing compressed and plain messages on one connection is a hazard: TypeScript clients decompress asynchronously
//! and may then deliver messages out of order, and those of version 1 cannot read brotli. Plain messages are read by
//! every client, whatever it asked for; [`Compression::None`] is the safe choice.

use std::io::{Read, Write};

use bytes::Bytes;

use crate::codec::{MESSAGE_BYTES, within};
use crate::error::WireError;

/// Payloads up to this many bytes are never compressed.
pub const COMPRESSION_THRESHOLD: usize = 1024;

/// Quality of brotli, its lowest: messages are compressed once per client and read once.
const BROTLI_QUALITY: u32 = 1;
/// log2 of brotli's window.
const BROTLI_WINDOW: u32 = 22;
const BUFFER: usize = 16 << 10;

/// How payloads are compressed. Values of the query parameter `compression` (wire.md §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    None,
    /// What a client gets that does not say.
    #[default]
    Brotli,
    Gzip,
}

impl Compression {
    /// From the query parameter; case matters.
    pub fn from_parameter(text: &str) -> Option<Self> {
        match text {
            "None" => Some(Self::None),
            "Brotli" => Some(Self::Brotli),
            "Gzip" => Some(Self::Gzip),
            _ => None,
        }
    }

    pub(crate) fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            0 => Some(Self::None),
            1 => Some(Self::Brotli),
            2 => Some(Self::Gzip),
            _ => None,
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Brotli => 1,
            Self::Gzip => 2,
        }
    }

    /// Appends the compressed payload.
    fn compress(self, payload: &[u8], out: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match self {
            Self::None => {
                let mut out = out;
                out.extend_from_slice(payload);
                Ok(out)
            }
            Self::Brotli => {
                let mut writer = brotli::CompressorWriter::new(out, BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
                writer.write_all(payload)?;
                writer.flush()?;
                Ok(writer.into_inner())
            }
            Self::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
                writer.write_all(payload)?;
                writer.finish()
            }
        }
    }

    /// Decompresses to at most `limit` bytes; memory is taken as the output grows, never for more than that.
    pub(crate) fn decompress(self, payload: &[u8], limit: usize) -> Result<Vec<u8>, WireError> {
        let reader: Box<dyn Read + '_> = match self {
            Self::None => Box::new(payload),
            Self::Brotli => Box::new(brotli::Decompressor::new(payload, BUFFER)),
            Self::Gzip => Box::new(flate2::read::GzDecoder::new(payload)),
        };
        let mut plain = Vec::new();
        // One byte more than allowed tells a bomb from a message that just fits.
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        reader
            .take(most)
            .read_to_end(&mut plain)
            .map_err(|error| WireError::malformed(format!("cannot decompress: {error}")))?;
        within(MESSAGE_BYTES, plain.len(), limit)?;
        Ok(plain)
    }
}

/// Puts an encoded message, or a batch of them, into its envelope: the payload of one binary frame. Short payloads
/// stay as they are.
pub fn seal(payload: &[u8], compression: Compression) -> Bytes {
    let mut sealed = Vec::with_capacity(payload.len() + 1);
    if compression != Compression::None && payload.len() > COMPRESSION_THRESHOLD {
        // Writing into memory does not fail; if it did, plain is right too.
        if let Ok(compressed) = compression.compress(payload, vec![compression.tag()]) {
            return Bytes::from(compressed);
        }
    }
    sealed.push(Compression::None.tag());
    sealed.extend_from_slice(payload);
    Bytes::from(sealed)
}

/// Takes a message, or a batch of them, out of its envelope; at most `limit` bytes.
///
/// # Errors
///
/// [`WireError::Malformed`] for an unknown tag or bytes that do not decompress, [`WireError::OverLimit`].
pub fn open(frame: &Bytes, limit: usize) -> Result<Bytes, WireError> {
    let Some(tag) = frame.first() else { return Err(WireError::malformed("empty frame")) };
    let payload = frame.slice(1..);
    match Compression::from_tag(*tag) {
        Some(Compression::None) => {
            within(MESSAGE_BYTES, payload.len(), limit)?;
            Ok(payload)
        }
        Some(compression) => compression.decompress(&payload, limit).map(Bytes::from),
        None => Err(WireError::malformed(format!("unknown compression tag {tag}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_payloads_stay_plain_and_long_ones_come_back() {
        let short = [7; COMPRESSION_THRESHOLD];
        let long: Vec<u8> = (0..100_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        for compression in [Compression::None, Compression::Brotli, Compression::Gzip] {
            let sealed = seal(&short, compression);
            assert_eq!((sealed[0], &sealed[1..]), (0, &short[..]));
            let sealed = seal(&long, compression);
            assert_eq!(sealed[0], compression.tag());
            assert_eq!(sealed.len() < long.len(), compression != Compression::None);
            assert_eq!(open(&sealed, long.len()).unwrap(), long);
            let limit = long.len() - 1;
            assert!(matches!(open(&sealed, limit), Err(WireError::OverLimit { .. })));
        }
        // One byte above the threshold is compressed.
        assert_eq!(seal(&[7; COMPRESSION_THRESHOLD + 1], Compression::Gzip)[0], 2);
    }

    #[test]
    fn bombs_are_cut_off() {
        let zeros = vec![0; 64 << 20];
        for compression in [Compression::Brotli, Compression::Gzip] {
            let bomb = seal(&zeros, compression);
            assert!(bomb.len() < zeros.len() / 100);
            assert!(matches!(open(&bomb, 1 << 20), Err(WireError::OverLimit { .. })));
        }
    }

    #[test]
    fn garbage_is_refused() {
        for frame in [&b""[..], &[3, 1], &[1, 0xff, 0xff], &[2, 0], &[2]] {
            assert!(
                matches!(open(&Bytes::from_static(frame), 100), Err(WireError::Malformed(_))),
                "{frame:?}"
            );
        }
    }
}

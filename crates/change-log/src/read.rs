//! Reading of the layout's primitives.

use crate::{Error, Result};

/// Reads from the front of a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Error::Truncated(what))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        self.take(N, what)?.try_into().map_err(|_| Error::Truncated(what))
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64> {
        self.array(what).map(i64::from_le_bytes)
    }

    /// A byte string with its length in front.
    pub(crate) fn string(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let length = self.u32(what)?;
        self.take(length as usize, what)
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<&'a str> {
        std::str::from_utf8(self.string(what)?).map_err(|_| Error::NotText(what))
    }

    pub(crate) fn finish(self, what: &'static str) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(Error::Trailing { what, count }),
        }
    }
}

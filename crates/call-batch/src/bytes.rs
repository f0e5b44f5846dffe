//! The layout's primitives.

/// Why bytes are not of the layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the bytes end in the middle of {0}")]
    Truncated(&'static str),
    #[error("{count} bytes are left over at the end")]
    Trailing { count: usize },
    #[error("{what} is {value}, which this version does not know")]
    Unknown { what: &'static str, value: u8 },
    #[error("{0} is not UTF-8")]
    NotText(&'static str),
}

/// Reads from the front of a slice.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Error::Truncated(what))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        self.take(N, what)?.try_into().map_err(|_| Error::Truncated(what))
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Error> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn string(&mut self, what: &'static str) -> Result<&'a [u8], Error> {
        let length = self.u32(what)?;
        self.take(length as usize, what)
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<&'a str, Error> {
        std::str::from_utf8(self.string(what)?).map_err(|_| Error::NotText(what))
    }

    pub(crate) fn version(&mut self) -> Result<(), Error> {
        match self.u8("the version")? {
            crate::VERSION => Ok(()),
            value => Err(Error::Unknown { what: "version of the layout", value }),
        }
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.0.len() {
            0 => Ok(()),
            count => Err(Error::Trailing { count }),
        }
    }
}

pub(crate) fn append_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

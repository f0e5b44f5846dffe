/// Why bytes are not of the layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the bytes end in the middle of {0}")]
    Truncated(&'static str),
    #[error("{count} bytes are left over after {what}")]
    Trailing { what: &'static str, count: usize },
    #[error("{what} is {value}, which this version does not know")]
    Unknown { what: &'static str, value: u64 },
    #[error("{0} is not UTF-8")]
    NotText(&'static str),
}

//! What guests import, one file per family, and [`Host`], the seam behind which the rest of the extension answers.
//!
//! This folder knows guests, handles and memory; it knows nothing of tables, Postgres or modules' catalogs.

mod bytes;
mod console;
mod context;
mod entry;
mod http;
mod iterate;
mod outside;
mod procedure;
mod table;

pub(super) use console::Timers;
pub(super) use entry::link;
pub(crate) use http::{HttpRequest, HttpResponse, HttpVersion};
pub(super) use iterate::Iterators;
pub(crate) use outside::OutsideTransaction;

use crate::error::Error;

/// Error numbers a guest can receive (module-abi.md §1.3). Guests panic on any other number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
#[allow(dead_code, reason = "the table is complete, whatever of it the host uses today")]
pub(crate) enum Errno {
    HostCallFailure = 1,
    NotInTransaction = 2,
    BsatnDecodeError = 3,
    NoSuchTable = 4,
    NoSuchIndex = 5,
    NoSuchIter = 6,
    NoSuchConsoleTimer = 7,
    NoSuchBytes = 8,
    NoSpace = 9,
    WrongIndexAlgo = 10,
    BufferTooSmall = 11,
    UniqueAlreadyExists = 12,
    ScheduleAtDelayTooLong = 13,
    IndexNotUnique = 14,
    NoSuchRow = 15,
    AutoIncOverflow = 16,
    WouldBlockTransaction = 17,
    TransactionNotAnonymous = 18,
    TransactionIsReadOnly = 19,
    TransactionIsMut = 20,
    HttpError = 21,
}

/// Why a host function did not do what the guest asked.
#[derive(Debug)]
pub(crate) enum HostError {
    /// Told to the guest, which may handle it.
    Errno(Errno),
    /// Ends the call: the guest is unwound and the statement fails with this error.
    Fatal(Error),
}

impl From<Errno> for HostError {
    fn from(errno: Errno) -> Self {
        HostError::Errno(errno)
    }
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        HostError::Fatal(error)
    }
}

/// Result of a request a guest makes.
pub(crate) type HostResult<T> = Result<T, HostError>;

/// Names a scan that [`Host`] has open. Never seen by the guest, which gets an iterator handle of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScanId(pub(crate) u32);

/// Encoded rows with their boundaries, so that a row is never split over two reads of a guest.
#[derive(Debug, Default)]
pub(crate) struct RowBatch {
    /// BSATN of the rows, back to back.
    pub(crate) bytes: Vec<u8>,
    /// For each row the offset in `bytes` just behind it; not decreasing (rows of zero bytes exist).
    pub(crate) ends: Vec<usize>,
}

/// A range over an index as the guest sends it (module-abi.md §4.3): undecoded BSATN.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RangeBytes<'a> {
    /// Values of the first `prefix_elems` index columns, back to back. Empty when `prefix_elems` is 0.
    pub(crate) prefix: &'a [u8],
    pub(crate) prefix_elems: u16,
    /// `Bound<T>` of the column behind the prefix.
    pub(crate) start: &'a [u8],
    /// `Bound<T>` of the column behind the prefix.
    pub(crate) end: &'a [u8],
}

/// One line a module logs (module-abi.md §6.6).
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogRecord<'a> {
    /// 0 error, 1 warn, 2 info, 3 debug, 4 trace, 101 panic; anything else counts as debug.
    pub(crate) level: u8,
    pub(crate) target: Option<&'a str>,
    pub(crate) file: Option<&'a str>,
    pub(crate) line: Option<u32>,
    pub(crate) message: &'a str,
}

/// What a guest can ask of the world outside its sandbox during one entry. One value serves one entry.
///
/// A Postgres error inside any of these leaves as a panic, straight through the guest's frames, to the entry point's
/// `#[pg_guard]`; implementations need not, and must not, catch it.
pub(crate) trait Host {
    /// Looks up canonical names first, then aliases.
    fn table_id(&mut self, name: &str) -> HostResult<u32>;
    /// Looks up canonical names first, then aliases.
    fn index_id(&mut self, name: &str) -> HostResult<u32>;
    /// Rows the call sees, its own writes included.
    fn row_count(&mut self, table: u32) -> HostResult<u64>;

    /// Opens a scan over what the call sees now; later writes of the call do not change what it returns.
    fn scan_table(&mut self, table: u32) -> HostResult<ScanId>;
    /// `point`: BSATN of all columns of the index.
    fn scan_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<ScanId>;
    fn scan_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<ScanId>;
    /// Appends whole rows to `batch` until it holds at least `bytes_wanted` or the scan is at its end.
    /// Returns whether the scan may hold more rows; after `false` the scan is closed.
    fn fetch(&mut self, scan: ScanId, bytes_wanted: usize, batch: &mut RowBatch) -> HostResult<bool>;
    fn close_scan(&mut self, scan: ScanId);

    /// Inserts one row (BSATN); the values drawn for auto-increment columns are appended to `generated`.
    fn insert(&mut self, table: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()>;
    /// Replaces the row that has the key of `row` in the unique index `index`.
    fn update(&mut self, table: u32, index: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()>;
    fn delete_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<u32>;
    fn delete_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<u32>;
    /// `rows`: BSATN array of whole rows.
    fn delete_equal(&mut self, table: u32, rows: &[u8]) -> HostResult<u32>;
    fn clear(&mut self, table: u32) -> HostResult<u64>;

    /// The module's identity, little-endian as guests hold it.
    fn module_identity(&self) -> [u8; 32];
    /// JWT payload (JSON text) of a connection, `None` if the connection is unknown. `connection_id` little-endian.
    fn claims(&mut self, connection_id: [u8; 16]) -> HostResult<Option<String>>;
    /// Value of an environment variable of the module.
    fn env(&mut self, name: &str) -> HostResult<Option<String>>;
    /// Queues a reducer to run in its own transaction.
    fn schedule_immediate(&mut self, reducer: &str, args: &[u8]) -> HostResult<()>;

    /// Begins a transaction of a procedure; gives its timestamp. Everything but a procedure has one open already.
    fn begin(&mut self) -> HostResult<i64> {
        Err(Errno::WouldBlockTransaction.into())
    }
    /// Commits what [`Host::begin`] began. Any errno makes guests run the transaction once more.
    fn commit(&mut self) -> HostResult<()> {
        Err(Errno::TransactionNotAnonymous.into())
    }
    /// Rolls back what [`Host::begin`] began.
    fn abort(&mut self) -> HostResult<()> {
        Err(Errno::TransactionNotAnonymous.into())
    }
    /// Waits until a time in microseconds since the Unix epoch; gives the time it is then. For procedures, outside of
    /// their transactions (errno 17).
    fn sleep_until(&mut self, _until_us: i64) -> HostResult<i64> {
        Err(Errno::WouldBlockTransaction.into())
    }
    /// Makes an HTTP request; gives its response, or why there is none. For procedures, outside of their transactions
    /// (errno 17).
    fn http_request(
        &mut self,
        _request: HttpRequest,
        _body: &[u8],
    ) -> HostResult<Result<HttpResponse, String>> {
        Err(Errno::WouldBlockTransaction.into())
    }

    /// Never fails: a record that cannot be written is dropped.
    fn log(&mut self, record: LogRecord<'_>);
}

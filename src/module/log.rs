//! What modules log: one JSON line per record in a file per module, outside of any transaction, so that records of
//! rolled-back calls stay (module-abi.md §6.6). One `write` per line: lines of backends do not mix.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::wasm::host::LogRecord;

/// Size at which a log is set aside; the last one set aside is kept.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Lines that are kept back; more of them are written at once, and may be in the log twice.
const HELD_LINES_MAX: usize = 10_000;

/// One record as it is in the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LogLine {
    /// Microseconds since the Unix epoch.
    pub(crate) ts: i64,
    pub(crate) level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    pub(crate) message: String,
}

/// The log of one module.
#[derive(Debug, Clone)]
pub(crate) struct LogFile {
    path: Rc<Path>,
    file: Rc<RefCell<Option<File>>>,
}

thread_local! {
    /// What is logged while somebody may run the calls again that log it.
    static HELD: RefCell<Option<Vec<HeldLine>>> = const { RefCell::new(None) };
}

#[derive(Debug)]
struct HeldLine {
    log: LogFile,
    text: Vec<u8>,
}

/// Keeps back what modules log from now on. Dropped, also by an error that passes, it writes what was kept: whatever is
/// not run again must be in the log. Not nested.
#[derive(Debug)]
pub(crate) struct HeldLog(());

impl HeldLog {
    pub(crate) fn begin() -> Self {
        HELD.set(Some(Vec::new()));
        Self(())
    }

    /// How many lines are kept.
    pub(crate) fn position() -> usize {
        HELD.with_borrow(|held| held.as_ref().map_or(0, Vec::len))
    }

    /// Forgets the lines of the calls that are run again, which will log them again.
    pub(crate) fn forget(self) {
        HELD.set(None);
    }

    /// As [`HeldLog::forget`], but for the lines since a position.
    pub(crate) fn since(self, position: usize) -> LoggedLines {
        let mut lines = HELD.take().unwrap_or_default();
        LoggedLines(lines.split_off(position.min(lines.len())))
    }
}

impl Drop for HeldLog {
    fn drop(&mut self) {
        drop(LoggedLines(HELD.take().unwrap_or_default()));
    }
}

/// Lines that are written when this is dropped.
#[derive(Debug)]
pub(crate) struct LoggedLines(Vec<HeldLine>);

impl Drop for LoggedLines {
    fn drop(&mut self) {
        for line in &self.0 {
            // A log that cannot be written loses it.
            let _ = line.log.write(&line.text);
        }
    }
}

impl LogFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path: path.into(), file: Rc::default() }
    }

    /// All files of the log that is at `path`.
    pub(super) fn files(path: PathBuf) -> [PathBuf; 2] {
        [set_aside(&path), path]
    }

    /// Appends a record. A log that cannot be written loses it: logging never fails a call.
    pub(crate) fn append(&self, record: LogRecord<'_>) {
        if importance(record.level) > crate::guc::log_level() {
            return;
        }
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros());
        let line = LogLine {
            ts: i64::try_from(now).unwrap_or(i64::MAX),
            level: level_name(record.level).to_owned(),
            target: record.target.map(str::to_owned),
            file: record.file.map(str::to_owned),
            line: record.line,
            message: record.message.to_owned(),
        };
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            let Some(text) = self.hold(text) else { return };
            let _ = self.write(&text);
        }
    }

    /// Keeps a line back; gives it again when nobody has asked for that.
    fn hold(&self, text: Vec<u8>) -> Option<Vec<u8>> {
        HELD.with_borrow_mut(|held| match held {
            Some(lines) if lines.len() < HELD_LINES_MAX => {
                lines.push(HeldLine { log: self.clone(), text });
                None
            }
            _ => Some(text),
        })
    }

    fn write(&self, text: &[u8]) -> std::io::Result<()> {
        let mut slot = self.file.borrow_mut();
        let mut file = match slot.take() {
            Some(file) => file,
            None => open(&self.path)?,
        };
        let metadata = file.metadata()?;
        if metadata.len() >= FILE_BYTES_MAX || metadata.nlink() == 0 {
            // Only the backend whose file is still the current one sets it aside.
            if std::fs::metadata(&self.path).is_ok_and(|current| current.ino() == metadata.ino()) {
                std::fs::rename(&self.path, set_aside(&self.path))?;
            }
            file = open(&self.path)?;
        }
        file.write_all(text)?;
        *slot = Some(file);
        Ok(())
    }

    /// The newest `limit` records at least as important as `min_level`, oldest first.
    pub(crate) fn read(&self, limit: usize, min_level: &str) -> Result<Vec<LogLine>> {
        let least = level_number(min_level).ok_or_else(|| Error::InvalidParameter {
            what: format!("unknown log level {min_level:?}"),
            hint: "Use error, warn, info, debug or trace.".into(),
        })?;
        let mut lines = Vec::new();
        for path in [self.path.to_path_buf(), set_aside(&self.path)] {
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => return Err(Error::File { action: "read", path, source }),
            };
            let newest_first = text.split(|byte| *byte == b'\n').rev();
            let records = newest_first.filter_map(|line| serde_json::from_slice::<LogLine>(line).ok());
            lines.extend(
                records
                    .filter(|line| level_number(&line.level).is_some_and(|level| level <= least))
                    .take(limit - lines.len()),
            );
            if lines.len() == limit {
                break;
            }
        }
        lines.reverse();
        Ok(lines)
    }
}

/// `logs(module, limit_rows, min_level)`, for the module's owner.
pub(crate) fn read_log(module: &str, limit_rows: i32, min_level: &str) -> Result<Vec<LogLine>> {
    let module = super::ready(module)?;
    super::owner::require_owner_or_admin(&module.row, "read its log")?;
    module.log.read(usize::try_from(limit_rows).unwrap_or(0), min_level)
}

fn set_aside(path: &Path) -> PathBuf {
    path.with_extension("jsonl.1")
}

fn open(path: &Path) -> std::io::Result<File> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(path)
}

/// 0 most important; panics count as errors.
fn importance(level: u8) -> u8 {
    match level {
        0..=4 => level,
        101 => 0,
        _ => 3,
    }
}

fn level_name(level: u8) -> &'static str {
    match level {
        0 => "error",
        1 => "warn",
        2 => "info",
        4 => "trace",
        101 => "panic",
        _ => "debug",
    }
}

fn level_number(name: &str) -> Option<u8> {
    match name {
        "panic" | "error" => Some(0),
        "warn" => Some(1),
        "info" => Some(2),
        "debug" => Some(3),
        "trace" => Some(4),
        _ => None,
    }
}

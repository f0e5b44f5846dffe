//! Lines of `GET /v1/database/:x/logs`: NDJSON (wire.md §5.8).

use serde::{Deserialize, Serialize};

use crate::error::WireError;

/// One line. Absent fields are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    pub level: LogLevel,
    /// Microseconds since the Unix epoch.
    pub ts: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_number: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    pub message: String,
    /// For panics only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Vec<LogFrame>>,
}

/// The official tool refuses other levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
    Panic,
}

/// Frame of a panic's backtrace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogFrame {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub func_name: Option<String>,
}

impl LogLine {
    /// The line with its line feed.
    ///
    /// # Errors
    ///
    /// Never in practice; the JSON writer reports its errors this way.
    pub fn to_ndjson(&self) -> Result<String, WireError> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
}

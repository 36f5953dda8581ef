//! One row of a table, read with suspicion.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::stream_metadata::{LARGEST, Unreadable};
use crate::{StreamMetadata, TaskStatus};

/// A row whose first column is its id. SQLite holds any type in any column, and text need not be UTF-8.
pub(crate) struct Record<'row, 'statement> {
    row: &'row Row<'statement>,
    table: &'static str,
}

impl<'row, 'statement> Record<'row, 'statement> {
    /// The row as one of `table`.
    pub(crate) fn new(table: &'static str, row: &'row Row<'statement>) -> Self {
        Self { row, table }
    }

    /// The text in column `at`. Bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, at: usize) -> Result<String, Fault> {
        self.optional_text(at)?.ok_or_else(|| self.bad(at, "null"))
    }

    /// The same where there may be none.
    pub(crate) fn optional_text(&self, at: usize) -> Result<Option<String>, Fault> {
        match self.row.get_ref(at)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
            other => Err(self.bad(at, kind(other))),
        }
    }

    /// The status in column `at`. Null passes the originals' check and means what their default says: pending.
    pub(crate) fn status(&self, at: usize) -> Result<TaskStatus, Fault> {
        match self.row.get_ref(at)? {
            ValueRef::Null => Ok(TaskStatus::default()),
            ValueRef::Text(bytes) => {
                let word = String::from_utf8_lossy(bytes);
                TaskStatus::read(&word).ok_or_else(|| self.bad(at, format!("`{}`", word.escape_debug())))
            }
            other => Err(self.bad(at, kind(other))),
        }
    }

    /// Whether the status in column `at` says that the task is cancelled.
    pub(crate) fn is_cancelled(&self, at: usize) -> bool {
        matches!(self.status(at), Ok(TaskStatus::Cancelled))
    }

    /// The count in column `at`.
    pub(crate) fn count(&self, at: usize) -> Result<u64, Fault> {
        Ok(self.row.get::<_, i64>(at)?.unsigned_abs())
    }

    /// The number in column `at`; none for anything else.
    pub(crate) fn number(&self, at: usize) -> Option<f64> {
        match self.row.get_ref(at) {
            Ok(ValueRef::Real(number)) => Some(number),
            Ok(ValueRef::Integer(number)) => Some(number as f64),
            _ => None,
        }
    }

    /// The JSON in column `at`; what is none, as a text.
    pub(crate) fn json(&self, at: usize) -> Result<Value, Fault> {
        let text = self.optional_text(at)?.unwrap_or_default();
        Ok(match text.trim() {
            "" => Value::Object(Map::new()),
            json => serde_json::from_str(json).unwrap_or(Value::String(text)),
        })
    }

    /// The bytes of the text in column `at`, null being none.
    pub(crate) fn bytes(&self, at: usize) -> Result<Option<&'row [u8]>, &'static str> {
        match self.row.get_ref(at) {
            Ok(ValueRef::Null) => Ok(None),
            Ok(ValueRef::Text(bytes)) => Ok(Some(bytes)),
            Ok(other) => Err(kind(other)),
            Err(_) => Err("missing"),
        }
    }

    /// What the metadata in column `at` says of a stream. The column before says whether there is too much of it to be read.
    ///
    /// # Errors
    /// Why it can't be read.
    pub(crate) fn stream(&self, at: usize) -> Result<Option<StreamMetadata>, Unreadable> {
        if let Ok(ValueRef::Integer(1)) = self.row.get_ref(at - 1) {
            return Err(format!("metadata is larger than {LARGEST} bytes").into());
        }
        StreamMetadata::read(self.bytes(at).map_err(|kind| format!("metadata is {kind}, not a text"))?)
    }

    /// That `found` can't stand in column `at`.
    pub(crate) fn bad(&self, at: usize, found: impl Into<String>) -> Fault {
        let row = match self.row.get_ref(0) {
            Ok(ValueRef::Text(id)) => String::from_utf8_lossy(id).escape_debug().to_string(),
            _ => "without an id".into(),
        };
        let column = self.row.as_ref().column_name(at).unwrap_or("?").into();
        Fault::Value { table: self.table, row, column, found: found.into() }
    }
}

fn kind(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Null => "null",
        ValueRef::Integer(_) | ValueRef::Real(_) => "a number",
        ValueRef::Text(_) => "a text",
        ValueRef::Blob(_) => "a blob",
    }
}

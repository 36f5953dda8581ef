//! How large what agents write may be.

use serde_json::{Map, Value};

use super::ToolError;
use crate::stream_metadata::LARGEST;

/// The longest title, in characters.
const LONGEST_TITLE: usize = 1_000;

/// The longest id, in characters.
const LONGEST_ID: usize = 200;

/// The largest text, in bytes.
const LARGEST_TEXT: usize = 8 << 20;

/// How much of a text a summary shows, in characters.
const SUMMARY: usize = 200;

/// That `title` is one: not blank and not too long.
pub(super) fn title(field: &'static str, title: &str) -> Result<(), ToolError> {
    if title.trim().is_empty() {
        return Err(ToolError::invalid(field, "is empty; say in a few words what it is about"));
    }
    at_most(field, title, LONGEST_TITLE)
}

/// That `text` is not too large.
pub(super) fn text(field: &'static str, text: Option<&str>) -> Result<(), ToolError> {
    match text.map_or(0, str::len) {
        size if size > LARGEST_TEXT => Err(ToolError::invalid(
            field,
            format!("has {size} bytes, {LARGEST_TEXT} are allowed; put the rest in a file and name that"),
        )),
        _ => Ok(()),
    }
}

/// The same, and that there is any.
pub(super) fn content(field: &'static str, content: &str) -> Result<(), ToolError> {
    if content.trim().is_empty() {
        return Err(ToolError::invalid(field, "is empty"));
    }
    text(field, Some(content))
}

/// That `id` can be the id of a stream or of an initiative.
pub(super) fn id(field: &'static str, id: &str) -> Result<(), ToolError> {
    if id.trim().is_empty() {
        return Err(ToolError::invalid(field, "is empty; give a short name such as Stream-A"));
    }
    if id.chars().any(char::is_control) {
        return Err(ToolError::invalid(field, "has control characters; give one line of plain text"));
    }
    at_most(field, id, LONGEST_ID)
}

/// `metadata` as it is stored.
pub(super) fn metadata(metadata: Map<String, Value>) -> Result<String, ToolError> {
    let text = Value::Object(metadata).to_string();
    if text.len() > LARGEST as usize {
        let why = format!("has {} bytes as JSON, {LARGEST} are allowed; put the rest in a file", text.len());
        return Err(ToolError::invalid("metadata", why));
    }
    Ok(text)
}

/// The beginning of `text`.
pub(super) fn summary(text: &str) -> String {
    text.chars().take(SUMMARY).collect()
}

fn at_most(field: &'static str, text: &str, most: usize) -> Result<(), ToolError> {
    match text.chars().count() {
        count if count > most => {
            Err(ToolError::invalid(field, format!("has {count} characters, {most} are allowed; shorten it")))
        }
        _ => Ok(()),
    }
}

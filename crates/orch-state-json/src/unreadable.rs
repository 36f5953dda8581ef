//! Why a document can't be read.

use orch_core::{Diagnostic, Position};
use serde_json::error::Category;

/// A document that can't be read, and why.
///
/// The codes are `state_json.large`, `state_json.encoding`, `state_json.empty`, `state_json.cut_off` (it ends in the
/// middle: half written), `state_json.syntax` (not JSON), `state_json.shape` (not an object where one has to be) and
/// `state_json.newer` (written by an orch that knows a newer format).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .diagnostic.message)]
pub struct Unreadable {
    /// What is wrong, where, and what to do about it.
    pub diagnostic: Diagnostic,
}

impl From<Diagnostic> for Unreadable {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic }
    }
}

/// Refuses what is longer than `largest` bytes before anything is made of it.
pub(crate) fn refuse_large(bytes: &[u8], largest: usize) -> Result<(), Unreadable> {
    if bytes.len() <= largest {
        return Ok(());
    }
    let message = format!("more than the {largest} bytes that are read");
    let hint = "status belongs into this file, output into a log";
    Err(Diagnostic::error("state_json.large", message).hint(hint).at(Position::new(1, 1)).into())
}

/// Where in `bytes` UTF-8 ends.
pub(crate) fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Unreadable {
    let before = String::from_utf8_lossy(&bytes[..valid_up_to]);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    Diagnostic::error("state_json.encoding", "bytes that are not UTF-8")
        .hint("save the file as UTF-8")
        .at(Position::new(clamp(line), clamp(column)))
        .into()
}

/// What `error`, which came of reading `text`, means for who looks at the file.
pub(crate) fn from_json(error: &serde_json::Error, text: &str) -> Unreadable {
    let written = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = written.strip_suffix(&place).unwrap_or(&written);
    let diagnostic = match error.classify() {
        Category::Eof if text.trim().is_empty() => {
            Diagnostic::error("state_json.empty", "nothing is in it").hint("it may be about to be written")
        }
        Category::Eof => Diagnostic::error("state_json.cut_off", "ends in the middle")
            .hint("it may be half written; read it again when it has changed"),
        Category::Data => Diagnostic::error("state_json.shape", reason),
        Category::Syntax | Category::Io => {
            Diagnostic::error("state_json.syntax", format!("not JSON: {reason}"))
        }
    };
    diagnostic.at(position(error, text)).into()
}

/// The place of `error`, with its column in characters.
fn position(error: &serde_json::Error, text: &str) -> Position {
    let line = error.line().max(1);
    let content = text.split('\n').nth(line - 1).unwrap_or_default();
    // The column counts bytes, from one, and is zero right after the end of a line.
    let before = error.column().saturating_sub(1);
    let column = 1 + content.char_indices().take_while(|(at, _)| *at < before).count();
    Position::new(clamp(line), clamp(column))
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

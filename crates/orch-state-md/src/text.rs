//! The line scanner that all readers of this crate share.
//!
//! It loses nothing: every line knows its number and the bytes it stands for. It also knows which lines are inside
//! fenced code or an HTML comment, so that what only *looks* like a heading or a field there is left alone. One pass,
//! linear in the text whatever the text is.

mod blocks;
mod findings;
mod inline;
mod span;

use std::borrow::Cow;

use orch_core::{Diagnostic, Position};

pub(crate) use blocks::{Fence, Line, Lines, Part};
pub(crate) use findings::Findings;
pub(crate) use inline::{
    Field, field, heading, indent, is_none_word, link_target, list_item, quoted, task_box, unwrap_inline,
    words_of,
};
pub(crate) use span::Span;

/// A file's bytes as text.
pub(crate) struct Decoded<'a> {
    /// The text after the byte order mark; bytes that are not UTF-8 have become U+FFFD.
    pub(crate) text: Cow<'a, str>,
    /// The first sequence of bytes that is not UTF-8, and how many there are.
    fault: Option<(Position, usize)>,
}

/// Reads `bytes` as UTF-8, with or without a byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Decoded<'_> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Decoded { text: Cow::Borrowed(text), fault: None },
        Err(error) => error,
    };
    let before = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    let at = Position::new(clamp(line), clamp(column));
    let count = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    Decoded { text: String::from_utf8_lossy(bytes), fault: Some((at, count)) }
}

impl Decoded<'_> {
    /// What is wrong with the encoding, under the name `code`.
    pub(crate) fn diagnostic(&self, code: &'static str) -> Option<Diagnostic> {
        let (at, count) = self.fault?;
        let message = match count {
            1 => "bytes that are not UTF-8".to_owned(),
            _ => format!("bytes that are not UTF-8, here and in {} more places", count - 1),
        };
        Some(Diagnostic::error(code, message).hint("save the file as UTF-8").at(at))
    }
}

/// A count as it fits into a [`Position`].
pub(crate) fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

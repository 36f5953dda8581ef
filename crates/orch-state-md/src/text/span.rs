//! A piece of a line that knows where it stands.

use orch_core::Position;

use super::clamp;

/// A piece of one line and the place of its first character.
///
/// Cutting a span counts only the characters that are cut off in front, so taking a line apart from left to right
/// costs the length of the line and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span<'a> {
    /// The piece itself.
    pub(crate) text: &'a str,
    /// The place of its first character.
    pub(crate) at: Position,
}

impl<'a> Span<'a> {
    /// The whole of `text`, which begins at `at`.
    pub(crate) fn new(text: &'a str, at: Position) -> Self {
        Self { text, at }
    }

    /// Both sides of byte `middle`, which must be between two characters.
    pub(crate) fn split_at(self, middle: usize) -> (Self, Self) {
        let (front, back) = self.text.split_at(middle);
        let column = self.at.column.saturating_add(clamp(front.chars().count()));
        (Self { text: front, ..self }, Self { text: back, at: Position { column, ..self.at } })
    }

    /// What follows byte `middle`.
    pub(crate) fn skip(self, middle: usize) -> Self {
        self.split_at(middle).1
    }

    /// What stands before byte `middle`.
    pub(crate) fn take(self, middle: usize) -> Self {
        Self { text: &self.text[..middle], ..self }
    }

    /// Without the white space at both ends.
    pub(crate) fn trim(self) -> Self {
        let start = self.trim_start();
        Self { text: start.text.trim_end(), ..start }
    }

    /// Without the white space in front.
    pub(crate) fn trim_start(self) -> Self {
        self.skip(self.text.len() - self.text.trim_start().len())
    }

    /// Without the characters `c` at both ends.
    pub(crate) fn trim_matches(self, c: char) -> Self {
        let start = self.skip(self.text.len() - self.text.trim_start_matches(c).len());
        Self { text: start.text.trim_end_matches(c), ..start }
    }

    /// What follows `prefix`, whatever its case; `None` when it does not begin so. `prefix` is ASCII.
    pub(crate) fn strip_word(self, prefix: &str) -> Option<Self> {
        let front = self.text.get(..prefix.len())?;
        front.eq_ignore_ascii_case(prefix).then(|| self.skip(prefix.len()))
    }
}

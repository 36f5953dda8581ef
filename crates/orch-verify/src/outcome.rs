//! How one check came out.

use std::fmt;

/// How one check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// What was asked for was seen.
    Pass,
    /// It was not.
    Fail,
    /// It could not be decided: the environment, the check itself or its limits are in the way.
    Error,
    /// It took longer than it may.
    TimedOut,
    /// A person has to look; no machine decides.
    ForAPerson,
    /// An earlier check was not passed.
    NotRun,
}

impl Verdict {
    /// Whether the checks after it go on.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Pass | Self::ForAPerson)
    }

    /// The word that reports have for it: `PASS`, `FAIL`, `ERROR`, `TIMEOUT`, `FOR A PERSON`, `NOT RUN`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
            Self::TimedOut => "TIMEOUT",
            Self::ForAPerson => "FOR A PERSON",
            Self::NotRun => "NOT RUN",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A verdict and what it rests on, before it has a number and a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) evidence: String,
    pub(crate) output: String,
    pub(crate) fix: Option<String>,
}

impl Outcome {
    pub(crate) fn new(verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self { verdict, evidence: evidence.into(), output: String::new(), fix: None }
    }

    pub(crate) fn pass(evidence: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, evidence)
    }

    pub(crate) fn fail(evidence: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, evidence)
    }

    /// `what` is what was in the way.
    pub(crate) fn error(what: impl fmt::Display) -> Self {
        Self::new(Verdict::Error, format!("Error: {what}"))
    }

    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    pub(crate) fn output(self, output: String) -> Self {
        Self { output, ..self }
    }
}

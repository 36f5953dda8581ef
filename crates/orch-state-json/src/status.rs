//! Where a weaver stands, and how a run went.

use core::fmt;

use orch_core::Status;

/// Where a weaver stands.
///
/// `waiting`, `running` and `blocked` are orch's words, in `state.json` alone; `building`, `verifying` and `fixing` are
/// a weaver's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum WeaverStatus {
    /// Not started.
    #[default]
    Waiting,
    /// Started; it has not said yet what it does.
    Running,
    /// It writes code.
    Building,
    /// Its work is being checked.
    Verifying,
    /// It mends what a check found.
    Fixing,
    /// Done.
    Complete,
    /// It gave up, or its work did not pass.
    Failed,
    /// What it depends on has failed.
    Blocked,
    /// Its session ended without a last word.
    Crashed,
    /// A word that is none of these, as it was written.
    Other(String),
}

impl WeaverStatus {
    /// All that have a word of their own, in the order of their lives.
    pub const ALL: [WeaverStatus; 9] = [
        WeaverStatus::Waiting,
        WeaverStatus::Running,
        WeaverStatus::Building,
        WeaverStatus::Verifying,
        WeaverStatus::Fixing,
        WeaverStatus::Complete,
        WeaverStatus::Failed,
        WeaverStatus::Blocked,
        WeaverStatus::Crashed,
    ];

    /// The word written in the files.
    pub fn word(&self) -> &str {
        match self {
            WeaverStatus::Waiting => "waiting",
            WeaverStatus::Running => "running",
            WeaverStatus::Building => "building",
            WeaverStatus::Verifying => "verifying",
            WeaverStatus::Fixing => "fixing",
            WeaverStatus::Complete => "complete",
            WeaverStatus::Failed => "failed",
            WeaverStatus::Blocked => "blocked",
            WeaverStatus::Crashed => "crashed",
            WeaverStatus::Other(word) => word,
        }
    }

    /// The status that `word` names, in any case; [`Other`](Self::Other) when it is none of the nine.
    ///
    /// ```
    /// use orch_state_json::WeaverStatus;
    /// assert_eq!(WeaverStatus::read("Complete"), WeaverStatus::Complete);
    /// assert_eq!(WeaverStatus::read("thinking"), WeaverStatus::Other("thinking".into()));
    /// ```
    pub fn read(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(word.trim()));
        known.unwrap_or_else(|| WeaverStatus::Other(word.to_owned()))
    }

    /// Where the weaver's task stands: waiting and blocked are pending, anything under way is running, crashed is
    /// failed. A word that orch doesn't know proves nothing: pending.
    pub fn core(&self) -> Status {
        match self {
            WeaverStatus::Waiting | WeaverStatus::Blocked | WeaverStatus::Other(_) => Status::Pending,
            WeaverStatus::Running
            | WeaverStatus::Building
            | WeaverStatus::Verifying
            | WeaverStatus::Fixing => Status::Running,
            WeaverStatus::Complete => Status::Success,
            WeaverStatus::Failed | WeaverStatus::Crashed => Status::Fail,
        }
    }

    /// The status to be written of a task that stands at `status`.
    ///
    /// `crashed`, of one that failed: its session ended without a last word. `blocked`, of one that is pending: what it
    /// depends on has failed. Part of the work is not the work: an incomplete task has failed.
    pub fn from_core(status: Status, crashed: bool, blocked: bool) -> Self {
        match status {
            Status::Pending if blocked => WeaverStatus::Blocked,
            Status::Pending => WeaverStatus::Waiting,
            Status::Running => WeaverStatus::Running,
            Status::Success => WeaverStatus::Complete,
            Status::Fail | Status::Incomplete if crashed => WeaverStatus::Crashed,
            Status::Fail | Status::Incomplete => WeaverStatus::Failed,
        }
    }

    /// Whether nothing more comes by itself: complete, failed, crashed or blocked.
    pub fn is_final(&self) -> bool {
        *self == WeaverStatus::Complete || self.has_failed()
    }

    /// Whether it is over and not done: failed, crashed or blocked.
    pub fn has_failed(&self) -> bool {
        matches!(self, WeaverStatus::Failed | WeaverStatus::Crashed | WeaverStatus::Blocked)
    }
}

impl fmt::Display for WeaverStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a run as a whole stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overall {
    /// It is under way.
    #[default]
    Running,
    /// Every weaver is complete.
    Complete,
    /// It is over, and neither complete nor failed.
    Partial,
    /// It is over, and no weaver is complete nor could be.
    Failed,
    /// A word that is none of these, as it was written.
    Other(String),
}

impl Overall {
    /// The word written in the file.
    pub fn word(&self) -> &str {
        match self {
            Overall::Running => "running",
            Overall::Complete => "complete",
            Overall::Partial => "partial",
            Overall::Failed => "failed",
            Overall::Other(word) => word,
        }
    }

    /// What `word` names, in any case.
    pub fn read(word: &str) -> Self {
        let all = [Overall::Running, Overall::Complete, Overall::Partial, Overall::Failed];
        let known = all.into_iter().find(|overall| overall.word().eq_ignore_ascii_case(word.trim()));
        known.unwrap_or_else(|| Overall::Other(word.to_owned()))
    }

    /// How a run that is over went, from where its weavers stand.
    ///
    /// | complete | failed, crashed or blocked | anything else (*) | overall |
    /// |---|---|---|---|
    /// | none | none | none | complete: there was nothing to do |
    /// | some | none | none | complete |
    /// | some | some | none | partial |
    /// | some | none | some | partial |
    /// | some | some | some | partial |
    /// | none | some | none | failed |
    /// | none | none | some | partial: stopped before anything was done |
    /// | none | some | some | partial: stopped, and what is left may still succeed |
    ///
    /// (*) What is left of a run that was stopped: waiting, running, building, verifying, fixing, and words that orch
    /// doesn't know. So one that failed among others that are complete makes the run partial; the seed's own sample says
    /// complete there, against its own table.
    ///
    /// ```
    /// use orch_state_json::{Overall, WeaverStatus::{Blocked, Complete, Failed}};
    /// assert_eq!(Overall::of(&[Complete, Complete, Failed]), Overall::Partial);
    /// assert_eq!(Overall::of(&[Failed, Blocked]), Overall::Failed);
    /// ```
    pub fn of<'s>(statuses: impl IntoIterator<Item = &'s WeaverStatus>) -> Self {
        let (mut complete, mut failed, mut left) = (false, false, false);
        for status in statuses {
            match status {
                WeaverStatus::Complete => complete = true,
                status if status.has_failed() => failed = true,
                _ => left = true,
            }
        }
        match (complete, failed, left) {
            (_, false, false) => Overall::Complete,
            (false, true, false) => Overall::Failed,
            _ => Overall::Partial,
        }
    }
}

impl fmt::Display for Overall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

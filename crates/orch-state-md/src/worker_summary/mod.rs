//! What the worker of a milestone hands back (seed 000): `.orchestrator/worker-summary-m3-auth.md`.
//!
//! It is written by an agent, each time in another way: parts under headings, behind bold labels, as list items, in a
//! table, as front matter. All of it is read; what a summary does not say is left empty, never made up. What is struck
//! through or in a comment is not said.
//!
//! ```
//! use orch_state_md::worker_summary::{SummaryStatus, read};
//!
//! let summary = read(
//!     "# Worker Summary: M3 - Sign-in\n\
//!      \n\
//!      **Status:** ✅ Completed\n\
//!      **Start time:** 2026-03-01 22:10\n\
//!      **End time:** 2026-03-01 22:41\n\
//!      \n\
//!      ## Work completed\n\
//!      - [x] Write the form\n\
//!      - [ ] Remember the last name\n\
//!      \n\
//!      ## Issues or blockers\n\
//!      None.\n",
//! );
//! assert_eq!(summary.milestone.as_deref(), Some("M3"));
//! assert_eq!(summary.status, Some(SummaryStatus::Completed));
//! assert_eq!(summary.minutes(), Ok(Some(31)));
//! assert_eq!(summary.work[1].done, Some(false));
//! assert!(summary.issues.is_empty());
//! ```

mod duration;
mod files;
mod gather;
mod label;
mod line;
mod moment;
mod moment_text;
mod nothing;
mod part;
mod read;
mod status;
mod token;

pub use moment::{Date, EndsBeforeStart, Moment};

/// What a worker says of its milestone. What it does not say is none or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerSummary {
    /// The id of the milestone, as [`milestone_id`](crate::planning::milestone_id) spells it, from a heading or a field
    /// `Milestone`.
    pub milestone: Option<String>,
    /// How it went: the first status that is said. None when there is none, or when it is none of the three.
    pub status: Option<SummaryStatus>,
    /// That status as it is written, on one line.
    pub status_written: Option<String>,
    /// What it says was done or not done, in its order.
    pub work: Vec<WorkItem>,
    /// The files that it says it changed: paths without code marks and remarks, each once.
    pub files: Vec<String>,
    /// What it says of tests, on one line.
    pub tests: Option<String>,
    /// Issues and blockers, one line each; empty when it says that there are none.
    pub issues: Vec<String>,
    /// What it says to whoever goes on with the plan, one line each.
    pub notes: Vec<String>,
    /// When it began.
    pub started: Option<Moment>,
    /// When it ended.
    pub ended: Option<Moment>,
    /// The minutes that it says it took, when it says so itself.
    pub duration_said: Option<u32>,
}

/// How a worker says its milestone went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SummaryStatus {
    /// All of it is done.
    Completed,
    /// It could not go on.
    Blocked,
    /// Some of it is done.
    Partial,
}

impl SummaryStatus {
    /// The seed's word: `Completed`, `Blocked`, `Partial`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Blocked => "Blocked",
            Self::Partial => "Partial",
        }
    }
}

/// One thing that a worker says of its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkItem {
    /// What it says, on one line, without the bullet and the mark.
    pub text: String,
    /// Whether it is done, when a mark says so (`[x]`, `[ ]`, `✅`, `❌`); none for a plain item, which stands among what
    /// was done and says nothing against it.
    pub done: Option<bool>,
}

/// Reads a summary. Any text gives one: what it does not say is left empty.
///
/// The fields are bounded whatever the text is: at most 1,000 items in a list, at most 500 characters in each.
pub fn read(text: &str) -> WorkerSummary {
    read::read(text)
}

impl WorkerSummary {
    /// Whether it says anything: a status, work, files, tests, issues, notes or times. An empty file does not, nor does
    /// one with headings alone.
    pub fn says_anything(&self) -> bool {
        let Self { milestone: _, status, status_written, work, files, tests, issues, notes, .. } = self;
        status.is_some()
            || status_written.is_some()
            || tests.is_some()
            || [files, issues, notes].iter().any(|list| !list.is_empty())
            || !work.is_empty()
            || self.started.is_some()
            || self.ended.is_some()
            || self.duration_said.is_some()
    }

    /// The minutes it took, rounded to whole ones: from start to end, else what it says itself, else none.
    ///
    /// An end without a date that is earlier in the day than the start is one after midnight.
    ///
    /// # Errors
    /// [`EndsBeforeStart`] when both have a date and the end is before the start.
    pub fn minutes(&self) -> Result<Option<u32>, EndsBeforeStart> {
        match (self.started, self.ended) {
            (Some(started), Some(ended)) => started.minutes_until(ended).map(Some),
            _ => Ok(self.duration_said),
        }
    }
}

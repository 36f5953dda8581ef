//! `run/summary.md`: what came of a vertical plan, for a person to read (seed 003).
//!
//! The headings and the first table are the seed's, whatever the status, because scripts look for them; the line
//! `**Status**` says how it went. What plans and workers wrote can't add a line, a cell, a link or HTML to the document.
//!
//! ```
//! use orch_state_md::summary::{Mark, Merge, PullRequest, Row, Summary, render};
//!
//! let summary = Summary {
//!     plan_id: "plan-20260119-1430".into(),
//!     status: "complete".into(),
//!     started_at: Some("2026-01-19T14:30:00Z".into()),
//!     completed_at: Some("2026-01-19T15:12:00Z".into()),
//!     rows: vec![Row {
//!         spec: "01-schema.yaml".into(),
//!         mark: Mark::Done,
//!         status: "complete".into(),
//!         pr: PullRequest::read("https://github.com/o/r/pull/42"),
//!     }],
//!     merge_order: vec![Merge {
//!         label: "#42".into(),
//!         title: "feat(auth): add users table".into(),
//!         base: None,
//!         ready: true,
//!     }],
//!     ..Summary::default()
//! };
//! assert_eq!(
//!     render(&summary),
//!     "\
//! ## Build Complete: plan-20260119-1430
//!
//! **Status**: complete
//! **Started**: 2026-01-19T14:30:00Z
//! **Completed**: 2026-01-19T15:12:00Z
//!
//! ### Results
//!
//! | Spec | Status | PR |
//! |------|--------|-----|
//! | 01-schema | ✓ complete | [#42](https://github.com/o/r/pull/42) |
//!
//! ### PRs Ready for Review
//!
//! Merge in this order (stacked):
//! 1. #42 - feat(auth): add users table
//! "
//! );
//! ```

pub(crate) mod escape;
mod pull_request;
mod render;

pub use pull_request::{PullRequest, pr_label};
pub use render::render;

/// What came of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Which plan it was.
    pub plan_id: String,
    /// What it was for; left out when empty.
    pub description: String,
    /// How it went: `complete`, `partial` or `failed`.
    pub status: String,
    /// When it began; `-` when that is not known.
    pub started_at: Option<String>,
    /// When it was over; `-` when it is not.
    pub completed_at: Option<String>,
    /// What became of each spec, in the order of the plan.
    pub rows: Vec<Row>,
    /// The pull requests in the order in which they can be merged.
    pub merge_order: Vec<Merge>,
    /// The command that rebases a stack after a squash merge; none when nothing is stacked.
    pub restack: Option<String>,
    /// Each spec that is over and not done.
    pub failures: Vec<Failure>,
    /// What orch's own checks found.
    pub verification: Vec<Verification>,
    /// What only a person can look at.
    pub demos: Vec<Demo>,
    /// What else is to be said, one line each.
    pub notes: Vec<String>,
    /// What a person may want to type next; [`usual_commands`](Self::usual_commands) are the seed's.
    pub commands: Vec<Commands>,
}

/// How a spec is marked in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `✓`
    Done,
    /// `✗`
    Failed,
    /// `–`: neither.
    Open,
}

impl Mark {
    /// The sign in the table.
    pub const fn sign(self) -> char {
        match self {
            Mark::Done => '✓',
            Mark::Failed => '✗',
            Mark::Open => '–',
        }
    }
}

/// What became of one spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The spec's file; its ending `.yaml` is not shown.
    pub spec: String,
    /// How it is marked.
    pub mark: Mark,
    /// Where its weaver stands, in one word.
    pub status: String,
    /// Its pull request; `-` when there is none.
    pub pr: Option<PullRequest>,
}

/// A pull request in the order of merging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Its number (`#42`, see [`pr_label`]), or its branch when it has none.
    pub label: String,
    /// Its title.
    pub title: String,
    /// The branch of the plan that it is stacked on; none when it is stacked on nothing.
    pub base: Option<String>,
    /// Whether it may be merged as soon as those before it are.
    pub ready: bool,
}

/// A spec that is over and not done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The spec's file; its ending `.yaml` is not shown.
    pub spec: String,
    /// Why.
    pub error: String,
    /// How many tries were made, when that is known.
    pub iterations: Option<u32>,
    /// The weaver's id, such as `w-03`.
    pub weaver: String,
    /// The command that shows more. In this and the next two, whoever gives the command has quoted what is in it.
    pub debug: Option<String>,
    /// The command that attaches to the session, if it still runs.
    pub attach: Option<String>,
    /// The command that goes on with the agent's session; none when its id is not known.
    pub resume: Option<String>,
}

/// What orch's own checks of one spec found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The spec's file; its ending `.yaml` is not shown.
    pub spec: String,
    /// Its checks, in the order of the spec.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What came of it.
    pub result: CheckResult,
    /// What there is to say about it, in one line.
    pub detail: Option<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// It holds.
    Passed,
    /// It does not, or it could not be made.
    Failed,
    /// Only a person can say.
    NeedsPerson,
    /// One before it failed.
    NotRun,
}

impl CheckResult {
    /// The words in the file: `passed`, `failed`, `needs a person`, `not run`.
    pub const fn words(self) -> &'static str {
        match self {
            CheckResult::Passed => "passed",
            CheckResult::Failed => "failed",
            CheckResult::NeedsPerson => "needs a person",
            CheckResult::NotRun => "not run",
        }
    }

    const fn mark(self) -> Mark {
        match self {
            CheckResult::Passed => Mark::Done,
            CheckResult::Failed => Mark::Failed,
            CheckResult::NeedsPerson | CheckResult::NotRun => Mark::Open,
        }
    }
}

/// Something that a person is to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    /// The spec's file; its ending `.yaml` is not shown.
    pub spec: String,
    /// What is to be seen.
    pub name: String,
    /// What to do, step by step.
    pub steps: Vec<String>,
    /// When it is good.
    pub acceptance: Option<String>,
}

/// Commands that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// What they are for.
    pub purpose: String,
    /// The commands as they are typed, one line each. Whoever gives them has quoted what is in them.
    pub lines: Vec<String>,
}

impl Summary {
    /// The seed's commands for this summary, through `gh`: list the pull requests, merge those that are ready, restack,
    /// look into failures. Groups without a command are left out.
    pub fn usual_commands(&self) -> Vec<Commands> {
        let requests = self.rows.iter().any(|row| row.pr.is_some());
        let numbers = self.merge_order.iter().filter(|merge| merge.ready).filter_map(|merge| {
            let number = merge.label.strip_prefix('#')?;
            number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
        });
        let look = self.failures.iter().flat_map(|failure| {
            let attach = failure.attach.iter().map(|attach| format!("{attach}  # if still running"));
            attach.chain(failure.resume.iter().map(|resume| format!("{resume}  # to continue")))
        });
        let groups = [
            ("View PR list", requests.then(|| "gh pr list".to_owned()).into_iter().collect()),
            ("Merge PRs in order", numbers.map(|number| format!("gh pr merge {number} --merge")).collect()),
            ("Rebase the stack after a squash merge", self.restack.iter().cloned().collect()),
            ("Debug failed weaver", look.collect::<Vec<_>>()),
        ];
        let groups = groups.into_iter().filter(|(_, lines)| !lines.is_empty());
        groups.map(|(purpose, lines)| Commands { purpose: purpose.into(), lines }).collect()
    }
}

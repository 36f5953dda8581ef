//! The review's report, `# CODERABBIT REVIEW`.

use orch_core::Position;

use super::find::{first_word, last_report};

/// How a review went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewStatus {
    /// Nothing is left to mend.
    Pass,
    /// Something is left, or the review could not be done.
    Fail,
    /// There was no review, because its program is missing.
    Skipped,
}

/// Whether a review's own changes are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitStatus {
    /// In a commit of their own.
    Success,
    /// Nothing was to be committed.
    Skipped,
    /// In the commit before.
    Amended,
    /// They are not.
    Failed,
}

/// What a review reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewReport {
    /// The first status under the heading; `None` when there is none or it is none of the three words.
    pub status: Option<ReviewStatus>,
    /// The status as written, valid or not.
    pub status_written: Option<String>,
    /// `Changes Made`; `None` when it says neither yes nor no.
    pub changes_made: Option<bool>,
    /// The status of `## Commit`.
    pub commit_status: Option<CommitStatus>,
    /// `Wait Time`, as written.
    pub wait: Option<String>,
    /// The lines of `## Summary`, without bullets.
    pub summary: Vec<String>,
    /// The lines of `## Errors`, without bullets; a rate limit is told here.
    pub errors: Vec<String>,
    /// Where the report begins.
    pub at: Position,
}

/// The last review report in a worker's output; `None` when there is none.
///
/// ```
/// use orch_state_md::report::{read_review_report, ReviewStatus};
/// let report = read_review_report("# CODERABBIT REVIEW\nStatus: PASS\n## Summary\n- Changes Made: no\n").unwrap();
/// assert_eq!((report.status, report.changes_made), (Some(ReviewStatus::Pass), Some(false)));
/// ```
pub fn read_review_report(text: &str) -> Option<ReviewReport> {
    let report = last_report(text, "CODERABBIT REVIEW")?;
    let summary = report.section("summary");
    // Older reports have these fields right under the heading.
    let word = |name| summary.and_then(|section| section.value(name)).or_else(|| report.head.value(name));
    let items = |title| report.section(title).map(|section| section.items()).unwrap_or_default();
    let status = report.status().map(first_word);
    let commit = report.section("commit").and_then(|section| section.status()).map(first_word);
    Some(ReviewReport {
        status: status.as_deref().and_then(|word| match word {
            "PASS" => Some(ReviewStatus::Pass),
            "FAIL" => Some(ReviewStatus::Fail),
            "SKIPPED" => Some(ReviewStatus::Skipped),
            _ => None,
        }),
        status_written: report.status().map(str::to_owned),
        changes_made: word("changes made").map(first_word).as_deref().and_then(|word| match word {
            "YES" => Some(true),
            "NO" => Some(false),
            _ => None,
        }),
        commit_status: commit.as_deref().and_then(|word| match word {
            "SUCCESS" => Some(CommitStatus::Success),
            "SKIPPED" => Some(CommitStatus::Skipped),
            "AMENDED" => Some(CommitStatus::Amended),
            "FAILED" => Some(CommitStatus::Failed),
            _ => None,
        }),
        wait: word("wait time").filter(|wait| !crate::text::is_none_word(wait)).map(str::to_owned),
        summary: items("summary"),
        errors: items("errors"),
        at: report.at,
    })
}

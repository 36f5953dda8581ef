//! The runner's report, `# ORCHESTRATOR RUN REPORT`.

use orch_core::Position;

use super::find::{first_word, last_report};

/// How a runner says its prompt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportStatus {
    /// All phases done, no requirement unmet.
    Success,
    /// No valid plan, or the commit failed.
    Fail,
    /// Something is unmet, or a phase ran out of tries.
    Incomplete,
}

impl ReportStatus {
    fn read(written: &str) -> Option<Self> {
        match first_word(written).as_str() {
            "SUCCESS" => Some(Self::Success),
            "FAIL" => Some(Self::Fail),
            "INCOMPLETE" => Some(Self::Incomplete),
            _ => None,
        }
    }
}

/// What a runner reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// The first status between the report's heading and its sections; `None` when there is none or it is none of the
    /// three words. The status of a section, such as the plan review's, is never taken for it.
    pub status: Option<ReportStatus>,
    /// The status as written, valid or not.
    pub status_written: Option<String>,
    /// `Prompt`.
    pub prompt: Option<String>,
    /// `Plan`.
    pub plan: Option<String>,
    /// The status of `## Plan Review`.
    pub plan_review: Option<String>,
    /// The status of `## Implementation`.
    pub implementation: Option<String>,
    /// The status of `## Quality Gate`.
    pub quality_gate: Option<String>,
    /// The status of `## Commit`.
    pub commit: Option<String>,
    /// The lines of `## Coder Notes Summary`, without bullets.
    pub coder_notes: Vec<String>,
    /// The lines of `## Unmet Requirements`, without bullets.
    pub unmet: Vec<String>,
    /// The titles of all sections.
    pub headings: Vec<String>,
    /// Where the report begins.
    pub at: Position,
}

/// The last run report in a worker's output.
///
/// `None`: there is no report. A report whose `status` is `None`: there is one, and it does not say how it went.
///
/// ```
/// use orch_state_md::report::{read_run_report, ReportStatus};
/// let output = "All done!\n\n# ORCHESTRATOR RUN REPORT\n\n**Status:** SUCCESS\nPlan: PROMPT-01-PLAN.md\n";
/// let report = read_run_report(output).unwrap();
/// assert_eq!(report.status, Some(ReportStatus::Success));
/// assert_eq!(report.plan.as_deref(), Some("PROMPT-01-PLAN.md"));
/// assert!(read_run_report("Status: SUCCESS").is_none());
/// ```
pub fn read_run_report(text: &str) -> Option<RunReport> {
    let report = last_report(text, "ORCHESTRATOR RUN REPORT")?;
    let status = |title| report.section(title).and_then(|section| section.status()).map(str::to_owned);
    let items = |title| report.section(title).map(|section| section.items()).unwrap_or_default();
    Some(RunReport {
        status: report.status().and_then(ReportStatus::read),
        status_written: report.status().map(str::to_owned),
        prompt: report.head.text("prompt"),
        plan: report.head.text("plan"),
        plan_review: status("plan review"),
        implementation: status("implementation"),
        quality_gate: status("quality gate"),
        commit: status("commit"),
        coder_notes: items("coder notes summary"),
        unmet: items("unmet requirements"),
        headings: report.sections.iter().map(|section| section.title.to_owned()).collect(),
        at: report.at,
    })
}

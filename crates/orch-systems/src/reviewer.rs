//! The gate after each task: a review of its work (seed 002, phase 2).

use std::path::Path;

use orch_core::{ReviewVerdict, Time};
use orch_exec::agent::{mentions_limit, reset_time};
use orch_exec::process::{Exit, log};
use orch_git::Git;
use orch_state_md::report::{CommitStatus, ReviewStatus, read_review_report};

use crate::RunOptions;
use crate::config::{Command, Config};
use crate::workers::is_installed;

/// The reviewer unless another is configured, and the one whose arguments orch completes.
const DEFAULT: &str = "coderabbit";

/// How much of a review's output is looked at, in bytes from its end.
const LOOKED_AT: usize = 256 << 10;

/// What shows that a reviewer was refused by its provider (seed 002).
const LIMIT: [&str; 3] = ["rate limit", "429", "too many requests"];

/// A review command.
#[derive(Clone, Debug)]
pub(crate) struct Reviewer {
    argv: Vec<String>,
    git: Git,
    in_repository: bool,
    /// Patterns of the files that orch itself changes all the time.
    own: Vec<String>,
}

/// What the working tree was like before a review, so that its own changes can be told.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    /// What was not committed, as git lists it; none outside a repository, or when git can't say.
    changes: Option<Vec<u8>>,
}

/// A review, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reviewed {
    pub(crate) verdict: ReviewVerdict,
    pub(crate) detail: Option<String>,
}

impl Reviewer {
    /// The reviewer of a run. The default one is passed over in silence where it is not there (seed 002); one that was
    /// asked for by name is missed. `own` are patterns of the files that orch itself changes all the time.
    pub(crate) fn of_run(
        options: &RunOptions,
        config: &Config,
        folder: &Path,
        in_repository: bool,
        own: Vec<String>,
        notes: &mut Vec<String>,
    ) -> Option<Self> {
        let asked = match &config.run.review {
            _ if options.no_review => return None,
            Some(Command::Switch(false)) => return None,
            Some(Command::Switch(true)) | None => None,
            Some(Command::Argv(argv)) => Some(argv.clone()),
        };
        let by_name = asked.is_some();
        if !by_name && !in_repository {
            return None;
        }
        let reviewer = Self::new(asked, folder, in_repository, own);
        if is_installed(reviewer.program(), folder) {
            return Some(reviewer);
        }
        if by_name {
            notes
                .push(format!("the reviewer `{}` is not installed: reviews are skipped", reviewer.program()));
        }
        None
    }

    /// The reviewer with the configured arguments, or the default one.
    fn new(argv: Option<Vec<String>>, folder: &Path, in_repository: bool, own: Vec<String>) -> Self {
        let argv = argv.filter(|argv| !argv.is_empty());
        Self {
            argv: argv.unwrap_or_else(|| vec![DEFAULT.into(), "--plain".into()]),
            git: Git::at(folder),
            in_repository,
            own,
        }
    }

    /// The program.
    pub(crate) fn program(&self) -> &str {
        &self.argv[0]
    }

    /// The argument vector for a review of work based on `base`, with what the default reviewer needs added.
    pub(crate) fn argv(&self, base: &str, before: &Before) -> Vec<String> {
        let mut argv: Vec<String> = self.argv.iter().map(|arg| arg.replace("{base}", base)).collect();
        let program = Path::new(self.program()).file_name().and_then(|name| name.to_str());
        if program == Some(DEFAULT) && !argv.iter().any(|arg| arg == "--base") {
            let dirty = before.changes.as_ref().is_some_and(|changes| !changes.is_empty());
            let which = if dirty { "uncommitted" } else { "committed" };
            argv.extend(["--type", which, "--base", base].map(str::to_owned));
        }
        argv
    }

    /// Looks at the working tree before a review.
    pub(crate) fn before(&self) -> Before {
        let own: Vec<&str> = self.own.iter().map(String::as_str).collect();
        Before { changes: self.in_repository.then(|| self.git.changes(&own).ok()).flatten() }
    }

    /// What an ended review means.
    pub(crate) fn judge(&self, before: &Before, exit: Exit, log: &Path, now: Time) -> Reviewed {
        let output = log::tail(log, LOOKED_AT).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        let after = self.before().changes;
        let left_changes = after.as_ref().is_some_and(|after| !after.is_empty()) && after != before.changes;
        judge(&output, exit, left_changes, now)
    }
}

fn judge(output: &str, exit: Exit, left_changes: bool, now: Time) -> Reviewed {
    let limit: Vec<String> = LIMIT.map(str::to_owned).to_vec();
    let limited = |text: &str| ReviewVerdict::RateLimited { until: reset_time(text, now) };
    let reviewed = |verdict, detail: &str| Reviewed { verdict, detail: Some(detail.to_owned()) };
    if let Some(report) = read_review_report(output) {
        let committed = matches!(report.commit_status, Some(CommitStatus::Success | CommitStatus::Amended));
        let errors = report.errors.join("\n");
        let said = format!("{}\n{}", report.wait.as_deref().unwrap_or_default(), errors);
        return match report.status {
            Some(ReviewStatus::Fail) if mentions_limit(&errors, &limit) => {
                reviewed(limited(&said), "the reviewer is rate limited")
            }
            Some(ReviewStatus::Fail) => reviewed(ReviewVerdict::Fail, "the review says FAIL"),
            _ if report.changes_made == Some(true) && !committed => {
                reviewed(ReviewVerdict::Fail, "the reviewer made changes and did not commit them")
            }
            Some(ReviewStatus::Skipped) => reviewed(ReviewVerdict::Skipped, "the review says SKIPPED"),
            Some(ReviewStatus::Pass) if left_changes => {
                reviewed(ReviewVerdict::Fail, "the reviewer left changes that are not committed")
            }
            Some(ReviewStatus::Pass) => Reviewed { verdict: ReviewVerdict::Pass, detail: None },
            None => reviewed(ReviewVerdict::Fail, "the review's report has no status"),
        };
    }
    match exit {
        Exit::Code(0) if left_changes => {
            reviewed(ReviewVerdict::Fail, "the reviewer left changes that are not committed")
        }
        Exit::Code(0) => Reviewed { verdict: ReviewVerdict::Pass, detail: None },
        _ if mentions_limit(output, &limit) => reviewed(limited(output), "the reviewer is rate limited"),
        Exit::Code(code) => {
            reviewed(ReviewVerdict::Fail, &format!("the reviewer ended with exit code {code}"))
        }
        Exit::Signal(signal) => {
            reviewed(ReviewVerdict::Fail, &format!("the reviewer was ended by signal {signal}"))
        }
        Exit::Unknown => reviewed(ReviewVerdict::Fail, "the reviewer ended without saying how"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_the_seed() {
        let report = |rest: &str| format!("# CODERABBIT REVIEW\n{rest}\n");
        let now = Time::from_millis(1_000_000);
        let limited = |seconds: Option<u64>| ReviewVerdict::RateLimited {
            until: seconds.map(|seconds| Time::from_millis(1_000_000 + seconds * 1000)),
        };
        for (output, exit, left_changes, verdict) in [
            (String::new(), Exit::Code(0), false, ReviewVerdict::Pass),
            ("Review completed\n".into(), Exit::Code(0), false, ReviewVerdict::Pass),
            ("we talk about a rate limit here".into(), Exit::Code(0), false, ReviewVerdict::Pass),
            ("fixed two things".into(), Exit::Code(0), true, ReviewVerdict::Fail),
            ("error: Rate limit exceeded".into(), Exit::Code(1), false, limited(None)),
            ("HTTP 429, try again in 5 minutes".into(), Exit::Code(1), false, limited(Some(300))),
            ("Too Many Requests".into(), Exit::Code(1), false, limited(None)),
            ("not logged in".into(), Exit::Code(1), false, ReviewVerdict::Fail),
            (String::new(), Exit::Signal(9), false, ReviewVerdict::Fail),
            (report("Status: PASS"), Exit::Code(0), false, ReviewVerdict::Pass),
            (report("Status: SKIPPED"), Exit::Code(0), false, ReviewVerdict::Skipped),
            (report("Status: FAIL"), Exit::Code(0), false, ReviewVerdict::Fail),
            (report("Status: FAIL\n## Errors\n- rate limit"), Exit::Code(0), false, limited(None)),
            (
                report("Status: PASS\n## Summary\n- Changes Made: yes\n## Commit\nStatus: SUCCESS"),
                Exit::Code(0),
                false,
                ReviewVerdict::Pass,
            ),
            (
                report("Status: PASS\n## Summary\n- Changes Made: yes\n## Commit\nStatus: SKIPPED"),
                Exit::Code(0),
                false,
                ReviewVerdict::Fail,
            ),
            (report("no status here"), Exit::Code(0), false, ReviewVerdict::Fail),
        ] {
            assert_eq!(judge(&output, exit, left_changes, now).verdict, verdict, "{output:?} {exit:?}");
        }
    }

    #[test]
    fn the_default_reviewer_is_told_what_to_look_at() {
        let folder = Path::new("/project");
        let clean = Before { changes: Some(Vec::new()) };
        let dirty = Before { changes: Some(b"?? x\0".to_vec()) };
        let reviewer = Reviewer::new(None, folder, true, Vec::new());
        assert!(reviewer.argv("main", &dirty).contains(&"uncommitted".to_owned()));
        assert_eq!(
            reviewer.argv("main", &clean),
            ["coderabbit", "--plain", "--type", "committed", "--base", "main"]
        );
        let own = Reviewer::new(Some(vec!["./review.sh".into(), "{base}".into()]), folder, true, Vec::new());
        assert_eq!(own.argv("trunk", &clean), ["./review.sh", "trunk"]);
    }
}

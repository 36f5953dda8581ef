//! Holding a weaver's claim against its branch and the checks of its spec.
//!
//! A claim is believed when the branch has a commit of its own, all of the work is on it, and every check passes. Then
//! it is published; what fails there costs the work nothing.

use std::time::Duration;

use orch_core::Outcome;
use orch_exec::process::Exit;
use orch_prompt::{WEAVER_CHECK, WeaverCheck};
use orch_verify::{CheckEnded, Job, Next, Report, Verdict, Verification};

use super::checks::{Checked, checks};
use super::claim::Claim;
use super::judge::without_success;
use super::publish::Publication;
use crate::system::{Errand, ErrandEnd, ErrandKind, FollowUp, Step};

/// How long pushing a branch or opening a pull request may take.
const PUBLISHING: Duration = Duration::from_secs(120);

/// How far the following up of a claim is.
pub(super) struct Following {
    claim: Claim,
    stage: Stage,
    /// The number of the next errand.
    errand: u32,
}

enum Stage {
    /// Nothing was looked at yet.
    Branch,
    Checks(Box<Verification>),
    Publish {
        /// What the checks came to, in a line.
        line: String,
        publication: Publication,
    },
    /// It is judged.
    Judged {
        outcome: Outcome,
        detail: Option<String>,
    },
}

impl Following {
    pub(super) fn up(claim: Claim) -> Self {
        Self { claim, stage: Stage::Branch, errand: 0 }
    }

    fn rejected(&mut self, report: &Report) -> Stage {
        let claim = &self.claim;
        let iteration = claim.iteration();
        if let Err(error) = Checked::of(report, iteration).write(&claim.checks_file, claim.rules.durability) {
            return broken(error.to_string());
        }
        let line = report.summary_line();
        // Its own iterations and those of orch count together.
        match iteration >= claim.rules.most_iterations {
            true => {
                let detail = Some(format!("{line}; {}", without_success(claim.rules.most_iterations)));
                Stage::Judged { outcome: Outcome::Failed, detail }
            }
            false => Stage::Judged { outcome: Outcome::Rejected, detail: Some(line) },
        }
    }

    /// Looks at the branch: whether it has commits of its own, and in which order they came.
    fn look_at_branch(&mut self) -> Stage {
        let claim = &self.claim;
        let planned = claim.planned();
        match claim.facts() {
            Ok(facts) if facts.commits.is_empty() => {
                let branch = claim.branch();
                let evidence = format!("the branch {branch} has no commit of its own");
                let fix = Some(format!("commit the work on {branch}"));
                let report = one_failure("[commit] on the branch", evidence, fix);
                self.rejected(&report)
            }
            Ok(facts) => {
                if let Some((evidence, fix)) = claim.not_on_the_branch() {
                    return self.rejected(&one_failure("[commit] all of the work", evidence, Some(fix)));
                }
                let verification = Verification::new(checks(planned), claim.worktree.clone(), facts);
                Stage::Checks(Box::new(verification.with_limit(claim.rules.check_limit)))
            }
            Err(why) => broken(why),
        }
    }

    /// What is to be done once all checks have passed.
    fn publish(&mut self, report: &Report) -> Stage {
        let claim = &self.claim;
        let checked = Checked::of(report, claim.iteration());
        if let Err(error) = checked.write(&claim.checks_file, claim.rules.durability) {
            return broken(error.to_string());
        }
        let line = report.summary_line();
        match Publication::of(claim, report) {
            Ok(publication) => Stage::Publish { line, publication },
            Err(nothing) => believed(&line, &nothing),
        }
    }

    /// The agent that judges a check is told so in a prompt of its own.
    fn check_prompt(&self, label: &str, prompt: &str) -> Result<String, String> {
        let claim = &self.claim;
        let planned = claim.planned();
        let values = WeaverCheck {
            label,
            prompt,
            spec_name: &planned.file,
            worktree: &claim.worktree.to_string_lossy(),
            branch: &planned.spec.pr.branch.value,
            base_branch: &planned.base,
        };
        let rendered = claim.prompts.render(WEAVER_CHECK, &values);
        rendered.map(|rendered| rendered.text).map_err(|error| error.to_string())
    }

    fn errand(&mut self, what: ErrandKind, limit: Duration, progress: String) -> Step {
        self.errand += 1;
        Step::Run(Errand {
            name: self.errand.to_string(),
            what,
            folder: self.claim.worktree.clone(),
            base_branch: self.claim.planned().base.clone(),
            limit: Some(limit),
            progress,
        })
    }
}

impl FollowUp for Following {
    fn next(&mut self) -> Step {
        loop {
            match &mut self.stage {
                Stage::Branch => self.stage = self.look_at_branch(),
                Stage::Checks(verification) => match verification.next() {
                    Next::Done(report) if report.passed => self.stage = self.publish(&report),
                    Next::Done(report) => self.stage = self.rejected(&report),
                    Next::Run(run) => {
                        let progress = format!("verifying: {}", run.label);
                        let what = match run.job {
                            Job::Command { argv } => ErrandKind::Command(argv.to_vec()),
                            Job::Agent { prompt } => match self.check_prompt(&run.label, &prompt) {
                                Ok(prompt) => ErrandKind::Agent(prompt),
                                Err(why) => {
                                    self.ended(ErrandEnd::CouldNotStart { why });
                                    continue;
                                }
                            },
                        };
                        return self.errand(what, run.limit, progress);
                    }
                },
                Stage::Publish { line, publication } => match publication.next() {
                    Some((argv, progress)) => {
                        return self.errand(ErrandKind::Own(argv), PUBLISHING, progress.into());
                    }
                    None => self.stage = believed(line, "published"),
                },
                Stage::Judged { outcome, detail } => {
                    return Step::Done { outcome: *outcome, detail: detail.take() };
                }
            }
        }
    }

    fn ended(&mut self, ended: ErrandEnd<'_>) {
        match &mut self.stage {
            Stage::Checks(verification) => {
                let (exit, output) = match &ended {
                    ErrandEnd::Exited { exit, output } => {
                        let exit = match exit {
                            Exit::Code(code) => orch_verify::Exit::Code(*code),
                            Exit::Signal(signal) => orch_verify::Exit::Signal(*signal),
                            Exit::Unknown => orch_verify::Exit::Unknown,
                        };
                        (exit, *output)
                    }
                    ErrandEnd::TimedOut { output } => (orch_verify::Exit::TimedOut, *output),
                    ErrandEnd::CouldNotStart { why } => (orch_verify::Exit::CouldNotStart(why.clone()), ""),
                };
                verification.ended(&CheckEnded { exit, output });
            }
            Stage::Publish { line, publication } => {
                if let Some(came_of_it) = publication.ended(&self.claim, &ended) {
                    self.stage = believed(line, &came_of_it);
                }
            }
            Stage::Branch | Stage::Judged { .. } => {}
        }
    }
}

/// The work is verified; `more` is what was said of publishing it.
fn believed(line: &str, more: &str) -> Stage {
    Stage::Judged { outcome: Outcome::Succeeded, detail: Some(format!("{line}; {more}")) }
}

/// Nothing can be said of the claim because something else is broken: the run stops, and the next one looks again.
fn broken(why: String) -> Stage {
    Stage::Judged {
        outcome: Outcome::CouldNotStart,
        detail: Some(format!("the work could not be verified: {why}")),
    }
}

fn one_failure(label: &str, evidence: String, fix: Option<String>) -> Report {
    Report {
        passed: false,
        results: vec![orch_verify::CheckResult {
            number: 1,
            label: label.into(),
            verdict: Verdict::Fail,
            evidence,
            output: String::new(),
            reason: None,
            fix,
        }],
    }
}

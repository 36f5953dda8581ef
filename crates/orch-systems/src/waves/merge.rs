//! Bringing a task's branch into `flow`: after everything is committed and verified, by a merge whose message says what is
//! provided now in the plan's own words.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use orch_core::Outcome;
use orch_exec::process::Exit;
use orch_git::{BranchName, Git, GitError, MergeError, Merged, Tip};
use orch_state_commits::{Completion, MergeCommit, PlanTask, TaskId, WorkerCommit, WorkerStep};
use orch_state_git::{FLOW, Said};

use super::WavePlan;
use super::workplace::Workplaces;
use crate::landing::{not_merged, note_claim, unsaved};
use crate::system::{Errand, ErrandEnd, ErrandKind, FollowUp, Step};
use crate::workers::said as said_of;

/// How long the command may take that verifies a task's work.
const VERIFYING: Duration = Duration::from_secs(30 * 60);

/// So much of the end of what it printed is told, in characters.
const TOLD: usize = 400;

/// So many characters of what was decided are taken over into a merge.
const DECIDED: usize = 8_000;

/// So many are taken over into the plan.
const LEARNED: usize = 300;

/// So many files are listed in a merge.
const LISTED: usize = 200;

/// A claim of success, on its way into `flow`.
pub(super) struct WaveMerge {
    pub(super) git: Git,
    pub(super) places: Workplaces,
    pub(super) task: PlanTask,
    pub(super) branch: BranchName,
    pub(super) flow: BranchName,
    /// What was said on the branch since its beginning.
    pub(super) said: Said,
    /// The command that has to succeed before it is merged.
    pub(super) verify: Option<Vec<String>>,
    /// Where it is noted that the work is done and only has to be merged.
    pub(super) claim: PathBuf,
    /// The tasks that were merged in this run, to which this one comes.
    pub(super) done: Rc<RefCell<Vec<TaskId>>>,
    pub(super) stage: Stage,
}

/// How far it is.
pub(super) enum Stage {
    /// Nothing was looked at yet.
    Look,
    /// All is committed, and verified by this, if by anything.
    Merge(Option<String>),
    /// It is judged.
    Judged(Outcome, Option<String>),
}

impl FollowUp for WaveMerge {
    fn next(&mut self) -> Step {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Look);
            let after = match stage {
                Stage::Look => match self.look() {
                    Ok(Looked::Verify(errand)) => return Step::Run(errand),
                    Ok(Looked::Then(stage)) => Ok(stage),
                    Err(error) => Err(error),
                },
                Stage::Merge(verified) => self.merge(verified.as_deref()),
                Stage::Judged(outcome, detail) => return Step::Done { outcome, detail },
            };
            self.stage = after.unwrap_or_else(|error| {
                note_claim(&self.claim);
                let why = format!("its branch {} could not be merged: {error}", self.branch);
                Stage::Judged(Outcome::Obstructed, Some(why))
            });
        }
    }

    fn ended(&mut self, ended: ErrandEnd<'_>) {
        let verify = self.verify.clone().unwrap_or_default().join(" ");
        let rejected = |how: String, output: &str| {
            let why = format!("its work does not pass `{verify}` ({how}): {}", tail(output));
            Stage::Judged(Outcome::Rejected, Some(why))
        };
        self.stage = match ended {
            ErrandEnd::Exited { exit: Exit::Code(0), .. } => Stage::Merge(Some(verify.clone())),
            ErrandEnd::Exited { exit, output } => rejected(said_of(exit), output),
            ErrandEnd::TimedOut { output } => rejected("it took too long".into(), output),
            ErrandEnd::CouldNotStart { why } => {
                note_claim(&self.claim);
                let why = format!("done, and not verified: `{verify}` could not be started: {why}");
                Stage::Judged(Outcome::Obstructed, Some(why))
            }
        };
    }
}

/// What looking at the work has come to.
enum Looked {
    Verify(Errand),
    Then(Stage),
}

impl WaveMerge {
    /// Looks whether all is committed, and brings what was merged meanwhile into the branch before it is verified: what is
    /// verified is what will be on `flow`.
    fn look(&mut self) -> Result<Looked, GitError> {
        let judged = |outcome, why: String| Ok(Looked::Then(Stage::Judged(outcome, Some(why))));
        let worktree = self.places.worktree(&self.branch);
        if let Some(worktree) = &worktree
            && let Some(why) = unsaved(&self.git, worktree, &self.branch, &[])?
        {
            return judged(Outcome::Rejected, why);
        }
        if self.said.commits == 0 {
            let why = format!("it ended, and nothing was committed on its branch {}", self.branch);
            return judged(Outcome::Incomplete, why);
        }
        let Some(words) = self.verify.clone() else { return Ok(Looked::Then(Stage::Merge(None))) };
        let Some(folder) = worktree.filter(|worktree| worktree.is_dir()) else {
            return judged(
                Outcome::Incomplete,
                "its work tree is gone, so its work can't be verified".into(),
            );
        };
        let message = format!("Merge {FLOW} into {}", self.branch);
        match self.git.merge_into(&self.branch, &self.flow, &message) {
            Ok(_) => {}
            Err(error) => {
                note_claim(&self.claim);
                return judged(Outcome::Obstructed, not_merged(&self.branch, &folder, &error));
            }
        }
        Ok(Looked::Verify(Errand {
            name: "verify".into(),
            what: ErrandKind::Command(words),
            folder,
            base_branch: FLOW.into(),
            limit: Some(VERIFYING),
            progress: "verifying".into(),
        }))
    }

    fn merge(&self, verified: Option<&str>) -> Result<Stage, GitError> {
        let message = self.message(verified)?;
        if self.said.completion.is_none()
            && let Some(tip) = self.git.branch_tip(&self.branch)?
        {
            // The originals look for it. One whose branch moves meanwhile is merged without.
            let complete = Completion::complete(&self.task.id);
            let _ = self.git.commit_on(&self.branch, Tip::At(&tip), complete.as_bytes());
        }
        let merged = self.git.merge_into(&self.flow, &self.branch, &message);
        let detail = match merged {
            Ok(Merged::Done { commit }) => {
                format!("merged into {FLOW} as {}", commit.get(..9).unwrap_or(&commit))
            }
            Ok(Merged::Nothing) => format!("everything on its branch is on {FLOW}"),
            Err(error) => {
                note_claim(&self.claim);
                return Ok(Stage::Judged(Outcome::Obstructed, Some(self.not_merged(&error))));
            }
        };
        self.done.borrow_mut().push(self.task.id.clone());
        self.places.leave(&self.branch);
        Ok(Stage::Judged(Outcome::Succeeded, Some(detail)))
    }

    /// Who resolves a conflict does so where the task's work is: `flow` need not be checked out anywhere.
    fn not_merged(&self, error: &MergeError) -> String {
        let place = self.places.worktree(&self.branch);
        match (error, place) {
            (MergeError::Conflict { files, .. }, Some(place)) => format!(
                "done, and not merged: {} conflicts with {FLOW} in {}: `git merge {FLOW}` in {}, resolve and commit it, then \
                 `orch retry`, which only merges it",
                self.branch,
                files.join(", ").escape_debug(),
                place.display()
            ),
            _ => {
                let place = self.places.worktree(&self.flow);
                not_merged(&self.branch, place.as_deref().unwrap_or(self.git.dir()), error)
            }
        }
    }

    /// What the merge says.
    fn message(&self, verified: Option<&str>) -> Result<String, GitError> {
        let mut merge = MergeCommit::new(self.task.id.clone(), self.task.title());
        merge.provides.clone_from(&self.task.provides);
        merge.design_decisions = clipped(&decided(&self.said.steps), DECIDED);
        merge.implementation_summary = done(&self.said.steps);
        merge.test_results = match verified {
            Some(verify) => format!("`{verify}` passed before the merge"),
            None => tested(&self.said.steps),
        };
        if let (Some(flow), Some(tip)) =
            (self.git.branch_tip(&self.flow)?, self.git.branch_tip(&self.branch)?)
        {
            merge.files_modified = listed(&self.git.changed_between(&flow, &tip)?);
        }
        let title = format!("Merge task/{}: {}\n", self.task.id, self.task.title());
        Ok(merge.tidied().write().unwrap_or(title))
    }
}

/// What was learned with the task `id`, in a line for the plan.
pub(super) fn learned(plan: &WavePlan, id: &TaskId) -> Option<String> {
    let repository = plan.repository();
    let (branch, _) = repository.find_task_branch(&plan.commit, id).ok()??;
    let said = repository.said_on(&branch, id, None).ok()?;
    let decided = decided(&said.steps);
    let line = decided.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| format!("- {id}: {}", clipped(&line, LEARNED)))
}

/// What the worker decided: the part of its design that says so, else all of it, as it said it last.
fn decided(steps: &[WorkerCommit]) -> String {
    let decisions = |step: &WorkerCommit| step.design_part("Architecture Decisions").map(str::to_owned);
    let all = |step: &WorkerCommit| {
        let parts = step.design.iter().map(|part| match part.title.as_str() {
            "" => part.text.clone(),
            title => format!("{title}: {}", part.text),
        });
        Some(parts.collect::<Vec<_>>().join("\n")).filter(|text| !text.trim().is_empty())
    };
    let last = |of: &dyn Fn(&WorkerCommit) -> Option<String>| steps.iter().rev().find_map(of);
    last(&decisions).or_else(|| last(&all)).unwrap_or_default()
}

/// The steps of the work, a line each.
fn done(steps: &[WorkerCommit]) -> String {
    let steps = steps.iter().filter(|step| !matches!(step.kind, WorkerStep::Initialize | WorkerStep::Error));
    let lines = steps.map(|step| step.text.trim()).filter(|text| !text.is_empty());
    clipped(&lines.map(|text| format!("- {text}")).collect::<Vec<_>>().join("\n"), DECIDED)
}

/// What the worker says of its tests.
fn tested(steps: &[WorkerCommit]) -> String {
    let verified = steps.iter().rev().find(|step| step.kind == WorkerStep::Verify);
    verified.map(|step| clipped(&step.text, DECIDED)).unwrap_or_default()
}

fn listed(files: &[String]) -> String {
    let mut lines: Vec<String> = files.iter().take(LISTED).map(|file| format!("- {file}")).collect();
    if let Some(more) = files.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("- and {more} more"));
    }
    lines.join("\n")
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The end of what a command printed, on one line.
fn tail(output: &str) -> String {
    let line = output.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = line.chars().count();
    let tail: String = line.chars().skip(length.saturating_sub(TOLD)).collect();
    if tail.is_empty() { "it printed nothing".into() } else { tail }
}

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
use super::flow::{Flow, said_of_lost};
use super::workplace::{Work, Workplaces};
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
    pub(super) work: Work,
    pub(super) flow: BranchName,
    /// The command that has to succeed before it is merged.
    pub(super) verify: Option<Vec<String>>,
    /// Where it is noted that the work is done and only has to be merged.
    pub(super) claim: PathBuf,
    /// No worker was started for this attempt: what one before it did is only to be merged.
    pub(super) is_renewed: bool,
    /// The tasks that were merged in this run, to which this one comes.
    pub(super) done: Rc<RefCell<Vec<TaskId>>>,
    /// Where `flow` is, as far as the run knows.
    pub(super) known_flow: Rc<Flow>,
    pub(super) stage: Stage,
}

/// How far it is.
pub(super) enum Stage {
    /// Nothing was looked at yet.
    Look,
    /// All is committed.
    Verify,
    /// It is verified by this, if by anything.
    Merge(Option<String>),
    /// It is judged.
    Judged(Outcome, Option<String>),
}

impl FollowUp for WaveMerge {
    fn next(&mut self) -> Step {
        loop {
            let after = match std::mem::replace(&mut self.stage, Stage::Look) {
                Stage::Look => self.look(),
                Stage::Verify => self.verify(),
                Stage::Merge(verified) => self.merge(verified.as_deref()),
                Stage::Judged(outcome, detail) => return Step::Done { outcome, detail },
            };
            self.stage = match after {
                Ok(After::Run(errand)) => return Step::Run(errand),
                Ok(After::Then(stage)) => stage,
                Err(error) => {
                    note_claim(&self.claim);
                    let why = self.not_merged(&MergeError::Git(error));
                    Stage::Judged(Outcome::Obstructed, Some(why))
                }
            };
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
                let why = format!(
                    "done, and not verified: `{verify}`, which is `verify` under [waves] of orch.toml, could not be started: {why}; \
                     then `orch retry`, which only verifies and merges it"
                );
                Stage::Judged(Outcome::Obstructed, Some(why))
            }
        };
    }
}

/// What a stage has come to.
enum After {
    Run(Errand),
    Then(Stage),
}

impl After {
    fn judged(outcome: Outcome, why: String) -> Self {
        Self::Then(Stage::Judged(outcome, Some(why)))
    }
}

impl WaveMerge {
    /// Looks whether all is committed.
    fn look(&self) -> Result<After, GitError> {
        if let Some(worktree) = &self.work.worktree
            && let Some(why) = unsaved(&self.git, worktree, &self.work.branch, &[])?
        {
            if self.is_renewed {
                // What is there is a person's, in the middle of a merge maybe: no worker is to be let at that.
                note_claim(&self.claim);
                let place = worktree.display();
                let why = format!(
                    "done, and not merged: in {place}, {why}; then `orch retry`, which only merges it"
                );
                return Ok(After::judged(Outcome::Obstructed, why));
            }
            return Ok(After::judged(Outcome::Rejected, why));
        }
        let Said { commits, changed, completion, .. } = &self.work.said;
        if *commits == 0 {
            let why = format!("it ended, and nothing was committed on its branch {}", self.work.branch);
            return Ok(After::judged(Outcome::Incomplete, why));
        }
        // Some tasks are done without a change, such as a review; one that names files is not.
        if !changed && (completion.is_none() || !self.task.files.is_empty()) {
            let why = format!("it ended, and the commits on its branch {} change no file", self.work.branch);
            return Ok(After::judged(Outcome::Incomplete, why));
        }
        Ok(After::Then(if self.verify.is_some() { Stage::Verify } else { Stage::Merge(None) }))
    }

    /// Brings what was merged meanwhile into the branch, and has it verified: what is verified is what will be on `flow`.
    fn verify(&self) -> Result<After, GitError> {
        let Some(folder) = self.work.worktree.clone().filter(|worktree| worktree.is_dir()) else {
            let why = "its work tree is gone, so its work can't be verified";
            return Ok(After::judged(Outcome::Incomplete, why.into()));
        };
        let message = format!("Merge {FLOW} into {}", self.work.branch);
        if let Err(error) = self.git.merge_into(&self.work.branch, &self.flow, &message) {
            note_claim(&self.claim);
            return Ok(After::judged(Outcome::Obstructed, self.not_merged(&error)));
        }
        Ok(After::Run(Errand {
            name: "verify".into(),
            what: ErrandKind::Command(self.verify.clone().unwrap_or_default()),
            folder,
            base_branch: FLOW.into(),
            limit: Some(VERIFYING),
            progress: "verifying".into(),
        }))
    }

    fn merge(&self, verified: Option<&str>) -> Result<After, GitError> {
        let tips = (self.git.branch_tip(&self.flow)?, self.git.branch_tip(&self.work.branch)?);
        if let (Some(flow), Some(tip)) = &tips {
            self.known_flow.look(&self.git, flow)?;
            if verified.is_some() && !self.git.is_ancestor(flow, tip)? {
                // Another task was merged while this one was verified without it.
                return Ok(After::Then(Stage::Verify));
            }
            if self.work.said.completion.is_none() && !self.git.is_ancestor(tip, flow)? {
                // The originals look for it. One whose branch moves meanwhile is merged without.
                let complete = Completion::complete(&self.task.id);
                let _ = self.git.commit_on(&self.work.branch, Tip::At(tip), complete.as_bytes());
            }
        }
        let merged = self.git.merge_into(&self.flow, &self.work.branch, &self.message(verified)?);
        let detail = match merged {
            Ok(Merged::Done { commit }) => {
                self.known_flow.moved_on(&commit);
                format!("merged into {FLOW} as {}", commit.get(..9).unwrap_or(&commit))
            }
            Ok(Merged::Nothing) => format!("everything on its branch is on {FLOW}"),
            Err(error) => {
                note_claim(&self.claim);
                return Ok(After::judged(Outcome::Obstructed, self.not_merged(&error)));
            }
        };
        self.done.borrow_mut().push(self.task.id.clone());
        self.places.leave(&self.work.branch);
        let lost = match self.known_flow.is_moved_back_anew() {
            true => said_of_lost(&self.places.lost(&self.done.borrow())),
            false => None,
        };
        let detail = lost.map_or(detail.clone(), |lost| format!("{detail}; {lost}"));
        Ok(After::judged(Outcome::Succeeded, detail))
    }

    /// Who resolves a conflict does so where the task's work is: `flow` need not be checked out anywhere.
    fn not_merged(&self, error: &MergeError) -> String {
        match (error, &self.work.worktree) {
            (MergeError::Conflict { files, .. }, Some(place)) => format!(
                "done, and not merged: {} conflicts with {FLOW} in {}: `git merge {FLOW}` in {}, resolve and commit it, then \
                 `orch retry`, which only merges it",
                self.work.branch,
                files.join(", ").escape_debug(),
                place.display()
            ),
            _ => {
                let place = self.places.worktree(&self.flow);
                not_merged(&self.work.branch, place.as_deref().unwrap_or(self.git.dir()), error)
            }
        }
    }

    /// What the merge says.
    fn message(&self, verified: Option<&str>) -> Result<String, GitError> {
        let mut merge = MergeCommit::new(self.task.id.clone(), self.task.title());
        merge.provides.clone_from(&self.task.provides);
        merge.design_decisions = clipped(&decided(&self.work.said.steps), DECIDED);
        merge.implementation_summary = done(&self.work.said.steps);
        merge.test_results = match verified {
            Some(verify) => format!("`{verify}` passed before the merge"),
            None => tested(&self.work.said.steps),
        };
        if let (Some(flow), Some(tip)) =
            (self.git.branch_tip(&self.flow)?, self.git.branch_tip(&self.work.branch)?)
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

//! The stack of branches: in which order they can be merged, and what has to be rebased when one was.

use std::path::Path;

use orch_core::{Status, TaskIx};
use orch_git::{BranchName, Git, GitError, Reason, RestackError, RestackStep, Stacked};
use orch_state_json::RunState;
use orch_store::read_regular;

use super::WeaverPlan;
use super::status_file::StatusFiles;
use crate::OpenError;

/// One branch of the stack, in the order in which they can be merged.
#[derive(Clone, Debug)]
pub struct StackEntry {
    /// The task.
    pub task: TaskIx,
    /// Its branch.
    pub branch: String,
    /// The branch it is based on.
    pub base: String,
    /// Whether that is another spec's of the plan.
    pub is_stacked: bool,
    /// The title of its pull request.
    pub title: String,
    /// Its pull request, as the weaver or orch noted it.
    pub pr: Option<String>,
    /// Where its task stands.
    pub status: Status,
    /// Whether its work has arrived in the default branch.
    pub is_merged: bool,
}

/// What became of restacking one branch.
#[derive(Clone, Debug)]
pub struct Restacked {
    /// The branch.
    pub branch: String,
    /// What it was put on.
    pub onto: String,
    /// Why.
    pub why: &'static str,
    /// Where it was and where it is; none when it was only rehearsed.
    pub moved: Option<(String, String)>,
}

impl WeaverPlan {
    /// The order in which branches can be merged: each after its base.
    pub fn merge_order(&self, status: impl Fn(TaskIx) -> Status) -> Vec<StackEntry> {
        let statuses = StatusFiles::of(self);
        let git = Git::at(&self.root);
        let default = BranchName::new(&*self.default_branch).ok();
        let state = self.written_state();
        let entry = |task: TaskIx| {
            let (planned, id) = (self.spec(task), self.plan.id(task));
            let branch = self.branch(task).to_owned();
            let merged =
                default.as_ref().zip(BranchName::new(&*branch).ok()).is_some_and(|(default, name)| {
                    status(task) == Status::Success && git.is_contained(&name, default).unwrap_or(false)
                });
            let pr = statuses.read(id, &planned.file, &[], None).file.pr;
            StackEntry {
                task,
                is_stacked: self.specs.iter().any(|other| other.spec.pr.branch.value == planned.base),
                base: planned.base.clone(),
                title: planned.spec.pr.title.clone(),
                pr: pr.or_else(|| state.weaver(id).and_then(|weaver| weaver.pr.clone())),
                status: status(task),
                is_merged: merged,
                branch,
            }
        };
        let mut stack: Vec<StackEntry> = self.plan.list_order().iter().map(|&task| entry(task)).collect();
        // What was put onto the default branch once its base had been merged is merged into that.
        let merged: Vec<String> =
            stack.iter().filter(|entry| entry.is_merged).map(|entry| entry.branch.clone()).collect();
        for entry in stack.iter_mut().filter(|entry| merged.contains(&entry.base)) {
            if has_moved_off(&git, entry, &self.default_branch).unwrap_or(false) {
                entry.base.clone_from(&self.default_branch);
                entry.is_stacked = false;
            }
        }
        stack
    }

    /// What `run/state.json` says now; nothing when it can't be read.
    pub(super) fn written_state(&self) -> RunState {
        let bytes = read_regular(&self.run_folder().join("state.json"), RunState::LARGEST as u64);
        bytes.ok().and_then(|bytes| RunState::read(&bytes).ok()).unwrap_or_default()
    }

    /// Rebases the branches whose base was merged or has moved, in order; with `only`, those that these tasks' branches
    /// need. Stops at the first that can't be. Says what became of each before that as it goes.
    ///
    /// # Errors
    /// [`OpenError::Stopped`] for the branch that could not be moved, which is as it was; nothing of those after it is
    /// touched.
    pub fn restack(
        &self,
        only: &[TaskIx],
        dry_run: bool,
        mut said: impl FnMut(&Restacked),
    ) -> Result<usize, OpenError> {
        let git = Git::at(&self.root);
        let name = |name: &str| {
            BranchName::new(name).map_err(|error| OpenError::Request {
                code: "restack.name",
                message: error.to_string(),
                hint: "rename the branch".into(),
            })
        };
        let wanted: Vec<TaskIx> = match only {
            [] => self.plan.list_order().to_vec(),
            only => {
                let mut needed: Vec<TaskIx> =
                    only.iter().flat_map(|&task| self.plan.with_needs(task)).collect();
                needed.sort_unstable();
                needed.dedup();
                self.plan.list_order().iter().copied().filter(|task| needed.contains(task)).collect()
            }
        };
        let mut stack = Vec::new();
        for task in wanted {
            stack.push(Stacked { branch: name(self.branch(task))?, base: name(&self.spec(task).base)? });
        }
        let default = name(&self.default_branch)?;
        let plan = git.plan_restack(&stack, &default).map_err(unreadable)?;
        let mut done = 0;
        for step in of_the_stack(&plan.steps) {
            let mut restacked = Restacked {
                branch: step.branch.to_string(),
                onto: step.onto.to_string(),
                why: why(step),
                moved: None,
            };
            if !dry_run {
                let moved = git.restack_one(step).map_err(|error| stopped(step, error))?;
                restacked.moved = Some((moved.old_tip, moved.new_tip));
            }
            said(&restacked);
            done += 1;
        }
        if let Some(stuck) = plan.stuck.first() {
            return Err(OpenError::Stopped {
                code: "restack.stuck",
                message: format!(
                    "{} is based on {}, which is gone, and {} has nothing of it",
                    stuck.branch, stuck.base, default
                ),
                hint:
                    "say where it belongs: `git rebase --onto NEW OLD BRANCH`, and mend `pr.base` of its spec"
                        .into(),
            });
        }
        Ok(done)
    }
}

/// Whether a branch no longer stands on the base that it was cut from, but on the default branch.
fn has_moved_off(git: &Git, entry: &StackEntry, default_branch: &str) -> Option<bool> {
    let (branch, base) = (BranchName::new(&*entry.branch).ok()?, BranchName::new(&*entry.base).ok()?);
    match git.branch_tip(&base).ok()? {
        Some(base) => Some(!git.is_ancestor(&base, branch.as_str()).ok()?),
        None => git.is_ancestor(&git.recorded_base(&branch).ok()??, default_branch).ok(),
    }
}

/// The steps that the stack itself asks for. That the default branch goes on is no reason to rebase what stands on it.
fn of_the_stack(steps: &[RestackStep]) -> Vec<&RestackStep> {
    let mut kept: Vec<&RestackStep> = Vec::new();
    for step in steps {
        let wanted = match step.reason {
            Reason::BaseMerged | Reason::BaseGone => true,
            Reason::BaseMoved => !step.onto_default,
            Reason::BaseRestacked => kept.iter().any(|kept| kept.branch == step.onto),
        };
        if wanted {
            kept.push(step);
        }
    }
    kept
}

fn why(step: &RestackStep) -> &'static str {
    match step.reason {
        Reason::BaseMoved => "its base has moved",
        Reason::BaseRestacked => "its base was rebased",
        Reason::BaseMerged => "its base is merged",
        Reason::BaseGone => "its base is merged and gone",
    }
}

fn stopped(step: &RestackStep, error: RestackError) -> OpenError {
    let hint = match &error {
        RestackError::Conflict { branch, .. } => format!(
            "nothing was changed; rebase it by hand: `git rebase --onto {} {} {branch}`, then `orch restack` goes on",
            step.onto, step.from
        ),
        RestackError::Interrupted { .. } => "then `orch restack` goes on".into(),
        _ => "nothing was changed; when it is mended, `orch restack` goes on".into(),
    };
    OpenError::Stopped { code: "restack.stopped", message: error.to_string(), hint }
}

fn unreadable(error: GitError) -> OpenError {
    OpenError::Environment { message: error.to_string(), hint: "look at it with `git status`".into() }
}

impl WeaverPlan {
    /// The summary that the last run has left, if one has.
    pub(crate) fn summary(&self) -> Option<String> {
        /// As much of it as is looked at, in bytes.
        const LONGEST: u64 = 8 << 20;
        String::from_utf8(read_regular(&summary_path(self), LONGEST).ok()?).ok()
    }
}

/// Where the summary of a plan is.
pub(super) fn summary_path(plan: &WeaverPlan) -> std::path::PathBuf {
    plan.run_folder().join("summary.md")
}

/// `path` as somebody in the repository's root writes it.
pub(super) fn from_root(plan: &WeaverPlan, path: &Path) -> String {
    path.strip_prefix(&plan.root).unwrap_or(path).display().to_string()
}

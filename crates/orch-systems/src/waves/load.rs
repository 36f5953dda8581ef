//! From the newest version on a plan's branch to the plan of a run.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Diagnostic, Plan, TaskIx};
use orch_git::BranchName;
use orch_state_commits::{
    PlanCommit, PlanTask, Provided, TaskBranch, TaskId, TaskStatus, check_capabilities,
};
use orch_state_git::{FLOW, PlanOnBranch, PlanRepository};
use orch_store::Home;

use super::refused::refused;
use crate::claims::claim;
use crate::{Finding, OpenError};

/// Overlaps that are listed one by one.
const LISTED: usize = 20;

/// So many versions that can't be run are gone back behind.
const TRIED: usize = 50;

/// A plan whose tasks depend on each other by what they provide, as its branch has it.
#[derive(Clone, Debug)]
pub struct WavePlan {
    /// The branch of the plan, such as `plan/session-20250112-143000`, in the place of a file.
    pub path: PathBuf,
    /// The top of the main work tree.
    pub root: PathBuf,
    /// The version that was read.
    pub commit: Arc<PlanCommit>,
    /// The plan made of it: of the tasks that are neither superseded nor dropped.
    pub plan: Arc<Plan>,
    /// What is worth saying although the plan is valid.
    pub warnings: Vec<Finding>,
    /// The branch.
    pub(super) branch: BranchName,
    /// `flow`, to which what is done is merged.
    pub(super) flow: BranchName,
    /// The commit of the branch that says it.
    pub(super) tip: String,
    /// The commit that `flow` was at then.
    pub(super) flow_tip: String,
    /// What merged work provides.
    pub(super) provided: Arc<Provided>,
    /// By task of the run's plan.
    tasks: Arc<Vec<PlanTask>>,
    /// By task: whether its merge is on `flow`.
    merged: Arc<Vec<bool>>,
    /// The name that orch's own files for the plan go by: a branch may have slashes.
    home_name: String,
}

impl WavePlan {
    /// Reads the plan on `branch` in the repository whose main work tree is at `root`, and checks all that can be checked
    /// without running anything.
    ///
    /// # Errors
    /// [`OpenError::NoPlan`] when there is no such branch or it says no plan, [`OpenError::Environment`] when there is no
    /// repository, no commit or no branch `flow`, [`OpenError::Invalid`] with everything that was found in the plan.
    pub fn load(root: &Path, branch: &str) -> Result<Self, OpenError> {
        let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let found = PlanRepository::at(&root).plan(branch).map_err(refused)?;
        Self::of(root, found)
    }

    /// The last version on `branch` that can be run, for whoever only looks while the newest can't: a run that is under way
    /// goes on with what it knows. And what to say of that, given what is `wrong` with the newest. None where orch has never
    /// run the plan, or no version can be run.
    pub(crate) fn last_valid(root: &Path, branch: &str, wrong: &OpenError) -> Option<(Self, String)> {
        let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        Home::find(&root, &home_name(branch))?;
        let repository = PlanRepository::at(&root);
        let mut tried: Vec<PlanCommit> = Vec::new();
        for (commit, plan) in repository.versions(branch).ok()? {
            if tried.last().is_some_and(|last| plan_the_same(&last.live(), &plan.live())) {
                continue;
            }
            let version = plan.version;
            let found = repository.plan_of_version(commit, plan.clone()).ok()?;
            if let Ok(plan) = Self::of(root.clone(), found) {
                let note = format!(
                    "{branch} can't be run as it is now: {}; this is by its version v{version}: mend the plan (`orch plan …`), \
                     `orch check` says more",
                    what_is_wrong(wrong)
                );
                return Some((plan, note));
            }
            tried.push(plan);
            if tried.len() == TRIED {
                break;
            }
        }
        None
    }

    /// The plan that was read.
    pub(super) fn of(root: PathBuf, on_branch: PlanOnBranch) -> Result<Self, OpenError> {
        let PlanOnBranch { branch, tip, flow: flow_tip, plan: commit, provided, merged } = on_branch;
        let flow = BranchName::new(FLOW).map_err(|unfit| OpenError::Environment {
            message: unfit.to_string(),
            hint: "this is a bug in orch".into(),
        })?;
        let path = PathBuf::from(branch.as_str());
        let placed = |found: Vec<Diagnostic>| found.into_iter().map(|one| Finding::new(&path, one)).collect();
        let mut found = check_capabilities(&commit, &provided);
        let live = commit.live();
        if live.is_empty() {
            found.push(
                Diagnostic::error("waves.no_tasks", "the plan has no task that is to be done")
                    .hint("add one with `orch plan add`, or the tool update_plan_branch"),
            );
        }
        let mut draft = commit.draft(&provided);
        let files: Vec<Vec<String>> = live.iter().map(|task| paths(task)).collect();
        let slices: Vec<&[String]> = files.iter().map(Vec::as_slice).collect();
        let overlapping = claim(&slices, &mut draft.tasks);
        let plan = match found.iter().any(Diagnostic::is_error) {
            true => None,
            false => Plan::build(draft)
                .map_err(|problems| found.extend(problems.iter().map(Diagnostic::from)))
                .ok(),
        };
        let Some(plan) = plan else { return Err(OpenError::Invalid { findings: placed(found), path }) };
        for overlap in overlapping.iter().take(LISTED) {
            let [a, b] = [overlap.a, overlap.b].map(|at| &live[at].id);
            let message = format!("`{a}` and `{b}` of one wave may both touch {}", overlap.files);
            let hint = "they never run at the same time; let one require what the other provides";
            found.push(Diagnostic::warning("waves.overlap", message).hint(hint));
        }
        let merged: HashSet<String> = merged.iter().map(key).collect();
        let merged = live.iter().map(|task| merged.contains(&key(&task.id))).collect();
        let tasks = live.into_iter().cloned().collect();
        let warnings = placed(found);
        Ok(Self {
            root,
            commit: Arc::new(commit),
            plan: Arc::new(plan),
            warnings,
            branch,
            flow,
            tip,
            flow_tip,
            provided: Arc::new(provided),
            tasks: Arc::new(tasks),
            merged: Arc::new(merged),
            home_name: home_name(&path.to_string_lossy()),
            path,
        })
    }

    /// The branch of the plan.
    pub fn branch(&self) -> &str {
        self.branch.as_str()
    }

    /// The name of the session: that of the branch without `plan/`.
    pub fn session(&self) -> &str {
        self.branch.as_str().trim_start_matches("plan/")
    }

    /// The name that orch's own files for the plan go by.
    pub(crate) fn home_name(&self) -> &str {
        &self.home_name
    }

    /// A task as the plan's branch has it.
    pub fn task(&self, task: TaskIx) -> &PlanTask {
        &self.tasks[task.index()]
    }

    /// The files that a task is to touch.
    pub fn files(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        self.task(task).files.iter().map(|file| file.path())
    }

    /// The capabilities that `task` needs and `on` provides.
    pub(crate) fn needed_of(&self, task: TaskIx, on: TaskIx) -> Vec<&str> {
        let provides: HashSet<&str> = self.task(on).provides.iter().map(|name| name.trim()).collect();
        let needs = self.task(task).preconditions.iter().map(|name| name.trim());
        needs.filter(|name| provides.contains(name)).collect()
    }

    /// Whether the merge of a task was on `flow` when the plan was read.
    pub(super) fn is_merged(&self, task: TaskIx) -> bool {
        self.merged[task.index()]
    }

    /// Whether `name` is the branch of a task of this plan: ids come again from one session to the next.
    pub(crate) fn is_branch_of(&self, task: TaskIx, name: &str) -> bool {
        let id = &self.task(task).id;
        let found = || self.repository().find_task_branch(&self.commit, id).ok()?;
        TaskBranch::id_in(name).is_some_and(|named| named.is_same(id))
            && found().is_some_and(|(branch, _)| branch.as_str() == name)
    }

    /// The tasks whose merges were on `flow`.
    pub(super) fn merged(&self) -> Vec<TaskId> {
        let merged = self.plan.tasks().filter(|&task| self.is_merged(task));
        merged.map(|task| self.task(task).id.clone()).collect()
    }

    /// The repository, for the tools of its branches.
    pub(super) fn repository(&self) -> PlanRepository {
        PlanRepository::at(&self.root)
    }

    /// Whether `other`, a later version, plans something else: other tasks, or others of their words. What became of a task
    /// is no other plan.
    pub(super) fn is_planned_anew(&self, other: &PlanCommit) -> bool {
        let own: Vec<&PlanTask> = self.tasks.iter().collect();
        !plan_the_same(&own, &other.live())
    }
}

/// The name that orch's own files for the plan on `branch` go by: a branch may have slashes.
pub(super) fn home_name(branch: &str) -> String {
    branch.trim_start_matches("plan/").replace('/', "%")
}

/// Whether these are the same tasks in the same words, whatever became of them.
fn plan_the_same(a: &[&PlanTask], b: &[&PlanTask]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| planned(a) == planned(b))
}

/// A task as it was planned, whatever became of it, in the form in which every version after the first is written.
fn planned(task: &PlanTask) -> PlanTask {
    let task = PlanTask { status: TaskStatus::Pending, superseded_by: Vec::new(), ..task.clone() };
    task.tidied()
}

/// What tells a task from others: `1` and `001` are one.
fn key(id: &TaskId) -> String {
    let text = id.as_str().trim_start_matches('0');
    text.to_owned()
}

fn paths(task: &PlanTask) -> Vec<String> {
    task.files.iter().map(|file| file.path().to_owned()).collect()
}

/// What is wrong with a plan, in a line.
pub(super) fn what_is_wrong(error: &OpenError) -> String {
    let OpenError::Invalid { findings, .. } = error else { return error.to_string() };
    let errors = findings.iter().filter(|finding| finding.is_error());
    let mut errors: Vec<&str> = errors.map(|finding| finding.diagnostic.message.as_str()).collect();
    errors.truncate(3);
    errors.join("; ")
}

#[cfg(test)]
mod tests {
    use orch_state_commits::Update;

    use super::*;

    #[test]
    fn a_version_that_only_says_what_became_of_tasks_plans_nothing_anew() {
        // As agents write them: without a priority, with blanks, over several lines.
        let text = "Initialize execution plan v1\n\n## Tasks\n### Task 001\nID: 001\nDescription:   Make it  \n  and test it\n\
                    Provides:\n- a\n-  b \nFiles:\n  - index.html (create)\n\n### Task 002\nDescription: Next\nPreconditions: [a]\n";
        let first = PlanCommit::read(text).unwrap();
        let done =
            Update { completed: vec!["001".parse().unwrap()], learned: "x".into(), ..Update::default() };
        let second = PlanCommit::read(&first.update(&done).unwrap().tidied().write().unwrap()).unwrap();
        let tasks = |commit: &PlanCommit| commit.live().into_iter().map(planned).collect::<Vec<_>>();
        assert_eq!(tasks(&first), tasks(&second));
        let changed = Update { dropped: vec!["002".parse().unwrap()], ..Update::default() };
        assert_ne!(tasks(&first), tasks(&first.update(&changed).unwrap()));
    }
}

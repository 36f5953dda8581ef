//! A real repository with `flow`, and what planners and workers do in it.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test file uses a part of it")]

#[path = "../../../orch-git/tests/common/mod.rs"]
mod common;

use std::fs;

pub use common::{Repository, commit, git, picture, try_git};
use orch_core::Time;
use orch_state_git::{
    BranchCreated, BranchInput, CreatePlanInput, CreateTaskInput, CreateWorktreeInput, PlanRepository,
    PlanUpdated, PlannedTask, ProvidesInput, Refusal, RemoveWorktreeInput, ToolError, UpdatePlanInput,
};

pub const SESSION: &str = "session-20250112-143000";
pub const PLAN: &str = "plan/session-20250112-143000";
pub const NOW: Time = Time::from_millis(1_736_692_200_000);

pub struct Project {
    pub repository: Repository,
    pub plans: PlanRepository,
}

impl Project {
    /// A repository that is on `flow`, with uncommitted work of the user: staged, changed and untracked.
    pub fn new() -> Self {
        let project = Self::of(Repository::new());
        git(project.top(), &["switch", "-q", "-c", "flow"]);
        commit(project.top(), "b", "one\n");
        fs::write(project.top().join("a"), "changed\n").unwrap();
        fs::write(project.top().join("b"), "staged\n").unwrap();
        git(project.top(), &["add", "b"]);
        fs::write(project.top().join("untracked"), "mine\n").unwrap();
        project
    }

    /// The same without the uncommitted work.
    pub fn clean() -> Self {
        let project = Self::new();
        git(project.top(), &["stash", "-q", "-u"]);
        project
    }

    pub fn of(repository: Repository) -> Self {
        let plans = PlanRepository::with(repository.orch());
        Self { repository, plans }
    }

    pub fn top(&self) -> &std::path::Path {
        &self.repository.top
    }

    pub fn plan(&self, tasks: Vec<PlannedTask>) -> BranchCreated {
        self.plans.create_plan_branch(&plan(SESSION, tasks), NOW).unwrap()
    }

    pub fn task(&self, id: &str, slug: &str) -> String {
        self.plans.create_task_branch(&task(id, slug)).unwrap().branch_name
    }

    pub fn update(&self, done: &[&str], learned: &str) -> PlanUpdated {
        self.plans.update_plan_branch(&update(done, learned)).unwrap()
    }

    pub fn provides(&self, branch: Option<&str>) -> Vec<String> {
        self.plans.get_provides(&ProvidesInput { plan_branch: branch.map(str::to_owned) }).unwrap()
    }

    pub fn worktree(&self, id: &str, branch: &str) -> Result<String, Refusal> {
        let input = CreateWorktreeInput { worker_id: id.into(), task_branch: branch.into() };
        self.plans.create_worktree(&input).map(|made| made.worktree_path).map_err(|error| error.refusal())
    }

    pub fn remove(&self, id: &str) -> Result<String, Refusal> {
        let input = RemoveWorktreeInput { worker_id: id.into() };
        self.plans.remove_worktree(&input).map(|removed| removed.message).map_err(|error| error.refusal())
    }

    /// A worker's commit on `branch`, made beside the main work tree.
    pub fn work(&self, branch: &str, message: &str) {
        let beside = self.repository.beside("work");
        let path = beside.to_str().unwrap();
        git(self.top(), &["worktree", "add", "-q", path, branch]);
        git(&beside, &["commit", "-q", "--allow-empty", "-m", message]);
        git(self.top(), &["worktree", "remove", path]);
    }

    /// Merges `branch` into `flow` with real git, beside the main work tree.
    pub fn merge(&self, branch: &str, message: &str) {
        let beside = self.repository.beside("merging");
        let path = beside.to_str().unwrap();
        git(self.top(), &["worktree", "add", "-q", "--detach", path, "flow"]);
        git(&beside, &["merge", "-q", "--no-ff", "-m", message, branch]);
        let merged = git(&beside, &["rev-parse", "HEAD"]);
        git(self.top(), &["worktree", "remove", path]);
        git(self.top(), &["update-ref", "refs/heads/flow", &merged]);
    }
}

pub fn plan(session: &str, tasks: Vec<PlannedTask>) -> CreatePlanInput {
    CreatePlanInput {
        session_id: session.into(),
        user_request: "Add user authentication".into(),
        architecture: Some("MVC with Flask".into()),
        tasks,
        ..CreatePlanInput::default()
    }
}

pub fn planned(id: &str, needs: &[&str], provides: &[&str]) -> PlannedTask {
    PlannedTask {
        id: id.into(),
        description: format!("Do {id}"),
        preconditions: Some(needs.iter().map(|&name| name.into()).collect()),
        provides: Some(provides.iter().map(|&name| name.into()).collect()),
        ..PlannedTask::default()
    }
}

pub fn task(id: &str, slug: &str) -> CreateTaskInput {
    CreateTaskInput {
        task_id: id.into(),
        branch_slug: slug.into(),
        description: format!("Do {id}"),
        provides: vec![format!("Capability {id}")],
        files: vec!["models/user.py".into()],
        session_goal: "Add user authentication".into(),
        session_id: SESSION.into(),
        plan_branch: PLAN.into(),
        plan_version: "v1".into(),
        ..CreateTaskInput::default()
    }
}

pub fn update(done: &[&str], learned: &str) -> UpdatePlanInput {
    UpdatePlanInput {
        plan_branch: PLAN.into(),
        completed_task_ids: Some(done.iter().map(|&id| id.into()).collect()),
        architecture_updates: Some(learned.into()),
        ..UpdatePlanInput::default()
    }
}

pub fn branch(name: &str) -> BranchInput {
    BranchInput { branch: name.into() }
}

pub fn refused<T: std::fmt::Debug>(result: Result<T, ToolError>) -> Refusal {
    result.unwrap_err().refusal()
}

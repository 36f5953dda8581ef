//! The branches of a plan's tasks: found, whoever made them, or made.

use std::time::Instant;

use orch_git::{BranchName, CommitError, Tip};
use orch_state_commits::{PlanCommit, PlanTask, Slug, TaskBranch, TaskCommit, TaskId};

use crate::plans::fit;
use crate::provides::is_of;
use crate::records::Tips;
use crate::related::{Related, completed};
use crate::repository::FLOW;
use crate::versions::PATIENCE;
use crate::{PlanRepository, ToolError};

/// The slug of a task whose description has no word for one.
const NO_WORD: &str = "work";

/// Bytes that a slug may have.
const LONGEST: usize = 60;

impl PlanRepository {
    /// The branch of a task of a plan and the commit that it is at, if the branch was made: among those called
    /// `task/<id>-…`, with whatever zeros, the newest whose first commit names the plan's branch or session, or neither.
    ///
    /// A branch made by hand, without a commit that says what the task is, counts when there is no other, and only while it
    /// has commits that `flow` lacks: without any, nothing tells whose it is.
    ///
    /// # Errors
    /// Git's own.
    pub fn find_task_branch(
        &self,
        plan: &PlanCommit,
        id: &TaskId,
    ) -> Result<Option<(BranchName, String)>, ToolError> {
        self.own_branch(&self.task_branches()?, plan, id)
    }

    /// The branch of a task of a plan and the commit that it is at: the one that is [there](Self::find_task_branch), or a new
    /// one, cut from `flow`, with a first commit that says what the task is. Nothing is checked out. Of two calls at once one
    /// makes it, and the other finds it.
    ///
    /// Its name has the slug of the description's first line, and a number when the name is that of another session's task. The
    /// tasks in `completed` are done beside those of which the plan says it. At most 200 tasks are named in each list of the
    /// commit.
    ///
    /// # Errors
    /// [`ToolError::Argument`] when the plan has no such task; [`ToolError::NoFlow`], [`ToolError::NoCommits`],
    /// [`ToolError::Contended`]; git's own.
    pub fn open_task_branch(
        &self,
        plan: &PlanCommit,
        id: &TaskId,
        completed: &[TaskId],
    ) -> Result<(BranchName, String), ToolError> {
        let task = plan.task(id).ok_or_else(|| ToolError::Argument {
            problem: format!("there is no task {id} in the plan"),
            hint: "name a task of the plan".into(),
        })?;
        let slug = match Slug::of(task.title()) {
            Some(slug) => slug,
            None => NO_WORD.parse()?,
        };
        let mut said = None;
        let mut refused = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let there = self.task_branches()?;
            if let Some(found) = self.own_branch(&there, plan, &task.id)? {
                return Ok(found);
            }
            self.flow()?;
            let name = free_name(&task.id, &slug, |name| {
                let is = |taken: &str| taken.eq_ignore_ascii_case(name);
                refused.iter().any(|taken: &String| is(taken))
                    || there.iter().any(|(taken, _)| is(taken.as_str()))
            })?;
            let said = said.get_or_insert_with(|| first_commit(plan, task, completed));
            said.branch = name.to_string();
            match self.git.commit_on(&name, Tip::New { base: FLOW }, said.write()?.as_bytes()) {
                Ok(commit) => return Ok((name, commit)),
                // Made by somebody else just now: perhaps for this task.
                Err(CommitError::Exists { .. }) => {}
                // `task/001-x` is the folder of `task/001-x/y`.
                Err(CommitError::InTheWay { other, .. }) if other.starts_with("task/") => {
                    refused.push(name.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(ToolError::Contended { branch: format!("the branch of task {id}") })
    }

    /// All branches of tasks.
    fn task_branches(&self) -> Result<Tips, ToolError> {
        match BranchName::new("task") {
            Ok(folder) => Ok(self.git.branches_under(&folder)?),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The one of these branches that is the task's.
    fn own_branch(
        &self,
        branches: &[(BranchName, String)],
        plan: &PlanCommit,
        id: &TaskId,
    ) -> Result<Option<(BranchName, String)>, ToolError> {
        let mut own = Vec::new();
        for (branch, tip) in branches {
            if !TaskBranch::id_in(branch.as_str()).is_some_and(|named| named.is_same(id)) {
                continue;
            }
            match self.first_commit(branch, tip)? {
                Some((task, commit)) if is_of(&task, plan) => {
                    let is_named = !(task.plan_branch.is_empty() && task.session_id.is_empty());
                    own.push(((true, commit.time, is_named), branch, tip));
                }
                Some(_) => {}
                None => {
                    let first = self.own_commits(tip)?.into_iter().next();
                    own.extend(first.map(|commit| ((false, commit.time, false), branch, tip)));
                }
            }
        }
        // Within one second, the one that names the plan; then by name, so that it is always the same.
        let newest = own.into_iter().max_by_key(|(age, branch, _)| (*age, *branch));
        Ok(newest.map(|(_, branch, tip)| (branch.clone(), tip.clone())))
    }
}

/// What the first commit of a task's branch says, but for the branch.
fn first_commit(plan: &PlanCommit, task: &PlanTask, done: &[TaskId]) -> TaskCommit {
    let related = Related::of(plan, &task.id);
    let mut said = TaskCommit::new("", task.id.clone());
    said.description.clone_from(&task.description);
    said.preconditions.clone_from(&task.preconditions);
    said.provides.clone_from(&task.provides);
    said.files.clone_from(&task.files);
    said.session_goal.clone_from(&plan.user_request);
    said.session_id.clone_from(&plan.session_id);
    said.plan_branch.clone_from(&plan.plan_branch);
    said.plan_version = format!("v{}", plan.version);
    said.depends_on = related.depends_on;
    said.enables = related.enables;
    said.parallel_with = related.parallel_with;
    said.completed_tasks = completed(plan, done);
    said.estimated_time.clone_from(&task.estimated_time);
    said.priority.clone_from(&task.priority);
    said.implementation_notes.clone_from(&task.notes);
    said.tidied()
}

/// The first name for the branch of a task that is not taken.
fn free_name(id: &TaskId, slug: &Slug, is_taken: impl Fn(&str) -> bool) -> Result<BranchName, ToolError> {
    let mut name = TaskBranch::new(id.clone(), slug.clone()).to_string();
    let mut number = 1;
    while is_taken(&name) {
        number += 1;
        let end = format!("-{number}");
        let room = slug.as_str().len().min(LONGEST - end.len());
        let numbered = format!("{}{end}", slug.as_str()[..room].trim_end_matches('-'));
        name = TaskBranch::new(id.clone(), numbered.parse()?).to_string();
    }
    fit(&name)
}

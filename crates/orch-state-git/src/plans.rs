//! `create_plan_branch`, `update_plan_branch`: plans written, version after version.

use std::collections::HashSet;

use orch_core::Time;
use orch_git::{BranchName, Tip};
use orch_state_commits::{
    PlanBranch, PlanCommit, Replacement, SessionId, TaskBranch, TaskId, Update, check_capabilities,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::planned::{PlannedTask, ids, key};
use crate::repository::FLOW;
use crate::versions::Same;
use crate::{PlanRepository, ToolError};

/// The setting of a repository that names the plan that is worked on.
pub(crate) const CURRENT: &str = "flow-claude.current-plan";

/// More warnings than this are not told.
const WARNINGS: usize = 20;

/// What `create_plan_branch` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePlanInput {
    /// The session: session- and the moment at which it begins, as in session-20250112-143000.
    pub session_id: String,
    /// What the person asked for, in their words.
    pub user_request: String,
    /// How the whole is built.
    pub architecture: Option<String>,
    /// The patterns that are used.
    pub design_patterns: Option<String>,
    /// What it is built with, and why.
    pub technology_stack: Option<String>,
    /// All tasks of the plan.
    pub tasks: Vec<PlannedTask>,
    /// How long it all may take, such as 45 minutes.
    pub estimated_total_time: Option<String>,
    /// The waves in words, such as Wave 1: 001.
    pub dependency_graph: Option<String>,
}

/// What `create_plan_branch` and `create_task_branch` give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BranchCreated {
    /// Always true.
    pub success: bool,
    /// The branch.
    pub branch_name: String,
    /// Its commit.
    pub commit_sha: String,
    /// What would keep the plan from being done, such as a precondition that no task provides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What `update_plan_branch` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePlanInput {
    /// The branch of the plan, such as plan/session-20250112-143000.
    pub plan_branch: String,
    /// The ids of tasks that are done now. Those that were done before stay so.
    pub completed_task_ids: Option<Vec<String>>,
    /// Further tasks, with ids that no task of the plan has or had.
    pub new_tasks: Option<Vec<PlannedTask>>,
    /// What was learned; it is added to the architecture.
    pub architecture_updates: Option<String>,
    /// Tasks that are not to be done because others take their place. Finished and running ones can't be replaced.
    pub replaced_tasks: Option<Vec<ReplacedTask>>,
    /// The ids of tasks that nobody needs any more. Finished and running ones can't be dropped.
    pub dropped_task_ids: Option<Vec<String>>,
}

/// A task whose place others take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacedTask {
    /// The id of the task that is not to be done.
    pub id: String,
    /// The ids of those that are done in its place: tasks of the plan, or new ones of the same call.
    pub by: Vec<String>,
}

/// What `update_plan_branch` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanUpdated {
    /// Always true.
    pub success: bool,
    /// The version that is there now, such as `v2`.
    pub plan_version: String,
    /// Its commit.
    pub commit_sha: String,
    /// How many tasks count: superseded and dropped ones don't.
    pub total_tasks: usize,
    /// How many of them are done.
    pub completed_tasks: usize,
    /// When tasks were planned anew: what would keep the plan from being done, such as a precondition that no task provides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl BranchCreated {
    pub(crate) fn new(branch: &BranchName, commit: String) -> Self {
        Self { success: true, branch_name: branch.to_string(), commit_sha: commit, warnings: Vec::new() }
    }
}

impl PlanUpdated {
    pub(crate) fn new(plan: &PlanCommit, commit: String) -> Self {
        let (completed_tasks, total_tasks) = plan.progress();
        let plan_version = format!("v{}", plan.version);
        Self {
            success: true,
            plan_version,
            commit_sha: commit,
            total_tasks,
            completed_tasks,
            warnings: Vec::new(),
        }
    }
}

impl CreatePlanInput {
    pub(crate) fn read(&self, session: &SessionId, now: Time) -> Result<PlanCommit, ToolError> {
        required("user_request", !self.user_request.trim().is_empty(), "say what the person asked for")?;
        required("tasks list", !self.tasks.is_empty(), "give all tasks of the plan")?;
        let mut plan = PlanCommit::new(session.as_str());
        plan.created = local(now);
        plan.user_request.clone_from(&self.user_request);
        plan.architecture = self.architecture.clone().unwrap_or_default();
        plan.design_patterns = self.design_patterns.clone().unwrap_or_default();
        plan.technology_stack = self.technology_stack.clone().unwrap_or_default();
        plan.estimated_total_time = self.estimated_total_time.clone().unwrap_or_default();
        plan.dependency_graph = self.dependency_graph.clone().unwrap_or_default();
        plan.tasks = self.tasks.iter().map(PlannedTask::read).collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        let twice = plan.tasks.iter().find(|task| !seen.insert(key(&task.id)));
        match twice {
            Some(task) => Err(ToolError::Argument {
                problem: format!("the id {} is there twice", task.id),
                hint: "give every task an id of its own".into(),
            }),
            None => Ok(plan.tidied()),
        }
    }
}

impl UpdatePlanInput {
    pub(crate) fn read(&self, running: &[TaskId]) -> Result<Update, ToolError> {
        let new_tasks = self.new_tasks.as_deref().unwrap_or_default().iter().map(PlannedTask::read);
        let replaced = self.replaced_tasks.as_deref().unwrap_or_default().iter().map(|replaced| {
            Ok::<_, ToolError>(Replacement { old: replaced.id.parse()?, by: ids(Some(&replaced.by))? })
        });
        Ok(Update {
            completed: ids(self.completed_task_ids.as_deref())?,
            new_tasks: new_tasks.collect::<Result<_, _>>()?,
            replaced: replaced.collect::<Result<_, _>>()?,
            dropped: ids(self.dropped_task_ids.as_deref())?,
            learned: self.architecture_updates.clone().unwrap_or_default(),
            running: running.to_vec(),
            ..Update::default()
        })
    }
}

impl PlanRepository {
    /// Makes the branch of a plan from `flow`, with the first version of the plan, and makes it the current one: the setting
    /// `flow-claude.current-plan` of the repository. Nothing is checked out. `now` is when it is made.
    ///
    /// # Errors
    /// Those of [`create_task_branch`](Self::create_task_branch).
    pub fn create_plan_branch(&self, input: &CreatePlanInput, now: Time) -> Result<BranchCreated, ToolError> {
        let session: SessionId = input.session_id.parse()?;
        let name: BranchName = fit(&PlanBranch::new(session.clone()).to_string())?;
        let plan = input.read(&session, now)?;
        let message = plan.write()?;
        let flow = self.flow()?;
        let commit = self.git.commit_on(&name, Tip::New { base: FLOW }, message.as_bytes())?;
        // The plan is there already; which one is current is found without this as well.
        let _ = self.git.set_setting(CURRENT, name.as_str());
        let mut created = BranchCreated::new(&name, commit);
        created.warnings = self.warnings(&plan, &flow);
        Ok(created)
    }

    /// Adds the next version to the branch of a plan. Of two calls at once both arrive, one version after the other.
    ///
    /// # Errors
    /// [`ToolError::Update`] when the rules of plans don't allow it; [`ToolError::NoBranch`], [`ToolError::NoRecord`]; git's own.
    pub fn update_plan_branch(&self, input: &UpdatePlanInput) -> Result<PlanUpdated, ToolError> {
        let retires = input.replaced_tasks.is_some() || input.dropped_task_ids.is_some();
        let running = if retires { self.running()? } else { Vec::new() };
        self.replan(input, &running)
    }

    /// The same for whoever knows which tasks a worker is at, rather than by what is checked out in work trees: one that is
    /// left behind keeps nobody from planning its task anew.
    ///
    /// # Errors
    /// Those of [`update_plan_branch`](Self::update_plan_branch).
    pub fn replan(&self, input: &UpdatePlanInput, running: &[TaskId]) -> Result<PlanUpdated, ToolError> {
        let update = input.read(running)?;
        let (updated, _) = self.next_version(&input.plan_branch, &update, Same::Written)?;
        Ok(updated)
    }

    /// What would keep the plan from being done. That it can't be found out is no reason to hide what was done.
    pub(crate) fn warnings(&self, plan: &PlanCommit, flow: &str) -> Vec<String> {
        let Ok(provided) = self.provided_to(plan, flow) else { return Vec::new() };
        let mut found: Vec<String> = check_capabilities(plan, &provided)
            .into_iter()
            .map(|finding| match finding.hint {
                Some(hint) => format!("{}; {hint}", finding.message),
                None => finding.message,
            })
            .collect();
        if found.len() > WARNINGS {
            let more = found.len() - WARNINGS;
            found.truncate(WARNINGS);
            found.push(format!("… and {more} more"));
        }
        found
    }

    /// The tasks whose branches are checked out in a work tree.
    fn running(&self) -> Result<Vec<TaskId>, ToolError> {
        let trees = self.git.worktrees()?;
        Ok(trees.iter().filter_map(|tree| TaskBranch::id_in(tree.branch.as_deref()?)).collect())
    }
}

/// The name for git of a branch that is named by orch's own rules.
pub(crate) fn fit(name: &str) -> Result<BranchName, ToolError> {
    let hint = || "choose a shorter name".to_owned();
    BranchName::new(name).map_err(|unfit| ToolError::Argument { problem: unfit.to_string(), hint: hint() })
}

/// Refuses what says nothing, in the originals' words.
pub(crate) fn required(what: &str, is_there: bool, hint: &str) -> Result<(), ToolError> {
    let missing = || ToolError::Argument { problem: format!("{what} is required"), hint: hint.to_owned() };
    is_there.then_some(()).ok_or_else(missing)
}

/// The moment as a clock on the wall shows it: `2025-01-12 14:30:00`.
fn local(now: Time) -> String {
    const FORM: &[time::format_description::BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now.as_millis()) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let offset = UtcOffset::local_offset_at(moment).unwrap_or(UtcOffset::UTC);
    let moment = moment.checked_to_offset(offset).unwrap_or(moment);
    moment.format(&FORM).unwrap_or_default()
}

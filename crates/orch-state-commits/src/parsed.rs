//! What the original tools answer, field by field in their order.
//!
//! Each is made from what was read, so that the shape of the tools is here alone. `serde_json`'s pretty form is theirs.

use std::collections::HashSet;

use serde::Serialize;

use crate::{PlanCommit, PlanTask, PlannedFile, TaskCommit, TaskId, TaskStatus, WorkerCommit};

/// The answer of `parse_task`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedTask {
    /// [`TaskCommit::id`].
    pub id: TaskId,
    /// [`TaskCommit::description`].
    pub description: String,
    /// [`TaskCommit::status`].
    pub status: TaskStatus,
    /// [`TaskCommit::preconditions`].
    pub preconditions: Vec<String>,
    /// [`TaskCommit::provides`].
    pub provides: Vec<String>,
    /// [`TaskCommit::files`].
    pub files: Vec<PlannedFile>,
    /// [`TaskCommit::session_goal`].
    pub session_goal: String,
    /// [`TaskCommit::session_id`].
    pub session_id: String,
    /// [`TaskCommit::plan_branch`].
    pub plan_branch: String,
    /// [`TaskCommit::plan_version`].
    pub plan_version: String,
    /// The tasks around it.
    pub related_tasks: RelatedTasks,
    /// [`TaskCommit::completed_tasks`].
    pub completed_tasks: Vec<TaskId>,
    /// [`TaskCommit::estimated_time`].
    pub estimated_time: String,
    /// [`TaskCommit::priority`].
    pub priority: String,
    /// [`TaskCommit::implementation_notes`].
    pub implementation_notes: String,
}

/// The tasks around a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RelatedTasks {
    /// [`TaskCommit::depends_on`].
    pub depends_on: Vec<TaskId>,
    /// [`TaskCommit::enables`].
    pub enables: Vec<TaskId>,
    /// [`TaskCommit::parallel_with`].
    pub parallel_with: Vec<TaskId>,
}

impl From<TaskCommit> for ParsedTask {
    fn from(task: TaskCommit) -> Self {
        let TaskCommit { depends_on, enables, parallel_with, .. } = task;
        Self {
            id: task.id,
            description: task.description,
            status: task.status,
            preconditions: task.preconditions,
            provides: task.provides,
            files: task.files,
            session_goal: task.session_goal,
            session_id: task.session_id,
            plan_branch: task.plan_branch,
            plan_version: task.plan_version,
            related_tasks: RelatedTasks { depends_on, enables, parallel_with },
            completed_tasks: task.completed_tasks,
            estimated_time: task.estimated_time,
            priority: task.priority,
            implementation_notes: task.implementation_notes,
        }
    }
}

/// The answer of `parse_plan`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedPlan {
    /// [`PlanCommit::session_id`].
    pub session_id: String,
    /// [`PlanCommit::user_request`].
    pub user_request: String,
    /// [`PlanCommit::created`].
    pub created: String,
    /// [`PlanCommit::version`], such as `v2`.
    pub plan_version: String,
    /// [`PlanCommit::architecture`], with what was learned.
    pub architecture: String,
    /// [`PlanCommit::design_patterns`].
    pub design_patterns: String,
    /// [`PlanCommit::technology_stack`].
    pub technology_stack: String,
    /// [`PlanCommit::tasks`], superseded and dropped ones among them.
    pub tasks: Vec<ParsedPlanTask>,
    /// How many tasks count: those that are neither superseded nor dropped.
    pub total_tasks: usize,
    /// [`PlanCommit::estimated_total_time`].
    pub estimated_total_time: String,
    /// [`PlanCommit::dependency_graph`].
    pub dependency_graph: String,
}

/// A task in the answer of `parse_plan`. The original leaves `status` out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedPlanTask {
    /// [`PlanTask::id`].
    pub id: TaskId,
    /// [`PlanTask::description`].
    pub description: String,
    /// [`PlanTask::status`].
    pub status: TaskStatus,
    /// [`PlanTask::preconditions`].
    pub preconditions: Vec<String>,
    /// [`PlanTask::provides`].
    pub provides: Vec<String>,
    /// [`PlanTask::files`].
    pub files: Vec<PlannedFile>,
    /// [`PlanTask::estimated_time`].
    pub estimated_time: String,
    /// [`PlanTask::priority`].
    pub priority: String,
}

impl From<PlanCommit> for ParsedPlan {
    fn from(plan: PlanCommit) -> Self {
        let (_, total_tasks) = plan.progress();
        let superseded: HashSet<TaskId> = plan.superseded().into_keys().cloned().collect();
        let task = |mut task: PlanTask| {
            if superseded.contains(&task.id) {
                task.status = TaskStatus::Superseded;
            }
            ParsedPlanTask::from(task)
        };
        Self {
            session_id: plan.session_id,
            user_request: plan.user_request,
            created: plan.created,
            plan_version: format!("v{}", plan.version),
            architecture: plan.architecture,
            design_patterns: plan.design_patterns,
            technology_stack: plan.technology_stack,
            tasks: plan.tasks.into_iter().map(task).collect(),
            total_tasks,
            estimated_total_time: plan.estimated_total_time,
            dependency_graph: plan.dependency_graph,
        }
    }
}

impl From<PlanTask> for ParsedPlanTask {
    fn from(task: PlanTask) -> Self {
        Self {
            id: task.id,
            description: task.description,
            status: task.status,
            preconditions: task.preconditions,
            provides: task.provides,
            files: task.files,
            estimated_time: task.estimated_time,
            priority: task.priority,
        }
    }
}

/// The answer of `parse_worker_commit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedWorkerCommit {
    /// [`WorkerCommit::task`]; empty when the title names none.
    pub task_id: String,
    /// [`WorkerStep::word`](crate::WorkerStep::word).
    pub commit_type: &'static str,
    /// The first number of [`WorkerCommit::step`].
    pub step_number: Option<u32>,
    /// The second number of [`WorkerCommit::step`].
    pub total_steps: Option<u32>,
    /// [`WorkerCommit::implementation`].
    pub implementation: String,
    /// Parts of [`WorkerCommit::design`].
    pub design: ParsedDesign,
    /// [`WorkerCommit::todo`].
    pub todo_list: Vec<ParsedTodo>,
    /// [`WorkerCommit::progress`].
    pub progress: ParsedProgress,
}

/// The parts of a design that the original knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ParsedDesign {
    /// `### Overview`.
    pub overview: String,
    /// The items of `### Architecture Decisions`.
    pub architecture_decisions: Vec<String>,
    /// The items of `### Interfaces Provided`.
    pub interfaces_provided: Vec<String>,
}

/// One line of a worker's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedTodo {
    /// Its number.
    pub number: u32,
    /// What is to be done.
    pub description: String,
    /// Whether it is done.
    pub completed: bool,
}

/// How far a worker says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedProgress {
    /// Its word; `unknown` when it doesn't say.
    pub status: String,
    /// How many are done.
    pub completed: u32,
    /// How many there are.
    pub total: u32,
}

impl From<WorkerCommit> for ParsedWorkerCommit {
    fn from(commit: WorkerCommit) -> Self {
        let items = |title: &str| {
            let text = commit.design_part(title).unwrap_or_default();
            crate::text::capability_items(text, &mut Vec::new())
        };
        let design = ParsedDesign {
            overview: commit.design_part("Overview").unwrap_or_default().to_owned(),
            architecture_decisions: items("Architecture Decisions"),
            interfaces_provided: items("Interfaces Provided"),
        };
        let progress = commit.progress.unwrap_or_default();
        let status = if progress.status.is_empty() { "unknown".to_owned() } else { progress.status };
        let todo = |todo: crate::Todo| ParsedTodo {
            number: todo.number,
            description: todo.text,
            completed: todo.done,
        };
        Self {
            task_id: commit.task.map(String::from).unwrap_or_default(),
            commit_type: commit.kind.word(),
            step_number: commit.step.map(|(step, _)| step),
            total_steps: commit.step.map(|(_, total)| total),
            implementation: commit.implementation,
            design,
            todo_list: commit.todo.into_iter().map(todo).collect(),
            progress: ParsedProgress { status, completed: progress.completed, total: progress.total },
        }
    }
}

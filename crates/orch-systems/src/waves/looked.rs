//! What is on the branch of a plan: by waves, and whether it can be carried out.

use orch_core::{Diagnostic, Plan, TaskIx};
use orch_state_commits::{PlanCommit, PlanTask, check_capabilities};
use orch_state_git::{PlanOnBranch, PlanRepository, ToolError};

use super::granularity::{Coarse, granularity, minutes};
use super::refused::refused;
use super::request::Requested;
use crate::OpenError;

/// What was found on the plan's branch.
#[derive(Clone, Debug, Default)]
pub struct MadeWaves {
    /// The plan; none when there is none that can be read.
    pub plan: Option<PlannedWaves>,
    /// What is wrong with it, and what may be better.
    pub findings: Vec<Diagnostic>,
    /// How the planning agent ended, if that was not well.
    pub ended: Option<String>,
}

/// A plan by waves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWaves {
    /// Its branch.
    pub branch: String,
    /// The commit that the branch is at.
    pub commit: String,
    /// Its version, from one.
    pub version: u32,
    /// The tasks of each wave; all in one where they can't be told apart.
    pub waves: Vec<Vec<WaveTaskLine>>,
    /// How long it may take in all, in words, if that is said.
    pub total: Option<String>,
}

/// A task of a wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveTaskLine {
    /// Its id.
    pub id: String,
    /// The first line of its description.
    pub title: String,
    /// How long it may take, as far as that could be read.
    pub minutes: Option<u32>,
}

impl MadeWaves {
    /// Whether there is a plan that can be carried out.
    pub fn can_run(&self) -> bool {
        self.plan.is_some() && !self.findings.iter().any(Diagnostic::is_error)
    }
}

impl PlannedWaves {
    /// How many tasks it has.
    pub fn tasks(&self) -> usize {
        self.waves.iter().map(Vec::len).sum()
    }

    /// The plan by waves, in the seed's form: `Wave 1: Create User model (8 min)`, and the time of all at the end. Titles are as
    /// they were written.
    pub fn summary(&self) -> String {
        let mut summary = String::new();
        for (number, wave) in (1..).zip(&self.waves) {
            let tasks: Vec<String> = wave.iter().map(WaveTaskLine::said).collect();
            summary += &format!("Wave {number}: {}\n", tasks.join(", "));
        }
        if let Some(total) = &self.total {
            summary += &format!("\nTotal: {total}\n");
        }
        summary
    }

    fn of(plan: &PlanCommit, commit: String, waves: &[Vec<&PlanTask>]) -> Self {
        let line = |task: &&PlanTask| WaveTaskLine {
            id: task.id.to_string(),
            title: task.title().to_owned(),
            minutes: minutes(&task.estimated_time),
        };
        let waves: Vec<Vec<WaveTaskLine>> =
            waves.iter().map(|wave| wave.iter().map(line).collect()).collect();
        let all: Option<u32> = waves.iter().flatten().map(|task| task.minutes).sum();
        let said = plan.estimated_total_time.trim();
        let total = match all {
            Some(minutes) if minutes > 0 => Some(format!("~{minutes} minutes")),
            _ => Some(said.to_owned()).filter(|said| !said.is_empty()),
        };
        Self { branch: plan.plan_branch.clone(), commit, version: plan.version, waves, total }
    }
}

impl WaveTaskLine {
    fn said(&self) -> String {
        match self.minutes {
            Some(minutes) => format!("{} ({minutes} min)", self.title),
            None => self.title.clone(),
        }
    }
}

/// Looks at what is on the branch of a plan, which may be written out as `requested`.
///
/// # Errors
/// When the repository can't be read.
pub(super) fn look(
    repository: &PlanRepository,
    branch: &str,
    requested: Option<&Requested>,
) -> Result<MadeWaves, OpenError> {
    let none = |message: String, hint: &str| {
        let findings = vec![Diagnostic::error("waves.no_plan", message).hint(hint)];
        Ok(MadeWaves { findings, ..MadeWaves::default() })
    };
    let PlanOnBranch { mut plan, tip: commit, provided, .. } = match repository.plan(branch) {
        Ok(found) => found,
        Err(ToolError::NoBranch { .. }) => {
            return none(format!("the branch {branch} was not made"), "make it with create_plan_branch");
        }
        Err(error @ ToolError::NoRecord { .. }) => {
            return none(error.to_string(), "make it with update_plan_branch");
        }
        Err(error) => return Err(refused(error)),
    };
    plan.plan_branch = branch.to_owned();
    let mut findings = check_capabilities(&plan, &provided);
    let live = plan.live();
    if live.is_empty() {
        let found = Diagnostic::error("waves.no_tasks", "the plan has no tasks");
        findings.push(found.hint("add them with update_plan_branch"));
    }
    let waves = match Plan::build(plan.draft(&provided)) {
        Ok(built) => {
            // The draft has the tasks that count, in their order.
            let of_level = |level: Vec<TaskIx>| {
                level.iter().filter_map(|task| live.get(task.index()).copied()).collect()
            };
            let waves: Vec<Vec<&PlanTask>> = built.levels().into_iter().map(of_level).collect();
            let placed = |coarse: Coarse| match requested {
                Some(requested) => requested.placed(coarse),
                None => coarse.found,
            };
            findings.extend(granularity(&waves).into_iter().map(placed));
            waves
        }
        // Without waves all are in one, and which files they share says nothing.
        Err(_) => vec![live],
    };
    Ok(MadeWaves { plan: Some(PlannedWaves::of(&plan, commit, &waves)), findings, ended: None })
}

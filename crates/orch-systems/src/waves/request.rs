//! A plan of waves written by hand, as YAML or JSON with the fields of `create_plan_branch`: what `orch generate --from FILE`
//! stores.

use std::collections::{HashMap, HashSet};

use orch_core::{Diagnostic, Plan, Position};
use orch_state_commits::{PlanCommit, Provided, SessionId, TaskId};
use orch_state_git::{CreatePlanInput, PlannedTask};
use serde::Deserialize;
use serde_yaml::{Location, Spanned};

use super::granularity::Coarse;
use crate::yaml::without_place;

/// As many characters as the description of a task has at most.
const LONGEST: usize = 100_000;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    session_id: Option<Spanned<String>>,
    user_request: Spanned<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    design_patterns: Option<String>,
    #[serde(default)]
    technology_stack: Option<String>,
    tasks: Spanned<Vec<WrittenTask>>,
    #[serde(default)]
    estimated_total_time: Option<String>,
    #[serde(default)]
    dependency_graph: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTask {
    id: Spanned<String>,
    description: Spanned<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    preconditions: Vec<Spanned<String>>,
    #[serde(default)]
    provides: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    estimated_time: Option<String>,
    #[serde(default)]
    priority: Option<String>,
}

/// A plan, ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct Requested {
    /// Without a session when none is written.
    pub(super) input: CreatePlanInput,
    /// The session that is written, and where.
    pub(super) session: Option<(SessionId, Option<Position>)>,
    places: HashMap<String, Places>,
}

/// Where a task is written.
#[derive(Clone, Debug, Default)]
struct Places {
    task: Option<Position>,
    preconditions: Vec<(String, Option<Position>)>,
}

impl Requested {
    /// What is wrong with the capabilities of `plan`, which is this one, given what is `provided` already.
    pub(super) fn entangled(&self, plan: &PlanCommit, provided: &Provided) -> Vec<Diagnostic> {
        let mut draft = plan.draft(provided);
        for task in &mut draft.tasks {
            let Some(places) = self.places.get(&task.id) else { continue };
            task.at = places.task;
            for needed in &mut task.requires {
                let is_it = |written: &&(String, _)| written.0.contains(&needed.name);
                needed.at = places.preconditions.iter().find(is_it).and_then(|(_, at)| *at);
            }
        }
        match Plan::build(draft) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(Diagnostic::from).collect(),
        }
    }

    /// The finding with the place of its task.
    pub(super) fn placed(&self, coarse: Coarse) -> Diagnostic {
        coarse.found.at(self.places.get(coarse.task.as_str()).and_then(|places| places.task))
    }
}

/// Reads what is asked for.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn read(text: &str) -> Result<Requested, Vec<Diagnostic>> {
    let written: Written = serde_yaml::from_str(text).map_err(|error| {
        let at = error.location().and_then(position);
        let hint = "it has a `user_request` and `tasks`, each with an `id` and a `description`";
        let message = without_place(&error.to_string());
        vec![Diagnostic::error("generate.request", message).hint(hint).at(at)]
    })?;
    let problems = problems(&written);
    if !problems.is_empty() {
        return Err(problems);
    }
    let session = written
        .session_id
        .as_ref()
        .and_then(|session| Some((session.value.parse::<SessionId>().ok()?, position(session.referenced))));
    let places = written.tasks.value.iter().filter_map(places).collect();
    let Written { user_request, architecture, design_patterns, technology_stack, tasks, .. } = written;
    let input = CreatePlanInput {
        session_id: session.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default(),
        user_request: user_request.value,
        architecture,
        design_patterns,
        technology_stack,
        tasks: tasks.value.into_iter().map(planned).collect(),
        estimated_total_time: written.estimated_total_time,
        dependency_graph: written.dependency_graph,
    };
    Ok(Requested { input, session, places })
}

fn places(task: &WrittenTask) -> Option<(String, Places)> {
    let id: TaskId = task.id.value.parse().ok()?;
    let needed = task.preconditions.iter().map(|needed| (needed.value.clone(), position(needed.referenced)));
    Some((id.to_string(), Places { task: position(task.id.referenced), preconditions: needed.collect() }))
}

fn planned(task: WrittenTask) -> PlannedTask {
    PlannedTask {
        id: task.id.value,
        description: task.description.value,
        status: task.status,
        preconditions: Some(task.preconditions.into_iter().map(|needed| needed.value).collect()),
        provides: Some(task.provides),
        files: Some(task.files),
        estimated_time: task.estimated_time,
        priority: task.priority,
    }
}

fn position(at: Location) -> Option<Position> {
    let number = |number: u64| u32::try_from(number).ok().filter(|number| *number > 0);
    Some(Position::new(number(at.line())?, number(at.column())?))
}

fn problems(written: &Written) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut problem = |at: Location, message: String, hint: String| {
        problems.push(Diagnostic::error("generate.request", message).hint(hint).at(position(at)));
    };
    if let Some(session) = &written.session_id
        && let Err(unfit) = session.value.parse::<SessionId>()
    {
        problem(session.referenced, unfit.to_string(), format!("{}, or leave it out", unfit.hint()));
    }
    if written.user_request.value.trim().is_empty() {
        problem(
            written.user_request.referenced,
            "it does not say what is wanted".into(),
            "say in `user_request` what the plan is for".into(),
        );
    }
    if written.tasks.value.is_empty() {
        problem(written.tasks.referenced, "it has no tasks".into(), "list at least one in `tasks`".into());
    }
    let mut ids = HashSet::new();
    for task in &written.tasks.value {
        let said = task.description.value.as_str();
        match task.id.value.parse::<TaskId>() {
            Err(unfit) => problem(task.id.referenced, unfit.to_string(), unfit.hint()),
            Ok(id) => {
                // Zeros in front make no other id.
                let id_alone = id.as_str().trim_start_matches('0').to_ascii_lowercase();
                if !ids.insert(id_alone) {
                    problem(
                        task.id.referenced,
                        format!("the id `{id}` is there twice"),
                        "give every task an id of its own".into(),
                    );
                }
            }
        }
        let at = task.description.referenced;
        if said.trim().is_empty() {
            let message = format!("the task `{}` has no description", task.id.value.escape_debug());
            problem(at, message, "say in `description` what is to be done".into());
        } else if said.chars().count() > LONGEST {
            let message = format!("the description of a task is longer than {LONGEST} characters");
            problem(at, message, "put the rest in a file, and name that".into());
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "\
user_request: Add user authentication
tasks:
  - id: 001
    description: |
      Create User model
      with a password
    provides: [User model class]
    files: [models/user.py, tests/test_user.py]
    estimated_time: 8 minutes
  - id: '002'
    description: Create AuthService
    preconditions: [User model class]
";

    #[test]
    fn tasks_are_those_of_the_tool() {
        let requested = read(YAML).unwrap();
        assert_eq!(requested.session, None);
        let ids: Vec<&str> = requested.input.tasks.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids, ["001", "002"]);
        assert_eq!(requested.input.tasks[0].description, "Create User model\nwith a password\n");
        let json = r#"{"session_id": "session-20250112-143000", "user_request": "x", "tasks": [{"id": "1", "description": "t"}]}"#;
        let requested = read(json).unwrap();
        assert_eq!(requested.input.session_id, "session-20250112-143000");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, line, says) in [
            ("user_request: x\ntaskz: []\n", Some(2), "taskz"),
            ("user_request: x\ntasks: 3\n", Some(2), ""),
            ("user_request: x\ntasks: []\n", Some(2), "no tasks"),
            ("user_request: ' '\ntasks: [{id: 1, description: t}]\n", Some(1), "what is wanted"),
            ("user_request: x\ntasks:\n- id: T1\n  description: t\n", Some(3), "T1"),
            (
                "user_request: x\ntasks:\n- {id: 1, description: t}\n- {id: 001, description: t}\n",
                Some(4),
                "twice",
            ),
            ("user_request: x\ntasks:\n- id: 1\n  description: ''\n", Some(4), "no description"),
            ("user_request: x\ntasks:\n- {id: 1, description: t, after: [2]}\n", Some(3), "after"),
            ("session_id: today\nuser_request: x\ntasks: [{id: 1, description: t}]\n", Some(1), "today"),
            ("- 1\n", Some(1), ""),
            ("", Some(1), ""),
        ] {
            let problems = read(text).unwrap_err();
            assert_eq!(problems[0].at.map(|at| at.line), line, "{text:?}: {problems:?}");
            assert!(problems.iter().any(|problem| problem.message.contains(says)), "{text:?}: {problems:?}");
        }
    }

    #[test]
    fn a_missing_provider_has_the_place_of_its_precondition() {
        let requested = read(
            &YAML.replace("preconditions: [User model class]", "preconditions:\n    - User modle class"),
        );
        let requested = requested.unwrap();
        let mut plan = PlanCommit::new("session-20250112-143000");
        for task in &requested.input.tasks {
            let mut made = orch_state_commits::PlanTask::new(task.id.parse().unwrap(), &task.description);
            made.provides = task.provides.clone().unwrap();
            made.preconditions = task.preconditions.clone().unwrap();
            plan.tasks.push(made);
        }
        let found = requested.entangled(&plan, &Provided::default());
        assert_eq!(found[0].at.map(|at| at.line), Some(13), "{found:?}");
        assert!(found[0].hint.as_deref().unwrap_or_default().contains("`User model class`"), "{found:?}");
    }
}

//! orch is killed at every event of a run, and the next run goes on: nothing is lost and nothing runs twice.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use crate::support::{Project, Prompt, STATE};

/// A plan, how it is run, and how it has to end.
struct Shape {
    prompts: &'static [Prompt<'static>],
    run: &'static [&'static str],
    /// Whether the scripted agent `obey` does the work, instead of a shell.
    by_agent: bool,
    statuses: [&'static str; 4],
    code: i32,
}

impl Shape {
    fn project(&self) -> Project {
        let project = Project::new(self.prompts);
        if self.by_agent {
            project.agent("obey", &["{prompt_file}"], "");
        }
        project
    }

    /// Kills orch after each of its events in turn, and checks what the next run makes of it.
    fn survives_every_kill(&self) {
        let whole = self.project();
        let mut live = whole.start_run(self.run);
        let mut events = 0;
        while live.event().is_some() {
            events += 1;
        }
        assert_eq!(live.end().code, Some(self.code));
        let started = self.statuses.iter().filter(|status| **status != "PENDING").count();
        // Each task is started, has a worker and ends, and each time something is recorded.
        assert!(events > 4 * started, "{events} events");
        for kill_after in 0..events {
            self.survives(kill_after);
        }
    }

    fn survives(&self, kill_after: usize) {
        let project = self.project();
        let mut live = project.start_run(self.run);
        // There may be fewer than the last time: how many depends on what is recorded together.
        for _ in 0..kill_after {
            let _ = live.event();
        }
        let killed = live.kill();
        let ended = project.run(&[&["run", "--events", "-"], self.run].concat());
        let context = format!("killed after {kill_after} events ({killed}): {ended}");
        // Killed after its last deed, there was nothing more to do for a plan that is done.
        let nothing_to_do = ended.code == Some(4) && !self.statuses.contains(&"FAIL");
        assert!(ended.code == Some(self.code) || nothing_to_do, "{context}");
        if nothing_to_do {
            assert_eq!(ended.told("task_started", "status"), [""; 0], "{context}");
        }
        assert_eq!(project.statuses(), self.statuses, "{context}");
        let overall = if self.code == 1 { "FAIL" } else { "SUCCESS" };
        assert_eq!(project.state("Status"), overall, "{context}");
        let tasks = self.prompts.iter().zip(self.statuses);
        let expected: Vec<&str> =
            tasks.filter(|(_, status)| *status != "PENDING").map(|((id, ..), _)| *id).collect();
        let mut ran = project.lines("ran");
        ran.sort();
        assert_eq!(ran, expected, "{context}");
        assert_eq!(project.processes(), [], "{context}");
        let again = project.run(&[&["run"], self.run].concat());
        let settled = if self.code == 1 { 1 } else { 4 };
        assert_eq!(again.code, Some(settled), "{context}, then {again}");
        assert_eq!(project.lines("ran").len(), expected.len(), "{context}, then {again}");
    }
}

/// The history goes first, the state file follows: a kill in between leaves the state file behind.
#[test]
fn a_state_file_that_was_left_behind_is_brought_up_to_date() {
    let project = Project::new(&[("PROMPT-01-a", "None", "cp PROMPT-ORCHESTRATOR.state.md before")]);
    project.run_to(0, &["run"]);
    project.write(STATE, project.read("before"));
    assert_eq!(project.statuses(), ["RUNNING"]);
    project.run(&["run"]);
    assert_eq!((project.statuses(), project.state("Status")), (vec!["SUCCESS".into()], "SUCCESS".into()));
}

#[test]
fn a_chain() {
    Shape {
        prompts: &[
            ("PROMPT-01-a", "None", "echo PROMPT-01-a >> ran"),
            ("PROMPT-02-b", "PROMPT-01", "echo PROMPT-02-b >> ran"),
            ("PROMPT-03-c", "PROMPT-02", "echo PROMPT-03-c >> ran"),
            ("PROMPT-04-d", "PROMPT-03", "echo PROMPT-04-d >> ran"),
        ],
        run: &[],
        by_agent: false,
        statuses: ["SUCCESS"; 4],
        code: 0,
    }
    .survives_every_kill();
}

#[test]
fn a_diamond_two_at_once() {
    Shape {
        prompts: &[
            ("PROMPT-01-a", "None", "echo PROMPT-01-a >> ran"),
            ("PROMPT-02-b", "PROMPT-01", "echo PROMPT-02-b >> ran"),
            ("PROMPT-03-c", "PROMPT-01", "echo PROMPT-03-c >> ran"),
            ("PROMPT-04-d", "PROMPT-02, PROMPT-03", "echo PROMPT-04-d >> ran"),
        ],
        run: &["-j", "2"],
        by_agent: false,
        statuses: ["SUCCESS"; 4],
        code: 0,
    }
    .survives_every_kill();
}

#[test]
fn a_failure_in_between() {
    Shape {
        prompts: &[
            ("PROMPT-01-a", "None", "echo PROMPT-01-a >> ran"),
            ("PROMPT-02-b", "PROMPT-01", "echo PROMPT-02-b >> ran\nexit 7"),
            ("PROMPT-03-c", "PROMPT-02", "echo PROMPT-03-c >> ran"),
            ("PROMPT-04-d", "PROMPT-01", "echo PROMPT-04-d >> ran"),
        ],
        run: &["--keep-going"],
        by_agent: false,
        statuses: ["SUCCESS", "FAIL", "PENDING", "SUCCESS"],
        code: 1,
    }
    .survives_every_kill();
}

#[test]
fn an_agent_that_did_only_a_part() {
    Shape {
        prompts: &[
            ("PROMPT-01-a", "None", "echo PROMPT-01-a >> ran\nreport SUCCESS"),
            ("PROMPT-02-b", "PROMPT-01", "echo PROMPT-02-b >> ran\nreport INCOMPLETE"),
            ("PROMPT-03-c", "PROMPT-02", "echo PROMPT-03-c >> ran\nreport SUCCESS"),
            ("PROMPT-04-d", "None", "echo PROMPT-04-d >> ran\nreport SUCCESS"),
        ],
        run: &[],
        by_agent: true,
        statuses: ["SUCCESS", "INCOMPLETE", "SUCCESS", "SUCCESS"],
        code: 3,
    }
    .survives_every_kill();
}

#[test]
fn a_plan_of_two_thousand_prompts_killed_three_times() {
    const PROMPTS: usize = 2000;
    let ids: Vec<String> = (1..=PROMPTS).map(|number| format!("PROMPT-{number:04}-x")).collect();
    let needs: Vec<String> = (1..=PROMPTS)
        .map(|number| match number {
            1..10 => "None".into(),
            _ => format!("PROMPT-{:04}", number - 1 - number * 7 % 9),
        })
        .collect();
    let commands: Vec<String> = ids.iter().map(|id| format!("echo {id} >> ran")).collect();
    let prompts: Vec<Prompt<'_>> =
        (0..PROMPTS).map(|place| (&*ids[place], &*needs[place], &*commands[place])).collect();
    let project = Project::new(&prompts);
    let run = ["-j", "2", "--durability", "process"];
    let mut kills = Vec::new();
    for _ in 0..3 {
        // Wherever it happens to be: a run of all has some ten thousand events.
        let kill_after = RandomState::new().build_hasher().finish() % 3000;
        kills.push(kill_after);
        let mut live = project.start_run(&run);
        // There may be fewer than the last time: how many depends on what is recorded together.
        for _ in 0..kill_after {
            let _ = live.event();
        }
        assert_eq!(live.kill().signal, Some(9), "killed after {kills:?} events");
    }
    let ended = project.start_run(&run).end();
    assert_eq!(ended.code, Some(0), "killed after {kills:?} events: {ended}");
    let mut ran: BTreeMap<String, usize> = BTreeMap::new();
    for id in project.lines("ran") {
        *ran.entry(id).or_default() += 1;
    }
    assert!(
        ran.values().all(|&times| times == 1) && ran.len() == PROMPTS,
        "killed after {kills:?} events: {ran:?}"
    );
    assert_eq!(project.statuses(), vec!["SUCCESS"; PROMPTS]);
    assert_eq!(project.processes(), []);
}

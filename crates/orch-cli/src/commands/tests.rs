//! What the reading commands answer for one small plan in several states.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;

use insta::assert_snapshot;
use orch_core::Status;
use orch_systems::{OpenError, PromptPlan, RunOptions, Session, View};
use serde_json::Value;
use tempfile::TempDir;

use super::graph::GraphFormat;
use super::{check, graph, next, prompt, status, why};

const DIAMOND: &str = "\
# Orchestrator Index

Overall Objective: Let users sign in

## Prompts
- PROMPT-01-schema.md — Objective: Tables — Dependencies: None
- PROMPT-02-api.md — Objective: Routes — Dependencies: PROMPT-01
- PROMPT-03-form.md — Objective: A form \"with\" <quotes> & more — Dependencies: PROMPT-01
- PROMPT-04-join.md — Dependencies: PROMPT-02, PROMPT-03
";

/// A plan in a folder of its own.
struct Pack {
    folder: TempDir,
}

impl Pack {
    fn new(index: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("PROMPT-ORCHESTRATOR.md"), index).unwrap();
        for name in ["PROMPT-01-schema", "PROMPT-02-api", "PROMPT-03-form", "PROMPT-04-join"] {
            let text = format!("# Mission\n{name}\n\n```sh\necho {name}\n```\n");
            fs::write(folder.path().join(format!("{name}.md")), text).unwrap();
        }
        Self { folder }
    }

    /// The diamond, with a state file as any runner of the format writes it.
    fn diamond(statuses: [Status; 4]) -> Self {
        let pack = Self::new(DIAMOND);
        let names = ["PROMPT-01-schema", "PROMPT-02-api", "PROMPT-03-form", "PROMPT-04-join"];
        let needs = ["None", "PROMPT-01", "PROMPT-01", "PROMPT-02, PROMPT-03"];
        let mut state = String::from(
            "## Orchestrator State\n\nOverall Objective: Let users sign in\nStatus: RUNNING\n\
             Current Prompt Index: 0\n\n### Prompts\n\
             | Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n",
        );
        for (place, status) in statuses.iter().enumerate() {
            let (name, needs) = (names[place], needs[place]);
            state.push_str(&format!("| {place} | {status} | {name}.md | {name}-PLAN.md | basic | {needs} | |\n"));
        }
        fs::write(pack.folder.path().join("PROMPT-ORCHESTRATOR.state.md"), state).unwrap();
        pack
    }

    fn load(&self) -> Result<PromptPlan, OpenError> {
        PromptPlan::load(&self.folder.path().join("PROMPT-ORCHESTRATOR.md"))
    }

    /// As a run by the graph sees it.
    fn view(&self) -> View {
        self.view_with(RunOptions { jobs: NonZeroU32::new(2), ..RunOptions::default() })
    }

    fn view_with(&self, options: RunOptions) -> View {
        View::of(self.load().unwrap(), options).unwrap()
    }

    /// What was written, with the folder's name taken out and a line an object of a list, and the exit code in front.
    fn answer(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<u8>) -> String {
        let mut out = Vec::new();
        let code = write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let folder: PathBuf = fs::canonicalize(self.folder.path()).unwrap();
        let text = text.replace(folder.to_str().unwrap(), "FOLDER").replace("},{", "},\n {");
        format!("exit code {code}\n{text}")
    }

    fn why(&self, view: &View, id: &str, json: bool) -> String {
        let task = view.find(id).unwrap();
        self.answer(|out| why::run(view, task, json, out))
    }
}

use Status::{Fail, Incomplete, Pending, Running, Success};

#[test]
fn a_plan_that_was_never_run() {
    let pack = Pack::new(DIAMOND);
    let view = pack.view();
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), false, out)), @"");
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), true, out)), @"");
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @"");
    assert_snapshot!(pack.answer(|out| status::run(&view, true, false, out)), @"");
    assert_snapshot!(pack.answer(|out| next::run(&view, false, out)), @"");
    assert_snapshot!(pack.answer(|out| next::run(&view, true, out)), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-01", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-04", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-04", true), @"");
}

#[test]
fn a_failure_blocks_what_needs_it() {
    let pack = Pack::diamond([Success, Fail, Pending, Pending]);
    let view = pack.view();
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @"");
    assert_snapshot!(pack.answer(|out| status::run(&view, true, false, out)), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-02", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-04", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-04", true), @"");
}

#[test]
fn a_failure_at_the_root_is_followed_to_whoever_asks() {
    let pack = Pack::diamond([Fail, Pending, Pending, Pending]);
    let view = pack.view();
    assert_snapshot!(pack.why(&view, "PROMPT-04", false), @"");
    assert_snapshot!(pack.answer(|out| next::run(&view, false, out)), @"");
    assert_snapshot!(pack.answer(|out| next::run(&view, true, out)), @"");
}

#[test]
fn down_the_list_each_waits_for_its_turn() {
    let pack = Pack::diamond([Incomplete, Pending, Pending, Pending]);
    let view = pack.view_with(RunOptions::default());
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-01", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-03", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-03", true), @"");
}

#[test]
fn everything_is_done() {
    let pack = Pack::diamond([Success; 4]);
    let view = pack.view();
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @"");
    assert_snapshot!(pack.answer(|out| next::run(&view, true, out)), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-01", true), @"");
}

#[test]
fn a_run_under_way_is_seen() {
    let pack = Pack::diamond([Success, Running, Pending, Pending]);
    let options =
        || RunOptions { agent: Some("shell".into()), jobs: NonZeroU32::new(1), command: "orch run".into(), ..RunOptions::default() };
    let _held = Session::open(pack.load().unwrap(), options()).unwrap();
    let view = pack.view_with(options());
    let answer: Value = serde_json::from_str(
        pack.answer(|out| status::run(&view, true, false, out)).split_once('\n').unwrap().1,
    )
    .unwrap();
    assert_eq!(answer["live"]["pid"], std::process::id());
    assert_eq!(answer["live"]["command"], "orch run");
    assert_eq!(answer["verdict"], "running");
    assert_eq!(answer["tasks"][1]["status"], "RUNNING");
    assert_eq!(answer["tasks"][1]["readiness"], Value::Null);
    assert_eq!(answer["tasks"][2]["readiness"], "held");
    assert_snapshot!(pack.why(&view, "PROMPT-02", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-03", false), @"");
    assert_snapshot!(pack.why(&view, "PROMPT-04", true), @"");
    let text = pack.answer(|out| status::run(&view, false, false, out));
    assert!(text.contains(&format!("run by process {} since ", std::process::id())), "{text}");
}

#[test]
fn what_really_ran_has_times_a_log_and_a_reason() {
    let pack = Pack::new(DIAMOND);
    fs::write(pack.folder.path().join("PROMPT-02-api.md"), "```sh\necho no good >&2\nexit 3\n```\n").unwrap();
    let options = RunOptions { agent: Some("shell".into()), no_review: true, ..RunOptions::default() };
    Session::open(pack.load().unwrap(), options).unwrap().run(&mut []).unwrap();
    let view = pack.view_with(RunOptions::default());
    let answer: Value = serde_json::from_str(
        pack.answer(|out| status::run(&view, true, false, out)).split_once('\n').unwrap().1,
    )
    .unwrap();
    let [done, failed, ..] = answer["tasks"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!((&done["outcome"], &done["attempts"]), (&"succeeded".into(), &1.into()));
    assert_eq!((&failed["outcome"], &failed["status"]), (&"failed".into(), &"FAIL".into()));
    for (task, moment) in [(done, "started_at"), (done, "ended_at"), (failed, "started_at"), (failed, "ended_at")] {
        let moment = task[moment].as_str().unwrap();
        assert!(moment.len() == 24 && moment.ends_with('Z'), "{moment}");
    }
    let log = failed["log"].as_str().unwrap().replace("FOLDER", &fs::canonicalize(pack.folder.path()).unwrap().to_string_lossy());
    assert_eq!(fs::read_to_string(log).unwrap(), "no good\n");
    let why = pack.why(&view, "PROMPT-02", false);
    assert!(why.contains("FAIL since 2") && why.contains("exit code 3"), "{why}");
    let text = pack.answer(|out| status::run(&view, false, false, out));
    assert!(text.contains("failed: exit code 3"), "{text}");
}

#[test]
fn the_graph_in_every_form() {
    let pack = Pack::diamond([Success, Fail, Pending, Pending]);
    let view = pack.view();
    let show = |format| pack.answer(|out| graph::run(&view, format, out));
    assert_snapshot!(show(GraphFormat::Text), @"");
    assert_snapshot!(show(GraphFormat::Dot), @"");
    assert_snapshot!(show(GraphFormat::Mermaid), @"");
    assert_snapshot!(show(GraphFormat::Json), @"");
}

#[test]
fn what_a_worker_is_told() {
    let pack = Pack::new(DIAMOND);
    let view = pack.view_with(RunOptions { agent: Some("shell".into()), ..RunOptions::default() });
    let task = view.find("PROMPT-01").unwrap();
    let told = view.told(task).unwrap();
    let show = |explain, json| pack.answer(|out| prompt::run(&view, task, &told, explain, json, out));
    assert_snapshot!(show(false, true), @"");
    assert_snapshot!(show(true, false), @"");
    let view = pack.view_with(RunOptions { agent: Some("claude".into()), ..RunOptions::default() });
    let told = view.told(task).unwrap();
    let parts = pack.answer(|out| prompt::run(&view, task, &told, true, false, out));
    assert!(parts.contains("(part of orch)") && parts.contains("(PROMPT-01-schema.md)"), "{parts}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let pack = Pack::new(
        "# Orchestrator Index\n\nOverall Objective: x\n\n## Prompts\n\
         - PROMPT-01-schema.md — Dependencies: PROMPT-02\n\
         - PROMPT-02-api.md — Dependencies: PROMPT-01\n\
         - PROMPT-03-form.md — Dependencies: PROMPT-09\n\
         - PROMPT-05-gone.md — Dependencies: None\n",
    );
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), false, out)), @"");
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), true, out)), @"");
}

#[test]
fn a_plan_listed_out_of_order_is_warned_about() {
    let pack = Pack::new(
        "# Orchestrator Index\n\nOverall Objective: x\n\n## Prompts\n\
         - PROMPT-01-schema.md — Dependencies: PROMPT-02\n\
         - PROMPT-02-api.md — Dependencies: None\n",
    );
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), false, out)), @"");
}

#[test]
fn a_plan_that_can_not_be_read_is_a_problem_too() {
    let pack = Pack::new(DIAMOND);
    let nowhere = PromptPlan::load(&pack.folder.path().join("nowhere.md"));
    let text = pack.answer(|out| check::run(&nowhere, false, out));
    assert!(text.starts_with("exit code 65\n") && text.contains("nowhere.md: error[plan.unreadable]: "), "{text}");
}

#[test]
fn hostile_titles_do_no_harm() {
    let pack = Pack::new(
        "# Orchestrator Index\n\nOverall Objective: evil \u{1b}]52;c;eA==\u{7}\n\n## Prompts\n\
         - PROMPT-01-schema.md — Objective: \u{1b}[31mred \u{202e}der\u{200b} \u{9b}2J — Dependencies: None\n",
    );
    let view = pack.view();
    let task = view.find("PROMPT-01").unwrap();
    let everything = [
        pack.answer(|out| check::run(&pack.load(), false, out)),
        pack.answer(|out| status::run(&view, false, true, out)),
        pack.answer(|out| status::run(&view, true, true, out)),
        pack.answer(|out| next::run(&view, false, out)),
        pack.answer(|out| why::run(&view, task, false, out)),
        pack.answer(|out| why::run(&view, task, true, out)),
        pack.answer(|out| graph::run(&view, GraphFormat::Text, out)),
        pack.answer(|out| graph::run(&view, GraphFormat::Dot, out)),
        pack.answer(|out| graph::run(&view, GraphFormat::Mermaid, out)),
    ];
    for text in everything {
        let harmful = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!text.contains(harmful), "{text:?}");
    }
    assert_snapshot!(pack.answer(|out| next::run(&view, false, out)), @"");
}

#[test]
fn a_large_plan_shows_what_matters() {
    let mut index = String::from("# Orchestrator Index\n\nOverall Objective: much\n\n## Prompts\n");
    let mut state = String::from(
        "## Orchestrator State\n\nOverall Objective: much\nStatus: RUNNING\nCurrent Prompt Index: 0\n\n### Prompts\n\
         | Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n",
    );
    let pack = Pack::new("");
    let prompt = pack.folder.path().join("PROMPT-01-schema.md");
    for place in 0..1000 {
        let path = format!("PROMPT-{place:04}-x.md");
        fs::hard_link(&prompt, pack.folder.path().join(&path)).unwrap();
        let after = if place == 0 { "None".into() } else { format!("PROMPT-{:04}", place - 1) };
        index.push_str(&format!("- {path} — Objective: x — Dependencies: {after}\n"));
        let status = match place {
            700 => "INCOMPLETE",
            0..800 => "SUCCESS",
            _ => "PENDING",
        };
        state.push_str(&format!("| {place} | {status} | {path} | | basic | | |\n"));
    }
    fs::write(pack.folder.path().join("PROMPT-ORCHESTRATOR.md"), index).unwrap();
    fs::write(pack.folder.path().join("PROMPT-ORCHESTRATOR.state.md"), state).unwrap();
    let view = pack.view();
    let text = pack.answer(|out| status::run(&view, false, false, out));
    let rows = text.lines().filter(|line| line.contains("PROMPT-0")).count();
    assert_eq!(rows, 200 + 198, "a row a task, and what each of the waiting ones waits for: {text}");
    assert!(text.contains("PROMPT-0700-x") && text.contains("PROMPT-0800-x"), "{text}");
    assert!(text.contains("800 more tasks are left out"), "{text}");
    let text = pack.answer(|out| status::run(&view, false, true, out));
    assert!(text.lines().count() > 1000 && !text.contains("left out"), "{text}");
    let task = view.find("PROMPT-0999").unwrap();
    assert_eq!(view.run().survey(view.now()).ready().count(), 1);
    assert!(pack.answer(|out| why::run(&view, task, false, out)).contains("waits for `PROMPT-0998-x`"));
}

#[test]
fn a_long_way_from_a_failure_is_shortened() {
    let mut index = String::from("# Orchestrator Index\n\nOverall Objective: much\n\n## Prompts\n");
    let mut state = String::from(
        "## Orchestrator State\n\nOverall Objective: much\nStatus: FAIL\nCurrent Prompt Index: 0\n\n### Prompts\n\
         | Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n",
    );
    let pack = Pack::new("");
    let prompt = pack.folder.path().join("PROMPT-01-schema.md");
    for place in 10..40 {
        let path = format!("PROMPT-{place}-x.md");
        fs::hard_link(&prompt, pack.folder.path().join(&path)).unwrap();
        let after = if place == 10 { "None".into() } else { format!("PROMPT-{}", place - 1) };
        index.push_str(&format!("- {path} — Objective: x — Dependencies: {after}\n"));
        let status = if place == 10 { "FAIL" } else { "PENDING" };
        state.push_str(&format!("| {} | {status} | {path} | | basic | | |\n", place - 10));
    }
    fs::write(pack.folder.path().join("PROMPT-ORCHESTRATOR.md"), index).unwrap();
    fs::write(pack.folder.path().join("PROMPT-ORCHESTRATOR.state.md"), state).unwrap();
    let view = pack.view();
    assert_snapshot!(pack.why(&view, "PROMPT-39", false), @"");
}

//! What the reading commands answer for one small plan in several states.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;

use insta::assert_snapshot;
use orch_core::Status;
use orch_systems::{AnyPlan, OpenError, PromptPlan, RunOptions, Session, View};
use serde_json::Value;
use tempfile::TempDir;

use super::{check, graph, next, prompt, status, why};
use crate::args::GraphFormat;

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

    /// Each task after the one before.
    fn chain(tasks: usize, status: impl Fn(usize) -> Status) -> Self {
        let pack = Self::new("");
        let mut index = String::from("# Orchestrator Index\n\nOverall Objective: A chain\n\n## Prompts\n");
        let mut rows = String::new();
        for place in 0..tasks {
            let path = format!("PROMPT-{place:04}-x.md");
            fs::write(pack.folder.path().join(&path), "").unwrap();
            let needs = if place == 0 { "None".into() } else { format!("PROMPT-{:04}", place - 1) };
            index.push_str(&format!("- {path} — Objective: x — Dependencies: {needs}\n"));
            rows.push_str(&format!("| {place} | {} | {path} | | basic | {needs} | |\n", status(place)));
        }
        fs::write(pack.folder.path().join("PROMPT-ORCHESTRATOR.md"), index).unwrap();
        pack.record("A chain", &rows);
        pack
    }

    /// The diamond, as far as these statuses say.
    fn diamond(statuses: [Status; 4]) -> Self {
        let pack = Self::new(DIAMOND);
        let names = ["PROMPT-01-schema", "PROMPT-02-api", "PROMPT-03-form", "PROMPT-04-join"];
        let needs = ["None", "PROMPT-01", "PROMPT-01", "PROMPT-02, PROMPT-03"];
        let mut rows = String::new();
        for (place, status) in statuses.iter().enumerate() {
            let (name, needs) = (names[place], needs[place]);
            rows.push_str(&format!(
                "| {place} | {status} | {name}.md | {name}-PLAN.md | basic | {needs} | |\n"
            ));
        }
        pack.record("Let users sign in", &rows);
        pack
    }

    /// Writes a state file as any runner of the format does.
    fn record(&self, objective: &str, rows: &str) {
        let state = format!(
            "## Orchestrator State\n\nOverall Objective: {objective}\nStatus: RUNNING\nCurrent Prompt Index: 0\n\n\
             ### Prompts\n| Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n{rows}"
        );
        fs::write(self.folder.path().join("PROMPT-ORCHESTRATOR.state.md"), state).unwrap();
    }

    fn load(&self) -> Result<AnyPlan, OpenError> {
        Ok(PromptPlan::load(&self.folder.path().join("PROMPT-ORCHESTRATOR.md"))?.into())
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
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), false, out)), @r#"
    exit code 0
    Depth 0 (independent):
      • PROMPT-01-schema (Tables)

    Depth 1:
      • PROMPT-02-api (Routes) → depends on: PROMPT-01-schema
      • PROMPT-03-form (A form "with" <quotes> & more) → depends on: PROMPT-01-schema

    Depth 2:
      • PROMPT-04-join (join) → depends on: PROMPT-02-api, PROMPT-03-form

    4 tasks, 4 dependencies: the plan can be run
    "#);
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), true, out)), @r#"
    exit code 0
    {"schema_version":1,"kind":"check","ok":true,"problems":[],"depths":[["PROMPT-01-schema"],["PROMPT-02-api","PROMPT-03-form"],["PROMPT-04-join"]],"tasks":4,"edges":4}
    "#);
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @r"
    exit code 0
    PROMPT-ORCHESTRATOR.md: Let users sign in
    [........................] 0 of 4 done, pending

    #  STATUS   TASK              STANDING                            ATTEMPTS  TIME
    1  PENDING  PROMPT-01-schema  ready
    2  PENDING  PROMPT-02-api     waits for PROMPT-01-schema
    3  PENDING  PROMPT-03-form    waits for PROMPT-01-schema
    4  PENDING  PROMPT-04-join    waits for PROMPT-02-api and 1 more

    4 PENDING (1 ready, 0 blocked)
    ");
    assert_snapshot!(pack.answer(|out| status::run(&view, true, false, out)), @r#"
    exit code 0
    {"schema_version":1,"kind":"status","plan":{"kind":"prompts","path":"FOLDER/PROMPT-ORCHESTRATOR.md","objective":"Let users sign in"},"verdict":"pending","validation":null,"counts":{"pending":4,"running":0,"success":0,"fail":0,"incomplete":0,"ready":1,"blocked":0},"live":null,"notes":[],"tasks":[{"id":"PROMPT-01-schema","title":"Tables","status":"PENDING","readiness":"ready","depends_on":[],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null},
     {"id":"PROMPT-02-api","title":"Routes","status":"PENDING","readiness":"waiting","depends_on":["PROMPT-01-schema"],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null},
     {"id":"PROMPT-03-form","title":"A form \"with\" <quotes> & more","status":"PENDING","readiness":"waiting","depends_on":["PROMPT-01-schema"],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null},
     {"id":"PROMPT-04-join","title":"join","status":"PENDING","readiness":"waiting","depends_on":["PROMPT-02-api","PROMPT-03-form"],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null}]}
    "#);
    assert_snapshot!(pack.answer(|out| next::run(&view, false, out)), @r"
    exit code 0
    PROMPT-01-schema  Tables
    ");
    assert_snapshot!(pack.answer(|out| next::run(&view, true, out)), @r#"
    exit code 0
    {"schema_version":1,"kind":"next","ready":["PROMPT-01-schema"]}
    "#);
    assert_snapshot!(pack.why(&view, "PROMPT-01", false), @r"
    exit code 0
    PROMPT-01-schema (Tables): PENDING, ready
      hint: `orch run` starts it
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-04", false), @r"
    exit code 0
    PROMPT-04-join (join): PENDING, waiting
      waits for `PROMPT-02-api`, which is PENDING
      waits for `PROMPT-03-form`, which is PENDING
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-04", true), @r#"
    exit code 0
    {"schema_version":1,"kind":"why","id":"PROMPT-04-join","readiness":"waiting","reasons":[{"code":"waiting","on":"PROMPT-02-api","until":null,"text":"waits for `PROMPT-02-api`, which is PENDING","hint":null},
     {"code":"waiting","on":"PROMPT-03-form","until":null,"text":"waits for `PROMPT-03-form`, which is PENDING","hint":null}],"status":"PENDING","text":"PENDING, waiting","hint":null}
    "#);
}

#[test]
fn a_failure_blocks_what_needs_it() {
    let pack = Pack::diamond([Success, Fail, Pending, Pending]);
    let view = pack.view();
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @r"
    exit code 0
    PROMPT-ORCHESTRATOR.md: Let users sign in
    [######..................] 1 of 4 done, fail

    #  STATUS   TASK              STANDING                  ATTEMPTS  TIME
    1  SUCCESS  PROMPT-01-schema
    2  FAIL     PROMPT-02-api
    3  PENDING  PROMPT-03-form    ready
    4  PENDING  PROMPT-04-join    blocked by PROMPT-02-api

    1 SUCCESS, 1 FAIL, 2 PENDING (1 ready, 1 blocked)
    ");
    assert_snapshot!(pack.answer(|out| status::run(&view, true, false, out)), @r#"
    exit code 0
    {"schema_version":1,"kind":"status","plan":{"kind":"prompts","path":"FOLDER/PROMPT-ORCHESTRATOR.md","objective":"Let users sign in"},"verdict":"fail","validation":null,"counts":{"pending":2,"running":0,"success":1,"fail":1,"incomplete":0,"ready":1,"blocked":1},"live":null,"notes":[],"tasks":[{"id":"PROMPT-01-schema","title":"Tables","status":"SUCCESS","readiness":null,"depends_on":[],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null},
     {"id":"PROMPT-02-api","title":"Routes","status":"FAIL","readiness":null,"depends_on":["PROMPT-01-schema"],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null},
     {"id":"PROMPT-03-form","title":"A form \"with\" <quotes> & more","status":"PENDING","readiness":"ready","depends_on":["PROMPT-01-schema"],"blocked_by":[],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null},
     {"id":"PROMPT-04-join","title":"join","status":"PENDING","readiness":"blocked","depends_on":["PROMPT-02-api","PROMPT-03-form"],"blocked_by":["PROMPT-02-api"],"files":[],"attempts":0,"outcome":null,"progress":null,"started_at":null,"ended_at":null,"log":null}]}
    "#);
    assert_snapshot!(pack.why(&view, "PROMPT-02", false), @r"
    exit code 0
    PROMPT-02-api (Routes): FAIL
      hint: `orch retry PROMPT-02-api` does it again when the cause is mended
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-04", false), @r"
    exit code 0
    PROMPT-04-join (join): PENDING, blocked
      blocked by `PROMPT-02-api`, which failed: PROMPT-02-api → PROMPT-04-join
        hint: `orch retry PROMPT-02-api` does it again
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-04", true), @r#"
    exit code 0
    {"schema_version":1,"kind":"why","id":"PROMPT-04-join","readiness":"blocked","reasons":[{"code":"blocked","on":"PROMPT-02-api","until":null,"text":"blocked by `PROMPT-02-api`, which failed: PROMPT-02-api → PROMPT-04-join","hint":"`orch retry PROMPT-02-api` does it again"}],"status":"PENDING","text":"PENDING, blocked","hint":null}
    "#);
}

#[test]
fn a_failure_at_the_root_is_followed_to_whoever_asks() {
    let pack = Pack::diamond([Fail, Pending, Pending, Pending]);
    let view = pack.view();
    assert_snapshot!(pack.why(&view, "PROMPT-04", false), @r"
    exit code 0
    PROMPT-04-join (join): PENDING, blocked
      blocked by `PROMPT-01-schema`, which failed: PROMPT-01-schema → PROMPT-02-api → PROMPT-04-join
        hint: `orch retry PROMPT-01-schema` does it again
    ");
    assert_eq!(pack.answer(|out| next::run(&view, false, out)), "exit code 4\n");
    assert_snapshot!(pack.answer(|out| next::run(&view, true, out)), @r#"
    exit code 4
    {"schema_version":1,"kind":"next","ready":[]}
    "#);
}

#[test]
fn down_the_list_each_waits_for_its_turn() {
    let pack = Pack::diamond([Incomplete, Pending, Pending, Pending]);
    let view = pack.view_with(RunOptions::default());
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @r"
    exit code 0
    PROMPT-ORCHESTRATOR.md: Let users sign in
    [######..................] 1 of 4 done, pending

    #  STATUS      TASK              STANDING                              ATTEMPTS  TIME
    1  INCOMPLETE  PROMPT-01-schema
    2  PENDING     PROMPT-02-api     ready
    3  PENDING     PROMPT-03-form    its turn comes after `PROMPT-02-api`
    4  PENDING     PROMPT-04-join    waits for PROMPT-02-api and 1 more

    1 INCOMPLETE, 3 PENDING (1 ready, 0 blocked)
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-01", false), @r"
    exit code 0
    PROMPT-01-schema (Tables): INCOMPLETE
      hint: `orch retry PROMPT-01-schema` does it again
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-03", false), @r#"
    exit code 0
    PROMPT-03-form (A form "with" <quotes> & more): PENDING, held
      its turn comes after `PROMPT-02-api`
        hint: `orch run -j N` goes by the graph instead of down the list
    "#);
    assert_snapshot!(pack.why(&view, "PROMPT-03", true), @r#"
    exit code 0
    {"schema_version":1,"kind":"why","id":"PROMPT-03-form","readiness":"held","reasons":[{"code":"turn","on":"PROMPT-02-api","until":null,"text":"its turn comes after `PROMPT-02-api`","hint":"`orch run -j N` goes by the graph instead of down the list"}],"status":"PENDING","text":"PENDING, held","hint":null}
    "#);
}

#[test]
fn everything_is_done() {
    let pack = Pack::diamond([Success; 4]);
    let view = pack.view();
    assert_snapshot!(pack.answer(|out| status::run(&view, false, false, out)), @r"
    exit code 0
    PROMPT-ORCHESTRATOR.md: Let users sign in
    [########################] 4 of 4 done, success

    #  STATUS   TASK              STANDING  ATTEMPTS  TIME
    1  SUCCESS  PROMPT-01-schema
    2  SUCCESS  PROMPT-02-api
    3  SUCCESS  PROMPT-03-form
    4  SUCCESS  PROMPT-04-join

    4 SUCCESS
    ");
    assert_snapshot!(pack.answer(|out| next::run(&view, true, out)), @r#"
    exit code 4
    {"schema_version":1,"kind":"next","ready":[]}
    "#);
    assert_snapshot!(pack.why(&view, "PROMPT-01", true), @r#"
    exit code 0
    {"schema_version":1,"kind":"why","id":"PROMPT-01-schema","readiness":null,"reasons":[],"status":"SUCCESS","text":"SUCCESS","hint":null}
    "#);
}

#[test]
fn a_run_under_way_is_seen() {
    let pack = Pack::diamond([Success, Running, Pending, Pending]);
    let options = || RunOptions {
        agent: Some("shell".into()),
        jobs: NonZeroU32::new(1),
        command: "orch run".into(),
        ..RunOptions::default()
    };
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
    assert_snapshot!(pack.why(&view, "PROMPT-02", false), @r"
    exit code 0
    PROMPT-02-api (Routes): RUNNING
    ");
    assert_snapshot!(pack.why(&view, "PROMPT-03", false), @r#"
    exit code 0
    PROMPT-03-form (A form "with" <quotes> & more): PENDING, held
      the only slot is taken
        hint: `orch run -j N` runs more at once
    "#);
    assert_snapshot!(pack.why(&view, "PROMPT-04", true), @r#"
    exit code 0
    {"schema_version":1,"kind":"why","id":"PROMPT-04-join","readiness":"waiting","reasons":[{"code":"waiting","on":"PROMPT-02-api","until":null,"text":"waits for `PROMPT-02-api`, which is RUNNING","hint":null},
     {"code":"waiting","on":"PROMPT-03-form","until":null,"text":"waits for `PROMPT-03-form`, which is PENDING","hint":null}],"status":"PENDING","text":"PENDING, waiting","hint":null}
    "#);
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
    for (task, moment) in
        [(done, "started_at"), (done, "ended_at"), (failed, "started_at"), (failed, "ended_at")]
    {
        let moment = task[moment].as_str().unwrap();
        assert!(moment.len() == 24 && moment.ends_with('Z'), "{moment}");
    }
    let log = failed["log"]
        .as_str()
        .unwrap()
        .replace("FOLDER", &fs::canonicalize(pack.folder.path()).unwrap().to_string_lossy());
    assert_eq!(fs::read_to_string(log).unwrap(), "no good\n");
    let why = pack.why(&view, "PROMPT-02", false);
    assert!(why.contains("FAIL at 2") && why.contains("exit code 3"), "{why}");
    let text = pack.answer(|out| status::run(&view, false, false, out));
    assert!(text.contains("failed: exit code 3"), "{text}");
}

#[test]
fn the_graph_in_every_form() {
    let pack = Pack::diamond([Success, Fail, Pending, Pending]);
    let view = pack.view();
    let show = |format| pack.answer(|out| graph::run(&view, format, out));
    assert_snapshot!(show(GraphFormat::Text), @r#"
    exit code 0
    Depth 0 (independent):
      • PROMPT-01-schema [SUCCESS] (Tables)

    Depth 1:
      • PROMPT-02-api [FAIL] (Routes) → depends on: PROMPT-01-schema
      • PROMPT-03-form [PENDING] (A form "with" <quotes> & more) → depends on: PROMPT-01-schema

    Depth 2:
      • PROMPT-04-join [PENDING] (join) → depends on: PROMPT-02-api, PROMPT-03-form

    Longest chain (3): PROMPT-01-schema → PROMPT-02-api → PROMPT-04-join
    "#);
    assert_snapshot!(show(GraphFormat::Dot), @r#"
    exit code 0
    digraph plan {
      rankdir=LR;
      node [shape=box];
      "PROMPT-01-schema" [label="PROMPT-01-schema\nSUCCESS"];
      "PROMPT-02-api" [label="PROMPT-02-api\nFAIL"];
      "PROMPT-03-form" [label="PROMPT-03-form\nPENDING"];
      "PROMPT-04-join" [label="PROMPT-04-join\nPENDING"];
      "PROMPT-01-schema" -> "PROMPT-02-api";
      "PROMPT-01-schema" -> "PROMPT-03-form";
      "PROMPT-02-api" -> "PROMPT-04-join";
      "PROMPT-03-form" -> "PROMPT-04-join";
    }
    "#);
    assert_snapshot!(show(GraphFormat::Mermaid), @r#"
    exit code 0
    flowchart LR
      t0["PROMPT-01-schema<br/>SUCCESS"]
      t1["PROMPT-02-api<br/>FAIL"]
      t2["PROMPT-03-form<br/>PENDING"]
      t3["PROMPT-04-join<br/>PENDING"]
      t0 --> t1
      t0 --> t2
      t1 --> t3
      t2 --> t3
    "#);
    assert_snapshot!(show(GraphFormat::Json), @r#"
    exit code 0
    {"schema_version":1,"kind":"graph","nodes":[{"id":"PROMPT-01-schema","status":"SUCCESS","depth":0},
     {"id":"PROMPT-02-api","status":"FAIL","depth":1},
     {"id":"PROMPT-03-form","status":"PENDING","depth":1},
     {"id":"PROMPT-04-join","status":"PENDING","depth":2}],"edges":[["PROMPT-01-schema","PROMPT-02-api"],["PROMPT-01-schema","PROMPT-03-form"],["PROMPT-02-api","PROMPT-04-join"],["PROMPT-03-form","PROMPT-04-join"]],"critical_path":["PROMPT-01-schema","PROMPT-02-api","PROMPT-04-join"]}
    "#);
}

#[test]
fn what_a_worker_is_told() {
    let pack = Pack::new(DIAMOND);
    let view = pack.view_with(RunOptions { agent: Some("shell".into()), ..RunOptions::default() });
    let task = view.find("PROMPT-01").unwrap();
    let told = view.told(task).unwrap();
    let show = |explain, json| pack.answer(|out| prompt::run(&view, task, &told, explain, json, out));
    assert_snapshot!(show(false, true), @r#"
    exit code 0
    {"schema_version":1,"kind":"prompt","id":"PROMPT-01-schema","text":"set -e\necho PROMPT-01-schema\n","blocks":[{"name":"commands at line 4","source":"PROMPT-01-schema.md","bytes":22}],"shell":"sh"}
    "#);
    assert_snapshot!(show(true, false), @r"
    exit code 0
          22 bytes  commands at line 4  (PROMPT-01-schema.md)
          29 bytes in all, executed by sh
    ");
    assert_eq!(show(false, false), "exit code 0\nset -e\necho PROMPT-01-schema\n");
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
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), false, out)), @r"
    exit code 65
    FOLDER/PROMPT-ORCHESTRATOR.md:6:39: error[plan.cycle]: dependency cycle: PROMPT-01-schema -> PROMPT-02-api -> PROMPT-01-schema
      hint: remove one of these dependencies
    FOLDER/PROMPT-ORCHESTRATOR.md:8:37: error[plan.unknown_dependency]: `PROMPT-03-form` depends on `PROMPT-09`, which is not in the plan
      hint: did you mean `PROMPT-01`?
    FOLDER/PROMPT-ORCHESTRATOR.md:9:3: error[prompt.missing]: the prompt file `PROMPT-05-gone.md` is not there
      hint: write it in FOLDER, or take it out of the list

    3 errors: the plan can't be run
    ");
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), true, out)), @r#"
    exit code 65
    {"schema_version":1,"kind":"check","ok":false,"problems":[{"code":"plan.cycle","severity":"error","message":"dependency cycle: PROMPT-01-schema -> PROMPT-02-api -> PROMPT-01-schema","hint":"remove one of these dependencies","at":{"path":"FOLDER/PROMPT-ORCHESTRATOR.md","line":6,"column":39}},
     {"code":"plan.unknown_dependency","severity":"error","message":"`PROMPT-03-form` depends on `PROMPT-09`, which is not in the plan","hint":"did you mean `PROMPT-01`?","at":{"path":"FOLDER/PROMPT-ORCHESTRATOR.md","line":8,"column":37}},
     {"code":"prompt.missing","severity":"error","message":"the prompt file `PROMPT-05-gone.md` is not there","hint":"write it in FOLDER, or take it out of the list","at":{"path":"FOLDER/PROMPT-ORCHESTRATOR.md","line":9,"column":3}}],"depths":[],"tasks":null,"edges":null}
    "#);
}

#[test]
fn a_plan_listed_out_of_order_is_warned_about() {
    let pack = Pack::new(
        "# Orchestrator Index\n\nOverall Objective: x\n\n## Prompts\n\
         - PROMPT-01-schema.md — Dependencies: PROMPT-02\n\
         - PROMPT-02-api.md — Dependencies: None\n",
    );
    assert_snapshot!(pack.answer(|out| check::run(&pack.load(), false, out)), @r"
    exit code 0
    FOLDER/PROMPT-ORCHESTRATOR.md:6:3: warning[plan.order]: `PROMPT-01-schema` is listed before `PROMPT-02-api`, which it depends on; it runs after it
      hint: list it after what it depends on

    Depth 0 (independent):
      • PROMPT-02-api (api)

    Depth 1:
      • PROMPT-01-schema (schema) → depends on: PROMPT-02-api

    2 tasks, 1 dependency: the plan can be run; 1 warning
    ");
}

#[test]
fn a_plan_that_can_not_be_read_is_a_problem_too() {
    let pack = Pack::new(DIAMOND);
    let nowhere = PromptPlan::load(&pack.folder.path().join("nowhere.md")).map(AnyPlan::from);
    let text = pack.answer(|out| check::run(&nowhere, false, out));
    assert!(
        text.starts_with("exit code 65\n") && text.contains("nowhere.md: error[plan.unreadable]: "),
        "{text}"
    );
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
    assert_snapshot!(pack.answer(|out| next::run(&view, false, out)), @r"
    exit code 0
    PROMPT-01-schema  red �der� �2J
    ");
}

#[test]
fn a_large_plan_shows_what_matters() {
    let pack = Pack::chain(1000, |place| match place {
        700 => Incomplete,
        0..800 => Success,
        _ => Pending,
    });
    let view = pack.view();
    let text = pack.answer(|out| status::run(&view, false, false, out));
    let rows = text.lines().filter(|line| line.contains("PROMPT-")).count();
    assert_eq!(rows, 1 + 200, "{text}");
    assert!(text.contains("PROMPT-0700-x") && text.contains("PROMPT-0800-x"), "{text}");
    assert!(text.contains("\n800 of 1000 tasks are left out; `orch status --all` shows them\n"), "{text}");
    let text = pack.answer(|out| status::run(&view, false, true, out));
    assert!(text.contains("PROMPT-0000-x") && !text.contains("left out"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("PROMPT-")).count(), 1 + 1000);
}

#[test]
fn a_long_way_from_a_failure_is_shortened() {
    let pack = Pack::chain(30, |place| if place == 0 { Fail } else { Pending });
    let view = pack.view();
    assert_snapshot!(pack.why(&view, "PROMPT-0029", false), @r"
    exit code 0
    PROMPT-0029-x (x): PENDING, blocked
      blocked by `PROMPT-0000-x`, which failed: PROMPT-0000-x → PROMPT-0001-x → PROMPT-0002-x → PROMPT-0003-x → … 22 more … → PROMPT-0026-x → PROMPT-0027-x → PROMPT-0028-x → PROMPT-0029-x
        hint: `orch retry PROMPT-0000-x` does it again
    ");
}

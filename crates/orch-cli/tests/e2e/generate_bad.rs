//! Planning agents that can't be run, are not handed the tools, or are ended; and a database that is in use.

use std::fs;

use serde_json::{Value, json};

use crate::generate::{WISH, attempts, planning, plans, plans_with};
use crate::support::Live;
use crate::support::streams::{Streams, empty, insert};

#[test]
fn an_agent_that_can_not_plan_is_refused_before_anything_is_stored() {
    for (run, arguments, code, says) in [
        ("agent = \"planner\"", &[][..], 1, "needs `no-such-program`, which is not installed"),
        ("agent = \"shell\"", &[], 1, "the agent `shell` only runs commands, and can't plan"),
        ("", &["--agent", "shell"], 1, "can't plan"),
        ("", &["--agent", "plannr"], 2, "plannr"),
    ] {
        for has_database in [false, true] {
            let streams = Streams::without_database();
            if has_database {
                streams.sql(&streams.database("shop"), &empty());
                streams.write(&insert("TASK-O", "'PRD-1'", r#"{"streamId": "Old"}"#, ""));
            }
            let profile = "[agents.planner]\ncommand = [\"no-such-program\"]\nresult = \"exit\"\n";
            streams.project.config(&format!("[run]\n{run}\n\n{profile}"));
            let ended = streams.run_to(code, &[&["generate", "--yes", WISH], arguments].concat());
            assert!(ended.err.contains(says), "{arguments:?}: {ended}");
            assert!(ended.err.contains("hint: "), "{arguments:?}: {ended}");
            assert_eq!(streams.database("shop").exists(), has_database, "{arguments:?}");
            if has_database {
                assert_eq!(
                    streams.ask("SELECT initiatives.id || archived FROM initiatives, tasks"),
                    ["INIT-10"]
                );
            }
        }
    }
}

#[test]
fn an_agent_that_is_not_handed_the_tools_is_told_of() {
    let streams = Streams::without_database();
    plans_with(&streams, "plan", "mcp = []");
    let ended = streams.run_to(0, &["generate", WISH]);
    let note = "the agent `planner` is not handed orch's tools (`mcp` in its profile)";
    assert_eq!(ended.err.matches(note).count(), 1, "{ended}");
    let streams = planning("plan");
    assert!(!streams.run_to(0, &["generate", WISH]).err.contains("is not handed"));
}

#[test]
fn an_interrupt_ends_the_agent_and_all_that_it_started() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let streams = Streams::without_database();
        let [here, gate, child] = streams.pipes(["here", "gate", "child"]);
        plans(&streams, &format!("child {child} begin {here} {gate}"));
        let live = streams.project.start(&["generate", "--yes", WISH]);
        let held = streams.held(&child);
        streams.project.hear(&here);
        live.signal(signal);
        let ended = live.end();
        assert_eq!(ended.code, Some(code), "{ended}");
        held.wait_for_end();
        assert_eq!(streams.project.processes(), []);
        assert_eq!((attempts(&streams), &*ended.out), (1, ""));
        assert!(!ended.err.contains("Verification Failed"), "{ended}");
        // Nothing is held any more.
        plans(&streams, "plan");
        streams.run_to(0, &["generate", WISH]);
    }
}

#[test]
fn while_it_is_run_a_database_gets_no_other_plan_and_the_other_way_round() {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-A1", "Stream-A", &[], &format!("begin {here} {gate}")));
    streams.project.write("plan.yaml", "title: x\nstreams: [{id: a, tasks: [{title: t}]}]\n");
    let live = streams.start_run(&[]);
    streams.project.hear(&here);
    for arguments in [&["generate", "--yes", WISH][..], &["generate", "--yes", "--from", "plan.yaml"]] {
        let ended = streams.run_to(75, arguments);
        assert!(ended.err.contains("orch run") && ended.err.contains("hint: "), "{ended}");
    }
    assert_eq!(streams.ask("SELECT initiatives.id || archived FROM initiatives, tasks"), ["INIT-10"]);
    streams.project.say(&gate);
    assert_eq!(live.end().code, Some(0));

    plans(&streams, &format!("plan begin {here} {gate}"));
    let live = streams.project.start(&["generate", WISH]);
    streams.project.hear(&here);
    let ended = streams.run_to(75, &["run"]);
    assert!(ended.err.contains("orch generate"), "{ended}");
    streams.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[test]
fn a_worker_gets_the_tools_for_its_own_stream() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "mcp")]);
    let copy = streams.home().join("seen/settings.json");
    let program = streams.project.path("worker");
    let text = format!(
        "#!/bin/sh\ncp \"$ORCH_MCP_CONFIG\" '{}'\nexec '{}'\n",
        copy.display(),
        crate::support::agent("streamer")
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    streams.project.config(&format!(
        "[run]\nagent = \"worker\"\n\n[agents.worker]\ncommand = [{:?}]\nresult = \"exit\"\nmcp = [\"{{mcp_config}}\"]\n",
        program.display().to_string()
    ));
    streams.run_to(0, &["run"]);
    assert_eq!(streams.tasks(), ["TASK-A1: completed"]);
    let settings: Value = serde_json::from_str(&fs::read_to_string(copy).unwrap()).unwrap();
    let server = &settings["mcpServers"]["task-copilot"];
    let database = format!("--database={}", streams.database("shop").display());
    assert_eq!(server["args"], json!(["mcp", "--tools", "tasks", database, "--stream=Stream-A"]));
    let orch = fs::canonicalize(env!("CARGO_BIN_EXE_orch")).unwrap();
    assert_eq!(server["command"], orch.display().to_string());
}

/// A plan that is written out.
const WRITTEN: &str = "title: x\nstreams: [{id: a, tasks: [{title: t}]}]\n";

/// The plans of a database that says its initiatives, and the tasks with whether they are archived.
fn stored(streams: &Streams) -> [Vec<String>; 2] {
    [streams.ask("SELECT id FROM initiatives"), streams.ask("SELECT id || archived FROM tasks")]
}

#[test]
fn the_database_of_another_project_with_the_same_name_is_left_alone() {
    for is_run in [true, false] {
        let streams = match is_run {
            true => Streams::new(&[("TASK-A1", "Stream-A", &[], "")]),
            false => Streams::without_database(),
        };
        streams.project.write("plan.yaml", WRITTEN);
        streams.run_to(0, if is_run { &["run"] } else { &["generate", "--from", "plan.yaml"] });
        let before = stored(&streams);
        let folder = streams.home().join("elsewhere/shop");
        fs::create_dir_all(&folder).unwrap();
        plans(&streams, "plan");
        for name in ["orch.toml", "plan.yaml"] {
            fs::copy(streams.project.path(name), folder.join(name)).unwrap();
        }
        let second = |arguments: &[&str]| {
            let mut orch = streams.project.orch(arguments);
            orch.current_dir(&folder);
            Live::spawn(orch).end()
        };
        for arguments in [&["generate", "--yes", WISH][..], &["generate", "--yes", "--from", "plan.yaml"]] {
            let ended = second(arguments);
            let first = streams.project.folder().display().to_string();
            assert_eq!(ended.code, Some(2), "{ended}");
            assert!(ended.err.contains("are those of another project"), "{ended}");
            assert!(ended.err.contains(&first) && ended.err.contains("WORKSPACE_ID"), "{ended}");
            assert_eq!((stored(&streams), attempts(&streams)), (before.clone(), 0), "{arguments:?}");
        }
        // When the first is gone, the second has its place.
        fs::rename(streams.project.folder(), streams.home().join("moved")).unwrap();
        let mut orch = streams.project.orch(&["generate", "--yes", WISH]);
        orch.current_dir(&folder);
        let ended = Live::spawn(orch).end();
        assert_eq!(ended.code, Some(0), "{ended}");
    }
}

#[test]
fn no_database_is_made_beside_one_of_task_copilot_3() {
    let streams = planning("plan");
    streams.project.write("plan.yaml", WRITTEN);
    let later = "CREATE TABLE schema_version (version INTEGER); CREATE TABLE tasks (id INTEGER); CREATE TABLE streams (id INTEGER);";
    streams.sql(&streams.project.path(".copilot/tasks.db"), later);
    let refused = streams.run_to(65, &["run"]).err;
    for arguments in [&["generate", WISH][..], &["generate", "--from", "plan.yaml"]] {
        let ended = streams.run_to(65, arguments);
        assert!(ended.err.contains("Task Copilot 3"), "{ended}");
        assert_eq!(ended.err, refused, "{arguments:?}");
        assert!(!streams.home().join(".claude").exists() && attempts(&streams) == 0, "{ended}");
    }
}

#[test]
fn a_planning_agent_that_outlived_its_orch_is_ended_before_anything_is_stored() {
    let streams = Streams::without_database();
    let [here, gate, child] = streams.pipes(["here", "gate", "child"]);
    plans(&streams, &format!("child {child} begin {here} {gate} plan"));
    let live = streams.project.start(&["generate", WISH]);
    let held = streams.held(&child);
    streams.project.hear(&here);
    live.kill();
    assert!(!streams.project.processes().is_empty());
    plans(&streams, "plan");
    let ended = streams.run_to(0, &["generate", "--yes", WISH]);
    held.wait_for_end();
    assert_eq!(streams.project.processes(), []);
    let said = ended.err.find("the planning agent of an earlier `orch generate` was still at work");
    assert!(said.is_some_and(|said| said < ended.err.find("initiative: ").unwrap()), "{ended}");
    assert_eq!(streams.ask("SELECT count(*) FROM prds"), ["1"]);
    let ended = streams.run_to(0, &["generate", "--yes", WISH]);
    assert!(!ended.err.contains("still at work"), "{ended}");
}

#[test]
fn a_database_that_is_held_is_not_made() {
    let streams = Streams::without_database();
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.project.write("plan.yaml", WRITTEN);
    plans(&streams, &format!("begin {here} {gate}"));
    let live = streams.project.start(&["generate", WISH]);
    streams.project.hear(&here);
    let database = streams.database("shop");
    let folder = database.parent().unwrap();
    for name in ["tasks.db", "tasks.db-wal", "tasks.db-shm"] {
        let _ = fs::rename(folder.join(name), streams.home().join(name));
    }
    streams.run_to(75, &["generate", "--from", "plan.yaml"]);
    assert!(!database.exists());
    live.signal("KILL");
    live.end();
    let ended = streams.run_to(0, &["generate", "--from", "plan.yaml"]);
    assert!(ended.err.contains("made the database"), "{ended}");
}

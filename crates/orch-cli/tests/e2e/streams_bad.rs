//! What a `tasks.db` may be and should not: each time orch says what is wrong and where, or copes with it, and nothing is
//! written where it should not be.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::Live;
use crate::support::streams::{Streams, empty, quoted};

/// What `orch check --json` finds, as `CODE: MESSAGE`.
fn problems(streams: &Streams) -> Vec<String> {
    let checked = streams.json(&["check"]);
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let problems = checked["problems"].as_array().unwrap_or_else(|| panic!("{checked}"));
    problems.iter().map(|one| format!("{}: {}", word(&one["code"]), word(&one["message"]))).collect()
}

#[test]
fn without_a_database_it_is_said_where_one_was_looked_for() {
    let streams = Streams::without_database();
    for arguments in [&["run"][..], &["run", "--kind", "streams"], &["status", "--kind", "streams"]] {
        let ended = streams.run_to(2, arguments);
        assert!(ended.err.contains("there is no plan in"), "{ended}");
    }
    let ended = streams.run_to(2, &["run", "--kind", "streams"]);
    let by_name = streams.database("shop").display().to_string();
    assert!(ended.err.contains(&by_name) && ended.err.contains("orch generate"), "{ended}");
    let ended = streams.run_to(2, &["run", "nowhere/tasks.db"]);
    assert!(ended.err.contains("there is no `") && ended.err.contains("nowhere/tasks.db"), "{ended}");
    let mut command = streams.project.orch(&["run", "--kind", "streams"]);
    command.env_remove("HOME");
    let ended = Live::spawn(command).end();
    assert!(ended.code == Some(2) && ended.err.contains("HOME is not set"), "{ended}");
    assert!(!streams.home().join(".claude").exists(), "nothing is made for those who only ask");
}

#[test]
fn a_file_that_is_no_database_of_its_kind_is_named() {
    let version = |versions: &str| format!("{};\nDELETE FROM migrations;\n{versions}", empty());
    let later = "CREATE TABLE schema_version (version INTEGER); CREATE TABLE tasks (id INTEGER); CREATE TABLE streams (id INTEGER);";
    for (sql, bytes, code, says) in [
        ("", Some(&b""[..]), "tasks_db.empty", "is empty"),
        ("", Some(b"a text that somebody wrote, and long enough for a header of one hundred bytes, which it is not, not at all, no"), "tasks_db.not_sqlite", "is not a SQLite database"),
        ("CREATE TABLE notes (text TEXT);", None, "tasks_db.no_tables", "no table"),
        (later, None, "tasks_db.task_copilot_3", "Task Copilot 3"),
        (&version("INSERT INTO migrations VALUES (4, 'x');"), None, "tasks_db.older", "schema version 4"),
        (&version(""), None, "tasks_db.older", "schema version 0"),
    ] {
        let streams = Streams::without_database();
        let path = streams.database("shop");
        match bytes {
            Some(bytes) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, bytes).unwrap();
            }
            None => _ = streams.sql(&path, sql),
        }
        let before = fs::read(&path).unwrap();
        for command in ["run", "status", "check"] {
            let ended = streams.project.run(&[command, "--json"]);
            assert!(ended.code.is_some_and(|code| ![0, 4].contains(&code)), "{code}, {command}: {ended}");
            let error = format!("{}{}", ended.out, ended.err);
            assert!(error.contains(code) && error.contains(says), "{code}, {command}: {ended}");
            assert!(error.contains(&path.display().to_string()), "{code}, {command}: {ended}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{code}");
    }
}

#[test]
fn a_database_that_was_cut_off_is_damaged() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    streams.write("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;");
    let path = streams.database("shop");
    let size = fs::metadata(&path).unwrap().len();
    for left in [size - 100, size - 4096, size / 2, 4096, 200] {
        File::options().write(true).open(&path).unwrap().set_len(left).unwrap();
        let ended = streams.project.run(&["run"]);
        assert!(ended.code.is_some_and(|code| ![0, 4].contains(&code)), "{left} of {size}: {ended}");
        assert!(ended.err.contains(&path.display().to_string()), "{left} of {size}: {ended}");
        assert_eq!(streams.ran(), [""; 0], "{left} of {size}");
    }
}

#[test]
fn the_database_of_a_later_task_copilot_is_recognised_in_the_project() {
    let streams = Streams::without_database();
    let later = "CREATE TABLE schema_version (version INTEGER); CREATE TABLE tasks (id INTEGER); CREATE TABLE streams (id INTEGER);";
    streams.sql(&streams.project.path(".copilot/tasks.db"), later);
    let ended = streams.project.run(&["run"]);
    assert!(ended.code.is_some_and(|code| ![0, 4].contains(&code)), "{ended}");
    assert!(ended.err.contains("Task Copilot 3") && ended.err.contains(".copilot/tasks.db"), "{ended}");
}

#[test]
fn a_newer_database_is_read_and_that_is_said() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    streams.write("INSERT INTO migrations VALUES (12, 'x'); ALTER TABLE tasks ADD COLUMN colour TEXT;");
    assert_eq!(streams.stand(), ["Stream-A: PENDING"]);
    let found = problems(&streams);
    assert_eq!(found, ["tasks_db.newer: the database is of version 12, newer than the 10 that orch knows"]);
    let before = fs::read(streams.database("shop")).unwrap();
    streams.run_to(0, &["check"]);
    assert_eq!(fs::read(streams.database("shop")).unwrap(), before);
}

#[test]
fn a_database_that_is_locked_for_a_moment_is_waited_for() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    streams.write("PRAGMA journal_mode=DELETE;");
    let [here, gate] = streams.pipes(["here", "gate"]);
    let holds = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\ndb.execute('BEGIN EXCLUSIVE')\n\
                 open(sys.argv[2], 'w').write('here')\nopen(sys.argv[3]).read()\ndb.execute('COMMIT')\n";
    let mut holder = Command::new("python3");
    holder.args(["-c", holds]).arg(streams.database("shop")).args([&here, &gate]).stdin(Stdio::null());
    let mut holder = holder.spawn().unwrap();
    streams.project.hear(&here);
    let mut live = streams.project.start(&["status"]);
    // It has the database open before it waits for the lock.
    let open = format!("/proc/{}/fd", live.pid());
    let is_open = || {
        let files = fs::read_dir(&open).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file == streams.database("shop"))
    };
    while !is_open() {
        assert!(!live.has_ended(), "it did not wait: {}", live.end());
    }
    assert!(!live.has_ended());
    streams.project.say(&gate);
    assert!(holder.wait().unwrap().success());
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[test]
fn metadata_that_cant_be_read_is_an_error_with_the_tasks_name() {
    let larger = format!("{{\"streamId\": \"Stream-B\", \"notes\": \"{}\"}}", "x".repeat(1 << 20));
    let deep = "[".repeat(100_000);
    for metadata in [
        "not JSON",
        "[\"Stream-B\"]",
        "\"Stream-B\"",
        "{\"streamId\": 7}",
        "{\"streamId\": [\"Stream-B\"]}",
        "{\"streamId\": \"Stream-B\", \"dependencies\": {\"a\": 1}}",
        "{\"streamId\": \"Stream-B\", \"dependencies\": [7]}",
        "{\"streamId\": \"Stream-B\", \"files\": 7}",
        "{\"streamId\": \"Stream-B\"",
        &deep,
        &larger,
    ] {
        let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
        streams.task_with("TASK-X", metadata, "");
        let (found, shown) = (problems(&streams), metadata.chars().take(60).collect::<String>());
        assert!(
            found.len() == 1 && found[0].contains("the task TASK-X (`Make TASK-X`)"),
            "{shown}: {found:?}"
        );
        let ended = streams.run_to(65, &["run"]);
        assert!(ended.err.contains("TASK-X") && ended.err.len() < 5000, "{shown}: {ended}");
        assert_eq!(streams.ran(), [""; 0], "{shown}");
    }
}

#[test]
fn metadata_may_be_large_and_may_say_nothing_of_streams() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let large = format!("{{\"streamId\": \"Stream-B\", \"notes\": \"{}\"}}", "x".repeat(1_000_000));
    for (number, metadata) in [
        large.as_str(),
        "",
        "null",
        "{}",
        "{\"streamId\": null}",
        "{\"streamId\": \"Stream-B\", \"dependencies\": null}",
        "{\"streamId\": \"Stream-B\", \"streamPhase\": \"lunch\"}",
        "{\"streamId\": \"Stream-B\", \"streamId\": \"Stream-A\"}",
    ]
    .into_iter()
    .enumerate()
    {
        streams.task_with(&format!("TASK-X{number}"), metadata, "");
    }
    let found = problems(&streams);
    assert!(found.iter().all(|one| !one.starts_with("streams.metadata")), "{found:?}");
    streams.run_to(0, &["run"]);
    let left = streams.ask("SELECT id FROM tasks WHERE status = 'pending' ORDER BY id");
    assert_eq!(left, ["TASK-X1", "TASK-X2", "TASK-X3", "TASK-X4"], "they are of no stream");
}

#[test]
fn dependencies_that_lead_nowhere_or_in_a_circle_are_errors() {
    type Plan<'a> = &'a [(&'a str, &'a [&'a str])];
    let cases: [(Plan<'_>, &[&str]); 7] = [
        (&[("Stream-A", &[]), ("Stream-B", &["Stream-a"])], &["Stream-a", "did you mean", "`Stream-A`"]),
        (
            &[("Stream-A", &[]), ("Stream-B", &["Straem-A: Make it"])],
            &["Straem-A", "did you mean", "`Stream-A`"],
        ),
        (&[("Stream-A", &[]), ("Stream-B", &["[Stream-X] y"])], &["Stream-X"]),
        (
            &[("Stream-A", &[]), ("Stream-B", &["Stream-C"]), ("Stream-C", &["Stream-B"])],
            &["dependency cycle: Stream-B -> Stream-C -> Stream-B"],
        ),
        (&[("Stream-A", &[]), ("Stream-B", &["Stream-B"])], &["Stream-B", "itself"]),
        (&[("Stream-A", &["Stream-B"]), ("Stream-B", &["Stream-A"])], &["no foundation stream"]),
        (&[], &["no streams found in Task Copilot", "streamId", "orch generate"]),
    ];
    for (plan, says) in cases {
        let streams = Streams::new(&[]);
        for (number, (stream, dependencies)) in plan.iter().enumerate() {
            streams.task((&format!("TASK-{number}"), stream, dependencies, ""));
        }
        let ended = streams.run_to(65, &["run", "--kind", "streams"]);
        for part in says {
            assert!(ended.err.contains(part), "no {part:?}: {ended}");
        }
        streams.run_to(65, &["check", "--kind", "streams"]);
        assert_eq!(streams.ran(), [""; 0]);
    }
}

/// The paths beneath a folder that orch and its workers may have made, but those in git's own.
fn paths(folder: &Path) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut to_do = vec![folder.to_owned()];
    while let Some(folder) = to_do.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() && entry.file_name() != ".git" {
                to_do.push(entry.path());
            }
            paths.insert(entry.path().display().to_string());
        }
    }
    paths
}

#[test]
fn ids_of_any_form_stay_in_their_folders() {
    let long = "x".repeat(200);
    let ids = [
        "a b",
        "a/b",
        "../../up",
        "..",
        ".",
        "it's",
        "say \"x\"",
        "-rf",
        "--force",
        "$(touch pwned)",
        "`touch pwned`",
        ";touch pwned",
        "a\\b",
        "Größe",
        "*",
        "~",
        "@{u}",
        "HEAD",
        "stream.lock",
        "\u{202e}gnp",
        "{worktree}",
        "%s",
        &long,
    ];
    let streams = Streams::new(&[]);
    for (number, id) in ids.iter().enumerate() {
        let on: &[&str] = if number == 0 { &[] } else { &["a b"] };
        streams.task((&format!("TASK-{number}"), id, on, ""));
    }
    let ended = streams.run_to(0, &["run", "-j", "3"]);
    assert_eq!(streams.ran().len(), ids.len(), "{ended}");
    assert!(!ended.err.contains('\u{202e}'), "what turns text around is not shown as it is: {ended}");
    for (number, id) in ids.iter().enumerate() {
        assert!(streams.project.exists(&format!("TASK-{number}.txt")), "{id:?}: {ended}");
    }
    let home = streams.home().display().to_string();
    let within =
        [".claude/tasks/shop", "seen", "tmux", "shop/.claude/orchestrator", "shop/.worktrees", "shop/.git"];
    for path in paths(streams.home()) {
        let path = path.strip_prefix(&home).unwrap().trim_start_matches('/').to_owned();
        let is_known = within.iter().any(|known| path.starts_with(known) || known.starts_with(&path));
        let is_ours =
            path.starts_with("shop/TASK-") || ["shop/.gitignore", "shop/orch.toml"].contains(&&*path);
        assert!(is_known || is_ours, "{path:?}");
    }
    let logs = fs::read_dir(streams.project.path(".claude/orchestrator/logs")).unwrap().flatten();
    assert_eq!(logs.filter(|log| log.file_name() != ".gitignore").count(), ids.len());
    for id in &ids[..8] {
        let ended = streams.project.run(&["why", "--", id]);
        assert!(ended.code == Some(0), "{id:?}: {ended}");
    }
}

#[test]
fn an_id_that_no_line_can_hold_is_refused() {
    for (id, says) in [
        ("a\nb", "control characters"),
        ("\u{1b}[2J", "control characters"),
        (&"x".repeat(300), "longer than"),
    ] {
        let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], ""), ("TASK-X", id, &[], "")]);
        let ended = streams.run_to(65, &["run"]);
        assert!(ended.err.contains(says) && ended.err.contains("TASK-X"), "{id:?}: {ended}");
        assert!(!ended.err.contains('\u{1b}') && streams.ran().is_empty(), "{id:?}: {ended}");
    }
}

#[test]
fn an_id_of_nothing_is_no_id() {
    for id in ["", "   "] {
        let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
        streams.task(("TASK-X", id, &[], ""));
        let found = problems(&streams);
        let ended = streams.project.run(&["run"]);
        match found.as_slice() {
            // As a task without a stream, it is none of orch's.
            [] => {
                assert_eq!((ended.code, streams.ran()), (Some(0), vec!["Stream-A.1".to_owned()]), "{ended}")
            }
            some => assert!(some[0].contains("TASK-X") && ended.code == Some(65), "{some:?} {ended}"),
        }
    }
}

#[test]
fn a_link_in_the_place_of_orchs_folders_is_not_followed() {
    for link in [".claude/orchestrator", ".claude", ".claude/orchestrator/logs", ".claude/orchestrator/pids"]
    {
        let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
        let elsewhere = streams.home().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let place = streams.project.path(link);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(&elsewhere, &place).unwrap();
        let ended = streams.project.run(&["run"]);
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "{link}: {ended}");
        assert!(ended.err.contains(link) && ended.err.contains("is no folder"), "{link}: {ended}");
    }
}

#[test]
fn text_of_the_database_is_shown_harmlessly() {
    let streams = Streams::new(&[]);
    let metadata = json!({
        "streamId": "Stream-A", "streamName": "\u{1b}[31mred\u{7}\nSECOND LINE", "dependencies": [], "files": ["\u{1b}[2J"],
    });
    streams.task_with("TASK-A1", &metadata.to_string(), "block TASK-A1 \u{1b}[31mno");
    streams.write(&format!("UPDATE initiatives SET title = {};", quoted("\u{1b}]0;title\u{7}")));
    for arguments in
        [&["status"][..], &["check"], &["next"], &["graph"], &["why", "Stream-A"], &["run"], &["status"]]
    {
        let ended = streams.project.run(arguments);
        assert!(!format!("{ended}").contains(['\u{1b}', '\u{7}']), "{arguments:?}: {ended}");
    }
}

//! Which database is a project's: by the name of its workspace, by the hash of its path, by the environment.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::support::streams::{Streams, empty, insert};
use crate::support::{Ended, Live, Project};

/// A second project with the same name in the same home, and orch with these arguments in it.
fn second(streams: &Streams, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let folder = streams.home().join("elsewhere/shop");
    if !folder.exists() {
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        let source = streams.project.folder().display().to_string();
        streams.git(&["clone", "-q", &source, &folder.display().to_string()]);
        for (name, value) in [("user.name", "A Person"), ("user.email", "person@example.org")] {
            streams.git(&["-C", &folder.display().to_string(), "config", name, value]);
        }
        fs::copy(streams.project.path("orch.toml"), folder.join("orch.toml")).unwrap();
    }
    let mut command = streams.project.orch(arguments);
    command.current_dir(folder).envs(environment.iter().copied());
    Live::spawn(command).end()
}

#[test]
fn two_projects_with_one_name_are_told_apart() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "leave 1"), ("TASK-B1", "Stream-B", &[], "")]);
    streams.run_to(3, &["run"]);
    let before = streams.ran().len();
    let ended = second(&streams, &["run"], &[]);
    assert!(ended.code.is_some_and(|code| ![0, 4].contains(&code)), "{ended}");
    let first = streams.project.folder().display().to_string();
    assert!(ended.err.contains(&first) && ended.err.contains("WORKSPACE_ID"), "{ended}");
    assert_eq!(streams.ran().len(), before);
    // With a workspace of its own it has a database of its own.
    let other = streams.database("shop-2");
    streams.sql(&other, &empty());
    let metadata = json!({ "streamId": "Stream-A", "dependencies": [] }).to_string();
    streams.sql(&other, &insert("TASK-A1", "'PRD-1'", &metadata, ""));
    let ended = second(&streams, &["run"], &[("WORKSPACE_ID", "shop-2")]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(streams.home().join("elsewhere/shop/TASK-A1.txt").exists());
    // When the first is gone, the second may have its place.
    fs::rename(streams.project.folder(), streams.home().join("moved")).unwrap();
    let ended = second(&streams, &["status"], &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[test]
fn a_workspace_may_be_called_by_the_hash_of_its_path() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let path = streams.project.folder().display().to_string();
    let hash =
        Command::new("sh").args(["-c", "printf %s \"$0\" | md5sum | cut -c1-12", &path]).output().unwrap();
    let hash = String::from_utf8(hash.stdout).unwrap().trim().to_owned();
    let (named, hashed) = (streams.database("shop"), streams.database(&hash));
    fs::rename(named.parent().unwrap(), hashed.parent().unwrap()).unwrap();
    let ended = streams.run_to(0, &["run"]);
    assert_eq!(streams.sql(&hashed, "SELECT status FROM tasks"), [json!(["completed"])], "{ended}");
    // With both, that of the name is taken.
    streams.sql(&named, &empty());
    let metadata = json!({ "streamId": "Stream-N", "dependencies": [] }).to_string();
    streams.sql(&named, &insert("TASK-N1", "'PRD-1'", &metadata, ""));
    assert_eq!(streams.stand(), ["Stream-N: PENDING"]);
    let mut command = streams.project.orch(&["status", "--json"]);
    command.env("WORKSPACE_ID", &hash);
    let ended = Live::spawn(command).end();
    assert!(ended.out.contains("Stream-A") && !ended.out.contains("Stream-N"), "{ended}");
}

#[test]
fn the_environment_says_where_databases_are() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let elsewhere = streams.home().join("data");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(streams.database("shop").parent().unwrap(), elsewhere.join("named")).unwrap();
    let run = |workspace: &str| {
        let mut command = streams.project.orch(&["run", "--kind", "streams"]);
        command.env("TASK_DB_PATH", &elsewhere).env("WORKSPACE_ID", workspace);
        Live::spawn(command).end()
    };
    for name in ["..", "../data/named", "a\nb", "named/"] {
        let ended = run(name);
        assert!(ended.code == Some(2) && ended.err.contains("WORKSPACE_ID is no name"), "{name:?}: {ended}");
    }
    assert_eq!(run("named").code, Some(0));
    assert_eq!(streams.ran(), ["Stream-A.1"]);
}

#[test]
fn a_database_may_be_pointed_at() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let path = streams.database("shop").display().to_string();
    let ended = streams.run_to(0, &["run", &path]);
    assert_eq!(streams.ran(), ["Stream-A.1"], "{ended}");
    let nobody = Project::empty();
    let ended = nobody.run(&["status", &path]);
    assert_eq!(ended.code, Some(0), "{ended}");
}

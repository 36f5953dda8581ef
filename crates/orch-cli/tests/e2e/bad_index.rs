//! Indexes that are wrong: the exact words, with file, line, column and what to do.

use crate::support::{INDEX, Project, prompt};

const HEAD: &str = "Overall Objective: x\n\n## Prompts\n";

/// A project with these bytes as its index and some prompt files.
fn indexed(index: impl AsRef<[u8]>) -> Project {
    let project = Project::empty();
    project.write(INDEX, index);
    for name in ["a", "b", "c", "d"] {
        project.write(&format!("{name}.md"), prompt(&format!("echo {name} >> ran")));
    }
    project
}

/// The one thing that is wrong, as `LINE:COLUMN: error[CODE]: MESSAGE` and a hint.
fn refused(project: &Project, place: &str, code: &str, message: &str, hint: &str) {
    let path = project.path(INDEX);
    let path = path.display();
    let expected = format!(
        "{path}:{place}: error[{code}]: {message}\n  hint: {hint}\norch: {path} is not a valid plan\nhint: mend the \
         plan; `orch check` looks again\n"
    );
    let ended = project.run_to(65, &["run"]);
    assert_eq!(ended.err, expected);
    assert_eq!(ended.out, "");
    let checked = project.run_to(65, &["check"]);
    let expected = format!(
        "{INDEX}:{place}: error[{code}]: {message}\n  hint: {hint}\n\n1 error: the plan can't be run\n"
    );
    assert_eq!(checked.out, expected);
    for arguments in [&["status"][..], &["next"], &["why", "a"], &["retry", "a"], &["stop"]] {
        project.run_to(65, arguments);
    }
    let (line, column) = place.split_once(':').unwrap();
    let as_json = project.run_to(65, &["status", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&as_json.err).unwrap();
    assert_eq!(error["code"], code);
    assert_eq!(error["at"]["line"].to_string(), line);
    assert_eq!(error["at"]["column"].to_string(), column);
    assert!(!project.exists(".orch") && !project.exists("ran"), "nothing was begun");
}

const SECTION: &str = "add a section `## Prompts`, outside code and comments, with items such as `- PROMPT-01-title.md - Objective: …`";

#[test]
fn nothing_in_it() {
    refused(&indexed(""), "1:1", "index.empty", "the index is empty", SECTION);
    let no_section = indexed("Overall Objective: x\n");
    refused(&no_section, "1:1", "index.no_prompts", "there is no section of prompts", SECTION);
    let no_items = indexed(format!("{HEAD}\nNone yet.\n"));
    refused(&no_items, "3:4", "index.no_prompts", "the section of prompts has no items", SECTION);
}

#[test]
fn a_prompt_that_is_listed_twice() {
    refused(
        &indexed(format!("{HEAD}- a.md\n- b.md\n- a.md\n")),
        "6:3",
        "index.duplicate_prompt",
        "the prompt `a` is listed twice, first in line 4",
        "remove one of the two, or give the files different names",
    );
}

#[test]
fn prompts_that_are_not_there() {
    let project = indexed(format!("{HEAD}- a.md\n- gone.md\n"));
    let hint = format!("write it in {}, or take it out of the list", project.folder().display());
    refused(&project, "5:3", "prompt.missing", "the prompt file `gone.md` is not there", &hint);
    std::fs::create_dir(project.path("gone.md")).unwrap();
    refused(&project, "5:3", "prompt.missing", "the prompt file `gone.md` is not there", &hint);
}

#[test]
fn prompts_that_lead_out_of_the_folder() {
    let inside = "name the prompt by a relative path inside the index's folder";
    for (path, why) in [("../../x.md", "it goes up with `..`"), ("/etc/passwd.md", "it is an absolute path")]
    {
        let message = format!("the prompt path `{path}` can't be used: {why}");
        refused(&indexed(format!("{HEAD}- {path}\n")), "4:3", "index.escape", &message, inside);
    }
    let elsewhere = Project::empty();
    elsewhere.write("secret.md", prompt("echo secret >> ran"));
    let project = indexed(format!("{HEAD}- a.md\n- link.md\n"));
    std::os::unix::fs::symlink(elsewhere.path("secret.md"), project.path("link.md")).unwrap();
    let message = "the path `link.md` leads out of the plan's folder";
    refused(&project, "5:3", "prompt.escape", message, "keep prompt files in the folder of the index");
    let project = indexed(format!("{HEAD}- folder/secret.md\n"));
    std::os::unix::fs::symlink(elsewhere.folder(), project.path("folder")).unwrap();
    let message = "the path `folder/secret.md` leads out of the plan's folder";
    refused(&project, "4:3", "prompt.escape", message, "keep prompt files in the folder of the index");
    // A link that stays inside is a file like any other.
    let project = indexed(format!("{HEAD}- link.md\n"));
    std::os::unix::fs::symlink("a.md", project.path("link.md")).unwrap();
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a"]);
}

#[test]
fn dependencies_that_make_no_sense() {
    for (list, place, code, message, hint) in [
        (
            "- a.md\n- b.md - Dependencies: aa\n",
            "5:24",
            "plan.unknown_dependency",
            "`b` depends on `aa`, which is not in the plan",
            "did you mean `a`?",
        ),
        (
            "- a.md\n- b.md - Dependencies: a, PROMPT-07\n",
            "5:27",
            "plan.unknown_dependency",
            "`b` depends on `PROMPT-07`, which is not in the plan",
            "add that task, or remove the dependency",
        ),
        (
            "- a.md - Dependencies: a\n",
            "4:24",
            "plan.self_dependency",
            "`a` depends on itself",
            "remove the dependency",
        ),
        (
            "- d.md\n- a.md - Dependencies: b\n- b.md - Dependencies: c\n- c.md - Dependencies: d, a\n",
            "5:24",
            "plan.cycle",
            "dependency cycle: a -> b -> c -> a",
            "remove one of these dependencies",
        ),
    ] {
        refused(&indexed(format!("{HEAD}{list}")), place, code, message, hint);
    }
}

#[test]
fn bytes_that_are_no_text() {
    refused(
        &indexed([HEAD.as_bytes(), b"- a.md - Objective: \xff\n"].concat()),
        "4:21",
        "index.encoding",
        "bytes that are not UTF-8",
        "save the file as UTF-8",
    );
}

#[test]
fn a_line_of_ten_megabytes() {
    let project = indexed("x".repeat(10_000_000));
    let ended = project.run_to(65, &["run"]);
    assert!(ended.err.contains("PROMPT-ORCHESTRATOR.md:1:1: error[index.no_prompts]"), "{}", ended.err.len());
    assert!(ended.err.len() < 10_000, "{} bytes", ended.err.len());
    let project = indexed(format!("{HEAD}- a.md - Objective: {}\n", "x".repeat(10_000_000)));
    project.run_to(0, &["check"]);
}

#[test]
fn a_path_of_a_megabyte_is_not_shown_whole() {
    let project = indexed(format!("{HEAD}- {}.md\n", "x".repeat(1_000_000)));
    let ended = project.run_to(65, &["run"]);
    assert!(ended.err.contains("PROMPT-ORCHESTRATOR.md:4:3: error[prompt.missing]"), "{}", ended.err.len());
    assert!(ended.err.len() < 10_000, "{} bytes", ended.err.len());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let project = indexed(format!("{HEAD}- a.md - Dependencies: a\n- gone.md\n- ../x.md\n"));
    let ended = project.run_to(65, &["run"]);
    let places: Vec<&str> =
        ended.err.lines().filter_map(|line| line.split_once(": error[")).map(|(at, _)| at).collect();
    let places: Vec<&str> = places.iter().map(|place| place.rsplit_once(".md:").unwrap().1).collect();
    assert_eq!(places, ["4:24", "5:3", "6:3"], "{ended}");
}

#[test]
fn carriage_returns_and_a_byte_order_mark_are_no_fault() {
    let project =
        indexed("\u{feff}Overall Objective: x\r\n\r\n## Prompts\r\n- a.md\r\n- b.md - Dependencies: a\r\n");
    project.write("b.md", "\u{feff}# B\r\n\r\n```sh\r\necho b >> ran\r\n```\r\n");
    let checked = project.run_to(0, &["check"]);
    assert!(checked.out.ends_with("2 tasks, 1 dependency: the plan can be run\n"), "{checked}");
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b"]);
}

/// What is written in a plan is shown, and not obeyed by a terminal.
#[test]
fn what_is_hostile_is_shown_harmless() {
    let project = indexed(format!("{HEAD}- a.md - Objective: \u{1b}]0;title\u{7}\u{202e}evil\u{9b}2J\n"));
    for arguments in [&["check"][..], &["status"], &["graph"], &["next"], &["run", "-n"], &["run"]] {
        let ended = project.run_to(0, arguments);
        let said = format!("{}{}", ended.out, ended.err);
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']), "{arguments:?}: {said:?}");
    }
}

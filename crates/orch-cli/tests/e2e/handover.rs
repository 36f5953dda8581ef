//! How a worker is called: its prompt, its standard input, its environment, its folder.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Project, agent, prompt};

/// A project whose one task is done by the agent `witness`, called so.
fn witnessed(arguments: &[&str], profile: &str) -> Project {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let notes = project.path("notes");
    project.agent(
        "witness",
        arguments,
        &format!("env = {{ WITNESS = {notes:?}, MODE = \"fast\" }}\n{profile}"),
    );
    project
}

/// The prompt as orch has handed it over.
fn handed_over(project: &Project) -> Vec<u8> {
    fs::read(project.path(".orch/PROMPT-ORCHESTRATOR/prompts/PROMPT-01-a.1.md")).unwrap()
}

fn environment(project: &Project) -> BTreeMap<String, String> {
    let lines = project.lines("notes/environment");
    lines
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

#[test]
fn on_standard_input_at_any_length() {
    let project = witnessed(&["{task}"], "prompt = \"stdin\"");
    let long: String = (0..600_000 / 16).map(|number| format!("line {number:010}\n")).collect();
    project.write("PROMPT-01-a.md", format!("# Mission\n\n{long}"));
    project.run_to(0, &["run"]);
    let stdin = fs::read(project.path("notes/stdin")).unwrap();
    assert!(stdin.len() > 600_000 && stdin == handed_over(&project), "{} bytes", stdin.len());
    assert!(String::from_utf8(stdin).unwrap().contains(&long));
    assert_eq!(project.read("notes/argument-1"), "PROMPT-01-a");
    assert!(!project.exists("notes/argument-2"));
}

#[test]
fn as_a_file_with_standard_input_closed() {
    let project =
        witnessed(&["{prompt_file}", "--task={task}", "{attempt}", "{plan}", "in {worktree}", "{{}}"], "");
    project.run_to(0, &["run"]);
    let file = project.path(".orch/PROMPT-ORCHESTRATOR/prompts/PROMPT-01-a.1.md");
    let folder = project.folder().display();
    let expected = [
        file.display().to_string(),
        "--task=PROMPT-01-a".into(),
        "1".into(),
        format!("{folder}/PROMPT-ORCHESTRATOR.md"),
        format!("in {folder}"),
        "{}".into(),
    ];
    for (place, argument) in expected.iter().enumerate() {
        assert_eq!(&project.read(&format!("notes/argument-{}", place + 1)), argument);
    }
    assert_eq!(project.read("notes/stdin"), "");
    assert_eq!(project.read("notes/prompt").as_bytes(), handed_over(&project));
    assert!(project.read("notes/prompt").contains(&prompt("true")));
}

#[test]
fn as_an_argument() {
    let project = witnessed(&["--", "{prompt}"], "prompt = \"arg\"");
    project.write(
        "PROMPT-01-a.md",
        "# Mission\n\nSay `$(date)`; \"quotes\", 'ticks' & \\backslashes\\ {task}\n",
    );
    project.run_to(0, &["run"]);
    let argument = project.read("notes/argument-2");
    assert_eq!(argument.as_bytes(), handed_over(&project));
    assert!(argument.contains("Say `$(date)`; \"quotes\", 'ticks' & \\backslashes\\ {task}"), "{argument}");
    assert_eq!(project.read("notes/stdin"), "");
}

#[test]
fn an_argument_that_is_too_long_uses_no_try() {
    let project = witnessed(&["--", "{prompt}"], "prompt = \"arg\"");
    project.write("PROMPT-01-a.md", "x".repeat(128 << 10));
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(ended.told("task_ended", "outcome"), ["PROMPT-01-a: could_not_start"]);
    assert!(ended.err.contains("bytes is more than a program can be given (131071)"), "{ended}");
    assert_eq!(project.statuses(), ["PENDING"]);
    let toml = project.read("orch.toml").replace("\"arg\"", "\"stdin\"").replace(", \"{prompt}\"", "");
    project.config(&toml);
    project.run_to(0, &["run"]);
}

#[test]
fn an_argument_that_is_too_long_comes_with_a_hint() {
    let project = witnessed(&["--", "{prompt}"], "prompt = \"arg\"");
    project.write("PROMPT-01-a.md", "x".repeat(128 << 10));
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("hand the prompt over with prompt = \"stdin\" or \"file\""), "{ended}");
}

#[test]
fn the_environment_is_an_allow_list_and_orchs_own_variables() {
    let project = witnessed(&[], "pass_env = [\"WANTED\", \"FAMILY_*\"]");
    let mut command = project.orch(&["run"]);
    command.env("AWS_SECRET_ACCESS_KEY", "secret").env("WANTED", "w").env("FAMILY_ONE", "1").env("LANG", "C");
    command.env("ORCH_TASK", "not this").env("ANTHROPIC_API_KEY", "secret").env("TERM", "xterm");
    let ended = crate::support::Live::spawn(command).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let environment = environment(&project);
    let folder = project.folder().display();
    let home = format!("{folder}/.orch/PROMPT-ORCHESTRATOR");
    for (name, value) in [
        ("ORCH_TASK", "PROMPT-01-a".into()),
        ("ORCH_PLAN", format!("{folder}/PROMPT-ORCHESTRATOR.md")),
        ("ORCH_PROMPT_FILE", format!("{home}/prompts/PROMPT-01-a.1.md")),
        ("ORCH_RESULT", format!("{home}/logs/PROMPT-01-a.1.result")),
        ("ORCH_WORKTREE", folder.to_string()),
        ("ORCH_BASE_BRANCH", "main".into()),
        ("MODE", "fast".into()),
        ("WANTED", "w".into()),
        ("FAMILY_ONE", "1".into()),
        ("LANG", "C".into()),
        ("TERM", "dumb".into()),
        ("GIT_TERMINAL_PROMPT", "0".into()),
    ] {
        assert_eq!(environment.get(name), Some(&value), "{name}: {environment:?}");
    }
    let attempt = &environment["ORCH_ATTEMPT"];
    assert!(attempt.ends_with(".PROMPT-01-a.1"), "{attempt}");
    assert!(!environment["ORCH_RUN"].is_empty());
    let secret = environment.iter().find(|(_, value)| *value == "secret");
    assert_eq!(secret, None);
}

#[test]
fn the_id_of_an_attempt_never_comes_again() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo \"$ORCH_ATTEMPT\" >> ran\ntest -e mended")]);
    project.config("[run]\nretries = 1\nbackoff = \"10ms\"\n");
    project.run_to(1, &["run"]);
    project.run_to(1, &["run", "--retry-failed"]);
    project.write("mended", "");
    project.run_to(0, &["run", "--fresh"]);
    fs::remove_file(project.path("PROMPT-ORCHESTRATOR.state.md")).unwrap();
    project.run_to(0, &["run"]);
    let ids = project.lines("ran");
    let mut different = ids.clone();
    different.sort();
    different.dedup();
    assert_eq!((ids.len(), different.len()), (6, 6), "{ids:?}");
}

#[test]
fn workers_run_in_the_repositorys_root_or_else_beside_the_plan() {
    for (repository, runs_in) in [(true, ""), (false, "/plans/login")] {
        let project = Project::empty();
        if repository {
            project.write(".git/HEAD", "ref: refs/heads/main\n");
        }
        project.write("plans/login/PROMPT-ORCHESTRATOR.md", "## Prompts\n- PROMPT-01-a.md\n");
        project.write("plans/login/PROMPT-01-a.md", prompt("true"));
        let notes = project.path("notes");
        project.write(
            "plans/login/orch.toml",
            format!(
                "[agents.witness]\ncommand = [{:?}]\nenv = {{ WITNESS = {notes:?} }}\n",
                agent("witness")
            ),
        );
        project.run_to(0, &["run", "plans/login", "--agent", "witness", "--no-review"]);
        let expected = format!("{}{runs_in}", project.folder().display());
        assert_eq!(project.read("notes/folder"), format!("{expected}\n"));
        assert_eq!(environment(&project)["ORCH_WORKTREE"], expected);
    }
}

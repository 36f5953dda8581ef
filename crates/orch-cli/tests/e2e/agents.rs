//! Agents that can't be used, and configuration that can't be read: said before anything begins.

use crate::support::{Project, agent};

fn project() -> Project {
    Project::new(&[("PROMPT-01-a", "None", "echo a >> ran"), ("PROMPT-02-b", "PROMPT-01", "echo b >> ran")])
}

#[test]
fn an_agent_that_is_not_installed_is_nobodys_failure() {
    let project = project();
    project.config("[agents.ghost]\ncommand = [\"no-such-program-anywhere\", \"{prompt_file}\"]\n");
    for (name, program) in [("ghost", "no-such-program-anywhere"), ("claude", "claude")] {
        let ended = project.run_to(1, &["run", "--agent", name]);
        let message = format!("orch: the agent `{name}` needs `{program}`, which is not installed\n");
        assert!(ended.err.contains(&message), "{ended}");
        assert!(
            ended.err.contains("hint: install it, or choose another agent with `--agent NAME`"),
            "{ended}"
        );
        let status = project.json(&["status"]);
        assert_eq!(status["counts"]["pending"], 2, "{status}");
        assert_eq!(status["tasks"][0]["attempts"], 0, "{status}");
    }
    assert!(!project.exists("PROMPT-ORCHESTRATOR.state.md"));
    project.run_to(0, &["run", "--agent", "shell"]);
}

/// One that goes away in the middle of a run stops the run, and the task is not to blame.
#[test]
fn an_agent_that_vanishes_is_nobodys_failure_either() {
    let project = project();
    project.write("agent", "#!/bin/sh\nrm \"$0\"\n");
    let made = std::process::Command::new("chmod").arg("755").arg(project.path("agent")).status().unwrap();
    assert!(made.success());
    project.config("[run]\nagent = \"brief\"\n[agents.brief]\ncommand = [\"./agent\"]\n");
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(ended.told("run_ended", "halt"), ["-: could_not_start"]);
    assert_eq!(project.statuses(), ["SUCCESS", "PENDING"]);
    assert!(
        ended.err.contains("stopped: a worker could not be started; nothing of the plan is at fault"),
        "{ended}"
    );
    let why = "/./agent not found; install it, or name it otherwise in orch.toml\n";
    assert!(
        ended.err.contains("\nnot started: PROMPT-02-b: program /") && ended.err.contains(why),
        "{ended}"
    );
    assert!(ended.err.ends_with("hint: `orch run` goes on where it was, once that is mended\n"), "{ended}");
    project.run_to(0, &["run", "--agent", "shell"]);
    assert_eq!(project.lines("ran"), ["b"]);
}

#[test]
fn an_unknown_agent_is_refused_with_those_there_are() {
    let project = project();
    project.config("[agents.mine]\ncommand = [\"true\"]\n");
    let ended = project.run_to(2, &["run", "--agent", "clod"]);
    assert!(ended.err.contains("orch: there is no agent called `clod`\n"), "{ended}");
    assert!(
        ended.err.contains("hint: known agents: mine, claude, codex, opencode, gemini, shell; "),
        "{ended}"
    );
    project.config("[run]\nagent = \"clod\"\n");
    project.run_to(2, &["run"]);
    assert!(!project.exists("PROMPT-ORCHESTRATOR.state.md"));
}

#[test]
fn a_prompt_without_commands_is_nothing_for_a_shell() {
    let project = project();
    project.write("PROMPT-02-b.md", "# Mission\n\nThink.\n");
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("PROMPT-02-b.md has no `sh` block for the agent `shell` to run"), "{ended}");
    assert!(ended.err.contains("hint: write the commands as a ```sh block, or choose an agent"), "{ended}");
    assert_eq!(project.lines("ran"), [""; 0], "nothing was begun");
    project.write("PROMPT-02-b.md", "# Mission\n\n```sh\ntrue\n");
    let ended = project.run_to(1, &["run"]);
    assert!(
        ended.err.contains("PROMPT-02-b.md:3: the block of commands that begins here has no closing fence"),
        "{ended}"
    );
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place() {
    let project = project();
    for (toml, place, message) in [
        ("[run]\nagnet = \"shell\"\n", "2:1", "unknown field `agnet`"),
        ("[run]\n\njobs = 0\n", "3:8", "nonzero"),
        ("[run]\ntimeout = \"soon\"\n", "2:11", "`soon` is not a length of time such as `45m` or `1h 30m`"),
        ("[run]\nreview = \"coderabbit\"\n", "2:10", "a list of the program and its arguments, or false"),
        ("[run]\nsurvivors = \"keep\"\n", "2:13", "unknown variant `keep`"),
        ("[agents.mine]\ncommand = \"mine\"\n", "2:11", "invalid type: string"),
        ("[agents.mine]\ncommand = [\"mine\"]\nresult = \"json\"\n", "3:10", "unknown variant `json`"),
        ("[run\n", "1:5", ""),
        ("jobs = 2\n", "1:1", "unknown field `jobs`"),
    ] {
        project.config(toml);
        let ended = project.run_to(2, &["run"]);
        let said = format!("orch: {}:{place}: ", project.path("orch.toml").display());
        assert!(ended.err.contains(&said) && ended.err.contains(message), "{toml}: {ended}");
        assert!(ended.err.contains("hint: "), "{ended}");
        assert!(!project.exists("ran"));
    }
    for (toml, message, hint) in [
        (
            "[agents.mine]\nprompt = \"stdin\"\n",
            "agent `mine` has no command",
            "give [agents.mine] a command",
        ),
        (
            "[agents.mine]\ncommand = [\"mine\", \"{task\"]\n",
            "a brace without its partner",
            "a literal brace",
        ),
        ("[agents.mine]\ncommand = [\"mine\", \"{taks}\"]\n", "unknown placeholder `{taks}`", "allowed: "),
        (
            "[agents.mine]\ncommand = [\"mine\"]\nprompt = \"arg\"\n",
            "no argument holds `{prompt}`",
            "add \"{prompt}\"",
        ),
    ] {
        project.config(toml);
        let ended = project.run_to(2, &["run", "--agent", "mine"]);
        assert!(ended.err.contains(message) && ended.err.contains(hint), "{toml}: {ended}");
    }
}

#[test]
fn the_nearest_configuration_up_to_the_repository_counts() {
    let project = Project::empty();
    project.config("[run]\nagent = \"clod\"\n");
    project.write("repository/.git/HEAD", "ref: refs/heads/main\n");
    project.write("repository/plans/PROMPT-ORCHESTRATOR.md", "## Prompts\n- PROMPT-01-a.md\n");
    project.write("repository/plans/PROMPT-01-a.md", crate::support::prompt("echo a >> ran"));
    // The one above the repository is none of its business.
    project.run_to(0, &["run", "repository/plans", "--no-review"]);
    project.write(
        "repository/orch.toml",
        format!(
            "[run]\nagent = \"obey\"\n[agents.obey]\ncommand = [{:?}, \"{{prompt_file}}\"]\n",
            agent("obey")
        ),
    );
    let ended = project.run_to(0, &["run", "repository/plans", "--fresh", "--no-review"]);
    assert!(ended.err.contains("[Execute] | [obey] |"), "{ended}");
    assert_eq!(project.lines("repository/ran"), ["a", "a"], "workers run in the repository's root");
}

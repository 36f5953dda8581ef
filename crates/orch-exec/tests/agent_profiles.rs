//! Profiles as `orch.toml` gives them, the built-in ones, and the environment of a worker.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use orch_exec::agent::{
    Builtin, Handover, McpServer, Profile, ProfileError, ProfileTable, ResultKind, Values, environment,
    resolve,
};
use serde_json::json;

fn table(fields: serde_json::Value) -> ProfileTable {
    serde_json::from_value(fields).unwrap()
}

fn tables(name: &str, fields: serde_json::Value) -> BTreeMap<String, ProfileTable> {
    BTreeMap::from([(name.to_owned(), table(fields))])
}

fn values() -> Values<'static> {
    Values {
        prompt_file: Path::new("/p/.orch/prompts/001.md"),
        prompt: "Do it.",
        task: "001",
        attempt: "1",
        plan: Path::new("/p/plan.md"),
        worktree: None,
        session: None,
        model: None,
        mcp: None,
    }
}

#[test]
fn a_table_gives_a_profile() {
    let all = tables(
        "mine",
        json!({
            "command": ["python3", "agent.py", "{prompt_file}"],
            "prompt": "file",
            "env": {"MODE": "fast"},
            "pass_env": ["MY_*"],
            "result": "json:codex",
            "rate_limit": ["slow down"],
            "resume": ["--resume", "{session}"],
            "model": ["-m", "{model}"],
            "mcp": ["--tools", "{mcp_config}"],
        }),
    );
    let expected = Profile {
        name: "mine".into(),
        command: ["python3", "agent.py", "{prompt_file}"].map(String::from).to_vec(),
        prompt: Handover::File,
        env: BTreeMap::from([("MODE".into(), "fast".into())]),
        pass_env: vec!["MY_*".into()],
        result: ResultKind::Codex,
        rate_limit: vec!["slow down".into()],
        resume: ["--resume", "{session}"].map(String::from).to_vec(),
        model: ["-m", "{model}"].map(String::from).to_vec(),
        mcp: ["--tools", "{mcp_config}"].map(String::from).to_vec(),
    };
    assert_eq!(resolve("mine", &all).unwrap(), expected);
}

#[test]
fn what_a_table_leaves_out_is_a_file_a_report_and_the_usual_words() {
    let profile = resolve("mine", &tables("mine", json!({"command": ["worker"]}))).unwrap();
    assert_eq!(profile.prompt, Handover::File);
    assert_eq!(profile.result, ResultKind::Report);
    assert_eq!(profile.rate_limit, ["429", "rate limit", "too many requests"]);
    assert!(profile.env.is_empty() && profile.pass_env.is_empty());
    assert!(profile.resume.is_empty() && profile.model.is_empty() && profile.mcp.is_empty());
}

#[test]
fn the_words_of_a_table() {
    let results = [
        ("report", ResultKind::Report),
        ("json:claude", ResultKind::Claude),
        ("json:codex", ResultKind::Codex),
        ("json:opencode", ResultKind::Opencode),
        ("json:gemini", ResultKind::Gemini),
        ("exit", ResultKind::Exit),
    ];
    for (word, kind) in results {
        assert_eq!(table(json!({"result": word})).result, Some(kind));
    }
    for (word, prompt) in [
        ("file", Handover::File),
        ("stdin", Handover::Stdin),
        ("arg", Handover::Arg),
        ("none", Handover::None),
    ] {
        assert_eq!(table(json!({"prompt": word})).prompt, Some(prompt));
    }
    for wrong in [
        json!({"comand": ["x"]}),
        json!({"result": "json"}),
        json!({"prompt": "argument"}),
        json!({"command": "a shell line"}),
        json!({"env": {"A": 1}}),
    ] {
        assert!(serde_json::from_value::<ProfileTable>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_table_with_the_name_of_a_built_in_agent_changes_only_what_it_gives() {
    let plain = Builtin::Claude.profile();
    let changed = resolve("claude", &tables("claude", json!({"env": {"IS_SANDBOX": "1"}}))).unwrap();
    let mut expected = plain.clone();
    expected.env.insert("IS_SANDBOX".into(), "1".into());
    assert_eq!(changed, expected);

    let changed =
        resolve("claude", &tables("claude", json!({"command": ["claude-dev"], "rate_limit": []}))).unwrap();
    assert_eq!(changed, Profile { command: vec!["claude-dev".into()], rate_limit: vec![], ..plain });
}

#[test]
fn lists_of_variables_grow_and_the_last_value_wins() {
    let profile = Builtin::Codex.profile();
    let profile = profile.override_with(table(json!({"env": {"A": "1", "B": "1"}, "pass_env": ["X"]})));
    let profile = profile.override_with(table(json!({"env": {"B": "2"}, "pass_env": ["Y", "X"]})));
    assert_eq!(profile.pass_env, ["X", "Y"]);
    assert_eq!(profile.env, BTreeMap::from([("A", "1"), ("B", "2")].map(|(a, b)| (a.into(), b.into()))));
}

#[test]
fn a_profile_that_cannot_work_is_refused_before_the_first_attempt() {
    let refused = |fields| resolve("mine", &tables("mine", fields)).unwrap_err().to_string();
    assert_eq!(refused(json!({})), "agent `mine` has no command");
    assert_eq!(refused(json!({"command": []})), "agent `mine` has no command");
    assert_eq!(
        refused(json!({"command": ["x"], "resume": ["{sesion}"]})),
        "unknown placeholder `{sesion}` in the argument `{sesion}`"
    );
    assert_eq!(
        refused(json!({"command": ["x"], "prompt": "arg"})),
        "agent `mine` takes the prompt as an argument, but no argument holds `{prompt}`"
    );
    assert_eq!(
        refused(json!({"command": ["x"], "env": {"A=B": "1"}})),
        "agent `mine` sets `A=B`, which can't be an environment variable"
    );
    let unknown = resolve("clod", &tables("mine", json!({"command": ["x"]}))).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no agent called `clod`");
    assert_eq!(
        unknown.hint(),
        "known agents: mine, claude, codex, opencode, gemini, shell; add others as [agents.NAME] in orch.toml"
    );
}

fn line(profile: &Profile, values: &Values<'_>) -> String {
    let argv = profile.argv(values).unwrap();
    argv.iter().map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_built_in_command_lines() {
    let resumed = Values { session: Some("01a1"), ..values() };
    let mut all = String::new();
    for builtin in [Builtin::Claude, Builtin::Codex, Builtin::Opencode, Builtin::Gemini] {
        let profile = builtin.profile();
        profile.check().unwrap();
        assert_eq!(profile.prompt, Handover::Stdin);
        all += &format!("{}\n{}\n", line(&profile, &values()), line(&profile, &resumed));
    }
    insta::assert_snapshot!(all, @"
    claude -p --output-format stream-json --verbose --dangerously-skip-permissions
    claude -p --output-format stream-json --verbose --dangerously-skip-permissions --resume 01a1
    codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox
    codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox resume 01a1 -
    opencode run --format json --auto
    opencode run --format json --auto --session 01a1
    gemini -o stream-json --approval-mode yolo --skip-trust
    gemini -o stream-json --approval-mode yolo --skip-trust --resume 01a1
    ");
}

#[test]
fn a_recommended_model_is_for_the_agent_that_knows_it() {
    let recommended = Values { model: Some("Opus"), ..values() };
    let resumed = Values { session: Some("01a1"), ..recommended };
    let mut all = String::new();
    for builtin in [Builtin::Claude, Builtin::Codex, Builtin::Opencode, Builtin::Gemini] {
        let profile = builtin.profile();
        all += &format!("{}\n{}\n", line(&profile, &recommended), line(&profile, &resumed));
    }
    insta::assert_snapshot!(all, @"
    claude -p --output-format stream-json --verbose --dangerously-skip-permissions --model opus
    claude -p --output-format stream-json --verbose --dangerously-skip-permissions --model opus --resume 01a1
    codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox
    codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox resume 01a1 -
    opencode run --format json --auto
    opencode run --format json --auto --session 01a1
    gemini -o stream-json --approval-mode yolo --skip-trust
    gemini -o stream-json --approval-mode yolo --skip-trust --resume 01a1
    ");
    let odd = Values { model: Some("opus --add-dir /"), ..values() };
    assert_eq!(line(&Builtin::Claude.profile(), &odd), line(&Builtin::Claude.profile(), &values()));
}

#[test]
fn the_model_comes_where_options_still_are() {
    let model = Values { model: Some("Sonnet"), session: Some("s"), ..values() };
    for (command, expected) in [
        (&["x", "-a"][..], "x -a --model=sonnet --resume s"),
        (&["x", "-a", "--", "{prompt}"], "x -a --model=sonnet -- Do it. --resume s"),
        (&["x", "{prompt}", "-a"], "x --model=sonnet Do it. -a --resume s"),
        (&["x", "-o", "json", "-p", "{prompt}"], "x -o json --model=sonnet -p Do it. --resume s"),
        (&["x", "--prompt={prompt}"], "x --prompt=Do it. --model=sonnet --resume s"),
        (&["--"], "-- --model=sonnet --resume s"),
    ] {
        let fields =
            json!({"command": command, "model": ["--model={model}"], "resume": ["--resume", "{session}"]});
        let profile = Profile::from_table("mine", table(fields)).unwrap();
        assert_eq!(line(&profile, &model), expected);
    }
}

#[test]
fn a_model_has_no_place_where_there_may_be_none() {
    for fields in [
        json!({"command": ["x", "--model", "{model}"]}),
        json!({"command": ["x"], "resume": ["--model={model}"]}),
    ] {
        let error = Profile::from_table("mine", table(fields)).unwrap_err();
        assert!(matches!(error, ProfileError::ModelOutsideOfModel { .. }), "{error}");
        assert_eq!(error.hint(), "put arguments that need {model} into model = [\"--model\", \"{model}\"]");
    }
    let fields = json!({"command": ["x"], "model": ["{modell}"]});
    assert_eq!(
        Profile::from_table("mine", table(fields)).unwrap_err().to_string(),
        "unknown placeholder `{modell}` in the argument `{modell}`"
    );
}

fn server(args: &[String]) -> McpServer<'_> {
    let config = Path::new("/p/.orch/mcp.json");
    McpServer { name: "task-copilot", config, program: "/opt/my orch", args }
}

#[test]
fn an_mcp_server_is_for_the_agents_that_can_be_told_of_one() {
    let args = ["mcp", "--workspace=x"].map(String::from);
    let with = Values { mcp: Some(server(&args)), ..values() };
    let whole = Values { session: Some("01a1"), model: Some("Opus"), ..with };
    let mut all = String::new();
    for builtin in [Builtin::Claude, Builtin::Codex, Builtin::Opencode, Builtin::Gemini] {
        let profile = builtin.profile();
        all += &format!("{}\n{}\n", line(&profile, &with), line(&profile, &whole));
    }
    insta::assert_snapshot!(all, @r#"
    claude -p --output-format stream-json --verbose --dangerously-skip-permissions --mcp-config=/p/.orch/mcp.json
    claude -p --output-format stream-json --verbose --dangerously-skip-permissions --mcp-config=/p/.orch/mcp.json --model opus --resume 01a1
    codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -c mcp_servers.task-copilot.command="/opt/my orch" -c mcp_servers.task-copilot.args=["mcp","--workspace=x"]
    codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -c mcp_servers.task-copilot.command="/opt/my orch" -c mcp_servers.task-copilot.args=["mcp","--workspace=x"] resume 01a1 -
    opencode run --format json --auto
    opencode run --format json --auto --session 01a1
    gemini -o stream-json --approval-mode yolo --skip-trust
    gemini -o stream-json --approval-mode yolo --skip-trust --resume 01a1
    "#);
    let none = resolve("claude", &tables("claude", json!({"mcp": []}))).unwrap();
    assert_eq!(line(&none, &with), line(&Builtin::Claude.profile(), &values()));
}

#[test]
fn the_mcp_server_comes_where_options_still_are() {
    let args = [];
    let with = Values { mcp: Some(server(&args)), model: Some("Sonnet"), session: Some("s"), ..values() };
    for (command, expected) in [
        (&["x", "-a"][..], "x -a --tools task-copilot --model=sonnet --resume s"),
        (&["x", "-a", "--", "{prompt}"], "x -a --tools task-copilot --model=sonnet -- Do it. --resume s"),
        (&["x", "{prompt}", "-a"], "x --tools task-copilot --model=sonnet Do it. -a --resume s"),
        (&["x", "o", "-p", "{prompt}"], "x o --tools task-copilot --model=sonnet -p Do it. --resume s"),
    ] {
        let profile = Profile::from_table(
            "mine",
            table(json!({
                "command": command,
                "mcp": ["--tools", "{mcp_name}"],
                "model": ["--model={model}"],
                "resume": ["--resume", "{session}"],
            })),
        );
        assert_eq!(line(&profile.unwrap(), &with), expected);
    }
}

#[test]
fn an_mcp_server_has_no_place_where_there_may_be_none() {
    for (fields, name) in [
        (json!({"command": ["x", "{mcp_config}"]}), "mcp_config"),
        (json!({"command": ["x"], "resume": ["--a={mcp_args}"]}), "mcp_args"),
        (json!({"command": ["x"], "model": ["{model}", "{mcp_program}"]}), "mcp_program"),
    ] {
        let error = Profile::from_table("mine", table(fields)).unwrap_err();
        assert!(
            error.to_string().contains(&format!("`{{{name}}}`"))
                && error.to_string().contains("without an MCP"),
            "{error}"
        );
        assert_eq!(
            error.hint(),
            format!("put arguments that need {{{name}}} into mcp = [\"--mcp-config={{mcp_config}}\"]")
        );
    }
    let model =
        Profile::from_table("mine", table(json!({"command": ["x"], "mcp": ["{model}"]}))).unwrap_err();
    assert!(matches!(model, ProfileError::ModelOutsideOfModel { .. }), "{model}");
    let mute = json!({"command": ["x"], "mcp": ["{mcp_name}{prompt}"], "prompt": "none"});
    let mute = Profile::from_table("mine", table(mute)).unwrap_err();
    assert_eq!(mute, ProfileError::PromptIsKept { agent: "mine".into() });
}

#[test]
fn an_mcp_server_is_not_smuggled_in_by_its_name() {
    for name in ["", "a.b", "x=1\n[y]", "a b"] {
        let args = [];
        let with = Values { mcp: Some(McpServer { name, ..server(&args) }), ..values() };
        let error = Builtin::Codex.profile().argv(&with).unwrap_err();
        assert_eq!(error, ProfileError::McpName { name: name.into() });
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn the_shell_is_the_callers_to_build() {
    let shell = resolve("shell", &BTreeMap::new()).unwrap();
    assert_eq!(shell.result, ResultKind::Exit);
    assert_eq!(shell.argv(&values()), Err(ProfileError::NoCommand { agent: "shell".into() }));
}

fn of(profile: &Profile, names: &[&str]) -> Vec<String> {
    let mine = names.iter().map(|name| (OsString::from(name), OsString::from("mine")));
    let none: [(&str, &str); 0] = [];
    let all = environment(profile, mine, none);
    all.iter()
        .filter(|(_, value)| value == "mine")
        .map(|(name, _)| name.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn only_what_is_listed_passes_into_a_workers_environment() {
    let general = [
        "CARGO_HOME",
        "HOME",
        "HTTPS_PROXY",
        "LANG",
        "LC_ALL",
        "LC_TIME",
        "LOGNAME",
        "NVM_DIR",
        "PATH",
        "RUSTUP_HOME",
        "SHELL",
        "SSH_AUTH_SOCK",
        "TMPDIR",
        "TZ",
        "USER",
        "XDG_CONFIG_HOME",
        "http_proxy",
        "no_proxy",
    ];
    let others = [
        "ANTHROPIC_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "CLAUDECODE",
        "CLAUDE_CONFIG_DIR",
        "CODEX_HOME",
        "EDITOR",
        "GEMINI_API_KEY",
        "GIT_DIR",
        "GOOGLE_API_KEY",
        "LD_PRELOAD",
        "MYPATH",
        "OPENAI_API_KEY",
        "OPENCODE_CONFIG",
        "ORCH_TASK",
        "PATHS",
        "path",
    ];
    let all: Vec<&str> = general.iter().chain(&others).copied().collect();
    let with = |more: &[&str]| {
        let mut names: Vec<String> = general.iter().chain(more).map(|&name| name.to_owned()).collect();
        names.sort();
        names
    };
    let cases: [(Builtin, &[&str]); 5] = [
        (Builtin::Shell, &[]),
        (Builtin::Claude, &["ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR"]),
        (Builtin::Codex, &["CODEX_HOME", "OPENAI_API_KEY"]),
        (Builtin::Gemini, &["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
        (
            Builtin::Opencode,
            &["ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY", "OPENCODE_CONFIG"],
        ),
    ];
    for (builtin, own) in cases {
        assert_eq!(of(&builtin.profile(), &all), with(own), "{builtin:?}");
    }
    let mine = table(json!({"command": ["x"], "pass_env": ["AWS_*", "EDITOR", "MYPAT"]}));
    let mine = Profile::from_table("mine", mine).unwrap();
    assert_eq!(of(&mine, &all), with(&["AWS_SECRET_ACCESS_KEY", "EDITOR"]));
}

#[test]
fn later_sources_win() {
    let profile = table(json!({"command": ["x"], "env": {"TERM": "xterm", "ORCH_TASK": "no", "LANG": "C"}}));
    let profile = Profile::from_table("mine", profile).unwrap();
    let mine = [("TERM", "vt100"), ("LANG", "de_DE"), ("GIT_EDITOR", "vi"), ("NO_COLOR", "")];
    let mine = mine.map(|(name, value)| (name.into(), value.into()));
    let all = environment(&profile, mine, [("ORCH_TASK", "001")]);
    let expected = [
        ("GIT_EDITOR", "true"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("LANG", "C"),
        ("NO_COLOR", "1"),
        ("ORCH_TASK", "001"),
        ("TERM", "xterm"),
    ];
    assert_eq!(all, expected.map(|(name, value)| (OsString::from(name), OsString::from(value))));
}

#[cfg(unix)]
#[test]
fn values_that_are_no_text_pass_unchanged() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(vec![b'/', 0xff]);
    let home = [(OsString::from("HOME"), odd.clone()), (OsString::from_vec(vec![0xff]), odd.clone())];
    let all = environment(&Builtin::Shell.profile(), home, [("ORCH_PLAN", odd.clone())]);
    assert_eq!(all.iter().filter(|(_, value)| *value == odd).count(), 2);

    let profile = Profile::from_table("mine", table(json!({"command": ["x", "--plan={plan}"]}))).unwrap();
    let argv = profile.argv(&Values { plan: Path::new(&odd), ..values() }).unwrap();
    assert_eq!(argv[1], OsString::from_vec(b"--plan=/\xff".to_vec()));
}

#[test]
fn an_agent_that_is_told_nothing_can_not_ask_for_its_prompt() {
    for (argument, fine) in
        [("{task}", true), ("{{prompt}}", true), ("{prompt}", false), ("-f={prompt_file}", false)]
    {
        let table = table(json!({"command": ["x", argument], "prompt": "none"}));
        match Profile::from_table("mute", table) {
            Ok(_) => assert!(fine, "{argument}"),
            Err(error) => {
                assert!(!fine && matches!(error, ProfileError::PromptIsKept { .. }), "{argument}: {error}");
                assert!(!error.hint().is_empty());
            }
        }
    }
}

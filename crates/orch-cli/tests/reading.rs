//! The reading commands as a person or a script calls them: the answer, the exit code, and readers that go away.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const INDEX: &str = "\
# Orchestrator Index

Overall Objective: Let users sign in

## Prompts
- PROMPT-01-schema.md — Objective: Tables — Dependencies: None
- PROMPT-02-api.md — Objective: Routes — Dependencies: PROMPT-01
";

fn pack(index: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("PROMPT-ORCHESTRATOR.md"), index).unwrap();
    for name in ["PROMPT-01-schema", "PROMPT-02-api"] {
        let text = format!("```sh\nprintf '\\033[31m{name}\\n'\n```\n");
        fs::write(folder.path().join(format!("{name}.md")), text).unwrap();
    }
    folder
}

fn orch(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
    command.current_dir(folder).args(args).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

fn answer(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = orch(folder, args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn reading_says_everything_on_stdout_and_changes_nothing() {
    let folder = pack(INDEX);
    for args in [
        &["check"][..],
        &["status"],
        &["status", "--json"],
        &["next"],
        &["why", "PROMPT-02"],
        &["graph"],
        &["graph", "--format", "dot"],
        &["prompt", "PROMPT-01"],
    ] {
        let (code, out, err) = answer(folder.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains("PROMPT-01"), "{args:?}: {out}");
    }
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 3, "a reading command left something behind");
}

#[test]
fn exit_codes() {
    let folder = pack(INDEX);
    assert_eq!(answer(folder.path(), &["next"]).0, 0);
    fs::write(
        folder.path().join("PROMPT-ORCHESTRATOR.state.md"),
        "## Orchestrator State\n\nOverall Objective: Let users sign in\nStatus: FAIL\nCurrent Prompt Index: 0\n\n\
         ### Prompts\n| Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n\
         | 0 | FAIL | PROMPT-01-schema.md | | basic | None | |\n\
         | 1 | PENDING | PROMPT-02-api.md | | basic | PROMPT-01 | |\n",
    )
    .unwrap();
    assert_eq!(answer(folder.path(), &["next"]), (4, String::new(), String::new()));
    assert_eq!(answer(folder.path(), &["check"]).0, 0);
    let circle = pack(&INDEX.replace("Dependencies: None", "Dependencies: PROMPT-02"));
    let (code, out, _) = answer(circle.path(), &["check"]);
    assert_eq!(code, 65);
    assert!(out.starts_with("PROMPT-ORCHESTRATOR.md:6:"), "{out}");
    let (code, _, err) = answer(folder.path(), &["why", "PROMPT-03"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn a_log_is_passed_on_byte_for_byte() {
    let folder = pack(INDEX);
    let (code, _, err) =
        answer(folder.path(), &["run", "--agent", "shell", "--no-review", "--no-validation"]);
    assert_eq!(code, 0, "{err}");
    for args in
        [&["logs", "PROMPT-02"][..], &["logs", "PROMPT-02", "-f"], &["logs", "PROMPT-02", "--attempt", "1"]]
    {
        assert_eq!(
            answer(folder.path(), args),
            (0, "\u{1b}[31mPROMPT-02-api\n".into(), String::new()),
            "{args:?}"
        );
    }
    let (code, out, err) = answer(folder.path(), &["logs", "PROMPT-02", "--attempt", "7"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let folder = pack(INDEX);
    for args in [&["status"][..], &["status", "--json"], &["graph"], &["check"], &["prompt", "PROMPT-01"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = orch(folder.path(), args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let folder = pack(INDEX);
    for args in [&["status"][..], &["status", "--json"], &["next"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = orch(folder.path(), args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{args:?}");
        assert!(err.contains("can't write the answer"), "{args:?}: {err}");
    }
}

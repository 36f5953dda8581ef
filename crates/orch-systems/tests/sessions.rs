//! Whole runs through the library, with real processes.

use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use orch_core::{Status, Time, Verdict};
use orch_store::{Durability, HistoryWriter, What};
use orch_systems::{
    Kind, OpenError, Opening, PromptPlan, Report, Requirements, RunOptions, Session, View, Wanted, locate,
};

/// A plan in a folder of its own; every prompt is a list of shell commands.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(prompts: &[(&str, &str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        let mut index = String::from("# Orchestrator Index\n\nOverall Objective: test\n\n## Prompts\n");
        for (id, dependencies, commands) in prompts {
            index += &format!("- {id}.md — Objective: {id} — Dependencies: {dependencies}\n");
            project.write(&format!("{id}.md"), &format!("# Mission\n\n```sh\n{commands}\n```\n"));
        }
        project.write("PROMPT-ORCHESTRATOR.md", &index);
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn plan(&self) -> PromptPlan {
        PromptPlan::load(&self.path("PROMPT-ORCHESTRATOR.md")).unwrap()
    }

    fn run(&self, options: RunOptions) -> Report {
        self.try_run(options).unwrap()
    }

    fn try_run(&self, options: RunOptions) -> Result<Report, OpenError> {
        Session::open(self.plan(), options)?.run(&mut [])
    }

    fn statuses(&self) -> Vec<Status> {
        let view = View::of(self.plan(), RunOptions::default()).unwrap();
        view.plan().tasks().map(|task| view.run().status(task)).collect()
    }

    fn kept(&self, word: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(word))
            .collect();
        names.sort();
        names
    }
}

fn exists(path: &Path) -> bool {
    path.exists()
}

use Status::{Fail, Pending, Success};

#[test]
fn a_plan_runs_to_its_end_and_then_there_is_nothing_to_do() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "grep -q '| 0     | RUNNING' PROMPT-ORCHESTRATOR.state.md; echo a >> order"),
        (
            "PROMPT-02-b",
            "PROMPT-01",
            "grep -q '| 0     | SUCCESS' PROMPT-ORCHESTRATOR.state.md; echo b >> order",
        ),
    ]);
    let report = project.run(RunOptions::default());
    assert_eq!((report.verdict, report.halt), (Verdict::Success, None));
    assert_eq!(report.validation, Requirements::NothingNamed);
    assert_eq!(project.read("order"), "a\nb\n");
    let state = project.read("PROMPT-ORCHESTRATOR.state.md");
    assert!(state.contains("\nStatus: SUCCESS\n") && state.contains("\nBase Branch: main\n"), "{state}");
    let again = project.run(RunOptions::default());
    assert!(again.nothing_to_do);
    assert_eq!(project.read("order"), "a\nb\n");
}

#[test]
fn a_failure_stops_the_list_and_a_retry_goes_on() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "test -e mended"),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> order"),
        ("PROMPT-03-c", "None", "echo c >> order"),
    ]);
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Fail);
    assert_eq!(project.statuses(), [Fail, Pending, Pending]);
    assert!(project.read("PROMPT-ORCHESTRATOR.state.md").contains("\nStatus: FAIL\n"));
    // Once more without a retry: what does not depend on it goes on, the failed one stays.
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Fail);
    assert_eq!(project.statuses(), [Fail, Pending, Success]);
    project.write("mended", "");
    let report = project.run(RunOptions { retry_failed: true, ..RunOptions::default() });
    assert_eq!(report.verdict, Verdict::Success);
    assert_eq!(project.read("order"), "c\nb\n");
}

#[test]
fn by_the_graph_two_run_side_by_side() {
    // Each of the two waits until the other is there: one after the other they would never end.
    let meet = |mine: &str, other: &str| {
        format!(
            "mkfifo {mine}.p 2>/dev/null || true\nmkfifo {other}.p 2>/dev/null || true\nif [ {mine} = b ]; then echo x > b.p; read y < c.p; else read y < b.p; echo x > c.p; fi"
        )
    };
    let (b, c) = (meet("b", "c"), meet("c", "b"));
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "true"),
        ("PROMPT-02-b", "PROMPT-01", &b),
        ("PROMPT-03-c", "PROMPT-01", &c),
    ]);
    let report = project.run(RunOptions { jobs: NonZeroU32::new(2), ..RunOptions::default() });
    assert_eq!(report.verdict, Verdict::Success);
}

#[test]
fn a_changed_list_starts_anew_and_keeps_the_state_aside() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo a >> order")]);
    project.run(RunOptions::default());
    let before = project.read("PROMPT-ORCHESTRATOR.state.md");
    let index = project.read("PROMPT-ORCHESTRATOR.md");
    project.write("PROMPT-02-b.md", "```sh\necho b >> order\n```\n");
    project.write(
        "PROMPT-ORCHESTRATOR.md",
        &format!("{index}- PROMPT-02-b.md — Objective: b — Dependencies: None\n"),
    );
    let report = project.run(RunOptions::default());
    assert_eq!(report.verdict, Verdict::Success);
    assert_eq!(project.read("order"), "a\na\nb\n");
    let kept = project.kept("unmatched");
    assert_eq!(kept.len(), 1);
    assert_eq!(project.read(&kept[0]), before);
    assert!(
        report.notes.iter().any(|note| note.contains(&kept[0]) && note.contains("the list differs")),
        "{:?}",
        report.notes
    );
}

#[test]
fn an_unreadable_state_is_kept_aside_and_known_from_the_history() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo a >> order"), ("PROMPT-02-b", "None", "test -e go")]);
    project.run(RunOptions::default());
    let state = fs::read(project.path("PROMPT-ORCHESTRATOR.state.md")).unwrap();
    fs::write(project.path("PROMPT-ORCHESTRATOR.state.md"), &state[..state.len() / 2]).unwrap();
    project.write("go", "");
    let report = project.run(RunOptions { retry_failed: true, ..RunOptions::default() });
    assert_eq!(report.verdict, Verdict::Success);
    assert_eq!(project.read("order"), "a\n", "finished work is not run again");
    assert_eq!(project.kept("unreadable").len(), 1);

    // The bare rule of the seed: unreadable, so everything starts anew.
    fs::write(project.path("PROMPT-ORCHESTRATOR.state.md"), "no table here\n").unwrap();
    project.run(RunOptions { strict_resume: true, ..RunOptions::default() });
    assert_eq!(project.read("order"), "a\na\n");
    assert_eq!(project.kept("unreadable").len(), 2);
}

#[test]
fn a_persons_edit_of_the_state_wins() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> order"),
        ("PROMPT-02-b", "None", "echo b >> order"),
    ]);
    project.run(RunOptions::default());
    let state = project.read("PROMPT-ORCHESTRATOR.state.md");
    project.write("PROMPT-ORCHESTRATOR.state.md", &state.replace("| 1     | SUCCESS", "| 1     | PENDING"));
    let report = project.run(RunOptions::default());
    assert!(
        report.notes.iter().any(|note| note.contains("edited by hand: 1 changed status")),
        "{:?}",
        report.notes
    );
    assert_eq!(project.read("order"), "a\nb\nb\n");
}

#[test]
fn a_state_file_of_another_tool_is_gone_on_with() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> order"),
        ("PROMPT-02-b", "None", "echo b >> order"),
    ]);
    project.write(
        "PROMPT-ORCHESTRATOR.state.md",
        "# Orchestrator State\n\nOverall Objective: test\nBase Branch: trunk\nStatus: RUNNING\n\
         Current Prompt Index: 1\n\n## Prompts\n| Index | Status | Prompt Path | Plan Path | Dependencies | Reqs |\n\
         | 0 | SUCCESS | PROMPT-01-a.md | PROMPT-01-a-PLAN.md | None | |\n\
         | 1 | RUNNING | PROMPT-02-b.md | PROMPT-02-b-PLAN.md | None | |\n",
    );
    let report = project.run(RunOptions::default());
    assert_eq!(report.verdict, Verdict::Success);
    assert_eq!(project.read("order"), "b\n", "done work stays done, and what ran is run again");
    assert!(
        project.read("PROMPT-ORCHESTRATOR.state.md").contains("Base Branch: trunk"),
        "the base branch is reused"
    );
}

#[test]
fn what_cannot_be_done_is_refused_before_it_begins() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    project.write("PROMPT-01-a.md", "prose only\n");
    let error = project.try_run(RunOptions::default()).unwrap_err();
    assert!(matches!(&error, OpenError::Environment { hint, .. } if hint.contains("--agent")), "{error:?}");
    let missing = RunOptions { agent: Some("claude".into()), ..RunOptions::default() };
    if std::env::var_os("PATH")
        .is_some_and(|path| !std::env::split_paths(&path).any(|dir| exists(&dir.join("claude"))))
    {
        assert!(matches!(project.try_run(missing), Err(OpenError::Environment { .. })));
    }
    assert_eq!(project.statuses(), [Pending]);
}

#[test]
fn a_report_of_a_command_decides() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "PROMPT-01", "true")]);
    project.write("orch.toml", "[agents.fake]\ncommand = [\"sh\", \"fake.sh\", \"{prompt_file}\"]\n");
    project.write(
        "fake.sh",
        "test -f \"$1\" && grep -q 'Your task' \"$1\" || exit 9\n\
         echo '# ORCHESTRATOR RUN REPORT'\n\
         case $ORCH_TASK in *01*) echo 'Status: INCOMPLETE'; echo 'Plan: plans/one.md';; *) echo 'Status: SUCCESS';; esac\n",
    );
    fs::create_dir(project.path("plans")).unwrap();
    let report = project.run(RunOptions { agent: Some("fake".into()), ..RunOptions::default() });
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(project.statuses(), [Status::Incomplete, Success], "INCOMPLETE counts as done");
    let state = project.read("PROMPT-ORCHESTRATOR.state.md");
    assert!(state.contains("| plans/one.md ") && state.contains("PROMPT-02-b-PLAN.md"), "{state}");
}

const STATE: &str = "PROMPT-ORCHESTRATOR.state.md";

#[test]
fn a_run_that_is_refused_leaves_everything_where_it_was() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> order"),
        ("PROMPT-02-b", "None", "echo b >> order"),
    ]);
    project.run(RunOptions { until: Some("PROMPT-01".into()), ..RunOptions::default() });
    let cut = project.read(STATE)[..100].to_owned();
    project.write(STATE, &cut);
    for refused in [
        RunOptions { agent: Some("nobody".into()), ..RunOptions::default() },
        RunOptions { only: vec!["TYPO".into()], fresh: true, ..RunOptions::default() },
    ] {
        project.try_run(refused).unwrap_err();
        assert_eq!(project.read(STATE), cut);
        assert!(project.kept("unreadable").is_empty() && project.kept("replaced").is_empty());
    }
    project.run(RunOptions::default());
    assert_eq!(project.read("order"), "a\nb\n", "what was done is known from the history");
    assert_eq!(project.kept("unreadable").len(), 1);
}

#[test]
fn a_damaged_state_of_a_finished_plan_is_mended_and_then_left_alone() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> order"),
        ("PROMPT-02-b", "None", "echo b >> order"),
    ]);
    project.run(RunOptions::default());
    let whole = project.read(STATE);
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for damaged in [
        // Cut after the first row: it reads as the state of a shorter list.
        lines[..lines.len() - 2].concat(),
        // A row whose prompt is no longer any.
        whole.replace("PROMPT-02-b.md ", "PROMPT-02-c.md "),
        // Behind: the last write never came.
        whole
            .replace("SUCCESS    | PROMPT-02", "RUNNING    | PROMPT-02")
            .replace("Status: SUCCESS", "Status: RUNNING"),
    ] {
        // The mark of the last one is made to fit, as if orch had written it.
        let file = orch_state_md::state::StateFile::read(damaged.as_bytes()).unwrap();
        let is_behind = damaged.contains("RUNNING");
        let bytes = if is_behind {
            let orch_state_md::state::Mark::Edited { history, .. } = file.mark() else { panic!() };
            file.to_bytes_marked(history, 3)
        } else {
            damaged.into_bytes()
        };
        fs::write(project.path(STATE), bytes).unwrap();
        assert!(project.run(RunOptions::default()).nothing_to_do);
        let mended = project.read(STATE);
        assert!(mended.contains("| 1     | SUCCESS    | PROMPT-02-b.md"), "{mended}");
        assert!(mended.contains("\nStatus: SUCCESS\n"), "{mended}");
        assert!(project.run(RunOptions::default()).nothing_to_do);
        assert_eq!(project.read(STATE), mended, "the second look writes nothing");
    }
    assert_eq!(project.read("order"), "a\nb\n");
}

#[test]
fn talk_about_limits_is_no_limit() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo 'test rate limit middleware: 429 FAILED'; exit 1")]);
    // A limit would be waited for, a second each time, and tried again.
    project.write("orch.toml", "[run]\nrate_limit_wait = \"1s\"\n");
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Fail);
    let view = View::of(project.plan(), RunOptions::default()).unwrap();
    assert_eq!(
        view.run().attempt(orch_core::TaskIx::new(0)),
        1,
        "it failed at once, and was not tried again"
    );

    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    project.write("orch.toml", "[agents.fake]\ncommand = [\"sh\", \"fake.sh\"]\n");
    project
        .write("fake.sh", "echo '# ORCHESTRATOR RUN REPORT'; echo 'Status: FAIL'; echo 'HTTP 429'; exit 1\n");
    let report = project.run(RunOptions { agent: Some("fake".into()), ..RunOptions::default() });
    assert_eq!(report.verdict, Verdict::Fail, "a report decides before its log is searched");
}

#[test]
fn a_worker_cannot_make_orch_wait_for_ever() {
    let project = Project::new(&[(
        "PROMPT-01-a",
        "None",
        "mkfifo \"$ORCH_RESULT\"; mkfifo PROMPT-REQUIREMENTS-UNMET.md",
    )]);
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Success);
    assert_eq!(project.statuses(), [Success]);
}

#[test]
fn changes_that_a_reviewer_leaves_stop_the_run_and_orchs_own_do_not_count() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "git add . && git commit -qm work"),
        ("PROMPT-02-b", "None", "true"),
    ]);
    let git = |args: &[&str]| {
        let done =
            std::process::Command::new("git").args(args).current_dir(project.folder.path()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    git(&["config", "user.name", "t"]);
    git(&["config", "user.email", "t@example.org"]);
    project.write("orch.toml", "[run]\nreview = [\"sh\", \"review.sh\"]\n");
    project.write("review.sh", "test -e leave && touch left\necho Review completed\n");
    git(&["add", "."]);
    git(&["commit", "-qm", "plan"]);
    project.write("leave", "");
    git(&["add", "."]);
    git(&["commit", "-qm", "leave"]);
    let report = project.run(RunOptions::default());
    assert!(matches!(report.halt, Some(orch_core::Halt::Review { .. })), "{report:?}");
    assert_eq!(project.statuses(), [Success, Pending]);
    // Mended: the same gate is held again, and passes although the state file is not committed.
    fs::remove_file(project.path("leave")).unwrap();
    git(&["add", "."]);
    git(&["commit", "-qm", "mended"]);
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Success);
}

#[test]
fn chosen_tasks_that_are_done_leave_nothing_to_do() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> order"),
        ("PROMPT-02-b", "None", "echo b >> order"),
    ]);
    let first = || RunOptions { only: vec!["PROMPT-01".into()], ..RunOptions::default() };
    assert!(!project.run(first()).nothing_to_do);
    let state = project.read(STATE);
    assert!(project.run(first()).nothing_to_do);
    assert_eq!(project.read(STATE), state);
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Success);
    assert_eq!(project.read("order"), "a\nb\n");
}

#[test]
fn the_default_reviewer_looks_at_commits_when_only_orchs_own_files_are_not_committed() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let git = |args: &[&str]| {
        let done =
            std::process::Command::new("git").args(args).current_dir(project.folder.path()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    project.write("orch.toml", "[run]\nreview = [\"./coderabbit\", \"--plain\"]\n");
    project.write("coderabbit", "#!/bin/sh\necho \"$@\" > .git/args\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(project.path("coderabbit"), executable).unwrap();
    git(&["add", "."]);
    git(&["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "plan"]);
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Success);
    assert_eq!(project.read(".git/args"), "--plain --type committed --base main\n");
}

#[test]
fn a_long_history_is_read_ahead_and_says_the_same() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "PROMPT-01", "false")]);
    assert_eq!(project.run(RunOptions::default()).verdict, Verdict::Fail);
    // As long as that of a large plan.
    let history = project.path(".orch/PROMPT-ORCHESTRATOR/history.jsonl");
    let (durability, now) = (Durability::Process, Time::default());
    let (mut writer, ..) = HistoryWriter::open(&history, durability, "PROMPT-ORCHESTRATOR", now).unwrap();
    let branch = "x".repeat(1000);
    for branch in std::iter::repeat_n(&*branch, 1200).chain(["main"]) {
        writer.append(now, &[What::Base { branch: branch.into() }]).unwrap();
    }
    drop(writer);
    let found = locate(None, project.folder.path(), None).unwrap();
    let view = View::of(Opening::load(&found).unwrap(), RunOptions::default()).unwrap();
    let statuses: Vec<Status> = view.plan().tasks().map(|task| view.run().status(task)).collect();
    assert_eq!(statuses, [Success, Fail]);
    // What comes after it was read is not lost.
    let early = Opening::load(&found).unwrap();
    project.write("PROMPT-02-b.md", "# Mission\n\n```sh\ntrue\n```\n");
    let again = RunOptions { retry_failed: true, ..RunOptions::default() };
    assert_eq!(project.run(again).verdict, Verdict::Success);
    assert!(Session::open(early, RunOptions::default()).unwrap().run(&mut []).unwrap().nothing_to_do);
}

#[test]
fn a_large_state_file_is_read_ahead_and_counts_as_it_is_once_the_plan_is_held() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> order"),
        ("PROMPT-02-b", "None", "echo b >> order"),
    ]);
    project.run(RunOptions::default());
    let state = project.read("PROMPT-ORCHESTRATOR.state.md");
    // As large as that of a large plan.
    let state = format!("{}\n{state}", "as it was noted\n".repeat(80_000));
    project.write("PROMPT-ORCHESTRATOR.state.md", &state);
    let found = locate(None, project.folder.path(), None).unwrap();
    let opening = || {
        let opening = Opening::load(&found).unwrap();
        // Nobody can see when it has been read; it has to count whenever that is.
        std::thread::sleep(std::time::Duration::from_millis(200));
        opening
    };
    let run = |opening: Opening| Session::open(opening, RunOptions::default()).unwrap().run(&mut []).unwrap();
    assert!(run(opening()).nothing_to_do);
    let early = opening();
    project.write("PROMPT-ORCHESTRATOR.state.md", &state.replace("| 1     | SUCCESS", "| 1     | PENDING"));
    assert!(!run(early).nothing_to_do);
    assert_eq!(project.read("order"), "a\nb\nb\n");
    let early = opening();
    fs::remove_file(project.path("PROMPT-ORCHESTRATOR.state.md")).unwrap();
    let report = run(early);
    assert!(report.notes.iter().any(|note| note.contains("is gone")), "{:?}", report.notes);
    assert_eq!(project.read("order"), "a\nb\nb\na\nb\n");
}

#[test]
fn a_large_index_is_not_taken_for_the_only_one() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let here = project.folder.path();
    let mut index = project.read("PROMPT-ORCHESTRATOR.md");
    index += &format!("\n## Notes\n{}", "- as it was said\n".repeat(80_000));
    project.write("PROMPT-ORCHESTRATOR.md", &index);
    let found = |given: Option<&Path>, kind: Option<Kind>| {
        let kind = Wanted { kind, ..Wanted::default() };
        Opening::find(given, here, kind).map(|opening| opening.plan().path().to_owned())
    };
    let usual = here.canonicalize().unwrap().join("PROMPT-ORCHESTRATOR.md");
    assert_eq!(found(None, None).unwrap(), usual);
    assert_eq!(found(Some(Path::new(".")), None).unwrap(), usual);
    assert!(matches!(found(None, Some(Kind::Weavers)), Err(OpenError::NoPlan { .. })));
    project.write("PROMPT-ORCHESTRATOR-other.md", "");
    let Err(OpenError::NoPlan { hint, .. }) = found(None, None) else { panic!("one of two was taken") };
    assert_eq!(hint, "name one of PROMPT-ORCHESTRATOR-other.md, PROMPT-ORCHESTRATOR.md");
    assert_eq!(found(Some(Path::new("PROMPT-ORCHESTRATOR.md")), None).unwrap(), usual);
}

#[test]
fn in_a_large_plan_every_prompt_that_is_missing_is_found() {
    let project = Project::new(&[]);
    let mut index = project.read("PROMPT-ORCHESTRATOR.md");
    for n in 0..300 {
        index += &format!("- PROMPT-{n:03}-x.md — Objective: {} — Dependencies: None\n", "long ".repeat(200));
        project.write(&format!("PROMPT-{n:03}-x.md"), "");
    }
    index += "- sub/PROMPT-300-x.md — Objective: elsewhere — Dependencies: None\n";
    fs::create_dir(project.path("sub")).unwrap();
    project.write("sub/PROMPT-300-x.md", "");
    project.write("PROMPT-ORCHESTRATOR.md", &index);
    // A link inside of the folder is as good as a file; one to nothing and a folder are none.
    fs::rename(project.path("PROMPT-007-x.md"), project.path("seven.md")).unwrap();
    symlink("seven.md", project.path("PROMPT-007-x.md")).unwrap();
    assert_eq!(project.plan().plan.len(), 301);
    fs::remove_file(project.path("PROMPT-123-x.md")).unwrap();
    fs::remove_file(project.path("PROMPT-124-x.md")).unwrap();
    fs::create_dir(project.path("PROMPT-124-x.md")).unwrap();
    fs::remove_file(project.path("seven.md")).unwrap();
    let Err(OpenError::Invalid { findings, .. }) = PromptPlan::load(&project.path("PROMPT-ORCHESTRATOR.md"))
    else {
        panic!("it is loaded")
    };
    let missing = ["PROMPT-007", "PROMPT-123", "PROMPT-124"];
    assert_eq!(findings.len(), missing.len(), "{findings:?}");
    for (finding, id) in findings.iter().zip(missing) {
        assert_eq!(finding.diagnostic.code, "prompt.missing");
        assert!(finding.diagnostic.message.contains(id), "{}", finding.diagnostic.message);
    }
}

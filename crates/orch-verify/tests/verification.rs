//! Whole verifications: what is run in which order, and what is told of it.

use std::path::Path;
use std::time::Duration;

use orch_verify::{
    Check, CheckEnded, Exit, FEEDBACK_BYTES, Facts, Job, Next, Report, Run, Verdict, Verification, What,
};
use proptest::prelude::*;

fn command(run: &str) -> What {
    What::Command { run: run.into(), expect: 0 }
}

fn contains(path: &str, pattern: &str) -> What {
    What::FileContains { path: path.into(), pattern: pattern.into() }
}

fn not_contains(path: &str, pattern: &str) -> What {
    What::FileNotContains { path: path.into(), pattern: pattern.into() }
}

fn exists(path: &str) -> What {
    What::FileExists { path: path.into() }
}

fn demo() -> What {
    What::Demo {
        description: "The login flow".into(),
        steps: vec!["npm run dev".into(), "open /login".into()],
        acceptance: "a profile is seen".into(),
    }
}

fn verification(tree: &Path, checks: Vec<What>) -> Verification {
    let checks = checks.into_iter().map(Check::new).collect();
    Verification::new(checks, tree.to_owned(), Facts::default())
}

/// Runs what has to be run: each in turn ends as told.
fn drive(mut verification: Verification, ends: &[(Exit, &str)]) -> Report {
    let mut ends = ends.iter();
    loop {
        match verification.next() {
            Next::Done(report) => {
                assert!(ends.next().is_none(), "everything that was to end has been run");
                return report;
            }
            Next::Run(_) => {
                let (exit, output) = ends.next().expect("nothing else is to be run");
                verification.ended(&CheckEnded { exit: exit.clone(), output });
            }
        }
    }
}

/// `src/{password.ts, index.ts}`, `outside -> ..`, `link -> src`, `empty/`, `pipe`.
fn tree() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("src/deep")).unwrap();
    std::fs::create_dir(tree.join("empty")).unwrap();
    std::fs::write(folder.path().join("secret"), "bcrypt\n").unwrap();
    std::fs::write(tree.join("src/password.ts"), "// hash\nimport bcrypt from 'bcrypt';\n").unwrap();
    std::fs::write(tree.join("src/index.ts"), "console.log(password);\n\u{1b}[31mconsole.log(password)\n")
        .unwrap();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, tree.join(name)).unwrap();
    link("..", "outside");
    link("../../secret", "src/secret");
    link("src", "link");
    link("loop", "loop");
    link("..", "src/deep/up");
    link("/nowhere", "dangling");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, tree.join("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    (folder, tree)
}

#[test]
fn files_are_looked_at() {
    use Verdict::{Error, Fail, Pass};
    let (_folder, tree) = tree();
    for (what, expected, evidence) in [
        (exists("src/password.ts"), Pass, "File exists"),
        (exists("src"), Pass, "Folder exists"),
        (exists("."), Pass, "Folder exists"),
        (exists("src/none"), Fail, "Error: file not found: src/none"),
        (exists("src/password.ts/x"), Fail, "Error: file not found: src/password.ts/x"),
        (exists("pipe"), Fail, "Error: pipe is neither a file nor a folder"),
        (exists("dangling"), Fail, "Error: file not found: dangling"),
        (exists(" "), Error, "Error: the path is empty"),
        (exists("a\0b"), Error, "Error: no path has a NUL character in it"),
        (exists("../secret"), Error, "Error: ../secret leads out of the work tree"),
        (exists("outside/secret"), Error, "Error: outside/secret leads out of the work tree"),
        (exists("/etc/passwd"), Error, "Error: /etc/passwd is absolute; paths begin at the work tree"),
        (
            contains("src/password.ts", "bcrypt"),
            Pass,
            "Found: src/password.ts, line 2: import bcrypt from 'bcrypt';",
        ),
        (contains("src", "^import"), Pass, "Found: src/password.ts, line 2: import bcrypt from 'bcrypt';"),
        (contains("link/", "bcrypt"), Pass, "Found: src/password.ts, line 2: import bcrypt from 'bcrypt';"),
        (
            contains("./src/../src", "bcrypt"),
            Pass,
            "Found: src/password.ts, line 2: import bcrypt from 'bcrypt';",
        ),
        (
            contains("src/password.ts", "argon"),
            Fail,
            "Expected: the pattern in src/password.ts\nActual: pattern not found (1 file searched)",
        ),
        (
            contains("empty", "a"),
            Fail,
            "Expected: the pattern in empty\nActual: pattern not found (0 files searched)",
        ),
        (contains("src/none.ts", "a"), Fail, "Error: file not found: src/none.ts"),
        (contains("src", ""), Error, "Error: the pattern is empty"),
        (contains("pipe", "a"), Fail, "Error: pipe is neither a file nor a folder"),
        (contains("../../etc/passwd", "root"), Error, "Error: ../../etc/passwd leads out of the work tree"),
        (contains("src/secret", "bcrypt"), Error, "Error: src/secret leads out of the work tree"),
        (not_contains("src", "md5"), Pass, "pattern not found (2 files searched)"),
        (
            not_contains("src", "md5("),
            Pass,
            "pattern not found (2 files searched)\nNote: the pattern is no regular expression; it was searched for as \
             plain text",
        ),
        (
            not_contains("src", "console.log.*password"),
            Fail,
            "Expected: the pattern nowhere in src\nActual: found in\nsrc/index.ts, line 1: console.log(password);\n\
             src/index.ts, line 2: console.log(password)",
        ),
        (not_contains("sorce", "md5"), Fail, "Error: file not found: sorce"),
        (
            not_contains("src", "md5(?!x)"),
            Error,
            "Error: the pattern can't be decided: look-around and back references can't be searched for",
        ),
        (not_contains(".", "nowhere in it"), Pass, "pattern not found (2 files searched)"),
    ] {
        let told = format!("{what:?}");
        let report = drive(verification(&tree, vec![what]), &[]);
        let result = &report.results[0];
        assert_eq!((result.verdict, result.evidence.as_str()), (expected, evidence), "{told}");
        assert_eq!(report.passed, expected == Pass);
    }
    let report = drive(verification(&tree, vec![exists("loop")]), &[]);
    assert_eq!(report.results[0].verdict, Error);
    let report = drive(verification(&tree.join("gone"), vec![not_contains("src", "a")]), &[]);
    assert_eq!(report.results[0].verdict, Error, "no work tree is no absence of a pattern");
}

#[test]
fn a_search_has_an_end() {
    let (_folder, tree) = tree();
    let check = Check { limit: Some(Duration::ZERO), ..Check::new(not_contains("src", "md5")) };
    let report = drive(Verification::new(vec![check], tree, Facts::default()), &[]);
    assert_eq!(report.results[0].verdict, Verdict::TimedOut);
    assert_eq!(report.results[0].evidence, "Error: search timed out after 0 seconds");
}

#[test]
fn files_too_large_prove_nothing() {
    let (_folder, tree) = tree();
    let large = std::fs::File::create(tree.join("src/large.txt")).unwrap();
    std::os::unix::fs::FileExt::write_at(&large, &[b'a'; 9 << 10], 0).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    let report = drive(verification(&tree, vec![not_contains("src", "md5")]), &[]);
    assert_eq!(report.results[0].verdict, Verdict::Error);
    assert!(report.results[0].evidence.ends_with("src/large.txt is larger than 16 MiB"), "{report:?}");
    let report = drive(verification(&tree, vec![contains("src", "bcrypt")]), &[]);
    assert!(report.passed, "what is found is found");
}

#[test]
fn commands_and_agents_are_handed_out_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let run = "npm test -- 'a b' \"$HOME\"; exit 3";
    let agent = Check {
        name: Some("review".into()),
        limit: Some(Duration::from_secs(7)),
        ..Check::new(What::Agent { prompt: "Look.\n".into() })
    };
    let checks = vec![Check::new(command(run)), agent];
    let mut verification = Verification::new(checks, folder.path().to_owned(), Facts::default())
        .with_limit(Duration::from_secs(60));
    let expected = Run {
        number: 1,
        label: format!("[command] {run}"),
        job: Job::Command { argv: ["sh".into(), "-c".into(), run.into()] },
        limit: Duration::from_secs(60),
    };
    assert_eq!(verification.next(), Next::Run(expected.clone()));
    assert_eq!(verification.next(), Next::Run(expected), "its end is not known");
    let passed = CheckEnded { exit: Exit::Code(0), output: "RESULT: PASS" };
    verification.ended(&passed);
    verification.ended(&passed);
    let expected = Run {
        number: 2,
        label: "[agent] review".into(),
        job: Job::Agent { prompt: "Look.\n".into() },
        limit: Duration::from_secs(7),
    };
    assert_eq!(verification.next(), Next::Run(expected), "an end that nobody waits for means nothing");
    verification.ended(&passed);
    let Next::Done(report) = verification.next() else { panic!("all is decided") };
    assert!(report.passed);
    assert_eq!(verification.next(), Next::Done(report));
}

#[test]
fn commands_that_prove_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(128 << 10);
    for what in [command(" \n"), command("a\0b"), command(&long), What::Agent { prompt: "\n".into() }] {
        let report = drive(verification(folder.path(), vec![what]), &[]);
        assert_eq!(report.results[0].verdict, Verdict::Error);
    }
}

#[test]
fn no_checks_stand_in_no_way() {
    let folder = tempfile::tempdir().unwrap();
    let report = drive(verification(folder.path(), vec![]), &[]);
    assert!(report.passed && report.results.is_empty());
}

#[test]
fn a_failed_command_is_told() {
    let (_folder, tree) = tree();
    let checks = vec![contains("src", "bcrypt"), command("npm test"), demo(), command("npm run lint")];
    let output = "\u{1b}[1mFAIL\u{1b}[0m src/auth/password.test.ts\r\n  hashPassword returns a hash\n    \
                  Cannot find module 'bcrypt'\n\nnpm ERR!\n";
    insta::assert_snapshot!(drive(verification(&tree, checks), &[(Exit::Code(1), output)]).feedback());
}

#[test]
fn an_offending_line_is_told_with_the_reason() {
    let (_folder, tree) = tree();
    let check = Check {
        name: Some("no secrets".into()),
        reason: Some("No passwords in logs".into()),
        ..Check::new(not_contains("src/", "console.log.*password"))
    };
    let report = drive(Verification::new(vec![check], tree, Facts::default()), &[]);
    insta::assert_snapshot!(report.feedback());
}

#[test]
fn other_ends_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = |what: What, exit: Exit, output: &str| {
        drive(verification(folder.path(), vec![what]), &[(exit, output)]).feedback()
    };
    let review = || What::Agent { prompt: "Review the hashing.".into() };
    let said =
        "RESULT: FAIL\n\nLine 15: const hash = md5(password)\n\n**Suggested fix:** use bcrypt.hash()\n";
    insta::assert_snapshot!(
        [
            told(command("npm test"), Exit::Code(127), "sh: 1: npm: not found\n"),
            told(command("npm test"), Exit::TimedOut, "watching files ...\n"),
            told(command("npm test"), Exit::Signal(9), ""),
            told(review(), Exit::Code(0), said),
            told(review(), Exit::Code(0), "I think it is fine."),
            told(review(), Exit::CouldNotStart("no agent is configured".into()), ""),
        ]
        .join("=====\n")
    );
}

#[test]
fn a_pass_is_told_too() {
    let (_folder, tree) = tree();
    let report = drive(verification(&tree, vec![command("npm test"), demo()]), &[(Exit::Code(0), "ok\n")]);
    insta::assert_snapshot!(report.feedback());
    let people: Vec<_> = report.for_a_person().collect();
    insta::assert_snapshot!(people[0].evidence, @r"
    The login flow
    1. npm run dev
    2. open /login
    Accepted when: a profile is seen
    ");
}

/// A check whose verdict is known beforehand: commands by their exit code, files by a tree with only `there` in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    CommandPasses,
    CommandFails,
    FilePasses,
    FileFails,
    Demo,
}

fn known() -> impl Strategy<Value = Known> {
    use Known::{CommandFails, CommandPasses, Demo, FileFails, FilePasses};
    prop::sample::select(vec![
        CommandPasses,
        CommandPasses,
        FilePasses,
        FilePasses,
        CommandFails,
        FileFails,
        Demo,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_runs_after_the_first_failure(checks in prop::collection::vec(known(), 0..9)) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("there"), "").unwrap();
        let what = checks.iter().map(|check| match check {
            Known::CommandPasses => command("true"),
            Known::CommandFails => command("false"),
            Known::FilePasses => exists("there"),
            Known::FileFails => exists("absent"),
            Known::Demo => demo(),
        });
        let mut verification = verification(folder.path(), what.collect());
        let mut ran = Vec::new();
        let report = loop {
            match verification.next() {
                Next::Done(report) => break report,
                Next::Run(run) => {
                    ran.push(run.number - 1);
                    let code = i32::from(checks[run.number - 1] == Known::CommandFails);
                    verification.ended(&CheckEnded { exit: Exit::Code(code), output: "" });
                }
            }
        };
        let failure = checks.iter().position(|check| matches!(check, Known::CommandFails | Known::FileFails));
        let reached = failure.map_or(checks.len(), |at| at + 1);
        let commands: Vec<_> = (0..reached)
            .filter(|&at| matches!(checks[at], Known::CommandPasses | Known::CommandFails))
            .collect();
        prop_assert_eq!(ran, commands);
        prop_assert_eq!(report.passed, failure.is_none());
        prop_assert_eq!(report.results.len(), checks.len());
        for (at, result) in report.results.iter().enumerate() {
            let expected = match checks[at] {
                _ if at >= reached => Verdict::NotRun,
                Known::Demo => Verdict::ForAPerson,
                Known::CommandFails | Known::FileFails => Verdict::Fail,
                Known::CommandPasses | Known::FilePasses => Verdict::Pass,
            };
            prop_assert_eq!((result.number, result.verdict), (at + 1, expected));
        }
    }

    #[test]
    fn any_words_of_a_plan_and_any_files(
        path in any::<String>(), pattern in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..99),
        output in any::<String>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), bytes).unwrap();
        let whats = [
            contains(&path, &pattern), not_contains(&path, &pattern), exists(&path),
            contains("file", &pattern), not_contains(".", &pattern), command(&pattern),
            What::TestFirst { description: pattern.clone(), files: vec![path.clone()] },
            What::Demo { description: path.clone(), steps: vec![pattern.clone()], acceptance: output.clone() },
            What::Agent { prompt: pattern.clone() },
        ];
        for what in whats {
            let mut verification = verification(folder.path(), vec![what]);
            if let Next::Run(_) = verification.next() {
                verification.ended(&CheckEnded { exit: Exit::Code(3), output: &output });
            }
            let Next::Done(report) = verification.next() else { panic!("one check has one end") };
            prop_assert!(report.feedback().len() <= FEEDBACK_BYTES);
            let told = [report.feedback(), report.summary_line(), report.results[0].evidence.clone()];
            prop_assert!(told.iter().flat_map(|told| told.chars()).all(|c| !c.is_control() || "\n\t".contains(c)));
        }
    }
}

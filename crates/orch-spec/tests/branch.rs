//! Names of branches, held against git itself and against what may be handed to it.

use std::process::{Command, Stdio};

use orch_git::BranchName;
use orch_spec::check_branch_name;
use proptest::prelude::*;

fn git_takes(name: &str) -> bool {
    let mut git = Command::new("git");
    let git = git.args(["check-ref-format", "--branch", name]).stdout(Stdio::null()).stderr(Stdio::null());
    git.status().expect("git runs").success()
}

#[test]
fn lets_in_what_is_in_use() {
    let longest = "a".repeat(200);
    for name in [
        "main",
        "feature/auth-schema",
        "auth/03-google-oauth",
        "a.b",
        "v1.0",
        "größe",
        "a@b",
        "a-",
        "x/HEAD",
        "a.lockx",
        &*longest,
    ] {
        assert_eq!(check_branch_name(name), Ok(()), "{name}");
        assert!(git_takes(name), "{name}");
    }
}

#[test]
fn says_why_not() {
    let long = "a".repeat(201);
    let mut table = String::new();
    for name in [
        "",
        "-",
        "-x",
        "--force",
        "HEAD",
        "@",
        "a b",
        "a\tb",
        "a\nb",
        "a\u{7f}",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[b",
        "a\\b",
        "a..b",
        "..",
        "@{-1}",
        "a@{b",
        "a//b",
        "/a",
        "a/",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a.",
        "$(id)",
        "`id`",
        "x;y",
        "a|b",
        "a&b",
        "a<b",
        "a>b",
        "a(b)",
        "a'b",
        "a\"b",
        "a#b",
        "a!b",
        "a}b",
        "a\u{202E}b",
        "a\u{200B}",
        "a\u{a0}b",
        &*long,
    ] {
        let why = check_branch_name(name).expect_err(name);
        let start: String = name.chars().take(20).collect();
        table.push_str(&format!("{start:?}: {why}\n"));
    }
    insta::assert_snapshot!(table);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn git_takes_all_that_passes(name in "[-a@./lock_~A-Z{ä]{1,12}|[ -~]{1,8}|\\PC{1,6}|([a.@/-]{1,4}(lock|HEAD|/)){1,3}") {
        if check_branch_name(&name).is_ok() {
            prop_assert!(git_takes(&name), "{name:?}");
        }
    }

    #[test]
    fn what_is_let_into_a_plan_may_be_handed_to_git(name in "\\PC{1,6}|[+a]{1,3}|(refs/)?[a/]{1,3}|[a0]{40}|[a0]{64}") {
        if check_branch_name(&name).is_ok() {
            prop_assert!(BranchName::new(&*name).is_ok(), "{name:?}");
        }
    }
}

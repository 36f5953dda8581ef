//! What a repository remembers for those who work in it.

mod common;

use std::thread;

use common::{Repository, git};
use orch_git::{Git, GitError};

const KEY: &str = "flow-claude.current-plan";

#[test]
fn a_setting_is_remembered_in_the_repository() {
    let repository = Repository::new();
    let orch = repository.orch();
    assert_eq!(orch.setting(KEY).unwrap(), None);
    for value in ["plan/session-1", "plan/session-2", "-x", "a b"] {
        orch.set_setting(KEY, value).unwrap();
        assert_eq!(orch.setting(KEY).unwrap().as_deref(), Some(value));
        assert_eq!(git(&repository.top, &["config", "--local", "--get-all", KEY]), value);
    }
    git(&repository.top, &["config", "--add", KEY, "twice"]);
    assert_eq!(orch.setting(KEY).unwrap().as_deref(), Some("twice"));
    orch.set_setting(KEY, "once").unwrap();
    assert_eq!(git(&repository.top, &["config", "--get-all", KEY]), "once");
}

#[test]
fn a_setting_is_forgotten_if_it_is_what_it_was() {
    let repository = Repository::new();
    let orch = repository.orch();
    orch.forget_setting(KEY, "plan/session-1").unwrap();
    orch.set_setting(KEY, "plan/session-1").unwrap();
    orch.forget_setting(KEY, "plan/session-2").unwrap();
    assert_eq!(orch.setting(KEY).unwrap().as_deref(), Some("plan/session-1"));
    orch.forget_setting(KEY, "plan/session-1").unwrap();
    assert_eq!(orch.setting(KEY).unwrap(), None);
}

#[test]
fn settings_set_at_once_are_all_set() {
    let repository = Repository::new();
    thread::scope(|scope| {
        for number in 0..8 {
            let orch = repository.orch();
            scope.spawn(move || orch.set_setting(&format!("orch.key{number}"), "here").unwrap());
        }
    });
    for number in 0..8 {
        assert_eq!(repository.orch().setting(&format!("orch.key{number}")).unwrap().as_deref(), Some("here"));
    }
}

#[test]
fn what_is_no_repository_or_no_name_of_a_setting_is_an_error() {
    let repository = Repository::new();
    let outside = Git::at(repository.folder.path());
    assert!(matches!(outside.setting(KEY), Err(GitError::NotARepository { .. })));
    assert!(matches!(outside.set_setting(KEY, "x"), Err(GitError::NotARepository { .. })));
    for key in ["", "no-dot", "a b.c", "section.under_score"] {
        assert!(matches!(repository.orch().set_setting(key, "x"), Err(GitError::Failed { .. })), "{key:?}");
    }
}

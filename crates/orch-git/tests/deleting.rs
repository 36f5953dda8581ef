//! A branch that is taken back, unless somebody has moved it.

mod common;

use common::{Repository, commit, git, name};
use orch_git::{CommitError, Git, Tip};

#[test]
fn a_branch_is_deleted_where_it_was_seen_and_can_be_brought_back() {
    let repository = Repository::new();
    let (top, there) = (&repository.top, Git::at(&repository.top));
    let before = repository.references();
    let plan = name("plan/session-1");
    let tip = there.commit_on(&plan, Tip::New { base: "trunk" }, b"plan\n").unwrap();
    there.delete_branch_at(&plan, &tip).unwrap();
    assert_eq!(repository.references(), before, "nothing is left of it");
    git(top, &["branch", "plan/session-1", &tip]);
    assert_eq!(there.branch_tip(&plan).unwrap(), Some(tip));
}

#[test]
fn a_branch_that_was_moved_stays() {
    let repository = Repository::new();
    let there = Git::at(&repository.top);
    let plan = name("plan");
    let tip = there.commit_on(&plan, Tip::New { base: "trunk" }, b"plan\n").unwrap();
    let next = there.commit_on(&plan, Tip::At(&tip), b"plan 2\n").unwrap();
    let error = there.delete_branch_at(&plan, &tip).unwrap_err();
    assert!(matches!(&error, CommitError::Moved { found: Some(found), .. } if *found == next), "{error}");
    assert_eq!(there.branch_tip(&plan).unwrap(), Some(next.clone()));
    assert!(there.recorded_base(&plan).unwrap().is_some());
    there.delete_branch_at(&plan, &next).unwrap();
    let error = there.delete_branch_at(&plan, &next).unwrap_err();
    assert!(matches!(error, CommitError::Moved { found: None, .. }), "{error}");
    let other = commit(&repository.top, "file", "text\n");
    assert!(there.delete_branch_at(&name("trunk"), &tip).is_err());
    assert_eq!(repository.tip("trunk"), other);
}

#[test]
fn a_branch_that_is_gone_is_brought_back_and_one_that_is_there_stays() {
    let repository = Repository::new();
    let there = Git::at(&repository.top);
    let plan = name("plan/session-1");
    let first = there.commit_on(&plan, Tip::New { base: "trunk" }, b"plan\n").unwrap();
    let second = there.commit_on(&plan, Tip::At(&first), b"plan 2\n").unwrap();
    git(&repository.top, &["branch", "-q", "-D", "plan/session-1"]);
    there.bring_back_branch(&plan, &second).unwrap();
    assert_eq!(there.branch_tip(&plan).unwrap(), Some(second.clone()));
    let error = there.bring_back_branch(&plan, &first).unwrap_err();
    assert!(matches!(&error, CommitError::Exists { found, .. } if *found == second), "{error}");
    let gone = "1".repeat(40);
    let error = there.bring_back_branch(&name("plan/session-2"), &gone).unwrap_err();
    assert!(matches!(error, CommitError::Git(_)), "{error}");
    assert_eq!(there.branch_tip(&plan).unwrap(), Some(second));
}

//! Nothing in a work tree is lost.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Repository, commit, git, name, picture};
use orch_git::{Force, WorktreeError};

/// A repository with a work tree `w` on the branch `w`.
fn with_work_tree() -> (Repository, PathBuf) {
    let repository = Repository::new();
    let path = repository.beside("w");
    repository.orch().add_worktree(&path, &name("w"), "trunk").unwrap();
    (repository, path)
}

#[test]
fn everything_is_kept_and_nothing_is_touched() {
    let (repository, path) = with_work_tree();
    let head = commit(&path, "gone", "gone\n");
    fs::write(path.join(".gitignore"), "ignored\n").unwrap();
    fs::write(path.join("ignored"), "i").unwrap();
    fs::write(path.join("a"), "staged\n").unwrap();
    git(&path, &["add", "a", ".gitignore"]);
    fs::write(path.join("a"), "on top of it\n").unwrap();
    fs::remove_file(path.join("gone")).unwrap();
    fs::create_dir(path.join("new")).unwrap();
    fs::write(path.join("new/ü\n\"x"), b"\0\xff\r\n").unwrap();
    fs::write(path.join("run"), "").unwrap();
    fs::set_permissions(path.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("/nonexistent", path.join("link")).unwrap();
    let (before, main) = (picture_of(&path), picture(&repository.top));

    let rescued = repository.orch().rescue(&path, &name("w")).unwrap();
    assert_eq!((picture_of(&path), picture(&repository.top)), (before, main));
    let [only] = &rescued[..] else { panic!("{rescued:?}") };
    assert!(only.beyond_head && only.reference == "refs/orch/rescue/w/1");
    assert_eq!(repository.tip(&only.reference), only.commit);
    assert_eq!(repository.tip(&format!("{}^1", only.commit)), head);
    assert_eq!(git(&repository.top, &["show", &format!("{}^2:a", only.commit)]), "staged");
    assert_eq!(
        git(&repository.top, &["log", "-1", "--format=%an <%ae>", &only.commit]),
        "orch <orch@localhost>"
    );
    assert!(
        fs::read_dir(repository.top.join(".git/worktrees/w"))
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().contains("rescue") })
    );

    // Back, as the documentation says.
    let back = repository.beside("back");
    git(&repository.top, &["worktree", "add", "-q", back.to_str().unwrap(), &only.reference]);
    fs::remove_file(path.join("ignored")).unwrap();
    let differences = std::process::Command::new("diff")
        .args(["-r", "--no-dereference", "--exclude=.git"])
        .args([&path, &back])
        .output()
        .unwrap();
    assert!(differences.status.success(), "{}", String::from_utf8_lossy(&differences.stdout));
    assert_eq!(back.join("run").metadata().unwrap().permissions().mode() & 0o111, 0o111);
    git(&path, &["reset", "-q", "--hard"]);
    git(&path, &["clean", "-q", "-d", "--force"]);
    git(&path, &["switch", "-q", "-c", "back", &only.reference]);
}

/// The link to nowhere can't be read as a file.
fn picture_of(path: &Path) -> (String, String, Vec<u8>) {
    let index = git(path, &["rev-parse", "--path-format=absolute", "--git-path", "index"]);
    let index = fs::read(index).unwrap();
    let status =
        git(path, &["--no-optional-locks", "status", "--porcelain=v2", "--ignored", "--untracked-files=all"]);
    (status, git(path, &["--no-optional-locks", "diff", "--binary"]), index)
}

#[test]
fn rescues_are_numbered_and_listed_and_the_head_is_kept_where_there_is_no_more() {
    let (repository, path) = with_work_tree();
    let orch = repository.orch();
    let head = repository.tip("w");
    for (number, kept_as) in [(1, "w"), (2, "w"), (1, "plan-1/w-01"), (1, "plan/2/w"), (1, "plan")] {
        let rescued = orch.rescue(&path, &name(kept_as)).unwrap();
        assert!(!rescued[0].beyond_head && rescued[0].commit == head);
        assert!(rescued[0].reference.ends_with(&format!("/{number}")), "{rescued:?}");
    }
    // A number of `plan` that would be a folder of `plan/2/w`.
    orch.rescue(&path, &name("plan")).unwrap();
    let listed: Vec<_> =
        orch.rescues().unwrap().into_iter().map(|rescue| (rescue.name, rescue.number)).collect();
    let expected = [("plan", 1), ("plan", 2), ("plan+2+w", 1), ("plan-1/w-01", 1), ("w", 1), ("w", 2)];
    assert_eq!(listed, expected.map(|(name, number)| (name.to_owned(), number)));
    assert!(orch.rescues().unwrap().iter().all(|rescue| rescue.subject == "write a" && rescue.time > 0));
}

#[test]
fn a_merge_with_conflicts_is_kept_with_what_it_would_have_taken() {
    let (repository, path) = with_work_tree();
    let ours = commit(&path, "a", "ours\n");
    let theirs = commit(&repository.top, "a", "theirs\n");
    assert!(!common::try_git(&path, &["merge", "trunk"]).status.success());
    let rescued = repository.orch().remove_worktree(&path, Force::RescueAs(&name("w"))).unwrap();
    assert!(!path.exists());
    let parents = git(&repository.top, &["log", "-1", "--format=%P", &rescued[0].commit]);
    assert_eq!(parents, format!("{ours} {theirs}"));
    let kept = git(&repository.top, &["show", &format!("{}:a", rescued[0].commit)]);
    assert!(kept.contains("<<<<<<<") && kept.contains("theirs"), "{kept}");
    assert_eq!(repository.tip("w"), ours);
}

#[test]
fn before_the_first_commit_there_is_something_to_keep_too() {
    let repository = Repository::empty();
    fs::write(repository.top.join("a"), "first\n").unwrap();
    let rescued = repository.orch().rescue(&repository.top, &name("main-one")).unwrap();
    assert_eq!(git(&repository.top, &["show", &format!("{}:a", rescued[0].commit)]), "first");
    assert_eq!(git(&repository.top, &["log", "--format=%P", &rescued[0].commit]), "");
}

#[test]
fn a_rescue_that_fails_keeps_the_work_tree() {
    let (repository, path) = with_work_tree();
    fs::write(path.join("new"), "new\n").unwrap();
    let orch = repository.orch_after("no-add", "case \"$*\" in *'add --all'*) echo no >&2; exit 1;; esac");
    orch.remove_worktree(&path, Force::RescueAs(&name("w"))).unwrap_err();
    assert!(path.join("new").exists());
    assert_eq!(orch.rescues().unwrap(), []);
}

#[test]
fn a_repository_inside_that_is_no_submodule_keeps_the_work_tree_even_by_force() {
    let (repository, path) = with_work_tree();
    git(&path, &["init", "-q", "inner"]);
    commit(&path.join("inner"), "x", "x\n");
    for force in [Force::No, Force::RescueAs(&name("w"))] {
        let refused = repository.orch().remove_worktree(&path, force).unwrap_err();
        let WorktreeError::NotSafe { state, .. } = refused else { panic!("{refused}") };
        assert!(!state.nested[0].tracked && state.nested[0].path == Path::new("inner/"), "{state:?}");
    }
    assert!(path.join("inner/x").exists());
}

#[test]
fn a_repository_in_a_folder_that_git_ignores_keeps_the_work_tree() {
    let (repository, path) = with_work_tree();
    commit(&path, ".gitignore", "/deps/\n*.log\n");
    fs::create_dir_all(path.join("deps/none")).unwrap();
    fs::write(path.join("deps/none/x"), "x\n").unwrap();
    fs::write(path.join("a.log"), "x\n").unwrap();
    assert!(repository.orch().worktree_state(&path, &[]).unwrap().is_safe());
    git(&path, &["init", "-q", "deps/of/inner"]);
    commit(&path.join("deps/of/inner"), "x", "x\n");
    let refused = repository.orch().remove_worktree(&path, Force::No).unwrap_err();
    let WorktreeError::NotSafe { state, .. } = refused else { panic!("{refused}") };
    assert_eq!(state.to_string(), "a repository in deps/of/inner with work that may be nowhere else");
    fs::remove_dir_all(path.join("deps/of")).unwrap();
    repository.orch().remove_worktree(&path, Force::No).unwrap();
    assert!(!path.exists(), "what else is ignored goes");
}

/// A repository whose trunk has a submodule at `sub mod`, which has one at `deep`, and a work tree `w`.
fn with_submodules() -> (Repository, PathBuf) {
    let repository = Repository::new();
    let (library, deep) = (repository.beside("library"), repository.beside("deep"));
    for (dir, file) in [(&deep, "d"), (&library, "l")] {
        git(repository.folder.path(), &["init", "-q", "-b", "main", dir.to_str().unwrap()]);
        commit(dir, file, "one\n");
    }
    git(&library, &["submodule", "--quiet", "add", deep.to_str().unwrap(), "deep"]);
    git(&library, &["commit", "-q", "-m", "add deep"]);
    git(&repository.top, &["submodule", "--quiet", "add", library.to_str().unwrap(), "sub mod"]);
    git(&repository.top, &["commit", "-q", "-m", "add library"]);
    let path = repository.beside("w");
    repository.orch().add_worktree(&path, &name("w"), "trunk").unwrap();
    (repository, path)
}

#[test]
fn submodules_are_filled_on_demand_and_go_with_the_work_tree() {
    let (repository, path) = with_submodules();
    let before = picture(&repository.top);
    let orch = repository.orch();
    assert!(!path.join("sub mod/l").exists());
    orch.update_submodules(&path).unwrap();
    assert!(path.join("sub mod/deep/d").exists());
    let state = orch.worktree_state(&path, &[]).unwrap();
    assert!(state.is_safe(), "{state}");
    orch.remove_worktree(&path, Force::No).unwrap();
    assert!(!path.exists());
    assert_eq!(picture(&repository.top), before);

    let stingy = repository.orch_after("stingy", "exec git -c protocol.file.allow=never \"$@\"");
    stingy.add_worktree(&path, &name("w"), "trunk").unwrap();
    let refused = stingy.update_submodules(&path).unwrap_err();
    assert!(refused.to_string().contains("transport 'file' not allowed"), "{refused}");
}

#[test]
fn work_in_submodules_keeps_the_work_tree_and_is_rescued_by_force() {
    let (repository, path) = with_submodules();
    let orch = repository.orch();
    orch.update_submodules(&path).unwrap();
    let (sub, deep) = (path.join("sub mod"), path.join("sub mod/deep"));
    // Committed on a branch that is left again, stashed, and not even staged.
    git(&sub, &["switch", "-q", "-c", "mine"]);
    let committed = commit(&sub, "l", "committed\n");
    git(&sub, &["switch", "-q", "--detach", "HEAD~1"]);
    // Here git itself sees nothing in the way.
    assert_eq!(git(&path, &["status", "--porcelain", "--ignore-submodules=none"]), "");
    let refused = orch.remove_worktree(&path, Force::No).unwrap_err();
    assert!(matches!(refused, WorktreeError::NotSafe { .. }), "{refused}");
    fs::write(deep.join("d"), "stashed\n").unwrap();
    git(&deep, &["stash", "-q"]);
    fs::write(deep.join("new"), "untracked\n").unwrap();
    let refused = orch.remove_worktree(&path, Force::No).unwrap_err();
    let WorktreeError::NotSafe { state, .. } = refused else { panic!("{refused}") };
    let found: Vec<_> =
        state.nested.iter().map(|nested| (nested.path.as_path(), nested.unsaved > 0)).collect();
    assert_eq!(found, [(Path::new("sub mod"), true), (Path::new("sub mod/deep"), true)]);

    let rescued = orch.remove_worktree(&path, Force::RescueAs(&name("w"))).unwrap();
    assert!(!path.exists());
    let inside: Vec<_> = rescued.iter().map(|rescued| rescued.inside.as_path()).collect();
    assert_eq!(inside, [Path::new(""), Path::new("sub mod"), Path::new("sub mod/deep")]);
    let has = |number: usize, file: &str| {
        git(&repository.top, &["log", "-p", "-m", "--format=%H", &rescued[number].reference, "--", file])
    };
    assert!(has(1, "l").contains(&committed));
    assert!(has(2, "d").contains("+stashed"));
    assert!(git(&repository.top, &["show", &format!("{}:new", rescued[2].reference)]).contains("untracked"));
    git(&repository.top, &["-c", "fsck.missingTaggerEntry=ignore", "fsck", "--connectivity-only"]);
}

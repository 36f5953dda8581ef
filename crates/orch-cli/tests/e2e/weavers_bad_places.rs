//! Repositories, folders and disks that are not as one would wish.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::{Command, Stdio};

use crate::support::vertical::{DOES_IT, PLAN, Vertical};

/// The folder that plans are in.
const PLANS: &str = ".claude/vertical/plans";

const RUN: &[&str] = &["run", "--executor", "process"];

fn one() -> Vertical {
    Vertical::new(&[("01-a", "", "", DOES_IT)])
}

#[test]
fn without_a_repository_nothing_is_begun() {
    let vertical = one();
    fs::remove_dir_all(vertical.project.path(".git")).unwrap();
    for arguments in [&["check"][..], &["run"], &["status"]] {
        let ended = vertical.run_to(65, arguments);
        let told = format!("{}{}", ended.out, ended.err);
        assert!(
            told.contains("meta.json: error[weavers.repository]: the plan is in no git repository"),
            "{ended}"
        );
        assert!(told.contains("hint: weavers work on branches"), "{ended}");
    }
    assert!(!vertical.path("run").exists());
}

#[test]
fn a_repository_without_a_commit_says_so_and_costs_no_attempt_its_success() {
    let vertical = one();
    vertical.git(&["update-ref", "-d", "refs/heads/trunk"]);
    let ended = vertical.run_to(1, RUN);
    assert!(ended.err.contains("the repository has no commits yet: commit something first"), "{ended}");
    assert!(ended.err.contains("nothing of the plan is at fault"), "{ended}");
    assert_eq!(vertical.git(&["for-each-ref"]), "");
    vertical.git(&["commit", "-q", "-m", "begin"]);
    vertical.run_to(0, RUN);
    assert_eq!(vertical.state()["status"], "complete");
}

#[test]
fn a_detached_head_a_default_branch_of_any_name_and_no_remote_are_all_the_same() {
    let vertical = one();
    vertical.git(&["checkout", "-q", "--detach"]);
    let ended = vertical.run_to(0, RUN);
    assert_eq!(vertical.git(&["log", "--format=%s", "trunk..feature/01-a"]), "feat: w-01", "{ended}");
    assert_eq!(vertical.git(&["branch", "--show-current"]), "");
    assert_eq!(vertical.git(&["remote"]), "");
}

#[test]
fn what_is_not_committed_in_the_main_work_tree_is_never_touched() {
    let vertical = Vertical::new(&[("01-a", "", "", DOES_IT), ("02-b", "feature/01-a", "", DOES_IT)]);
    let project = &vertical.project;
    project.write("README.md", "changed, not staged\n");
    project.write("staged.txt", "staged\n");
    vertical.git(&["add", "staged.txt"]);
    project.write("staged.txt", "staged, then changed\n");
    project.write("w-01.txt", "not tracked, and called as what a weaver commits\n");
    let files = [".git/index", ".git/HEAD", "README.md", "staged.txt", "w-01.txt"];
    let now = || {
        files.map(|file| {
            let found = fs::metadata(project.path(file)).unwrap();
            (fs::read(project.path(file)).unwrap(), found.mtime(), found.mtime_nsec(), found.ino())
        })
    };
    let before = now();
    vertical.run_to(0, RUN);
    for arguments in [&["status"][..], &["check"], &["merge-order"], &["worktree", "list"], &["restack"]] {
        let ended = vertical.run(arguments);
        assert!(matches!(ended.code, Some(0 | 4)), "{ended}");
        assert_eq!(now(), before, "{arguments:?}");
    }
    let status = vertical.git(&["status", "--porcelain"]);
    assert_eq!(
        status,
        " M README.md
AM staged.txt
?? w-01.txt"
    );
}

#[test]
fn a_path_that_a_shell_or_tmux_would_obey_is_only_a_path() {
    let vertical = one();
    vertical.act("w-01", "commits w-01.txt || :\ndone_\n");
    let odd = "a b'\"#(touch x)$(touch x)`touch x`;touch x %d #S é日本";
    let inside = vertical.project.path(odd);
    fs::create_dir(&inside).unwrap();
    for name in [".git", ".claude", "README.md", ".gitignore", "orch.toml"] {
        fs::rename(vertical.project.path(name), inside.join(name)).unwrap();
    }
    for executor in ["tmux", "process"] {
        let ended = vertical.run(&["-C", odd, "run", "--fresh", "--executor", executor]);
        assert_eq!(ended.code, Some(0), "{executor}: {ended}");
        let files = vertical.project.tree();
        let touched: Vec<_> =
            files.keys().filter(|path| path.file_name().is_some_and(|name| name == "x")).collect();
        assert_eq!(touched, Vec::<&std::path::PathBuf>::new(), "{executor}");
        let worktree = inside.join(format!(".worktrees/{PLAN}-w-01"));
        assert_eq!(fs::read_to_string(worktree.join("w-01.txt")).unwrap(), "w-01\n");
    }
}

#[test]
fn a_work_tree_gets_the_submodules() {
    let vertical = Vertical::new(&[("01-a", "", "", "test -s lib/file\ncommits w-01.txt\ndone_\n")]);
    let library = Vertical::new(&[]);
    library.project.write("file", "of the library\n");
    library.git(&["add", "file"]);
    library.git(&["commit", "-q", "-m", "a library"]);
    let address = library.project.folder().to_str().unwrap();
    vertical.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", address, "lib"]);
    vertical.git(&["commit", "-q", "-m", "use it"]);
    // git takes none from a path on its own; that is the environment's fault, not the weaver's.
    let ended = vertical.run_to(1, RUN);
    assert!(ended.err.contains("could not start, to be run again: the set-up of "), "{ended}");
    let mut allowed = vertical.orch(RUN);
    allowed.env("HOME", vertical.project.folder());
    vertical.project.write(".gitconfig", "[protocol \"file\"]\n\tallow = always\n");
    let ended = crate::support::Live::spawn(allowed).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.state()["status"], "complete");
}

#[test]
fn the_folder_of_the_work_trees_is_no_link_and_no_file() {
    let outside = tempfile::tempdir().unwrap();
    let vertical = one();
    let place = vertical.project.path(".worktrees");
    for make in ["link", "link to nothing", "file"] {
        match make {
            "link" => symlink(outside.path(), &place).unwrap(),
            "link to nothing" => symlink(outside.path().join("nothing"), &place).unwrap(),
            _ => fs::write(&place, "").unwrap(),
        }
        let ended = vertical.run_to(1, RUN);
        assert!(
            ended.err.contains("w-01 could not start, to be run again: can't make the folder "),
            "{make}: {ended}"
        );
        let says = if make == "file" { "move it away" } else { "`folder` in [worktrees] of orch.toml" };
        assert!(ended.err.contains(says), "{make}: {ended}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "{make}");
        assert_eq!(vertical.git(&["branch", "--list", "feature/*"]), "", "{make}");
        fs::remove_file(&place).unwrap();
    }
    // A person may say that it is elsewhere.
    vertical.config(&format!("[worktrees]\nfolder = {:?}", outside.path().join("trees")));
    vertical.run_to(0, RUN);
    assert!(outside.path().join(format!("trees/{PLAN}-w-01/w-01.txt")).exists());
    vertical.git(&[
        "worktree",
        "remove",
        "--force",
        outside.path().join(format!("trees/{PLAN}-w-01")).to_str().unwrap(),
    ]);
}

#[test]
fn what_lies_in_the_place_of_a_state_file_is_left_alone() {
    for name in ["run/state.json", "run/summary.md"] {
        for make in ["folder", "pipe", "link"] {
            let vertical = one();
            let outside = tempfile::tempdir().unwrap();
            let place = vertical.path(name);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            match make {
                "folder" => fs::create_dir(&place).unwrap(),
                "pipe" => vertical.project.pipes(&[place.to_str().unwrap()]),
                _ => symlink(outside.path().join("new"), &place).unwrap(),
            }
            let ended = vertical.run_to(1, RUN);
            assert!(ended.err.contains("hint: move it away, then run orch again"), "{name}, {make}: {ended}");
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "{name}, {make}");
            fs::rename(&place, vertical.path("away")).unwrap();
            let ended = vertical.run(RUN);
            assert!(matches!(ended.code, Some(0 | 4)), "{name}, {make}: {ended}");
            assert_eq!(vertical.state()["status"], "complete", "{name}, {make}");
            assert_eq!(vertical.git(&["log", "--format=%s", "trunk..feature/01-a"]), "feat: w-01");
        }
    }
}

/// A small file system in the place of the plan's folder, where this machine lets a test have one.
struct Disk(Vertical);

impl Disk {
    fn of(kib: u32) -> Option<Self> {
        // What has been committed in an earlier attempt is not again.
        let act = "commits \"$ORCH_TASK.txt\" || :\ndone_\n";
        let vertical = Vertical::new(&[("01-a", "", "", act), ("02-b", "feature/01-a", "", act)]);
        let plans = vertical.project.path(PLANS);
        let kept = tempfile::tempdir().unwrap();
        let copy = |from: &std::path::Path, to: &std::path::Path| {
            let done = Command::new("cp").arg("-r").arg(from.join(".")).arg(to).status().unwrap();
            assert!(done.success());
        };
        copy(&plans, kept.path());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"]).arg(&plans).stderr(Stdio::null());
        if !mount.status().is_ok_and(|status| status.success()) {
            println!("skipped: no file system can be mounted here");
            return None;
        }
        copy(kept.path(), &plans);
        Some(Self(vertical))
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        let done = mount
            .args(["-o", &format!("remount,{options}")])
            .arg(self.0.project.path(PLANS))
            .status()
            .unwrap();
        assert!(done.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ =
            Command::new("umount").arg("-l").arg(self.0.project.path(PLANS)).stderr(Stdio::null()).status();
    }
}

#[test]
fn a_plan_that_may_not_be_written_can_be_looked_at_and_not_run() {
    let Some(disk) = Disk::of(512) else { return };
    let vertical = &disk.0;
    disk.remount("ro");
    for arguments in
        [&["check"][..], &["status"], &["next"], &["merge-order"], &["prompt", "w-01"], &["run", "--dry-run"]]
    {
        vertical.run_to(0, arguments);
    }
    let ended = vertical.run_to(1, RUN);
    assert!(ended.err.contains("Read-only file system") && ended.err.contains("hint: "), "{ended}");
    assert_eq!(vertical.git(&["branch", "--list", "feature/*"]), "");
    disk.remount("rw");
    vertical.run_to(0, RUN);
    disk.remount("ro");
    vertical.run_to(0, &["status"]);
    assert_eq!(vertical.state()["status"], "complete");
}

#[test]
fn a_disk_that_fills_up_loses_no_work_and_goes_on_when_there_is_room() {
    for room in (0..=96).step_by(12) {
        let Some(disk) = Disk::of(256) else { return };
        let vertical = &disk.0;
        let ballast = vertical.project.path(PLANS).join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 1024]).is_ok() {}
        let full = file.metadata().unwrap().len();
        file.set_len(full.saturating_sub(room * 1024)).unwrap();
        drop(file);
        let ended = vertical.run(RUN);
        match ended.code {
            Some(0) => {}
            Some(1) => {
                // orch's own writes say so; a weaver that could not write its word has crashed.
                let says = ["No space left on device", "Session terminated without completion"];
                assert!(says.iter().any(|says| ended.err.contains(says)), "{room} KiB: {ended}");
                assert!(ended.err.contains("hint: "), "{room} KiB: {ended}");
            }
            _ => panic!("{room} KiB: {ended}"),
        }
        vertical.run(&["status"]);
        fs::remove_file(&ballast).unwrap();
        let ended = vertical.run(&[RUN, &["--retry-failed"]].concat());
        assert!(matches!(ended.code, Some(0 | 4)), "{room} KiB: {ended}");
        assert_eq!(vertical.state()["status"], "complete", "{room} KiB");
        let log = vertical.git(&["log", "--format=%s", "trunk..feature/02-b"]);
        assert_eq!(log, "feat: w-02\nfeat: w-01", "{room} KiB");
        assert_eq!(vertical.project.processes(), []);
    }
}

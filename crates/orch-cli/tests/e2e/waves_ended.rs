//! How workers of waves end: what they say in their commits, what they leave, and what becomes of it.

use std::fs;

use crate::support::tree;
use crate::support::waves::{SESSION, Waves};

#[test]
fn work_that_is_not_committed_goes_back() {
    for (act, left) in [("nocommit then commit", "001.txt"), ("dirt rest.txt then commit", "rest.txt")] {
        let waves = Waves::new(&[("001", &[], &["a"], act)]);
        let ended = waves.run_to(0, &["run"]);
        assert_eq!(waves.ran(), ["001.1", "001.2"], "{act}: {ended}");
        let said = format!("its work is not committed: {left}");
        assert!(ended.err.contains(&said) && waves.told("001.2").contains(&said), "{act}: {ended}");
        assert!(waves.project.exists(left) && waves.project.exists("001.txt"), "{act}: {ended}");
    }
}

#[test]
fn work_that_is_never_committed_is_kept_where_it_is() {
    let act = "nocommit then nocommit then nocommit then nothing";
    let waves = Waves::new(&[("001", &[], &["a"], act), ("002", &["a"], &["b"], "")]);
    let ended = waves.run_to(1, &["run"]);
    assert_eq!(waves.stand(), ["001: FAIL", "002: PENDING"], "{ended}");
    assert_eq!(waves.ran().len(), 3, "{ended}");
    assert!(waves.worktree("001").unwrap().join("001.txt").exists());
    // A person commits it, and the next run merges it.
    waves.git_in("001", &["add", "."]);
    waves.git_in("001", &["commit", "-q", "-m", "By hand"]);
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS"]);
    assert!(waves.project.exists("001.txt"));
}

#[test]
fn who_commits_nothing_is_asked_twice_more() {
    let waves =
        Waves::new(&[("001", &[], &["a"], "nothing"), ("002", &["a"], &["b"], ""), ("003", &[], &["c"], "")]);
    let ended = waves.run_to(3, &["run"]);
    assert_eq!(waves.stand(), ["001: INCOMPLETE", "002: PENDING", "003: SUCCESS"], "{ended}");
    assert_eq!(waves.ran().iter().filter(|ran| ran.starts_with("001")).count(), 3, "{ended}");
    assert!(ended.err.contains("nothing was committed on its branch task/001-make-001"), "{ended}");
    assert_eq!(waves.merges(), ["Merge task/003: Make 003"]);
    let waves = Waves::new(&[("001", &[], &["a"], "nothing then")]);
    waves.run_to(0, &["run"]);
    assert_eq!((waves.ran().len(), waves.merges().len()), (2, 1));
}

#[test]
fn who_adds_nothing_leaves_standing_what_was_said_before() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key then nothing")]);
    waves.run_to(1, &["run"]);
    let ended = waves.run_to(1, &["run", "--retry-failed"]);
    assert!(ended.err.contains("before, it was blocked: no key"), "{ended}");
    assert_eq!((waves.ran().len(), waves.merges().len()), (2, 0), "{ended}");
    let waves = Waves::new(&[("001", &[], &["a"], "part then nothing")]);
    waves.run_to(3, &["run"]);
    assert_eq!((waves.stand(), waves.merges().len()), (vec!["001: INCOMPLETE".to_owned()], 0));
}

#[test]
fn what_is_blocked_fails_with_its_reason_and_others_go_on() {
    let waves = Waves::new(&[
        ("001", &[], &["a"], "block no-key-for-the-shop"),
        ("002", &[], &["b"], ""),
        ("003", &["a"], &["c"], ""),
        ("004", &["b"], &["d"], ""),
        ("005", &["c"], &["e"], ""),
    ]);
    let ended = waves.run_to(1, &["run"]);
    assert_eq!(waves.stand(), ["001: FAIL", "002: SUCCESS", "003: PENDING", "004: SUCCESS", "005: PENDING"]);
    assert_eq!(waves.ran().len(), 3, "it is not tried again by itself: {ended}");
    assert!(ended.err.contains("blocked: no key for the shop"), "{ended}");
    assert!(ended.out.contains("003 Make 003 (blocked by 001)"), "{ended}");
    for (task, of) in [("003", "001"), ("005", "001")] {
        let why = waves.run_to(0, &["why", task]);
        assert!(why.out.contains("blocked") && why.out.contains(of), "{why}");
    }
    let said = waves.said();
    let of_001 = said.split("### Task 002").next().unwrap();
    assert!(of_001.contains("Status: blocked") && said.contains("Completed: 2/5 tasks"), "{said}");
}

#[test]
fn what_was_blocked_and_is_asked_for_again_is_written_down_as_done() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key then"), ("002", &["a"], &["b"], "")]);
    waves.run_to(1, &["run"]);
    assert!(waves.said().contains("Status: blocked") && waves.worktree("001").is_some());
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert!(waves.said().contains("Completed: 2/2 tasks"), "{}", waves.said());
    assert!(!waves.said().contains("blocked"), "{}", waves.said());
}

#[test]
fn work_of_which_a_part_is_done_goes_on_by_itself_and_is_told() {
    let waves = Waves::new(&[("001", &[], &["a"], "part then")]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "001.2"], "{ended}");
    let told = waves.told("001.2");
    assert!(told.contains("It ended as incomplete: 1 of 2 steps done"), "{told}");
    assert!(
        waves.git(&["log", "--format=%s", "flow"]).contains("[task-001] Implement: the first half (1/2)")
    );
    let waves = Waves::new(&[("001", &[], &["a"], "part")]);
    waves.run_to(3, &["run"]);
    assert_eq!((waves.ran().len(), waves.stand()), (3, vec!["001: INCOMPLETE".to_owned()]));
    assert_eq!(waves.merges(), [""; 0]);
}

#[test]
fn who_says_nothing_is_believed_by_commits_and_a_good_end() {
    let waves = Waves::new(&[("001", &[], &["a"], "silent")]);
    waves.run_to(0, &["run"]);
    assert!(waves.project.exists("001.txt"));
    let titles = waves.git(&["log", "--format=%s", "flow"]);
    assert!(titles.contains("TASK_COMPLETE: task-001"), "the originals look for it: {titles}");
    let waves = Waves::new(&[("001", &[], &["a"], "silent exit 4")]);
    let ended = waves.run_to(1, &["run"]);
    assert_eq!(waves.stand(), ["001: FAIL"], "{ended}");
    assert!(ended.err.contains("exit code 4") && waves.merges().is_empty(), "{ended}");
    // Who says that it is done is believed.
    let waves = Waves::new(&[("001", &[], &["a"], "exit 4")]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.merges().len(), 1);
}

#[test]
fn what_a_worker_has_merged_by_itself_is_merged_once() {
    for act in ["merge", "silent merge"] {
        let waves = Waves::new(&[("001", &[], &["a"], act), ("002", &["a"], &["b"], "needs 001.txt")]);
        let ended = waves.run_to(0, &["run"]);
        assert_eq!(
            waves.merges(),
            ["Merge task/001-make-001: by its worker", "Merge task/002: Make 002"],
            "{act}: {ended}"
        );
        assert_eq!(waves.git(&["worktree", "list"]).lines().count(), 1, "{act}: {ended}");
    }
}

#[test]
fn what_was_committed_on_another_branch_goes_back_and_that_branch_stays() {
    let waves = Waves::new(&[("001", &[], &["a"], "switch other then")]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "001.2"], "{ended}");
    let told = waves.told("001.2");
    assert!(told.contains("which is not on task/001-make-001"), "{told}");
    assert!(told.contains(".worktrees/worker-1"), "it works where the other one did: {told}");
    assert_eq!(waves.project.read("001.txt"), "001 2\n");
    assert_eq!(waves.git(&["show", "other:001.txt"]), "001 1");
    assert_eq!(waves.worktree("001"), None, "{ended}");
}

#[test]
fn what_was_committed_on_no_branch_comes_onto_that_of_the_task() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    let act = format!("switch - middle {here} {gate} then nothing");
    waves.plan(SESSION, &[("001", &[], &["a"], &act)]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    // What comes to `flow` meanwhile is brought into the task's branch, and does not part it from those commits.
    waves.git(&["commit", "-q", "--allow-empty", "-m", "By hand"]);
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!((ended.code, waves.stand()), (Some(0), vec!["001: SUCCESS".to_owned()]), "{ended}");
    assert_eq!(waves.ran(), ["001.1", "001.2"], "{ended}");
    let told = ended.told("alert", "detail").join("\n");
    let says = "what its worker had committed on no branch (";
    assert!(told.contains(says) && told.contains(") is on task/001-make-001 now"), "{told}{ended}");
    assert_eq!(waves.project.read("001.txt"), "001 1\n", "{ended}");
    assert_eq!(waves.git(&["for-each-ref", "refs/orch/rescue"]), "");
}

#[test]
fn what_was_committed_on_no_branch_and_beside_that_of_the_task_is_kept() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    let act = format!("switch - middle {here} {gate} dirt rest.txt then write 002.txt anew commit");
    waves.plan(SESSION, &[("001", &[], &["a"], &act)]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    let beside = waves.write_commit("By hand", "task/001-make-001");
    waves.git(&["update-ref", "refs/heads/task/001-make-001", &beside]);
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!((ended.code, waves.stand()), (Some(0), vec!["001: SUCCESS".to_owned()]), "{ended}");
    let kept = "refs/orch/rescue/task/001-make-001/1";
    let told = ended.told("alert", "detail").join("\n");
    assert!(told.contains(&format!("is kept as {kept}: `git merge {kept}`")), "{told}{ended}");
    assert_eq!(waves.git(&["show", &format!("{kept}:001.txt")]), "001 1");
    assert_eq!(waves.git(&["show", &format!("{kept}:rest.txt")]), "dirt");
    waves.git(&["merge-base", "--is-ancestor", &beside, "flow"]);
    assert_eq!(waves.project.read("rest.txt"), "dirt\n", "it was taken along: {ended}");
}

#[test]
fn what_is_on_no_branch_any_more_does_not_count() {
    let waves = Waves::new(&[("001", &[], &["a"], "vanish"), ("002", &["a"], &["b"], "")]);
    let ended = waves.run_to(3, &["run"]);
    assert!(ended.err.contains("it says that it is done, and its branch is gone"), "{ended}");
    assert_eq!((waves.merges().len(), &*waves.stand()[1]), (0, "002: PENDING"), "{ended}");
    assert!(waves.project.exists(".worktrees/worker-1/001.txt"), "{ended}");
}

#[test]
fn a_rate_limit_uses_up_no_attempt() {
    let waves = Waves::new(&[("001", &[], &["a"], "limited 1-seconds then"), ("002", &[], &["b"], "")]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS"], "{ended}");
    assert_eq!(waves.merges().len(), 2);
    assert_eq!(waves.versions().len(), 2, "{:?}", waves.versions());
}

#[test]
fn what_is_done_again_comes_on_top() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "")]);
    waves.run_to(0, &["run"]);
    let versions = waves.versions();
    waves.run_to(0, &["retry", "001"]);
    assert_eq!(waves.stand(), ["001: PENDING", "002: SUCCESS"]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1", "001.2"], "{ended}");
    assert_eq!(waves.project.read("001.txt"), "001 2\n");
    assert_eq!(waves.merges().len(), 3);
    assert_eq!(waves.versions(), versions, "of what is done nothing new is said: {ended}");
    waves.run_to(4, &["run"]);
}

#[test]
fn what_was_asked_for_again_and_failed_has_failed_although_it_was_merged_before() {
    let waves = Waves::new(&[("001", &[], &["a"], "then block no-way"), ("002", &["a"], &["b"], "")]);
    waves.run_to(0, &["run"]);
    waves.run_to(0, &["retry", "001"]);
    let ended = waves.run_to(1, &["run"]);
    assert_eq!(waves.stand(), ["001: FAIL", "002: SUCCESS"], "{ended}");
    let ended = waves.run_to(1, &["run"]);
    assert!(!ended.err.contains("does not say how far it is"), "what is completed stays so: {ended}");
    assert_eq!(waves.said().matches("Status: completed").count(), 2);
}

#[test]
fn what_was_learned_is_written_once_a_wave() {
    let waves = Waves::new(&[
        ("001", &[], &["a"], ""),
        ("002", &[], &["b"], "part then"),
        ("003", &["a"], &["c"], ""),
    ]);
    let ended = waves.run_to(0, &["run", "-j", "1"]);
    let said = waves.said();
    for (line, times) in [
        ("Learnings from Wave 1:", 1),
        ("Learnings from Wave 2:", 1),
        ("- 001: Task 001 keeps it", 1),
        ("- 002: Task 002 keeps it", 1),
        ("- 003: Task 003 keeps it", 1),
    ] {
        assert_eq!(said.matches(line).count(), times, "{line}: {said}");
    }
    let versions: Vec<String> = (2..=3).map(|version| format!("Update execution plan v{version}")).collect();
    assert_eq!(waves.versions()[1..], versions, "{ended}");
}

#[test]
fn a_version_is_written_when_all_of_its_wave_is_done_however_few_are_at_work() {
    let ids = ["001", "002", "003", "004", "005"];
    let tasks: Vec<_> = ids.iter().map(|id| (*id, &[][..], &[][..], "")).collect();
    for arguments in [&["run", "-j", "1"][..], &["run", "-j", "2"], &["run"]] {
        let waves = Waves::new(&tasks);
        let ended = waves.run_to(0, arguments);
        assert_eq!(waves.versions().len(), 2, "{arguments:?}: {:?} {ended}", waves.versions());
    }
}

#[test]
fn nothing_of_the_persons_is_staged_or_moved() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &[], &["b"], "")]);
    waves.project.write("staged.txt", "theirs\n");
    waves.git(&["add", "staged.txt"]);
    waves.project.write("lies-about.txt", "theirs\n");
    waves.git(&["branch", "theirs"]);
    waves.git(&["switch", "-q", "main"]);
    let before = waves.git(&["status", "--porcelain=v2", "--branch", "--untracked-files=all"]);
    let heads = ["main", "theirs"].map(|branch| waves.git(&["rev-parse", branch]));
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(
        waves.git(&["status", "--porcelain=v2", "--branch", "--untracked-files=all"]),
        before,
        "{ended}"
    );
    assert_eq!(["main", "theirs"].map(|branch| waves.git(&["rev-parse", branch])), heads);
    assert_eq!(waves.merges().len(), 2);
    assert_eq!(waves.git(&["show", "flow:001.txt"]), "001 1");
}

#[test]
fn a_main_checkout_that_is_not_on_flow_stays_byte_for_byte() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "needs 001.txt")]);
    waves.git(&["switch", "-q", "main"]);
    let index = fs::read(waves.project.path(".git/index")).unwrap();
    let seen = |waves: &Waves| {
        let mut tree = tree(waves.project.folder());
        let root = waves.project.folder().to_owned();
        tree.retain(|path, _| {
            let apart =
                [".git", ".orch", ".worktrees"].iter().any(|apart| path.starts_with(root.join(apart)));
            !apart && *path != root
        });
        tree
    };
    let before = seen(&waves);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(seen(&waves), before, "{ended}");
    assert_eq!(fs::read(waves.project.path(".git/index")).unwrap(), index);
    assert_eq!(waves.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!((waves.merges().len(), waves.versions().len()), (2, 3));
    assert_eq!(
        waves.git(&["log", "--format=%P", "-1", "flow"]).split(' ').count(),
        2,
        "by a commit of its own"
    );
}

#[test]
fn merges_provide_what_the_plan_says_and_nothing_else() {
    let waves = Waves::new(&[
        ("001", &[], &["User model class", "User.verify_password (bcrypt)"], ""),
        ("002", &["User model class"], &[], "silent"),
    ]);
    waves.run_to(0, &["run"]);
    let body = |at: &str| waves.git(&["log", "-1", "--format=%B", at]);
    let provides = |body: String| {
        let section = body.split("## Provides").nth(1).unwrap_or_default().to_owned();
        let lines = section.lines().skip(1).take_while(|line| line.trim().starts_with("- "));
        lines.map(|line| line.trim()[2..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(provides(body("flow")), [""; 0]);
    assert_eq!(provides(body("flow^1")), ["User model class", "User.verify_password (bcrypt)"]);
    assert_eq!(waves.project.json(&["status", SESSION])["plan"]["path"], format!("plan/{SESSION}"));
}

#[test]
fn a_work_tree_that_is_kept_after_its_task_was_merged_is_named_in_the_report() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &[], &["b"], "")]);
    let verify = "test -e 002.txt || { touch rest.txt; git init -q deps/inner; }";
    waves.config("", &format!("[waves]\nverify = [\"sh\", \"-c\", {verify:?}]"));
    fs::write(waves.project.path(".git/info/exclude"), "/orch.toml\n/.orch/\n/deps/\n").unwrap();
    let ended = waves.run_to(0, &["run", "-j", "1"]);
    let place = waves.project.path(".worktrees/worker-1").display().to_string();
    let says = format!(
        "\nWork trees that are kept:\n- {place} (1 untracked (rest.txt), a repository in deps/inner with work that may be nowhere \
         else): save or delete that, then `orch worktree remove 001`\n"
    );
    assert!(ended.out.contains(&says), "{says}{ended}");
    assert!(waves.run_to(0, &["report"]).out.contains(&says));
    assert_eq!(waves.worktree("002"), None, "{ended}");
    let refused = waves.run_to(2, &["worktree", "remove", "001", "--force"]);
    assert!(refused.err.contains("hint: move the repository out of it, or delete it"), "{refused}");
    fs::remove_file(waves.project.path(".worktrees/worker-1/rest.txt")).unwrap();
    fs::remove_dir_all(waves.project.path(".worktrees/worker-1/deps")).unwrap();
    waves.run_to(0, &["worktree", "remove", "001"]);
    assert!(!waves.run_to(0, &["report"]).out.contains("Work trees"), "{ended}");
}

#[test]
fn what_is_left_in_a_work_tree_is_counted_from_flow() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "part then nothing")]);
    waves.run_to(3, &["run"]);
    let listed = waves.json(&["worktree", "list"]);
    // The first commit of the branch and two of its worker: what 001 has brought to `flow` is not counted.
    let tree = &listed["worktrees"][0];
    assert_eq!(
        (&tree["task"], &tree["ahead"], &tree["state"]),
        (&"002".into(), &3.into(), &"unmerged".into()),
        "{tree}"
    );
    waves.git(&["merge", "-q", "--no-ff", "-m", "By hand", "task/002-make-002"]);
    let listed = waves.json(&["worktree", "list"]);
    assert_eq!(listed["worktrees"][0]["state"], "clean", "{listed}");
    waves.run_to(0, &["worktree", "remove"]);
    assert_eq!(waves.worktree("002"), None);
}

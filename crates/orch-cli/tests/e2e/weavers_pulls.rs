//! The pull requests of weavers, opened by a command that is none of orch's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::vertical::{DOES_IT, Spec, Vertical};
use crate::support::{Ended, Live};

/// What `gh` prints for a new pull request, whatever it is called with.
const OPENS: &str = "echo 'Creating pull request' >&2; echo https://github.com/a/b/pull/42";

/// A plan of weavers in a repository with a remote, and a `gh` that writes down how it is called and then does this.
struct Hub {
    vertical: Vertical,
}

impl Hub {
    fn new(specs: &[Spec<'_>], does: &str) -> Self {
        let vertical = Vertical::new(specs);
        vertical.git(&["init", "-q", "--bare", "seen-remote.git"]);
        let remote = vertical.project.path("seen-remote.git");
        vertical.git(&["remote", "add", "origin", &remote.display().to_string()]);
        vertical.git(&["push", "-q", "origin", "trunk"]);
        let hub = Self { vertical };
        hub.does("gh", does);
        hub
    }

    /// Installs a program.
    fn does(&self, name: &str, does: &str) {
        let seen = self.vertical.project.folder().display();
        let script = format!(
            "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done >> {seen}/seen-calls\necho >> {seen}/seen-calls\ncd {seen}\n{does}\n"
        );
        let path = format!("seen-bin/{name}");
        self.vertical.project.write(&path, script);
        fs::set_permissions(self.vertical.project.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn start(&self, arguments: &[&str]) -> Live {
        let mut command = self.vertical.orch(arguments);
        let bin = self.vertical.project.path("seen-bin");
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()));
        Live::spawn(command)
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let ended = self.start(&[&["run", "--executor", "process"], arguments].concat()).end();
        assert_eq!(ended.code, Some(0), "{ended}");
        ended
    }

    fn calls(&self) -> Vec<String> {
        self.vertical.project.lines("seen-calls")
    }

    fn pushed(&self) -> String {
        self.vertical.git(&["-C", "seen-remote.git", "for-each-ref", "--format=%(refname:short)"])
    }

    /// The detail of the end of the task that the history has.
    fn detail(&self) -> String {
        let logged =
            self.vertical.project.lines(".claude/vertical/plans/.orch/plan-20260119-1430/history.jsonl");
        let ended = logged.iter().rfind(|line| line.contains("SUCCESS")).cloned();
        ended.unwrap_or_else(|| panic!("{logged:?}"))
    }
}

#[test]
fn a_pull_request_is_opened_with_exactly_what_the_spec_says() {
    let title = "--feat: \"it's\" $(touch seen-1) `touch seen-2` {base}; é";
    let hub = Hub::new(&[], OPENS);
    let vertical = &hub.vertical;
    vertical.plan(crate::support::vertical::PLAN, &[("01-schema", "", "", DOES_IT)]);
    let spec = ".claude/vertical/plans/plan-20260119-1430/specs/01-schema.yaml";
    let quoted = serde_json::to_string(title).unwrap();
    vertical.project.write(
        spec,
        format!(
            "name: 01-schema\ndescription: Builds it\npr:\n  branch: feature/01-schema\n  title: {quoted}\n  labels: [\"$(x)\", \"two words\"]\n  reviewers: [octocat]\n"
        ),
    );
    let ended = hub.run(&[]);
    let calls = hub.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let (before, rest) = calls[0].split_once("<--body-file><").unwrap();
    let (body_file, after) = rest.split_once('>').unwrap();
    assert_eq!(before, format!("<pr><create><--base><trunk><--head><feature/01-schema><--title><{title}>"));
    assert_eq!(after, "<--label><$(x)><--label><two words><--reviewer><octocat>");
    assert!(body_file.starts_with('/'), "{body_file}");
    let body = fs::read_to_string(body_file).unwrap();
    assert!(body.contains("Builds it"), "{body}");
    assert!(!vertical.project.exists("seen-1") && !vertical.project.exists("seen-2"));
    assert_eq!(hub.pushed(), "feature/01-schema\ntrunk");
    let url = "https://github.com/a/b/pull/42";
    assert_eq!(vertical.weaver("w-01")["pr"], url);
    assert_eq!(vertical.state()["weavers"]["w-01"]["pr"], url);
    let summary = fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(summary.contains(&format!("[#42]({url})")), "{summary}");
    assert!(ended.out.contains("PR #42"), "{ended}");
    let order = vertical.json(&["merge-order"]);
    assert_eq!(order["stack"][0]["pr"], url);
}

#[test]
fn each_of_a_stack_is_opened_against_its_base() {
    let hub = Hub::new(
        &[("01-schema", "", "", DOES_IT), ("02-api", "feature/01-schema", "", DOES_IT)],
        "echo https://github.com/a/b/pull/$(wc -l < seen-calls)",
    );
    hub.run(&[]);
    let calls = hub.calls();
    assert!(calls[0].contains("<--base><trunk><--head><feature/01-schema>"), "{calls:?}");
    assert!(calls[1].contains("<--base><feature/01-schema><--head><feature/02-api>"), "{calls:?}");
    assert_eq!(hub.vertical.weaver("w-02")["pr"], "https://github.com/a/b/pull/2");
    let summary = fs::read_to_string(hub.vertical.path("run/summary.md")).unwrap();
    assert!(summary.contains("gh pr merge 1") && summary.contains("gh pr merge 2"), "{summary}");
}

#[test]
fn without_the_program_or_the_remote_there_is_no_pull_request_and_it_is_said() {
    let hub = Hub::new(&[("01-schema", "", "", DOES_IT)], OPENS);
    fs::remove_file(hub.vertical.project.path("seen-bin/gh")).unwrap();
    let ended = hub.run(&["--events", "-"]);
    assert!(
        ended.told("task_ended", "detail").iter().any(|told| told.contains("`gh` is not installed")),
        "{ended}{:?}",
        ended.events
    );
    assert!(hub.detail().contains("no pull request: `gh` is not installed"), "{}", hub.detail());
    assert_eq!(hub.vertical.state()["status"], "complete");
    assert_eq!(hub.pushed(), "trunk", "nobody asked for that");

    let hub = Hub::new(&[("01-schema", "", "", DOES_IT)], OPENS);
    hub.vertical.git(&["remote", "remove", "origin"]);
    hub.run(&[]);
    assert!(hub.detail().contains("there is no remote `origin`"), "{}", hub.detail());
    assert!(hub.calls().is_empty());
}

#[test]
fn one_that_cannot_be_opened_costs_the_work_nothing() {
    let hub = Hub::new(
        &[("01-schema", "", "", DOES_IT)],
        "echo 'To get started, run: gh auth login' >&2; echo; exit 4",
    );
    let ended = hub.run(&[]);
    let detail = hub.detail();
    assert!(detail.contains("ended with exit code 4: To get started, run: gh auth login"), "{detail}");
    assert_eq!(hub.vertical.weaver("w-01")["status"], "complete");
    assert!(hub.vertical.weaver("w-01")["pr"].is_null());
    assert!(hub.pushed().contains("feature/01-schema"));
    assert!(ended.out.contains("01-schema"), "{ended}");
}

#[test]
fn one_that_is_there_already_is_taken() {
    let hub = Hub::new(
        &[("01-schema", "", "", DOES_IT)],
        "echo 'a pull request for branch \"feature/01-schema\" into branch \"trunk\" already exists:\nhttps://github.com/a/b/pull/7' >&2; exit 1",
    );
    hub.run(&[]);
    assert_eq!(hub.vertical.weaver("w-01")["pr"], "https://github.com/a/b/pull/7");
}

#[test]
fn a_weaver_that_opened_its_own_is_believed() {
    let act = "commits a\ngit push -q origin HEAD\nsays '\"status\":\"complete\",\"pr\":\"https://github.com/a/b/pull/9\"'\n";
    let hub = Hub::new(&[("01-schema", "", "", act)], OPENS);
    hub.run(&[]);
    assert!(hub.calls().is_empty(), "{:?}", hub.calls());
    assert_eq!(hub.vertical.state()["weavers"]["w-01"]["pr"], "https://github.com/a/b/pull/9");
}

#[test]
fn nobody_has_to_want_one() {
    let hub = Hub::new(&[("01-schema", "", "", DOES_IT)], OPENS);
    hub.vertical.config("[weavers]\npull_request = false");
    hub.run(&[]);
    assert!(hub.calls().is_empty());
    assert_eq!(hub.pushed(), "trunk");
}

#[test]
fn another_command_opens_them_at_another_remote() {
    let hub = Hub::new(&[("01-schema", "", "skill_hints: []", DOES_IT)], OPENS);
    hub.vertical.git(&["remote", "rename", "origin", "mine"]);
    hub.does("forge", "echo see http://forge.example/7");
    hub.vertical.config(
        "[weavers]\nremote = \"mine\"\npull_request = [\"forge\", \"--into={base}\", \"{branch}\", \"--title={title}!\", \"{title}\", \"{other}\", \"{body_file}\"]",
    );
    hub.run(&[]);
    let calls = hub.calls();
    assert!(
        calls[0].starts_with(
            "<--into=trunk><feature/01-schema><--title=feat: 01-schema!><feat: 01-schema><{other}></"
        ),
        "{calls:?}"
    );
    assert_eq!(hub.vertical.weaver("w-01")["pr"], "http://forge.example/7");
    assert!(hub.pushed().contains("feature/01-schema"));
}

#[test]
fn a_push_that_is_refused_is_said() {
    let hub = Hub::new(&[("01-schema", "", "", DOES_IT)], OPENS);
    // Somebody else has pushed another branch of this name.
    let tree = hub.vertical.git(&["rev-parse", "HEAD^{tree}"]);
    let other = hub.vertical.git(&["commit-tree", "-m", "other", &tree]);
    hub.vertical.git(&["push", "-q", "origin", &format!("{other}:refs/heads/feature/01-schema")]);
    hub.vertical.git(&["update-ref", "-d", "refs/remotes/origin/feature/01-schema"]);
    hub.run(&[]);
    let detail = hub.detail();
    assert!(detail.contains("no pull request: `git push` ended with exit code 1: "), "{detail}");
    assert!(detail.contains("rejected"), "{detail}");
    assert!(hub.calls().is_empty());
    let there = hub.vertical.git(&["-C", "seen-remote.git", "rev-parse", "feature/01-schema"]);
    assert_eq!(there, other, "it is somebody else's");
}

/// Two pushes at once may be in each other's way; here a hook stands for the other one.
#[test]
fn a_push_that_was_in_the_way_of_another_is_tried_again_once() {
    for (clears, wanted) in
        [("rm", "https://github.com/a/b/pull/42"), (": rm", "no pull request: `git push`")]
    {
        let hub = Hub::new(&[("01-schema", "", "", DOES_IT)], OPENS);
        let hook = hub.vertical.project.path("seen-remote.git/hooks/pre-receive");
        let script = format!(
            "#!/bin/sh\nlock=refs/heads/feature/01-schema.lock\necho push >> pushes\nif [ -e $lock ]; then {clears} $lock; else mkdir -p refs/heads/feature; : > $lock; fi\n"
        );
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, script).unwrap();
        fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
        hub.run(&[]);
        let detail = hub.detail();
        assert!(detail.contains(wanted), "{detail}");
        let pushes = fs::read_to_string(hub.vertical.project.path("seen-remote.git/pushes")).unwrap();
        assert_eq!(pushes, "push\n".repeat(2));
    }
}

#[test]
fn what_was_opened_before_orch_was_killed_is_not_opened_again() {
    let hub = Hub::new(
        &[("01-schema", "", "", DOES_IT)],
        "if [ -e seen-opened ]; then echo 'already exists: https://github.com/a/b/pull/42'; exit 1; fi\ntouch seen-opened; exec 9> pipe-alive; echo > pipe-here; read -r line < pipe-gate",
    );
    hub.vertical.project.pipes(&["pipe-here", "pipe-gate", "pipe-alive"]);
    let live = hub.start(&["run", "--executor", "process"]);
    let alive = hub.vertical.project.path("pipe-alive");
    let alive = std::thread::spawn(move || drop(fs::read(alive).unwrap()));
    hub.vertical.project.hear("pipe-here");
    live.kill();
    hub.run(&[]);
    crate::support::patiently("the end of gh", move || alive.join().unwrap());
    assert_eq!(hub.calls().len(), 2, "{:?}", hub.calls());
    assert_eq!(hub.vertical.weaver("w-01")["pr"], "https://github.com/a/b/pull/42");
    assert_eq!(hub.vertical.json(&["status"])["tasks"][0]["attempts"], 1);
}

#[test]
fn what_a_retry_adds_is_pushed_to_the_pull_request_that_is_there() {
    let hub = Hub::new(&[("01-schema", "", "", "commits \"a.${ORCH_ATTEMPT##*.}\"\ndone_\n")], OPENS);
    hub.run(&[]);
    hub.vertical.run_to(0, &["retry", "w-01"]);
    hub.run(&[]);
    assert_eq!(hub.calls().len(), 1, "{:?}", hub.calls());
    let (here, there) = (
        hub.vertical.git(&["rev-parse", "feature/01-schema"]),
        hub.vertical.git(&["-C", "seen-remote.git", "rev-parse", "feature/01-schema"]),
    );
    assert_eq!(here, there);
    assert_eq!(hub.vertical.weaver("w-01")["pr"], Value::from("https://github.com/a/b/pull/42"));
    assert!(hub.detail().contains("https://github.com/a/b/pull/42"), "{}", hub.detail());
}

//! Looking at streams: the dashboard, the lines of the originals, and watching both a pipe's and a terminal's way.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::streams::{Job, Streams};
use crate::support::{PATIENCE, Project};

/// A foundation of two tasks, and two streams after it.
const PLAN: &[Job<'_>] = &[
    ("TASK-A1", "Stream-A", &[], ""),
    ("TASK-A2", "Stream-A", &[], ""),
    ("TASK-B1", "Stream-B", &["Stream-A"], ""),
    ("TASK-C1", "Stream-C", &["Stream-A", "Stream-B"], ""),
];

fn line<'a>(text: &'a str, beginning: &str) -> &'a str {
    let found = text.lines().find(|line| line.starts_with(beginning));
    found.unwrap_or_else(|| panic!("no line with `{beginning}` in:\n{text}"))
}

fn words(text: &str, beginning: &str) -> Vec<String> {
    line(text, beginning).split_whitespace().map(str::to_owned).collect()
}

fn set(streams: &Streams, task: &str, status: &str) {
    streams.write(&format!("UPDATE tasks SET status = '{status}' WHERE id = '{task}';"));
}

#[test]
fn a_person_sees_how_far_each_stream_is_and_who_is_at_it() {
    let streams = Streams::new(PLAN);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.write(&format!(
        "UPDATE initiatives SET description = 'Let users in, {}';\n\
         UPDATE tasks SET description = 'DO: middle {here} {gate}' WHERE id = 'TASK-A1';\n",
        "and more ".repeat(20)
    ));
    let before = streams.run_to(0, &["status"]).out;
    assert!(before.starts_with("shop: User accounts\nGoal: Let users in, and more"), "{before}");
    assert!(
        line(&before, "Goal: ").chars().count() == "Goal: ".len() + 70 && before.contains("…\n"),
        "{before}"
    );
    assert_eq!(line(&before, "["), "[---------------]   0% 0 of 4 tasks done, 4 pending");
    assert_eq!(line(&before, "Workers: "), "Workers: 0");
    assert_eq!(words(&before, "Stream-A")[2..], ["0%", "✓0", "2", "---", "---", "Stream-A"]);
    assert!(line(&before, "Stream-C").ends_with("Stream-C  waits for Stream-A and 1 more"), "{before}");
    assert_eq!(streams.run_to(0, &[]).out, before, "what is shown without a command is the same");

    let live = streams.start_run(&[]);
    let heard = streams.project.hear(&here);
    let pid = heard.split_whitespace().nth(2).unwrap();
    let during = streams.run_to(0, &["status"]).out;
    assert!(line(&during, "run by process").contains("`orch run"), "{during}");
    assert_eq!(line(&during, "["), "[===------------]  25% 1 of 4 tasks done, 3 pending");
    assert_eq!(line(&during, "Workers: "), "Workers: 1");
    let row = words(&during, "Stream-A");
    assert_eq!(row[1..], ["[=======--------]", "50%", "✓1", "1", "RUN", pid, "<1m", "Stream-A"]);
    let told = &streams.json(&["status"])["streams"];
    assert_eq!(
        (&told["workers"], &told["percent"], &told["complete"]),
        (&1.into(), &25.into(), &false.into())
    );
    let row = &told["streams"][0];
    assert_eq!((&row["state"], row["pid"].to_string()), (&"running".into(), pid.to_owned()), "{row}");
    streams.project.say(&gate);
    assert_eq!(live.end().code, Some(0));

    let after = streams.run_to(0, &["status"]).out;
    assert_eq!(line(&after, "["), "[===============] 100% 4 of 4 tasks done");
    assert_eq!(
        words(&after, "Stream-C")[1..],
        ["[===============]", "100%", "✓1", "DONE", "<1m", "Stream-C"]
    );
    assert_eq!(streams.json(&["status"])["streams"]["complete"], true);
}

#[test]
fn what_failed_what_is_left_and_what_is_cancelled_is_told_apart() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "block TASK-A1 no-key"),
        ("TASK-B1", "Stream-B", &["Stream-A"], ""),
        ("TASK-C1", "Stream-C", &[], ""),
        ("TASK-C2", "Stream-C", &[], "leave 1"),
        ("TASK-D1", "Stream-D", &[], ""),
        ("TASK-D2", "Stream-D", &[], ""),
    ]);
    set(&streams, "TASK-D1", "completed");
    set(&streams, "TASK-D2", "cancelled");
    assert_eq!(streams.project.run(&["run"]).code, Some(1));
    let text = streams.run_to(0, &["status"]).out;
    let states = ["Stream-A", "Stream-B", "Stream-C", "Stream-D"].map(|id| {
        let words = words(&text, id);
        words.into_iter().find(|word| ["DONE", "FAIL", "WAIT", "STOP", "RUN", "---"].contains(&word.as_str()))
    });
    assert_eq!(states.map(Option::unwrap), ["FAIL", "WAIT", "STOP", "DONE"], "{text}");
    assert!(line(&text, "Stream-A").contains("blocked: TASK-A1 (no key)"), "{text}");
    assert!(line(&text, "Stream-B").ends_with("blocked by Stream-A"), "{text}");
    let status = streams.json(&["status"]);
    let rows = status["streams"]["streams"].as_array().unwrap();
    let states: Vec<&Value> = rows.iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["failed", "blocked", "stopped", "finished"]);
    assert_eq!((&rows[0]["blocked"], &rows[1]["on"]), (&1.into(), &json!(["Stream-A"])), "{status}");
    assert_eq!((&rows[3]["completed"], &rows[3]["percent"]), (&2.into(), &100.into()), "{status}");
    assert_eq!(rows[3]["started_at"], Value::Null, "nobody had to do it");
}

#[test]
fn the_worst_of_many_streams_are_shown() {
    let streams = Streams::without_repository(&[]);
    let mut sql = String::from("BEGIN;");
    for number in 0..250 {
        let status = if number < 60 { "completed" } else { "pending" };
        sql += &format!(
            "INSERT INTO tasks (id, prd_id, title, status, metadata, created_at, updated_at) VALUES ('T{number}', 'PRD-1', \
             'x', '{status}', '{{\"streamId\": \"S{number:03}\", \"dependencies\": []}}', '2026', '2026');"
        );
    }
    streams.write(&(sql + "COMMIT;"));
    let text = streams.run_to(0, &["status"]).out;
    assert!(text.ends_with("50 of 250 streams are left out; `orch status --all` shows them\n"), "{text}");
    assert!(text.contains("\nS249 ") && text.contains("\nS009 ") && !text.contains("\nS010 "), "{text}");
    let all = streams.run_to(0, &["status", "--all"]).out;
    assert!(all.contains("\nS010 ") && !all.contains("left out"));
    let told = streams.json(&["status"]);
    assert_eq!(told["streams"]["streams"].as_array().unwrap().len(), 250);
}

#[test]
fn scripts_of_the_originals_find_the_lines_they_know() {
    let lines = |streams: &Streams, more: &[&str]| {
        streams.run_to(0, &[&["status", "--format", "lines"], more].concat()).out
    };
    assert_eq!(lines(&Streams::without_database(), &[]), "NO_DATABASE\n");

    let streams = Streams::without_repository(&[]);
    assert_eq!(lines(&streams, &[]), "INITIATIVE User accounts|\nNO_ACTIVE_STREAMS\n");
    assert_eq!(lines(&streams, &["--all-initiatives"]), "NO_STREAMS\n");
    streams.write("DELETE FROM prds; DELETE FROM initiatives;");
    assert_eq!(lines(&streams, &[]), "NO_INITIATIVE\n");
    streams.task_with("TASK-X", r#"{"streamId": "Stream-X", "dependencies": []}"#, "");
    assert_eq!(lines(&streams, &[]), "NO_INITIATIVE\n");
    let alone = "OVERALL 0 1 0 1 0\nSTREAM Stream-X 0 1 0 0 1 0 Stream-X\n";
    assert_eq!(lines(&streams, &["--all-initiatives"]), alone);

    let streams = Streams::without_repository(PLAN);
    streams
        .write("UPDATE initiatives SET title = 'Users|in', description = 'One' || char(10) || 'STREAM two';");
    set(&streams, "TASK-A1", "completed");
    set(&streams, "TASK-A2", "in_progress");
    set(&streams, "TASK-B1", "blocked");
    let named = r#"{"streamId": "Stream-D", "streamName": "The  last\none", "dependencies": [], "streamPhase": "integration"}"#;
    streams.task_with("TASK-D1", named, "");
    let told = "INITIATIVE Users/in|One STREAM two\nOVERALL 1 5 1 2 20\nSTREAM Stream-A 1 2 50 1 0 0 Stream-A\n\
                STREAM Stream-B 0 1 0 0 0 1 Stream-B\nSTREAM Stream-C 0 1 0 0 1 0 Stream-C\n\
                STREAM Stream-D 0 1 0 0 1 0 The  last one\n";
    assert_eq!(lines(&streams, &[]), told);
    let database = streams.database("shop").display().to_string();
    assert_eq!(lines(&streams, &[&database]), told);
    // Other plans beside it are not meant.
    streams.project.plan("", &[("PROMPT-01", "None", "true")], "");
    assert_eq!(lines(&streams, &[]), told);
    streams.write("UPDATE tasks SET status = 'completed';");
    assert!(
        lines(&streams, &[]).contains("OVERALL 5 5 0 0 100\nALL_STREAMS_COMPLETE\nSTREAM Stream-A 2 2 100 ")
    );
}

#[test]
fn lines_are_refused_for_other_plans_and_broken_ones_are_told() {
    let project = Project::new(&[("PROMPT-01", "None", "true")]);
    for arguments in [
        &["status", "--format", "lines"][..],
        &["status", "--format", "lines", "PROMPT-ORCHESTRATOR.md"],
        &["status", "--format", "lines", "--kind", "prompts"],
    ] {
        let refused = project.run_to(2, arguments);
        assert!(
            refused.err.contains("`--format lines` is for streams") && refused.err.contains("hint: "),
            "{refused}"
        );
    }
    assert_eq!(project.json(&["status"])["streams"], Value::Null);
    assert_eq!(
        project.run_to(0, &["status", "--format", "json"]).out,
        project.run_to(0, &["status", "--json"]).out
    );

    let streams = Streams::without_repository(&[("TASK-A1", "Stream-A", &["Stream-X"], "")]);
    let broken = streams.run_to(65, &["status", "--format", "lines"]);
    assert!(broken.out.is_empty() && broken.err.contains("Stream-X"), "{broken}");
    fs::write(streams.database("shop"), "no database at all, and long enough to be seen as none").unwrap();
    let broken = streams.run_to(65, &["status", "--format", "lines"]);
    assert!(broken.out.is_empty() && broken.err.contains("is not a SQLite database"), "{broken}");
}

#[test]
fn a_pipe_gets_a_frame_when_something_has_changed_and_an_end() {
    let streams = Streams::without_repository(PLAN);
    let mut watch = streams.project.start(&["watch", "3600"]);
    let first = watch.hear("waits for Stream-A and 1 more");
    assert_eq!(first, streams.run_to(0, &["status"]).out);
    // What is heard of is looked at without waiting for the interval.
    set(&streams, "TASK-A1", "in_progress");
    let second = watch.hear("waits for Stream-A and 1 more");
    assert!(
        second.starts_with("\nshop: User accounts\n[---------------]   0% 0 of 4 tasks done, 1 in progress"),
        "{second}"
    );
    // Neither a look nor a change that changes nothing is one.
    streams.run_to(0, &["status"]);
    set(&streams, "TASK-A1", "in_progress");
    let database = streams.database("shop");
    let aside = database.with_extension("aside");
    fs::rename(&database, &aside).unwrap();
    let gone = watch.hear("it is looked at again");
    assert_eq!(gone, format!("\norch: no database at {}\nit is looked at again\n", database.display()));
    fs::rename(&aside, &database).unwrap();
    watch.hear("waits for Stream-A and 1 more");
    streams.write("UPDATE tasks SET status = 'completed';");
    let ended = watch.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.out.contains("[===============] 100% 4 of 4 tasks done"), "{ended}");
    assert!(ended.err.is_empty() && !ended.out.contains('\u{1b}'), "{ended}");
}

#[test]
fn a_pipe_sees_a_run_to_its_end() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "leave 1"), ("TASK-B1", "Stream-B", &[], "")]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.write(&format!("UPDATE tasks SET description = 'DO: begin {here} {gate}' WHERE id = 'TASK-B1';"));
    let mut watch = streams.project.start(&["watch", "3600"]);
    watch.hear("Stream-B");
    let live = streams.start_run(&[]);
    streams.project.hear(&here);
    watch.hear("Workers: ");
    streams.project.say(&gate);
    assert_eq!(live.end().code, Some(3));
    let ended = watch.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(words(ended.out.rsplit("\n\n").next().unwrap(), "Stream-A")[4..6], ["1", "STOP"], "{ended}");
}

#[test]
fn plans_of_other_kinds_are_watched_as_well() {
    let project = Project::new(&[("PROMPT-01", "None", "true"), ("PROMPT-02", "PROMPT-01", "true")]);
    project.agent("obey", &[], "");
    let mut watch = project.start(&["watch", "PROMPT-ORCHESTRATOR.md", "3600"]);
    let first = watch.hear("2 PENDING");
    assert_eq!(first, project.run_to(0, &["status"]).out);
    project.run_to(0, &["run", "--no-review", "--no-validation"]);
    // The folder of the plan is watched until orch has one of its own there.
    let ended = watch.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.out.ends_with("\n2 SUCCESS\n"), "{ended}");
}

#[test]
fn a_watch_that_can_not_begin_ends() {
    let streams = Streams::without_database();
    let none = streams.run_to(2, &["watch"]);
    assert!(none.err.contains("there is no plan in"), "{none}");
    for (arguments, says) in
        [(&["watch", "0"][..], "0 is no interval"), (&["watch", "5", "6"], "two intervals")]
    {
        let refused = streams.run_to(2, arguments);
        assert!(refused.err.contains(says) && refused.err.contains("hint: "), "{refused}");
    }
    let streams = Streams::without_repository(PLAN);
    let mut watch = streams.project.start(&["watch"]);
    watch.hear("waits for Stream-A and 1 more");
    watch.signal("INT");
    assert_eq!(watch.end().code, Some(130));
}

/// A terminal, and all that was written to it.
struct Pane<'a> {
    streams: &'a Streams,
    bytes: Receiver<Vec<u8>>,
    /// What was written since the last that was waited for.
    written: String,
}

impl<'a> Pane<'a> {
    /// A terminal in which orch is called with these arguments as soon as everything it writes is heard.
    fn new(streams: &'a Streams, arguments: &str) -> Self {
        let [pipe, begin] = streams.pipes(["written", "begin"]);
        let orch = format!(
            "env -i PATH=/usr/bin:/bin HOME={} TERM=screen {} {arguments}",
            streams.home().display(),
            env!("CARGO_BIN_EXE_orch")
        );
        let script = format!("read -r go < {begin}; {orch}; echo \"ended $?\"; stty -a; echo; read -r rest");
        let (sender, bytes) = channel();
        let pane = Self { streams, bytes, written: String::new() };
        pane.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "12", &script]);
        pane.tmux(&["pipe-pane", "-O", &format!("exec cat > {pipe}")]);
        thread::spawn(move || {
            let mut file = fs::File::open(pipe).unwrap();
            let mut part = vec![0; 4096];
            while let Ok(read @ 1..) = file.read(&mut part) {
                // A test that has seen enough listens no more.
                let _ = sender.send(part[..read].to_vec());
            }
        });
        streams.project.say(&begin);
        pane
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.args(arguments).current_dir(self.streams.project.folder());
        tmux.env_remove("TMUX").env("TMUX_TMPDIR", self.streams.home().join("tmux"));
        let done = tmux.output().expect("tmux is installed");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Waits until this was written, and says all that was written up to it.
    fn written(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.written.find(text) {
                let rest = self.written.split_off(at + text.len());
                return std::mem::replace(&mut self.written, rest);
            }
            match self.bytes.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(more) => self.written += &String::from_utf8_lossy(&more),
                Err(error) => panic!("no `{text}` ({error}) in {:?}", self.written),
            }
        }
    }

    /// What is to be seen now.
    fn seen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }
}

impl Drop for Pane<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// The end of a frame.
const DRAWN: &str = "ends\u{1b}[K\u{1b}[J";

#[test]
fn a_terminal_is_drawn_over_in_place_and_given_back() {
    let streams = Streams::without_repository(PLAN);
    let mut pane = Pane::new(&streams, "watch 3600");
    let first = pane.written(DRAWN);
    assert_eq!(first.matches("\u{1b}[?1049h").count(), 1, "{first:?}");
    assert!(first.contains("\u{1b}[?25l\u{1b}[Hshop: User accounts\u{1b}[K\r"), "{first:?}");
    let seen = pane.seen();
    assert!(
        seen.starts_with("shop: User accounts\n[---------------]   0% 0 of 4 tasks done, 4 pending\n"),
        "{seen}"
    );
    assert!(seen.contains(" · every 3600 s · q ends"), "{seen}");

    // A change is drawn at once, over what was there: nothing is erased first.
    set(&streams, "TASK-A1", "completed");
    let drawn = pane.written(" 50%") + &pane.written(DRAWN);
    assert!(drawn.starts_with("\u{1b}[H") && !drawn.contains("\u{1b}[2J"), "{drawn:?}");
    assert_eq!(words(&pane.seen(), "Stream-A")[1..4], ["[=======--------]", "50%", "✓1"]);

    // Another size: what there is no room for is cut, and the lines do not wrap.
    pane.tmux(&["resize-window", "-x", "40", "-y", "6"]);
    pane.written(" lines more");
    pane.written(DRAWN);
    let seen = pane.seen();
    assert_eq!(seen.lines().count(), 6, "{seen}");
    assert!(line(&seen, "[===").ends_with('…') && seen.contains("q ends"), "{seen}");

    // Keys without a meaning change nothing, and `q` gives the terminal back as it was.
    pane.keys(&["x", "C-z", "Up"]);
    pane.keys(&["q"]);
    let rest = pane.written("ended 0");
    assert!(rest.contains("\u{1b}[?25h\u{1b}[?1049l"), "{rest:?}");
    let modes = pane.written(" iexten");
    let modes: Vec<&str> = modes.split_whitespace().collect();
    assert!(modes.contains(&"icanon") && modes.contains(&"isig"), "{modes:?}");
    assert!(!pane.seen().contains("Stream-A"), "{}", pane.seen());
}

#[test]
fn an_interrupt_gives_the_terminal_back_and_trouble_is_shown_meanwhile() {
    let streams = Streams::without_repository(PLAN);
    let mut pane = Pane::new(&streams, "watch 3600 --all");
    pane.written(DRAWN);
    let database = streams.database("shop");
    let aside = Path::new(&database).with_extension("aside");
    fs::rename(&database, &aside).unwrap();
    pane.written("orch: no database at ");
    pane.written(DRAWN);
    let seen = pane.seen();
    assert!(seen.contains("\nit is looked at again\n") && seen.contains("\nshop: User accounts\n"), "{seen}");
    fs::rename(&aside, &database).unwrap();
    pane.written("\u{1b}[Hshop: User accounts");
    pane.written(DRAWN);
    assert!(pane.seen().starts_with("shop: User accounts\n"), "{}", pane.seen());
    pane.keys(&["C-c"]);
    let rest = pane.written("ended 130");
    assert!(rest.contains("\u{1b}[?25h\u{1b}[?1049l"), "{rest:?}");
}

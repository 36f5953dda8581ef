//! What is started, where, with what; and what is refused.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use orch_exec::process::{Exit, Launch, StartError, Stdin, receipt, survivors};
use orch_exec::tmux::{Started, TmuxError};

use crate::place::{Gate, Server, session, until};
use crate::process_support::{LONG, processes, wait_for_all};

#[test]
fn a_worker_runs_as_it_was_described() {
    let server = Server::new();
    fs::write(server.place.path("prompt"), vec![b'x'; 300 << 10]).unwrap();
    let mut launch = server.script("echo out; echo err >&2; pwd; wc -c; exit 3");
    launch.stdin = Stdin::File(server.place.path("prompt"));
    fs::write(server.place.path("receipt"), "0\n").unwrap();
    assert_eq!(server.run("w-01", &launch), Exit::Code(3));
    let here = server.place.path("").canonicalize().unwrap();
    let log = server.place.log();
    let lines: Vec<&str> = log.lines().map(str::trim).collect();
    assert_eq!(lines, ["out", "err", here.to_str().unwrap().trim_end_matches('/'), "307200"]);
    for file in ["log", "receipt"] {
        assert_eq!(fs::metadata(server.place.path(file)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    server.wait_until_gone("w-01");
    assert_eq!(server.launch_files(), 0);
    // Appended to, the next time.
    assert_eq!(server.run("w-01", &server.script("echo more")), Exit::Code(0));
    assert_eq!(server.place.log(), log + "more\n");
}

#[test]
fn exits_are_what_they_were() {
    let server = Server::new();
    let keeps_running = server.start("keeps-server", &server.script("exec sleep 1000"));
    let table = [
        ("exit 0", 0),
        ("exit 255", 255),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -USR1 $$", 138),
        ("no-such-program", 127),
    ];
    for (number, (script, code)) in table.into_iter().enumerate() {
        let mut launch = server.script(script);
        launch.receipt = Some(server.place.path(&format!("receipt-{number}")));
        assert_eq!(server.run("w-01", &launch), Exit::Code(code), "{script}");
    }
    assert!(orch_exec::process::is_alive(&keeps_running));
}

#[test]
fn nothing_is_expanded_and_any_bytes_arrive() {
    let server = Server::new();
    let raw = |text: &[u8]| OsString::from_vec(text.to_vec());
    let nasty: Vec<OsString> = vec![
        "#(touch injected-1)".into(),
        "$(touch injected-2)`touch injected-3`".into(),
        "#{pane_pid} %% #S".into(),
        "; touch injected-4 ;".into(),
        ";".into(),
        "\\;".into(),
        "it's \"quoted\"\n\ttwice".into(),
        "-x".into(),
        "".into(),
        raw(b"\xff\xfe\x01"),
        "x".repeat(100_000).into(),
    ];
    let folder =
        server.place.path("").join(raw(b"a 'b' \"c\" #(touch injected-5) $(touch injected-6) \xff;"));
    // The runner of these tests takes no arguments but text.
    let launches = server.place.path("launches #(touch injected-9) $(touch injected-10) '\";");
    fs::create_dir_all(&folder).unwrap();
    fs::create_dir_all(&launches).unwrap();
    let mut launch = server.script("");
    launch.argv =
        vec!["sh".into(), "-c".into(), r#"printf '%s\0' "$@" "$NASTY" "$(pwd)""#.into(), "sh".into()];
    launch.argv.extend(nasty.clone());
    launch.env.push(("NASTY".into(), nasty[9].clone()));
    launch.cwd = folder.clone();
    launch.log = folder.join("log #(touch injected-7)");
    launch.receipt = Some(folder.join("receipt;"));
    launch.marker = format!("{};#(touch injected-8);", launch.marker);
    let started = server.tmux.start(&session("w-01"), &launch, &server.pane(), &launches).unwrap();
    server.wait_until_gone("w-01");
    until("a receipt", || receipt::read(launch.receipt.as_ref().unwrap()).is_some());
    assert_eq!(receipt::read(launch.receipt.as_ref().unwrap()), Some(Exit::Code(0)), "{started:?}");
    let said = fs::read(&launch.log).unwrap();
    let said: Vec<&OsStr> = said.split(|&byte| byte == 0).map(OsStr::from_bytes).collect();
    let folder = folder.canonicalize().unwrap();
    let want: Vec<&OsStr> = nasty
        .iter()
        .map(OsString::as_os_str)
        .chain([nasty[9].as_ref(), folder.as_os_str(), "".as_ref()])
        .collect();
    assert!(said == want, "{said:?}");
    for place in [server.place.path(""), folder, "/".into(), std::env::current_dir().unwrap()] {
        let names = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(!names.into_iter().any(|name| name.as_bytes().starts_with(b"injected")));
    }
}

#[test]
fn the_environment_is_what_was_given_and_the_marker() {
    let server = Server::with("", &[("API_KEY", "outer"), ("TMUX", "/nowhere,1,0"), ("ORCH_X", "1")]);
    let mut launch = server.script("");
    launch.argv = vec!["env".into()];
    launch.env = vec![("PATH".into(), "/usr/bin:/bin".into()), ("A".into(), "1 2".into())];
    assert_eq!(server.run("w-01", &launch), Exit::Code(0));
    let log = server.place.log();
    // Shells add some of their own.
    let got: BTreeSet<&str> = log
        .lines()
        .filter(|line| !["PWD=", "_=", "SHLVL="].iter().any(|own| line.starts_with(own)))
        .collect();
    let marker = format!("ORCH_ATTEMPT={}", launch.marker);
    assert_eq!(got, BTreeSet::from(["A=1 2", &marker, "PATH=/usr/bin:/bin"]));
}

#[test]
#[cfg(target_os = "linux")]
fn secrets_and_markers_stay_out_of_tmux_and_of_arguments() {
    // This program's own marker too: it may itself be a worker's child.
    let mut server = Server::with("", &[("ORCH_ATTEMPT", "outer"), ("API_KEY", "hunter2")]);
    let mut launch = server.script("echo $$ >$SAY; exec sleep 1000");
    launch.env.push(("SECRET".into(), "hunter2".into()));
    launch.argv.push("hunter2".into());
    let (worker, mut processes) = server.watched("w-01", &launch, LONG);
    let inner: u32 = server.place.hear().parse().unwrap();
    let read = |pid: u32, what: &str| {
        String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default()).into_owned()
    };
    let tmux: u32 = server.by_hand(&["display-message", "-p", "#{pid}"]).trim().parse().unwrap();
    // The case where our own call started the server.
    assert!(read(tmux, "cmdline").contains("new-session"), "{}", read(tmux, "cmdline"));
    assert!(!read(tmux, "environ").contains("ORCH_ATTEMPT") && !read(tmux, "environ").contains("hunter2"));
    assert!(read(worker.pid, "environ").contains(&format!("ORCH_ATTEMPT={}\0", launch.marker)));
    assert!(!read(worker.pid, "environ").contains("hunter2"));
    assert!(read(inner, "environ").contains("SECRET=hunter2"));
    let entries =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    for pid in entries.filter_map(|name| name.parse().ok()).filter(|&pid| pid != inner) {
        assert!(!read(pid, "cmdline").contains("hunter2"), "{pid}: {}", read(pid, "cmdline"));
    }
    for shown in [vec!["show-environment", "-g"], vec!["show-environment", "-t", "=w-01:"]] {
        let shown = server.by_hand(&shown);
        assert!(!shown.contains("hunter2") && !shown.contains("ORCH_ATTEMPT="), "{shown}");
    }
    assert_eq!(survivors(&["outer", &launch.marker]), [(launch.marker.clone(), worker)]);
    processes.kill(1);
    wait_for_all(&mut processes);
}

#[test]
fn a_hostile_configuration_changes_nothing() {
    let server = Server::with_config(
        "set -g remain-on-exit on
        set -g destroy-unattached on
        set -s exit-unattached on
        set -g default-command 'touch injected'
        set -g default-shell /bin/false
        set -g base-index 1
        set -g pane-base-index 1
        set -g history-limit 0
        set -g automatic-rename on
        set -g allow-rename on
        set -g update-environment 'PATH HOME ORCH_ATTEMPT'
        set-environment -g ORCH_ATTEMPT another
        set -g status off
        set -g no-such-option on
        no-such-command
        ",
    );
    let gate = Gate::new();
    let mut launch = server.script("echo shown; echo on >$SAY; read -r go <$GO; exit 4");
    gate.for_launch(&mut launch);
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    until("output", || server.tmux.capture(&session("w-01"), 50).unwrap().contains("shown"));
    assert_eq!(server.tmux.sessions().unwrap(), ["w-01"]);
    gate.open();
    assert_eq!(wait_for_all(&mut processes)[0].exit, Exit::Code(4));
    server.wait_until_gone("w-01");
    // At once, too: it must not remain.
    assert_eq!(server.run("w-02", &server.script("exit 5")), Exit::Code(5));
    server.wait_until_gone("w-02");
    assert!(!server.place.path("injected").exists());
}

#[test]
fn a_name_in_use_is_refused_and_left_alone() {
    let server = Server::new();
    server.by_hand(&["new-session", "-d", "-s", "theirs", "--", "sleep", "1000"]);
    let launch = server.script("exec sleep 1000");
    let worker = server.start("ours", &launch);
    for name in ["theirs", "ours"] {
        let error = server.try_start(name, &server.script("touch injected")).unwrap_err();
        assert!(matches!(&error, TmuxError::NameTaken { name: taken } if taken.as_str() == name), "{error}");
    }
    // Nothing runs in it, and still it is not ours.
    server.by_hand(&["set-option", "-w", "-t", "=theirs:", "remain-on-exit", "on"]);
    let pid: i32 =
        server.by_hand(&["list-panes", "-t", "=theirs:", "-F", "#{pane_pid}"]).trim().parse().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    until("a dead pane", || {
        server.by_hand(&["list-panes", "-t", "=theirs:", "-F", "#{pane_dead}"]).trim() == "1"
    });
    assert!(matches!(server.try_start("theirs", &launch), Err(TmuxError::NameTaken { .. })));
    assert!(server.tmux.has(&session("theirs")).unwrap() && orch_exec::process::is_alive(&worker));
    assert!(!server.place.path("injected").exists());
    assert_eq!(server.launch_files(), 0);
}

#[test]
fn what_is_left_of_an_ended_session_of_ours_is_cleared_away() {
    let server = Server::new();
    let gate = Gate::new();
    let mut launch = server.script("read -r go <$GO");
    gate.for_launch(&mut launch);
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    server.by_hand(&["set-option", "-w", "-t", "=w-01:", "remain-on-exit", "on"]);
    gate.open();
    wait_for_all(&mut processes);
    assert!(server.tmux.has(&session("w-01")).unwrap());
    assert_eq!(server.run("w-01", &server.script("exit 6")), Exit::Code(6));
    server.wait_until_gone("w-01");
}

#[test]
fn what_cannot_start_says_why_and_leaves_nothing() {
    let server = Server::new();
    let path = |name: &str| server.place.path(name);
    let start = |change: &dyn Fn(&mut Launch)| {
        let mut launch = server.script("touch injected");
        change(&mut launch);
        match server.try_start("w-01", &launch).unwrap_err() {
            TmuxError::Start(error) => error,
            other => panic!("{other}"),
        }
    };
    assert!(matches!(start(&|l| l.argv.clear()), StartError::NoProgram));
    assert!(matches!(start(&|l| l.argv = vec!["no-such".into()]), StartError::NotFound { .. }));
    assert!(matches!(start(&|l| l.cwd = path("nowhere")), StartError::Cwd { .. }));
    assert!(matches!(start(&|l| l.stdin = Stdin::File(path("nothing"))), StartError::Stdin { .. }));
    assert!(matches!(start(&|l| l.log = path("")), StartError::Log { .. }));
    assert!(matches!(start(&|l| l.receipt = Some(path(""))), StartError::Receipt { .. }));
    let launch = server.script("touch injected");
    let begin = |pane: &[&str], folder: &str| {
        let pane: Vec<OsString> = pane.iter().map(OsString::from).collect();
        server.tmux.start(&session("w-01"), &launch, &pane, &path(folder)).unwrap_err()
    };
    assert!(matches!(begin(&[], "launches"), TmuxError::Start(StartError::NoProgram)));
    assert!(matches!(begin(&["/no/such"], "launches"), TmuxError::PaneEnded { .. }));
    assert!(matches!(begin(&["true"], "launches"), TmuxError::PaneEnded { .. }));
    assert!(matches!(begin(&["true"], "nowhere"), TmuxError::LaunchFile { .. }));
    assert_eq!(server.launch_files(), 0);
    server.wait_until_gone("w-01");
    assert!(!path("injected").exists() && !path("receipt").exists());
    // Only the pane can find this out.
    let mut launch = server.script("");
    launch.argv.push("nul\0".into());
    assert_eq!(server.run("w-01", &launch), Exit::Code(126));
    assert!(server.place.log().starts_with("orch: cannot start /"), "{}", server.place.log());
}

#[test]
fn a_tmux_that_breaks_down_in_between_starts_once_or_not_at_all() {
    let mut server = Server::new();
    let launch = server.script("echo $$ >$SAY; exec sleep 1000");
    let begin = |server: &Server, script: &str| {
        let tmux = server.with_tmux_replaced(script);
        tmux.start(&session("w-01"), &launch, &server.pane(), &server.place.path("launches"))
    };
    let before = begin(&server, "echo broken >&2; exit 1");
    assert!(matches!(before, Err(TmuxError::Failed { stderr, .. }) if stderr == "broken"));
    let silent = begin(&server, "exit 0");
    assert!(matches!(silent, Err(TmuxError::Failed { .. })));
    assert_eq!((server.launch_files(), survivors(&[&launch.marker]).len()), (0, 0));
    // It has done what it was asked to, and says that it has not.
    let taken = "while ls $TMUX_TMPDIR/launches | grep -q .; do sleep 0.01; done";
    let after = begin(&server, &format!("$TMUX_PROGRAM \"$@\" >/dev/null\n{taken}\necho broken >&2; exit 1"))
        .unwrap();
    let Started::Running(worker) = after else { panic!("{after:?}") };
    server.place.hear();
    assert_eq!(survivors(&[&launch.marker]), [(launch.marker.clone(), worker)]);
}

#[test]
fn sessions_start_while_the_server_of_the_last_one_is_ending() {
    let server = Server::new();
    for round in 0..15 {
        let launch = server.script(&format!("exit {round}"));
        assert_eq!(server.run("w-01", &launch), Exit::Code(round));
    }
}

#[test]
fn twenty_sessions_start_one_after_the_other() {
    let mut server = Server::new();
    let mut processes = processes(false, LONG);
    let begin = Instant::now();
    for key in 0..20 {
        let mut launch = server.script("echo on >$SAY; exec sleep 1000");
        launch.receipt = Some(server.place.path(&format!("receipt-{key}")));
        let worker = server.start(&format!("w-{key}"), &launch);
        assert!(processes.adopt(key, &worker, &launch.marker, launch.receipt, None));
    }
    eprintln!("{:.1} ms for each start", begin.elapsed().as_secs_f64() * 1000.0 / 20.0);
    (0..20).for_each(|_| drop(server.place.hear()));
    let names: BTreeSet<String> = server.tmux.sessions().unwrap().into_iter().collect();
    assert_eq!(names, (0..20).map(|key| format!("w-{key}")).collect());
    (0..20).for_each(|key| processes.stop(key));
    let ended = wait_for_all(&mut processes);
    assert!(ended.iter().all(|ended| ended.exit == Exit::Code(143)), "{ended:?}");
    until("no session", || server.tmux.sessions().unwrap().is_empty());
}

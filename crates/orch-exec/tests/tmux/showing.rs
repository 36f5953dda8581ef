//! What people see, and how they get there.

use std::ffi::OsStr;

use orch_exec::process::Exit;
use orch_exec::tmux::Tmux;

use crate::place::{Gate, Server, session, until};
use crate::process_support::{LONG, wait_for_all};

#[test]
fn the_pane_shows_the_output_as_plain_text() {
    let server = Server::new();
    let gate = Gate::new();
    let script = r"printf 'one\n\033[31mred\033[0m\033]52;c;ZXZpbA==\007\rover\n\033]2;title\033\\\342\200\256turned\n'
        printf 'half \303'; read -r go <$GO; printf '\274 a line\nlast'; read -r go <$GO";
    let mut launch = server.script(script);
    gate.for_launch(&mut launch);
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    let shows = |what: &str| {
        let shown = || server.tmux.capture(&session("w-01"), 50).unwrap();
        until(what, || shown().contains(what));
        shown()
    };
    let shown = shows("half");
    let want = "one\nred␛]52;c;ZXZpbA==␇\nover\n␛]2;title␛\\�turned\nhalf\n";
    assert!(shown.ends_with(want), "{shown:?}");
    gate.open();
    let shown = shows("last");
    assert!(shown.ends_with("half ü a line\nlast\n"), "{shown:?}");
    assert_eq!(server.tmux.capture(&session("w-01"), 2).unwrap(), "half ü a line\nlast\n");
    assert_eq!(server.tmux.capture(&session("w-01"), 0).unwrap(), "");
    let title = server.by_hand(&["display-message", "-p", "-t", "=w-01:", "#{pane_title}"]);
    assert_ne!(title.trim(), "title");
    // Kept to see the end.
    server.by_hand(&["set-option", "-w", "-t", "=w-01:", "remain-on-exit", "on"]);
    gate.open();
    assert_eq!(wait_for_all(&mut processes)[0].exit, Exit::Code(0));
    shows("last\n[worker ended: exit code 0]");
    // The log is as it was written.
    assert!(server.place.log().contains("\u{1b}[31mred"));
}

#[test]
fn a_pane_that_takes_nothing_and_one_far_behind_hold_up_nobody() {
    let server = Server::new();
    let gate = Gate::new();
    let mut launch =
        server.script("echo on; read -r go <$GO; yes 0123456789abcde | head -c 33554432; echo the end");
    gate.for_launch(&mut launch);
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    until("output", || server.tmux.capture(&session("w-01"), 50).unwrap().contains("on"));
    server.by_hand(&["send-keys", "-t", "=w-01:", "C-s"]);
    gate.open();
    assert_eq!(wait_for_all(&mut processes)[0].exit, Exit::Code(0));
    server.wait_until_gone("w-01");
    assert!(server.place.log().ends_with("\nthe end\n"));
}

#[test]
fn ctrl_c_goes_to_the_worker_and_ctrl_z_stops_nothing() {
    let mut server = Server::new();
    let script = "trap 'echo int >$SAY' INT; echo on >$SAY; while :; do sleep 0.01; done";
    let (_, mut processes) = server.watched("w-01", &server.script(script), LONG);
    let hear = |server: &mut Server| server.place.hear();
    assert_eq!(hear(&mut server), "on");
    for keys in ["C-c", "C-z", "C-c"] {
        server.by_hand(&["send-keys", "-t", "=w-01:", keys]);
        if keys == "C-c" {
            assert_eq!(hear(&mut server), "int");
        }
    }
    processes.stop(1);
    assert_eq!(wait_for_all(&mut processes)[0].exit, Exit::Code(143));
    // Who does not listen to it is ended by it.
    let (_, mut processes) = server.watched("w-02", &server.script("echo on >$SAY; exec sleep 1000"), LONG);
    assert_eq!(hear(&mut server), "on");
    server.by_hand(&["send-keys", "-t", "=w-02:", "C-c"]);
    assert_eq!(wait_for_all(&mut processes)[0].exit, Exit::Code(130));
}

#[test]
fn who_asks_the_terminal_gets_no_answer_and_is_not_stopped() {
    let server = Server::new();
    let script = "if read -r answer </dev/tty; then exit 1; fi; stty -echo </dev/tty; exit 2";
    assert_eq!(server.run("w-01", &server.script(script)), Exit::Code(2));
}

#[test]
fn names_are_meant_exactly() {
    let mut server = Server::new();
    let names = ["vertical-plan-20260119-143052-w-1", "vertical-plan-20260119-1430-w-10"];
    for name in names {
        let launch = server.script("echo shown; echo on >$SAY; exec sleep 1000");
        server.start(name, &launch);
        server.place.hear();
    }
    let all = |server: &Server| {
        let mut all = server.tmux.sessions().unwrap();
        all.sort();
        all
    };
    let sorted = [names[1], names[0]];
    for near in ["vertical-plan-20260119-1430", "vertical-plan-20260119-1430-w-1", "vertical", "w-1"] {
        assert!(!server.tmux.has(&session(near)).unwrap());
        server.tmux.kill(&session(near)).unwrap();
        assert!(server.tmux.capture(&session(near), 9).is_err());
        assert_eq!(all(&server), sorted);
    }
    server.tmux.kill(&session(names[1])).unwrap();
    assert_eq!(all(&server), [names[0]]);
    assert!(server.tmux.has(&session(names[0])).unwrap());
    server.tmux.kill(&session(names[0])).unwrap();
    until("no server", || server.tmux.sessions().unwrap().is_empty());
    server.tmux.kill(&session(names[0])).unwrap();
}

#[test]
fn a_person_attaches_and_leaves() {
    let mut server = Server::new();
    server.start("w-01", &server.script("echo on >$SAY; exec sleep 1000"));
    server.place.hear();
    let attach = server.tmux.attach_command(&session("w-01"));
    // A terminal to attach in: a pane of another server.
    let mut outer = vec!["-L", "outer", "new-session", "-d", "--", "env", "-i", "TERM=screen"];
    let variables: Vec<String> = attach
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, value?.to_str()?)))
        .filter(|variable| !variable.starts_with("TERM="))
        .collect();
    outer.extend(variables.iter().map(String::as_str));
    outer.push(attach.get_program().to_str().unwrap());
    outer.extend(attach.get_args().filter_map(OsStr::to_str));
    server.by_hand(&outer);
    let clients = || server.by_hand(&["list-clients", "-t", "=w-01:", "-F", "#{session_name}"]);
    until("a client", || clients().trim() == "w-01");
    server.by_hand(&["-L", "outer", "kill-server"]);
    until("no client", || clients().is_empty());
    assert!(server.tmux.has(&session("w-01")).unwrap());
}

#[test]
fn attaching_from_within_the_same_server_switches() {
    let server = Server::new();
    let user = rustix::process::getuid().as_raw();
    let folder = server.place.path("").canonicalize().unwrap();
    let socket = folder.join(format!("tmux-{user}/default"));
    let words = |inside: Option<String>, name: Option<&str>| {
        let known = [
            ("PATH".into(), std::env::var_os("PATH").unwrap()),
            ("TMUX_TMPDIR".into(), server.place.path("").into()),
        ];
        let inside = inside.map(|value| ("TMUX".into(), value.into()));
        let tmux = Tmux::find_in(known.into_iter().chain(inside), name.map(str::to_owned)).unwrap();
        let command = tmux.attach_command(&session("w-1"));
        let words: Vec<String> = command.get_args().map(|word| word.to_str().unwrap().into()).collect();
        let knows = command.get_envs().any(|(name, _)| name == "TMUX");
        (words.join(" "), knows)
    };
    let here = Some(format!("{},12,0", socket.display()));
    assert_eq!(words(here.clone(), None), ("switch-client -t =w-1:".into(), true));
    assert_eq!(words(None, None), ("attach-session -t =w-1:".into(), false));
    assert_eq!(
        words(Some("/elsewhere/default,12,0".into()), None),
        ("attach-session -t =w-1:".into(), false)
    );
    assert_eq!(words(here, Some("other")), ("-L other attach-session -t =w-1:".into(), false));
    // That is where tmux puts it.
    server.by_hand(&["new-session", "-d", "--", "sleep", "1000"]);
    assert_eq!(server.by_hand(&["display-message", "-p", "#{socket_path}"]).trim(), socket.to_str().unwrap());
}

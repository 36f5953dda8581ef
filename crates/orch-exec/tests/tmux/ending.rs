//! Stopping, being cut off, and being found again.

use std::time::Duration;

use orch_exec::process::{Ended, Exit, end_survivor, is_alive, receipt, survivors};
use rustix::process::{Pid, Signal, kill_process};

use crate::place::{Gate, Server, session, until};
use crate::process_support::{LONG, processes, wait_for_all};

/// Children in its group, in sessions of their own, without the marker, and an orphan.
const FAMILY: &str = r#"stay='echo $$ >$SAY; exec sleep 1000'
sh -c "$stay" &
setsid sh -c "$stay" &
(setsid sh -c "sh -c '$stay' & exit" &)
env -i SAY=$SAY PATH=$PATH setsid sh -c "$stay" &
wait; wait"#;

fn hear_family(server: &mut Server) -> Vec<u32> {
    (0..4).map(|_| server.place.hear().parse().unwrap()).collect()
}

fn runs(pid: u32) -> bool {
    Pid::from_raw(pid.cast_signed()).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[test]
fn stop_ends_the_worker_all_it_started_and_the_session() {
    let mut server = Server::new();
    let other = server.start("w-02", &server.script("exec sleep 1000"));
    let launch = server.script(FAMILY);
    let (worker, mut processes) = server.watched("w-01", &launch, LONG);
    let family = hear_family(&mut server);
    processes.stop(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(143) }]);
    assert_eq!(survivors(&[&launch.marker]), []);
    until("the family is gone", || !family.iter().any(|&pid| runs(pid)));
    assert!(!is_alive(&worker));
    server.wait_until_gone("w-01");
    assert!(is_alive(&other) && server.tmux.has(&session("w-02")).unwrap(), "the server and others go on");
}

#[test]
fn a_deaf_worker_is_killed_after_the_grace() {
    let mut server = Server::new();
    let launch = server.script("trap '' TERM HUP; echo on >$SAY; while :; do sleep 1000; done");
    let (_, mut processes) = server.watched("w-01", &launch, Duration::from_millis(50));
    server.place.hear();
    processes.stop(1);
    // The pane is killed with it, and leaves no receipt.
    let ended = wait_for_all(&mut processes);
    assert!(matches!(ended[..], [Ended { key: 1, exit: Exit::Signal(9) | Exit::Unknown }]), "{ended:?}");
    assert_eq!(survivors(&[&launch.marker]), []);
    server.wait_until_gone("w-01");
}

#[test]
fn a_session_or_server_that_is_killed_takes_the_worker_along_and_never_reads_as_success() {
    let polite = "trap 'exit 0' TERM; echo on >$SAY; while :; do sleep 0.01; done";
    for (how, script, words) in [
        ("kill-server", FAMILY, 4),
        ("kill-session", FAMILY, 4),
        ("kill-server", polite, 1),
        ("kill-session", polite, 1),
    ] {
        let mut server = Server::new();
        let launch = server.script(script);
        let (_, mut processes) = server.watched("w-01", &launch, LONG);
        (0..words).for_each(|_| drop(server.place.hear()));
        if how == "kill-server" {
            server.by_hand(&[how]);
        } else {
            server.tmux.kill(&session("w-01")).unwrap();
        }
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(129) }], "{how}");
        assert_eq!(survivors(&[&launch.marker]), []);
        assert!(!server.tmux.has(&session("w-01")).unwrap());
    }
}

#[test]
fn a_worker_that_is_stopped_never_reads_as_success() {
    let mut server = Server::new();
    let launch = server.script("trap 'exit 0' TERM; echo on >$SAY; while :; do sleep 0.01; done");
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    server.place.hear();
    processes.stop(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(143) }]);
}

#[test]
fn a_deaf_worker_does_not_outlive_its_session_even_if_nobody_watches() {
    let mut server = Server::new();
    server.tmux = server.tmux.clone().with_grace(Duration::from_millis(50));
    let launch = server.script(&format!("trap '' TERM HUP; {FAMILY}"));
    server.start("w-01", &launch);
    let family = hear_family(&mut server);
    server.by_hand(&["kill-server"]);
    let path = server.place.path("receipt");
    until("a receipt", || receipt::read(&path).is_some());
    assert_eq!(receipt::read(&path), Some(Exit::Code(129)));
    until("nothing is left", || {
        survivors(&[&launch.marker]).is_empty() && !family.iter().any(|&pid| runs(pid))
    });
}

#[test]
fn a_pane_that_is_killed_leaves_nothing_behind() {
    let mut server = Server::new();
    let launch = server.script(FAMILY);
    let (worker, mut processes) = server.watched("w-01", &launch, LONG);
    hear_family(&mut server);
    kill_process(Pid::from_raw(worker.pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
    let ended = wait_for_all(&mut processes);
    assert!(matches!(ended[..], [Ended { key: 1, exit: Exit::Signal(9) | Exit::Unknown }]), "{ended:?}");
    assert_eq!(survivors(&[&launch.marker]), []);
    server.wait_until_gone("w-01");
}

#[test]
fn what_a_worker_leaves_behind_is_ended_before_it_is_reported() {
    let mut server = Server::new();
    let gate = Gate::new();
    let mut launch =
        server.script(r#"setsid sh -c 'echo $$ >$SAY; exec sleep 1000' & read -r go <$GO; exit 4"#);
    gate.for_launch(&mut launch);
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    let left: u32 = server.place.hear().parse().unwrap();
    gate.open();
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(4) }]);
    assert!(!runs(left));
}

#[test]
fn the_next_run_finds_the_worker_and_takes_its_receipt() {
    let mut server = Server::new();
    let gate = Gate::new();
    let mut launch = server.script("echo on >$SAY; read -r go <$GO; exit 5");
    gate.for_launch(&mut launch);
    let (worker, first) = server.watched("w-01", &launch, LONG);
    server.place.hear();
    drop(first);
    // The pane's process, not what runs in it.
    assert_eq!(survivors(&[&launch.marker]), [(launch.marker.clone(), worker.clone())]);
    let mut second = processes(false, LONG);
    assert!(second.adopt(7, &worker, &launch.marker, launch.receipt.clone(), None));
    gate.open();
    assert_eq!(wait_for_all(&mut second), [Ended { key: 7, exit: Exit::Code(5) }]);
    // Ended while nobody looked.
    let worker = server.start("w-02", &launch);
    server.place.hear();
    gate.open();
    until("its end", || !is_alive(&worker));
    assert_eq!(receipt::read(&server.place.path("receipt")), Some(Exit::Code(5)));
    // And ended as a survivor.
    let worker = server.start("w-03", &launch);
    server.place.hear();
    assert!(end_survivor(&worker, &launch.marker, LONG).unwrap());
    assert_eq!(receipt::read(&server.place.path("receipt")), Some(Exit::Code(143)));
    server.wait_until_gone("w-03");
}

#[test]
fn a_window_that_a_person_opens_is_no_part_of_the_worker() {
    let mut server = Server::new();
    let launch = server.script("echo on >$SAY; exec sleep 1000");
    let (_, mut processes) = server.watched("w-01", &launch, LONG);
    server.place.hear();
    let say = server.place.path("say");
    let shell = format!("echo ${{ORCH_ATTEMPT-unmarked}} >'{}'; exec sleep 1000", say.display());
    server.by_hand(&["new-window", "-t", "=w-01:", "--", "sh", "-c", &shell]);
    assert_eq!(server.place.hear(), "unmarked");
    processes.stop(1);
    wait_for_all(&mut processes);
    assert!(server.tmux.has(&session("w-01")).unwrap(), "the person's window stays");
    server.tmux.kill(&session("w-01")).unwrap();
    assert!(!server.tmux.has(&session("w-01")).unwrap());
}

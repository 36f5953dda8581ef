//! Workers of an earlier run. This program never asks for orphans, so they go elsewhere, as after a real crash.

mod process_support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use orch_exec::process::{Ended, Exit, Launch, Worker, end_survivor, is_alive, receipt, survivors};
use process_support::{LONG, Place, can_be, processes, wait_for_all};

/// Where the dying run finds what to start, and leaves word of what it started.
const FOLDER: &str = "ORCH_TEST_FOLDER";

/// Runs as a program of its own: starts a worker and dies on the spot.
#[test]
#[ignore = "the run that dies; started by the tests below"]
fn the_run_that_dies() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let script = fs::read_to_string(folder.join("script")).unwrap();
    let mut launch = process_support::launch(&folder, vec!["sh".into(), "-c".into(), script.into()]);
    launch.receipt = folder.join("wants-receipt").exists().then(|| folder.join("receipt"));
    launch.marker = fs::read_to_string(folder.join("marker")).unwrap();
    let worker = processes(false, LONG).start(1, &launch).unwrap();
    let word = format!("{} {} {}", worker.pid, worker.start, worker.boot);
    fs::write(folder.join("worker"), word).unwrap();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
}

/// A worker whose run has been killed, and its marker.
fn orphaned(place: &Place, script: &str, with_receipt: bool) -> (Worker, String) {
    let Launch { marker, .. } = place.script("");
    fs::write(place.path("script"), script).unwrap();
    fs::write(place.path("marker"), &marker).unwrap();
    if with_receipt {
        fs::write(place.path("wants-receipt"), "").unwrap();
    }
    let mut run = Command::new(std::env::current_exe().unwrap());
    run.args(["--exact", "the_run_that_dies", "--ignored"]).env(FOLDER, place.path(""));
    let status = run.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    let word = fs::read_to_string(place.path("worker")).unwrap();
    let mut words = word.split(' ');
    let mut next = || words.next().unwrap().to_owned();
    let (pid, start, boot) = (next().parse().unwrap(), next().parse().unwrap(), next());
    (Worker { pid, start, boot }, marker)
}

/// Waits for a word from `go`, then ends.
fn obedient(go: &Place) -> String {
    format!("echo $$ >$SAY; read -r go <'{}'; exit 5", go.path("say").display())
}

fn tell(go: &Place) {
    fs::write(go.path("say"), "go\n").unwrap();
}

#[test]
fn an_adopted_worker_is_seen_to_end() {
    for with_receipt in [true, false] {
        let (mut place, go) = (Place::new(), Place::new());
        let (worker, marker) = orphaned(&place, &obedient(&go), with_receipt);
        place.hear();
        assert!(is_alive(&worker));
        assert_eq!(survivors(&["other", &marker]), [(marker.clone(), worker.clone())]);
        let mut processes = processes(false, LONG);
        let path = place.path("receipt");
        assert_eq!(receipt::read(&path), None);
        assert!(processes.adopt(3, &worker, &marker, Some(path.clone()), None));
        assert!(!processes.adopt(3, &worker, &marker, None, None), "the key is in use");
        assert_eq!(processes.wait(Some(Duration::ZERO)).unwrap(), []);
        tell(&go);
        let ended = wait_for_all(&mut processes);
        let exit = if with_receipt || can_be() { Exit::Code(5) } else { Exit::Unknown };
        assert_eq!(ended, [Ended { key: 3, exit }]);
        assert!(!is_alive(&worker));
        assert!(!processes.adopt(4, &worker, &marker, None, None));
        assert_eq!(receipt::read(&path), with_receipt.then_some(Exit::Code(5)));
    }
}

#[test]
fn a_worker_that_ended_unwatched_left_its_receipt() {
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, _) = orphaned(&place, &obedient(&go), true);
    place.hear();
    let mut watch = processes(false, LONG);
    let marker = fs::read_to_string(place.path("marker")).unwrap();
    assert!(watch.adopt(1, &worker, &marker, None, None));
    tell(&go);
    // Without being told of the receipt, it is for the system to say; the receipt can.
    let ended = wait_for_all(&mut watch);
    assert!(matches!(ended[..], [Ended { key: 1, exit: Exit::Code(5) | Exit::Unknown }]), "{ended:?}");
    assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
}

const FAMILY: &str = r#"stay='echo $$ >$SAY; exec sleep 1000'
sh -c "$stay" &
setsid sh -c "$stay" &
(setsid sh -c "sh -c '$stay' & exit" &)
"#;
const DEAF: &str = r#"(trap '' TERM; setsid sh -c "$stay") & "#;

#[test]
fn an_adopted_worker_is_stopped_with_its_family() {
    let mut place = Place::new();
    let (worker, marker) = orphaned(&place, &format!("{FAMILY} wait; wait"), true);
    (0..3).for_each(|_| drop(place.hear()));
    let mut processes = processes(false, LONG);
    assert!(processes.adopt(1, &worker, &marker, Some(place.path("receipt")), None));
    processes.stop(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(143) }]);
    assert_eq!(survivors(&[&marker]), []);
}

#[test]
fn a_survivor_is_ended_with_its_family_even_if_it_is_gone_itself() {
    for rest in ["wait; wait", "exit 0"] {
        let mut place = Place::new();
        let (worker, marker) = orphaned(&place, &format!("{FAMILY} {DEAF} {rest}"), false);
        (0..4).for_each(|_| drop(place.hear()));
        assert_eq!(survivors(&[&marker]).len(), 1);
        assert!(end_survivor(&worker, &marker, Duration::from_millis(100)).unwrap());
        assert_eq!(survivors(&[&marker]), []);
        assert!(!is_alive(&worker));
        assert!(end_survivor(&worker, &marker, LONG).unwrap(), "nothing left to do");
    }
}

#[test]
fn a_worker_that_is_not_exactly_the_one_meant_is_left_alone() {
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, marker) = orphaned(&place, &obedient(&go), true);
    place.hear();
    let none = format!("{marker}-not");
    let earlier = Worker { start: worker.start - 1, ..worker.clone() };
    let later = Worker { start: worker.start + 1, ..worker.clone() };
    let booted = Worker { boot: "another".into(), ..worker.clone() };
    let mut processes = processes(false, Duration::ZERO);
    for stranger in [&earlier, &later, &booted] {
        assert!(!is_alive(stranger));
        assert!(!processes.adopt(1, stranger, &marker, None, None));
        assert!(end_survivor(stranger, &none, Duration::ZERO).unwrap());
    }
    // The very process, and another's marker; and one that is only the beginning of it.
    for marker in [&none, "", &marker[..marker.len() - 1]] {
        assert!(!processes.adopt(1, &worker, marker, None, None));
        assert!(end_survivor(&worker, marker, Duration::ZERO).unwrap());
    }
    for pid in [0, u32::MAX, i32::MAX as u32] {
        let nobody = Worker { pid, ..worker.clone() };
        assert!(!is_alive(&nobody) && !processes.adopt(1, &nobody, &marker, None, None));
        assert!(end_survivor(&nobody, &none, Duration::ZERO).unwrap());
    }
    // It has heard nothing of all that.
    assert!(is_alive(&worker));
    assert!(processes.adopt(1, &worker, &marker, Some(place.path("receipt")), None));
    tell(&go);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(5) }]);
}

/// Reuses numbers on demand. Needs the privilege to say which number comes next; without it there is nothing to see.
#[test]
#[cfg(target_os = "linux")]
fn whoever_gets_a_workers_number_is_never_signalled() {
    let knob = std::path::Path::new("/proc/sys/kernel/ns_last_pid");
    let own = fs::read(knob).unwrap_or_default();
    if fs::write(knob, own).is_err() {
        eprintln!("not permitted to choose process numbers: nothing tested");
        return;
    }
    let place = Place::new();
    let mut processes = processes(false, Duration::ZERO);
    let mut reused = 0;
    for _ in 0..5_000 {
        let launch = place.script("exit 0");
        let worker = processes.start(1, &launch).unwrap();
        wait_for_all(&mut processes);
        fs::write(knob, (worker.pid - 1).to_string()).unwrap();
        // A leader of a group with that number, too.
        let mut stranger = Command::new("sleep");
        std::os::unix::process::CommandExt::process_group(&mut stranger, 0);
        let mut stranger = stranger.arg("1000").spawn().unwrap();
        if stranger.id() == worker.pid {
            reused += 1;
            assert!(!processes.adopt(1, &worker, &launch.marker, None, None));
            assert!(end_survivor(&worker, &launch.marker, Duration::ZERO).unwrap());
            assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
        }
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        if reused == 100 {
            return;
        }
    }
    panic!("only {reused} numbers came again");
}

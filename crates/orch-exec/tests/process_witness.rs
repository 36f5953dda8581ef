//! Workers that have a witness, and what becomes of them when it, orch, or both are killed.
#![cfg(target_os = "linux")]

mod process_support;

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use orch_exec::process::{
    Ended, Exit, Launch, Processes, Settings, StartError, Stdin, Witnessing, Worker, is_alive, receipt,
    survivors, witness,
};
use process_support::{LONG, Place, can_be, processes, run, wait_for_all};
use rustix::process::{Pid, Signal, kill_process};

/// Where the run that dies finds what to do.
const FOLDER: &str = "ORCH_TEST_FOLDER";

/// This program, as a witness.
#[test]
#[ignore = "the witness; started by the tests below"]
fn the_witness() {
    // Whoever runs all that is ignored gives it no socket, and it ends at once.
    let _ = witness();
}

fn this_test(name: &str) -> Vec<OsString> {
    let me = std::env::current_exe().unwrap();
    vec![me.into(), "--exact".into(), name.into(), "--ignored".into()]
}

fn witnessing() -> Witnessing {
    let holds = File::options().write(true).open("/dev/null").unwrap().into();
    Witnessing { words: this_test("the_witness"), holds }
}

fn witnessed() -> Processes {
    processes(true, LONG).with_witness(witnessing())
}

/// A script with a receipt of its own, whose worker has a witness.
fn with_receipt(place: &Place, script: &str) -> Launch {
    let launch = place.script(script);
    let receipt = place.path(&format!("{}.receipt", launch.marker));
    Launch { receipt: Some(receipt), ..launch }
}

fn receipt_of(launch: &Launch) -> Option<Exit> {
    receipt::read(launch.receipt.as_deref().unwrap())
}

/// The state and the parent of a process that is there, be it dead.
fn seen(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat[stat.rfind(')')? + 2..].split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

/// The witnesses that live, by what they hold open: other tests have others.
fn witnesses_of(place: &Place) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let folder = fs::canonicalize(place.path("")).unwrap();
    let is_it = |pid: &u32| {
        let is_one = fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "witness\n");
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        is_one && fds.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|to| to.starts_with(&folder))
    };
    let lives = |&pid: &u32| seen(pid).is_some_and(|(state, _)| state != 'Z');
    pids.filter(is_it).filter(lives).collect()
}

fn witness_of(place: &Place) -> u32 {
    let found = witnesses_of(place);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

/// With a witness that is [found](witness_of) again.
fn witnessed_in(place: &Place) -> Processes {
    let holds = File::create(place.path("lock")).unwrap().into();
    processes(true, LONG).with_witness(Witnessing { holds, ..witnessing() })
}

#[test]
fn ends_are_told_and_nothing_is_left_of_them() {
    let place = Place::new();
    let mut processes = witnessed();
    let table = [
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 255", 255),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -USR1 $$", 138),
    ];
    for (script, code) in table {
        let launch = with_receipt(&place, script);
        let worker = processes.start(1, &launch).unwrap();
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(code) }], "{script}");
        assert_eq!(seen(worker.pid), None, "{script}");
        processes.recorded(1);
        if can_be() {
            assert_eq!(receipt_of(&launch), None, "{script}");
        }
    }
}

#[test]
fn a_worker_gets_what_it_is_given_and_nothing_else() {
    let place = Place::new();
    let mut processes = witnessed();
    fs::write(place.path("prompt"), vec![b'x'; 300 << 10]).unwrap();
    let script =
        "wc -c; pwd; echo err >&2; env | cut -d= -f1 | sort | tr '\\n' ' '; ls /proc/self/fd | wc -l";
    let mut launch = with_receipt(&place, script);
    launch.stdin = Stdin::File(place.path("prompt"));
    launch.env.push(("LONG".into(), "y".repeat(100 << 10).into()));
    // Another one runs meanwhile, whose descriptors are its own.
    processes.start(2, &with_receipt(&place, "sleep 1000")).unwrap();
    assert_eq!(run_witnessed(&mut processes, &launch), Exit::Code(0));
    let folder = fs::canonicalize(place.path("")).unwrap();
    let want = format!("307200\n{}\nerr\nLONG ORCH_ATTEMPT PATH PWD SAY ", folder.display());
    let log = place.log();
    let rest = log.strip_prefix(&want).unwrap_or_else(|| panic!("{log}"));
    let counted = rest.trim_start_matches("SHLVL ").trim_start_matches("_ ").trim().to_owned();
    // As many as one has that this program starts itself, which may have been given some.
    let direct = Launch { log: place.path("direct"), ..place.script("ls /proc/self/fd | wc -l") };
    run(&mut processes_of_its_own(), &direct);
    assert_eq!(counted, fs::read_to_string(&direct.log).unwrap().trim());
    processes.kill(2);
    wait_for_all(&mut processes);
}

fn processes_of_its_own() -> Processes {
    processes(true, LONG)
}

fn run_witnessed(processes: &mut Processes, launch: &Launch) -> Exit {
    processes.start(1, launch).unwrap();
    loop {
        if let Some(ended) = processes.wait(None).unwrap().into_iter().find(|ended| ended.key == 1) {
            return ended.exit;
        }
    }
}

#[test]
fn what_cannot_start_says_why_and_the_next_one_starts() {
    let place = Place::new();
    let mut processes = witnessed();
    fs::write(place.path("script"), "#!/nowhere\n").unwrap();
    type Change = fn(&mut Launch, &Place);
    type Is = fn(&StartError) -> bool;
    let table: [(Change, Is); 6] = [
        (|l, _| l.argv[0] = "no-such-program".into(), |e| matches!(e, StartError::NotFound { .. })),
        (|l, _| l.cwd = "/nowhere".into(), |e| matches!(e, StartError::Cwd { .. })),
        (|l, _| l.stdin = Stdin::File("/nowhere".into()), |e| matches!(e, StartError::Stdin { .. })),
        (|l, _| l.log = "/nowhere/log".into(), |e| matches!(e, StartError::Log { .. })),
        (|l, p| l.argv[0] = p.path("script").into(), |e| matches!(e, StartError::NotExecutable { .. })),
        (|l, _| l.argv.push("x".repeat(200 << 10).into()), |e| matches!(e, StartError::TooLong { .. })),
    ];
    for (change, is_it) in table {
        let mut launch = with_receipt(&place, "exit 0");
        change(&mut launch, &place);
        let error = processes.start(1, &launch).unwrap_err();
        assert!(is_it(&error), "{error:?}");
        assert_eq!(run_witnessed(&mut processes, &with_receipt(&place, "exit 4")), Exit::Code(4));
    }
}

#[test]
fn a_program_that_goes_away_and_comes_back_is_found_again() {
    let place = Place::new();
    let mut processes = witnessed();
    let program = place.path("program");
    let mut launch = with_receipt(&place, "");
    launch.argv = vec![program.clone().into()];
    // Not by this process: what another test is just starting would have it open to write as well, and it could not be run.
    let write = |code: u8| {
        let script = format!("printf '#!/bin/sh\\nexit {code}\\n' >program; chmod 700 program");
        let mut shell = Command::new("sh");
        assert!(shell.args(["-c", &script]).current_dir(place.path("")).status().unwrap().success());
    };
    write(3);
    assert_eq!(run_witnessed(&mut processes, &launch), Exit::Code(3));
    fs::remove_file(&program).unwrap();
    assert!(matches!(processes.start(1, &launch).unwrap_err(), StartError::NotFound { .. }));
    write(4);
    assert_eq!(run_witnessed(&mut processes, &launch), Exit::Code(4));
}

#[test]
fn three_hundred_at_once_are_each_reported_once() {
    let place = Place::new();
    let mut processes = witnessed();
    for key in 0..300 {
        processes.start(key, &with_receipt(&place, &format!("exit {}", key % 200))).unwrap();
    }
    let ended = wait_for_all(&mut processes);
    let want = (0..300).map(|key| Ended { key, exit: Exit::Code((key % 200) as i32) });
    assert_eq!(ended, want.collect::<Vec<_>>());
}

const FAMILY: &str = r#"stay='echo $$ >$SAY; exec sleep 1000'
sh -c "$stay" &
setsid sh -c "$stay" &
(setsid sh -c "sh -c '$stay' & exit" &)
(env -i SAY=$SAY sh -c "$stay" &)
"#;

#[test]
fn whatever_a_worker_started_ends_with_it() {
    for (rest, code) in [("wait; wait", 143), ("exit 6", 6)] {
        let mut place = Place::new();
        let mut processes = witnessed();
        let launch = with_receipt(&place, &format!("{FAMILY} {rest}"));
        processes.start(1, &launch).unwrap();
        let pids: Vec<u32> = (0..4).map(|_| place.hear().parse().unwrap()).collect();
        if code == 143 {
            processes.stop(1);
        }
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(code) }]);
        assert_eq!(survivors(&[&launch.marker]), []);
        for pid in pids {
            assert!(seen(pid).is_none_or(|(state, _)| state == 'Z'), "{pid} lives");
        }
    }
}

#[test]
fn a_witness_hears_no_signal_meant_for_orch() {
    if !can_be() {
        return;
    }
    let place = Place::new();
    let mut processes = witnessed_in(&place);
    processes.start(9, &with_receipt(&place, "exec sleep 1000")).unwrap();
    let witness = witness_of(&place);
    for told in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::TSTP] {
        signal(witness, told);
    }
    assert_eq!(run_witnessed(&mut processes, &with_receipt(&place, "exit 5")), Exit::Code(5));
    assert_eq!(witness_of(&place), witness);
    processes.kill(9);
    wait_for_all(&mut processes);
}

#[test]
fn what_is_no_witness_is_done_without() {
    let place = Place::new();
    for words in
        [vec![], vec!["/nowhere".into()], vec!["/bin/true".into()], vec!["/bin/echo".into(), "what?".into()]]
    {
        let mut processes = processes(true, LONG).with_witness(Witnessing { words, ..witnessing() });
        for code in [3, 4] {
            let launch = with_receipt(&place, &format!("exit {code}"));
            assert_eq!(run(&mut processes, &launch), Exit::Code(code));
            assert_eq!(receipt_of(&launch), Some(Exit::Code(code)), "the shell's");
            processes.recorded(1);
        }
    }
}

#[test]
fn one_that_goes_away_again_and_again_is_done_without() {
    let place = Place::new();
    // It says that it is there, which is all that it does.
    let words = ["/bin/sh", "-c", "printf ready >&2"].map(OsString::from).into();
    let mut processes = processes(true, LONG).with_witness(Witnessing { words, ..witnessing() });
    let going = with_receipt(&place, "exec sleep 1000");
    processes.start(9, &going).unwrap();
    // In the end it is the shell that does it.
    let mut leaves_a_receipt = || {
        let launch = with_receipt(&place, "exit 5");
        assert_eq!(run_witnessed(&mut processes, &launch), Exit::Code(5));
        receipt_of(&launch) == Some(Exit::Code(5))
    };
    assert!((0..50).any(|_| leaves_a_receipt()));
    processes.kill(9);
    wait_for_all(&mut processes);
}

/// Waits until a process is no more, or dead.
fn until_over(pid: u32) {
    let threads = || fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    while seen(pid).is_some_and(|(state, _)| state != 'Z' || threads() > 1) {
        std::thread::yield_now();
    }
}

#[test]
fn when_the_witness_is_killed_another_has_its_workers() {
    if !can_be() {
        return;
    }
    let (mut place, go) = (Place::new(), Place::new());
    let mut processes = witnessed_in(&place);
    let ended = with_receipt(&place, "exit 7");
    assert_eq!(run_witnessed(&mut processes, &ended), Exit::Code(7));
    let going = with_receipt(&place, &obedient(&go));
    let worker = processes.start(2, &going).unwrap();
    place.hear();
    let first = witness_of(&place);
    signal(first, Signal::KILL);
    until_over(first);
    // Nobody else would leave a receipt for an end that is not recorded.
    processes.start(3, &with_receipt(&place, "exit 8")).unwrap();
    assert_eq!(processes.wait(None).unwrap(), [Ended { key: 3, exit: Exit::Code(8) }]);
    // A process that another test is just starting may have a copy of what tells that it is gone.
    while receipt_of(&ended).is_none() {
        assert_eq!(processes.wait(Some(std::time::Duration::from_millis(1))).unwrap(), []);
    }
    assert_eq!(receipt_of(&ended), Some(Exit::Code(7)));
    let second = witness_of(&place);
    assert_ne!(second, first);
    signal(second, Signal::KILL);
    until_over(second);
    // However many notice it, one comes in its place, and no shell.
    let many: Vec<Launch> = (0..12).map(|_| with_receipt(&place, "exit 6")).collect();
    for (key, launch) in (10..).zip(&many) {
        processes.begin(key, launch.clone()).unwrap();
    }
    while processes.running().count() > 1 {
        assert!(processes.wait(None).unwrap().iter().all(|ended| ended.exit == Exit::Code(6)));
    }
    assert!(processes.take_otherwise().iter().all(|(_, worker)| worker.is_ok()));
    assert_eq!(many.iter().filter_map(receipt_of).next(), None);
    let second = witness_of(&place);
    // It is also seen when nothing is started.
    signal(second, Signal::KILL);
    until_over(second);
    while witnesses_of(&place).is_empty() {
        assert_eq!(processes.wait(Some(std::time::Duration::from_millis(1))).unwrap(), []);
    }
    assert_ne!(witness_of(&place), second);
    tell(&go);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 2, exit: Exit::Code(5) }]);
    assert_eq!(seen(worker.pid), None);
    assert_eq!(receipt_of(&going), None);
}

#[test]
fn a_witness_that_is_stopped_holds_nobody_up() {
    let place = Place::new();
    let mut processes = witnessed_in(&place);
    processes.start(1000, &with_receipt(&place, "exec sleep 1000")).unwrap();
    if can_be() {
        signal(witness_of(&place), Signal::STOP);
    }
    for key in 0..150 {
        processes.start(key, &with_receipt(&place, "exit 3")).unwrap();
    }
    while processes.running().count() > 1 {
        for ended in processes.wait(None).unwrap() {
            assert_eq!(ended.exit, Exit::Code(3));
            processes.recorded(ended.key);
        }
    }
    if can_be() {
        signal(witness_of(&place), Signal::CONT);
    }
    processes.kill(1000);
    wait_for_all(&mut processes);
}

/// Runs as a program of its own: starts a worker, does what it was told, and dies on the spot.
#[test]
#[ignore = "the run that dies; started by the tests below"]
fn the_run_that_dies() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let launch = Launch {
        receipt: Some(folder.join("receipt")),
        marker: read("marker"),
        ..process_support::launch(&folder, vec!["sh".into(), "-c".into(), read("script").into()])
    };
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let way = read("way");
    let mut witnessing = Witnessing { holds: lock.try_clone().unwrap().into(), ..witnessing() };
    if way.contains("late") {
        // The second one takes its time.
        let script = "cd \"$0\"; if mkdir first 2>&-; then exec \"$@\"; fi; echo late >say; read -r go <late; exec \"$@\"";
        let shell = ["sh", "-c", script].map(OsString::from).into_iter().chain([folder.clone().into()]);
        witnessing.words = shell.chain(witnessing.words).collect();
        std::env::set_current_dir(&folder).unwrap();
    }
    let mut processes = Processes::new(Settings::default()).unwrap().with_witness(witnessing);
    if way.contains("again") {
        // The witness that it has first is killed, with an end that is not recorded and a worker that goes on.
        let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let ended = Launch { receipt: Some(folder.join("ended")), ..launch.clone() };
        processes
            .start(0, &Launch { argv: ["sh", "-c", "exit 9"].map(OsString::from).into(), ..ended })
            .unwrap();
        processes.wait(None).unwrap();
        let worker = processes.start(1, &launch).unwrap();
        let witness = children_but(&worker).into_iter().find(|&pid| name(pid) == "witness\n").unwrap();
        signal(witness, Signal::KILL);
        until_over(witness);
        processes.start(2, &Launch { receipt: Some(folder.join("next")), ..launch.clone() }).unwrap();
        note(&folder, &worker);
        kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
    }
    let worker = processes.start(1, &launch).unwrap();
    note(&folder, &worker);
    if way.contains("end") {
        assert_eq!(processes.wait(None).unwrap().len(), 1);
    }
    let others = children_but(&worker);
    if way.contains("both") {
        others.iter().for_each(|&pid| signal(pid, Signal::KILL));
    }
    if way.contains("late") {
        others.iter().for_each(|&pid| signal(pid, Signal::KILL));
        others.iter().for_each(|&pid| until_over(pid));
        // It can't hand itself over any more.
        let never = Launch { receipt: Some(folder.join("never")), log: folder.join("ran"), ..launch.clone() };
        processes.begin(2, Launch { argv: ["echo", "ran"].map(OsString::from).into(), ..never }).unwrap();
        // Until it is killed.
        processes.wait(None).unwrap();
    }
    kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
}

/// The children of this thread, this one left out.
fn children_but(worker: &Worker) -> Vec<u32> {
    let children = fs::read_to_string("/proc/thread-self/children").unwrap();
    let children = children.split_ascii_whitespace().map(|pid| pid.parse().unwrap());
    children.filter(|&pid| pid != worker.pid).collect()
}

fn note(folder: &Path, worker: &Worker) {
    fs::write(folder.join("worker"), format!("{} {} {}", worker.pid, worker.start, worker.boot)).unwrap();
}

/// Runs as a program of its own: starts one after the other, until it is killed.
#[test]
#[ignore = "the run that starts; started by the test below"]
fn the_run_that_starts() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let witnessing = Witnessing { holds: lock.try_clone().unwrap().into(), ..witnessing() };
    let mut processes = Processes::new(Settings::default()).unwrap().with_witness(witnessing);
    for key in 0..5_000_u64 {
        let script = format!("echo {key} >>ran; exit {}", key % 200);
        let launch = process_support::launch(&folder, vec!["sh".into(), "-c".into(), script.into()]);
        let receipt = Some(folder.join(format!("{key}.receipt")));
        processes.start(key, &Launch { receipt, ..launch }).unwrap();
        while processes.running().count() > 3 {
            // Some ends are written down, and some are not.
            for ended in processes.wait(None).unwrap() {
                if ended.key % 3 > 0 {
                    fs::write(folder.join(format!("{}.recorded", ended.key)), "").unwrap();
                    processes.recorded(ended.key);
                }
            }
        }
    }
}

#[test]
fn whenever_orch_is_killed_there_is_a_receipt_for_all_that_has_run() {
    if !can_be() {
        return;
    }
    for turn in 0..25 {
        let place = Place::new();
        let words = this_test("the_run_that_starts");
        let mut run = Command::new(&words[0]);
        run.args(&words[1..]).env(FOLDER, place.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = run.spawn().unwrap();
        let ran = || fs::read_to_string(place.path("ran")).unwrap_or_default();
        while !place.path("lock").exists() || ran().lines().count() < turn * 6 {
            std::thread::yield_now();
        }
        for _ in 0..turn * 11 {
            std::thread::yield_now();
        }
        run.kill().unwrap();
        run.wait().unwrap();
        wait_for_lock(&place.path(""));
        // Whoever is promised a receipt lives.
        let promised = fs::read_dir(place.path("")).unwrap().flatten().map(|entry| entry.path());
        for path in promised.filter(|path| path.extension().is_some_and(|of| of == "receipt")) {
            assert!(receipt::read(&path).is_some(), "{}", path.display());
        }
        for key in ran().lines().map(|line| line.parse::<i32>().unwrap()) {
            let path = |of: &str| place.path(&format!("{key}.{of}"));
            let said = receipt::read(&path("receipt"));
            let is_recorded = path("recorded").exists();
            assert!(
                said == Some(Exit::Code(key % 200)) || said.is_none() && is_recorded,
                "{key} in turn {turn}"
            );
        }
    }
}

/// A worker whose run has been killed, and its marker.
fn orphaned(place: &Place, script: &str, way: &str) -> (Worker, String) {
    let Launch { marker, .. } = place.script("");
    for (name, text) in [("script", script), ("marker", &marker), ("way", way)] {
        fs::write(place.path(name), text).unwrap();
    }
    let words = this_test("the_run_that_dies");
    let mut run = Command::new(&words[0]);
    run.args(&words[1..]).env(FOLDER, place.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    assert_eq!(run.status().unwrap().signal(), Some(9));
    let word = fs::read_to_string(place.path("worker")).unwrap();
    let mut words = word.split(' ');
    let mut next = || words.next().unwrap().to_owned();
    (Worker { pid: next().parse().unwrap(), start: next().parse().unwrap(), boot: next() }, marker)
}

/// Waits for a word from `go`, then ends.
fn obedient(go: &Place) -> String {
    format!("echo $$ >$SAY; read -r go <'{}'; exit 5", go.path("say").display())
}

fn until_gone(worker: &Worker) {
    while is_alive(worker) {
        std::thread::yield_now();
    }
}

fn tell(go: &Place) {
    fs::write(go.path("say"), "go\n").unwrap();
}

/// Waits until nobody holds the lock of the run that died.
fn wait_for_lock(folder: &Path) {
    File::open(folder.join("lock")).unwrap().lock_shared().unwrap();
}

#[test]
fn an_end_that_orch_did_not_record_is_in_a_receipt_before_the_lock_is_free() {
    let place = Place::new();
    let (worker, _) = orphaned(&place, "exit 5", "end");
    wait_for_lock(&place.path(""));
    assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
    assert!(!is_alive(&worker));
}

#[test]
fn a_worker_that_outlives_orch_leaves_a_receipt_all_the_same() {
    // One of them drops what it could be known by.
    for clean in [false, true] {
        let (mut place, go) = (Place::new(), Place::new());
        let script = match clean {
            false => obedient(&go),
            true => format!("exec env -i SAY=$SAY sh -c \"{}\"", obedient(&go).replace('$', "\\$")),
        };
        let (worker, marker) = orphaned(&place, &script, "");
        place.hear();
        wait_for_lock(&place.path(""));
        assert!(is_alive(&worker));
        let mut processes = processes(false, LONG);
        assert!(!processes.adopt(
            3,
            &Worker { start: worker.start + 1, ..worker.clone() },
            &marker,
            None,
            None
        ));
        assert!(processes.adopt(3, &worker, &marker, Some(place.path("receipt")), None), "{clean}");
        tell(&go);
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 3, exit: Exit::Code(5) }]);
        assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
    }
}

#[test]
fn nobody_has_to_be_there_when_it_ends() {
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, _) = orphaned(&place, &obedient(&go), "");
    place.hear();
    wait_for_lock(&place.path(""));
    tell(&go);
    until_gone(&worker);
    // It may be a moment until it is written, which reading waits for.
    assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
}

#[test]
fn what_a_killed_witness_had_is_in_receipts_when_orch_is_killed_as_well() {
    if !can_be() {
        return;
    }
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, _) = orphaned(&place, &obedient(&go), "again");
    place.hear();
    place.hear();
    wait_for_lock(&place.path(""));
    assert_eq!(receipt::read(&place.path("ended")), Some(Exit::Code(9)));
    let go = File::options().read(true).write(true).open(go.path("say")).unwrap();
    std::io::Write::write_all(&mut &go, b"go\ngo\n").unwrap();
    until_gone(&worker);
    for name in ["receipt", "next"] {
        assert_eq!(receipt::read(&place.path(name)), Some(Exit::Code(5)), "{name}");
    }
}

#[test]
fn when_orch_is_killed_before_its_next_witness_is_there_that_has_all_the_same() {
    if !can_be() {
        return;
    }
    let (mut place, go) = (Place::new(), Place::new());
    assert!(Command::new("mkfifo").arg(place.path("late")).status().unwrap().success());
    for (name, text) in [("script", &*obedient(&go)), ("marker", "late"), ("way", "late")] {
        fs::write(place.path(name), text).unwrap();
    }
    let words = this_test("the_run_that_dies");
    let mut run = Command::new(&words[0]);
    run.args(&words[1..]).env(FOLDER, place.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().unwrap();
    while place.hear() != "late" {}
    run.kill().unwrap();
    run.wait().unwrap();
    fs::write(place.path("late"), "go\n").unwrap();
    wait_for_lock(&place.path(""));
    // It never was what it was to be.
    assert_eq!(receipt::read(&place.path("never")), None);
    assert_eq!(fs::read_to_string(place.path("ran")).unwrap(), "");
    tell(&go);
    assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
}

#[test]
fn a_worker_that_outlives_both_is_found_and_waited_for() {
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, marker) = orphaned(&place, &obedient(&go), "both");
    place.hear();
    assert!(is_alive(&worker));
    let mut processes = processes(false, LONG);
    assert!(processes.adopt(3, &worker, &marker, Some(place.path("receipt")), None));
    tell(&go);
    let ended = wait_for_all(&mut processes);
    // It has no receipt, and its hold says it all the same.
    assert!(!can_be() || ended == [Ended { key: 3, exit: Exit::Code(5) }], "{ended:?}");
}

/// As in a container whose first process collects nobody's dead.
#[test]
#[ignore = "alone in a process space; started by the test below"]
fn the_first_process() {
    assert_eq!(std::process::id(), 1);
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, _) = orphaned(&place, &obedient(&go), "");
    place.hear();
    wait_for_lock(&place.path(""));
    tell(&go);
    until_gone(&worker);
    assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
    assert_eq!(seen(worker.pid), Some(('Z', 1)));
}

#[test]
fn in_a_process_space_of_its_own() {
    let fenced = |words: &[OsString]| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]).args(words);
        command.output()
    };
    if !can_be() || !fenced(&["true".into()]).is_ok_and(|done| done.status.success()) {
        return eprintln!("unshare may not make a process space here");
    }
    let done = fenced(&this_test("the_first_process")).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

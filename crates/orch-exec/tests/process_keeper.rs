//! Workers that a keeper starts, and what becomes of them when it, orch, or both are killed.
#![cfg(target_os = "linux")]

mod process_support;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use orch_exec::process::{
    Ended, Exit, Keeping, Launch, Processes, Settings, StartError, Stdin, Worker, await_receipts, is_alive,
    keep, receipt, survivors,
};
use process_support::{LONG, Place, processes, run, wait_for_all};
use rustix::process::{Pid, Signal, WaitOptions, kill_process};

/// Where the run that dies finds what to do.
const FOLDER: &str = "ORCH_TEST_FOLDER";

/// This program, as a keeper.
#[test]
#[ignore = "the keeper; started by the tests below"]
fn the_keeper() {
    // Whoever runs all that is ignored gives it no socket, and it ends at once.
    let _ = keep();
}

fn this_test(name: &str) -> Vec<OsString> {
    let me = std::env::current_exe().unwrap();
    vec![me.into(), "--exact".into(), name.into(), "--ignored".into()]
}

fn keeping(name: &str) -> Keeping {
    let holds = File::options().write(true).open("/dev/null").unwrap().into();
    Keeping { words: this_test("the_keeper"), name: name.to_owned(), second_after: u64::MAX, holds }
}

fn kept(name: &str) -> Processes {
    processes(true, LONG).with_keeper(keeping(name))
}

/// With a second keeper as soon as the first has a worker.
fn kept_by_two(name: &str) -> Processes {
    processes(true, LONG).with_keeper(Keeping { second_after: 0, ..keeping(name) })
}

/// A script with a receipt of its own, whose worker a keeper has.
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

#[test]
fn ends_are_told_and_dead_processes_kept_until_they_are_recorded() {
    let place = Place::new();
    let mut processes = kept("told");
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
        let (state, parent) = seen(worker.pid).unwrap();
        assert!(state == 'Z' && parent != std::process::id(), "{script}: {state} {parent}");
        processes.recorded(1);
        // It is let go of at the latest when the next has been started.
        processes.start(2, &with_receipt(&place, "exit 0")).unwrap();
        assert_eq!(seen(worker.pid), None, "{script}");
        wait_for_all(&mut processes);
        processes.recorded(2);
        assert_eq!(receipt_of(&launch), None, "{script}");
    }
}

#[test]
fn a_second_keeper_comes_when_the_first_is_busy_and_has_started_many() {
    let place = Place::new();
    let mut processes = processes(true, LONG).with_keeper(Keeping { second_after: 3, ..keeping("second") });
    let start = |processes: &mut Processes, key| {
        let worker = processes.start(key, &with_receipt(&place, "exec sleep 1000")).unwrap();
        seen(worker.pid).unwrap().1
    };
    let first = start(&mut processes, 0);
    assert_eq!([1, 2].map(|key| start(&mut processes, key)), [first; 2]);
    let second = start(&mut processes, 3);
    assert_ne!(second, first);
    // Whoever has fewer gets the next, and there is no third.
    assert_eq!([4, 5, 6].map(|key| start(&mut processes, key)), [second, second, first]);
    for key in [4, 5, 3] {
        processes.kill(key);
        processes.wait(None).unwrap();
        processes.recorded(key);
    }
    assert_eq!(start(&mut processes, 7), second);
    (0..8).for_each(|key| processes.kill(key));
    wait_for_all(&mut processes);
}

#[test]
fn a_worker_gets_what_it_is_given_and_nothing_else() {
    let place = Place::new();
    let mut processes = kept("given");
    fs::write(place.path("prompt"), vec![b'x'; 300 << 10]).unwrap();
    let script =
        "wc -c; pwd; echo err >&2; env | cut -d= -f1 | sort | tr '\\n' ' '; ls /proc/self/fd | wc -l";
    let mut launch = with_receipt(&place, script);
    launch.stdin = Stdin::File(place.path("prompt"));
    launch.env.push(("LONG".into(), "y".repeat(100 << 10).into()));
    // Another one runs meanwhile, whose descriptors are its own.
    processes.start(2, &with_receipt(&place, "sleep 1000")).unwrap();
    assert_eq!(run_kept(&mut processes, &launch), Exit::Code(0));
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

fn run_kept(processes: &mut Processes, launch: &Launch) -> Exit {
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
    let mut processes = kept("why");
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
        assert_eq!(run_kept(&mut processes, &with_receipt(&place, "exit 4")), Exit::Code(4));
    }
}

#[test]
fn a_program_that_goes_away_and_comes_back_is_found_again() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mut processes = kept("programs");
    let program = place.path("program");
    let mut launch = with_receipt(&place, "");
    launch.argv = vec![program.clone().into()];
    let write = |code: u8| {
        fs::write(&program, format!("#!/bin/sh\nexit {code}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    };
    write(3);
    assert_eq!(run_kept(&mut processes, &launch), Exit::Code(3));
    fs::remove_file(&program).unwrap();
    assert!(matches!(processes.start(1, &launch).unwrap_err(), StartError::NotFound { .. }));
    write(4);
    assert_eq!(run_kept(&mut processes, &launch), Exit::Code(4));
}

#[test]
fn three_hundred_at_once_are_each_reported_once() {
    let place = Place::new();
    let mut processes = kept("many");
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
        let mut processes = kept("family");
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
fn a_keeper_hears_no_signal_meant_for_orch() {
    let mut place = Place::new();
    let mut processes = kept("deaf");
    let worker = processes.start(1, &with_receipt(&place, "echo $$ >$SAY; sleep 1000")).unwrap();
    place.hear();
    let (_, keeper) = seen(worker.pid).unwrap();
    assert_eq!(fs::read_to_string(format!("/proc/{keeper}/comm")).unwrap().trim(), "keeper");
    assert_ne!(fs::read_to_string(format!("/proc/{keeper}/stat")).unwrap().split(' ').nth(4), None);
    for told in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::TSTP] {
        signal(keeper, told);
    }
    assert_eq!(seen(worker.pid).map(|(_, parent)| parent), Some(keeper));
    let launch = with_receipt(&place, "exit 5");
    processes.start(2, &launch).unwrap();
    assert_eq!(processes.wait(None).unwrap(), [Ended { key: 2, exit: Exit::Code(5) }]);
    processes.stop(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(143) }]);
}

/// A pipe that whoever opens it to read waits at, until it is [opened](open_both_ways).
fn pipe(place: &Place, name: &str) -> PathBuf {
    let path = place.path(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Lets those through who wait at it, as long as this is kept.
fn open_both_ways(pipe: &Path) -> File {
    File::options().read(true).write(true).open(pipe).unwrap()
}

/// The processes that have this parent, and their states.
fn children_of(parent: u32) -> Vec<(u32, char)> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| seen(pid).filter(|&(_, of)| of == parent).map(|(state, _)| (pid, state))).collect()
}

/// Keeps a keeper from answering anything from here on: there is no room in the pipe for it.
fn gag(keeper: u32, worker: u32) {
    use std::os::unix::fs::OpenOptionsExt;
    let pipes = |pid: u32| -> Vec<(PathBuf, PathBuf)> {
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten().map(|entry| entry.path());
        let linked = fds.filter_map(|fd| fs::read_link(&fd).ok().map(|to| (fd, to)));
        linked.filter(|(_, to)| to.to_string_lossy().starts_with("pipe:")).collect()
    };
    // What its worker has as well came from whoever runs this test.
    let others = pipes(worker);
    let is_its_own = |to: &PathBuf| others.iter().all(|(_, other)| other != to);
    let answers: Vec<_> = pipes(keeper).into_iter().filter(|(_, to)| is_its_own(to)).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let mut pipe = File::options().write(true).custom_flags(flags).open(&answers[0].0).unwrap();
    // Words that say nothing.
    while pipe.write(b"\x01\0\0\0L").is_ok() {}
}

/// A keeper that has begun the first of these and could not say so is killed. Says how each ended.
fn killed_before_it_could_answer(scripts: &[&str], is_begun: impl Fn(&[char]) -> bool) -> Vec<Option<i32>> {
    let mut place = Place::new();
    let mut processes = kept("gagged");
    let first = processes.start(100, &with_receipt(&place, "echo $$ >$SAY; exec sleep 1000")).unwrap();
    place.hear();
    let (_, keeper) = seen(first.pid).unwrap();
    gag(keeper, first.pid);
    let go = pipe(&place, "go");
    for (key, script) in scripts.iter().enumerate() {
        let mut launch = with_receipt(&place, &format!("echo {key} >>ran; {script}"));
        if script.is_empty() {
            launch.cwd = "/nowhere".into();
        }
        assert!(processes.begin(key as u64, &launch).unwrap().is_none());
    }
    let others = || {
        let workers = children_of(keeper).into_iter().filter(|(pid, _)| *pid != first.pid);
        workers.map(|(_, state)| state).collect::<Vec<_>>()
    };
    let has_run = || fs::exists(place.path("ran")).unwrap() || scripts[0].is_empty();
    while !(has_run() && is_begun(&others())) {
        std::thread::yield_now();
    }
    signal(keeper, Signal::KILL);
    // As long as it lives it could still say something when the pipe is read.
    while !children_of(keeper).is_empty() {
        std::thread::yield_now();
    }
    // When one has been started after them it is known what has become of them, and those that live may end.
    processes.start(101, &with_receipt(&place, "exit 0")).unwrap();
    let mut go = open_both_ways(&go);
    go.write_all(b"go\n").unwrap();
    let mut codes = vec![None; scripts.len()];
    while processes.running().count() > 1 {
        for ended in processes.wait(None).unwrap() {
            processes.recorded(ended.key);
            if let (Some(code), Exit::Code(exit)) = (codes.get_mut(ended.key as usize), ended.exit) {
                assert_eq!(code.replace(exit), None);
            }
        }
    }
    processes.kill(100);
    wait_for_all(&mut processes);
    drop(processes);
    let ran = fs::read_to_string(place.path("ran")).unwrap();
    let want = (0..scripts.len()).filter(|&key| !scripts[key].is_empty()).map(|key| format!("{key}\n"));
    assert_eq!(ran, want.collect::<String>(), "each once");
    codes
}

#[test]
#[ignore = "alone in a program of its own: the test below"]
fn the_keeper_is_killed_before_it_could_answer() {
    let dead = |states: &[char]| states == ['Z'];
    let living = |states: &[char]| states.len() == 1 && states != ['Z'];
    let wait = "read -r go <go; exit 6";
    assert_eq!(killed_before_it_could_answer(&["exit 3", "exit 4"], dead), [Some(3), Some(4)]);
    assert_eq!(killed_before_it_could_answer(&[wait, "exit 4"], living), [Some(6), Some(4)]);
    // Nothing is begun while it is not said that one was refused.
    assert_eq!(killed_before_it_could_answer(&["", "exit 4"], |states| states.is_empty()), [None, Some(4)]);
}

/// Whenever it is killed: nothing runs twice, and what is not known to have ended is said not to be known.
fn killed_at_any_moment(mut processes: Processes, killed: impl Fn(u32) -> Vec<u32>) {
    let place = Place::new();
    let mut key = 0;
    for turn in 0..60 {
        let first = processes.start(key, &with_receipt(&place, "exec sleep 1000")).unwrap();
        let (_, keeper) = seen(first.pid).unwrap();
        let from = key + 1;
        for _ in 0..turn % 7 {
            key += 1;
            let launch = with_receipt(&place, &format!("echo {key} >>ran; exit 9"));
            // The first of a keeper is waited for.
            let _ = processes.begin(key, &launch).unwrap();
        }
        for _ in 0..turn * 40 {
            std::thread::yield_now();
        }
        killed(keeper).into_iter().for_each(|keeper| signal(keeper, Signal::KILL));
        processes.kill(from - 1);
        key += 1;
        let (mut ended, mut unclear) = (Vec::new(), Vec::new());
        while processes.running().next().is_some() {
            for end in processes.wait(None).unwrap() {
                processes.recorded(end.key);
                if end.key >= from {
                    assert_eq!(end.exit, Exit::Code(9));
                    ended.push(end.key);
                }
            }
            let told = processes.take_started();
            unclear.extend(told.into_iter().filter(|(_, told)| told.is_err()).map(|(key, _)| key));
        }
        let text = fs::read_to_string(place.path("ran")).unwrap_or_default();
        for of in from..key {
            let times = text.lines().filter(|line| **line == of.to_string()).count();
            let is_ended = ended.iter().filter(|&&key| key == of).count();
            match unclear.contains(&of) {
                false => assert_eq!((times, is_ended), (1, 1), "{of} in turn {turn}"),
                true => assert!(times <= 1 && is_ended == 0, "{of} in turn {turn}"),
            }
        }
    }
}

#[test]
#[ignore = "alone in a program of its own: the test below"]
fn the_keeper_is_killed_at_any_moment() {
    killed_at_any_moment(kept("any moment"), |keeper| vec![keeper]);
}

/// The keepers of this program.
fn keepers() -> Vec<u32> {
    let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let living = children_of(std::process::id()).into_iter().filter(|(_, state)| *state != 'Z');
    living.map(|(pid, _)| pid).filter(|&pid| name(pid) == "keeper\n").collect()
}

#[test]
#[ignore = "alone in a program of its own: the test below"]
fn one_of_two_keepers_is_killed_at_any_moment() {
    killed_at_any_moment(kept_by_two("one of two"), |keeper| vec![keeper]);
}

#[test]
#[ignore = "alone in a program of its own: the test below"]
fn both_keepers_are_killed_at_any_moment() {
    killed_at_any_moment(kept_by_two("both"), |_| keepers());
}

/// Each of two keepers has begun something that is over, and could not say so; or one of them has, and the other had not read
/// yet what it was told.
#[test]
#[ignore = "alone in a program of its own: the test below"]
fn two_keepers_are_killed_before_they_could_answer() {
    for (kills_both, idle) in [(false, None), (true, None), (true, Some(0)), (true, Some(1))] {
        let mut place = Place::new();
        let mut processes = kept_by_two("gagged");
        let sleep = "echo on >$SAY; exec sleep 1000";
        let sleepers = [100, 101].map(|key| {
            let worker = processes.start(key, &with_receipt(&place, sleep)).unwrap();
            place.hear();
            (seen(worker.pid).unwrap().1, worker.pid)
        });
        let [(one, _), (other, _)] = sleepers;
        assert_ne!(one, other);
        if let Some(idle) = idle {
            signal(sleepers[idle].0, Signal::STOP);
        }
        // One that lives on says so later.
        let gagged = if kills_both { &sleepers[..] } else { &sleepers[..1] };
        gagged.iter().for_each(|&(keeper, worker)| gag(keeper, worker));
        for (key, script) in [(0, "exit 3"), (1, "exit 4")] {
            let launch = with_receipt(&place, &format!("echo {key} >>ran; {script}"));
            assert!(processes.begin(key, &launch).unwrap().is_none());
        }
        let busy = sleepers.iter().enumerate().filter(|(at, _)| Some(*at) != idle);
        for (_, &(keeper, _)) in busy {
            while !children_of(keeper).iter().any(|(_, state)| *state == 'Z') {
                std::thread::yield_now();
            }
        }
        signal(one, Signal::KILL);
        let killed = if kills_both { vec![one, other] } else { vec![one] };
        killed[1..].iter().for_each(|&keeper| signal(keeper, Signal::KILL));
        while killed.iter().any(|&keeper| !children_of(keeper).is_empty()) {
            std::thread::yield_now();
        }
        let (mut ended, mut unclear) = (Vec::new(), Vec::new());
        while processes.running().count() > 2 {
            ended.extend(processes.wait(None).unwrap());
            let told = processes.take_started();
            unclear.extend(told.into_iter().filter(|(_, told)| told.is_err()).map(|(key, _)| key));
        }
        ended.sort_by_key(|end| end.key);
        unclear.sort_unstable();
        match kills_both {
            // Two orders, and dead processes that may be of either.
            true => assert_eq!((ended, unclear), (vec![], vec![0, 1])),
            false => {
                let want = [(0, 3), (1, 4)].map(|(key, code)| Ended { key, exit: Exit::Code(code) });
                assert_eq!((&ended[..], unclear), (&want[..], vec![]));
            }
        }
        let ran = fs::read_to_string(place.path("ran")).unwrap();
        let mut ran: Vec<&str> = ran.lines().collect();
        ran.sort_unstable();
        let want: Vec<&str> = [(0, "0"), (1, "1")]
            .map(|(at, key)| (Some(at) != idle).then_some(key))
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(ran, want, "each that was begun once");
        processes.kill(100);
        processes.kill(101);
        wait_for_all(&mut processes);
        drop(processes);
        // What is left of this turn is nobody's in the next one.
        while matches!(rustix::process::wait(WaitOptions::NOHANG), Ok(Some(_))) {}
    }
}

#[test]
#[ignore = "alone in a program of its own: the test below"]
fn the_keeper_is_killed() {
    let (mut place, go) = (Place::new(), Place::new());
    let mut processes = kept("killed");
    let ended = with_receipt(&place, "exit 7");
    assert_eq!(run_kept(&mut processes, &ended), Exit::Code(7));
    let going = with_receipt(&place, &obedient(&go));
    let worker = processes.start(2, &going).unwrap();
    place.hear();
    let (_, keeper) = seen(worker.pid).unwrap();
    signal(keeper, Signal::KILL);
    // Nobody else would leave a receipt for an end that is not recorded.
    let launch = with_receipt(&place, "exit 8");
    let another = processes.start(3, &launch).unwrap();
    assert_eq!(receipt_of(&ended), Some(Exit::Code(7)));
    assert_eq!(seen(worker.pid).map(|(_, parent)| parent), Some(std::process::id()));
    tell(&go);
    let want = [Ended { key: 2, exit: Exit::Code(5) }, Ended { key: 3, exit: Exit::Code(8) }];
    assert_eq!(wait_for_all(&mut processes), want);
    assert_eq!(receipt_of(&going), Some(Exit::Code(5)));
    assert_eq!(seen(worker.pid), Some(('Z', std::process::id())));
    for key in 1..=3 {
        processes.recorded(key);
    }
    assert_eq!(seen(worker.pid), None);
    let last = processes.start(4, &with_receipt(&place, "sleep 1000")).unwrap();
    assert_eq!(seen(another.pid), None);
    let (_, second) = seen(last.pid).unwrap();
    assert!(second != keeper && second != std::process::id(), "{second}");
    // What it was told and did not do any more is done by the next one, each of it once.
    signal(second, Signal::STOP);
    for key in 5..8 {
        let launch = with_receipt(&place, "echo ran >>ran; exit 9");
        assert!(processes.begin(key, &launch).unwrap().is_none());
    }
    signal(second, Signal::KILL);
    processes.kill(4);
    let ended = wait_for_all(&mut processes);
    let want = (5..8).map(|key| Ended { key, exit: Exit::Code(9) });
    assert_eq!(ended[1..], want.collect::<Vec<_>>());
    assert_eq!(fs::read_to_string(place.path("ran")).unwrap(), "ran\n".repeat(3));
    let started: Vec<u64> =
        processes.take_started().into_iter().map(|(key, worker)| worker.map(|_| key).unwrap()).collect();
    assert_eq!(started, [5, 6, 7]);
    // And one that can't be started says so when that is known.
    let mut launch = with_receipt(&place, "");
    launch.cwd = "/nowhere".into();
    assert!(processes.begin(9, &launch).unwrap().is_none());
    assert_eq!(processes.wait(None).unwrap(), []);
    assert!(matches!(processes.take_started()[..], [(9, Err(StartError::Cwd { .. }))]));
    assert_eq!(processes.running().count(), 0);
}

/// As in a container that was begun from a session outside of it: nobody in it has a group or a session that it can see.
#[test]
fn a_keeper_is_killed_in_a_process_space_whose_session_was_begun_outside() {
    let fenced = |words: &[OsString]| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]).args(words);
        command.output()
    };
    if !fenced(&["true".into()]).is_ok_and(|done| done.status.success()) {
        return eprintln!("unshare may not make a process space here");
    }
    for name in ["the_keeper_is_killed", "the_keeper_is_killed_before_it_could_answer"] {
        let done = fenced(&this_test(name)).unwrap();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stdout));
    }
}

/// Dead children of other tests would be taken for what the keeper might have started.
#[test]
fn when_the_keeper_is_killed_orch_goes_on_with_its_workers_and_gets_another() {
    for name in [
        "the_keeper_is_killed",
        "the_keeper_is_killed_before_it_could_answer",
        "the_keeper_is_killed_at_any_moment",
        "one_of_two_keepers_is_killed_at_any_moment",
        "both_keepers_are_killed_at_any_moment",
        "two_keepers_are_killed_before_they_could_answer",
    ] {
        let words = this_test(name);
        let done = Command::new(&words[0]).args(&words[1..]).output().unwrap();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stdout));
    }
}

#[test]
fn what_is_no_keeper_is_done_without() {
    let place = Place::new();
    for words in
        [vec![], vec!["/nowhere".into()], vec!["/bin/true".into()], vec!["/bin/echo".into(), "what?".into()]]
    {
        let keeping = Keeping { words, ..keeping("none") };
        let mut processes = processes(true, LONG).with_keeper(keeping);
        for code in [3, 4] {
            let launch = with_receipt(&place, &format!("exit {code}"));
            assert_eq!(run(&mut processes, &launch), Exit::Code(code));
            assert_eq!(receipt_of(&launch), Some(Exit::Code(code)), "the shell's");
            processes.recorded(1);
        }
    }
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
    let keeping = Keeping { holds: lock.try_clone().unwrap().into(), ..keeping(&launch.marker) };
    let mut processes = Processes::new(Settings::default()).unwrap().with_keeper(keeping);
    let worker = processes.start(1, &launch).unwrap();
    let parent = seen(worker.pid).unwrap().1;
    fs::write(folder.join("worker"), format!("{} {} {} {parent}", worker.pid, worker.start, worker.boot))
        .unwrap();
    let way = read("way");
    if way.contains("end") {
        assert_eq!(processes.wait(None).unwrap().len(), 1);
    }
    if way.contains("both") {
        signal(parent, Signal::KILL);
    }
    kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
}

/// Runs as a program of its own: has much started, and dies before any of it is known.
#[test]
#[ignore = "the run that dies; started by the test below"]
fn the_run_that_dies_early() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let second_after = if fs::exists(folder.join("two")).unwrap() { 0 } else { u64::MAX };
    let keeping = Keeping { second_after, holds: lock.try_clone().unwrap().into(), ..keeping("early") };
    let mut processes = Processes::new(Settings::default()).unwrap().with_keeper(keeping);
    let mut keepers = File::create(folder.join("keepers")).unwrap();
    for key in 0..30_u64 {
        let script = format!("echo {key} >>ran; exit {key}");
        let launch = process_support::launch(&folder, vec!["sh".into(), "-c".into(), script.into()]);
        let stdin = if key == 2 { Stdin::File(folder.join("slow")) } else { Stdin::Null };
        let receipt = Some(folder.join(format!("{key}.receipt")));
        let launch = Launch { stdin, receipt, ..launch };
        // The first of each keeper is waited for.
        if let Some(worker) = processes.begin(key, &launch).unwrap() {
            writeln!(keepers, "{}", seen(worker.pid).unwrap().1).unwrap();
        }
    }
    kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
}

#[test]
fn what_orch_had_asked_for_is_started_and_in_a_receipt_before_its_lock_is_free() {
    for are_two in [false, true] {
        let place = Place::new();
        let slow = pipe(&place, "slow");
        if are_two {
            fs::write(place.path("two"), "").unwrap();
        }
        let words = this_test("the_run_that_dies_early");
        let mut run = Command::new(&words[0]);
        run.args(&words[1..]).env(FOLDER, place.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        assert_eq!(run.status().unwrap().signal(), Some(9));
        let receipt = |key: u64| receipt::read(&place.path(&format!("{key}.receipt")));
        let keepers = fs::read_to_string(place.path("keepers")).unwrap();
        let keepers: Vec<u32> = keepers.lines().map(|pid| pid.parse().unwrap()).collect();
        assert_eq!(keepers.len(), if are_two { 2 } else { 1 });
        // One is still being started, whatever has become of the others.
        assert!(File::open(place.path("lock")).unwrap().try_lock_shared().is_err());
        let _open = open_both_ways(&slow);
        wait_for_lock(&place.path(""));
        assert!(await_receipts("early"));
        for keeper in keepers {
            while seen(keeper).is_some_and(|(state, _)| state != 'Z') {
                std::thread::yield_now();
            }
        }
        for key in 0..30 {
            assert_eq!(receipt(key), Some(Exit::Code(key as i32)), "{key}");
        }
        assert_eq!(fs::read_to_string(place.path("ran")).unwrap().lines().count(), 30, "each once");
    }
}

/// A worker whose run has been killed, its marker, and the number of its keeper.
fn orphaned(place: &Place, script: &str, way: &str) -> (Worker, String, u32) {
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
    let (pid, start, boot) = (next().parse().unwrap(), next().parse().unwrap(), next());
    (Worker { pid, start, boot }, marker, next().parse().unwrap())
}

/// Waits for a word from `go`, then ends.
fn obedient(go: &Place) -> String {
    format!("echo $$ >$SAY; read -r go <'{}'; exit 5", go.path("say").display())
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
    let (worker, marker, keeper) = orphaned(&place, "exit 5", "end");
    wait_for_lock(&place.path(""));
    assert_eq!(receipt::read(&place.path("receipt")), Some(Exit::Code(5)));
    assert!(!is_alive(&worker) && await_receipts(&marker));
    while seen(keeper).is_some_and(|(state, _)| state != 'Z') {
        std::thread::yield_now();
    }
    assert_eq!(seen(worker.pid), None, "a keeper goes when it has nothing more to keep");
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
        let (worker, marker, keeper) = orphaned(&place, &script, "");
        place.hear();
        wait_for_lock(&place.path(""));
        assert!(is_alive(&worker) && await_receipts(&marker));
        assert_eq!(seen(worker.pid).map(|(_, parent)| parent), Some(keeper));
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
fn a_worker_that_outlives_both_is_found_and_waited_for() {
    let (mut place, go) = (Place::new(), Place::new());
    let (worker, marker, _) = orphaned(&place, &obedient(&go), "both");
    place.hear();
    assert!(is_alive(&worker) && await_receipts(&marker));
    let mut processes = processes(false, LONG);
    assert!(processes.adopt(3, &worker, &marker, Some(place.path("receipt")), None));
    tell(&go);
    // Nobody was there to see it, unless orphans come to this program since another test has asked for them.
    let ended = wait_for_all(&mut processes);
    assert!(matches!(ended[..], [Ended { key: 3, exit: Exit::Unknown | Exit::Code(5) }]), "{ended:?}");
    assert_eq!(receipt::read(&place.path("receipt")), None);
}

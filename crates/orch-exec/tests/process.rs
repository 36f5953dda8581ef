//! Starting, watching and stopping real programs.

mod process_support;

use std::collections::BTreeSet;
use std::fs;
#[cfg(target_os = "linux")]
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use orch_exec::process::{Ended, Exit, Launch, StartError, Stdin, receipt, survivors};
use process_support::{LONG, Place, launch, processes, run, wait_for_all};

#[test]
fn they_may_be_handed_to_another_thread() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    processes.start(1, &place.script("exit 3")).unwrap();
    let elsewhere = std::thread::spawn(move || wait_for_all(&mut processes));
    assert_eq!(elsewhere.join().unwrap(), [Ended { key: 1, exit: Exit::Code(3) }]);
}

#[test]
fn exits_are_reported_as_they_were() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    let table = [
        ("exit 0", Exit::Code(0)),
        ("exit 3", Exit::Code(3)),
        ("exit 255", Exit::Code(255)),
        ("exit 143", Exit::Code(143)),
        ("kill -TERM $$", Exit::Signal(15)),
        ("kill -KILL $$", Exit::Signal(9)),
        ("kill -USR1 $$", Exit::Signal(10)),
    ];
    for (script, want) in table {
        assert_eq!(run(&mut processes, &place.script(script)), want, "{script}");
    }
}

#[test]
fn three_hundred_at_once_are_each_reported_once() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    for key in 0..300 {
        processes.start(key, &place.script(&format!("exit {}", key % 200))).unwrap();
    }
    assert_eq!(processes.running().count(), 300);
    let ended = wait_for_all(&mut processes);
    let want = (0..300).map(|key| Ended { key, exit: Exit::Code((key % 200) as i32) });
    assert_eq!(ended, want.collect::<Vec<_>>());
    assert_eq!(processes.wait(Some(Duration::ZERO)).unwrap(), []);
}

#[test]
fn input_is_nothing_or_a_file_of_any_length() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    let mut launch = place.script("wc -c");
    assert_eq!(run(&mut processes, &launch), Exit::Code(0));
    assert_eq!(place.log().trim(), "0");

    fs::write(place.path("prompt"), vec![b'x'; 300 << 10]).unwrap();
    launch.stdin = Stdin::File(place.path("prompt"));
    launch.log = place.path("second");
    assert_eq!(run(&mut processes, &launch), Exit::Code(0));
    assert_eq!(fs::read_to_string(place.path("second")).unwrap().trim(), "307200");
    // The same with the shell of a receipt in front.
    launch.receipt = Some(place.path("receipt"));
    launch.log = place.path("third");
    assert_eq!(run(&mut processes, &launch), Exit::Code(0));
    assert_eq!(fs::read_to_string(place.path("third")).unwrap().trim(), "307200");
}

#[test]
fn both_streams_are_appended_to_a_private_log() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    run(&mut processes, &place.script("echo out; echo err >&2"));
    run(&mut processes, &place.script("echo more"));
    assert_eq!(place.log(), "out\nerr\nmore\n");
    assert_eq!(fs::metadata(place.path("log")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_environment_is_what_was_given_and_the_marker() {
    let place = Place::new();
    let mut launch = place.script("");
    launch.argv = vec!["env".into()];
    launch.env = vec![("PATH".into(), "/usr/bin:/bin".into()), ("A".into(), "1 2".into())];
    launch.marker = "plan/7#1".into();
    run(&mut processes(true, LONG), &launch);
    let log = place.log();
    let got: BTreeSet<&str> = log.lines().collect();
    assert_eq!(got, BTreeSet::from(["A=1 2", "ORCH_ATTEMPT=plan/7#1", "PATH=/usr/bin:/bin"]));
}

#[test]
#[cfg(target_os = "linux")]
fn descriptors_of_other_workers_are_not_inherited() {
    let mut place = Place::new();
    let mut processes = processes(true, LONG);
    for key in 10..13 {
        processes.start(key, &place.script("echo on >$SAY; exec sleep 1000")).unwrap();
        place.hear();
    }
    let mut launch = place.script("ls -l /proc/self/fd");
    launch.log = place.path("fds");
    processes.start(1, &launch).unwrap();
    let ended = processes.wait(None).unwrap();
    assert_eq!(ended, [Ended { key: 1, exit: Exit::Code(0) }]);
    let fds = fs::read_to_string(place.path("fds")).unwrap();
    assert!(fds.contains("/dev/null") && !fds.contains("pidfd") && !fds.contains("/log"), "{fds}");
    (10..13).for_each(|key| processes.kill(key));
    wait_for_all(&mut processes);
}

#[test]
fn programs_are_found_in_the_given_path_alone() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    let program = |path: &Path, says: &str, mode| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\necho {says}\n")).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    program(&place.path("here"), "wrong", 0o755);
    program(&place.path("barred/here"), "wrong", 0o644);
    fs::create_dir_all(place.path("folder/here")).unwrap();
    program(&place.path("good/here"), "right", 0o755);
    let mut launch = launch(&place.path(""), vec!["here".into()]);
    let folders = ["", ".", "folder", "barred", "good"].map(|name| match name {
        "" | "." => name.into(),
        name => place.path(name),
    });
    launch.env = vec![("PATH".into(), std::env::join_paths(folders).unwrap())];
    run(&mut processes, &launch);
    // With a slash: relative to the folder it runs in.
    launch.argv = vec!["good/here".into()];
    run(&mut processes, &launch);
    assert_eq!(place.log(), "right\nright\n");
}

#[test]
fn what_cannot_start_says_why() {
    let place = Place::new();
    let path = |name: &str| place.path(name);
    fs::write(path("plain"), "text").unwrap();
    fs::write(path("script"), "#! /no/such/shell -x\n").unwrap();
    fs::set_permissions(path("script"), PermissionsExt::from_mode(0o755)).unwrap();
    symlink(path("elsewhere"), path("link")).unwrap();

    type Change<'a> = &'a dyn Fn(&mut Launch);
    type Check = fn(&StartError) -> bool;
    let argv0 = |program: &Path| {
        let program = program.to_owned().into_os_string();
        move |launch: &mut Launch| launch.argv = vec![program.clone()]
    };
    let table: [(Change, Check); 13] = [
        (&|l| l.argv.clear(), |e| matches!(e, StartError::NoProgram)),
        (&argv0("".as_ref()), |e| matches!(e, StartError::NoProgram)),
        (&argv0("no-such".as_ref()), |e| matches!(e, StartError::NotFound { .. })),
        (&argv0("/no/such".as_ref()), |e| matches!(e, StartError::NotFound { .. })),
        (&argv0("./plain".as_ref()), |e| matches!(e, StartError::NotExecutable { .. })),
        (&argv0("/".as_ref()), |e| matches!(e, StartError::NotFound { .. })),
        (
            &argv0(&path("script")),
            |e| matches!(e, StartError::NoInterpreter { interpreter, .. } if interpreter == Path::new("/no/such/shell")),
        ),
        (&|l| l.env.clear(), |e| matches!(e, StartError::NotFound { .. })),
        (&|l| l.cwd = path("nowhere"), |e| matches!(e, StartError::Cwd { .. })),
        (&|l| l.cwd = path("plain"), |e| matches!(e, StartError::Cwd { .. })),
        (&|l| l.log = path("link"), |e| matches!(e, StartError::Log { .. })),
        (&|l| l.stdin = Stdin::File(path("none")), |e| matches!(e, StartError::Stdin { .. })),
        (&|l| l.argv.push("nul\0".into()), |e| matches!(e, StartError::Os { .. })),
    ];
    let mut processes = processes(true, LONG);
    for (number, (change, check)) in table.into_iter().enumerate() {
        for receipt in [None, Some(path("receipt"))] {
            let mut launch = Launch { receipt, ..place.script("exit 0") };
            change(&mut launch);
            let error = processes.start(1, &launch).unwrap_err();
            assert!(check(&error), "{number}: {error:?}");
            assert!(!error.is_transient(), "{error}");
        }
    }
    let mut long = place.script("exit 0");
    long.argv.push("x".repeat(200 << 10).into());
    assert!(matches!(processes.start(1, &long), Err(StartError::TooLong { .. })));
    assert_eq!(processes.running().count(), 0);
    assert!(!path("elsewhere").exists() && !path("receipt").exists());
}

#[test]
fn one_worker_for_a_key() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    processes.start(1, &place.script("exec sleep 1000")).unwrap();
    let again = processes.start(1, &place.script("exit 0"));
    assert!(matches!(again, Err(StartError::KeyInUse { key: 1 })));
    processes.kill(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Signal(9) }]);
    assert_eq!(run(&mut processes, &place.script("exit 6")), Exit::Code(6));
}

#[test]
fn a_receipt_says_what_was_seen() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    let path = place.path("it's a \"receipt\" $(touch injected)");
    for (script, code) in [("exit 0", 0), ("exit 77", 77), ("kill -KILL $$", 137), ("exit 255", 255)] {
        fs::write(&path, "1\n").unwrap();
        let launch = Launch { receipt: Some(path.clone()), ..place.script(script) };
        assert_eq!(run(&mut processes, &launch), Exit::Code(code), "{script}");
        assert_eq!(receipt::read(&path), Some(Exit::Code(code)), "{script}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!place.path("injected").exists());
}

#[test]
fn an_old_receipt_does_not_speak_for_a_new_worker() {
    let mut place = Place::new();
    let mut processes = processes(true, LONG);
    let path = place.path("receipt");
    fs::write(&path, "0\n").unwrap();
    let script = place.script("echo on >$SAY; exec sleep 1000");
    processes.start(1, &Launch { receipt: Some(path.clone()), ..script }).unwrap();
    place.hear();
    assert_eq!(receipt::read(&path), None);
    // Killed with its shell: nobody is left to write one.
    processes.kill(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Signal(9) }]);
    assert_eq!(receipt::read(&path), None);
}

#[test]
fn a_stopped_worker_still_leaves_its_receipt() {
    let mut place = Place::new();
    let mut processes = processes(true, LONG);
    let path = place.path("receipt");
    let polite = "trap 'exit 9' TERM; echo on >$SAY; while :; do sleep 1000; done";
    for (script, code) in [(polite, 9), ("echo on >$SAY; exec sleep 1000", 143)] {
        let launch = Launch { receipt: Some(path.clone()), ..place.script(script) };
        processes.start(1, &launch).unwrap();
        place.hear();
        processes.stop(1);
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(code) }]);
        assert_eq!(receipt::read(&path), Some(Exit::Code(code)));
    }
}

#[test]
fn the_waker_ends_a_wait_once() {
    let mut processes = processes(true, LONG);
    let waker = processes.waker();
    let other = waker.clone();
    let thread = std::thread::spawn(move || other.wake());
    assert_eq!(processes.wait(None).unwrap(), []);
    thread.join().unwrap();
    // Calls between two waits add up to one, however many.
    (0..100_000).for_each(|_| waker.wake());
    assert_eq!(processes.wait(None).unwrap(), []);
    let place = Place::new();
    processes.start(1, &place.script("exit 2")).unwrap();
    assert_eq!(processes.wait(None).unwrap(), [Ended { key: 1, exit: Exit::Code(2) }]);
    drop(processes);
    waker.wake();
}

#[test]
fn no_time_to_wait_is_not_waited() {
    let place = Place::new();
    let mut processes = processes(true, LONG);
    processes.start(1, &place.script("exec sleep 1000")).unwrap();
    assert_eq!(processes.wait(Some(Duration::ZERO)).unwrap(), []);
    assert_eq!(processes.wait(Some(Duration::from_millis(1))).unwrap(), []);
    processes.kill(1);
    wait_for_all(&mut processes);
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_log_is_capped_and_keeps_both_ends() {
    let place = Place::new();
    use orch_exec::process::{Processes, Settings, log};

    let settings = Settings { log_cap: 1 << 20, ..Settings::default() };
    let mut processes = Processes::new(settings).unwrap();
    let script = "echo begin; yes 0123456789abcde | head -c 67108864; echo the end";
    assert_eq!(run(&mut processes, &place.script(script)), Exit::Code(0));
    let path = place.path("log");
    let found = fs::metadata(&path).unwrap();
    assert_eq!(found.len(), (64 << 20) + 14);
    assert!(found.blocks() * 512 <= (1 << 20) + (64 << 10), "{} blocks", found.blocks());
    assert!(log::head(&path, 100).unwrap().starts_with(b"begin\n0123456789abcde\n"));
    assert!(log::tail(&path, 100).unwrap().ends_with(b"0123456789abcde\nthe end\n"));
    let all = log::head(&path, usize::MAX).unwrap();
    let text = String::from_utf8(all).unwrap();
    assert_eq!(text.matches("bytes of output dropped]").count(), 1);
}

/// Says its number, then stays. `$$` is the number of the program after `exec`, too.
const STAY: &str = r#"stay='echo $$ >$SAY; exec sleep 1000'; "#;

fn assert_nothing_left(markers: &[&str], pids: &[u32]) {
    assert_eq!(survivors(markers), []);
    for pid in pids {
        // Not even as a zombie of ours. Their numbers may be others' by now. Without `/proc` nothing is seen here.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let ours = format!(") Z {} ", std::process::id());
        assert!(!stat.contains(&ours), "{stat}");
    }
}

#[test]
fn stop_reaches_whatever_a_worker_started() {
    let family = [
        r#"sh -c "$stay" &"#,
        r#"setsid sh -c "$stay" &"#,
        r#"(setsid sh -c "sh -c '$stay' & exit" &)"#,
        r#"env -i SAY=$SAY PATH=$PATH sh -c "$stay" &"#,
        r#"env -i SAY=$SAY PATH=$PATH setsid sh -c "$stay" &"#,
    ]
    .join("\n");
    let deaf = r#"(trap '' TERM; sh -c "$stay") & (trap '' TERM; setsid sh -c "$stay") &"#;
    // Who is deaf takes its worker to the end of the grace, and how far that came by then is a matter of luck.
    for (also, count, receipt, grace, want) in [
        ("", 5, false, LONG, Exit::Signal(15)),
        ("", 5, true, LONG, Exit::Code(143)),
        (deaf, 7, false, Duration::from_millis(100), Exit::Signal(15)),
    ] {
        let mut place = Place::new();
        let mut processes = processes(true, grace);
        let mut launch = place.script(&format!("{STAY}\n{family}\n{also}\nwait; wait"));
        launch.receipt = receipt.then(|| place.path("receipt"));
        processes.start(1, &launch).unwrap();
        let pids: Vec<u32> = (0..count).map(|_| place.hear().parse().unwrap()).collect();
        processes.stop(1);
        processes.stop(1);
        let ended = wait_for_all(&mut processes);
        assert_eq!(ended, [Ended { key: 1, exit: want }]);
        assert_nothing_left(&[&launch.marker], &pids);
    }
}

#[test]
fn many_are_stopped_together() {
    let mut place = Place::new();
    let mut processes = processes(true, Duration::from_millis(100));
    let script = [STAY, r#"(trap '' TERM; setsid sh -c "$stay") & sh -c "$stay" & wait"#].concat();
    let mut markers = Vec::new();
    for key in 0..40 {
        let launch = place.script(&script);
        processes.start(key, &launch).unwrap();
        markers.push(launch.marker);
    }
    let pids: Vec<u32> = (0..80).map(|_| place.hear().parse().unwrap()).collect();
    (0..40).for_each(|key| processes.stop(key));
    let ended = wait_for_all(&mut processes);
    let want = (0..40).map(|key| Ended { key, exit: Exit::Signal(15) });
    assert_eq!(ended, want.collect::<Vec<_>>());
    assert_nothing_left(&markers.iter().map(String::as_str).collect::<Vec<_>>(), &pids);
}

#[test]
fn a_deaf_worker_is_killed_after_the_grace_and_a_polite_one_is_not() {
    let mut place = Place::new();
    let deaf = "trap '' TERM; echo on >$SAY; while :; do sleep 1000; done";
    let polite = "trap 'exit 7' TERM; echo on >$SAY; while :; do sleep 1000; done";
    let frozen = "trap 'exit 8' TERM; echo on >$SAY; kill -STOP $$; exit 1";
    for (script, grace, want) in [
        (deaf, Duration::from_millis(50), Exit::Signal(9)),
        (deaf, Duration::ZERO, Exit::Signal(9)),
        (polite, LONG, Exit::Code(7)),
        (frozen, Duration::MAX, Exit::Code(8)),
    ] {
        let mut processes = processes(true, grace);
        processes.start(1, &place.script(script)).unwrap();
        place.hear();
        processes.stop(1);
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: want }], "{script}");
    }
}

#[test]
fn kill_cuts_a_grace_short() {
    let mut place = Place::new();
    let mut processes = processes(true, LONG);
    let deaf = "trap '' TERM; echo on >$SAY; while :; do sleep 1000; done";
    processes.start(1, &place.script(deaf)).unwrap();
    place.hear();
    processes.stop(1);
    assert_eq!(processes.wait(Some(Duration::from_millis(1))).unwrap(), []);
    processes.kill(1);
    assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Signal(9) }]);
    processes.stop(1);
    processes.kill(99);
    assert_eq!(processes.wait(Some(Duration::ZERO)).unwrap(), []);
}

#[test]
fn what_a_worker_leaves_behind_is_ended_before_it_is_reported() {
    // In the group; in a session of its own; deaf; and all of them keep the log open.
    let in_group = r#"sh -c "$stay" & read -r go <$GO; exit 4"#;
    let in_session = r#"setsid sh -c "$stay" & read -r go <$GO; exit 4"#;
    let deaf = r#"(trap '' TERM; setsid sh -c "$stay") & read -r go <$GO; exit 4"#;
    let adopts = cfg!(target_os = "linux");
    let table = [(in_group, false), (in_group, true), (in_session, adopts), (deaf, adopts)];
    for (rest, adopt_orphans) in table {
        let (mut place, go) = (Place::new(), Place::new());
        let mut processes = processes(adopt_orphans, Duration::from_millis(50));
        let mut launch = place.script(&[STAY, rest].concat());
        launch.env.push(("GO".into(), go.path("say").into()));
        processes.start(1, &launch).unwrap();
        let pid = place.hear().parse().unwrap();
        fs::write(go.path("say"), "go\n").unwrap();
        assert_eq!(wait_for_all(&mut processes), [Ended { key: 1, exit: Exit::Code(4) }]);
        assert_nothing_left(&[&launch.marker], &[pid]);
    }
}

#[test]
fn children_of_others_are_left_alone() {
    let mut place = Place::new();
    let mut processes = processes(true, LONG);
    // One alive throughout, one that has ended and is yet to be collected.
    let mut alive = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let mut dead = std::process::Command::new("sh").args(["-c", "exit 12"]).spawn().unwrap();
    processes.start(1, &place.script("exit 0")).unwrap();
    wait_for_all(&mut processes);
    processes.start(2, &place.script("echo on >$SAY; exec sleep 1000")).unwrap();
    place.hear();
    processes.stop(2);
    wait_for_all(&mut processes);
    assert_eq!(dead.wait().unwrap().code(), Some(12));
    assert!(alive.try_wait().unwrap().is_none());
    alive.kill().unwrap();
    alive.wait().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn processes_are_found_by_the_folder_they_work_in() {
    use orch_exec::process::{processes_in, program_runs_in};

    let mut place = Place::new();
    fs::create_dir_all(place.path("tree/inner folder")).unwrap();
    fs::create_dir(place.path("tree-2")).unwrap();
    symlink(place.path("tree"), place.path("link")).unwrap();
    let mut processes = processes(true, LONG);
    let mut pids = Vec::new();
    for (key, folder) in [(0, "tree"), (1, "link/inner folder"), (2, "tree-2")] {
        // It stays the shell that spoke: of another program after it nobody could say when it is there.
        let mut launch = place.script("echo on >$SAY; kill -STOP $$");
        launch.cwd = place.path(folder);
        pids.push(processes.start(key, &launch).unwrap().pid);
        place.hear();
    }
    for (folder, mut want) in [
        ("tree", vec![pids[0], pids[1]]),
        ("link", vec![pids[0], pids[1]]),
        ("tree/inner folder", vec![pids[1]]),
        ("tree-2", vec![pids[2]]),
        ("", pids.clone()),
        ("absent", vec![]),
    ] {
        want.sort_unstable();
        assert_eq!(processes_in(&place.path(folder)), want, "{folder}");
    }
    assert!(!processes_in(Path::new("/")).contains(&std::process::id()));
    for (folder, program, runs) in
        [("tree", "sh", true), ("tree", "s", false), ("tree", "git", false), ("absent", "sh", false)]
    {
        assert_eq!(program_runs_in(&place.path(folder), program), Some(runs), "{folder} {program}");
    }
    (0..3).for_each(|key| processes.kill(key));
    wait_for_all(&mut processes);
}

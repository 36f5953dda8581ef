//! The lock between real processes: this test program starts itself again as the one who wants the lock.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use orch_core::Time;
use orch_store::{Holder, Lock, LockError};

const PATH: &str = "ORCH_TEST_LOCK";

fn myself() -> Holder {
    let command = "orch run \"PLAN\".md".to_owned();
    Holder { pid: std::process::id(), start: "1:2".into(), since: Time::from_millis(3), command }
}

/// Not a test of its own: waits for a line, tries for the lock, says what came of it, holds it until its input ends.
#[test]
fn as_a_contender() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    let mut input = std::io::stdin().lock();
    input.read_line(&mut String::new()).unwrap();
    let tried = Lock::acquire(&path, &myself());
    let said = match &tried {
        Ok(_) => "won".to_owned(),
        Err(LockError::Held(Some(holder))) => format!("lost to {}", holder.pid),
        Err(error) => format!("failed: {error}"),
    };
    // The harness writes to the same line of output: a line of our own, with a mark.
    println!("\n@{said}");
    input.read_to_end(&mut Vec::new()).unwrap();
}

struct Contender {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Contender {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "as_a_contender", "--nocapture", "--test-threads=1"])
            .env(PATH, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn go(&mut self) {
        self.input.write_all(b"go\n").unwrap();
    }

    fn said(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it ended without a word");
            if let Some(said) = line.trim_end().strip_prefix('@') {
                return said.to_owned();
            }
        }
    }

    fn end(self) {
        let Self { mut child, input, mut output } = self;
        drop(input);
        output.read_to_end(&mut Vec::new()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn of_fifty_at_once_one_wins_and_the_others_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let mut all: Vec<_> = (0..50).map(|_| Contender::start(&path)).collect();
    all.iter_mut().for_each(Contender::go);
    let said: Vec<_> = all.iter_mut().map(Contender::said).collect();
    let winners: Vec<_> = all.iter().zip(&said).filter(|(_, said)| *said == "won").collect();
    let [(winner, _)] = winners[..] else { panic!("{said:?}") };
    let lost = format!("lost to {}", winner.child.id());
    assert!(said.iter().all(|said| *said == "won" || *said == lost), "{said:?}");
    assert_eq!(Lock::holder(&path).unwrap().pid, winner.child.id());
    all.into_iter().for_each(Contender::end);
    assert_eq!(Lock::holder(&path), None);
    assert!(path.exists(), "the file stays");
}

#[test]
fn a_killed_holder_is_in_nobody_s_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let mut holder = Contender::start(&path);
    holder.go();
    assert_eq!(holder.said(), "won");
    assert!(
        matches!(Lock::acquire(&path, &myself()), Err(LockError::Held(Some(who))) if who.pid == holder.child.id())
    );
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    assert_eq!(Lock::holder(&path), None, "what it signed is still there, but it holds nothing");
    let lock = Lock::acquire(&path, &myself()).unwrap();
    assert_eq!(Lock::holder(&path), Some(myself()));
    drop(lock);
}

#[test]
fn a_child_does_not_inherit_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let lock = Lock::acquire(&path, &myself()).unwrap();
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // Not even when it is let go of without a word, as when the holder is killed.
    let copies = std::fs::read_dir(format!("/proc/{}/fd", child.id())).map(|open| {
        open.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok())
            .filter(|file| *file == path)
            .count()
    });
    assert!(copies.is_err() || copies.is_ok_and(|copies| copies == 0));
    drop(lock);
    Lock::acquire(&path, &myself()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn readers_do_not_keep_anybody_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    assert_eq!(Lock::holder(&path), None);
    assert!(!path.exists(), "looking makes nothing");
    drop(Lock::acquire(&path, &myself()).unwrap());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    while !done.load(Ordering::Acquire) {
                        let seen = Lock::holder(&path);
                        assert!(seen.is_none_or(|holder| holder == myself()));
                    }
                })
            })
            .collect();
        let starts: Result<Vec<()>, _> =
            (0..200).map(|_| Lock::acquire(&path, &myself()).map(drop)).collect();
        done.store(true, Ordering::Release);
        for reader in readers {
            reader.join().unwrap();
        }
        starts.unwrap();
    });
}

#[test]
fn a_strange_record_or_none_is_held_by_nobody_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    for record in [&b""[..], b"\xff\xfe", b"{}", &[b'['; 100_000]] {
        let file = std::fs::File::create(&path).unwrap();
        (&file).write_all(record).unwrap();
        file.lock().unwrap();
        assert!(matches!(Lock::acquire(&path, &myself()), Err(LockError::Held(None))));
        assert_eq!(Lock::holder(&path), None);
    }
}

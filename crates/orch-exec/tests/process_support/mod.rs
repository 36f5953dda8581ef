//! What the process tests share: a folder, launches of `/bin/sh`, and a way to hear that a script got somewhere.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orch_exec::process::{Ended, Exit, Launch, Processes, Settings, Stdin};

pub(crate) struct Place {
    folder: tempfile::TempDir,
    heard: BufReader<File>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("say");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        // Open for both, so that neither side waits for the other.
        let heard = OpenOptions::new().read(true).write(true).open(fifo).unwrap();
        Self { folder, heard: BufReader::new(heard) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap()
    }

    /// Waits for a script to `echo something >$SAY`.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.heard.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// A shell script in this place, with a marker that no other launch has.
    pub(crate) fn script(&self, script: &str) -> Launch {
        let argv = vec!["sh".into(), "-c".into(), script.into()];
        launch(self.folder.path(), argv)
    }
}

pub(crate) fn launch(folder: &Path, argv: Vec<std::ffi::OsString>) -> Launch {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Launch {
        argv,
        cwd: folder.into(),
        env: vec![
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ("SAY".into(), folder.join("say").into()),
        ],
        stdin: Stdin::Null,
        log: folder.join("log"),
        receipt: None,
        marker: format!("test-{}-{number}", std::process::id()),
    }
}

pub(crate) fn processes(adopt_orphans: bool, grace: Duration) -> Processes {
    Processes::new(Settings { adopt_orphans, grace, log_cap: 0 }).unwrap()
}

/// A grace that no test is meant to see the end of.
pub(crate) const LONG: Duration = Duration::from_secs(600);

pub(crate) fn wait_for_all(processes: &mut Processes) -> Vec<Ended> {
    let mut all = Vec::new();
    while processes.running().next().is_some() {
        all.extend(processes.wait(None).unwrap());
    }
    all.sort_by_key(|ended| ended.key);
    all
}

pub(crate) fn run(processes: &mut Processes, launch: &Launch) -> Exit {
    processes.start(1, launch).unwrap();
    let ended = wait_for_all(processes);
    assert_eq!((ended.len(), ended[0].key), (1, 1));
    ended[0].exit
}

/// Whether there can be a witness here, and it is known how somebody else's child has ended: Linux 6.15.
pub(crate) fn can_be() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    let can_be = (numbers.next(), numbers.next()) >= (Some(6), Some(15));
    if !can_be {
        eprintln!("no witness on Linux {release}");
    }
    can_be
}

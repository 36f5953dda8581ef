//! Disks that are full or may not be written, and readers that went away.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Ended, Live, Project, prompt};

/// A small file system of its own, where this machine lets a test have one.
struct Disk {
    project: Project,
}

impl Disk {
    /// One with room for `kib` KiB, with a plan of two prompts in the folder `disk`; none where it can't be had.
    fn of(kib: u32) -> Option<Self> {
        let project = Project::empty();
        fs::create_dir(project.path("disk")).unwrap();
        let disk = Self { project };
        if !disk.mount(&format!("size={kib}k")) {
            println!("skipped: no file system can be mounted here");
            return None;
        }
        disk.project.write("disk/PROMPT-ORCHESTRATOR.md", "## Prompts\n- PROMPT-01-a.md\n- PROMPT-02-b.md\n");
        disk.project.write("disk/PROMPT-01-a.md", prompt("echo a >> ../ran"));
        disk.project.write("disk/PROMPT-02-b.md", prompt("echo b >> ../ran"));
        Some(disk)
    }

    fn path(&self) -> std::path::PathBuf {
        self.project.path("disk")
    }

    fn mount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success())
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        let done = mount.args(["-o", &format!("remount,{options}")]).arg(self.path()).status().unwrap();
        assert!(done.success());
    }

    /// Fills all the room that is left but for `kib` KiB.
    fn fill(&self, kib: usize) {
        let ballast = self.path().join("ballast");
        let mut file = File::create(&ballast).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 1024]).is_ok() {}
        let full = file.metadata().unwrap().len();
        file.set_len(full.saturating_sub(kib as u64 * 1024)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.project.run(&[arguments, &["disk"]].concat())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).stderr(Stdio::null()).status();
    }
}

#[test]
fn a_disk_that_fills_up_loses_nothing_and_goes_on_when_there_is_room() {
    // From no room at all for the first file up to nearly enough for everything.
    for room in (0..=48).step_by(4) {
        let Some(disk) = Disk::of(128) else { return };
        disk.fill(room);
        let ended = disk.run(&["run"]);
        match ended.code {
            Some(0) => {}
            Some(1) => {
                assert!(ended.err.contains("No space left on device"), "{room} KiB: {ended}");
                assert!(ended.err.contains("hint: "), "{room} KiB: {ended}");
            }
            _ => panic!("{room} KiB: {ended}"),
        }
        disk.run(&["status"]);
        fs::remove_file(disk.path().join("ballast")).unwrap();
        let ended = disk.run(&["run"]);
        assert!(matches!(ended.code, Some(0 | 4)), "{room} KiB: {ended}");
        assert_eq!(disk.project.lines("ran"), ["a", "b"], "{room} KiB: {ended}");
        assert_eq!(disk.project.processes(), []);
    }
}

#[test]
fn a_folder_that_may_not_be_written_can_be_looked_at_and_not_run() {
    let Some(disk) = Disk::of(256) else { return };
    disk.remount("ro");
    for arguments in [&["status"][..], &["check"], &["next"], &["graph"], &["run", "--dry-run"]] {
        let ended = disk.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let ended = disk.run(&["run"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(
        ended.err.contains("orch: can't create `") && ended.err.contains("Read-only file system"),
        "{ended}"
    );
    assert!(ended.err.contains("hint: the file system is mounted read-only"), "{ended}");
    assert_eq!(disk.project.lines("ran"), [""; 0]);
    disk.remount("rw");
    assert_eq!(disk.run(&["run"]).code, Some(0));
    disk.remount("ro");
    assert_eq!(disk.run(&["status"]).code, Some(0));
    assert_eq!(disk.run(&["run", "--fresh"]).code, Some(1));
    assert_eq!(disk.project.lines("ran"), ["a", "b"]);
}

#[test]
fn a_place_that_is_not_a_folder_of_ones_own_is_refused() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo a >> ran")]);
    let elsewhere = Project::empty();
    std::os::unix::fs::symlink(elsewhere.folder(), project.path(".orch")).unwrap();
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("it is a link, not a folder, or belongs to another user"), "{ended}");
    assert!(ended.err.contains("hint: move it away, then run orch again"), "{ended}");
    assert_eq!(fs::read_dir(elsewhere.folder()).unwrap().count(), 0);
    assert!(!project.exists("ran"));
}

/// Calls orch with its standard output and its standard error there.
fn with_outputs(project: &Project, arguments: &[&str], out: Stdio, err: Option<Stdio>) -> Ended {
    let mut command = project.orch(arguments);
    let mut child = match err {
        Some(err) => command.stdout(out).stderr(err).spawn().unwrap(),
        None => command.stdout(out).stderr(Stdio::piped()).spawn().unwrap(),
    };
    let mut said = String::new();
    if let Some(mut err) = child.stderr.take() {
        std::io::Read::read_to_string(&mut err, &mut said).unwrap();
    }
    assert!(!said.contains("panicked"), "{said}");
    let status = child.wait().unwrap();
    Ended { code: status.code(), signal: None, out: String::new(), err: said, events: Vec::new() }
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

const COMMANDS: &[&[&str]] = &[
    &["status"],
    &["status", "--json"],
    &["check"],
    &["next"],
    &["graph"],
    &["why", "PROMPT-01"],
    &["prompt", "PROMPT-01"],
    &["logs", "PROMPT-01"],
    &["run", "--dry-run"],
    &["--help"],
    &["completions", "zsh"],
];

#[test]
fn a_reader_that_went_away_is_nobodys_trouble() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo a"), ("PROMPT-02-b", "None", "echo b")]);
    project.run_to(0, &["run", "--only", "PROMPT-01"]);
    for &arguments in COMMANDS {
        let ended = with_outputs(&project, arguments, closed(), None);
        assert!(ended.code.is_some_and(|code| code <= 1), "{arguments:?}: {ended}");
        with_outputs(&project, arguments, closed(), Some(closed()));
    }
    for arguments in
        [&["run", "--fresh"][..], &["run", "--fresh", "--json"], &["run", "--fresh", "--events", "-"]]
    {
        with_outputs(&project, arguments, closed(), Some(closed()));
        assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"], "the plan is run all the same: {arguments:?}");
    }
    let piped = Command::new("sh")
        .args(["-c", "\"$0\" status | true", env!("CARGO_BIN_EXE_orch")])
        .current_dir(project.folder())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&piped.stderr), "");
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_is_full_is_an_error_and_no_crash() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo a"), ("PROMPT-02-b", "None", "echo b")]);
    project.run_to(0, &["run", "--only", "PROMPT-01"]);
    for &arguments in COMMANDS.iter().filter(|arguments| arguments[0] != "--help") {
        let ended = with_outputs(&project, arguments, full(), None);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended}");
        assert!(ended.err.contains("No space left on device"), "{arguments:?}: {ended}");
        with_outputs(&project, arguments, full(), Some(full()));
    }
    for arguments in
        [&["run", "--fresh"][..], &["run", "--fresh", "--json"], &["run", "--fresh", "--events", "-"]]
    {
        with_outputs(&project, arguments, full(), Some(full()));
        assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"], "the plan is run all the same: {arguments:?}");
    }
}

/// Events that can't be written are told, and do not stop the work.
#[test]
#[cfg(target_os = "linux")]
fn events_that_can_not_be_written_do_not_stop_the_work() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo a >> ran")]);
    let ended = project.run_to(1, &["run", "--events", "/dev/full"]);
    assert!(ended.err.contains("can't write events to /dev/full: No space left on device"), "{ended}");
    assert_eq!(project.statuses(), ["SUCCESS"]);
    let ended = Live::spawn(project.orch(&["run", "--fresh", "--events", "nowhere/events"])).end();
    assert!(ended.err.contains("can't write events to nowhere/events"), "{ended}");
    assert!(!Path::new("nowhere").exists());
}

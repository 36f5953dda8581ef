//! What the original tools look for of a worker: `.claude/orchestrator/logs/<stream>.log` and
//! `.claude/orchestrator/pids/<stream>.pid` in the project.
//!
//! The log there is a link to that of the latest attempt, which begins as the originals' logs do. A process number alone
//! says nothing for long, so orch itself rests on neither: it knows its workers by number, start and mark.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_exec::process::processes_in;
use orch_store::{Durability, StoreError, beneath, replace, sweep_folder};

use super::PlannedStream;
use crate::moment::log_moment;

/// Where both are, in the project.
const FOLDER: &str = ".claude/orchestrator";

/// The line above and below what a log begins with.
pub(super) const RULE: &str = "============================================================";

/// The longest number that is read from a file.
const LONGEST_PID: u64 = 32;

/// The folders in a project.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    project: PathBuf,
}

impl Traces {
    pub(super) fn of(project: &Path) -> Self {
        Self { project: project.to_owned() }
    }

    /// Begins the log of an attempt and leads the originals' name to it.
    pub(super) fn begin_log(
        &self,
        stream: &PlannedStream,
        depends_on: &[&str],
        log: &Path,
        now: Time,
    ) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(log)?;
        file.write_all(heading(stream, depends_on, now).as_bytes())?;
        let link = self.make("logs")?.join(format!("{}.log", stream.file_name()));
        if let Ok(found) = fs::symlink_metadata(&link)
            && !found.is_symlink()
        {
            // What another orchestrator has written there stays, however often.
            let name =
                |n: u32| link.with_extension(if n == 0 { "log.old".into() } else { format!("log.old.{n}") });
            let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
            let free = (0..u32::MAX).map(name).find(is_free).unwrap_or_else(|| name(u32::MAX));
            fs::rename(&link, free)?;
        }
        let coming = link.with_extension("log.new");
        let _ = fs::remove_file(&coming);
        symlink(log, &coming)?;
        fs::rename(&coming, &link)
    }

    /// Writes down which process works on a stream.
    pub(super) fn note_worker(&self, stream: &PlannedStream, pid: u32) -> io::Result<()> {
        let path = self.make("pids")?.join(format!("{}.pid", stream.file_name()));
        replace(&path, pid.to_string().as_bytes(), Durability::Process).map_err(io::Error::other)
    }

    /// Takes back that a process works on a stream.
    pub(super) fn forget_worker(&self, stream: &PlannedStream) -> io::Result<()> {
        match self.pid_file(stream).map(fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The process that another orchestrator has started for a stream, as long as it works in the project: a number that
    /// has gone to somebody else since is nobody's.
    pub(super) fn stranger(&self, stream: &PlannedStream) -> Option<u32> {
        let path = self.pid_file(stream)?;
        let bytes = orch_store::read_regular(&path, LONGEST_PID).ok()?;
        let pid: u32 = std::str::from_utf8(&bytes).ok()?.trim().parse().ok()?;
        processes_in(&self.project).contains(&pid).then_some(pid)
    }

    /// Removes what a killed orch has left half written there.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        let folders = ["logs", "pids"].map(|name| beneath(&self.project, &format!("{FOLDER}/{name}")));
        folders.into_iter().flatten().try_for_each(|folder| sweep_folder(&folder))
    }

    fn pid_file(&self, stream: &PlannedStream) -> Option<PathBuf> {
        beneath(&self.project, &format!("{FOLDER}/pids/{}.pid", stream.file_name())).ok()
    }

    /// The folder of that name, which git ignores. A repository may bring links along that lead anywhere.
    fn make(&self, name: &str) -> io::Result<PathBuf> {
        let mut folder = self.project.clone();
        for part in FOLDER.split('/').chain([name]) {
            folder.push(part);
            match fs::symlink_metadata(&folder) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    let why = format!("{} is no folder: move it away", folder.display());
                    return Err(io::Error::other(why));
                }
                Err(_) => fs::create_dir(&folder)?,
            }
        }
        let ignore = folder.join(".gitignore");
        if fs::symlink_metadata(&ignore).is_err() {
            replace(&ignore, b"*\n", Durability::Process).map_err(io::Error::other)?;
        }
        Ok(folder)
    }
}

/// What a log begins with, as the original orchestrator writes it.
fn heading(stream: &PlannedStream, depends_on: &[&str], now: Time) -> String {
    let on = match depends_on {
        [] => " (no dependencies)".to_owned(),
        some => format!(" (depends on: {})", one_line(&some.join(", "))),
    };
    let (started, id, name) = (log_moment(now), one_line(&stream.id), one_line(&stream.name));
    format!("{RULE}\nStarted: {started}\nStream: {id}\nName: {name}\nDependencies: {on}\n{RULE}\n")
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use orch_state_sqlite::Phase;

    use super::*;

    fn stream(id: &str) -> PlannedStream {
        PlannedStream {
            id: id.into(),
            name: "Foundation".into(),
            phase: Phase::Foundation,
            files: Vec::new(),
            tasks: Vec::new(),
            branch: "stream/x".into(),
        }
    }

    #[test]
    fn a_log_begins_as_the_originals_do_and_is_found_where_they_look() {
        let project = tempfile::tempdir().unwrap();
        let traces = Traces::of(project.path());
        let log = project.path().join("attempt.log");
        let logs = project.path().join(".claude/orchestrator/logs");
        fs::create_dir_all(&logs).unwrap();
        fs::write(logs.join("Stream-A.log"), "of the original").unwrap();
        traces
            .begin_log(&stream("Stream-A"), &["Stream-B", "Stream-C"], &log, Time::from_millis(1_500))
            .unwrap();
        let text = fs::read_to_string(logs.join("Stream-A.log")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], RULE);
        assert!(lines[1].starts_with("Started: ") && lines[1].ends_with("01.500000"), "{}", lines[1]);
        assert_eq!(
            lines[2..],
            ["Stream: Stream-A", "Name: Foundation", "Dependencies:  (depends on: Stream-B, Stream-C)", RULE]
        );
        assert_eq!(fs::read_to_string(logs.join("Stream-A.log.old")).unwrap(), "of the original");
        // The next attempt has a log of its own, and the name leads there.
        let second = project.path().join("second.log");
        traces.begin_log(&stream("Stream-A"), &[], &second, Time::default()).unwrap();
        let text = fs::read_to_string(logs.join("Stream-A.log")).unwrap();
        assert!(text.contains("Dependencies:  (no dependencies)\n"), "{text}");
        assert_eq!(fs::read(logs.join(".gitignore")).unwrap(), b"*\n");
    }

    #[test]
    fn what_was_half_written_when_orch_was_killed_is_removed() {
        let project = tempfile::tempdir().unwrap();
        let traces = Traces::of(project.path());
        traces.sweep().unwrap();
        traces.note_worker(&stream("Stream-A"), 1).unwrap();
        let pids = project.path().join(".claude/orchestrator/pids");
        fs::write(pids.join(".Stream-A.pid.0123456789abcdef.tmp"), "1").unwrap();
        traces.sweep().unwrap();
        let mut left: Vec<_> = fs::read_dir(pids).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".gitignore", "Stream-A.pid"]);
    }

    #[test]
    fn what_a_repository_brings_along_is_not_followed() {
        let (project, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(project.path().join(".claude")).unwrap();
        symlink(elsewhere.path(), project.path().join(".claude/orchestrator")).unwrap();
        let traces = Traces::of(project.path());
        assert!(traces.note_worker(&stream("Stream-A"), 1).is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_process_that_works_elsewhere_is_no_worker() {
        let project = tempfile::tempdir().unwrap();
        let traces = Traces::of(project.path());
        let stream = stream("a b/../c");
        traces.note_worker(&stream, std::process::id()).unwrap();
        assert_eq!(traces.stranger(&stream), None, "this very process does not work there");
        traces.forget_worker(&stream).unwrap();
        traces.forget_worker(&stream).unwrap();
        let pids = project.path().join(".claude/orchestrator/pids");
        assert_eq!(
            fs::read_dir(pids).unwrap().flatten().filter(|e| e.file_name() != ".gitignore").count(),
            0
        );
    }
}

//! macOS and the other Unix systems: `ps`, `sysctl`, and looking now and again.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Signal, test_kill_process};

use super::{Mark, Process, raw};

/// There are none here.
pub(super) fn pidfd(_pid: u32) -> Option<OwnedFd> {
    None
}

/// Unreachable in practice: [`pidfd`] never returns one.
pub(super) fn pidfd_signal(_pidfd: &OwnedFd, _signal: Signal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// By number alone, since this is asked often and `ps` is dear; before anything is signalled the start time is compared.
pub(super) fn is_over(pid: u32, _start: u64) -> bool {
    raw(pid).is_none_or(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

/// Not to be had here.
pub(crate) fn adopt_orphans() -> bool {
    false
}

/// Names this boot of the machine; empty if the system does not tell.
pub(crate) fn boot_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| {
        let said = output("/usr/sbin/sysctl", &["-n", "kern.bootsessionuuid"]);
        String::from_utf8_lossy(&said).trim().to_owned()
    })
}

const COLUMNS: &str = "pid=,ppid=,pgid=,stat=,lstart=";

/// One process, zombies included.
pub(crate) fn process(pid: u32) -> Option<Process> {
    let lines = output("/bin/ps", &["-o", COLUMNS, "-p", &pid.to_string()]);
    String::from_utf8_lossy(&lines).lines().find_map(parse_line)
}

/// Every process there is, zombies included.
pub(crate) fn processes() -> Vec<Process> {
    let lines = output("/bin/ps", &["-A", "-o", COLUMNS]);
    String::from_utf8_lossy(&lines).lines().filter_map(parse_line).collect()
}

/// Orphans never come to this process here.
#[derive(Debug, Default)]
pub(crate) struct Adopted;

impl Adopted {
    /// Nobody.
    pub(crate) fn read(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// What the environments of these processes say, where they may be read and say anything of `name`.
pub(crate) fn marks_of(pids: &[u32], name: &str) -> HashMap<u32, Mark> {
    let lines = output("/bin/ps", &["-A", "-E", "-ww", "-o", "pid=,command="]);
    let prefix = format!("{name}=");
    let pids: HashSet<u32> = pids.iter().copied().collect();
    let read = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let pid: u32 = words.next()?.parse().ok()?;
        let value = words.find_map(|word| word.strip_prefix(&prefix))?;
        pids.contains(&pid).then(|| (pid, Mark::Value(value.as_bytes().to_vec())))
    };
    String::from_utf8_lossy(&lines).lines().filter_map(read).collect()
}

/// Not to be had here.
pub(crate) fn folders() -> Vec<(u32, PathBuf)> {
    Vec::new()
}

/// Whether [`folders`] and [`program`] have answers.
pub(crate) const KNOWS_FOLDERS: bool = false;

/// Not to be had here.
pub(crate) fn program(_: u32) -> Option<String> {
    None
}

/// `pid ppid pgid stat Fri Nov 21 01:30:00 2026`. The start becomes a number that orders as time does.
fn parse_line(line: &str) -> Option<Process> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [pid, parent, group, state, _weekday, month, day, clock, year] = words[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|&name| name == month)? as u64;
    let mut seconds = 0_u64;
    for part in clock.split(':') {
        seconds = seconds * 60 + u64::from(part.parse::<u8>().ok()?);
    }
    let days = (u64::from(year.parse::<u16>().ok()?) * 12 + month) * 31 + u64::from(day.parse::<u8>().ok()?);
    Some(Process {
        pid: pid.parse().ok()?,
        parent: parent.parse().ok()?,
        group: group.parse().ok()?,
        session: 0,
        start: days * 86_400 + seconds,
        zombie: state.starts_with('Z'),
        image: 0,
    })
}

fn output(program: &str, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    command.output().map(|said| said.stdout).unwrap_or_default()
}

/// Not to be had here: logs are not capped.
pub(crate) fn free_range(_file: &File, _from: u64, _length: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing makes holes here.
pub(crate) fn next_data(_file: &File, from: u64) -> Option<u64> {
    Some(from)
}

/// Nothing makes holes here.
pub(crate) fn next_hole(_file: &File, _from: u64) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_of_ps() {
        let read = parse_line("  77     1    76 S+   Fri Nov 21 01:30:05 2026").unwrap();
        assert_eq!((read.pid, read.parent, read.group, read.zombie), (77, 1, 76, false));
        let later = parse_line("  77     1    76 Z    Tue Dec  1 00:00:00 2026").unwrap();
        assert!(later.start > read.start && later.zombie);
        assert_eq!(parse_line("PID PPID"), None);
    }
}

//! Linux: pidfds, `/proc`, subreaper, holes in files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{Mark, Process, raw};

/// `None` where the kernel has no pidfds or no descriptor is left: the caller then looks now and again.
pub(super) fn pidfd(pid: u32) -> Option<OwnedFd> {
    pidfd_open(raw(pid)?, PidfdFlags::empty()).ok()
}

pub(super) fn pidfd_signal(pidfd: &OwnedFd, signal: Signal) -> io::Result<()> {
    Ok(pidfd_send_signal(pidfd, signal)?)
}

pub(super) fn is_over(pid: u32, start: u64) -> bool {
    process(pid).is_none_or(|found| found.start != start || found.zombie)
}

/// Makes this process the parent of every orphan among its descendants. Says whether that worked.
pub(crate) fn adopt_orphans() -> bool {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok()
}

/// Names this boot of the machine; empty if the system does not tell.
pub(crate) fn boot_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        id.trim().to_owned()
    })
}

/// One process, zombies included; threads of the kernel are none.
pub(crate) fn process(pid: u32) -> Option<Process> {
    // The line is never as long as this: one read instead of a look at the size and four reads of growing parts.
    let mut line = [0; 1024];
    let count = File::open(format!("/proc/{pid}/stat")).and_then(|mut stat| stat.read(&mut line)).ok()?;
    parse_stat(pid, &line[..count])
}

/// `PF_KTHREAD`: a thread of the kernel's own.
const OF_THE_KERNEL: u64 = 0x0020_0000;

fn parse_stat(pid: u32, stat: &[u8]) -> Option<Process> {
    // The program's name stands in parentheses and may hold anything, parentheses and line ends included.
    let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let rest = std::str::from_utf8(stat.get(after_name..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let flags: u64 = fields.nth(2)?.parse().ok()?;
    if flags & OF_THE_KERNEL != 0 {
        return None;
    }
    let threads: u64 = fields.nth(10)?.parse().ok()?;
    let start = fields.nth(1)?.parse().ok()?;
    let mut address = |further| fields.nth(further).and_then(|address| address.parse().ok()).unwrap_or(0);
    // Where its code and its stack start, the latter chosen at random for each program. The former is said last, when its
    // environment is there; the stack has a place a little before that.
    let (code, stack): (u64, u64) = (address(3), address(1));
    let image = if code == 0 { 0 } else { stack };
    // A program may end its first thread and live on in others: the state then says Z, and it is not over.
    let first_is_over = matches!(state, "Z" | "X" | "x");
    let zombie = first_is_over && threads <= 1;
    // Of a thread that is over, nothing is to be seen; that of a program that has none yet is 0.
    let image = if first_is_over && !zombie { u64::MAX } else { image };
    Some(Process { pid, parent, group, session, start, zombie, image })
}

/// The end of a process that is dead and not collected, as the system says it. 0 for whoever may not know.
pub(super) fn code_of_dead(pid: u32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(pid, stat.as_bytes()).filter(|process| process.zombie)?;
    // The 52nd field, the last that there is.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(49)?.parse().ok()
}

/// Every process there is, zombies included. Empty without `/proc`.
pub(crate) fn processes() -> Vec<Process> {
    numbers_in("/proc").filter_map(process).collect()
}

/// The children of this process, those of all its threads.
fn children() -> Vec<u32> {
    let me = std::process::id();
    let mut found = Vec::new();
    for thread in numbers_in("/proc/self/task") {
        match fs::read_to_string(format!("/proc/self/task/{thread}/children")) {
            Ok(list) => found.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok())),
            // The thread has just ended, and its children went to another.
            Err(_) if !fs::exists(format!("/proc/self/task/{thread}")).unwrap_or(false) => {}
            // A kernel built without this list.
            Err(_) => {
                return processes().into_iter().filter(|p| p.parent == me).map(|p| p.pid).collect();
            }
        }
    }
    found
}

/// The list of the children that come to this process as orphans, and of others of its first thread, which is the one
/// that orphans come to. It is asked for at every end of a worker, and kept open: so it is one call instead of a dozen.
#[derive(Debug)]
pub(crate) struct Adopted {
    /// None where the kernel was built without it.
    list: Option<File>,
}

impl Default for Adopted {
    fn default() -> Self {
        let me = std::process::id();
        Self { list: File::open(format!("/proc/self/task/{me}/children")).ok() }
    }
}

impl Adopted {
    /// Their numbers, in no order.
    pub(crate) fn read(&self) -> Vec<u32> {
        let mut line = [0; 1024];
        match self.list.as_ref().and_then(|list| list.read_at(&mut line, 0).ok()) {
            Some(count) if count < line.len() => {
                let list = std::str::from_utf8(&line[..count]).unwrap_or_default();
                list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect()
            }
            _ => children(),
        }
    }
}

/// What the environments of these processes say, where they may be read and say anything of `name`.
pub(crate) fn marks_of(pids: &[u32], name: &str) -> HashMap<u32, Mark> {
    let prefix = format!("{name}=");
    let value = |pid: u32| {
        let read = || match fs::read(format!("/proc/{pid}/environ")) {
            // It has no memory any more: older kernels have an empty file for that.
            Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Some(Vec::new()),
            environment => environment.ok(),
        };
        let mut environment = read()?;
        if environment.is_empty() {
            match process(pid)? {
                dead if dead.zombie => return None,
                // In the middle of `exec`, or of its end.
                changing if changing.image == 0 => return Some(Mark::Changing),
                // It has just come out of it, or was started without any.
                _ => environment = read()?,
            }
        }
        let mut entries = environment.split(|&byte| byte == 0);
        let value = entries.find_map(|entry| entry.strip_prefix(prefix.as_bytes()))?;
        Some(Mark::Value(value.to_vec()))
    };
    pids.iter().filter_map(|&pid| Some((pid, value(pid)?))).collect()
}

/// The current folder of every process for which it may be read.
pub(crate) fn folders() -> Vec<(u32, PathBuf)> {
    let folder = |pid| Some((pid, fs::read_link(format!("/proc/{pid}/cwd")).ok()?));
    numbers_in("/proc").filter_map(folder).collect()
}

/// Whether [`folders`] and [`program`] have answers.
pub(crate) const KNOWS_FOLDERS: bool = true;

/// The name of the program that a process runs, its first 15 bytes.
pub(crate) fn program(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

fn numbers_in(folder: &str) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Gives the blocks of this range back to the file system; the file keeps its length.
pub(crate) fn free_range(file: &File, from: u64, length: u64) -> io::Result<()> {
    let how = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    Ok(rustix::fs::fallocate(file, how, from, length)?)
}

/// The first byte at or after `from` that is not in a hole; `None` if the rest is a hole or there is none.
pub(crate) fn next_data(file: &File, from: u64) -> Option<u64> {
    match rustix::fs::seek(file, SeekFrom::Data(from)) {
        Ok(at) => Some(at),
        Err(Errno::NXIO) => None,
        // A file system that knows no holes.
        Err(_) => Some(from),
    }
}

/// The start of the first hole at or after `from`; the length of the file if there is none.
pub(crate) fn next_hole(file: &File, from: u64) -> Option<u64> {
    rustix::fs::seek(file, SeekFrom::Hole(from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "1 77 76 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 99 98 97 96 95 7777 94";

    #[test]
    fn names_cannot_pretend_to_be_fields() {
        for name in ["sh", "a b", ") Z 9 9 (", "x)\nS 1 1", "\u{fffd}"] {
            let stat = format!("5 ({name}) S {REST}");
            let want = Process {
                pid: 5,
                parent: 1,
                group: 77,
                session: 76,
                start: 4242,
                zombie: false,
                image: 7777,
            };
            assert_eq!(parse_stat(5, stat.as_bytes()), Some(want), "{name:?}");
        }
    }

    #[test]
    fn a_program_is_one_when_its_environment_is_there() {
        let line = format!("5 (sh) S {REST}");
        assert_eq!(parse_stat(5, line.as_bytes()).unwrap().image, 7777);
        assert_eq!(parse_stat(5, line.replace(" 96 ", " 0 ").as_bytes()).unwrap().image, 0);
    }

    #[test]
    fn zombie_only_when_no_thread_is_left() {
        let one = format!("5 (x) Z {REST}");
        let many = one.replace(" 20 0 1 0 ", " 20 0 3 0 ");
        assert!(parse_stat(5, one.as_bytes()).unwrap().zombie);
        assert!(!parse_stat(5, many.as_bytes()).unwrap().zombie);
    }

    #[test]
    fn any_cut_of_a_line_is_refused_or_read() {
        let whole = format!("5 (x) S {REST}");
        for end in 0..whole.len() {
            if let Some(read) = parse_stat(5, &whole.as_bytes()[..end]) {
                assert_eq!((read.parent, read.group, read.session), (1, 77, 76));
            }
        }
    }

    #[test]
    fn finds_itself() {
        let me = process(std::process::id()).unwrap();
        assert!(!me.zombie);
        assert!(processes().contains(&me));
        assert!(!boot_id().is_empty());
    }
}

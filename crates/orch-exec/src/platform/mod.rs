//! Every call that only one operating system has, each with a stated fallback.
//!
//! | need | Linux | elsewhere |
//! |---|---|---|
//! | hear that a process ended | pidfd in `poll(2)` | looked at every 50 ms |
//! | signal exactly this process | `pidfd_send_signal` | start time compared, then `kill(2)` |
//! | who a process is | `/proc/PID/stat`, in clock ticks | `ps`, in seconds |
//! | whose a process is | `/proc/PID/environ` | `ps -E`; hidden for the system's own programs |
//! | inherit orphans | `PR_SET_CHILD_SUBREAPER` | not to be had: only the group and marked processes are ended |
//! | where a process works | `/proc/PID/cwd` | not to be had |
//! | learn how a process ended that is not this one's child | a pidfd that it gave away itself before `exec` (6.15) | not to be had: a shell in front of it |
//! | free the middle of a log | `fallocate(PUNCH_HOLE)` | not to be had: logs are not capped |

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod held;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "unheld.rs"]
mod held;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as system;

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process_group};

pub(crate) use held::{
    Stack, Starting, holds_outlive, how_it_ended, message_sockets, start, start_of, ticks,
};
pub(crate) use system::{
    Adopted, KNOWS_FOLDERS, adopt_orphans, boot_id, folders, free_range, marks_of, next_data, next_hole,
    process, processes, program,
};

/// How often what cannot be waited for is looked at.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What a process is to become.
#[derive(Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nobody can be held there"))]
pub(crate) struct Image {
    /// The path of the program.
    pub(crate) program: CString,
    /// Its arguments, its own name first.
    pub(crate) argv: Vec<CString>,
    /// Its environment, as `NAME=VALUE`.
    pub(crate) env: Vec<CString>,
    /// The folder that it runs in.
    pub(crate) cwd: CString,
}

/// To whom a new process hands a hold on itself.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nobody can be held there"))]
pub(crate) struct HandOver<'a> {
    /// A socket for whole messages.
    pub(crate) socket: BorrowedFd<'a>,
    /// What is said with it. Its first eight bytes are said once more, and nothing else, should it not become its program after
    /// all.
    pub(crate) words: &'a [u8],
}

/// Why nothing was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nobody can be held there"))]
pub(crate) enum NotStarted {
    /// It could not hand a hold on itself over.
    NotHandedOver(Errno),
    /// Anything else.
    Refused(Errno),
}

/// A process that was started here, and a hold on it.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) pid: u32,
    pub(crate) pidfd: OwnedFd,
}

/// One line of the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// 0 where its leader is out of sight, in another process namespace, and where the system does not tell.
    pub(crate) session: u32,
    /// Same unit as [`Worker::start`](crate::process::Worker::start).
    pub(crate) start: u64,
    /// Ended, and waiting for its parent to notice.
    pub(crate) zombie: bool,
    /// Changes when the process replaces its program (`exec`). Always 0 where that cannot be seen.
    pub(crate) image: u64,
}

/// What a process's environment says of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Its value.
    Value(Vec<u8>),
    /// There is no environment just now: the process is in the middle of `exec`, or about to be over.
    Changing,
}

impl Mark {
    /// The value, once it can be read.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Value(value) => Some(value),
            Self::Changing => None,
        }
    }
}

/// As [`marks_of`], but waits for those in the middle of `exec` to come out of it: on a machine that has much to do, that
/// can take a while.
pub(crate) fn settled_marks_of(pids: &[u32], name: &str) -> HashMap<u32, Mark> {
    let mut marks = marks_of(pids, name);
    for _ in 0..1000 {
        let open: Vec<u32> =
            marks.iter().filter(|(_, mark)| **mark == Mark::Changing).map(|(&pid, _)| pid).collect();
        if open.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
        marks.retain(|_, mark| *mark != Mark::Changing);
        marks.extend(marks_of(&open, name));
    }
    marks
}

/// A hold on one process that never slips to another one with the same number.
#[derive(Debug)]
pub(crate) struct Handle {
    pid: u32,
    start: u64,
    pidfd: Option<OwnedFd>,
}

impl Handle {
    /// The process with this number and this start time, if it still lives.
    pub(crate) fn open(pid: u32, start: u64) -> Option<Self> {
        // The order matters: the start time is read after the descriptor is open. Were the number given away in
        // between, the time read would be the newcomer's.
        let pidfd = system::pidfd(pid);
        let found = process(pid)?;
        (found.start == start && !found.zombie).then_some(Self { pid, start, pidfd })
    }

    /// A process that was started here.
    pub(crate) fn of_hold(hold: Hold, start: u64) -> Self {
        Self { pid: hold.pid, start, pidfd: Some(hold.pidfd) }
    }

    /// How the process ended, if it has and that can be told of one that is not this process's child.
    pub(crate) fn how_it_ended(&self) -> Option<crate::process::Exit> {
        self.pidfd.as_ref().and_then(how_it_ended)
    }

    /// A child of this process that nobody has collected: its number cannot belong to anybody else.
    pub(crate) fn of_child(pid: u32, start: u64) -> Self {
        Self { pid, start, pidfd: system::pidfd(pid) }
    }

    /// The descriptor that becomes readable when the process ends. `None`: it has to be looked at.
    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// Whether the process has ended, collected or not.
    pub(crate) fn is_over(&self) -> bool {
        let Some(fd) = &self.pidfd else { return system::is_over(self.pid, self.start) };
        let mut fds = [PollFd::new(fd, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(rustix::event::poll(&mut fds, Some(&at_once)), Ok(n) if n > 0)
    }

    /// Sends a signal to this process and no other.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        if let Some(fd) = &self.pidfd {
            return system::pidfd_signal(fd, signal);
        }
        match (process(self.pid), raw(self.pid)) {
            (Some(found), Some(pid)) if found.start == self.start => Ok(kill_process(pid, signal)?),
            _ => Err(rustix::io::Errno::SRCH.into()),
        }
    }
}

/// Whether any process, ended ones included, is in this group.
pub(crate) fn group_exists(group: u32) -> bool {
    // EPERM says that there is one which may not be signalled.
    raw(group).is_some_and(|pid| test_kill_process_group(pid) != Err(rustix::io::Errno::SRCH))
}

/// A process number as the system calls want it. `None` for 0 and what no system gives out.
pub(crate) fn raw(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

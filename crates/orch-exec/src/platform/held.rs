//! Processes that somebody else holds: a [start] in which the new process hands a hold on itself (its pidfd) over before it
//! becomes the program that it is to be, and the question to such a hold of how its process has ended.
//!
//! The only part of orch that needs `unsafe`: no library has either.
#![allow(unsafe_code)]

mod start;

use std::io;
use std::mem::{offset_of, size_of};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{WaitOptions, waitpid};

use super::{Image, raw};
use crate::process::Exit;

pub(crate) use start::{Stack, Starting, start};

/// Two ends of a socket through which whole messages go, with holds beside them.
pub(crate) fn message_sockets() -> io::Result<(OwnedFd, OwnedFd)> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
    Ok(socketpair(family, kind, SocketFlags::CLOEXEC, None)?)
}

/// The time since boot in the unit of [`Process::start`](super::Process::start).
pub(crate) fn ticks() -> Option<u64> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let a_second = rustix::param::clock_ticks_per_second();
    let a_tick = 1_000_000_000_u64.checked_div(a_second)?;
    let nanoseconds = u64::try_from(now.tv_nsec).ok()?;
    Some(u64::try_from(now.tv_sec).ok()? * a_second + nanoseconds.checked_div(a_tick)?)
}

/// When a child of this process started that has been started since `before`. What the table of processes says is rounded to
/// hundredths of a second: where it was the same one before and after, it need not be asked, which takes 11 µs.
pub(crate) fn start_of(pid: u32, before: Option<u64>) -> u64 {
    match before {
        Some(then) if ticks() == before => then,
        _ => super::process(pid).map_or(0, |found| found.start),
    }
}

/// `struct pidfd_info` of Linux 6.15: the first 64 bytes of what later kernels have.
#[repr(C)]
#[derive(Debug, Default)]
struct Info {
    mask: u64,
    cgroup: u64,
    pid: u32,
    group: u32,
    parent: u32,
    user: u32,
    real_group: u32,
    effective_user: u32,
    effective_group: u32,
    saved_user: u32,
    others: [u32; 3],
    exit_code: i32,
}

const KNOWS_PID: u64 = 1 << 0;
const KNOWS_USERS: u64 = 1 << 1;
const KNOWS_EXIT: u64 = 1 << 3;
const _: () = assert!(size_of::<Info>() == 64 && offset_of!(Info, exit_code) == 60);

fn info(pidfd: &OwnedFd) -> Option<Info> {
    let mut info = Info { mask: KNOWS_PID | KNOWS_USERS | KNOWS_EXIT, ..Info::default() };
    const GET: libc::Ioctl = rustix::ioctl::opcode::read_write::<Info>(0xff, 11) as libc::Ioctl;
    // SAFETY: the number says how large what is written is, and that much is there.
    let done = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET, &raw mut info) };
    (done == 0).then_some(info)
}

/// How the process has ended that this is a hold on, collected or not, whoever's child it was. None: it lives, or that can't
/// be told.
pub(crate) fn how_it_ended(pidfd: &OwnedFd) -> Option<Exit> {
    let known = info(pidfd)?;
    if known.mask & KNOWS_EXIT != 0 {
        return Some(exit_of(known.exit_code));
    }
    // Dead, and not collected: where nobody collects what is nobody's, it stays like that. The table of processes says 0 to
    // whoever may not know.
    let me = rustix::process::geteuid().as_raw();
    let is_mine = [known.user, known.effective_user, known.saved_user].iter().all(|user| *user == me);
    let code = (is_mine && known.mask & KNOWS_USERS != 0)
        .then(|| super::linux::code_of_dead(known.pid))
        .flatten()?;
    // It was still the one that has this number when that was read.
    let since = info(pidfd)?;
    Some(exit_of(if since.mask & KNOWS_EXIT != 0 { since.exit_code } else { code }))
}

/// Whether a hold on a process that was collected says here how it has ended: Linux 6.15.
pub(crate) fn holds_outlive() -> bool {
    let nowhere = Image { program: c"".into(), argv: Vec::new(), env: Vec::new(), cwd: c"/".into() };
    let Ok((hold, starting)) = std::fs::File::open("/dev/null").map_err(|_| Errno::IO).and_then(|nothing| {
        let nothing = std::os::fd::AsFd::as_fd(&nothing);
        start(Stack::default(), nowhere, [nothing; 3], None)
    }) else {
        return false;
    };
    let _ = starting.wait();
    let _ = waitpid(raw(hold.pid), WaitOptions::empty());
    // There is no such program.
    how_it_ended(&hold.pidfd) == Some(Exit::Code(127))
}

/// What the system says of an end, as an end.
fn exit_of(status: i32) -> Exit {
    match status & 0x7f {
        0 => Exit::Code(status >> 8 & 0xff),
        signal => Exit::Signal(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HandOver, Hold, NotStarted};
    use super::*;
    use crate::process::receipt;
    use std::ffi::CString;
    use std::fs::File;
    use std::io::{IoSliceMut, Read};
    use std::os::fd::AsFd;

    fn image(program: &str, script: &str) -> Image {
        let word = |word: &str| CString::new(word).unwrap();
        Image {
            program: word(program),
            argv: ["sh", "-c", script].map(word).into(),
            env: vec![word("ONE=1")],
            cwd: word("/usr"),
        }
    }

    fn nothing() -> File {
        File::options().read(true).write(true).open("/dev/null").unwrap()
    }

    fn collect(hold: &Hold) -> i32 {
        let (_, status) = waitpid(raw(hold.pid), WaitOptions::empty()).unwrap().unwrap();
        status.exit_status().unwrap_or_else(|| 128 + status.terminating_signal().unwrap())
    }

    #[test]
    fn a_process_is_what_it_was_to_be() {
        let (mut read, write) = std::io::pipe().unwrap();
        let nothing = nothing();
        let script = "pwd; echo $ONE; cat; grep SigBlk /proc/self/status; ps -o pgid= $$ | grep -c $$";
        // What std ignores is not ignored there.
        let script = format!("{script}; sh -c 'kill -PIPE $$; echo ignored'; exit 9");
        let stdio = [nothing.as_fd(), write.as_fd(), write.as_fd()];
        let (hold, starting) = start(Stack::default(), image("/bin/sh", &script), stdio, None).unwrap();
        drop(write);
        starting.wait().unwrap();
        let mut said = String::new();
        read.read_to_string(&mut said).unwrap();
        assert_eq!(said, "/usr\n1\nSigBlk:\t0000000000000000\n1\n");
        assert_eq!(collect(&hold), 9);
    }

    #[test]
    fn when_it_started_is_known_without_asking() {
        let nothing = nothing();
        for _ in 0..300 {
            let before = ticks();
            let stdio = [nothing.as_fd(); 3];
            let (hold, _starting) = start(Stack::default(), image("/bin/true", ""), stdio, None).unwrap();
            assert_eq!(start_of(hold.pid, before), super::super::process(hold.pid).unwrap().start);
            collect(&hold);
        }
    }

    #[test]
    fn what_can_not_be_started_says_why() {
        let nothing = nothing();
        let try_it = |image, hand_over: Option<HandOver<'_>>| {
            let (hold, starting) = start(Stack::default(), image, [nothing.as_fd(); 3], hand_over).unwrap();
            let failed = starting.wait().err();
            assert_eq!(collect(&hold), 127);
            failed
        };
        let refused = |errno| Some(NotStarted::Refused(errno));
        let nowhere = Image { cwd: c"/nowhere".into(), ..image("/bin/sh", "") };
        assert_eq!(try_it(nowhere, None), refused(Errno::NOENT));
        assert_eq!(try_it(image("/usr", ""), None), refused(Errno::ACCESS));
        let (here, there) = std::os::unix::net::UnixDatagram::pair().unwrap();
        let hand_over = Some(HandOver { socket: here.as_fd(), words: b"number 1, and a path" });
        assert_eq!(try_it(image("/nowhere", ""), hand_over), refused(Errno::NOENT));
        // It was said, and taken back.
        for want in [&b"number 1, and a path"[..], b"number 1"] {
            let mut words = [0; 64];
            let count = there.recv(&mut words).unwrap();
            assert_eq!(&words[..count], want);
        }
        drop(there);
        let failed = try_it(image("/bin/true", ""), hand_over);
        assert!(matches!(failed, Some(NotStarted::NotHandedOver(_))), "{failed:?}");
    }

    #[test]
    fn a_hold_says_how_its_process_ended_collected_or_not() {
        if !holds_outlive() {
            return eprintln!("this kernel has no such holds");
        }
        let nothing = nothing();
        for (script, code) in [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill -SEGV $$", 139)] {
            let (here, there) = message_sockets().unwrap();
            let hand_over = Some(HandOver { socket: here.as_fd(), words: b"whose it is" });
            let (hold, starting) =
                start(Stack::default(), image("/bin/sh", script), [nothing.as_fd(); 3], hand_over).unwrap();
            starting.wait().unwrap();
            let mut words = [0; 64];
            let mut room = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut beside = rustix::net::RecvAncillaryBuffer::new(&mut room);
            let flags = rustix::net::RecvFlags::CMSG_CLOEXEC;
            let got =
                rustix::net::recvmsg(&there, &mut [IoSliceMut::new(&mut words)], &mut beside, flags).unwrap();
            assert_eq!(&words[..got.bytes], b"whose it is");
            let theirs = beside
                .drain()
                .find_map(|message| match message {
                    rustix::net::RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
                    _ => None,
                })
                .unwrap();
            let id = rustix::process::WaitId::Pid(raw(hold.pid).unwrap());
            let leave = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
            rustix::process::waitid(id, leave).unwrap();
            assert_eq!(how_it_ended(&theirs).and_then(receipt::code), Some(code), "{script}, dead");
            assert_eq!(i32::from(code), collect(&hold));
            assert_eq!(how_it_ended(&theirs).and_then(receipt::code), Some(code), "{script}, collected");
        }
    }
}

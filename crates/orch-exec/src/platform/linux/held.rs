//! Processes that somebody else holds: a start in which the new process hands a hold on itself (its pidfd) over before it
//! becomes the program that it is to be, and the question to such a hold of how its process has ended.
//!
//! The only part of orch that needs `unsafe`: no library has either. The start is what `posix_spawn` does (a child that
//! borrows the memory of its parent, which stands still meanwhile) with one more call in it, so that there is no instant in
//! which the process is there and nobody but its parent knows of it.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int, c_void};
use std::mem::{offset_of, size_of};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{null, null_mut};

use rustix::io::Errno;
use rustix::process::{WaitOptions, waitpid};

use crate::platform::{HandOver, Hold, Image, NotStarted, raw};
use crate::process::Exit;

/// What new processes have as a stack until they are what they are to be.
#[derive(Debug)]
pub(crate) struct Stack(Box<[u128]>);

impl Default for Stack {
    fn default() -> Self {
        // Its frames take a few hundred bytes, and no signal is delivered on it.
        Self(vec![0; 2048].into_boxed_slice())
    }
}

/// All that the new process reads, and what it says. It lies in the memory of both.
struct Orders {
    program: *const c_char,
    argv: *const *const c_char,
    env: *const *const c_char,
    cwd: *const c_char,
    stdio: [c_int; 3],
    /// The socket, and what is sent through it; -1: nobody is to have a hold.
    socket: c_int,
    message: libc::msghdr,
    /// Where in the message the hold stands.
    hold: *mut c_int,
    /// The signals that are blocked in the program.
    mask: libc::sigset_t,
    /// What it has come to: the step at which it stopped, and the error there.
    step: c_int,
    errno: c_int,
}

const PREPARING: c_int = 0;
const HANDING_OVER: c_int = 1;
const BECOMING: c_int = 2;

/// Room for one descriptor beside a message, aligned as its header has to be.
#[repr(C, align(8))]
struct Beside([u8; 32]);

/// Starts a process in a group of its own, with nothing blocked and with these as its standard input, output and error.
/// Everything else that is open has to be closed on `exec`, which std sees to, and so does it that nothing is open as 0 to 2
/// that is not meant to be. When this returns it is the program that it is to be.
///
/// # Errors
/// When nothing was started.
pub(crate) fn start(
    stack: &mut Stack,
    image: &Image,
    stdio: [BorrowedFd<'_>; 3],
    hand_over: Option<HandOver<'_>>,
) -> Result<Hold, NotStarted> {
    let pointers = |words: &[CString]| -> Vec<*const c_char> {
        words.iter().map(|word| word.as_ptr()).chain([null()]).collect()
    };
    let (argv, env) = (pointers(&image.argv), pointers(&image.env));
    let words = hand_over.map_or(&[][..], |hand_over| hand_over.words);
    let mut part = libc::iovec { iov_base: words.as_ptr().cast_mut().cast(), iov_len: words.len() };
    let mut beside = Beside([0; 32]);
    // SAFETY: plain numbers and pointers, for all of which zero is a value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = beside.0.as_mut_ptr().cast();
    // SAFETY: the header is written where the message says that it has room, which the macros stay within.
    let hold = unsafe {
        message.msg_controllen = libc::CMSG_SPACE(size_of::<c_int>() as u32) as _;
        debug_assert!(message.msg_controllen as usize <= size_of::<Beside>());
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<c_int>() as u32) as _;
        libc::CMSG_DATA(header).cast::<c_int>()
    };
    let mut orders = Orders {
        program: image.program.as_ptr(),
        argv: argv.as_ptr(),
        env: env.as_ptr(),
        cwd: image.cwd.as_ptr(),
        stdio: stdio.map(|fd| fd.as_raw_fd()),
        socket: hand_over.map_or(-1, |hand_over| hand_over.socket.as_raw_fd()),
        message,
        hold,
        // SAFETY: a set of bits.
        mask: unsafe { std::mem::zeroed() },
        step: PREPARING,
        errno: 0,
    };
    let mut pidfd: c_int = -1;
    // SAFETY: the child runs on a stack of its own in this memory, and this thread stands still until it has become another
    // program or is over (CLONE_VFORK), so all that the orders point to outlives its use of it. Signals stay blocked
    // around it, so that no handler runs twice in one memory. `begin` allocates nothing, locks nothing and can't panic.
    let pid = unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) =
            (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&raw mut all);
        libc::sigemptyset(&raw mut orders.mask);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, &raw mut before);
        let how = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let top = stack.0.as_mut_ptr_range().end.cast::<c_void>();
        let pid = libc::clone(begin, top, how, (&raw mut orders).cast(), &raw mut pidfd);
        let failed = *libc::__errno_location();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, null_mut());
        let errno = || Errno::from_raw_os_error(failed);
        u32::try_from(pid).map_err(|_| NotStarted::Refused { errno: errno(), handed_over: false })?
    };
    // SAFETY: the system has just opened it for this process.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    if orders.errno == 0 {
        return Ok(Hold { pid, pidfd });
    }
    // It is over, and nobody's but this process's.
    let _ = waitpid(raw(pid), WaitOptions::empty());
    let errno = Errno::from_raw_os_error(orders.errno);
    Err(match orders.step {
        HANDING_OVER => NotStarted::NotHandedOver(errno),
        step => NotStarted::Refused { errno, handed_over: step == BECOMING && hand_over.is_some() },
    })
}

/// The new process, until it is another program.
extern "C" fn begin(orders: *mut c_void) -> c_int {
    // SAFETY: `start` hands over its own, and does not touch them before this process is done with them.
    unsafe {
        let orders = orders.cast::<Orders>();
        become_it(orders);
        (*orders).errno = *libc::__errno_location();
    }
    127
}

/// Returns when a step has failed, with its error where the system puts errors.
unsafe fn become_it(orders: *mut Orders) {
    // SAFETY: system calls alone, with what `start` has prepared.
    unsafe {
        if libc::setpgid(0, 0) != 0 || libc::chdir((*orders).cwd) != 0 {
            return;
        }
        let mut number = 0;
        while number < 3 {
            if libc::dup2((*orders).stdio[number as usize], number) != number {
                return;
            }
            number += 1;
        }
        if (*orders).socket >= 0 {
            (*orders).step = HANDING_OVER;
            let hold = libc::syscall(libc::SYS_pidfd_open, libc::getpid(), 0) as c_int;
            *(*orders).hold = hold;
            let how = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
            if hold < 0 || libc::sendmsg((*orders).socket, &raw const (*orders).message, how) < 0 {
                return;
            }
        }
        (*orders).step = BECOMING;
        // Handlers are for the program that this is a part of still. What is ignored stays so but for broken pipes, of which
        // std wants to hear as errors, and others do not.
        let mut action: libc::sigaction = std::mem::zeroed();
        let mut signal = 1;
        while signal < 32 {
            let known = libc::sigaction(signal, null(), &raw mut action) == 0;
            let handled = action.sa_sigaction != libc::SIG_IGN && action.sa_sigaction != libc::SIG_DFL;
            if known && (handled || signal == libc::SIGPIPE) {
                libc::signal(signal, libc::SIG_DFL);
            }
            signal += 1;
        }
        libc::sigprocmask(libc::SIG_SETMASK, &raw const (*orders).mask, null_mut());
        libc::execve((*orders).program, (*orders).argv, (*orders).env);
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
    let code =
        (is_mine && known.mask & KNOWS_USERS != 0).then(|| super::code_of_dead(known.pid)).flatten()?;
    // It was still the one that has this number when that was read.
    let since = info(pidfd)?;
    Some(exit_of(if since.mask & KNOWS_EXIT != 0 { since.exit_code } else { code }))
}

/// Whether a hold on a process that was collected says here how it has ended: Linux 6.15.
pub(crate) fn holds_outlive() -> bool {
    const CODE: c_int = 7;
    extern "C" fn end(_: *mut c_void) -> c_int {
        CODE
    }
    let mut stack = Stack::default();
    let mut pidfd: c_int = -1;
    // SAFETY: as in `start`.
    let pid = unsafe {
        let how = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        libc::clone(end, stack.0.as_mut_ptr_range().end.cast(), how, null_mut(), &raw mut pidfd)
    };
    let Ok(pid) = u32::try_from(pid) else { return false };
    // SAFETY: the system has just opened it for this process.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    let _ = waitpid(raw(pid), WaitOptions::empty());
    how_it_ended(&pidfd) == Some(Exit::Code(CODE))
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
    use super::*;
    use crate::process::receipt;
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
        let script =
            "pwd; echo $ONE; cat; grep SigBlk /proc/self/status; ps -o pgid= $$ | grep -c $$; exit 9";
        let mut stack = Stack::default();
        let stdio = [nothing.as_fd(), write.as_fd(), write.as_fd()];
        let hold = start(&mut stack, &image("/bin/sh", script), stdio, None).unwrap();
        drop(write);
        let mut said = String::new();
        read.read_to_string(&mut said).unwrap();
        assert_eq!(said, "/usr\n1\nSigBlk:\t0000000000000000\n1\n");
        assert_eq!(collect(&hold), 9);
    }

    #[test]
    fn what_can_not_be_started_says_why() {
        let nothing = nothing();
        let mut stack = Stack::default();
        let stdio = [nothing.as_fd(); 3];
        let refused = |errno| Some(NotStarted::Refused { errno, handed_over: false });
        let nowhere = Image { cwd: c"/nowhere".into(), ..image("/bin/sh", "") };
        assert_eq!(start(&mut stack, &nowhere, stdio, None).err(), refused(Errno::NOENT));
        assert_eq!(start(&mut stack, &image("/usr", ""), stdio, None).err(), refused(Errno::ACCESS));
        let (here, there) = std::os::unix::net::UnixDatagram::pair().unwrap();
        drop(there);
        let hand_over = Some(HandOver { socket: here.as_fd(), words: b"x" });
        let failed = start(&mut stack, &image("/bin/true", ""), stdio, hand_over).err();
        assert!(matches!(failed, Some(NotStarted::NotHandedOver(_))), "{failed:?}");
    }

    #[test]
    fn a_hold_says_how_its_process_ended_collected_or_not() {
        if !holds_outlive() {
            return eprintln!("this kernel has no such holds");
        }
        let nothing = nothing();
        let mut stack = Stack::default();
        for (script, code) in [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill -SEGV $$", 139)] {
            let (here, there) = rustix::net::socketpair(
                rustix::net::AddressFamily::UNIX,
                rustix::net::SocketType::SEQPACKET,
                rustix::net::SocketFlags::CLOEXEC,
                None,
            )
            .unwrap();
            let hand_over = Some(HandOver { socket: here.as_fd(), words: b"whose it is" });
            let hold = start(&mut stack, &image("/bin/sh", script), [nothing.as_fd(); 3], hand_over).unwrap();
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

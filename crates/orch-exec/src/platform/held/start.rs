//! The start itself. It is nearly what `posix_spawn` does, a child that borrows the memory of its parent, with two
//! differences. The child hands a hold on itself over, so that there is no instant in which it is there and nobody but its parent
//! knows of it. And the parent does not stand still until the child is another program: with two workers at once that alone is
//! a tenth of the time of a short one (385 and 350 µs, measured with a loop that does nothing else). So all that the child reads
//! and writes is in a [`Room`] of its own, and it makes system calls only, none of them by way of libc, whose `errno` would be
//! the parent's.

use std::arch::asm;
use std::ffi::{CString, c_char, c_int, c_long, c_void};
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use rustix::io::Errno;

use crate::platform::{HandOver, Hold, Image, NotStarted};

/// A process on its way to being the program that it is to be. Dropping it waits for that.
#[derive(Debug)]
pub(crate) struct Starting(Box<Room>);

/// All that a new process needs until it is a program of its own, and what it says. It stays where it is.
#[derive(Debug)]
struct Room {
    stack: Stack,
    image: Image,
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    stdio: [c_int; 3],
    /// The socket, or -1: nobody is to have a hold.
    socket: c_int,
    words: Vec<u8>,
    /// The step at which it stopped, and the error there; 0: it did not.
    step: AtomicI32,
    errno: AtomicI32,
    /// 0 once it uses this no more: the system says so when it becomes a program, or is over (`CLONE_CHILD_CLEARTID`).
    in_use: AtomicU32,
}

// SAFETY: what it points to is its own, and nobody but it and the new process knows where that is.
unsafe impl Send for Room {}

/// What a new process has as a stack. To be used again: new ones are to be cleared, which takes a tenth of orch's part in a
/// start.
#[derive(Debug)]
pub(crate) struct Stack(Box<[u128]>);

impl Default for Stack {
    fn default() -> Self {
        // Its frames take less than a thousand bytes, and no handler runs on it.
        Self(vec![0; 1024].into_boxed_slice())
    }
}

const PREPARING: c_int = 0;
const HANDING_OVER: c_int = 1;
const BECOMING: c_int = 2;

/// Begins to start a process in a group of its own, with nothing blocked and with these as its standard input, output and
/// error. Everything else that is open has to be closed on `exec`, which std sees to, and so does it that nothing is open as 0 to
/// 2 that is not meant to be. What is given may be closed when this returns; whether it becomes its program is
/// [known](Starting::outcome) later.
///
/// # Errors
/// When there is no process.
pub(crate) fn start(
    stack: Stack,
    image: Image,
    stdio: [BorrowedFd<'_>; 3],
    hand_over: Option<HandOver<'_>>,
) -> Result<(Hold, Starting), Errno> {
    let pointers = |words: &[CString]| -> Vec<*const c_char> {
        words.iter().map(|word| word.as_ptr()).chain([null()]).collect()
    };
    let mut room = Box::new(Room {
        stack,
        argv: pointers(&image.argv),
        env: pointers(&image.env),
        image,
        stdio: stdio.map(|fd| fd.as_raw_fd()),
        socket: hand_over.map_or(-1, |hand_over| hand_over.socket.as_raw_fd()),
        words: hand_over.map_or_else(Vec::new, |hand_over| hand_over.words.to_owned()),
        step: AtomicI32::new(PREPARING),
        errno: AtomicI32::new(0),
        in_use: AtomicU32::new(1),
    });
    let mut pidfd: c_int = -1;
    let top = room.stack.0.as_mut_ptr_range().end.cast::<c_void>();
    let shared = &raw const *room;
    // SAFETY: the child runs on a stack of its own and touches nothing but the room, which nobody frees or changes as long as
    // it is in use (`Starting`). Signals are blocked when it begins, so that no handler runs in it. `begin` allocates nothing,
    // locks nothing, can't panic, and knows nothing of threads.
    let pid = unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) =
            (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, &raw mut before);
        let how = libc::CLONE_VM | libc::CLONE_PIDFD | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD;
        let arg = shared.cast_mut().cast::<c_void>();
        let no_tls = null_mut::<c_void>();
        let pid = libc::clone(begin, top, how, arg, &raw mut pidfd, no_tls, (*shared).in_use.as_ptr());
        let failed = *libc::__errno_location();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, null_mut());
        u32::try_from(pid).map_err(|_| Errno::from_raw_os_error(failed))?
    };
    // SAFETY: the system has just opened it for this process.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok((Hold { pid, pidfd }, Starting(room)))
}

impl Starting {
    /// Whether it has become its program, or why not: it is over then, or about to be. None: it is on the way.
    pub(crate) fn outcome(&self) -> Option<Result<(), NotStarted>> {
        if self.0.in_use.load(Ordering::Acquire) != 0 {
            return None;
        }
        let errno = self.0.errno.load(Ordering::Acquire);
        if errno == 0 {
            return Some(Ok(()));
        }
        let errno = Errno::from_raw_os_error(errno);
        Some(Err(match self.0.step.load(Ordering::Acquire) {
            HANDING_OVER => NotStarted::NotHandedOver(errno),
            _ => NotStarted::Refused(errno),
        }))
    }

    /// Its stack, once it uses that no more.
    pub(crate) fn into_stack(mut self) -> Stack {
        let _ = self.wait();
        Stack(std::mem::take(&mut self.0.stack.0))
    }

    /// Waits for it.
    pub(crate) fn wait(&self) -> Result<(), NotStarted> {
        loop {
            if let Some(outcome) = self.outcome() {
                return outcome;
            }
            let in_use = &self.0.in_use;
            // Not a private one: the system wakes who waits for it as any other process would.
            let _ = rustix::thread::futex::wait(in_use, rustix::thread::futex::Flags::empty(), 1, None);
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = self.wait();
    }
}

/// A system call, and nothing beside it. Negative: an error.
#[cfg(target_arch = "x86_64")]
unsafe fn call(number: c_long, [a, b, c, d]: [usize; 4]) -> isize {
    let result;
    // SAFETY: what the system does is the caller's to answer for; this changes the registers that it says it does.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// A system call, and nothing beside it. Negative: an error.
#[cfg(target_arch = "aarch64")]
unsafe fn call(number: c_long, [a, b, c, d]: [usize; 4]) -> isize {
    let result;
    // SAFETY: what the system does is the caller's to answer for; this changes the registers that it says it does.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a as isize => result, in("x1") b, in("x2") c, in("x3") d,
            options(nostack));
    }
    result
}

/// The new process, until it is another program.
extern "C" fn begin(room: *mut c_void) -> c_int {
    // SAFETY: `start` hands over its own, which lives until the system says that this process uses it no more.
    unsafe {
        let room = room.cast::<Room>();
        let errno = match become_it(room) {
            Ok(()) => 0,
            Err(error) => error.unsigned_abs() as c_int,
        };
        withdraw(&*room);
        (*room).errno.store(errno, Ordering::Release);
    }
    127
}

/// Returns when a step has failed.
unsafe fn become_it(room: *const Room) -> Result<(), isize> {
    // SAFETY: system calls alone, with what `start` has prepared.
    unsafe {
        let ask = |number, arguments| match call(number, arguments) {
            result @ 0.. => Ok(result as usize),
            error => Err(error),
        };
        let room = &*room;
        ask(libc::SYS_setpgid, [0; 4])?;
        ask(libc::SYS_chdir, [room.image.cwd.as_ptr() as usize, 0, 0, 0])?;
        ask(libc::SYS_dup3, [room.stdio[0] as usize, 0, 0, 0])?;
        ask(libc::SYS_dup3, [room.stdio[1] as usize, 1, 0, 0])?;
        ask(libc::SYS_dup3, [room.stdio[2] as usize, 2, 0, 0])?;
        if room.socket >= 0 {
            room.step.store(HANDING_OVER, Ordering::Release);
            let me = ask(libc::SYS_getpid, [0; 4])?;
            let hold = ask(libc::SYS_pidfd_open, [me, 0, 0, 0])?;
            hand_over(room, hold as c_int, |message| {
                let how = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
                ask(libc::SYS_sendmsg, [room.socket as usize, message as usize, how as usize, 0])
            })?;
        }
        room.step.store(BECOMING, Ordering::Release);
        // Handlers are for the program that this is a part of still. What is ignored stays so but for broken pipes, of which
        // std wants to hear as errors, and others do not.
        let mut signal = 1;
        while signal < 32 {
            let mut now = Action::default();
            let size = size_of::<u64>();
            let known = ask(libc::SYS_rt_sigaction, [signal, 0, (&raw mut now) as usize, size]).is_ok();
            let is_handled = now.handler != libc::SIG_IGN && now.handler != libc::SIG_DFL;
            if known && (is_handled || signal == libc::SIGPIPE as usize) {
                let plain = Action::default();
                let _ = ask(libc::SYS_rt_sigaction, [signal, (&raw const plain) as usize, 0, size]);
            }
            signal += 1;
        }
        let none = 0_u64;
        let set = libc::SIG_SETMASK as usize;
        ask(libc::SYS_rt_sigprocmask, [set, (&raw const none) as usize, 0, size_of::<u64>()])?;
        let program = room.image.program.as_ptr() as usize;
        ask(libc::SYS_execve, [program, room.argv.as_ptr() as usize, room.env.as_ptr() as usize, 0])?;
    }
    Ok(())
}

/// Takes back what was handed over: whoever has it is not to take this for the end of a worker.
unsafe fn withdraw(room: &Room) {
    if room.socket >= 0 && room.step.load(Ordering::Acquire) == BECOMING {
        let (socket, words) = (room.socket as usize, room.words.as_ptr() as usize);
        let part = libc::iovec { iov_base: words as *mut c_void, iov_len: room.words.len().min(8) };
        // SAFETY: a system call with what lives until it returns; of the message, zero is a value for all.
        unsafe {
            let mut message: libc::msghdr = std::mem::zeroed();
            message.msg_iov = (&raw const part).cast_mut();
            message.msg_iovlen = 1;
            let how = (libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT) as usize;
            // Where there is no room for it, there is a receipt that says 127, as a shell has it.
            let _ = call(libc::SYS_sendmsg, [socket, (&raw const message) as usize, how, 0]);
        }
    }
}

/// What is to be done at a signal, as the system itself has it.
#[repr(C)]
#[derive(Default)]
struct Action {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

/// Room for one descriptor beside a message, aligned as its header has to be.
#[repr(C, align(8))]
struct Beside([u8; 32]);

/// Makes the message with which a hold is handed over.
unsafe fn hand_over<T>(room: &Room, hold: c_int, send: impl FnOnce(*const libc::msghdr) -> T) -> T {
    let mut part = libc::iovec { iov_base: room.words.as_ptr().cast_mut().cast(), iov_len: room.words.len() };
    let mut beside = Beside([0; 32]);
    // SAFETY: of the message, plain numbers and pointers, for all of which zero is a value; of its header, it is written where
    // the message says that it has room, which the macros stay within.
    unsafe {
        const _: () = assert!(size_of::<libc::cmsghdr>() + size_of::<c_int>() <= size_of::<Beside>());
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = beside.0.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(size_of::<c_int>() as u32) as _;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<c_int>() as u32) as _;
        libc::CMSG_DATA(header).cast::<c_int>().write_unaligned(hold);
        send(&raw const message)
    }
}

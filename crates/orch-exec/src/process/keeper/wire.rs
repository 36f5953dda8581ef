//! What orch and its keeper say to each other: frames, each a length and so many bytes.
//!
//! Both ends are the same program, and nobody else has the socket; still nothing here trusts a length.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What is asked of the keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Start this; answered by [`Word::Started`] or [`Word::Refused`].
    Start(Order),
    /// The end of the process with this number is written down: let go of it.
    Recorded { pid: u32 },
}

/// A worker to be started. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// By which it is spoken of until it has a number.
    pub(super) key: u64,
    /// The program's own path first.
    pub(super) argv: Vec<OsString>,
    pub(super) cwd: PathBuf,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) stdin: Option<PathBuf>,
    pub(super) log: PathBuf,
    pub(super) receipt: PathBuf,
}

/// What the keeper says: answers to orders in the pipe, the rest over the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// The order's process.
    Started { key: u64, pid: u32, start: u64 },
    /// There is none; the system's number for why.
    Refused { key: u64, errno: i32 },
    /// A process has ended, as a receipt would say it. It keeps its number until [`Ask::Recorded`].
    Ended { pid: u32, code: u8 },
    /// There is an answer in the pipe that should not wait.
    Look,
}

impl Ask {
    /// Adds its frame to `out`.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        framed(out, |out| match self {
            Self::Start(order) => {
                out.push(b'S');
                out.extend(order.key.to_le_bytes());
                put_number(out, order.argv.len());
                order.argv.iter().for_each(|word| put_text(out, word));
                put_text(out, order.cwd.as_os_str());
                put_number(out, order.env.len());
                for (name, value) in &order.env {
                    put_text(out, name);
                    put_text(out, value);
                }
                put_number(out, usize::from(order.stdin.is_some()));
                put_text(out, order.stdin.as_deref().unwrap_or("".as_ref()).as_os_str());
                put_text(out, order.log.as_os_str());
                put_text(out, order.receipt.as_os_str());
            }
            Self::Recorded { pid } => {
                out.push(b'R');
                out.extend(pid.to_le_bytes());
            }
        });
    }

    /// Reads what [`put`](Self::put) wrote.
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let (&kind, mut rest) = frame.split_first()?;
        let rest = &mut rest;
        let ask = match kind {
            b'S' => {
                let key = u64::from_le_bytes(take(rest)?);
                let words = take_number(rest)?;
                let argv = (0..words).map(|_| take_text(rest)).collect::<Option<_>>()?;
                let cwd = take_text(rest)?.into();
                let variables = take_number(rest)?;
                let pair = |_| Some((take_text(rest)?, take_text(rest)?));
                let env = (0..variables).map(pair).collect::<Option<_>>()?;
                let has_stdin = take_number(rest)? == 1;
                let stdin = PathBuf::from(take_text(rest)?);
                let (log, receipt) = (take_text(rest)?.into(), take_text(rest)?.into());
                Self::Start(Order { key, argv, cwd, env, stdin: has_stdin.then_some(stdin), log, receipt })
            }
            b'R' => Self::Recorded { pid: u32::from_le_bytes(take(rest)?) },
            _ => return None,
        };
        rest.is_empty().then_some(ask)
    }
}

impl Word {
    /// Adds its frame to `out`.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        framed(out, |out| match self {
            Self::Started { key, pid, start } => {
                out.push(b'S');
                out.extend(key.to_le_bytes());
                out.extend(pid.to_le_bytes());
                out.extend(start.to_le_bytes());
            }
            Self::Refused { key, errno } => {
                out.push(b'R');
                out.extend(key.to_le_bytes());
                out.extend(errno.to_le_bytes());
            }
            Self::Ended { pid, code } => {
                out.push(b'E');
                out.extend(pid.to_le_bytes());
                out.push(code);
            }
            Self::Look => out.push(b'L'),
        });
    }

    /// Reads what [`put`](Self::put) wrote.
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let (&kind, mut rest) = frame.split_first()?;
        let rest = &mut rest;
        let word = match kind {
            b'S' => {
                let key = u64::from_le_bytes(take(rest)?);
                let (pid, start) = (u32::from_le_bytes(take(rest)?), u64::from_le_bytes(take(rest)?));
                Self::Started { key, pid, start }
            }
            b'R' => {
                let key = u64::from_le_bytes(take(rest)?);
                Self::Refused { key, errno: i32::from_le_bytes(take(rest)?) }
            }
            b'E' => {
                let pid = u32::from_le_bytes(take(rest)?);
                let [code] = take(rest)?;
                Self::Ended { pid, code }
            }
            b'L' => Self::Look,
            _ => return None,
        };
        rest.is_empty().then_some(word)
    }
}

/// What has come in and was not taken out yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// How far it was taken out.
    taken: usize,
}

impl Inbox {
    /// Reads what is there, at least once. `false`: the other end is closed.
    pub(super) fn fill(&mut self, mut from: impl Read) -> io::Result<bool> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        let mut part = [0; 16 << 10];
        loop {
            match from.read(&mut part) {
                Ok(count) => {
                    self.bytes.extend_from_slice(&part[..count]);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let mut rest = &self.bytes[self.taken..];
        let length = take_number(&mut rest)?;
        let frame = rest.get(..length)?;
        self.taken += 4 + length;
        Some(frame)
    }
}

fn framed(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend([0; 4]);
    body(out);
    // What a program can be started with is far less than four gigabytes.
    let length = u32::try_from(out.len() - at - 4).unwrap_or(u32::MAX);
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

fn put_number(out: &mut Vec<u8>, number: usize) {
    out.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &OsStr) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_number(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(take(rest)?)).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<OsString> {
    let length = take_number(rest)?;
    let (text, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(OsString::from_vec(text.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts() -> impl Strategy<Value = Vec<OsString>> {
        let text = proptest::collection::vec(any::<u8>(), 0..20).prop_map(OsString::from_vec);
        proptest::collection::vec(text, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_asked_is_heard_however_it_is_cut(
            argv in texts(), names in texts(), with_stdin in any::<bool>(), pid in any::<u32>(), cut in 1..60_usize,
        ) {
            let order = Order {
                key: u64::from(pid) << 20,
                cwd: "/a".into(),
                env: names.iter().cloned().zip(argv.iter().cloned()).collect(),
                argv,
                stdin: with_stdin.then(|| "/in".into()),
                log: OsString::from_vec(b"/log\xff\n".to_vec()).into(),
                receipt: "/receipt".into(),
            };
            let asks = [Ask::Start(order), Ask::Recorded { pid }];
            let mut bytes = Vec::new();
            asks.iter().for_each(|ask| ask.put(&mut bytes));
            let (mut inbox, mut heard) = (Inbox::default(), Vec::new());
            for part in bytes.chunks(cut) {
                prop_assert!(inbox.fill(part).unwrap());
                while let Some(frame) = inbox.next() {
                    heard.push(Ask::read(frame).unwrap());
                }
            }
            prop_assert_eq!(heard, asks);
            prop_assert!(!inbox.fill(&b""[..]).unwrap());
        }

        #[test]
        fn what_is_said_is_heard(pid in any::<u32>(), start in any::<u64>(), errno in any::<i32>(), code in any::<u8>()) {
            let answers = [Word::Started { key: start, pid, start }, Word::Refused { key: start, errno }];
            for word in answers.into_iter().chain([Word::Ended { pid, code }, Word::Look]) {
                let mut bytes = Vec::new();
                word.put(&mut bytes);
                prop_assert_eq!(Word::read(&bytes[4..]), Some(word));
            }
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (Ask::read(&bytes), Word::read(&bytes));
            let mut inbox = Inbox::default();
            inbox.fill(&bytes[..]).unwrap();
            while inbox.next().is_some() {}
        }
    }
}

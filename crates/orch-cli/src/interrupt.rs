//! Signals: the first asks the run to end, the second ends everything at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use orch_systems::{Ask, Asker};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Which signal, if any, asked the run to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupted(Arc<AtomicI32>);

impl Interrupted {
    /// Listens for the signals that ask a program to end, and passes them on to the run.
    pub(crate) fn listen(asker: Asker) -> io::Result<Self> {
        let interrupted = Self::default();
        let seen = interrupted.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                let first = seen.0.swap(signal, Ordering::Relaxed) == 0;
                asker.ask(if first { Ask::Stop } else { Ask::Kill });
            }
        })?;
        Ok(interrupted)
    }

    /// The exit code of a program that was ended so: 130 for an interrupt, 143 for a request to terminate.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(exit_code(signal)),
        }
    }
}

/// The exit code of a program that was ended by this signal.
pub(crate) fn exit_code(signal: i32) -> u8 {
    128 + signal as u8
}

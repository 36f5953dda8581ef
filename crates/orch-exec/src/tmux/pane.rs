//! The program in a pane.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::display::Display;
use super::handover::Handover;
use super::plain::Plain;
use crate::process::{Exit, Launch, Processes, Settings, StartError, Waker, open_log, receipt};

/// The worker's key: there is one.
const WORKER: u64 = 0;
/// How long after the end of its worker a request to end still counts as its cause.
const LAST_WORDS: Duration = Duration::from_millis(50);

// The worker's group is not the one that the terminal belongs to. A program that asks for a password there would be
// stopped for ever; with these signals ignored it is told that there is nothing to read. Nothing is put into the text.
const WITHOUT_TERMINAL: &str = r#"trap '' TTIN TTOU; exec "$@""#;

/// Runs the worker of a launch file: what the pane program of [`Tmux::start`](super::Tmux::start) does and all it does.
/// Call it first thing in `main`, with the last argument, and return what it returns.
///
/// Takes the file, starts the worker as [`Processes::start`] would, shows the growth of its log on standard output
/// (text only: control sequences are left out), waits until the worker and all it left have ended, and writes the
/// receipt. Returns the worker's exit code; 126 or 127, as shells do, when it cannot be started.
///
/// Asked to end (`SIGTERM`), or with its session gone (`SIGHUP`), it ends the worker with all it started, and the
/// receipt is 128 and the signal, whatever the worker made of it: an attempt that was cut short never reads as done.
/// Ctrl-c and ctrl-\ in the pane go to the worker; ctrl-z does nothing.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     let words: Vec<_> = std::env::args_os().collect();
///     if let [_, word, file] = words.as_slice()
///         && word == "pane"
///     {
///         return orch_exec::tmux::pane(file.as_ref());
///     }
///     std::process::ExitCode::SUCCESS
/// }
/// ```
#[must_use]
pub fn pane(file: &Path) -> ExitCode {
    match run(file) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let text = without_controls(&format!("cannot run {}: {error}", file.display()));
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::from(126)
        }
    }
}

fn run(file: &Path) -> io::Result<u8> {
    // From here on a request to end is heard, and before here nobody could have made one for this worker.
    let told = Told::listen()?;
    let Handover { launch, grace } = Handover::take(file)?;
    // Who adopts this process caps the log.
    let mut processes = Processes::new(Settings { adopt_orphans: true, grace, log_cap: 0 })?;
    Told::wake(processes.waker())?;
    if let Some(path) = &launch.receipt {
        receipt::clear(path)?;
    }
    // An earlier attempt may have had the same log.
    let from = fs::symlink_metadata(&launch.log).map_or(0, |found| found.len());
    let display = Display::start(&launch.log, from)?;
    let (code, end) = attempt(&mut processes, &launch, &told);
    let written =
        launch.receipt.as_deref().zip(code).map_or(Ok(()), |(path, code)| receipt::write(path, code));
    display.finish(match written {
        Ok(()) => format!("[{end}]"),
        Err(error) => format!("[{end}; no receipt: {error}]"),
    });
    Ok(code.unwrap_or(1))
}

/// The code of the receipt, if there is to be one, and how the worker ended, in words.
fn attempt(processes: &mut Processes, launch: &Launch, told: &Told) -> (Option<u8>, String) {
    let exit = match told.to_end() {
        Some(_) => Exit::Unknown,
        None => match start(processes, launch) {
            Ok(()) => {
                let exit = wait(processes, told);
                told.listen_on(processes);
                exit
            }
            Err(error) => {
                let line = without_controls(&error.to_string());
                // The log is where people look; where it cannot be opened, that is the error.
                let _ = open_log(&launch.log).and_then(|mut log| writeln!(log, "orch: {line}"));
                let missing = matches!(error, StartError::NotFound { .. } | StartError::NoInterpreter { .. });
                return (Some(if missing { 127 } else { 126 }), format!("worker not started: {line}"));
            }
        },
    };
    let after_signal = |signal: i32| u8::try_from(128 + signal).ok();
    match (told.to_end(), exit) {
        // Asked to end, a worker may well say that all is fine.
        (Some(SIGHUP), _) => (after_signal(SIGHUP), "worker ended: its session was closed".into()),
        (Some(signal), _) => (after_signal(signal), "worker ended: it was stopped".into()),
        (None, Exit::Code(code)) => (u8::try_from(code).ok(), format!("worker ended: exit code {code}")),
        (None, Exit::Signal(signal)) => (after_signal(signal), format!("worker ended: signal {signal}")),
        (None, Exit::Unknown) => (None, "worker ended: nobody saw how".into()),
    }
}

fn start(processes: &mut Processes, launch: &Launch) -> Result<(), StartError> {
    let mut argv: Vec<OsString> =
        ["/bin/sh", "-c", WITHOUT_TERMINAL, "orch-worker"].map(OsString::from).into();
    argv.extend(launch.resolved_argv()?);
    // The receipt is written here, when it is known whether the worker was left to end by itself.
    let launch = Launch { argv, receipt: None, ..launch.clone() };
    processes.start(WORKER, &launch)?;
    Ok(())
}

/// Waits until nothing of the worker is left.
fn wait(processes: &mut Processes, told: &Told) -> Exit {
    loop {
        if told.to_end().is_some() {
            processes.stop(WORKER);
        }
        if let Some(signal) = told.to_pass_on() {
            processes.signal_group(WORKER, signal);
        }
        match processes.wait(None) {
            Ok(ended) => {
                if let Some(ended) = ended.first() {
                    return ended.exit;
                }
            }
            // No memory just now. The worker goes on meanwhile.
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn without_controls(text: &str) -> String {
    let mut plain = Plain::default();
    let shown = plain.feed(text.as_bytes());
    shown + &plain.finish()
}

/// What signals have told this process.
#[derive(Debug)]
struct Told {
    end: Arc<AtomicUsize>,
    pass_on: Arc<AtomicUsize>,
}

impl Told {
    /// The numbers are set in the handlers themselves, so that they are there when a wait ends.
    fn listen() -> io::Result<Self> {
        let told = Self { end: Arc::default(), pass_on: Arc::default() };
        for signal in [SIGHUP, SIGTERM] {
            signal_hook::flag::register_usize(signal, told.end.clone(), signal.unsigned_abs() as usize)?;
        }
        for signal in [SIGINT, SIGQUIT] {
            signal_hook::flag::register_usize(signal, told.pass_on.clone(), signal.unsigned_abs() as usize)?;
        }
        Ok(told)
    }

    /// Ends the wait whenever a signal has come. Ctrl-z is listened to so that it does not stop this process.
    fn wake(waker: Waker) -> io::Result<()> {
        let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGTSTP])?;
        let listener = thread::Builder::new().name("signals".into());
        listener.spawn(move || signals.forever().for_each(|_| waker.wake()))?;
        Ok(())
    }

    /// Waits a moment for a request to end. A machine that shuts down tells everybody at once, the worker before this
    /// process perhaps, and a handler in another thread may be late.
    fn listen_on(&self, processes: &mut Processes) {
        let until = Instant::now() + LAST_WORDS;
        while self.to_end().is_none() {
            let left = until.saturating_duration_since(Instant::now());
            // A failure, for want of memory, ends this early: the signal was unlikely anyway.
            if left.is_zero() || processes.wait(Some(left)).is_err() {
                break;
            }
        }
    }

    fn to_end(&self) -> Option<i32> {
        i32::try_from(self.end.load(Ordering::SeqCst)).ok().filter(|&signal| signal != 0)
    }

    fn to_pass_on(&self) -> Option<Signal> {
        let signal = self.pass_on.swap(0, Ordering::SeqCst);
        i32::try_from(signal).ok().and_then(Signal::from_named_raw)
    }
}

//! One orch at work.

use std::collections::VecDeque;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::Value;

use super::{PATIENCE, signal};

/// An orch that has been started.
pub(crate) struct Live {
    child: Child,
    lines: Receiver<String>,
    /// Events that were asked for later than they came.
    events: VecDeque<Value>,
    /// The last event.
    last: String,
    out: String,
    err: Option<JoinHandle<String>>,
}

/// How an orch ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    /// Its standard output without the events.
    pub(crate) out: String,
    pub(crate) err: String,
    /// The events that nobody had waited for.
    pub(crate) events: Vec<Value>,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {:?}, signal {:?}\n{}\n{}", self.code, self.signal, self.out, self.err)
    }
}

impl Ended {
    /// The events of this kind that nobody had waited for, as `TASK: FIELD`.
    pub(crate) fn told(&self, event: &str, field: &str) -> Vec<String> {
        let told = self.events.iter().filter(|told| told["event"] == event);
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        told.map(|told| format!("{}: {}", word(&told["task"]), word(&told[field]))).collect()
    }
}

impl Live {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut err = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in out.split(b'\n') {
                let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
                // Whoever has lost interest has no need of the rest.
                let _ = sender.send(line);
            }
        });
        let err = thread::spawn(move || {
            let mut text = Vec::new();
            err.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let (events, last) = (VecDeque::new(), String::new());
        Self { child, lines, events, last, out: String::new(), err: Some(err) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// The next event; none when orch has ended.
    pub(crate) fn event(&mut self) -> Option<Value> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => match serde_json::from_str::<Value>(&line) {
                    Ok(event) if event["event"].is_string() => {
                        self.last = line;
                        return Some(event);
                    }
                    _ => self.out += &format!("{line}\n"),
                },
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let has_ended = self.has_ended();
                    self.kill_now();
                    panic!(
                        "waited in vain for an event (ended: {has_ended}) after {}; so far: {}",
                        self.last, self.out
                    );
                }
            }
        }
    }

    /// Waits for a line of its output with this text in it: all that it said since the last one that was waited for.
    pub(crate) fn hear(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut said = String::new();
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => said += &format!("{line}\n"),
                Err(error) => panic!("no line with `{text}` ({error}): {said}"),
            }
            if said.lines().last().is_some_and(|line| line.contains(text)) {
                return said;
            }
        }
    }

    /// Waits for an event of this kind, of this task if one is named.
    pub(crate) fn wait_for(&mut self, event: &str, task: &str) -> Value {
        let mut seen = Vec::new();
        while let Some(next) = self.event() {
            if next["event"] == event && (task.is_empty() || next["task"] == task) {
                return next;
            }
            seen.push(next.to_string());
        }
        let ended = self.finish();
        panic!("no `{event}` of `{task}`: {ended}\n{}", seen.join("\n"));
    }

    /// Ends it as a crash would, and waits until it is gone.
    pub(crate) fn kill(mut self) -> Ended {
        self.kill_now();
        self.finish()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.pid());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        self.finish()
    }

    fn kill_now(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    fn finish(&mut self) -> Ended {
        let mut events = Vec::new();
        while let Some(event) = self.event() {
            events.push(event);
        }
        let status = self.child.wait().unwrap();
        let err = self.err.take().unwrap().join().unwrap();
        assert!(!err.contains("panicked"), "{err}");
        let out = std::mem::take(&mut self.out);
        Ended { code: status.code(), signal: status.signal(), out, err, events }
    }
}

impl Drop for Live {
    /// A test that failed leaves nothing at work.
    fn drop(&mut self) {
        self.kill_now();
        let _ = self.child.wait();
    }
}

//! Workers that outlived the run which started them.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use super::stop::Ending;
use super::supervise::{Entry, Origin, hold};
use super::{MARKER, Processes, Settings, Worker};
use crate::platform::{self, Handle, Process};

/// The processes alive whose environment carries one of these markers: for each marker that is found, the oldest,
/// which is the worker, or if that is gone, something it left. Reads the whole process table: meant for once per run.
#[must_use]
pub fn survivors(markers: &[&str]) -> Vec<(String, Worker)> {
    if markers.is_empty() {
        return Vec::new();
    }
    let me = std::process::id();
    let living: HashMap<u32, Process> = platform::processes()
        .into_iter()
        .filter(|process| !process.zombie && process.pid != me)
        .map(|process| (process.pid, process))
        .collect();
    let pids: Vec<u32> = living.keys().copied().collect();
    let marks = platform::settled_marks_of(&pids, MARKER);
    // Clock ticks are coarse and numbers wrap around: of two that started together, a child is the younger.
    let age = |process: &Process| {
        let is_child = marks.get(&process.parent) == marks.get(&process.pid);
        (process.start, is_child, process.pid)
    };
    let mut oldest: HashMap<&[u8], Process> = HashMap::new();
    for (pid, mark) in &marks {
        let (Some(marker), Some(process)) = (mark.value(), living.get(pid)) else { continue };
        let known = oldest.entry(marker).or_insert(*process);
        if age(process) < age(known) {
            *known = *process;
        }
    }
    let worker = |process: &Process| Worker {
        pid: process.pid,
        start: process.start,
        boot: platform::boot_id().to_owned(),
    };
    let found = markers
        .iter()
        .filter_map(|&marker| Some((marker.to_owned(), worker(oldest.get(marker.as_bytes())?))));
    found.collect()
}

/// Whether exactly this process still runs: the same number, start and boot.
#[must_use]
pub fn is_alive(worker: &Worker) -> bool {
    worker.boot == platform::boot_id() && Handle::open(worker.pid, worker.start).is_some()
}

/// Ends a worker of an earlier run and everything that carries its marker, with `grace` between the request and the
/// order; returns when it is done. Works just as well when the worker itself is gone. A process that merely has its
/// number now is left alone.
///
/// Returns whether nothing is left; `false` means that something cannot be ended, because it is another user's or
/// hangs in the kernel.
///
/// # Errors
/// When no descriptor or memory is left.
pub fn end_survivor(worker: &Worker, marker: &str, grace: Duration) -> io::Result<bool> {
    let settings = Settings { adopt_orphans: false, grace, log_cap: 0 };
    let mut processes = Processes::new(settings)?;
    if processes.adopt(0, worker, marker, None, None) {
        processes.stop(0);
    } else {
        processes.end_marked(0, worker, marker);
    }
    // The order comes when the grace is over, and five seconds later what is left is given up; a worker that even
    // then has not gone would be waited for without end.
    let patience = grace.saturating_add(Duration::from_secs(10));
    let until = Instant::now().checked_add(patience);
    while processes.running().next().is_some() {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            break;
        }
        processes.wait(left)?;
    }
    Ok(survivors(&[marker]).is_empty() && hold(worker, marker, None).is_none())
}

impl Processes {
    /// Ends what carries the marker of a worker that is gone, or whose number is a stranger's by now.
    fn end_marked(&mut self, key: u64, worker: &Worker, marker: &str) {
        // A start time that no process has: whoever has the number now is not the worker.
        let worker = Worker { start: u64::MAX, ..worker.clone() };
        let ending = Ending::of_marked(Instant::now(), self.settings.grace);
        self.insert(
            key,
            Entry {
                handle: Handle::of_child(worker.pid, worker.start),
                worker,
                origin: Origin::Adopted,
                marker: marker.to_owned(),
                receipt: None,
                log: None,
                witnessed: None,
                beginning: None,
                ending: Some(ending),
            },
        );
    }
}

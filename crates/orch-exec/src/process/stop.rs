//! Ending a worker with everything it started.
//!
//! Ask, give grace, then order; in between, look at the process table again until two looks in a row find nothing:
//! what is being ended may start more, and a process in the middle of `exec` shows no environment for a moment. The
//! looks follow events (a known process ended) and are shared by all workers that are being ended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process_group};

use super::supervise::{Entry, Origin, Processes, earliest, reap};
use super::{Exit, MARKER};
use crate::platform::{self, Handle, Process};

/// After a request or an order: what was just being started did not hear it. Doubled while nothing is found.
const NEXT_LOOK: Duration = Duration::from_millis(50);
const RAREST_LOOK: Duration = Duration::from_secs(2);
/// Between two looks that should find nothing.
const LAST_LOOK: Duration = Duration::from_millis(5);
/// What has not gone this long after the order cannot be ended: it hangs in the kernel or is another user's.
const GIVE_UP: Duration = Duration::from_secs(5);

/// The state of one worker's ending.
#[derive(Debug)]
pub(super) struct Ending {
    /// How the worker itself ended, once it has.
    exit: Option<Exit>,
    /// Whether the worker has been asked. Not before the first look: who dies of its end unseen is lost as a zombie.
    asked: bool,
    /// The worker's [`Process::image`] at the last look.
    image: u64,
    kill_at: Instant,
    killed: bool,
    gave_up: bool,
    /// Whether its group's number is still kept by its members alone.
    group_is_ours: bool,
    look_at: Instant,
    pause: Duration,
    looks_without_find: u8,
    /// What belongs to it besides the worker, by number.
    members: BTreeMap<u32, Member>,
}

#[derive(Debug)]
struct Member {
    start: u64,
    /// `None` once it has ended.
    handle: Option<Handle>,
    told: Option<Signal>,
    image: u64,
}

/// Keeps the looks at the process table from taking more than a third of the time, however many workers end.
#[derive(Debug, Default)]
pub(super) struct Pace {
    not_before: Option<Instant>,
}

impl Ending {
    fn of_living(now: Instant, grace: Duration) -> Self {
        Self {
            exit: None,
            // A grace beyond what the clock can hold is for ever; a century will do.
            kill_at: now.checked_add(grace).unwrap_or(now + Duration::from_secs(3_000_000_000)),
            asked: false,
            image: 0,
            killed: false,
            gave_up: false,
            group_is_ours: true,
            look_at: now,
            pause: Duration::ZERO,
            looks_without_find: 0,
            members: BTreeMap::new(),
        }
    }

    pub(super) fn of_leftovers(exit: Exit, now: Instant, grace: Duration) -> Self {
        Self { exit: Some(exit), ..Self::of_living(now, grace) }
    }

    /// When the worker is gone for an unknown time: its group's number may be a stranger's by now.
    pub(super) fn of_marked(now: Instant, grace: Duration) -> Self {
        Self { group_is_ours: false, ..Self::of_leftovers(Exit::Unknown, now, grace) }
    }

    pub(super) fn worker_runs(&self) -> bool {
        self.exit.is_none()
    }

    pub(super) fn worker_ended(&mut self, exit: Exit, now: Instant) {
        self.exit = Some(exit);
        self.look_at = now;
    }

    /// The descriptors to wait for.
    pub(super) fn watched(&self) -> impl Iterator<Item = (u32, BorrowedFd<'_>)> {
        self.living().filter_map(|(pid, handle)| Some((pid, handle.fd()?)))
    }

    fn living(&self) -> impl Iterator<Item = (u32, &Handle)> {
        self.members.iter().filter_map(|(&pid, member)| Some((pid, member.handle.as_ref()?)))
    }

    fn level(&self) -> Signal {
        if self.killed { Signal::KILL } else { Signal::TERM }
    }

    fn due(&self) -> Instant {
        match (self.killed, self.gave_up) {
            (false, _) => self.look_at.min(self.kill_at),
            (true, false) => self.look_at.min(self.kill_at + GIVE_UP),
            (true, true) => self.look_at,
        }
    }

    fn tell_members(&mut self) {
        let level = self.level();
        for member in self.members.values_mut().filter(|member| member.told != Some(level)) {
            member.told = Some(level);
            if let Some(handle) = &member.handle {
                tell(handle, level);
            }
        }
    }

    /// Takes in what one look found alive of this worker, itself not counted.
    fn found(&mut self, alive: &[Process], now: Instant) {
        let still: HashSet<(u32, u64)> = alive.iter().map(|p| (p.pid, p.start)).collect();
        for (&pid, member) in &mut self.members {
            if !still.contains(&(pid, member.start)) {
                member.handle = None;
                reap(pid, member.start);
            }
        }
        let mut newcomers = false;
        for process in alive {
            let known = self.members.get_mut(&process.pid);
            if let Some(member) = known.filter(|member| member.start == process.start) {
                if member.image != process.image {
                    // Told while it was still a copy of its parent, with its parent's ear for signals.
                    member.image = process.image;
                    member.told = None;
                }
                continue;
            }
            if let Some(handle) = Handle::open(process.pid, process.start) {
                newcomers = true;
                let (start, image) = (process.start, process.image);
                let member = Member { start, handle: Some(handle), told: None, image };
                self.members.insert(process.pid, member);
            }
        }
        let blind = self.living().any(|(_, handle)| handle.fd().is_none());
        let empty = self.living().next().is_none();
        self.looks_without_find = if empty { self.looks_without_find.saturating_add(1) } else { 0 };
        let pause = if empty && self.exit.is_some() {
            LAST_LOOK
        } else if newcomers || blind {
            NEXT_LOOK
        } else {
            (self.pause * 2).clamp(NEXT_LOOK, RAREST_LOOK)
        };
        self.pause = pause;
        self.look_at = now + pause;
    }

    /// What would not go is let be, so that the worker can be reported.
    fn give_up(&mut self, now: Instant) {
        self.gave_up = true;
        self.look_at = now;
    }

    fn is_over(&self) -> bool {
        self.exit.is_some() && (self.gave_up || self.looks_without_find >= 2)
    }
}

impl Processes {
    /// Decides to end a worker with everything it started. The next [`wait`](Self::wait) asks it at once (`SIGTERM`),
    /// orders (`SIGKILL`) when the grace is over, and reports the end as any other. Calling it again changes
    /// nothing, nor does an unknown key.
    pub fn stop(&mut self, key: u64) {
        let now = Instant::now();
        let grace = self.settings.grace;
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.ending.is_none()
        {
            entry.ending = Some(Ending::of_living(now, grace));
        }
    }

    /// As [`stop`](Self::stop), with no grace, or no more of it.
    pub fn kill(&mut self, key: u64) {
        self.stop(key);
        if let Some(ending) = self.entries.get_mut(&key).and_then(|entry| entry.ending.as_mut())
            && !ending.killed
        {
            ending.kill_at = Instant::now();
        }
    }

    /// Sends a signal to the process group of a worker started here, as a terminal does. An unknown key changes
    /// nothing.
    pub(crate) fn signal_group(&self, key: u64, signal: Signal) {
        let started_here = |entry: &&Entry| entry.origin == Origin::Child && entry.runs();
        if let Some(entry) = self.entries.get(&key).filter(started_here) {
            // It is uncollected, so the number is its own. Failing means that all of the group have ended.
            let _ = platform::raw(entry.worker.pid).map(|group| kill_process_group(group, signal));
        }
    }

    pub(super) fn endings_due(&self) -> Option<Instant> {
        let endings = || self.entries.values().filter_map(|entry| entry.ending.as_ref());
        let due = endings().map(Ending::due).min()?;
        let step = endings().filter(|ending| !ending.killed).map(|ending| ending.kill_at).min();
        // A look has to wait its turn; an order does not.
        let look = self.pace.not_before.map_or(due, |not_before| due.max(not_before));
        earliest(Some(look), step)
    }

    pub(super) fn member_ended(&mut self, key: u64, pid: u32, now: Instant) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        let Some(ending) = &mut entry.ending else { return };
        if let Some(member) = ending.members.get_mut(&pid) {
            member.handle = None;
            reap(pid, member.start);
        }
        if ending.living().next().is_none() {
            ending.look_at = now;
        }
    }

    /// Does what is due for the workers that are being ended.
    pub(super) fn advance_endings(&mut self, now: Instant) {
        let mut look = false;
        for entry in self.entries.values_mut() {
            let Some(ending) = &mut entry.ending else { continue };
            if !ending.killed && now >= ending.kill_at {
                ending.killed = true;
                ending.kill_at = now;
                ending.look_at = now;
                ending.pause = Duration::ZERO;
                if ending.asked {
                    entry.tell_all();
                }
            } else if ending.killed && !ending.gave_up && now >= ending.kill_at + GIVE_UP {
                ending.give_up(now);
            }
            look |= entry.ending.as_ref().is_some_and(|ending| now >= ending.look_at);
        }
        if !look || self.pace.not_before.is_some_and(|not_before| now < not_before) {
            return;
        }
        self.look_at_endings(now);
        let after = Instant::now();
        self.pace.not_before = Some(after + (after - now) * 2);
        let over: Vec<(u64, Exit)> = self
            .entries
            .iter()
            .filter_map(|(&key, entry)| {
                let ending = entry.ending.as_ref().filter(|ending| ending.is_over())?;
                Some((key, ending.exit?))
            })
            .collect();
        for (key, exit) in over {
            self.finish(key, exit);
        }
    }

    /// One look at the process table for all workers that are being ended.
    fn look_at_endings(&mut self, now: Instant) {
        let table = platform::processes();
        let mut endings: Vec<(u64, &mut Entry)> = self
            .entries
            .iter_mut()
            .filter(|(_, entry)| entry.ending.is_some())
            .map(|(&key, entry)| (key, entry))
            .collect();
        let by_number: HashMap<u32, &Process> = table.iter().map(|p| (p.pid, p)).collect();
        let groups: HashSet<u32> = table.iter().map(|process| process.group).collect();
        for (_, entry) in &mut endings {
            let (pid, start) = (entry.worker.pid, entry.worker.start);
            let holder = by_number.get(&pid);
            if let Some(ending) = &mut entry.ending {
                // Once lost, the number may come back as a stranger's.
                ending.group_is_ours &= groups.contains(&pid) && holder.is_none_or(|p| p.start == start);
                if let Some(worker) = holder {
                    ending.asked &= ending.image == worker.image;
                    ending.image = worker.image;
                }
            }
        }
        let mut found = assign(&table, &endings);
        for (key, entry) in endings {
            if let Some(ending) = &mut entry.ending {
                ending.found(&found.remove(&key).unwrap_or_default(), now);
                entry.collect_group(&table);
                entry.tell_all();
            }
        }
    }
}

impl Entry {
    /// Tells the worker and its members what it has come to, each of them once.
    fn tell_all(&mut self) {
        let runs = self.runs();
        let Some(ending) = &mut self.ending else { return };
        // The worker first: a shell whose child ends before it would go on to its next command.
        if runs && (ending.killed || !ending.asked) {
            tell(&self.handle, ending.level());
            if ending.killed && self.origin == Origin::Child {
                // At one stroke, faster than they can multiply. It is uncollected, so the number is its own. Failing
                // means that all of them have ended.
                let _ = platform::raw(self.worker.pid).map(|group| kill_process_group(group, Signal::KILL));
            }
        }
        ending.asked = true;
        ending.tell_members();
    }

    /// Collects the dead of its group that came to this process without having been seen alive.
    fn collect_group(&self, table: &[Process]) {
        let worker = &self.worker;
        if self.ending.as_ref().is_some_and(|ending| ending.group_is_ours) {
            let dead = table.iter().filter(|p| p.zombie && p.group == worker.pid);
            dead.filter(|p| p.pid != worker.pid).for_each(|p| _ = reap(p.pid, p.start));
        }
    }
}

/// A signal, and for a request also what lets a stopped process hear it.
fn tell(handle: &Handle, signal: Signal) {
    // Failing means that it has ended, which is the aim, or is another user's, and then there is nothing to be done.
    let _ = handle.signal(signal);
    if signal == Signal::TERM {
        let _ = handle.signal(Signal::CONT);
    }
}

/// Who among the living belongs to which worker, the workers themselves and this process left out.
fn assign(table: &[Process], endings: &[(u64, &mut Entry)]) -> HashMap<u64, Vec<Process>> {
    let me = std::process::id();
    let mut groups = HashMap::new();
    let mut workers = HashMap::new();
    let mut markers = HashMap::new();
    for (key, entry) in endings {
        workers.insert((entry.worker.pid, entry.worker.start), *key);
        markers.insert(entry.marker.as_bytes(), *key);
        if entry.ending.as_ref().is_some_and(|ending| ending.group_is_ours) {
            groups.insert(entry.worker.pid, *key);
        }
    }
    let living = || table.iter().filter(|p| !p.zombie && p.pid != me);
    let mut owner: HashMap<u32, u64> = HashMap::new();
    let mut unknown = Vec::new();
    for process in living() {
        let worker = workers.get(&(process.pid, process.start));
        match worker.or_else(|| groups.get(&process.group)) {
            Some(&key) => _ = owner.insert(process.pid, key),
            None => unknown.push(process.pid),
        }
    }
    for (pid, mark) in platform::marks_of(&unknown, MARKER) {
        if let Some(&key) = mark.value().and_then(|marker| markers.get(marker)) {
            owner.insert(pid, key);
        }
    }
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in living() {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut open: Vec<u32> = owner.keys().copied().collect();
    while let Some(parent) = open.pop() {
        let Some(&key) = owner.get(&parent) else { continue };
        for &child in children.get(&parent).into_iter().flatten() {
            owner.entry(child).or_insert_with(|| {
                open.push(child);
                key
            });
        }
    }
    let mut found: HashMap<u64, Vec<Process>> = HashMap::new();
    for process in living().filter(|p| !workers.contains_key(&(p.pid, p.start))) {
        if let Some(&key) = owner.get(&process.pid) {
            found.entry(key).or_default().push(*process);
        }
    }
    found
}

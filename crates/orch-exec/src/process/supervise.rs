//! The workers that run, and waiting for them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{WaitOptions, WaitStatus, waitpid};

use super::log::Cap;
use super::orphans::Orphans;
use super::program::Programs;
use super::stop::{Ending, Pace};
use super::witness::{Beginning, Engaged};
use super::{Ended, Exit, Launch, MARKER, Settings, StartError, Waker, Worker, receipt};
use crate::platform::{self, Handle, Mark};

/// How often logs are measured and children that came without asking are looked over, while anything runs.
const TICK: Duration = Duration::from_secs(2);

/// Any number of workers, driven by one thread.
///
/// Dropping it ends nothing: the workers run on and can be [adopted](Self::adopt) by the next one.
#[derive(Debug)]
pub struct Processes {
    pub(super) settings: Settings,
    pub(super) entries: BTreeMap<u64, Entry>,
    /// `None` where orphans do not come to this process.
    pub(super) orphans: Option<Orphans>,
    pub(super) pace: Pace,
    pub(super) engaged: Engaged,
    pub(super) programs: Programs,
    /// What has become of those that were begun, where that is not what was said then.
    pub(super) otherwise: Vec<(u64, Result<Worker, StartError>)>,
    ended: Vec<Ended>,
    waker: Waker,
    next_tick: Instant,
}

/// One worker.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) worker: Worker,
    pub(super) handle: Handle,
    pub(super) origin: Origin,
    pub(super) marker: String,
    pub(super) receipt: Option<PathBuf>,
    pub(super) log: Option<Cap>,
    /// The number of its start, if a witness is to have it.
    pub(super) witnessed: Option<u64>,
    /// As long as it is not known to have become its program.
    pub(super) beginning: Option<Box<Beginning>>,
    /// Set from the moment it is being ended, or has ended and left something behind.
    pub(super) ending: Option<Ending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Started here: a child, and its number is its own until it is collected here.
    Child,
    /// Started by an earlier run.
    Adopted,
}

/// What became ready in a wait.
enum Ready {
    Witness,
    Worker(u64),
    Member(u64, u32),
}

impl Processes {
    /// Prepares to start workers.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let adopts = settings.adopt_orphans && platform::adopt_orphans();
        Ok(Self {
            settings,
            entries: BTreeMap::new(),
            orphans: adopts.then(Orphans::default),
            pace: Pace::default(),
            engaged: Engaged::none()?,
            programs: Programs::default(),
            otherwise: Vec::new(),
            ended: Vec::new(),
            waker: Waker::new()?,
            next_tick: Instant::now(),
        })
    }

    /// Starts a worker. It is running, or has ended already, when this returns.
    ///
    /// # Errors
    /// When it cannot be started; see [`StartError`].
    pub fn start(&mut self, key: u64, launch: &Launch) -> Result<Worker, StartError> {
        self.begin(key, launch.clone())?;
        self.await_start(key)
    }

    /// As [`start`](Self::start), but may return before it is its program. If it can't be that, [`wait`](Self::wait)
    /// returns when that is known, see [`take_otherwise`](Self::take_otherwise).
    ///
    /// # Errors
    /// Those of [`start`](Self::start), as far as they show at once.
    pub fn begin(&mut self, key: u64, launch: Launch) -> Result<Worker, StartError> {
        if self.entries.contains_key(&key) {
            return Err(StartError::KeyInUse { key });
        }
        self.begin_anyhow(key, launch)
    }

    /// Starts a worker without a witness.
    pub(super) fn begin_alone(&mut self, key: u64, launch: &Launch) -> Result<Worker, StartError> {
        // The handle that std keeps is let go: the child is collected by its number, as orphans are.
        let pid = launch.spawn()?.id();
        let start = platform::process(pid).map_or(0, |found| found.start);
        let worker = Worker { pid, start, boot: platform::boot_id().to_owned() };
        let handle = Handle::of_child(pid, start);
        let entry = Entry::started(worker.clone(), handle, Origin::Child, launch, self.settings.log_cap);
        self.insert(key, entry);
        Ok(worker)
    }

    /// Takes over a worker of an earlier run, with its receipt and its log (to be capped). `false`: it is no more, or
    /// its number now belongs to another process, or the key is in use; nothing is watched then, and its receipt, if
    /// any, is final.
    ///
    /// Its environment must carry `marker`. A program that overwrites its own environment is not recognised unless it
    /// was started with a receipt.
    pub fn adopt(
        &mut self,
        key: u64,
        worker: &Worker,
        marker: &str,
        receipt: Option<PathBuf>,
        log: Option<PathBuf>,
    ) -> bool {
        if self.entries.contains_key(&key) {
            return false;
        }
        let Some(handle) = hold(worker, marker, receipt.as_deref()) else { return false };
        let limit = self.settings.log_cap;
        self.insert(
            key,
            Entry {
                worker: worker.clone(),
                handle,
                origin: Origin::Adopted,
                marker: marker.to_owned(),
                receipt,
                log: log.and_then(|path| Cap::new(path, limit)),
                witnessed: None,
                beginning: None,
                ending: None,
            },
        );
        true
    }

    pub(super) fn insert(&mut self, key: u64, entry: Entry) {
        if self.entries.is_empty() {
            self.next_tick = Instant::now() + TICK;
        }
        self.entries.insert(key, entry);
    }

    /// Sleeps until at least one worker has ended, [`Waker::wake`] is called, or the time is up (`None`: never), and
    /// returns those that ended since. A worker is reported once, and only when nothing of it is left: what it left
    /// behind is ended first.
    ///
    /// With nothing running and no limit only the waker ends it.
    ///
    /// # Errors
    /// When the system cannot wait (no memory). Nothing is lost: the next call goes on.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Ended>> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let now = Instant::now();
            self.advance(now);
            let is_known = !self.ended.is_empty() || !self.otherwise.is_empty();
            let wake_at = if is_known { Some(now) } else { earliest(self.due(), until) };
            let woken = self.sleep(wake_at)?;
            let time_is_up = until.is_some_and(|until| Instant::now() >= until);
            if woken || time_is_up || !self.ended.is_empty() || !self.otherwise.is_empty() {
                return Ok(std::mem::take(&mut self.ended));
            }
        }
    }

    /// Ends a wait from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// The workers not yet reported as ended, in the order of their keys.
    pub fn running(&self) -> impl Iterator<Item = (u64, &Worker)> {
        self.entries.iter().map(|(&key, entry)| (key, &entry.worker))
    }

    /// Does what is due by the clock.
    fn advance(&mut self, now: Instant) {
        let blind = self.entries.iter().filter(|(_, entry)| entry.is_blind());
        let blind: Vec<u64> = blind.map(|(&key, _)| key).collect();
        self.collect(&blind, now);
        if !self.entries.is_empty() && now >= self.next_tick {
            self.next_tick = now + TICK;
            if let Some(orphans) = &mut self.orphans {
                orphans.look(&self.entries, self.engaged.pid(), now);
            }
            for entry in self.entries.values_mut() {
                entry.trim_log();
            }
        }
        self.advance_endings(now);
    }

    /// When [`advance`](Self::advance) has something to do next.
    fn due(&self) -> Option<Instant> {
        let tick = (!self.entries.is_empty()).then_some(self.next_tick);
        let blind = self.entries.values().any(Entry::is_blind);
        let look = blind.then(|| Instant::now() + platform::LOOK_AGAIN);
        earliest(earliest(tick, look), self.endings_due())
    }

    /// Sleeps until `until` or something is ready, and deals with that. Says whether the waker was called.
    fn sleep(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let waker = self.waker.clone();
        let mut sources = Vec::new();
        let mut fds = vec![PollFd::from_borrowed_fd(waker.fd(), PollFlags::IN)];
        if let Some(witness) = self.engaged.fd() {
            sources.push(Ready::Witness);
            fds.push(PollFd::from_borrowed_fd(witness, PollFlags::empty()));
        }
        for (&key, entry) in &self.entries {
            if entry.runs()
                && let Some(fd) = entry.handle.fd()
            {
                sources.push(Ready::Worker(key));
                fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
            }
            for (pid, fd) in entry.ending.iter().flat_map(Ending::watched) {
                sources.push(Ready::Member(key, pid));
                fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
            }
        }
        let left = until.map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            let left = left.min(Duration::from_secs(86_400));
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        match poll(&mut fds, left.as_ref()) {
            Ok(_) => {}
            // A signal: whoever handles it calls the waker if it matters.
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let woken = !fds[0].revents().is_empty();
        let mut flags = fds[1..].iter().map(|fd| !fd.revents().is_empty());
        sources.retain(|_| flags.next().unwrap_or(false));
        drop(fds);
        if woken {
            waker.quieten();
        }
        let now = Instant::now();
        let mut workers = Vec::new();
        for source in sources {
            match source {
                Ready::Witness => self.engaged.replace(&self.entries),
                Ready::Worker(key) => workers.push(key),
                Ready::Member(key, pid) => self.member_ended(key, pid, now),
            }
        }
        self.collect(&workers, now);
        Ok(woken)
    }

    /// Of these, collects the workers that have ended, and either reports them or begins to end what they left.
    fn collect(&mut self, keys: &[u64], now: Instant) {
        let mut exits = Vec::new();
        for &key in keys {
            if self.settle_start(key) {
                continue;
            }
            if let Some(entry) = self.entries.get_mut(&key)
                && let Some(exit) = entry.exit()
            {
                match &mut entry.ending {
                    Some(ending) => ending.worker_ended(exit, now),
                    None => exits.push((key, exit)),
                }
            }
        }
        if exits.is_empty() {
            return;
        }
        // One look for all that ended together, and before the groups are asked after: collecting dead orphans
        // empties groups.
        let strays =
            self.orphans.as_mut().map(|orphans| orphans.look(&self.entries, self.engaged.pid(), now));
        for (key, exit) in exits {
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            let stray = strays.as_ref().is_some_and(|living| living.may_be_of(key));
            let others = match entry.origin {
                // Its orphans went to whoever was there before.
                Origin::Adopted => true,
                Origin::Child => platform::group_exists(entry.worker.pid),
            };
            if stray || others {
                entry.ending = Some(Ending::of_leftovers(exit, now, self.settings.grace));
            } else {
                self.finish(key, exit);
            }
        }
    }

    /// Nothing of this worker is left.
    pub(super) fn finish(&mut self, key: u64, exit: Exit) {
        if let Some(mut entry) = self.entries.remove(&key) {
            entry.trim_log();
            self.engaged.ended(key, &entry, exit);
            self.ended.push(Ended { key, exit });
        }
    }
}

impl Entry {
    /// One that was started just now.
    pub(super) fn started(
        worker: Worker,
        handle: Handle,
        origin: Origin,
        launch: &Launch,
        log_cap: u64,
    ) -> Self {
        Self {
            worker,
            handle,
            origin,
            marker: launch.marker.clone(),
            receipt: launch.receipt.clone(),
            log: Cap::new(launch.log.clone(), log_cap),
            witnessed: None,
            beginning: None,
            ending: None,
        }
    }

    /// Whether the worker itself has not been seen to end.
    pub(super) fn runs(&self) -> bool {
        self.ending.as_ref().is_none_or(Ending::worker_runs)
    }

    fn is_blind(&self) -> bool {
        self.runs() && self.handle.fd().is_none()
    }

    fn trim_log(&mut self) {
        if self.log.as_mut().is_some_and(|log| !log.trim()) {
            self.log = None;
        }
    }

    /// Collects the worker if it has ended.
    fn exit(&self) -> Option<Exit> {
        let pid = platform::raw(self.worker.pid);
        match self.origin {
            Origin::Adopted if !self.handle.is_over() => None,
            Origin::Adopted => {
                // It comes to this process only as an orphan.
                let seen = reap(self.worker.pid, self.worker.start);
                Some(seen.unwrap_or_else(|| self.left_behind()))
            }
            Origin::Child => match waitpid(pid, WaitOptions::NOHANG) {
                // As its receipt would have it.
                Ok(Some((_, status))) if self.witnessed.is_some() => {
                    let code = receipt::code(exit_of(status));
                    Some(code.map_or(Exit::Unknown, |code| Exit::Code(code.into())))
                }
                Ok(Some((_, status))) => Some(exit_of(status)),
                // Collected by somebody else, or by the system because SIGCHLD is ignored.
                Err(Errno::CHILD) => Some(self.left_behind()),
                Ok(None) | Err(_) => None,
            },
        }
    }

    fn left_behind(&self) -> Exit {
        let said = self.receipt.as_deref().and_then(receipt::read);
        said.or_else(|| self.handle.how_it_ended()).unwrap_or(Exit::Unknown)
    }
}

/// Takes hold of exactly this worker, if it lives.
pub(super) fn hold(worker: &Worker, marker: &str, receipt: Option<&Path>) -> Option<Handle> {
    if worker.boot != platform::boot_id() {
        return None;
    }
    let handle = Handle::open(worker.pid, worker.start)?;
    let marks = platform::settled_marks_of(&[worker.pid], MARKER);
    let marked = match marks.get(&worker.pid).and_then(Mark::value) {
        Some(mark) => mark == marker.as_bytes(),
        // One that has no environment any more is known by its witness, who has it and no other.
        None => receipt.is_some_and(receipt::is_promised),
    };
    // The environment was read by number: it is this process's only if that still lived afterwards.
    (marked && !handle.is_over()).then_some(handle)
}

/// Collects a dead child that is known by number and start time. `None`: it lives, or is not ours to collect.
pub(super) fn reap(pid: u32, start: u64) -> Option<Exit> {
    let found = platform::process(pid)?;
    if found.start != start || !found.zombie || found.parent != std::process::id() {
        return None;
    }
    match waitpid(platform::raw(pid), WaitOptions::NOHANG) {
        Ok(Some((_, status))) => Some(exit_of(status)),
        Ok(None) | Err(_) => None,
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

pub(super) fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

//! Workers that a keeper has, among all the others.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{WaitOptions, waitpid};

use super::client::{Heard, Left, Lost, Number};
use super::crew::Keepers;
use super::wire::Order;
use super::{KEEPER, Keeper, PATIENCE};
use crate::platform::{self, Handle};
use crate::process::program::Programs;
use crate::process::supervise::{Entry, Origin};
use crate::process::{Exit, Launch, MARKER, Processes, StartError, Stdin, Worker, receipt};

/// So many orders may be unanswered at once: what the answers take is far less than a pipe holds.
const MOST_UNANSWERED: usize = 256;

/// A worker that has ended and whose end is not known to be written down.
#[derive(Debug)]
pub(in crate::process) struct Unrecorded {
    pid: u32,
    exit: Exit,
    receipt: PathBuf,
    /// The keeper that has its process, rather than this program.
    kept_by: Option<Number>,
}

impl Processes {
    /// The end of the worker with this key is written down, wherever that has to be: no receipt is needed any more. Until
    /// this is said, one is left if this program goes away; so it is to be said of every worker that was started with a
    /// [keeper](Self::with_keeper) and a receipt. An unknown key changes nothing.
    pub fn recorded(&mut self, key: u64) {
        let Some(Unrecorded { pid, kept_by, .. }) = self.unrecorded.remove(&key) else { return };
        match kept_by.and_then(|number| self.keepers.get_mut(number)) {
            Some(keeper) => keeper.recorded(pid),
            // It is dead, and this program's child since its keeper has gone.
            None => _ = waitpid(platform::raw(pid), WaitOptions::NOHANG),
        }
    }

    /// Has the keeper start a worker that is to leave a receipt; the first one is waited for. None: there is no keeper.
    pub(in crate::process) fn begin_kept(
        &mut self,
        key: u64,
        launch: &Launch,
    ) -> Option<Result<Option<Worker>, StartError>> {
        let receipt = launch.receipt.as_deref()?;
        let number = self.engage_keeper()?;
        let order = match self.order(key, launch, receipt) {
            Ok(order) => order,
            Err(error) => return Some(Err(error)),
        };
        // Its number is not known yet.
        let worker = Worker { pid: 0, start: 0, boot: platform::boot_id().to_owned() };
        let handle = Handle::unwatched(0, 0);
        self.insert(key, Entry::started(worker, handle, Origin::Kept(number), launch, self.settings.log_cap));
        let is_first = self.keepers.get(number).is_some_and(|keeper| !keeper.has_answered());
        self.send(order, number);
        let is_full = |keeper: &Keeper| keeper.unanswered() >= MOST_UNANSWERED;
        if is_first || self.keepers.get(number).is_some_and(is_full) {
            let started = self.await_start(key);
            // What was said to be a keeper is none: this one has not been started.
            if started.is_err() && !self.keepers.may_engage() && self.keepers.living().is_empty() {
                return None;
            }
            return Some(started.map(Some));
        }
        Some(Ok(None))
    }

    /// Waits until its keeper has said who a worker is, or why there is none.
    pub(in crate::process) fn await_start(&mut self, key: u64) -> Result<Worker, StartError> {
        loop {
            if let Some(at) = self.started.iter().position(|(of, _)| *of == key) {
                return self.started.swap_remove(at).1;
            }
            let number = match self.entries.get(&key).map(|entry| entry.origin) {
                Some(Origin::Kept(number)) => number,
                _ => Number::MAX,
            };
            let awaited = self.keepers.get(number).map(Keeper::await_word);
            // One whose keeper is gone has been told of.
            if let Err(source) = awaited.unwrap_or_else(|| Err(rustix::io::Errno::CHILD.into())) {
                return Err(StartError::Os { program: "keeper".into(), source });
            }
            self.hear_keeper(number);
        }
    }

    /// Waits until it is known of every worker who it is.
    pub(in crate::process) fn await_starts(&mut self) {
        while let [number, ..] = self.keepers.numbers(|keeper| keeper.unanswered() > 0)[..]
            && self.keepers.get(number).is_some_and(|keeper| keeper.await_word().is_ok())
        {
            self.hear_keeper(number);
        }
    }

    /// What has become known of the workers that were [begun](Self::begin), by key, since this was last asked.
    pub fn take_started(&mut self) -> Vec<(u64, Result<Worker, StartError>)> {
        std::mem::take(&mut self.started)
    }

    /// The keeper that is to have the next worker. None: there is not to be one, or it can't be started.
    fn engage_keeper(&mut self) -> Option<Number> {
        let entries = &self.entries;
        let has = |entry: &&Entry, number| entry.origin == Origin::Kept(number);
        self.keepers.engage(|number| entries.values().filter(|entry| has(entry, number)).count())
    }

    fn order(&mut self, key: u64, launch: &Launch, receipt: &Path) -> Result<Order, StartError> {
        let program = self.programs.find(launch)?;
        let failed = |source| StartError::Receipt { path: receipt.to_owned(), source };
        let receipt = std::path::absolute(receipt).map_err(failed)?;
        receipt::clear(&receipt).map_err(failed)?;
        let (cwd, log) = (&launch.cwd, &launch.log);
        let stdin = match &launch.stdin {
            Stdin::Null => None,
            Stdin::File(path) => Some(
                std::path::absolute(path)
                    .map_err(|source| StartError::Stdin { path: path.clone(), source })?,
            ),
        };
        let mut argv = launch.argv.clone();
        argv[0] = program.into_os_string();
        let mut env = launch.env.clone();
        env.push((MARKER.into(), launch.marker.clone().into()));
        Ok(Order {
            key,
            argv,
            cwd: std::path::absolute(cwd).map_err(|source| StartError::Cwd { path: cwd.clone(), source })?,
            env,
            stdin,
            log: std::path::absolute(log).map_err(|source| StartError::Log { path: log.clone(), source })?,
            receipt,
        })
    }

    /// Gives an order to the keeper of that number.
    fn send(&mut self, order: Order, number: Number) {
        if let Some(entry) = self.entries.get_mut(&order.key) {
            entry.origin = Origin::Kept(number);
        }
        self.keepers.gives();
        if self.keepers.get_mut(number).is_some_and(|keeper| keeper.order(order).is_err()) {
            self.lose_keeper(number);
        }
    }

    /// Says to the keepers what is still to be said, before anything is waited for.
    pub(in crate::process) fn flush_keepers(&mut self) {
        for number in self.keepers.numbers(|_| true) {
            if self.keepers.get_mut(number).is_some_and(|keeper| keeper.flush().is_err()) {
                self.lose_keeper(number);
            }
        }
    }

    /// Takes in what a keeper has to say.
    pub(in crate::process) fn hear_keeper(&mut self, number: Number) {
        match self.keepers.get_mut(number).map(Keeper::hear) {
            Some(Ok(words)) => self.take_in(number, words),
            Some(Err(Lost)) => self.lose_keeper(number),
            None => {}
        }
    }

    fn take_in(&mut self, from: Number, words: Vec<Heard>) {
        for word in words {
            match word {
                Heard::Started { key, pid, start } => self.is_started(key, pid, start),
                Heard::Refused { order, errno } => {
                    // A program that was known may have gone.
                    self.programs = Programs::default();
                    let key = order.key;
                    let error = launch_of(order).why_not(io::Error::from_raw_os_error(errno));
                    self.is_not_started(key, error);
                }
                Heard::Ended { pid, code } => {
                    let of_it = |entry: &Entry| entry.origin == Origin::Kept(from) && entry.worker.pid == pid;
                    if let Some((&key, entry)) = self.entries.iter_mut().find(|(_, entry)| of_it(entry)) {
                        entry.known = Some(Exit::Code(code.into()));
                        self.ended_kept.push(key);
                    }
                }
            }
        }
    }

    fn is_not_started(&mut self, key: u64, error: StartError) {
        self.entries.remove(&key);
        self.started.push((key, Err(error)));
    }

    fn is_started(&mut self, key: u64, pid: u32, start: u64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            (entry.worker.pid, entry.worker.start) = (pid, start);
            entry.handle = Handle::unwatched(pid, start);
            self.started.push((key, Ok(entry.worker.clone())));
        }
    }

    /// Notes that nothing of a worker is left and that its end is still to be written down.
    pub(in crate::process) fn unrecorded(&mut self, key: u64, entry: &Entry, exit: Exit) {
        let kept_by = match entry.origin {
            Origin::Kept(number) => Some(number),
            Origin::Inherited => None,
            Origin::Child | Origin::Adopted => return,
        };
        // One who never says that anything is recorded gets no more than one dead process for a key.
        self.recorded(key);
        let Some(receipt) = entry.receipt.clone() else { return };
        let unrecorded = Unrecorded { pid: entry.worker.pid, exit, receipt, kept_by };
        if kept_by.is_none() {
            unrecorded.write_down();
        }
        self.unrecorded.insert(key, unrecorded);
    }

    /// A keeper has gone, and whoever it had came here: this program does its part for those.
    fn lose_keeper(&mut self, number: Number) {
        let Some(keeper) = self.keepers.take(number) else { return };
        let Left { words, ordered, let_go, has_answered, is_in_doubt } = keeper.end();
        self.take_in(number, words);
        for pid in let_go {
            let _ = waitpid(platform::raw(pid), WaitOptions::NOHANG);
        }
        for entry in self.entries.values_mut() {
            if entry.origin == Origin::Kept(number) && entry.worker.pid != 0 {
                entry.origin = Origin::Inherited;
                entry.handle = Handle::of_child(entry.worker.pid, entry.worker.start);
            }
        }
        for unrecorded in self.unrecorded.values_mut().filter(|of| of.kept_by == Some(number)) {
            unrecorded.kept_by = None;
            unrecorded.write_down();
        }
        if !has_answered {
            // It is not what it was said to be.
            self.keepers.engage_no_more();
        }
        let mut ordered = ordered.into_iter();
        // It says of each what became of it before it begins the next.
        let Some(first) = ordered.next() else { return };
        let mut again = Vec::new();
        match self.unanswered(&first, has_answered, is_in_doubt) {
            Ok(Some((pid, start))) => {
                self.is_started(first.key, pid, start);
                if let Some(entry) = self.entries.get_mut(&first.key) {
                    entry.origin = Origin::Inherited;
                    entry.handle = Handle::of_child(pid, start);
                }
            }
            Ok(None) => again.push(first),
            Err(error) => self.is_not_started(first.key, error),
        }
        again.extend(ordered);
        for order in again {
            match self.engage_keeper() {
                Some(number) => self.send(order, number),
                // There will be a shell in its place when it is tried again.
                None => {
                    let program = order.argv.first().map(PathBuf::from).unwrap_or_default();
                    let source = rustix::io::Errno::AGAIN.into();
                    self.is_not_started(order.key, StartError::Os { program, source });
                }
            }
        }
    }

    /// What a keeper has started that was killed before it could say so: a child of this program now, with the attempt's
    /// marker, or dead by now.
    fn unanswered(
        &mut self,
        order: &Order,
        is_keeper: bool,
        is_in_doubt: bool,
    ) -> Result<Option<(u32, u64)>, StartError> {
        let marker = order.env.last().map(|(_, marker)| marker.as_bytes());
        // Before the markers are read: whoever has none afterwards does not get it any more.
        let (children, are_settled) = settled_children(&self.keepers);
        let marks = platform::settled_marks_of(&children, MARKER);
        let marked = children.iter().filter(|pid| marks.get(pid).is_some_and(|mark| mark.value() == marker));
        let marked = marked.filter_map(|&pid| platform::process(pid));
        // What it has started itself has its marker as well.
        let found = match marked.min_by_key(|child| (child.start, child.group != child.pid)) {
            Some(living) => Some(living),
            None if !are_settled => return Err(nobody_can_say(order)),
            None if !is_keeper => None,
            None => match self.dead_unknown(&children, order) {
                Ok(None) => None,
                // Asked after the children were listed: if the others live by now, they did then.
                _ if self.keepers.doubt_others() || is_in_doubt => return Err(nobody_can_say(order)),
                found => found?,
            },
        };
        Ok(found.map(|child| (child.pid, child.start)))
    }

    /// The one child that is dead, that nobody knows, and that is in all that can still be seen what this order has
    /// started: it leads a group in this session and was called like its program.
    fn dead_unknown(&self, children: &[u32], order: &Order) -> Result<Option<platform::Process>, StartError> {
        let program = order.argv.first().map(Path::new).unwrap_or(Path::new(""));
        let name = program.file_name().unwrap_or_default().as_bytes();
        let is_known = |pid: u32| {
            self.entries.values().any(|entry| entry.worker.pid == pid)
                || self.unrecorded.values().any(|unrecorded| unrecorded.pid == pid)
        };
        // Not `getsid`, which is an error of its own where the session was begun outside of this process namespace.
        let session = platform::process(std::process::id()).map_or(0, |this| this.session);
        let is_it = |child: &platform::Process| {
            let called = platform::program(child.pid).unwrap_or_default();
            child.zombie
                && child.group == child.pid
                && child.session == session
                && name.starts_with(called.as_bytes())
        };
        let unknown = children.iter().filter(|&&pid| !is_known(pid));
        let mut found = unknown.filter_map(|&pid| platform::process(pid)).filter(is_it);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(nobody_can_say(order)),
            (found, _) => Ok(found),
        }
    }
}

/// The children of this process that are no keepers, once none of them is still a copy of the keeper that has started it.
/// `false`: one is, even now.
fn settled_children(keepers: &Keepers) -> (Vec<u32>, bool) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut children = platform::children();
        children.retain(|&pid| !keepers.has(pid));
        let marks = platform::marks_of(&children, KEEPER);
        let is_settled = !marks.values().any(|mark| mark.value() == Some(keepers.name().as_bytes()));
        if is_settled || Instant::now() >= until {
            return (children, is_settled);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn nobody_can_say(order: &Order) -> StartError {
    StartError::Os {
        program: order.argv.first().map(PathBuf::from).unwrap_or_default(),
        source: io::Error::other("its keeper was killed, and nobody can say whether it was started"),
    }
}

/// What was ordered, as it was launched, for whoever asks what is wrong with it.
fn launch_of(order: Order) -> Launch {
    let Order { argv, cwd, env, stdin, log, receipt, .. } = order;
    let stdin = stdin.map_or(Stdin::Null, Stdin::File);
    Launch { argv, cwd, env, stdin, log, receipt: Some(receipt), marker: String::new() }
}

impl Unrecorded {
    fn write_down(&self) {
        if let Exit::Code(code) = self.exit
            && let Ok(code) = u8::try_from(code)
        {
            // Where there is no room for it, what orch records is all there will be.
            let _ = receipt::write(&self.receipt, code);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for keeper in self.keepers.take_all() {
            let number = keeper.number();
            keeper.leave(self.entries.values().all(|entry| entry.origin != Origin::Kept(number)));
        }
    }
}

//! Workers that a keeper has, among all the others.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{WaitOptions, getsid, waitpid};

use super::wire::Order;
use super::{KEEPER, Keeper, client::Lost};
use crate::platform::{self, Handle};
use crate::process::supervise::{Entry, Origin};
use crate::process::{Exit, Launch, MARKER, Processes, StartError, Stdin, Worker, receipt};

/// A worker that has ended and whose end is not known to be written down.
#[derive(Debug)]
pub(in crate::process) struct Unrecorded {
    pid: u32,
    exit: Exit,
    receipt: PathBuf,
    /// Whether a keeper has its process, rather than this program.
    is_kept: bool,
}

impl Processes {
    /// The end of the worker with this key is written down, wherever that has to be: no receipt is needed any more. Until
    /// this is said, one is left if this program goes away; so it is to be said of every worker that was started with a
    /// [keeper](Self::with_keeper) and a receipt. An unknown key changes nothing.
    pub fn recorded(&mut self, key: u64) {
        let Some(Unrecorded { pid, is_kept, .. }) = self.unrecorded.remove(&key) else { return };
        match &mut self.keeper {
            Some(keeper) if is_kept => keeper.recorded(pid),
            // It is dead, and this program's child since its keeper has gone.
            _ => _ = waitpid(platform::raw(pid), WaitOptions::NOHANG),
        }
    }

    /// Has the keeper start a worker that is to leave a receipt. None: there is no keeper.
    pub(in crate::process) fn start_kept(
        &mut self,
        key: u64,
        launch: &Launch,
    ) -> Option<Result<Worker, StartError>> {
        let receipt = launch.receipt.as_deref()?;
        self.engage_keeper()?;
        let order = match self.order(launch, receipt) {
            Ok(order) => order,
            Err(error) => return Some(Err(error)),
        };
        let (origin, pid, start) = match self.keeper.as_mut()?.order(order) {
            Ok(Ok((pid, start))) => {
                self.keeper_answered = true;
                (Origin::Kept, pid, start)
            }
            Ok(Err(errno)) => {
                self.keeper_answered = true;
                self.programs.forget(launch);
                return Some(Err(launch.why_not(io::Error::from_raw_os_error(errno))));
            }
            Err(Lost) => {
                let name = self.keeping.as_ref()?.name.clone();
                self.lose_keeper();
                let (pid, start) = match self.unanswered(&name, launch).transpose()? {
                    Ok(found) => found,
                    Err(error) => return Some(Err(error)),
                };
                (Origin::Inherited, pid, start)
            }
        };
        let worker = Worker { pid, start, boot: platform::boot_id().to_owned() };
        let handle = match origin {
            Origin::Kept => Handle::unwatched(pid, start),
            _ => Handle::of_child(pid, start),
        };
        self.insert(key, Entry::started(worker.clone(), handle, origin, launch, self.settings.log_cap));
        Some(Ok(worker))
    }

    /// Makes sure that there is a keeper. None: there is not to be one, or it can't be started.
    fn engage_keeper(&mut self) -> Option<()> {
        if self.keeper.is_none() {
            match Keeper::start(self.keeping.as_ref()?) {
                Ok(keeper) => self.keeper = Some(keeper),
                Err(_) => self.keeping = None,
            }
            self.keeper_answered = false;
        }
        self.keeper.is_some().then_some(())
    }

    fn order(&mut self, launch: &Launch, receipt: &Path) -> Result<Order, StartError> {
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
            argv,
            cwd: std::path::absolute(cwd).map_err(|source| StartError::Cwd { path: cwd.clone(), source })?,
            env,
            stdin,
            log: std::path::absolute(log).map_err(|source| StartError::Log { path: log.clone(), source })?,
            receipt,
        })
    }

    /// Says to the keeper what is still to be said, before anything is waited for.
    pub(in crate::process) fn flush_keeper(&mut self) {
        if self.keeper.as_mut().is_some_and(|keeper| keeper.flush().is_err()) {
            self.lose_keeper();
        }
    }

    /// Takes in what the keeper has to say.
    pub(in crate::process) fn hear_keeper(&mut self) {
        if self.keeper.as_mut().is_some_and(|keeper| keeper.hear().is_err()) {
            self.lose_keeper();
        }
    }

    /// The workers of which the keeper has said that they ended.
    pub(in crate::process) fn ended_kept(&mut self) -> Vec<u64> {
        let ended = self.keeper.as_mut().map(Keeper::take_ended).unwrap_or_default();
        ended.into_iter().filter_map(|(pid, code)| self.ended_with(pid, code)).collect()
    }

    fn ended_with(&mut self, pid: u32, code: u8) -> Option<u64> {
        let of_it = |entry: &Entry| entry.origin == Origin::Kept && entry.worker.pid == pid;
        let (&key, entry) = self.entries.iter_mut().find(|(_, entry)| of_it(entry))?;
        entry.known = Some(Exit::Code(code.into()));
        Some(key)
    }

    /// Notes that nothing of a worker is left and that its end is still to be written down.
    pub(in crate::process) fn unrecorded(&mut self, key: u64, entry: &Entry, exit: Exit) {
        let is_kept = entry.origin == Origin::Kept;
        if !is_kept && entry.origin != Origin::Inherited {
            return;
        }
        // One who never says that anything is recorded gets no more than one dead process for a key.
        self.recorded(key);
        let Some(receipt) = entry.receipt.clone() else { return };
        let unrecorded = Unrecorded { pid: entry.worker.pid, exit, receipt, is_kept };
        if !is_kept {
            unrecorded.write_down();
        }
        self.unrecorded.insert(key, unrecorded);
    }

    /// The keeper has gone, and whoever it had came here: this program does its part until there is another one.
    fn lose_keeper(&mut self) {
        let Some(keeper) = self.keeper.take() else { return };
        if !self.keeper_answered {
            // It is not what it was said to be.
            self.keeping = None;
        }
        let (ended, let_go) = keeper.end();
        for (pid, code) in ended {
            self.ended_with(pid, code);
        }
        for pid in let_go {
            let _ = waitpid(platform::raw(pid), WaitOptions::NOHANG);
        }
        for entry in self.entries.values_mut().filter(|entry| entry.origin == Origin::Kept) {
            entry.origin = Origin::Inherited;
            entry.handle = Handle::of_child(entry.worker.pid, entry.worker.start);
        }
        for unrecorded in self.unrecorded.values_mut().filter(|unrecorded| unrecorded.is_kept) {
            unrecorded.is_kept = false;
            unrecorded.write_down();
        }
    }

    /// What a keeper has started that was killed before it could say so: a child of this program now, with the attempt's
    /// marker, or dead by now.
    fn unanswered(&self, keeper: &str, launch: &Launch) -> Result<Option<(u32, u64)>, StartError> {
        let until = Instant::now() + super::PATIENCE;
        loop {
            let children = platform::children();
            let marks = platform::settled_marks_of(&children, MARKER);
            let mut marked = children.iter().filter_map(|&pid| Some((pid, marks.get(&pid)?.value()?)));
            let living = marked.find(|(_, mark)| *mark == launch.marker.as_bytes()).map(|(pid, _)| pid);
            // Until it is a program of its own it looks like its keeper.
            let marks = platform::marks_of(&children, KEEPER);
            let to_come = marks.values().any(|mark| mark.value() == Some(keeper.as_bytes()));
            if living.is_some() || !to_come || Instant::now() >= until {
                let found = match living {
                    Some(pid) => Some(pid),
                    None if self.keeper_answered => self.dead_unknown(&children, launch)?,
                    None => None,
                };
                return Ok(found.and_then(platform::process).map(|child| (child.pid, child.start)));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The one child that is dead, that nobody knows, and that is in all that can still be seen what this launch has
    /// started: it leads a group in this session and was called like its program.
    fn dead_unknown(&self, children: &[u32], launch: &Launch) -> Result<Option<u32>, StartError> {
        let program = launch.argv.first().map(Path::new).unwrap_or(Path::new(""));
        let name = program.file_name().unwrap_or_default().as_bytes();
        let is_known = |pid: u32| {
            self.entries.values().any(|entry| entry.worker.pid == pid)
                || self.unrecorded.values().any(|unrecorded| unrecorded.pid == pid)
        };
        let is_it = |child: &platform::Process| {
            let called = platform::program(child.pid).unwrap_or_default();
            child.zombie
                && child.group == child.pid
                && getsid(platform::raw(child.pid)).is_ok_and(|session| getsid(None) == Ok(session))
                && name.starts_with(called.as_bytes())
        };
        let unknown = children.iter().filter(|&&pid| !is_known(pid));
        let mut found = unknown.filter_map(|&pid| platform::process(pid)).filter(is_it);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(StartError::Os {
                program: program.to_owned(),
                source: io::Error::other("its keeper was killed, and nobody can say whether it was started"),
            }),
            (found, _) => Ok(found.map(|child| child.pid)),
        }
    }
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
        if let Some(keeper) = self.keeper.take() {
            keeper.leave(self.entries.values().all(|entry| entry.origin != Origin::Kept));
        }
    }
}

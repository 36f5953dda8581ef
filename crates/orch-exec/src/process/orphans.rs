//! Children that came to this process because their parents ended.
//!
//! They are collected when they die, and nobody else's child ever is. A living one says by its marker whose it was;
//! a dead one has no environment any more and is known only if it was seen alive, or by its group.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::MARKER;
use super::supervise::{Entry, reap};
use crate::platform::{self, Mark};

/// A dead child in a group of its own, that nobody collected for this long, is nobody's. The program around us
/// collects what it started itself as soon as it ends.
const FORSAKEN_AFTER: Duration = Duration::from_secs(3);

/// The orphans seen so far.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    list: platform::Adopted,
    /// By number: the start times of those that carried a marker of ours when they lived.
    known: BTreeMap<u32, u64>,
    /// By number: dead ones whose origin cannot be told, their start times and when they were first seen.
    unclear: BTreeMap<u32, (u64, Instant)>,
}

/// Whose the living orphans are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Living {
    owners: BTreeSet<u64>,
    /// One cannot be told now: in a moment it can.
    any_changing: bool,
}

impl Living {
    /// Whether one of them may be of the worker with this key.
    pub(super) fn may_be_of(&self, key: u64) -> bool {
        self.any_changing || self.owners.contains(&key)
    }
}

impl Orphans {
    /// Looks over the children: collects the dead orphans and says whose the living ones are.
    pub(super) fn look(
        &mut self,
        entries: &BTreeMap<u64, Entry>,
        witness: Option<u32>,
        now: Instant,
    ) -> Living {
        let mut children = self.list.read();
        children.retain(|&pid| Some(pid) != witness);
        if children.is_empty() {
            self.known.clear();
            self.unclear.clear();
            return Living::default();
        }
        let workers: BTreeMap<u32, u64> =
            entries.iter().map(|(&key, entry)| (entry.worker.pid, key)).collect();
        children.retain(|pid| !workers.contains_key(pid));
        if children.is_empty() {
            self.known.clear();
            self.unclear.clear();
            return Living::default();
        }
        // Its number is 0 when its leader is outside of the process space that this program is in.
        let own_group = platform::process(std::process::id()).map_or(0, |own| own.group);
        let marks = platform::marks_of(&children, MARKER);
        let keys: BTreeMap<&[u8], u64> =
            entries.iter().map(|(&key, entry)| (entry.marker.as_bytes(), key)).collect();
        let mut living = Living::default();
        let (mut known, mut unclear) = (BTreeMap::new(), BTreeMap::new());
        for child in children.into_iter().filter_map(platform::process) {
            let (pid, start) = (child.pid, child.start);
            let was_known = self.known.get(&pid) == Some(&start);
            if !child.zombie {
                let mark = marks.get(&pid);
                let owner = mark.and_then(Mark::value).and_then(|marker| keys.get(marker));
                let owner = owner.or_else(|| workers.get(&child.group));
                living.owners.extend(owner);
                let changing = mark == Some(&Mark::Changing) && child.group != own_group;
                living.any_changing |= changing;
                if owner.is_some() || was_known {
                    known.insert(pid, start);
                }
            } else if was_known || workers.contains_key(&child.group) {
                reap(pid, start);
            } else if child.group != own_group {
                let seen_before = self.unclear.get(&pid).filter(|(before, _)| *before == start);
                let since = seen_before.map_or(now, |(_, since)| *since);
                if now.duration_since(since) < FORSAKEN_AFTER {
                    unclear.insert(pid, (start, since));
                } else {
                    reap(pid, start);
                }
            }
        }
        (self.known, self.unclear) = (known, unclear);
        living
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{ChildStdin, Command, Stdio};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// A child that came here as an orphan in a session of its own, and what it ends without.
    fn orphan(marker: &str) -> (u32, Option<ChildStdin>) {
        assert!(platform::adopt_orphans());
        let mut parent = Command::new("sh");
        parent.args(["-c", "(setsid sh -c 'echo $$; read -r go' <&3 &) 3<&0"]).env(MARKER, marker);
        let mut parent = parent.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(parent.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let pid = said.trim().parse().unwrap();
        // Held back until here, or its own parent might be the one to collect it.
        let go = parent.stdin.take();
        parent.wait().unwrap();
        (pid, go)
    }

    /// Ends an [`orphan`], and leaves it as it is.
    fn end((pid, go): (u32, Option<ChildStdin>)) -> u32 {
        drop(go);
        let id = rustix::process::WaitId::Pid(platform::raw(pid).unwrap());
        let leave = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        rustix::process::waitid(id, leave).unwrap();
        pid
    }

    fn dead_orphan() -> u32 {
        end(orphan("anybody's"))
    }

    /// One test at a time: orphans come to the whole program.
    fn alone() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::new(());
        TURN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_zombie(pid: u32) -> bool {
        platform::process(pid).is_some_and(|process| process.zombie)
    }

    #[test]
    fn a_dead_orphan_of_unknown_origin_is_collected_in_time() {
        let _turn = alone();
        let pid = dead_orphan();
        let (mut orphans, none) = (Orphans::default(), BTreeMap::new());
        let start = Instant::now();
        for early in [Duration::ZERO, Duration::from_millis(2_999)] {
            assert_eq!(orphans.look(&none, None, start + early), Living::default());
            assert!(is_zombie(pid));
        }
        orphans.look(&none, None, start + FORSAKEN_AFTER);
        assert!(!is_zombie(pid));
    }

    #[test]
    fn one_seen_alive_is_collected_at_once() {
        let _turn = alone();
        let pid = dead_orphan();
        let start = platform::process(pid).unwrap().start;
        let mut orphans = Orphans::default();
        orphans.known.insert(pid, start + 1);
        orphans.look(&BTreeMap::new(), None, Instant::now());
        assert!(is_zombie(pid), "another one with the same number");
        orphans.known.insert(pid, start);
        orphans.look(&BTreeMap::new(), None, Instant::now());
        assert!(!is_zombie(pid));
    }

    #[test]
    fn children_of_the_program_around_are_left_to_it() {
        let _turn = alone();
        let mut ours = Command::new("sh").args(["-c", "exit 9"]).spawn().unwrap();
        let mut apart = Command::new("sh");
        let mut apart = apart.args(["-c", "exit 8"]).process_group(0).spawn().unwrap();
        let mut orphans = Orphans::default();
        let now = Instant::now();
        while !is_zombie(ours.id()) || !is_zombie(apart.id()) {
            std::thread::yield_now();
        }
        orphans.look(&BTreeMap::new(), None, now);
        orphans.look(&BTreeMap::new(), None, now + FORSAKEN_AFTER / 2);
        assert_eq!(apart.wait().unwrap().code(), Some(8));
        orphans.look(&BTreeMap::new(), None, now + FORSAKEN_AFTER * 9);
        assert_eq!(ours.wait().unwrap().code(), Some(9));
    }
}

//! Children that came to this process because their parents ended.
//!
//! They are collected when they die, and nobody else's child ever is. A living one says by its marker whose it was;
//! a dead one has no environment any more and is known only if it was seen alive, or by its group.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::getpgrp;

use super::MARKER;
use super::supervise::{Entry, reap};
use crate::platform;

/// A dead child in a group of its own, that nobody collected for this long, is nobody's. The program around us
/// collects what it started itself as soon as it ends.
const FORSAKEN_AFTER: Duration = Duration::from_secs(3);

/// The orphans seen so far.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// By number: the start times of those that carried a marker of ours when they lived.
    known: BTreeMap<u32, u64>,
    /// By number: dead ones whose origin cannot be told, their start times and when they were first seen.
    unclear: BTreeMap<u32, (u64, Instant)>,
}

impl Orphans {
    /// Looks over the children: collects the dead orphans and returns the keys of the workers that living ones are of.
    pub(super) fn look(&mut self, entries: &BTreeMap<u64, Entry>, now: Instant) -> BTreeSet<u64> {
        let workers: BTreeSet<u32> = entries.values().map(|entry| entry.worker.pid).collect();
        let mut children = platform::children();
        children.retain(|pid| !workers.contains(pid));
        if children.is_empty() {
            self.known.clear();
            self.unclear.clear();
            return BTreeSet::new();
        }
        let own_group = getpgrp().as_raw_nonzero().get().cast_unsigned();
        let markers = platform::markers_of(&children, MARKER);
        let keys: BTreeMap<&[u8], u64> =
            entries.iter().map(|(&key, entry)| (entry.marker.as_bytes(), key)).collect();
        let mut owners = BTreeSet::new();
        let (mut known, mut unclear) = (BTreeMap::new(), BTreeMap::new());
        for child in children.into_iter().filter_map(platform::process) {
            let (pid, start) = (child.pid, child.start);
            let was_known = self.known.get(&pid) == Some(&start);
            if !child.zombie {
                let owner = markers.get(&pid).and_then(|marker| keys.get(marker.as_slice()));
                owners.extend(owner);
                if owner.is_some() || was_known {
                    known.insert(pid, start);
                }
            } else if was_known || workers.contains(&child.group) {
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
        owners
    }
}

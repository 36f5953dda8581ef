//! When it is time to look again.

use std::time::{Duration, Instant};

/// What comes within this time of the first news is looked at together with it.
const SETTLE: Duration = Duration::from_millis(50);

/// The shortest time between two looks.
const GAP: Duration = Duration::from_millis(250);

/// A look that takes long is followed by a rest of so many times as long, whatever changes.
const REST: u32 = 4;

/// The looks so far, and what has been heard since.
#[derive(Debug)]
pub(super) struct Rhythm {
    interval: Duration,
    /// When the look under way began.
    began: Option<Instant>,
    /// When the last look ended, and how long it took.
    ended: Instant,
    took: Duration,
    /// When something was first heard since the last look began.
    changed: Option<Instant>,
}

impl Rhythm {
    /// A look began now; later there is one at each `interval`.
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, began: Some(now), ended: now, took: Duration::ZERO, changed: None }
    }

    /// When to look again; none as long as a look is under way.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.began.is_some() {
            return None;
        }
        let regular = self.ended + self.interval;
        let rested = self.ended + GAP.max(self.took * REST);
        Some(self.changed.map_or(regular, |changed| (changed + SETTLE).max(rested)))
    }

    /// Something has changed.
    pub(super) fn changed(&mut self, now: Instant) {
        self.changed.get_or_insert(now);
    }

    /// A look has begun.
    pub(super) fn began(&mut self, now: Instant) {
        (self.began, self.changed) = (Some(now), None);
    }

    /// It has ended.
    pub(super) fn ended(&mut self, now: Instant) {
        let began = self.began.take().unwrap_or(now);
        (self.ended, self.took) = (now, now.saturating_duration_since(began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn news_is_looked_at_soon_but_never_without_a_rest() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        // When the look began and ended, what was heard when, and when the next one is due, in milliseconds.
        for (began, ended, heard, due) in [
            (0, 10, vec![], 10_010),
            (0, 10, vec![5_000], 5_050),
            (0, 10, vec![5_000, 5_020, 5_060], 5_050),
            (0, 10, vec![20], 260),
            (0, 10, vec![20, 200], 260),
            // What was heard while it was looked may not have been seen.
            (0, 10, vec![5], 260),
            (0, 1_000, vec![1_100], 5_000),
            (0, 1_000, vec![7_000], 7_050),
        ] {
            let mut rhythm = Rhythm::new(10 * SECOND, at(began));
            assert_eq!(rhythm.due(), None);
            for &heard in heard.iter().filter(|heard| **heard < ended) {
                rhythm.changed(at(heard));
            }
            rhythm.ended(at(ended));
            for &heard in heard.iter().filter(|heard| **heard >= ended) {
                rhythm.changed(at(heard));
            }
            assert_eq!(rhythm.due(), Some(at(due)), "{began} {ended} {heard:?}");
            rhythm.began(at(due));
            rhythm.ended(at(due));
            assert_eq!(rhythm.due(), Some(at(due) + 10 * SECOND), "what was heard before is looked at");
        }
    }
}

//! Which boxes a claim may be about, without comparing each with each.

use std::collections::HashMap;

use super::{Claim, Task};

/// Boxes that one claim is compared with at most: what is like so many of them is like none.
const MOST_COMPARED: usize = 400;

/// Which boxes have which words.
pub(super) struct Index {
    /// By word: the boxes that have it.
    having: HashMap<u32, Vec<usize>>,
    /// By word: the boxes of which it is the rarest.
    rarest: HashMap<u32, Vec<usize>>,
}

impl Index {
    pub(super) fn new(boxes: &[Task<'_>]) -> Self {
        let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, task) in boxes.iter().enumerate() {
            for word in task.all_words() {
                having.entry(word).or_default().push(place);
            }
        }
        let mut rarest: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, task) in boxes.iter().enumerate() {
            let words = task.words.iter().flat_map(|words| &words.set);
            if let Some(word) = words.min_by_key(|word| having[*word].len()) {
                rarest.entry(*word).or_default().push(place);
            }
        }
        Self { having, rarest }
    }

    /// The boxes that say all that a claim says, or the other way round, and others; none when there are too many.
    ///
    /// A box within the claim has its rarest word there, and a claim within a box has its own rarest word there.
    pub(super) fn candidates(&self, claim: &Claim) -> Option<Vec<usize>> {
        let mut found: Vec<usize> = Vec::new();
        for way in &claim.ways {
            let by_word = |word: &u32| self.having.get(word).map(Vec::as_slice).unwrap_or_default();
            let least =
                way.words.set.iter().map(by_word).min_by_key(|places| places.len()).unwrap_or_default();
            let within = way.words.set.iter().filter_map(|word| self.rarest.get(word));
            for places in within.map(Vec::as_slice).chain([least]) {
                if found.len() + places.len() > MOST_COMPARED {
                    return None;
                }
                found.extend(places);
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }
}

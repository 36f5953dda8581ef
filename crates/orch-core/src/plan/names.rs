//! All ids of a plan, found by hash or by what they are.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::BuildHasher;

use hashbrown::hash_table::Entry as Slot;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::texts::Texts;

/// Names with dense numbers, in the order they were given.
#[derive(Clone, Debug)]
pub(super) enum Names {
    /// Names as somebody gave them.
    Given { texts: Texts, lookup: HashTable<Entry>, hasher: DefaultHashBuilder },
    /// Every name is its own number: where it lies in the text is arithmetic, and finding it is reading a number.
    Numbers { text: Box<str>, count: u32 },
}

/// Where a name lies in the text: kept in the table, so that finding it reads the table and the text and nothing between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    number: u32,
    start: u32,
    len: u32,
}

impl Entry {
    fn is(self, name: &str, texts: &Texts) -> bool {
        self.len as usize == name.len() && self.name(texts) == name.as_bytes()
    }

    fn name(self, texts: &Texts) -> &[u8] {
        &texts.bytes()[self.start as usize..][..self.len as usize]
    }
}

/// Gathers names; a name that is there already keeps its number.
#[derive(Default)]
pub(super) struct NamesBuilder {
    texts: Texts,
    lookup: HashTable<Entry>,
    hasher: DefaultHashBuilder,
}

impl NamesBuilder {
    pub(super) fn with_capacity(names: usize) -> Self {
        Self {
            texts: Texts::with_capacity(names, names * 8),
            lookup: HashTable::with_capacity(names),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// For so many names that hash as `others` do: a name that is looked for in both is hashed once.
    pub(super) fn like(others: &Names, names: usize) -> Self {
        let builder = Self::with_capacity(names);
        match others {
            Names::Given { hasher, .. } => Self { hasher: *hasher, ..builder },
            // Found by what they are.
            Names::Numbers { .. } => builder,
        }
    }

    /// The number of `name`, and whether it is new.
    pub(super) fn intern(&mut self, name: &str) -> (u32, bool) {
        self.intern_hashed(self.hash(name), name)
    }

    /// The hash of `name` in these names.
    pub(super) fn hash(&self, name: &str) -> u64 {
        self.hasher.hash_one(name.as_bytes())
    }

    /// The same as [`intern`](Self::intern), when the hash is known.
    pub(super) fn intern_hashed(&mut self, hash: u64, name: &str) -> (u32, bool) {
        let Self { texts, lookup, hasher } = self;
        let is_it = |known: &Entry| known.is(name, texts);
        match lookup.entry(hash, is_it, |other| hasher.hash_one(other.name(texts))) {
            Slot::Occupied(known) => (known.get().number, false),
            Slot::Vacant(free) => {
                let number = texts.len() as u32;
                let start = texts.push(name);
                free.insert(Entry { number, start, len: name.len() as u32 });
                (number, true)
            }
        }
    }

    pub(super) fn finish(mut self) -> Names {
        self.texts.shrink_to_fit();
        Names::Given { texts: self.texts, lookup: self.lookup, hasher: self.hasher }
    }
}

impl Names {
    pub(super) fn none() -> Self {
        Self::Numbers { text: Box::default(), count: 0 }
    }

    /// The names `0`, `1`, `2`, ….
    pub(super) fn numbers(count: u32) -> Self {
        let mut text = Vec::with_capacity(place_of_number(count));
        // The digits of the number, counted up in place: a division a digit would be most of the work.
        let mut digits = alloc::vec![b'0'];
        for _ in 0..count {
            text.extend_from_slice(&digits);
            let nines = digits.iter().rev().take_while(|&&digit| digit == b'9').count();
            let turning = digits.len() - nines;
            digits[turning..].fill(b'0');
            match turning.checked_sub(1) {
                Some(place) => digits[place] += 1,
                None => digits.insert(0, b'1'),
            }
        }
        let text = String::from_utf8(text).expect("digits are ASCII");
        Self::Numbers { text: text.into(), count }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Names::Given { texts, .. } => texts.len(),
            Names::Numbers { count, .. } => *count as usize,
        }
    }

    pub(super) fn get(&self, number: u32) -> &str {
        match self {
            Names::Given { texts, .. } => texts.get(number),
            Names::Numbers { text, .. } => &text[place_of_number(number)..place_of_number(number + 1)],
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.find_hashed(self.hash(name), name)
    }

    /// The hash of `name` in these names, and in those that they are [like](NamesBuilder::like).
    pub(super) fn hash(&self, name: &str) -> u64 {
        match self {
            Names::Given { hasher, .. } => hasher.hash_one(name.as_bytes()),
            Names::Numbers { .. } => 0,
        }
    }

    /// The same as [`find`](Self::find), when the hash is known.
    pub(super) fn find_hashed(&self, hash: u64, name: &str) -> Option<u32> {
        match self {
            Names::Given { texts, lookup, .. } => {
                lookup.find(hash, |known| known.is(name, texts)).map(|known| known.number)
            }
            Names::Numbers { count, .. } => {
                let number = name.parse().ok().filter(|number| number < count)?;
                (self.get(number) == name).then_some(number)
            }
        }
    }
}

/// How many digits the numbers below `number` have together.
const fn place_of_number(number: u32) -> usize {
    let Some(log) = number.checked_ilog10() else { return 0 };
    let digits = log as usize + 1;
    // As if all had as many digits, less those that the shorter ones lack.
    digits * number as usize - (10_usize.pow(digits as u32) - 10) / 9
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_are_their_own_names() {
        for count in [0, 1, 9, 10, 11, 99, 100, 101, 12_345] {
            let names = Names::numbers(count);
            assert_eq!(names.len(), count as usize);
            for number in 0..count {
                assert_eq!(names.get(number), number.to_string());
                assert_eq!(names.find(&number.to_string()), Some(number));
            }
            for other in [&*count.to_string(), "01", "+1", "-1", "", " 1", "4294967296"] {
                assert_eq!(names.find(other), None, "{other:?} of {count}");
            }
        }
    }
}

//! All ids of a plan in one piece of text, found by hash.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Names with dense numbers, in the order they were given.
///
/// One text for all names instead of an allocation each: at a million tasks this is most of a plan's memory.
#[derive(Clone, Debug)]
pub(super) struct Names {
    text: Box<str>,
    /// Where each name ends in `text`.
    ends: Box<[u32]>,
    lookup: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Gathers names; a name that is there already keeps its number.
#[derive(Default)]
pub(super) struct NamesBuilder {
    text: String,
    ends: Vec<u32>,
    lookup: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl NamesBuilder {
    pub(super) fn with_capacity(names: usize) -> Self {
        Self {
            text: String::with_capacity(names * 8),
            ends: Vec::with_capacity(names),
            lookup: HashTable::with_capacity(names),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// The number of `name`, and whether it is new.
    pub(super) fn intern(&mut self, name: &str) -> (u32, bool) {
        let hash = self.hasher.hash_one(name);
        let Self { text, ends, lookup, hasher } = self;
        if let Some(&number) = lookup.find(hash, |&number| slice(text, ends, number) == name) {
            return (number, false);
        }
        let number = ends.len() as u32;
        text.push_str(name);
        ends.push(text.len() as u32);
        lookup.insert_unique(hash, number, |&other| hasher.hash_one(slice(text, ends, other)));
        (number, true)
    }

    pub(super) fn finish(self) -> Names {
        Names {
            text: self.text.into_boxed_str(),
            ends: self.ends.into_boxed_slice(),
            lookup: self.lookup,
            hasher: self.hasher,
        }
    }
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: u32) -> &str {
        slice(&self.text, &self.ends, number)
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.lookup.find(hash, |&number| self.get(number) == name).copied()
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] as usize };
    &text[start..ends[number] as usize]
}

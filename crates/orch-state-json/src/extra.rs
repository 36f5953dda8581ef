//! What is in a document beside what orch knows.

use std::collections::HashMap;

use crate::value::{Members, Value, compact};

/// Fields that orch doesn't know. They are kept and written back, each after the known field that it followed.
///
/// Two are equal when they hold the same fields in the same order.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// How many of the known fields come before it.
    after: usize,
    key: String,
    value: Value,
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        let of = |entry: &Entry, other: &Entry| entry.key == other.key && entry.value == other.value;
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(|(entry, other)| of(entry, other))
    }
}

impl Extra {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names of the fields, in the order in which they are written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// The field called `name`, as JSON without white space.
    ///
    /// ```
    /// let file = orch_state_json::WeaverFile::read(br#"{"status": "building", "model": "x"}"#)?;
    /// assert_eq!(file.extra.json("model").as_deref(), Some("\"x\""));
    /// # Ok::<(), orch_state_json::Unreadable>(())
    /// ```
    pub fn json(&self, name: &str) -> Option<String> {
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        Some(String::from_utf8_lossy(&compact(&entry.value)).into_owned())
    }

    /// The same fields, written after all `known` fields.
    pub(crate) fn at_the_end(mut self, known: usize) -> Self {
        self.entries.iter_mut().for_each(|entry| entry.after = known);
        self
    }

    /// Keeps what was found in the place of the known field `key` and could not be taken for its value.
    pub(crate) fn keep(&mut self, place: usize, key: &str, value: Value) {
        let at = self.entries.partition_point(|entry| entry.after <= place);
        self.entries.insert(at, Entry { after: place, key: key.to_owned(), value });
    }

    /// The fields that have none of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let entries = self.entries.iter().filter(|entry| !names.contains(&entry.key.as_str()));
        Self { entries: entries.cloned().collect() }
    }

    /// The fields of both; where both have one, that of `later`.
    pub(crate) fn merged(&self, later: &Self) -> Self {
        let mut entries = self.entries.clone();
        let places: HashMap<&str, usize> =
            self.entries.iter().enumerate().map(|(place, entry)| (entry.key.as_str(), place)).collect();
        for entry in &later.entries {
            match places.get(entry.key.as_str()) {
                Some(&place) => entries[place].value = entry.value.clone(),
                None => entries.push(entry.clone()),
            }
        }
        Self { entries }
    }
}

/// Takes apart what `keys` names, in their order, and the rest.
pub(crate) fn split<const N: usize>(members: Members, keys: &[&str; N]) -> ([Option<Value>; N], Extra) {
    let mut known = [const { None }; N];
    let mut entries = Vec::new();
    let mut after = 0;
    for (key, value) in members {
        match keys.iter().position(|known| *known == key) {
            Some(place) => {
                known[place] = Some(value);
                after = place + 1;
            }
            None => entries.push(Entry { after, key, value }),
        }
    }
    // The known fields are written in their own order; the others go with them.
    entries.sort_by_key(|entry| entry.after);
    (known, Extra { entries })
}

/// Puts together what [`split`] took apart.
pub(crate) fn join<const N: usize>(keys: &[&str; N], known: [Option<Value>; N], extra: &Extra) -> Members {
    let mut members = Members::with_capacity(N + extra.entries.len());
    let mut rest = extra.entries.iter().peekable();
    for (place, (key, value)) in keys.iter().zip(known).enumerate() {
        while let Some(entry) = rest.next_if(|entry| entry.after <= place) {
            members.push((entry.key.clone(), entry.value.clone()));
        }
        members.extend(value.map(|value| ((*key).to_owned(), value)));
    }
    members.extend(rest.map(|entry| (entry.key.clone(), entry.value.clone())));
    members
}

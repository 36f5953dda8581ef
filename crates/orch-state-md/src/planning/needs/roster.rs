//! Which ids there are.

use hashbrown::HashMap;

use super::Known;

/// The milestones of a tracker, to be asked for by id, by title and by range.
pub(super) struct Roster<'a> {
    pub(super) known: &'a [Known<'a>],
    by_id: HashMap<&'a str, usize>,
    by_title: HashMap<String, usize>,
    /// The milestones of each letter, in the order of their numbers.
    families: HashMap<&'a str, Vec<(Number, usize)>>,
}

/// The number of an id and the letter behind it.
type Number = (u32, Option<u8>);

impl<'a> Roster<'a> {
    pub(super) fn new(known: &'a [Known<'a>]) -> Self {
        let mut roster = Self {
            known,
            by_id: HashMap::with_capacity(known.len()),
            by_title: HashMap::with_capacity(known.len()),
            families: HashMap::new(),
        };
        for (place, milestone) in known.iter().enumerate() {
            roster.by_id.insert(milestone.id, place);
            let title = plain(milestone.title);
            if title.len() >= SHORTEST_TITLE {
                roster.by_title.entry(title).or_insert(place);
            }
            if let Some((letters, number)) = parts(milestone.id) {
                roster.families.entry(letters).or_default().push((number, place));
            }
        }
        for family in roster.families.values_mut() {
            family.sort_unstable();
        }
        roster
    }

    /// The place of the milestone called `id`.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Whether `id` begins with letters that ids of this document begin with. `S3` in a sentence is no milestone where
    /// all of them are called `M…`; `M30` is one that may be missing.
    pub(super) fn speaks_of(&self, id: &str) -> bool {
        parts(id).is_some_and(|(letters, _)| self.families.contains_key(letters))
    }

    /// The milestone whose whole title is `text`.
    pub(super) fn titled(&self, text: &str) -> Option<usize> {
        if self.by_title.is_empty() || text.len() > LONGEST_TITLE {
            return None;
        }
        self.by_title.get(&plain(text)).copied()
    }

    /// The milestones from `first` to `last`, which have the same letters; none when they can't be a range.
    pub(super) fn range(&self, first: &str, last: &str) -> Option<&[(Number, usize)]> {
        let (letters, from) = parts(first)?;
        let (same, to) = parts(last)?;
        if letters != same || from >= to {
            return None;
        }
        let family = self.families.get(letters)?;
        let begin = family.partition_point(|(number, _)| *number < from);
        let end = family.partition_point(|(number, _)| *number <= to);
        family.get(begin..end)
    }

    /// The milestones with these letters.
    pub(super) fn family(&self, letters: &str) -> &[(Number, usize)] {
        self.families.get(letters).map_or(&[], Vec::as_slice)
    }
}

/// A title that is shorter is a word that sentences use as well.
const SHORTEST_TITLE: usize = 4;
/// No title that somebody refers to is longer, in bytes.
const LONGEST_TITLE: usize = 300;

/// `text` in lower case with nothing but its words.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The letters of `id`, which are all upper case, and its number.
pub(super) fn parts(id: &str) -> Option<(&str, Number)> {
    let letters = id.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = id[letters..].bytes().take_while(u8::is_ascii_digit).count();
    let number = id[letters..letters + digits].parse().ok()?;
    let suffix = id.as_bytes().get(letters + digits).copied();
    (letters > 0 && id.len() <= letters + digits + 1).then_some((&id[..letters], (number, suffix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_ids_apart() {
        for (id, expected) in [
            ("M3", Some(("M", (3, None)))),
            ("EC17d", Some(("EC", (17, Some(b'd'))))),
            ("M", None),
            ("3", None),
            ("M3dd", None),
            ("M99999999999", None),
            ("é", None),
        ] {
            assert_eq!(parts(id), expected, "{id:?}");
        }
    }
}

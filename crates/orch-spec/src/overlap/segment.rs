//! The part of a glob between two slashes, and whether two of them can match the same name.

use super::product::product;

/// Characters of a segment that are looked at; a longer one may match anything.
const LONGEST: usize = 512;

/// One part of a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// `**`, or what is not understood: any number of parts, also none.
    Deep,
    /// A part without anything special.
    Name(String),
    /// A part with `*`, `?` or brackets: any of these.
    Any(Vec<Reading>),
}

/// One way to read a part with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    atoms: Vec<Atom>,
    /// The plain characters that every match begins with.
    head: String,
    /// The plain characters that every match ends with.
    tail: String,
}

/// One position of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// `*`: any characters, also none.
    Star,
    /// One character in one of these ranges, sorted and apart.
    One(Vec<(char, char)>),
}

impl Segment {
    pub(super) fn parse(text: &str) -> Self {
        // Escapes and extended globs (`@(a|b)`) differ too much between tools to be read for certain.
        let extended = ["@(", "!(", "?(", "*(", "+("].iter().any(|mark| text.contains(mark));
        if text.contains("**") || text.contains('\\') || extended || text.len() > LONGEST {
            return Segment::Deep;
        }
        if !text.contains(['*', '?', '[']) {
            return Segment::Name(text.to_owned());
        }
        let chars: Vec<char> = text.chars().collect();
        // `app/[id]` is a class for some tools and a folder's name for some frameworks: it may be either.
        let mut readings = vec![Reading::new(atoms(&chars, false))];
        let classes = Reading::new(atoms(&chars, true));
        if classes != readings[0] {
            readings.push(classes);
        }
        Segment::Any(readings)
    }

    /// Whether one name matches both. Nothing is known of how many parts `Deep` takes; that is the caller's.
    pub(super) fn meets(&self, other: &Segment) -> bool {
        match (self, other) {
            (Segment::Deep, _) | (_, Segment::Deep) => true,
            (Segment::Name(a), Segment::Name(b)) => a == b,
            (Segment::Any(readings), Segment::Name(name)) | (Segment::Name(name), Segment::Any(readings)) => {
                readings.iter().any(|reading| reading.matches(name))
            }
            (Segment::Any(a), Segment::Any(b)) => a.iter().any(|a| b.iter().any(|b| a.meets(b))),
        }
    }

    /// Whether it is quickly seen that no name matches both.
    pub(super) fn apart(&self, other: &Segment) -> bool {
        match (self, other) {
            (Segment::Deep, _) | (_, Segment::Deep) => false,
            (Segment::Name(a), Segment::Name(b)) => a != b,
            (Segment::Any(readings), Segment::Name(name)) | (Segment::Name(name), Segment::Any(readings)) => {
                !readings.iter().any(|reading| reading.may_match(name))
            }
            (Segment::Any(a), Segment::Any(b)) => !a.iter().any(|a| b.iter().any(|b| a.may_meet(b))),
        }
    }
}

impl Reading {
    fn new(atoms: Vec<Atom>) -> Self {
        let plain = |atom: &Atom| match atom {
            Atom::One(ranges) => match ranges.as_slice() {
                [(from, to)] if from == to => Some(*from),
                _ => None,
            },
            Atom::Star => None,
        };
        let head = atoms.iter().map_while(plain).collect();
        let tail: Vec<char> = atoms.iter().rev().map_while(plain).collect();
        let tail = tail.into_iter().rev().collect();
        Self { atoms, head, tail }
    }

    fn may_match(&self, name: &str) -> bool {
        name.starts_with(&self.head) && name.ends_with(&self.tail)
    }

    fn matches(&self, name: &str) -> bool {
        let chars = |name: &str| name.chars().map(|c| Atom::One(vec![(c, c)])).collect::<Vec<_>>();
        self.may_match(name) && meet(&self.atoms, &chars(name))
    }

    /// Whether the heads and tails of the two don't contradict each other.
    fn may_meet(&self, other: &Reading) -> bool {
        (self.head.starts_with(&other.head) || other.head.starts_with(&self.head))
            && (self.tail.ends_with(&other.tail) || other.tail.ends_with(&self.tail))
    }

    fn meets(&self, other: &Reading) -> bool {
        self.may_meet(other) && meet(&self.atoms, &other.atoms)
    }
}

/// Whether one name matches both.
fn meet(a: &[Atom], b: &[Atom]) -> bool {
    let star = |atom: &Atom| matches!(atom, Atom::Star);
    product(a, b, star, |i, j, rest| match (&a[i], &b[j]) {
        (Atom::One(a), Atom::One(b)) => rest && share(a, b),
        _ => false,
    })
}

fn share(a: &[(char, char)], b: &[(char, char)]) -> bool {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(&&(a_from, a_to)), Some(&&(b_from, b_to))) = (a.peek(), b.peek()) {
        if a_from <= b_to && b_from <= a_to {
            return true;
        }
        if a_to < b_to {
            a.next()
        } else {
            b.next()
        };
    }
    false
}

/// `chars` as atoms; brackets are classes or plain characters.
fn atoms(chars: &[char], classes: bool) -> Vec<Atom> {
    let mut atoms = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            '*' => atoms.push(Atom::Star),
            '?' => atoms.push(Atom::One(vec![('\0', char::MAX)])),
            '[' if classes => match class(&chars[at..]) {
                Some((ranges, length)) => {
                    atoms.push(Atom::One(ranges));
                    at += length;
                }
                None => atoms.push(Atom::One(vec![(c, c)])),
            },
            _ => atoms.push(Atom::One(vec![(c, c)])),
        }
    }
    atoms
}

/// The ranges of the class that `chars` begins with behind its `[`, and how many characters it has; `None` when it
/// is not closed.
fn class(chars: &[char]) -> Option<(Vec<(char, char)>, usize)> {
    let negated = matches!(chars.first(), Some('!' | '^'));
    let start = usize::from(negated);
    // A `]` in the first place is a member.
    let length = start + 1 + chars.get(start + 1..)?.iter().position(|&c| c == ']')?;
    let members = &chars[start..length];
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&from) = members.get(at) {
        if let (Some('-'), Some(&to)) = (members.get(at + 1), members.get(at + 2)) {
            ranges.push((from.min(to), from.max(to)));
            at += 3;
        } else {
            ranges.push((from, from));
            at += 1;
        }
    }
    ranges.sort_unstable();
    let ranges = if negated { complement(&ranges) } else { ranges };
    Some((ranges, length + 1))
}

/// All characters that are in none of `ranges`, which are sorted by their start.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut rest = Vec::new();
    let mut next = Some('\0');
    for &(from, to) in ranges {
        let Some(start) = next else { break };
        if let Some(before) = ('\0'..from).next_back().filter(|&before| start <= before) {
            rest.push((start, before));
        }
        if to >= start {
            next = (to..=char::MAX).nth(1);
        }
    }
    rest.extend(next.map(|start| (start, char::MAX)));
    rest
}

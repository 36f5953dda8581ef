//! A glob without braces as its parts, and whether two of them can match the same path.

use super::product::product;
use super::segment::Segment;

/// A glob, or one variant of a glob with braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    pub(super) segments: Vec<Segment>,
    /// Whether the last segment is a name that looks like a file's, with an ending: nothing is below it unless another
    /// pattern goes through it by name.
    file: bool,
}

impl Glob {
    pub(super) fn parse(pattern: &str) -> Self {
        let mut segments: Vec<Segment> = Vec::new();
        for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
            let segment = Segment::parse(part);
            // One `**` is as good as two.
            if segment != Segment::Deep || segments.last() != Some(&Segment::Deep) {
                segments.push(segment);
            }
        }
        let folder = pattern.ends_with('/') || pattern.ends_with("/.");
        let file = match segments.last() {
            Some(Segment::Name(name)) => !folder && has_ending(name),
            _ => false,
        };
        let below = match segments.last() {
            None => true,
            Some(Segment::Deep) => false,
            Some(Segment::Name(_)) => !file,
            Some(Segment::Any(_)) => folder,
        };
        if below {
            segments.push(Segment::Deep);
        }
        Self { segments, file }
    }

    /// The names that every match begins with.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map_while(|segment| match segment {
            Segment::Name(name) => Some(&**name),
            _ => None,
        })
    }

    /// Whether one path matches both.
    pub(super) fn meets(&self, other: &Glob) -> bool {
        let (a, b) = (&self.segments, &other.segments);
        // Up to the first `**` the parts stand opposite each other.
        let mut opposite = a.iter().zip(b).take_while(|(a, b)| **a != Segment::Deep && **b != Segment::Deep);
        if opposite.any(|(a, b)| a.apart(b)) || self.ends_apart(other) {
            return false;
        }
        product(
            a,
            b,
            |segment| *segment == Segment::Deep,
            |i, j, rest| {
                let (own, others) = (&a[i], &b[j]);
                own.meets(others)
                    && (rest || self.is_folder_of(i, own, others) || other.is_folder_of(j, others, own))
            },
        )
    }

    /// Whether the segment at `at` is the file's name of this glob, and the other pattern has the same name there:
    /// then what the other has behind it is below this one.
    fn is_folder_of(&self, at: usize, own: &Segment, other: &Segment) -> bool {
        self.file && at + 1 == self.segments.len() && own == other
    }

    /// A quick look at the ends: two files with different names, neither of which the other goes through.
    fn ends_apart(&self, other: &Glob) -> bool {
        let goes_through = |glob: &Glob, name: &Segment| glob.segments.contains(name);
        match (self.segments.last(), other.segments.last()) {
            (Some(a), Some(b)) if self.file && other.file && a != b => {
                !goes_through(self, b) && !goes_through(other, a)
            }
            _ => false,
        }
    }
}

/// Whether a name has an ending, as files have: `a.ts`, not `src` nor `.github`.
fn has_ending(name: &str) -> bool {
    name.trim_start_matches('.').rsplit_once('.').is_some_and(|(_, ending)| !ending.is_empty())
}

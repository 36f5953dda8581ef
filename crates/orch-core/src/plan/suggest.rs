//! "Did you mean": the known name nearest to an unknown one.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

/// Names compared at most for one suggestion, so that a plan full of typing errors stays quick to check.
const MOST_COMPARED: usize = 20_000;

/// Names compared at most for all problems of a plan together: a hundred thousand wrong names would take minutes.
const MOST_COMPARED_IN_ALL: usize = 1_000_000;

/// Looks for what was meant by the wrong names of one plan. Tired out, it suggests nothing more.
pub(super) struct Suggestions {
    left: Cell<usize>,
}

impl Suggestions {
    pub(super) const fn new() -> Self {
        Self { left: Cell::new(MOST_COMPARED_IN_ALL) }
    }

    /// [`nearest`], while it lasts.
    pub(super) fn nearest<'a>(
        &self,
        name: &str,
        candidates: impl Iterator<Item = &'a str>,
    ) -> Option<String> {
        let counted = candidates.take(self.left.get()).inspect(|_| self.left.set(self.left.get() - 1));
        nearest(name, counted).map(Into::into)
    }
}

/// The candidate nearest to `name`, unless none is near. The first of equals wins.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(128).map(|c| c.to_ascii_lowercase()).collect();
    let allowed = (name.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    let mut rows = Rows::default();
    for candidate in candidates.take(MOST_COMPARED) {
        let limit = best.map_or(allowed + 1, |(distance, _)| distance);
        // An id that only goes on where the name stops ("M2" for "M2-api") is near whatever its length.
        let distance = if is_stem(&name, candidate) { 1 } else { rows.distance(&name, candidate, limit) };
        if distance < limit {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn is_stem(name: &[char], candidate: &str) -> bool {
    let mut rest = candidate.chars();
    name.len() >= 2
        && name.iter().all(|&c| rest.next().is_some_and(|r| r.to_ascii_lowercase() == c))
        && matches!(rest.next(), Some('-' | '_' | '.' | ' '))
}

/// The rows of the distance table, kept between candidates.
#[derive(Default)]
struct Rows {
    before_last: Vec<usize>,
    last: Vec<usize>,
    current: Vec<usize>,
}

impl Rows {
    /// Edits between the two (insert, delete, replace, swap of neighbours), or `limit` when there are at least as many.
    fn distance(&mut self, name: &[char], candidate: &str, limit: usize) -> usize {
        let length = candidate.chars().count();
        if length.abs_diff(name.len()) >= limit {
            return limit;
        }
        self.last.clear();
        self.last.extend(0..=name.len());
        let mut previous = '\0';
        for (row, c) in candidate.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
            self.current.clear();
            self.current.push(row + 1);
            for (column, &n) in name.iter().enumerate() {
                let replaced = self.last[column] + usize::from(n != c);
                let mut cost = replaced.min(self.last[column + 1] + 1).min(self.current[column] + 1);
                if row > 0 && column > 0 && n == previous && name[column - 1] == c {
                    cost = cost.min(self.before_last[column - 1] + 1);
                }
                self.current.push(cost);
            }
            if self.current.iter().all(|&cost| cost >= limit) {
                return limit;
            }
            core::mem::swap(&mut self.before_last, &mut self.last);
            core::mem::swap(&mut self.last, &mut self.current);
            previous = c;
        }
        self.last[name.len()].min(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_near_and_refuses_the_far() {
        let known = ["PROMPT-01-schema", "PROMPT-02-api", "PROMPT-03-ui"];
        for (asked, found) in [
            ("PROMPT-02-apj", Some("PROMPT-02-api")),
            ("PROMPT-02-pai", Some("PROMPT-02-api")),
            ("prompt-03-ui", Some("PROMPT-03-ui")),
            ("PROMPT-01-shcema", Some("PROMPT-01-schema")),
            ("PROMPT-02", Some("PROMPT-02-api")),
            ("deploy", None),
            ("", None),
        ] {
            assert_eq!(nearest(asked, known.into_iter()), found, "{asked}");
        }
    }
}

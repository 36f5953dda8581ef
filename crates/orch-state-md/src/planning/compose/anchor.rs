//! The anchors of headings, as GitHub makes them.

use std::collections::HashMap;

/// Hands out anchors in the order of the headings: the second of one name is `name-1`.
#[derive(Default)]
pub(super) struct Anchors {
    used: HashMap<String, usize>,
}

impl Anchors {
    /// The anchor of the next heading, which says `words`.
    pub(super) fn next(&mut self, words: &str) -> String {
        let slug = slug(words);
        let mut anchor = slug.clone();
        let mut count = self.used.get(&slug).copied().unwrap_or(0);
        while self.used.contains_key(&anchor) {
            count += 1;
            anchor = format!("{slug}-{count}");
        }
        self.used.insert(slug, count);
        self.used.insert(anchor.clone(), 0);
        anchor
    }
}

/// `words` in lower case with hyphens for spaces, and without what is neither a letter, a number nor a hyphen.
fn slug(words: &str) -> String {
    let words = words.trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_githubs() {
        let mut anchors = Anchors::default();
        for (words, expected) in [
            ("M1: User table", "m1-user-table"),
            ("Progress Log / Notes", "progress-log--notes"),
            ("Summary", "summary"),
            ("Summary", "summary-1"),
            ("Summary", "summary-2"),
            ("Summary 1", "summary-1-1"),
            ("Ünïcode & `code`", "ünïcode--code"),
            ("***", ""),
            ("!", "-1"),
        ] {
            assert_eq!(anchors.next(words), expected, "{words:?}");
        }
    }
}

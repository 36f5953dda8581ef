//! The ids of milestones: `M3`, `T1`, `M2a`, and the longer ways of writing them.

use std::ops::Range;

/// The longest number of a milestone, in digits.
const LONGEST: usize = 4;

/// The words in front of a number that stand for a letter.
const WORDS: [(&str, &str); 5] =
    [("testing milestone", "T"), ("test milestone", "T"), ("milestone", "M"), ("phase", "P"), ("test", "T")];

/// The id that `text` begins with, in its usual spelling, and how many bytes of it are the id: a capital letter or two, a
/// number without zeros in front, and perhaps a small letter.
///
/// ```
/// use orch_state_md::planning::milestone_id;
/// let id = |text| milestone_id(text).map(|(id, _)| id);
/// assert_eq!(id("M3: Auth").as_deref(), Some("M3"));
/// assert_eq!(id("Milestone 4 — Polish").as_deref(), Some("M4"));
/// assert_eq!(id("Testing Milestone T4 — Sign-off").as_deref(), Some("T4"));
/// assert_eq!(id("m2A").as_deref(), Some("M2a"));
/// assert_eq!(id("M3rd"), None);
/// ```
pub fn milestone_id(text: &str) -> Option<(String, usize)> {
    for (word, letter) in WORDS {
        let Some(front) = text.get(..word.len()).filter(|front| front.eq_ignore_ascii_case(word)) else {
            continue;
        };
        let rest = &text[front.len()..];
        let after = rest.trim_start_matches([' ', '\u{a0}', '#']);
        if after.len() == rest.len() {
            continue;
        }
        let skipped = text.len() - after.len();
        let read = short_id(after).or_else(|| {
            let (number, length) = number(after)?;
            Some((format!("{letter}{number}"), length))
        });
        if let Some((id, length)) = read {
            return Some((id, skipped + length));
        }
    }
    short_id(text)
}

/// The ids in `text` with their places, from left to right. `Milestones 1 and 2` names only the first of the two: lists
/// are for whoever knows the sentence.
///
/// ```
/// use orch_state_md::planning::milestone_ids;
/// let ids: Vec<_> = milestone_ids("M2d + M3 ──► M11 (T1)").map(|(_, id)| id).collect();
/// assert_eq!(ids, ["M2d", "M3", "M11", "T1"]);
/// ```
pub fn milestone_ids(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(c) = text[at..].chars().next() {
            let begins = !text[..at].ends_with(is_word);
            if begins
                && c.is_ascii_alphabetic()
                && let Some((id, length)) = milestone_id(&text[at..])
            {
                let range = at..at + length;
                at = range.end;
                return Some((range, id));
            }
            at += c.len_utf8();
        }
        None
    })
}

/// `M3`, `m2A`, `M-3`.
fn short_id(text: &str) -> Option<(String, usize)> {
    let letters = text.bytes().take(3).take_while(u8::is_ascii_alphabetic).count();
    if !(1..=2).contains(&letters) {
        return None;
    }
    let gap = usize::from(text[letters..].starts_with('-'));
    let (number, length) = number(&text[letters + gap..])?;
    Some((format!("{}{number}", text[..letters].to_ascii_uppercase()), letters + gap + length))
}

/// `3`, `02`, `2a`, with nothing of a word after it.
fn number(text: &str) -> Option<(String, usize)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=LONGEST).contains(&digits) {
        return None;
    }
    let number: u32 = text[..digits].parse().ok()?;
    let mut rest = text[digits..].chars();
    let (suffix, length) = match (rest.next(), rest.next()) {
        (Some(letter), after) if letter.is_ascii_alphabetic() && !after.is_some_and(is_word) => {
            (Some(letter.to_ascii_lowercase()), digits + 1)
        }
        (Some(c), _) if is_word(c) => return None,
        _ => (None, digits),
    };
    Some((format!("{number}{}", suffix.map(String::from).unwrap_or_default()), length))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings() {
        for (text, expected) in [
            ("M1", Some(("M1", 2))),
            ("m01: x", Some(("M1", 3))),
            ("M0", Some(("M0", 2))),
            ("M17d — y", Some(("M17d", 4))),
            ("T-3 x", Some(("T3", 3))),
            ("Milestone 2a: x", Some(("M2a", 12))),
            ("Milestone #2: x", Some(("M2", 12))),
            ("MILESTONE 12", Some(("M12", 12))),
            ("Milestone M3", Some(("M3", 12))),
            ("Test Milestone 2", Some(("T2", 16))),
            ("Milestone1", None),
            ("Milestone", None),
            ("M", None),
            ("Mx", None),
            ("M12345", None),
            ("M1ab", None),
            ("ABC1", None),
            ("M1_x", None),
            ("M1é", None),
        ] {
            let found = milestone_id(text);
            let found = found.as_ref().map(|(id, length)| (id.as_str(), *length));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn finds_them_in_sentences() {
        for (text, expected) in [
            ("M3 requires M1 + M2 complete", "M3 M1 M2"),
            ("ABM1 a_M2 M3.", "M3"),
            ("`M1`→*M2*", "M1 M2"),
            ("Milestone 1, then milestone 2", "M1 M2"),
            ("é M1 é", "M1"),
            ("", ""),
        ] {
            let found: Vec<String> = milestone_ids(text).map(|(_, id)| id).collect();
            assert_eq!(found.join(" "), expected, "{text:?}");
        }
    }
}

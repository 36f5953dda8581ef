//! "Did you mean": how many typing mistakes apart two names are.

/// Names compared at most for one suggestion, so that a file full of mistakes stays quick to read.
const MOST_COMPARED: usize = 1_000;
/// Characters beyond which a name is not worth a suggestion.
const LONGEST: usize = 64;

/// The candidate nearest to `name`, at most `allowed` mistakes away; the first of equals. Case makes no difference.
pub(super) fn nearest<'a>(
    name: &str,
    allowed: usize,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = letters(name)?;
    let near = candidates.take(MOST_COMPARED).filter_map(|candidate| {
        let letters = letters(candidate)?;
        // At least so many letters are missing; most candidates need no closer look.
        if letters.len().abs_diff(name.len()) > allowed {
            return None;
        }
        Some((mistakes(&name, &letters), candidate))
    });
    near.filter(|(count, _)| *count <= allowed)
        .min_by_key(|(count, _)| *count)
        .map(|(_, candidate)| candidate)
}

fn letters(name: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = name.chars().take(LONGEST + 1).map(|c| c.to_ascii_lowercase()).collect();
    (letters.len() <= LONGEST).then_some(letters)
}

/// The letters to add, to leave out, to change or to swap with their neighbour to get from one name to the other.
fn mistakes(from: &[char], to: &[char]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in to.iter().enumerate() {
            let changed = last[column] + usize::from(a != b);
            let mut count = changed.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && a == to[column - 1] && from[row - 1] == b {
                let swapped: usize = before_last[column - 1];
                count = count.min(swapped + 1);
            }
            current.push(count);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_mistakes() {
        for (from, to, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("abc", "abd", 1),
            ("abc", "acb", 1),
            ("abc", "xabc", 1),
            ("abc", "ac", 1),
            ("abcd", "badc", 2),
            ("kitten", "sitting", 3),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(mistakes(&letters(from), &letters(to)), expected, "{from} {to}");
        }
    }

    #[test]
    fn names_the_nearest_that_is_near() {
        let known = ["alpha", "beta", "betas"];
        for (name, expected) in [
            ("ALPHA", Some("alpha")),
            ("betq", Some("beta")),
            ("betass", Some("betas")),
            ("gamma", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, 1, known.into_iter()), expected, "{name}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(nearest(&long, 1, [&*long].into_iter()), None);
    }
}

//! "Did you mean": the known word nearest to an unknown one.

/// Characters beyond which a word is not worth a suggestion.
const LONGEST: usize = 40;

/// The known word that is at most a third of `word`'s letters wrong; the first of equals. Case, `-` and `_` make no
/// difference.
///
/// ```
/// assert_eq!(orch_spec::nearest("feature/shcema", &["feature/api", "feature/schema"]), Some("feature/schema"));
/// assert_eq!(orch_spec::nearest("nowhere", &["feature/api"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = letters(word)?;
    let allowed = (word.len() / 3).max(1);
    let near = known.iter().filter_map(|&known| {
        let letters = letters(known)?;
        let mistakes = mistakes(&word, &letters);
        // A word of which nothing is left is another word.
        (mistakes <= allowed && mistakes < letters.len()).then_some((mistakes, known))
    });
    near.min_by_key(|(mistakes, _)| *mistakes).map(|(_, known)| known)
}

fn letters(word: &str) -> Option<Vec<char>> {
    let fold = |c: char| if c == '-' { '_' } else { c.to_ascii_lowercase() };
    let letters: Vec<char> = word.chars().take(LONGEST + 1).map(fold).collect();
    (letters.len() <= LONGEST).then_some(letters)
}

/// Letters to add, leave out, change, or swap with their neighbour.
fn mistakes(from: &[char], to: &[char]) -> usize {
    let mut rows = [Vec::new(), (0..=to.len()).collect::<Vec<usize>>(), Vec::new()];
    for (row, &a) in from.iter().enumerate() {
        let [before_last, last, current] = &mut rows;
        current.clear();
        current.push(row + 1);
        for (column, &b) in to.iter().enumerate() {
            let mut count = (last[column] + usize::from(a != b)).min(last[column + 1] + 1);
            count = count.min(current[column] + 1);
            if row > 0 && column > 0 && a == to[column - 1] && from[row - 1] == b {
                count = count.min(before_last[column - 1] + 1);
            }
            current.push(count);
        }
        rows.rotate_left(1);
    }
    rows[1][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_near_and_refuses_the_far() {
        let known = ["name", "description", "skill_hints", "pr", "building_spec"];
        for (asked, found) in [
            ("nmae", Some("name")),
            ("Name", Some("name")),
            ("descripton", Some("description")),
            ("skill-hints", Some("skill_hints")),
            ("skills_hints", Some("skill_hints")),
            ("building_specs", Some("building_spec")),
            ("prs", Some("pr")),
            ("x", None),
            ("", None),
            ("owner", None),
        ] {
            assert_eq!(nearest(asked, &known), found, "{asked}");
        }
        assert_eq!(nearest(&"x".repeat(LONGEST + 1), &known), None);
    }

    #[test]
    fn counts_mistakes() {
        for (from, to, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("abc", "acb", 1),
            ("abcd", "badc", 2),
            ("kitten", "sitting", 3),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(mistakes(&letters(from), &letters(to)), expected, "{from} {to}");
        }
    }
}

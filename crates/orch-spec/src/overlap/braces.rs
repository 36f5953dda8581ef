//! `{a,b}` in globs: the paths that a glob with braces stands for.

/// Variants of one glob at most.
const MOST: usize = 256;
/// Braces of one variant at most.
const DEEPEST: usize = 64;

/// All variants of `pattern` without the braces, or `None` when there are too many.
///
/// A brace that is not closed is a plain character. Whether `{a}` and `{1..3}` mean anything differs between tools, so
/// both readings are among the variants; a range stands for `*`.
pub(crate) fn expand(pattern: &str) -> Option<Vec<String>> {
    let mut variants = Vec::new();
    add(String::new(), pattern, 0, &mut variants).then_some(variants)
}

/// Adds `done` followed by each variant of `rest`; false when there are too many.
fn add(done: String, rest: &str, depth: usize, variants: &mut Vec<String>) -> bool {
    let Some((open, close)) = first_group(rest) else {
        variants.push(done + rest);
        return variants.len() <= MOST;
    };
    if depth >= DEEPEST {
        return false;
    }
    let (before, inside, after) = (&rest[..open], &rest[open + 1..close], &rest[close + 1..]);
    let alternatives = split(inside);
    let mut next =
        |middle: &str| add(format!("{done}{before}"), &format!("{middle}{after}"), depth + 1, variants);
    if alternatives.len() > 1 {
        return alternatives.into_iter().all(next);
    }
    if inside.contains("..") && !next("*") {
        return false;
    }
    if !next(inside) {
        return false;
    }
    // The braces as plain characters; what opens behind them is looked at again.
    add(format!("{done}{before}{{"), &format!("{inside}}}{after}"), depth + 1, variants)
}

/// The places of the first brace that is closed, and of the one that closes it.
fn first_group(text: &str) -> Option<(usize, usize)> {
    let mut open = Vec::new();
    let mut outermost = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' => {
                let Some(start) = open.pop() else { continue };
                // The outermost of the groups that end here or before, beginning with the leftmost.
                if open.is_empty() {
                    return Some((start, at));
                }
                if outermost.is_none_or(|(leftmost, _)| start < leftmost) {
                    outermost = Some((start, at));
                }
            }
            _ => {}
        }
    }
    outermost
}

/// The parts between the commas that are not inside further braces.
fn split(inside: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands() {
        for (pattern, variants) in [
            ("a/b", &["a/b"][..]),
            ("a.{ts,tsx}", &["a.ts", "a.tsx"]),
            ("{a,b}/{c,d}", &["a/c", "a/d", "b/c", "b/d"]),
            ("{a,{b,c}d}", &["a", "bd", "cd"]),
            ("{a,}b", &["ab", "b"]),
            ("{a}", &["a", "{a}"]),
            ("{1..3}", &["*", "1..3", "{1..3}"]),
            ("a{b", &["a{b"]),
            ("a}b{c,d}", &["a}bc", "a}bd"]),
            ("{a{b,c}", &["{ab", "{ac"]),
            ("", &[""]),
        ] {
            assert_eq!(expand(pattern).unwrap(), variants, "{pattern}");
        }
        assert_eq!(expand(&"{a,b}".repeat(9)), None);
        assert_eq!(expand(&"{".repeat(4000)).map(|variants| variants.len()), Some(1));
        assert_eq!(expand(&format!("{}{}", "{".repeat(2000), "}".repeat(2000))), None);
    }
}

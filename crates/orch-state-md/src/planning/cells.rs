//! The cells of a row of a table, however it is drawn.

use std::ops::Range;

use crate::state::escape::BLANK;

/// The cells of `line`, each from pipe to pipe. The outer pipes may be missing. A pipe after a backslash belongs to its cell,
/// as in GitHub's tables.
pub(super) fn cells(line: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = line.as_bytes();
    let mut end = line.trim_end_matches(BLANK).len();
    let first = line.len() - line.trim_start_matches(BLANK).len();
    let opened = bytes.get(first) == Some(&b'|');
    let mut from = if opened { first + 1 } else { 0 };
    if end > from && bytes[end - 1] == b'|' && (end < 2 || bytes[end - 2] != b'\\') {
        end -= 1;
    } else {
        // Without a pipe at its end the last cell goes to the end of the line.
        end = line.len();
    }
    let mut done = from > end;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let start = from;
        let mut to = from;
        while let Some(found) = memchr::memchr(b'|', &bytes[to..end]) {
            to += found;
            if to == 0 || bytes[to - 1] != b'\\' {
                from = to + 1;
                return Some(start..to);
            }
            to += 1;
        }
        done = true;
        Some(start..end)
    })
}

/// Whether `line` is the rule under the header of a table, of any kind: `|---|:-:|`, `--- | ---`, `| - | -- |`.
pub(super) fn is_separator(line: &str) -> bool {
    let mut dashes = false;
    let signs = line.bytes().all(|byte| {
        dashes |= byte == b'-';
        matches!(byte, b'-' | b'|' | b':' | b' ' | b'\t')
    });
    signs && dashes && line.contains('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cells() {
        for (line, expected) in [
            ("| a | b |", &[" a ", " b "][..]),
            ("|a|b|  ", &["a", "b"]),
            ("a | b", &["a ", " b"]),
            ("| a | b", &[" a ", " b"]),
            ("a | b |", &["a ", " b "]),
            ("| a \\| b |  |", &[" a \\| b ", "  "]),
            ("| a \\|", &[" a \\|"]),
            ("||", &[""]),
            ("|", &[""]),
            ("", &[""]),
        ] {
            let found: Vec<&str> = cells(line).map(|cell| &line[cell]).collect();
            assert_eq!(found, expected, "{line:?}");
        }
    }

    #[test]
    fn knows_a_separator() {
        for line in ["|---|---|", "| --- | :-: |", "---|---", "|-|", "  |:--|"] {
            assert!(is_separator(line), "{line:?}");
        }
        for line in ["---", "| a |", "|  |", "", "|===|"] {
            assert!(!is_separator(line), "{line:?}");
        }
    }
}

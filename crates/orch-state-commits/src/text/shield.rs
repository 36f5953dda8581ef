//! What keeps a value from being taken for a heading.
//!
//! Two marks, each undone exactly when a message is read:
//!
//! - A line of free text that begins with `##` (after blanks or none) gets one blank more in front. Readers that split
//!   a message at lines beginning with `##` pass it by, and Markdown still shows a heading.
//! - In plans, `### Task` gets one blank more before its last word, wherever it is: the originals look for tasks
//!   everywhere in a message, also in the middle of a line.

use std::borrow::Cow;

/// `line` so that it begins with no `##`.
pub(super) fn heading(line: &str) -> Cow<'_, str> {
    if line.trim_start_matches(' ').starts_with("##") { format!(" {line}").into() } else { line.into() }
}

/// The line of which [`heading`] made `line`.
pub(super) fn unheading(line: &str) -> &str {
    match line.strip_prefix(' ') {
        Some(rest) if rest.trim_start_matches(' ').starts_with("##") => rest,
        _ => line,
    }
}

/// Every line of `text` by [`unheading`].
pub(super) fn unheadings(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(unheading).collect();
    lines.join("\n")
}

/// `line` so that no `### Task` is in it.
pub(super) fn task(line: &str) -> Cow<'_, str> {
    respaced(line, |blanks| blanks + 1)
}

/// The line of which [`task`] made `line`.
pub(super) fn untask(line: &str) -> Cow<'_, str> {
    respaced(line, |blanks| if blanks > 1 { blanks - 1 } else { blanks })
}

/// `line` with other numbers of blanks between `###` and `Task`.
fn respaced(line: &str, blanks: impl Fn(usize) -> usize) -> Cow<'_, str> {
    let mut respaced = String::new();
    let mut copied = 0;
    for (at, mark) in line.match_indices("### ") {
        let rest = line[at + mark.len()..].trim_start_matches(' ');
        if rest.starts_with("Task") {
            let (hashes, word) = (at + 3, line.len() - rest.len());
            respaced.push_str(&line[copied..hashes]);
            respaced.extend(std::iter::repeat_n(' ', blanks(word - hashes)));
            copied = word;
        }
    }
    if copied == 0 {
        return line.into();
    }
    respaced.push_str(&line[copied..]);
    respaced.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headings_and_tasks_are_shielded() {
        for (line, shielded) in [
            ("# a", "# a"),
            ("## a", " ## a"),
            (" ###a", "  ###a"),
            ("\t## a", "\t## a"),
            ("a ## b", "a ## b"),
        ] {
            assert_eq!(heading(line), shielded);
        }
        for (line, shielded) in [
            ("### Task 1", "###  Task 1"),
            ("see #### Task 1 ###  Task 2", "see ####  Task 1 ###   Task 2"),
            ("### Tusk", "### Tusk"),
            ("###Task", "###Task"),
        ] {
            assert_eq!(task(line), shielded);
        }
    }

    proptest! {
        #[test]
        fn both_are_undone(line in "([ #]|Task|\t|a){0,12}") {
            let shielded = heading(&line);
            prop_assert!(!shielded.starts_with("##"));
            prop_assert_eq!(unheading(&shielded), &*line);
            let shielded = task(&line);
            prop_assert!(!shielded.contains("### Task"));
            prop_assert_eq!(&*untask(&shielded), &*line);
        }
    }
}

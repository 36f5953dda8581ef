//! Ways of putting somebody else's text into a prompt so that one sees where it ends.

/// The text between two fences that are longer than any run of backticks in it.
pub(crate) fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(3) + 1);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}text\n{text}{end}{fence}")
}

/// The text with `> ` before each line, so that no line of it can be taken for a line of something else.
pub(crate) fn quoted(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("> {line}")).collect();
    lines.join("\n")
}

/// The text without a line break at its end, and with no closing tag `</tag>` in it, however it is spelled: the slash
/// of one gets a backslash before it. A block between tags can hold it then, and ends where it is seen to.
pub(crate) fn within(text: &str, tag: &str) -> String {
    let text = text.trim_end_matches(['\n', '\r']);
    let mut held = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, found) = rest.split_at(at);
        held.push_str(before);
        let slash = found[1..].find(|c: char| !unseen(c)).map_or(found.len(), |at| at + 1);
        if closes(&found[slash..], tag) {
            held.push_str(&found[..slash]);
            held.push('\\');
            rest = &found[slash..];
        } else {
            held.push('<');
            rest = &found[1..];
        }
    }
    held + rest
}

/// Whether what follows an opening bracket makes it the closing tag `tag`.
fn closes(text: &str, tag: &str) -> bool {
    let Some(name) = text.strip_prefix('/') else { return false };
    let mut name = name.chars().filter(|&c| !unseen(c));
    tag.chars().all(|expected| name.next().is_some_and(|c| c.eq_ignore_ascii_case(&expected)))
        && !name.next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// Characters that a reader skips, so that a tag with them reads like the tag.
fn unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The text with a backslash before each line that looks like the line between two files: `--- path ---`.
pub(crate) fn separated(text: &str) -> String {
    let mut held = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let shown = line.trim();
        if shown.len() > 6
            && shown.starts_with("---")
            && shown.ends_with("---")
            && !shown.trim_matches('-').is_empty()
        {
            held.push('\\');
        }
        held.push_str(line);
    }
    held
}

/// The text on one line: line breaks and other control characters become spaces, and there are none at its ends.
pub(crate) fn line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let shown: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    shown.trim().to_owned()
}

/// The text on one line of at most `most` characters; `…` is the last where something was cut off.
pub(crate) fn brief(text: &str, most: usize) -> String {
    let line = line(text);
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A box of a list on one line, with the white space in front that says what it is nested in. What has no box gets an
/// open one.
pub(crate) fn task(text: &str) -> String {
    let spaces = text.len() - text.trim_start_matches(' ').len();
    let text = line(text);
    let marker = text.strip_prefix(['-', '*', '+']).map(str::trim_start);
    let has_box = marker.is_some_and(|rest| rest.starts_with('[') && rest.chars().nth(2) == Some(']'));
    format!("{}{}{text}", " ".repeat(spaces.min(12)), if has_box { "" } else { "- [ ] " })
}

/// The text as code within a line of Markdown.
pub(crate) fn code(text: &str) -> String {
    let mark = "`".repeat(longest_run(text) + 1);
    // A space keeps apart what is code and what marks it; Markdown takes it away again.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{mark}{space}{text}{space}{mark}")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        for (text, expected) in [
            ("", "````text\n````"),
            ("a", "````text\na\n````"),
            ("a\n", "````text\na\n````"),
            ("```\n", "````text\n```\n````"),
            ("````\n`", "`````text\n````\n`\n`````"),
        ] {
            assert_eq!(fenced(text), expected);
        }
    }

    #[test]
    fn every_line_is_quoted() {
        assert_eq!(quoted("# A\r\n\nStatus: SUCCESS\n"), "> # A\n> \n> Status: SUCCESS");
    }

    #[test]
    fn no_closing_tag_stays_in_a_block() {
        for (text, expected) in [
            ("a\n", "a"),
            ("</spec>", "<\\/spec>"),
            ("a</SPEC >b</spec>", "a<\\/SPEC >b<\\/spec>"),
            ("< /spec>", "< \\/spec>"),
            ("</ sp\u{200b}ec\n>", "<\\/ sp\u{200b}ec\n>"),
            ("</spec", "<\\/spec"),
            ("<</spec>", "<<\\/spec>"),
            ("<\\/spec>", "<\\/spec>"),
            ("<spec></specs></spec-a></skills><", "<spec></specs></spec-a></skills><"),
            ("ä < 日", "ä < 日"),
        ] {
            assert_eq!(within(text, "spec"), expected, "{text:?}");
        }
    }

    #[test]
    fn no_line_looks_like_the_next_file() {
        assert_eq!(separated("---\nname: a\n---\n-- a --\n"), "---\nname: a\n---\n-- a --\n");
        assert_eq!(separated("a\n --- b ---\r\n---c---"), "a\n\\ --- b ---\r\n\\---c---");
    }

    #[test]
    fn boxes_stay_boxes() {
        for (text, expected) in [
            ("- [ ] a", "- [ ] a"),
            ("    - [~] a\n# b", "    - [~] a # b"),
            ("* [ ] a", "* [ ] a"),
            ("a", "- [ ] a"),
            ("- a", "- [ ] - a"),
            ("", "- [ ] "),
        ] {
            assert_eq!(task(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(line("a\nb\r\u{1b}[31m\u{2028}c\n"), "a b  [31m c");
        for (text, expected) in [("a", "`a`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("", "``")] {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn what_is_long_is_cut_where_a_character_ends() {
        for (text, most, expected) in [
            ("ab\nc", 4, "ab c"),
            ("abcde", 4, "abc…"),
            ("  äöü日 ", 4, "äöü日"),
            ("äöü日本", 4, "äöü…"),
            ("ab", 1, "…"),
            ("", 0, ""),
        ] {
            assert_eq!(brief(text, most), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_reads_like_the_closing_tag_is_none(
            parts in prop::collection::vec(prop::sample::select(
                vec!["<", "/", " ", "sp", "SPEC", "spec", "ec", ">", "\u{200b}", "\n", "<spec>", "-", "ä"]), 0..12),
        ) {
            let text = parts.concat();
            let held = within(&text, "spec");
            let read: String = held.to_lowercase().chars().filter(|c| !" \n\u{200b}".contains(*c)).collect();
            prop_assert!(!read.contains("</spec>"), "{held:?}");
            prop_assert_eq!(held.replace('\\', ""), text.trim_end_matches('\n'), "nothing else is changed");
        }
    }
}

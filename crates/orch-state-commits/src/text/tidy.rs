//! The form of a text in which it is written and comes back the same.

/// `text` with `\n` for every line end, without what moves a cursor (each such character becomes U+FFFD), without blanks
/// at the ends of lines, without blank lines at the beginning and the end, and without blanks before its first word.
///
/// Blanks at the ends of lines are lost when somebody amends a commit, so they can't mean anything.
pub(crate) fn tidy(text: &str) -> String {
    let text = with_plain_lines(text);
    let mut tidied = String::with_capacity(text.len());
    for line in text.trim().split('\n') {
        tidied.push_str(line.trim_end());
        tidied.push('\n');
    }
    tidied.pop();
    tidied
}

/// [`tidy`] in one line: its lines joined by blanks.
pub(crate) fn one_line(text: &str) -> String {
    let text = tidy(text);
    let lines: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// `text` with `\n` for every line end and U+FFFD for every control character but the tab.
pub(crate) fn with_plain_lines(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' => plain.push('\n'),
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => plain.push('\u{fffd}'),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_tidied() {
        for (text, expected, line) in [
            ("", "", ""),
            (" \r\n\t\n", "", ""),
            ("  a  ", "a", "a"),
            ("a\r\n  b\t\r\rc\n\n", "a\n  b\n\nc", "a b c"),
            ("\u{a0}a\u{a0}", "a", "a"),
            (
                "a\u{1b}[2Jb\0\u{7f}\u{9b}",
                "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}",
                "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}",
            ),
        ] {
            assert_eq!((&*tidy(text), &*one_line(text)), (expected, line), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn tidied_once_is_tidy(text in "(?s)[ \t\r\n\u{a0}\u{85}\u{2028}a#]{0,20}|(?s).{0,20}") {
            prop_assert_eq!(tidy(&tidy(&text)), tidy(&text));
            prop_assert_eq!(one_line(&one_line(&text)), one_line(&text));
            prop_assert_eq!(tidy(&one_line(&text)), one_line(&text));
        }
    }
}

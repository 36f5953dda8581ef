//! Two ways of putting somebody else's text into a prompt so that one sees where it ends.

/// The text between two fences that are longer than any run of backticks in it.
pub(crate) fn fenced(text: &str) -> String {
    let mut longest = 3;
    let mut run = 0;
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}text\n{text}{end}{fence}")
}

/// The text with `> ` before each line, so that no line of it can be taken for a line of something else.
pub(crate) fn quoted(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("> {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

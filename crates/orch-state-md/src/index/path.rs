//! Paths as an index may name them.

use crate::text::{Span, link_target, task_box};

/// Why an item does not begin with a prompt file.
const NO_PATH: &str = "it does not begin with the path of a `.md` file";

/// The path that an item begins with, and what follows it; or why there is none, as a fragment about "it".
///
/// The path may stand in code marks, in a link or in emphasis. Without any of these it is one word, or, when it
/// begins with `PROMPT`, all up to the first `.md`.
pub(super) fn leading_path(item: Span<'_>) -> Result<(Span<'_>, Span<'_>), &'static str> {
    let item = task_box(item);
    let mark = item.text.bytes().take(2).take_while(|&b| b == b'*').count();
    let (path, rest) = marked_path(item.skip(mark))?;
    if !ends_with_md(path.text) {
        return Err("its path does not end with `.md`");
    }
    match rest.text.strip_prefix(&item.text[..mark]) {
        Some(_) => Ok((path, rest.skip(mark).trim())),
        None => Err("the emphasis around its path is not closed"),
    }
}

fn marked_path(item: Span<'_>) -> Result<(Span<'_>, Span<'_>), &'static str> {
    let ticks = item.text.bytes().take_while(|&b| b == b'`').count();
    if ticks > 0 {
        let (mark, inside) = item.split_at(ticks);
        let end = inside.text.find(mark.text).ok_or("the code mark around its path is not closed")?;
        return Ok((inside.take(end).trim(), inside.skip(end + ticks)));
    }
    if item.text.starts_with('[') {
        return link_target(item).ok_or("its link has no target of its own, as in `[title](path.md)`");
    }
    let end = plain_path_end(item.text).ok_or(NO_PATH)?;
    let path = item.take(end);
    let words = path.text.contains(char::is_whitespace);
    let prompt = path.strip_word("PROMPT").is_some();
    let prose = [" - ", " – ", "—", ": "].iter().any(|mark| path.text.contains(mark));
    if words && (!prompt || prose) { Err(NO_PATH) } else { Ok((path, item.skip(end))) }
}

/// Where the first `.md` that ends a word ends.
fn plain_path_end(text: &str) -> Option<usize> {
    let ends =
        text.as_bytes().windows(3).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(b".md"));
    let mut ends = ends.map(|(start, _)| start + 3);
    ends.find(|&end| {
        let after = text[end..].chars().next();
        after.is_none_or(|c| {
            !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | '/' | '\\' | '\u{2010}' | '\u{2011}')
        })
    })
}

fn ends_with_md(path: &str) -> bool {
    super::names::without_md(path).len() < path.len()
}

/// Why a path can't be used, as a fragment about "it"; `None` for a relative path that stays where it begins.
pub(super) fn escape(path: &str) -> Option<&'static str> {
    if path.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    let mut start = path.chars();
    let drive = start.next().is_some_and(|c| c.is_ascii_alphabetic()) && start.next() == Some(':');
    if drive || path.starts_with(['/', '\\']) {
        return Some("it is an absolute path");
    }
    if path.starts_with('~') {
        return Some("it begins in a home folder");
    }
    if path.contains("://") {
        return Some("it is a URL");
    }
    path.split(['/', '\\']).any(|part| part == "..").then_some("it goes up with `..`")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn refuses_what_leads_out() {
        for path in [
            "/etc/x.md",
            "../x.md",
            "a/../../x.md",
            "a\\..\\x.md",
            "C:\\x.md",
            "c:x.md",
            "\\\\host\\x.md",
            "~/x.md",
            "https://host/x.md",
            "a\0.md",
            "a\u{1b}.md",
            "a\u{85}.md",
            "a/..",
        ] {
            assert!(escape(path).is_some(), "{path:?}");
        }
        for path in ["x.md", "./x.md", "a/b/x.md", "a..b.md", "...md", "a b|c.md", "PROMPT\u{2011}01.md"] {
            assert_eq!(escape(path), None, "{path:?}");
        }
    }
}

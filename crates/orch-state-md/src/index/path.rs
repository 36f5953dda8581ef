//! Paths as an index may name them.

use crate::text::{Span, link_target, task_box};

/// Why an item does not begin with a prompt file.
const NO_PATH: &str = "it does not begin with the path of a `.md` file";

/// The folder of the index, by which absolute paths inside it are known; or none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Folder<'a>(&'a str);

impl<'a> Folder<'a> {
    /// `folder` as an absolute path, with or without a slash at its end; nothing is inside of an empty one.
    pub(super) fn new(folder: &'a str) -> Self {
        Self(folder)
    }

    /// `path` relative to the folder when it is an absolute path inside it, otherwise `path` as it is.
    pub(super) fn relative(self, path: &str) -> &str {
        if self.0.is_empty() || !is_absolute(path) {
            return path;
        }
        let inside = path.strip_prefix(self.0.trim_end_matches('/'));
        inside.and_then(|inside| inside.strip_prefix('/')).unwrap_or(path)
    }
}

/// The path that an item begins with, and what follows it; or why there is none, as a fragment about "it".
///
/// The path may stand in code marks, in a link or in emphasis. Without any of these it is one word, or, when it
/// begins with `PROMPT`, all up to the first `.md`.
pub(super) fn leading_path<'a>(
    item: Span<'a>,
    folder: Folder<'_>,
) -> Result<(Span<'a>, Span<'a>), &'static str> {
    let item = task_box(item);
    let mark = item.text.bytes().take(2).take_while(|&b| b == b'*').count();
    let (path, rest) = marked_path(item.skip(mark), folder)?;
    if !ends_with_md(path.text) {
        return Err("its path does not end with `.md`");
    }
    match rest.text.strip_prefix(&item.text[..mark]) {
        Some(_) => Ok((path, rest.skip(mark).trim())),
        None => Err("the emphasis around its path is not closed"),
    }
}

fn marked_path<'a>(item: Span<'a>, folder: Folder<'_>) -> Result<(Span<'a>, Span<'a>), &'static str> {
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
    // What the folder is called says nothing about the prompt.
    let inside = Span::new(folder.relative(path.text), path.at);
    let words = inside.text.contains(char::is_whitespace);
    let prompt = inside.strip_word("PROMPT").is_some();
    let prose = [" - ", " – ", "—", ": "].iter().any(|mark| inside.text.contains(mark));
    if words && (!prompt || prose) { Err(NO_PATH) } else { Ok((path, item.skip(end))) }
}

/// Where the first `.md` that ends a word ends.
fn plain_path_end(text: &str) -> Option<usize> {
    let dots = memchr::memchr_iter(b'.', text.as_bytes());
    let is_md =
        |&dot: &usize| text.as_bytes()[dot..].get(..3).is_some_and(|end| end.eq_ignore_ascii_case(b".md"));
    let mut ends = dots.filter(is_md).map(|dot| dot + 3);
    ends.find(|&end| {
        let after = text[end..].chars().next();
        after.is_none_or(|c| {
            !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | '/' | '\\' | '\u{2010}' | '\u{2011}')
        })
    })
}

fn ends_with_md(path: &str) -> bool {
    without_md(path).len() < path.len()
}

/// Why a path can't be used, as a fragment about "it"; `None` for a relative path that stays where it begins.
pub(super) fn escape(path: &str) -> Option<&'static str> {
    if path != ".."
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    {
        return None;
    }
    if path.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    if is_absolute(path) {
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

fn is_absolute(path: &str) -> bool {
    let mut start = path.chars();
    let drive = start.next().is_some_and(|c| c.is_ascii_alphabetic()) && start.next() == Some(':');
    drive || path.starts_with(['/', '\\'])
}

/// `name` without `.md` at its end, whatever its case.
pub(super) fn without_md(name: &str) -> &str {
    match name.len().checked_sub(3).and_then(|end| name.split_at_checked(end)) {
        Some((stem, end)) if end.eq_ignore_ascii_case(".md") => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{Folder, escape};

    #[test]
    fn knows_what_is_in_the_folder() {
        for (folder, path, expected) in [
            ("/a/b", "/a/b/x.md", "x.md"),
            ("/a/b/", "/a/b/x.md", "x.md"),
            ("/a/b", "/a/b/c/x.md", "c/x.md"),
            ("/", "/x.md", "x.md"),
            ("C:/a", "C:/a/x.md", "x.md"),
            // What is left is still to be refused.
            ("/a/b", "/a/b/../x.md", "../x.md"),
            ("/a/b", "/a/b//x.md", "/x.md"),
            ("/", "//host/x.md", "/host/x.md"),
            ("/a/b", "/a/bc/x.md", "/a/bc/x.md"),
            ("/a/b", "/a/b", "/a/b"),
            ("/a/b", "/a/x.md", "/a/x.md"),
            ("", "/x.md", "/x.md"),
            // A relative path is relative already.
            ("a", "a/x.md", "a/x.md"),
        ] {
            assert_eq!(Folder::new(folder).relative(path), expected, "{path} in {folder}");
        }
    }

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

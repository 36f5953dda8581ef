//! The paths in what a worker says of files.

/// The longest path, in bytes.
const LONGEST: usize = 300;

/// Words that stand before a path and say what was done to it.
const DONE_TO_IT: [&str; 19] = [
    "modified", "created", "new", "added", "deleted", "updated", "removed", "edited", "renamed", "changed",
    "file", "files", "and", "m", "a", "d", "r", "am", "??",
];

/// Files that have neither a folder nor an ending.
const BARE: [&str; 8] =
    ["dockerfile", "makefile", "license", "readme", "changelog", "justfile", "gemfile", "procfile"];

/// The paths that an item of a list of files names: those in front; of prose, all that can be nothing else.
pub(super) fn paths(text: &str) -> Vec<&str> {
    let front = paths_in_front(text);
    if front.is_empty() { paths_anywhere(text) } else { front }
}

/// Whether `text` begins with what is a path without a doubt.
pub(super) fn begins_with_path(text: &str) -> bool {
    paths_in_front(text).first().is_some_and(|path| path.contains('/') && has_ending(path))
}

fn paths_in_front(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, '*' | '_' | ',' | '&' | '+' | ';')
        });
        rest = rest.trim_start_matches(['├', '└', '│', '─', '→', '\u{a0}']).trim_start();
        if let Some((inner, after)) = code_span(rest) {
            match path_of(inner) {
                Some(path) if !inner.trim().contains(' ') => found.push(path),
                _ => return found,
            }
            rest = after;
            continue;
        }
        if let Some((words, target, after)) = link(rest) {
            let words = words.trim_matches(['`', '*', '_']);
            match path_of(words).filter(|path| is_path(path)).or_else(|| path_of(target)) {
                Some(path) => found.push(path),
                None => return found,
            }
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('(').filter(|_| !found.is_empty()) {
            // `src/a.rs (new), src/b.rs`.
            let after = after.find(')').map_or("", |end| &after[end + 1..]);
            if ![",", ";", " and ", " & "].iter().any(|sign| after.starts_with(sign)) {
                return found;
            }
            rest = after;
            continue;
        }
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '`')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let bare = word.trim_matches(['*', '_', ':', '(', ')']);
        if word.is_empty() {
            return found;
        }
        if DONE_TO_IT.contains(&bare.to_lowercase().as_str()) {
            rest = after;
        } else if let Some(path) = path_of(word).filter(|path| is_path(path)) {
            found.push(path);
            // What follows a colon is a remark.
            if word.ends_with(':') {
                return found;
            }
            rest = after;
        } else {
            return found;
        }
    }
}

fn paths_anywhere(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((inner, after)) = code_span(rest) {
            found.extend(path_of(inner).filter(|path| is_path(path) && !path.contains(' ')));
            rest = after;
            continue;
        }
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '`')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        found.extend(path_of(word).filter(|path| path.contains('/') && is_path(path) && has_ending(path)));
        let mut next = after.chars();
        // A code mark that closes nothing.
        if end == 0 || after.starts_with(|c: char| c != '`') {
            next.next();
        }
        rest = next.as_str();
    }
    found
}

/// The code that `text` begins with, and what follows it.
fn code_span(text: &str) -> Option<(&str, &str)> {
    let marks = text.bytes().take_while(|byte| *byte == b'`').count();
    if !(1..=2).contains(&marks) {
        return None;
    }
    let inner = &text[marks..];
    // A path is no longer than this: what is further away closes something else.
    let window = super::line::front(inner, LONGEST + 2);
    let end = window.find(&text[..marks])?;
    Some((&inner[..end], &inner[end + marks..]))
}

/// The words and the target of the link that `text` begins with, and what follows it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let window = super::line::front(text.strip_prefix('[')?, 2 * LONGEST + 8);
    let middle = window.find("](")?;
    let end = middle + 2 + window[middle + 2..].find(')')?;
    Some((&window[..middle], &window[middle + 2..end], &text[end + 2..]))
}

/// `word` without what belongs to the sentence around it: marks, a line number, `./` in front.
fn path_of(word: &str) -> Option<&str> {
    let word = word.trim().trim_matches(['*', '"', '\'', '(', '`']);
    let word = word.trim_end_matches([',', ';', ':', '!', '?', ')']);
    let word = if word.ends_with("..") { word } else { word.trim_end_matches('.') };
    let word = word.find("#L").map_or(word, |at| &word[..at]);
    let word = without_lines(without_lines(word));
    let word = word.strip_prefix("./").unwrap_or(word);
    let fits = !word.is_empty()
        && word.len() <= LONGEST
        && !word.contains("://")
        && !word.chars().any(char::is_control);
    (fits && word.contains(|c: char| c.is_alphanumeric())).then_some(word)
}

/// A path without the lines that are named behind it: `:12`, `:12-40`.
fn without_lines(word: &str) -> &str {
    match word.rsplit_once(':') {
        Some((path, lines)) if !lines.is_empty() && lines.chars().all(|c| c.is_ascii_digit() || c == '-') => {
            path
        }
        _ => word,
    }
}

/// Whether a word may be a path: it has a folder or an ending, or is one of the names that have neither.
fn is_path(word: &str) -> bool {
    const WORDS: [&str; 6] = ["n/a", "and/or", "e.g", "i.e", "i/o", "w/o"];
    let lower = word.to_lowercase();
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_count = word.split_once('/').is_some_and(|(done, all)| number(done) && number(all));
    !WORDS.contains(&lower.as_str())
        && !is_count
        && (word.contains('/') || has_ending(word) || BARE.contains(&lower.as_str()))
}

/// Whether a path ends like a file: `.rs`, `.env.example`, `.gitignore`.
fn has_ending(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((_, ending)) = name.rsplit_once('.') else { return false };
    (1..=12).contains(&ending.len())
        && ending.starts_with(|c: char| c.is_ascii_alphanumeric())
        && ending.contains(|c: char| c.is_ascii_alphabetic())
        && ending.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths() {
        for (text, expected) in [
            ("`src/a.rs`", "src/a.rs"),
            ("`src/a.rs` - added `Foo::bar` and `b.rs`", "src/a.rs"),
            ("`src/a.rs`, `src/b.rs` and `Makefile` (new)", "src/a.rs src/b.rs Makefile"),
            ("**src/a.rs** — the form", "src/a.rs"),
            ("[src/a.rs](../src/a.rs) x", "src/a.rs"),
            ("[the form](src/a.rs)", "src/a.rs"),
            ("src/a.rs (new)", "src/a.rs"),
            ("src/a.rs (new), src/b.rs (lines 1-10), and Cargo.toml", "src/a.rs src/b.rs Cargo.toml"),
            ("src/a.rs (new) like src/b.rs", "src/a.rs"),
            ("src/a.rs (new, src/b.rs", "src/a.rs"),
            ("src/a.rs: the form of b.rs", "src/a.rs"),
            ("./src/a.rs:12-40 moved", "src/a.rs"),
            ("src/a.rs:12:4", "src/a.rs"),
            ("Modified: src/a.rs, src/b.rs", "src/a.rs src/b.rs"),
            ("M  src/a.rs", "src/a.rs"),
            ("src/a.rs | 10 ++--", "src/a.rs"),
            ("new file: `src/auth/`", "src/auth/"),
            ("src/old.rs → src/new.rs", "src/old.rs src/new.rs"),
            ("├── src/a.rs", "src/a.rs"),
            (".gitignore", ".gitignore"),
            ("README", "README"),
            ("Only src/a.rs was touched, and/or others.", "src/a.rs"),
            ("I changed `src/a.rs` for this", "src/a.rs"),
            ("`src/[id]/page.tsx`", "src/[id]/page.tsx"),
            ("None", ""),
            ("N/A", ""),
            ("3/5 done", ""),
            ("see https://example.org/a.rs", ""),
            ("`cargo test --all`", ""),
            ("no file, e.g. none", ""),
            ("`", ""),
            ("``` `", ""),
        ] {
            assert_eq!(paths(text).join(" "), expected, "{text:?}");
        }
    }
}

//! Code spans that name a file or a folder.

use super::id::milestone_id;

/// Endings of file names. A point alone makes no file: `app.listen`, `1.2.3`.
const ENDINGS: [&str; 92] = [
    "astro",
    "avif",
    "bash",
    "bat",
    "c",
    "cc",
    "cfg",
    "cjs",
    "conf",
    "cpp",
    "cs",
    "css",
    "csv",
    "cts",
    "cxx",
    "dart",
    "db",
    "dockerfile",
    "ejs",
    "env",
    "ex",
    "exs",
    "gif",
    "go",
    "gql",
    "gradle",
    "graphql",
    "h",
    "hbs",
    "hpp",
    "hs",
    "htm",
    "html",
    "ico",
    "ini",
    "ipynb",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lock",
    "log",
    "lua",
    "m",
    "md",
    "mdx",
    "mjs",
    "mod",
    "mts",
    "php",
    "pl",
    "plist",
    "png",
    "prisma",
    "properties",
    "proto",
    "ps1",
    "py",
    "pyi",
    "rb",
    "rs",
    "sass",
    "scss",
    "sh",
    "snap",
    "sql",
    "sqlite",
    "sum",
    "svelte",
    "svg",
    "swift",
    "tex",
    "tf",
    "toml",
    "ts",
    "tsx",
    "txt",
    "vue",
    "wasm",
    "webp",
    "xml",
    "yaml",
    "yml",
    "zip",
];

/// Names of files without an ending.
const NAMES: [&str; 8] =
    ["Makefile", "Dockerfile", "Justfile", "Gemfile", "Procfile", "LICENSE", "README", "CODEOWNERS"];

/// Names that look like files.
const NO_FILES: [&str; 8] =
    ["node.js", "next.js", "vue.js", "react.js", "three.js", "d3.js", "express.js", "socket.io"];

/// First words of media types.
const MEDIA: [&str; 8] = ["application", "audio", "font", "image", "message", "multipart", "text", "video"];

/// Bytes of the longest path.
const LONGEST: usize = 300;

/// The paths in the code spans of `line`, as written. A span ends on its line.
pub(super) fn paths_of(line: &str) -> impl Iterator<Item = &str> {
    code_spans(line).map(str::trim).filter(|span| is_path(span))
}

/// What is between runs of as many backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    let bytes = line.as_bytes();
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = memchr::memchr(b'`', &bytes[at..]) {
            let start = at + found;
            let length = bytes[start..].iter().take_while(|&&byte| byte == b'`').count();
            at = start + length;
            match open {
                None => open = Some((at, length)),
                Some((from, as_many)) if as_many == length => {
                    open = None;
                    return Some(&line[from..start]);
                }
                Some(_) => {}
            }
        }
        None
    })
}

/// Whether `text` is written as a path of a file or a folder: it has a slash or a known ending, and nothing that paths of a
/// project don't have.
fn is_path(text: &str) -> bool {
    const SIGNS: &str = "<>|;&=()\"'?!$,`\\%^";
    if text.len() > LONGEST
        || !text.contains(char::is_alphabetic)
        || text.contains(|c: char| c.is_whitespace() || c.is_control() || SIGNS.contains(c))
        || text.contains("://")
        || text.starts_with(['-', '#', '+', ':', '/'])
    {
        // A path from the root is a route or another computer's, unless it names a file.
        return text.starts_with('/') && text.len() > 1 && is_path(&text[1..]) && has_ending(text);
    }
    let lower = text.to_ascii_lowercase();
    if NO_FILES.contains(&lower.as_str()) || lower == "n/a" {
        return false;
    }
    if has_ending(text) {
        return true;
    }
    let mut parts = text.split('/');
    let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let Some(second) = second else { return false };
    let media = MEDIA.contains(&first) && third.is_none() && !second.is_empty() && !second.contains('*');
    let ids = text.split('/').all(|part| milestone_id(part).is_some_and(|(_, length)| length == part.len()));
    !(media || ids || first.starts_with('@') || first == "origin" || text == "and/or")
}

/// Whether the last part of a path is a file's name.
fn has_ending(text: &str) -> bool {
    // A line behind a file: `src/a.rs:12`.
    let text = match text.rsplit_once(':') {
        Some((file, line)) if line.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => file,
        _ => text,
    };
    let name = text.rsplit('/').next().unwrap_or(text);
    if NAMES.contains(&name) {
        return true;
    }
    if let Some(hidden) = name.strip_prefix('.')
        && !hidden.contains('.')
    {
        return hidden.ends_with("ignore")
            || hidden.ends_with("rc")
            || matches!(hidden, "env" | "editorconfig" | "gitattributes");
    }
    name.rsplit_once('.').is_some_and(|(front, ending)| {
        (!front.is_empty() && ENDINGS.contains(&ending.to_ascii_lowercase().as_str())) || front == ".env"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_path() {
        for path in [
            "src/auth/",
            "src/auth",
            "package.json",
            "src/**/*.ts",
            "src/a.rs:12",
            ".gitignore",
            ".github/workflows",
            "Makefile",
            "../shared",
            "docs/README.md",
            "app/[slug]/page.tsx",
            "/etc/app.conf",
            ".env.local",
            "a/b.c",
            "@types/x.d.ts",
            "~/notes.md",
            "CHANGELOG.md",
        ] {
            assert!(is_path(path), "{path:?}");
        }
        for other in [
            "npm test",
            "https://x.org/a",
            "--flag",
            "-a/b",
            "app.listen",
            "1.2.3",
            "foo()",
            "/api/users",
            "n/a",
            "1/2",
            "application/json",
            "@scope/pkg",
            "origin/main",
            "M1/M2",
            "Node.js",
            "a|b/c",
            "",
            "/",
            ".btn",
            "x=1/y",
        ] {
            assert!(!is_path(other), "{other:?}");
        }
    }

    #[test]
    fn finds_code_spans() {
        let spans: Vec<&str> = code_spans("`a` ``b ` c`` `d").collect();
        assert_eq!(spans, ["a", "b ` c"]);
    }
}

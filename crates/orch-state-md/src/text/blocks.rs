//! Lines, and which of them are code or comment.

use orch_core::Position;

use super::inline::{indent, indent_from, list_marker};
use super::{Span, clamp};

/// One line of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// The line, from one.
    pub(crate) number: u32,
    /// Where in the text its first byte is.
    pub(crate) start: usize,
    /// The line without its end (`\n` or `\r\n`).
    pub(crate) text: &'a str,
    /// What the line is part of.
    pub(crate) part: Part<'a>,
}

impl<'a> Line<'a> {
    /// The whole line as a span.
    pub(crate) fn span(&self) -> Span<'a> {
        Span::new(self.text, Position::new(self.number, 1))
    }

    /// Whether the line is code or comment, or opens or closes such.
    pub(crate) fn is_hidden(&self) -> bool {
        self.part != Part::Prose
    }
}

/// What a line is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Ordinary Markdown.
    Prose,
    /// Opens a fenced code block.
    Open(Fence<'a>),
    /// Inside a fenced code block.
    Code,
    /// Closes a fenced code block.
    Close,
    /// The whole or a part of an HTML comment; `last` on the line where it ends.
    Comment {
        /// Whether the comment ends on this line.
        last: bool,
    },
}

/// The first line of a fenced code block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence<'a> {
    mark: u8,
    length: usize,
    /// Columns that the content of the list item around it is indented by.
    container: usize,
    /// Columns of white space in front of the fence; as many are no part of the code.
    pub(crate) indent: usize,
    /// What is written after the fence.
    pub(crate) info: &'a str,
}

impl Fence<'_> {
    fn open(text: &str, container: usize, indent: usize) -> Option<Fence<'_>> {
        let mark = *text.as_bytes().first()?;
        let info = text.trim_start_matches(char::from(mark));
        let length = text.len() - info.len();
        let is_fence = match mark {
            b'`' => length >= 3 && !info.contains('`'),
            b'~' => length >= 3,
            _ => false,
        };
        is_fence.then(|| Fence { mark, length, container, indent, info: info.trim() })
    }

    fn is_closed_by(&self, text: &str, indent: usize) -> bool {
        let rest = text.trim_start_matches(char::from(self.mark));
        indent < self.container + 4 && text.len() - rest.len() >= self.length && rest.trim().is_empty()
    }
}

enum Region<'a> {
    Prose,
    Code(Fence<'a>),
    Comment { container: usize },
}

/// The lines of a text, in order.
///
/// Lines end with `\n` or `\r\n`; the last one may end with neither. List items are followed as far as it takes to
/// know how far a fence may be indented; a block quote is prose like any other.
pub(crate) struct Lines<'a> {
    text: &'a str,
    start: usize,
    number: usize,
    region: Region<'a>,
    /// The columns at which the content of the open list items begins, outermost first.
    containers: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self::from_line(text, 1)
    }

    /// The lines of a piece of a longer text, the first of which is line `number` there.
    pub(crate) fn from_line(text: &'a str, number: u32) -> Self {
        Self { text, start: 0, number: number as usize, region: Region::Prose, containers: Vec::new() }
    }

    fn part(&mut self, line: &'a str) -> Part<'a> {
        let (columns, bytes) = indent(line);
        let rest = &line[bytes..];
        match self.region {
            Region::Code(fence) if rest.is_empty() || columns >= fence.container => {
                if fence.is_closed_by(rest, columns) {
                    self.region = Region::Prose;
                    return Part::Close;
                }
                return Part::Code;
            }
            Region::Comment { container } if rest.is_empty() || columns >= container => {
                return self.comment(rest, container);
            }
            // A line that stands left of the list item ends the item and whatever was open in it.
            Region::Code(_) | Region::Comment { .. } => self.region = Region::Prose,
            Region::Prose => {}
        }
        if rest.is_empty() {
            return Part::Prose;
        }
        while self.containers.last().is_some_and(|&content| columns < content) {
            self.containers.pop();
        }
        self.opening(rest, columns)
    }

    /// What a line of prose opens: a code block, a comment, list items that hold either, or nothing.
    fn opening(&mut self, mut rest: &'a str, mut columns: usize) -> Part<'a> {
        loop {
            let container = self.containers.last().copied().unwrap_or(0);
            if columns >= container + 4 {
                return Part::Prose;
            }
            if let Some(fence) = Fence::open(rest, container, columns) {
                self.region = Region::Code(fence);
                return Part::Open(fence);
            }
            if rest.starts_with("<!--") {
                return self.comment(rest, container);
            }
            let Some(marker) = list_marker(rest) else { return Part::Prose };
            let after = &rest[marker..];
            let (content, bytes) = indent_from(columns + marker, after);
            let far = content - (columns + marker) > 4 || bytes == after.len();
            self.containers.push(if far { columns + marker + 1 } else { content });
            if bytes == after.len() {
                return Part::Prose;
            }
            columns = content;
            rest = &after[bytes..];
        }
    }

    fn comment(&mut self, rest: &str, container: usize) -> Part<'a> {
        let last = rest.contains("-->");
        self.region = if last { Region::Prose } else { Region::Comment { container } };
        Part::Comment { last }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = &self.text[self.start..];
        if rest.is_empty() {
            return None;
        }
        let (line, length) = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        let line = line.strip_suffix('\r').unwrap_or(line);
        let found = Line { number: clamp(self.number), start: self.start, text: line, part: self.part(line) };
        self.start += length;
        self.number += 1;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a line: prose, open, code (`.`), close, comment (`!`).
    fn parts(text: &str) -> String {
        let letter = |line: Line<'_>| match line.part {
            Part::Prose => 'p',
            Part::Open(_) => 'o',
            Part::Code => '.',
            Part::Close => 'c',
            Part::Comment { .. } => '!',
        };
        Lines::new(text).map(letter).collect()
    }

    #[test]
    fn knows_code_and_comments_from_prose() {
        for (text, expected) in [
            ("a\n```\nx\n```\nb", "po.cp"),
            ("~~~ sh\n```\n~~~\nb", "o.cp"),
            ("````\n```\n````\nb", "o.cp"),
            ("```\n``` x\n```  \nb", "o.cp"),
            ("```a`b\nx", "pp"),
            ("~~~a`b\nx", "o."),
            ("``\nx", "pp"),
            ("   ```\nx\n   ```\nb", "o.cp"),
            ("    ```\nx", "pp"),
            ("```\n    ```\n```", "o.c"),
            ("- a\n    ```\n    x\n    ```\nb", "po.cp"),
            ("1. a\n\t```\n\tx\n\t```\nb", "po.cp"),
            ("- ```\n  x\n  ```\nb", "o.cp"),
            ("- ```\n  x\nb", "o.p"),
            ("- ```\n\n  x", "o.."),
            ("-\ta\n\t```\n\tx\n\t```", "po.c"),
            ("-      ```\nb", "pp"),
            ("1. - a\n       ```\n       ```", "poc"),
            ("-\n  ```\n  ```", "poc"),
            ("<!-- a -->\nb", "!p"),
            ("<!-- a\nb\n--> c\nd", "!!!p"),
            ("```\nopen", "o."),
            ("```\r\nx\r\n```\r\nb\r\n", "o.cp"),
            ("> ```\nb", "pp"),
        ] {
            assert_eq!(parts(text), expected, "{text:?}");
        }
    }

    #[test]
    fn loses_no_byte() {
        for text in ["", "\n", "a", "a\n", "a\r\nb", "\r\n\r\n", "ä\n\nö"] {
            let mut end = 0;
            for line in Lines::new(text) {
                assert_eq!(line.start, end, "{text:?}");
                let after = &text[line.start + line.text.len()..];
                assert!(text[line.start..].starts_with(line.text));
                end += line.text.len();
                end += ["\r\n", "\n"].iter().find(|e| after.starts_with(**e)).map_or(0, |e| e.len());
            }
            assert_eq!(end, text.len(), "{text:?}");
        }
    }
}

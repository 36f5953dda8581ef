//! The words, ids and signs of a piece of Markdown.
//!
//! What does not count is left out here once for all readers: the targets of links, code that is more than an id, HTML,
//! what is struck through, paths, addresses, and ids that are a part of a longer word. One pass, linear in the text.

use std::borrow::Cow;
use std::ops::Range;

use super::pairs::{CodeSpan, code_spans, pair, shorten};
use super::roster::Roster;
use super::signs::{both_head, ends_id, is_invisible, is_line, left_head, right_head, word_length};
use crate::planning::milestone_id;

/// A word, an id or a sign, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    /// The byte of the document that it begins at.
    pub(super) at: usize,
    /// The byte behind it.
    pub(super) end: usize,
}

/// What a [`Token`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// The id of a milestone that the tracker has or could have.
    Id(String),
    /// A number with at most one letter behind it, in lower case.
    Number(&'a str),
    /// Any other word, in lower case.
    Word(Cow<'a, str>),
    /// `→`, `->`, `==>`, `──►`.
    Arrow,
    /// `←`, `<-`.
    Back,
    /// `↔`, `<->`.
    Both,
    Comma,
    /// `+`, `&`, `∥`.
    Plus,
    Slash,
    Semicolon,
    /// The end of a sentence.
    Stop,
    Colon,
    /// `-`, `–`, `—`, `──`; `long` when it is none that a range is written with.
    Dash {
        long: bool,
    },
    /// `..`, `…`.
    Dots,
    /// An opening parenthesis, bracket or brace, and the index of the token that closes it.
    Open(usize),
    Close,
    /// `**`, `__`.
    Bold,
    /// The end of a line within the piece.
    Break,
    /// `·`, `|`, `•`.
    Divider,
    /// Code, a path, an address or a sign without a meaning here.
    Other,
    /// What turned out to be no sign: the bracket of a link, a parenthesis that is never closed.
    Nothing,
}

impl<'a> Token<'a> {
    /// The word in lower case, when it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether it is one of `words`.
    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        self.word().is_some_and(|word| words.contains(&word))
    }

    /// Whether it only says how something looks.
    pub(super) fn is_look(&self) -> bool {
        matches!(self.kind, Kind::Bold | Kind::Break | Kind::Nothing)
    }
}

/// The tokens of the bytes `range` of `text`.
pub(super) fn tokens<'a>(text: &'a str, range: Range<usize>, roster: &Roster<'_>) -> Vec<Token<'a>> {
    let mut scan =
        Scan { text: &text[..range.end], at: range.start, roster, tokens: Vec::new(), hopeless: [0; 4] };
    scan.run(range.start);
    pair(&mut scan.tokens);
    shorten(scan.tokens)
}

struct Scan<'a, 'r> {
    text: &'a str,
    at: usize,
    roster: &'r Roster<'r>,
    tokens: Vec<Token<'a>>,
    /// Up to where the end of a link, a comment, a tag and something struck through was looked for in vain.
    hopeless: [usize; 4],
}

/// The index in [`Scan::hopeless`].
#[derive(Clone, Copy)]
enum Search {
    Link,
    Comment,
    Tag,
    Struck,
}

impl<'a> Scan<'a, '_> {
    fn run(&mut self, start: usize) {
        // Both go from left to right.
        let mut code = code_spans(self.text, start).into_iter().peekable();
        while let Some(c) = self.text[self.at..].chars().next() {
            match c {
                '`' => {
                    while code.next_if(|span| span.start < self.at).is_some() {}
                    match code.next_if(|span| span.start == self.at) {
                        Some(span) => self.code(span),
                        None => self.at += 1,
                    }
                }
                '\\' => self.escape(),
                '\n' => {
                    self.push(Kind::Break, 1);
                    self.quote_marks();
                }
                '*' => self.emphasis('*'),
                '_' => self.underscore(),
                '~' => self.struck(),
                '<' => self.less(),
                '&' => self.entity(),
                '[' | '(' | '{' => self.push(Kind::Open(usize::MAX), 1),
                ']' => self.close_bracket(),
                ')' | '}' => self.push(Kind::Close, 1),
                ',' => self.push(Kind::Comma, 1),
                ';' => self.push(Kind::Semicolon, 1),
                ':' => self.push(Kind::Colon, 1),
                '+' | '∥' | '‖' => self.push(Kind::Plus, c.len_utf8()),
                '/' => self.push(Kind::Slash, 1),
                '|' if self.rest().starts_with("||") => self.push(Kind::Plus, 2),
                '|' | '·' | '•' => self.push(Kind::Divider, c.len_utf8()),
                '…' => self.push(Kind::Dots, c.len_utf8()),
                '.' if self.rest().starts_with("..") => {
                    let dots = self.rest().len() - self.rest().trim_start_matches('.').len();
                    self.push(Kind::Dots, dots);
                }
                '.' | '!' | '?' => self.push(Kind::Stop, 1),
                c if is_line(c) || right_head(c) || left_head(c) || both_head(c) => self.line(),
                c if c.is_alphanumeric() => self.word(),
                c if c.is_whitespace() || is_invisible(c) => self.at += c.len_utf8(),
                c => self.push(Kind::Other, c.len_utf8()),
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind<'a>, length: usize) {
        self.tokens.push(Token { kind, at: self.at, end: self.at + length });
        self.at += length;
    }

    /// Skips the marks of a block quote at the start of a line.
    fn quote_marks(&mut self) {
        let rest = self.rest();
        let inner = rest.trim_start_matches([' ', '\t', '>']);
        if rest[..rest.len() - inner.len()].contains('>') {
            self.at += rest.len() - inner.len();
        }
    }

    /// A code span: an id when that is all there is in it.
    fn code(&mut self, span: CodeSpan) {
        let CodeSpan { content_end, end, length, .. } = span;
        let content = &self.text[self.at + length..content_end];
        let inner = content.trim();
        let kind = match milestone_id(inner) {
            Some((id, used)) if used == inner.len() && self.roster.speaks_of(&id) => Kind::Id(id),
            _ => Kind::Other,
        };
        if matches!(kind, Kind::Id(_)) {
            let at = self.at + length + (content.len() - content.trim_start().len());
            self.tokens.push(Token { kind, at, end: at + inner.len() });
        } else {
            self.tokens.push(Token { kind, at: self.at, end });
        }
        self.at = end;
    }

    /// What is escaped is that sign and nothing else.
    fn escape(&mut self) {
        let escaped = self.rest()[1..].chars().next().filter(char::is_ascii_punctuation);
        self.at += 1;
        // `\-` and `\>` are what some editors write for an arrow.
        match escaped {
            Some('-' | '>' | '<' | '=' | '+' | '&' | '/') | None => {}
            Some(_) => self.push(Kind::Other, 1),
        }
    }

    fn emphasis(&mut self, mark: char) {
        let run = self.rest().len() - self.rest().trim_start_matches(mark).len();
        if run >= 2 {
            self.push(Kind::Bold, run);
        } else {
            self.at += 1;
        }
    }

    /// `_` around words; `_M2_` is an id although `_` may be a part of a word.
    fn underscore(&mut self) {
        if self.text[..self.at].ends_with(char::is_alphanumeric) {
            self.at += 1;
            return;
        }
        self.emphasis('_');
        let rest = self.rest();
        let length = rest.bytes().take(40).take_while(|&b| b.is_ascii_alphanumeric() || b == b' ').count();
        if rest[length..].starts_with('_')
            && let Some((id, used)) = milestone_id(&rest[..length])
            && used == length
            && self.roster.speaks_of(&id)
        {
            self.push(Kind::Id(id), length);
        }
    }

    fn struck(&mut self) {
        if !self.rest().starts_with("~~") {
            self.at += 1;
            return;
        }
        let end = self.find(Search::Struck, self.at + 2, "~~", false);
        self.at = end.map_or(self.at + 2, |end| end + 2);
    }

    /// A comment, a tag, or an arrow to the left.
    fn less(&mut self) {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            let end = self.find(Search::Comment, self.at, "-->", false);
            self.at = end.map_or(self.at + 4, |end| end + 3);
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            let end = self.find(Search::Tag, self.at, ">", true);
            self.at = end.map_or(self.at + 1, |end| end + 1);
        } else {
            self.line();
        }
    }

    /// Where `mark` is next. What was looked for in vain is not looked for again in the same bytes.
    fn find(&mut self, search: Search, from: usize, mark: &str, in_line: bool) -> Option<usize> {
        if from < self.hopeless[search as usize] {
            return None;
        }
        let bytes = &self.text.as_bytes()[from..];
        let (found, end) = if in_line {
            let stop = memchr::memchr2(mark.as_bytes()[0], b'\n', bytes);
            (stop.filter(|&stop| bytes[stop] != b'\n'), stop.unwrap_or(bytes.len()))
        } else {
            (memchr::memmem::find(bytes, mark.as_bytes()), bytes.len())
        };
        if found.is_none() {
            self.hopeless[search as usize] = from + end.max(1);
        }
        Some(from + found?)
    }

    fn entity(&mut self) {
        let rest = self.rest();
        for (entity, kind) in [
            ("&amp;", Some(Kind::Plus)),
            ("&rarr;", Some(Kind::Arrow)),
            ("&larr;", Some(Kind::Back)),
            ("&nbsp;", None),
        ] {
            if rest.starts_with(entity) {
                match kind {
                    Some(kind) => self.push(kind, entity.len()),
                    None => self.at += entity.len(),
                }
                return;
            }
        }
        self.push(Kind::Plus, 1);
    }

    /// `]`, and the target of the link that it ends.
    fn close_bracket(&mut self) {
        let next = self.rest()[1..].chars().next();
        let close = match next {
            Some('(') => ")",
            Some('[') => "]",
            _ => return self.push(Kind::Close, 1),
        };
        match self.find(Search::Link, self.at + 2, close, true) {
            Some(end) => {
                // An empty one: `pair` takes the opening bracket away as well.
                self.tokens.push(Token { kind: Kind::Close, at: self.at, end: self.at });
                self.at = end + 1;
            }
            None => self.push(Kind::Close, 1),
        }
    }

    /// A run of line signs with heads, or without.
    fn line(&mut self) {
        let rest = self.rest();
        let inner = rest.trim_start_matches(|c| left_head(c) || c == '<');
        let left = rest.len() - inner.len();
        let after = inner.trim_start_matches(|c: char| is_line(c) || is_invisible(c));
        let body = inner.len() - after.len();
        let end = after.trim_start_matches(|c| right_head(c) || c == '>' || is_invisible(c));
        let right = after.len() - end.len();
        let length = left + body + right;
        if rest.starts_with(both_head) {
            let c = rest.chars().next().map_or(1, char::len_utf8);
            return self.push(Kind::Both, c);
        }
        let sign =
            rest[..left].chars().any(left_head) || (left > 0 && (body >= 2 || rest[left..].starts_with('-')));
        let kind = match (sign, right > 0) {
            (true, true) => Kind::Both,
            (true, false) => Kind::Back,
            (false, true) if left == 0 => Kind::Arrow,
            (false, _) if left > 0 => Kind::Other,
            _ if rest.starts_with('=') || rest.starts_with('>') => Kind::Other,
            _ => Kind::Dash { long: !matches!(&rest[..length], "-" | "–") },
        };
        self.push(kind, length.max(1));
    }

    /// An id, a number or a word; a path or an address as something else.
    fn word(&mut self) {
        let rest = self.rest();
        if self.begins_id()
            && let Some((id, length)) = milestone_id(rest)
            && self.roster.speaks_of(&id)
            && ends_id(&rest[length..])
        {
            self.push(Kind::Id(id), length);
            let rest = self.rest();
            if let Some(after) = rest.strip_prefix("'s").or_else(|| rest.strip_prefix("’s"))
                && !after.starts_with(char::is_alphanumeric)
            {
                self.at += rest.len() - after.len();
            }
            return;
        }
        let length = word_length(rest);
        let mut after = rest[length..].chars();
        let glued = matches!(after.next(), Some('/' | '\\' | '.' | '@' | ':' | '_'));
        if glued && after.next().is_some_and(|c| c.is_alphanumeric() || c == '/' || c == '_') {
            let stop = |c: char| {
                c.is_whitespace() || !c.is_ascii() && !c.is_alphanumeric() || ")],;|*`>".contains(c)
            };
            let length = rest.find(stop).unwrap_or(rest.len()).max(length);
            // The full stop behind a path ends the sentence.
            let inner = rest[..length].trim_end_matches(['.', ':', '!', '?']);
            let dotted = inner.contains('.') && inner.len() < 4;
            return self.push(Kind::Other, if dotted { length } else { inner.len().max(1) });
        }
        let word = &rest[..length];
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let number = (1..=4).contains(&digits)
            && (digits == word.len()
                || (digits + 1 == word.len() && word.as_bytes()[digits].is_ascii_lowercase()));
        if number {
            return self.push(Kind::Number(word), length);
        }
        let plain = word.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
        let word =
            if plain { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase().replace('’', "'")) };
        self.push(Kind::Word(word), length);
    }

    /// Whether an id may begin here: not in the middle of a path, a version or a compound.
    fn begins_id(&self) -> bool {
        let before = self.text[..self.at].chars().next_back();
        match before {
            Some('/' | '-' | '.') => self.tokens.last().is_some_and(|last| {
                let joins = matches!(last.kind, Kind::Slash | Kind::Dash { .. } | Kind::Dots);
                let previous = self.tokens.len().checked_sub(2).map(|index| &self.tokens[index]);
                let joined = previous.is_some_and(|p| {
                    matches!(p.kind, Kind::Id(_) | Kind::Number(_) | Kind::Close) && p.end <= last.at
                });
                // `──M2`, `--M2`: a line and no hyphen.
                let drawn = last.end - last.at > 1;
                last.end == self.at && (drawn || (joins && joined))
            }),
            Some('@' | '\\' | '$' | '#' | '_') => false,
            Some(c) => !c.is_alphanumeric(),
            None => true,
        }
    }
}

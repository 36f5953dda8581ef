//! What a reader gives back, and how it says what it found.

use std::cell::RefCell;

use orch_core::{Diagnostic, Position, Severity};

/// Bytes that a file may have at most; a larger one is refused unread.
pub const MAX_BYTES: usize = 4 << 20;

/// Findings kept at most for one file, so that a file full of mistakes can't fill the memory.
const MOST_KEPT: usize = 200;

/// Characters of a file that a message repeats at most.
const LONGEST_QUOTE: usize = 60;

/// What a reader made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// The value; `None` exactly when there is an error among the findings.
    pub value: Option<T>,
    /// Everything that is wrong or odd, by place.
    pub findings: Vec<Diagnostic>,
}

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it begins. Of a value that stands for an anchor: where the alias is.
    pub at: Position,
}

impl AsRef<str> for Located<String> {
    fn as_ref(&self) -> &str {
        &self.value
    }
}

/// The names of findings, one set for each kind of file.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) syntax: &'static str,
    pub(crate) encoding: &'static str,
    pub(crate) limit: &'static str,
    pub(crate) duplicate_key: &'static str,
    pub(crate) unknown_key: &'static str,
    pub(crate) wrong_type: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) value: &'static str,
    pub(crate) path: &'static str,
    pub(crate) more: &'static str,
}

/// The codes of one kind of file, such as `spec.missing`.
macro_rules! codes {
    ($prefix:literal) => {
        $crate::reading::Codes {
            syntax: concat!($prefix, ".syntax"),
            encoding: concat!($prefix, ".encoding"),
            limit: concat!($prefix, ".limit"),
            duplicate_key: concat!($prefix, ".duplicate_key"),
            unknown_key: concat!($prefix, ".unknown_key"),
            wrong_type: concat!($prefix, ".type"),
            missing: concat!($prefix, ".missing"),
            value: concat!($prefix, ".value"),
            path: concat!($prefix, ".path"),
            more: concat!($prefix, ".more"),
        }
    };
}
pub(crate) use codes;

/// One reading under way: the codes of its findings, and the findings.
pub(crate) struct Context {
    pub(crate) codes: &'static Codes,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    kept: Vec<Diagnostic>,
    left_out: usize,
    error: bool,
    error_left_out: bool,
}

impl Context {
    pub(crate) fn new(codes: &'static Codes) -> Self {
        Self { codes, found: RefCell::default() }
    }

    pub(crate) fn push(&self, finding: Diagnostic) {
        let mut found = self.found.borrow_mut();
        found.error |= finding.is_error();
        if found.kept.len() < MOST_KEPT {
            found.kept.push(finding);
        } else {
            found.left_out += 1;
            found.error_left_out |= finding.is_error();
        }
    }

    pub(crate) fn error(&self, code: &'static str, message: String, hint: impl Into<String>, at: Position) {
        self.push(Diagnostic::error(code, message).hint(hint).at(at));
    }

    pub(crate) fn warning(&self, code: &'static str, message: String, hint: impl Into<String>, at: Position) {
        self.push(Diagnostic::warning(code, message).hint(hint).at(at));
    }

    /// The reading: the value when nothing was an error, and the findings by place.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Reading<T> {
        let found = self.found.into_inner();
        let mut findings = found.kept;
        findings.sort_by_key(|finding| (finding.at.is_none(), finding.at));
        if found.left_out > 0 {
            let message = format!("{} more findings are not shown", found.left_out);
            let last = findings.iter().rev().find_map(|finding| finding.at);
            let more = Diagnostic::warning(self.codes.more, message)
                .hint("mend the ones above and check again")
                .at(last);
            let severity = if found.error_left_out { Severity::Error } else { Severity::Warning };
            findings.push(Diagnostic { severity, ..more });
        }
        debug_assert!(found.error || value.is_some(), "no value, and nobody says why");
        Reading { value: value.filter(|_| !found.error), findings }
    }
}

/// `bytes` as text without a byte order mark, or what is wrong with them.
pub(crate) fn decode<'a>(bytes: &'a [u8], codes: &Codes) -> Result<&'a str, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        let hint = "make it shorter: what is long belongs into files that it names";
        return Err(Diagnostic::error(codes.limit, message).hint(hint).at(Position::new(1, 1)));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        let at = Places::new(before).at(before.len());
        Diagnostic::error(codes.encoding, "bytes that are not UTF-8").hint("save the file as UTF-8").at(at)
    })
}

/// Line and column of bytes in a text, quick when asked in the order of the text.
pub(crate) struct Places<'a> {
    text: &'a str,
    done: usize,
    at: Position,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, done: 0, at: Position::new(1, 1) }
    }

    /// The place of the byte at `offset`, which begins a character or ends the text.
    pub(crate) fn at(&mut self, offset: usize) -> Position {
        if offset < self.done {
            *self = Self::new(self.text);
        }
        let passed = self.text.get(self.done..offset).unwrap_or_default();
        for (place, c) in passed.char_indices() {
            // As YAML has it: a carriage return ends a line, unless a line feed does.
            let feed = self.text.as_bytes().get(self.done + place + 1) == Some(&b'\n');
            if c == '\n' || c == '\r' && !feed {
                self.at = Position::new(self.at.line.saturating_add(1), 1);
            } else {
                self.at.column = self.at.column.saturating_add(1);
            }
        }
        self.done += passed.len();
        self.at
    }
}

/// `text` as a message may repeat it: in backticks, short, and nothing in it that moves a terminal's cursor.
pub(crate) fn quoted(text: &str) -> String {
    let mut quote = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST_QUOTE {
            quote.push('…');
            break;
        }
        if is_odd(c) {
            quote.extend(c.escape_default());
        } else {
            quote.push(c);
        }
    }
    quote.push('`');
    quote
}

/// Whether a character is invisible or changes how the others are shown: no name needs one.
pub(crate) fn is_odd(c: char) -> bool {
    let turns =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    c.is_control() || turns
}

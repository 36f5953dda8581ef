//! Patterns as plans write them: regular expressions that may just as well be plain text.

use std::time::Instant;

use regex::{Regex, RegexBuilder, bytes};

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 4096;
/// The largest program that a pattern may become, in bytes. `\w` takes some 20 KiB.
const MAX_PROGRAM: usize = 1 << 20;
/// A program larger than this is slow where the engine can't keep its states, and the clock can't be looked at within
/// a line: then lines have to be short.
const LIGHT_PROGRAM: usize = 128 << 10;
/// The longest line for a large program, in bytes: it takes seconds at the worst.
const HEAVY_LINE: usize = 256 << 10;
/// After how many bytes the clock is looked at.
const CLOCK_EVERY: usize = 1 << 18;

/// A pattern that is ready to be looked for.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// None: plain text only.
    lines: Option<Regex>,
    literal: bytes::Regex,
    doubt: Option<Doubt>,
    longest_line: usize,
}

/// Why the pattern is not looked for as a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It isn't one; it may well be meant as it stands.
    PlainText,
    /// It is one that the engine can't run: not finding it proves nothing.
    Unsupported(&'static str),
}

/// A line that has the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// From one.
    pub(crate) line: usize,
    /// As it stands; bytes that are no text replaced.
    pub(crate) text: String,
}

/// Why a search ended before the end of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The time was up.
    Late,
    /// This line is too long for so large an expression.
    LongLine(usize),
}

impl Pattern {
    /// Makes `text` ready. Line breaks at its end are those of a YAML block, not meant.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('\n');
        if text.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        if text.len() > MAX_PATTERN {
            return Err(format!("the pattern is longer than {MAX_PATTERN} bytes"));
        }
        let literal = bytes::Regex::new(&regex::escape(text)).map_err(|error| error.to_string())?;
        let within = |most| RegexBuilder::new(text).multi_line(true).crlf(true).size_limit(most).build();
        let (lines, longest_line) = match within(LIGHT_PROGRAM) {
            Err(regex::Error::CompiledTooBig(_)) => (within(MAX_PROGRAM), HEAVY_LINE),
            lines => (lines, usize::MAX),
        };
        let (lines, doubt) = match lines {
            Ok(lines) => (Some(lines), None),
            Err(regex::Error::CompiledTooBig(_)) => {
                (None, Some(Doubt::Unsupported("it is too large a regular expression")))
            }
            Err(_) if looks_around(text) => {
                (None, Some(Doubt::Unsupported("look-around and back references can't be searched for")))
            }
            Err(_) => (None, Some(Doubt::PlainText)),
        };
        Ok(Self { lines, literal, doubt, longest_line })
    }

    pub(crate) fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// The first `most` lines of `bytes` with the pattern.
    pub(crate) fn find(&self, bytes: &[u8], most: usize, until: Instant) -> Result<Vec<Hit>, Stop> {
        let mut hits = Vec::new();
        if bytes.is_empty() {
            return Ok(hits);
        }
        // Plain text may reach over lines: it counts for the line that it begins on.
        let mut literal = self.literal.find_iter(bytes).map(|found| found.start()).peekable();
        let (mut start, mut looked) = (0, 0);
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        for (number, line) in body.split(|&byte| byte == b'\n').enumerate() {
            let end = start + line.len();
            let mut found = false;
            while literal.next_if(|&at| at <= end).is_some() {
                found = true;
            }
            if !found && line.len() > self.longest_line {
                return Err(Stop::LongLine(number + 1));
            }
            let found = found || self.lines.as_ref().is_some_and(|regex| matches(regex, line));
            if found {
                hits.push(Hit { line: number + 1, text: String::from_utf8_lossy(line).into_owned() });
                if hits.len() >= most {
                    break;
                }
            }
            start = end + 1;
            if start - looked >= CLOCK_EVERY {
                looked = start;
                if Instant::now() >= until {
                    return Err(Stop::Late);
                }
            }
        }
        Ok(hits)
    }
}

/// A byte that is no text counts as a character like any other: it must not hide the rest of its line.
fn matches(regex: &Regex, line: &[u8]) -> bool {
    match std::str::from_utf8(line) {
        Ok(line) => regex.is_match(line),
        Err(_) => regex.is_match(&String::from_utf8_lossy(line)),
    }
}

/// Whether an expression that the engine refused asks for what it does not have.
fn looks_around(text: &str) -> bool {
    let back_reference =
        |pair: &[u8]| pair[0] == b'\\' && (pair[1].is_ascii_digit() && pair[1] != b'0' || pair[1] == b'k');
    ["(?=", "(?!", "(?<=", "(?<!", "(?>"].iter().any(|sign| text.contains(sign))
        || text.as_bytes().windows(2).any(back_reference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn lines(pattern: &str, text: &[u8]) -> Vec<usize> {
        let until = Instant::now() + Duration::from_secs(600);
        let hits = Pattern::new(pattern).unwrap().find(text, 9, until).unwrap();
        hits.into_iter().map(|hit| hit.line).collect()
    }

    #[test]
    fn a_pattern_is_an_expression_or_its_own_text() {
        for (pattern, text, expected) in [
            ("bcrypt", &b"a\nimport bcrypt\n"[..], &[2][..]),
            ("console.log.*token", b"console.log(token)\n", &[1]),
            ("console.log.*token", b"console.log()\ntoken\n", &[]),
            ("^b$", b"ab\nb\r\nb\nbc", &[2, 3]),
            ("^$", b"a\n", &[]),
            ("^$", b"", &[]),
            ("^$", b"\n", &[1]),
            ("a[^z]*b", b"a\nb", &[]),
            ("a[0]", b"x = a[0];", &[1]),
            ("foo(", b"foo()", &[1]),
            ("foo(", b"fo", &[]),
            ("*.rs", b"all *.rs", &[1]),
            ("a\nb\n", b"x\na\nb", &[2]),
            ("(?i)TODO", b"todo", &[1]),
            ("log.*token", b"log(\xff\xfetoken)", &[1]),
            ("\r", b"a\r\nb\n", &[1]),
            ("(?!x)y", b"the text (?!x)y", &[1]),
        ] {
            assert_eq!(lines(pattern, text), expected, "{pattern:?} in {text:?}");
        }
    }

    #[test]
    fn what_is_in_doubt_says_so() {
        let unsupported = |doubt: Option<Doubt>| matches!(doubt, Some(Doubt::Unsupported(_)));
        for pattern in ["a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", r"(a)\1", r"(?<q>a)\k<q>", r"\pL{5000}"] {
            assert!(unsupported(Pattern::new(pattern).unwrap().doubt()), "{pattern}");
        }
        for pattern in ["foo(", "a[", "*", "a{2,1}"] {
            assert_eq!(Pattern::new(pattern).unwrap().doubt(), Some(Doubt::PlainText), "{pattern}");
        }
        for pattern in [r"\w+\s*=\s*\d{1,20}", r"\\1", "a.b", "(?P<n>a)"] {
            assert_eq!(Pattern::new(pattern).unwrap().doubt(), None, "{pattern}");
        }
        for pattern in ["", "\n", &"a".repeat(MAX_PATTERN + 1)] {
            assert!(Pattern::new(pattern).is_err());
        }
        assert!(Pattern::new(&"a".repeat(MAX_PATTERN)).is_ok());
    }

    #[test]
    fn bombs_are_refused_or_run_out_of_time() {
        for bomb in
            ["(((a{1000}){1000}){1000}){1000}", "((((((a?){99}){99}){99}){99}){99}){99}", "(?:){4294967295}"]
        {
            let pattern = Pattern::new(bomb).unwrap();
            assert!(pattern.find(b"aaaa", 1, Instant::now() + Duration::from_secs(600)).is_ok(), "{bomb}");
        }
        assert_eq!(lines("(a*)*(a*)*(a*)*b", &[b'a'; 1 << 12]), [0; 0], "no backtracking");
        assert!(Pattern::new(&"(".repeat(MAX_PATTERN)).is_ok());
        let text = b"a\n".repeat(CLOCK_EVERY);
        assert_eq!(Pattern::new("b").unwrap().find(&text, 1, Instant::now()), Err(Stop::Late));
        let long = [b"short\n".as_slice(), &[b'a'; HEAVY_LINE + 1]].concat();
        let later = Instant::now() + Duration::from_secs(600);
        let heavy = Pattern::new("[ab]*a[ab]{8000}c").unwrap();
        assert_eq!(heavy.doubt(), None);
        assert_eq!(heavy.find(&long, 1, later), Err(Stop::LongLine(2)));
        assert_eq!(Pattern::new(r"\w+\s*=").unwrap().find(&long, 1, later), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn any_pattern_in_any_bytes(pattern in any::<String>(), text in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(ready) = Pattern::new(&pattern) {
                ready.find(&text, 3, Instant::now() + Duration::from_secs(600)).unwrap();
            }
        }

        #[test]
        fn its_own_text_is_always_found(
            before in "[a-c\n]{0,9}", pattern in "[a-c().*+?\\[\\]{}|^$\\\\]{1,9}", after in "[a-c\n]{0,9}",
        ) {
            let text = format!("{before}{pattern}{after}");
            let line = before.matches('\n').count() + 1;
            prop_assert!(lines(&pattern, text.as_bytes()).iter().any(|&hit| hit <= line));
        }

        #[test]
        fn words_are_found_where_a_plain_search_finds_them(word in "[ab]{1,3}", text in "[ab\n]{0,40}") {
            let expected: Vec<_> =
                text.lines().zip(1..).filter(|(line, _)| line.contains(&word)).map(|(_, number)| number).take(9).collect();
            prop_assert_eq!(lines(&word, text.as_bytes()), expected);
        }
    }
}

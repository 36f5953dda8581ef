//! The progress log: its entries, and where and how a new one is written.

use std::ops::Range;

use orch_core::Position;

use super::LogEntry;
use super::plain::{at_most, plain, words};
use crate::summary::escape::cell;
use crate::text::{Lines, heading, indent};

/// Characters of an entry that are written at most; what goes beyond is in the summary it tells of.
const LONGEST: usize = 2_000;

/// Characters of a moment.
const LONGEST_MOMENT: usize = 40;

/// The first line of an entry.
#[derive(Clone, Debug)]
struct Entry<'a> {
    number: u32,
    start: usize,
    /// What stands before the moment: `- **`.
    before: &'a str,
    moment: &'a str,
    /// What stands between the moment and the words: `** - `.
    after: &'a str,
    /// A blank line is above it.
    apart: bool,
}

/// A progress log.
#[derive(Debug)]
pub(super) struct Log<'a> {
    text: &'a str,
    entries: Vec<Entry<'a>>,
    /// The end of the last line that introduces the entries, or of the heading.
    intro: usize,
    /// The end of the last line that is neither blank nor something that closes the section.
    last: usize,
    /// The newest entry stands last.
    oldest_first: bool,
}

/// A piece of text and where it goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Insertion {
    pub(super) at: usize,
    pub(super) text: String,
}

impl<'a> Log<'a> {
    /// The log in `range` of `text`, which begins with the log's heading in line `number`.
    pub(super) fn read(text: &'a str, range: Range<usize>, number: u32) -> Self {
        let mut log =
            Self { text, entries: Vec::new(), intro: range.start, last: range.start, oldest_first: false };
        let (mut blank, mut said_oldest) = (false, false);
        let mut sub = false;
        for (place, line) in Lines::from_line(&text[range.clone()], number).enumerate() {
            let start = range.start + line.start;
            let end = start + line.text.len();
            if place == 0 {
                (log.intro, log.last) = (end, end);
                continue;
            }
            if line.text.trim().is_empty() {
                blank = true;
                continue;
            }
            let entry = if line.is_hidden() { None } else { entry(line.text) };
            if let Some((before, moment, after)) = entry {
                log.entries.push(Entry { number: line.number, start, before, moment, after, apart: blank });
            } else if log.entries.is_empty() && !sub {
                sub = !line.is_hidden() && heading(line.span()).is_some();
                if !sub && !closes(line.text) {
                    log.intro = end;
                    said_oldest |= is_oldest_first(line.text);
                }
            }
            if line.is_hidden() || !closes(line.text) {
                log.last = end;
            }
            blank = false;
        }
        log.oldest_first = log.runs_oldest_first(said_oldest);
        log
    }

    /// The entries, in the order of the text.
    pub(super) fn entries(&self) -> Vec<LogEntry> {
        let entry = |entry: &Entry<'_>| LogEntry {
            moment: entry.moment.to_owned(),
            at: Position::new(entry.number, 1),
        };
        self.entries.iter().map(entry).collect()
    }

    /// Most pairs of neighbours say in which order the entries are; people make mistakes, so not all do.
    fn runs_oldest_first(&self, said: bool) -> bool {
        let pairs = self.entries.windows(2);
        let (mut up, mut down) = (0_usize, 0_usize);
        for pair in pairs {
            match pair[0].moment.cmp(pair[1].moment) {
                std::cmp::Ordering::Less => up += 1,
                std::cmp::Ordering::Greater => down += 1,
                std::cmp::Ordering::Equal => {}
            }
        }
        if up == down { said } else { up > down }
    }

    /// Whether there is an entry of `words` at `moment`, as it would be written.
    pub(super) fn has(&self, moment: &str, words: &str) -> bool {
        let (moment, words) = (shown(moment, LONGEST_MOMENT), shown(words, LONGEST));
        self.entries.iter().filter(|entry| entry.moment == moment).any(|entry| {
            let line = self.text[entry.start..].lines().next().unwrap_or_default();
            let said = line.get(entry.before.len() + entry.moment.len()..).unwrap_or_default();
            let marks = said.trim_end().strip_suffix(words.trim());
            marks.is_some_and(|marks| !marks.contains(char::is_alphanumeric))
        })
    }

    /// How an entry of `words` at `moment` is put into this log, in a document whose lines end with `end`.
    pub(super) fn insertion(&self, moment: &str, words: &str, end: &str) -> Insertion {
        let neighbour = if self.oldest_first { self.entries.last() } else { self.entries.first() };
        let Some(neighbour) = neighbour else {
            let line = entry_line("**", "** - ", moment, words);
            return between(self.text, self.intro, &line, end);
        };
        let (before, after) = style(neighbour);
        let line = entry_line(&before, &after, moment, words);
        // A paragraph or a heading needs a blank line beneath it to be one of its own; bullets only if others have.
        let bullet =
            neighbour.before.trim_start().starts_with(['-', '*', '+']) && neighbour.before.contains(' ');
        let second = self.entries.get(1).map(|second| second.apart);
        let apart = second.unwrap_or(!bullet);
        let gap = if apart { end } else { "" };
        if self.oldest_first {
            Insertion { at: self.last, text: format!("{end}{gap}{line}") }
        } else {
            Insertion { at: neighbour.start, text: format!("{line}{end}{gap}") }
        }
    }
}

/// `line` as a paragraph behind byte `at`, the end of a line, with a blank line on both sides.
fn between(text: &str, at: usize, line: &str, end: &str) -> Insertion {
    let rest = text[at..].strip_prefix("\r\n").or_else(|| text[at..].strip_prefix('\n'));
    let follows =
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('\n') && !rest.starts_with("\r\n"));
    Insertion { at, text: format!("{end}{end}{line}{}", if follows { end } else { "" }) }
}

/// A new log at the end of a document that has none.
pub(super) fn new_log(text: &str, moment: &str, words: &str, end: &str) -> Insertion {
    let gap = match text {
        "" => "",
        text if text.ends_with(&[end, end].concat()) => "",
        text if text.ends_with('\n') => end,
        _ => &[end, end].concat(),
    };
    let line = entry_line("**", "** - ", moment, words);
    let last = if text.ends_with('\n') { end } else { "" };
    Insertion { at: text.len(), text: format!("{gap}## Progress Log / Notes{end}{end}{line}{last}") }
}

/// Whether a document ends within code or a comment: nothing can be put behind it.
pub(super) fn ends_hidden(text: &str) -> bool {
    use crate::text::Part;
    match Lines::new(text).last().map(|line| line.part) {
        None | Some(Part::Prose | Part::Close) => false,
        Some(Part::Open(_) | Part::Code) => true,
        Some(Part::Comment { last }) => !last,
    }
}

/// An entry's line. Its moment and words come from others: they stay words, on this line.
fn entry_line(before: &str, after: &str, moment: &str, words: &str) -> String {
    let (moment, words) = (shown(moment, LONGEST_MOMENT), shown(words, LONGEST));
    format!("{before}{moment}{after}{words}").trim_end().to_owned()
}

/// At most `most` characters of `text` as words on one line.
fn shown(text: &str, most: usize) -> String {
    cell(&at_most(text.chars().take(most + 1).collect(), most))
}

/// The marks around the moment of a new entry beside `entry`.
fn style(entry: &Entry<'_>) -> (String, String) {
    let closes = ["**", "__"].iter().any(|mark| entry.before.ends_with(mark) && !entry.after.contains(mark));
    let odd =
        entry.before.ends_with(['`', '[', '(']) || entry.after.is_empty() || entry.after.trim().len() > 8;
    if !closes && !odd {
        return (entry.before.to_owned(), entry.after.to_owned());
    }
    let marker = entry.before.trim_end_matches(['*', '_', '`', '[', '(']);
    let marker = if entry.before.len() - marker.len() == 1 && marker.is_empty() { "" } else { marker };
    (format!("{marker}**"), "** - ".to_owned())
}

/// What stands before the moment of the entry that `line` begins, the moment, and what stands before its words.
fn entry(line: &str) -> Option<(&str, &str, &str)> {
    let (columns, _) = indent(line);
    // Within the first few characters: a bullet or a heading, emphasis.
    let start = line.char_indices().take(20).find(|(_, c)| c.is_ascii_digit())?.0;
    let before = &line[..start];
    if columns > 3 || !before.chars().all(|c| " -*+#>_`[(".contains(c)) || before.len() > 14 {
        return None;
    }
    let date = date(&line[start..])?;
    let end = start + date + time(&line[start + date..]);
    let rest = &line[end..];
    let mut words = rest.trim_start_matches(|c| "*_`])Z:".contains(c));
    let spaced = words.trim_start_matches([' ', '\t']);
    let sign = ["—", "–", "-", ":", "|", "→"].iter().find_map(|sign| spaced.strip_prefix(sign));
    words = match sign {
        Some(after) => after.trim_start_matches([' ', '\t']),
        None => spaced,
    };
    Some((before, &line[start..end], &rest[..rest.len() - words.len()]))
}

/// The length of the date `YYYY-MM-DD` that `text` begins with.
fn date(text: &str) -> Option<usize> {
    let shape = text.as_bytes().get(..10)?;
    let is = |(place, byte): (usize, &u8)| {
        if place == 4 || place == 7 { *byte == b'-' } else { byte.is_ascii_digit() }
    };
    (shape.iter().enumerate().all(is) && !text[10..].starts_with(|c: char| c.is_ascii_digit())).then_some(10)
}

/// The length of the time ` HH:MM` or `THH:MM:SS` that `text` begins with, or zero.
fn time(text: &str) -> usize {
    let digits = text.trim_start_matches([' ', 'T', ',']);
    let bytes = digits.as_bytes();
    let is_time = bytes.len() >= 5
        && digits.len() < text.len()
        && bytes[2] == b':'
        && [0, 1, 3, 4].iter().all(|&place| bytes[place].is_ascii_digit());
    if !is_time {
        return 0;
    }
    let seconds =
        bytes.get(5) == Some(&b':') && bytes.get(6..8).is_some_and(|two| two.iter().all(u8::is_ascii_digit));
    text.len() - digits.len() + if seconds { 8 } else { 5 }
}

/// Whether an introducing line says that the newest entry stands last.
fn is_oldest_first(line: &str) -> bool {
    let words = words(&plain(line));
    words.contains("oldest first")
        || words.contains("newest last")
        || (words.contains("chronological") && !words.contains("reverse"))
}

/// Whether a line closes a section rather than being part of its text: a rule, or a link to the top.
fn closes(line: &str) -> bool {
    let line = line.trim();
    let rule = line.len() >= 3
        && ["-", "*", "_"].iter().any(|mark| {
            line.trim_matches([' ', '\t'])
                .replace([' ', '\t'], "")
                .trim_matches(|c| mark.contains(c))
                .is_empty()
        });
    rule || (line.len() < 200 && {
        let words = words(&plain(line));
        matches!(
            &*words,
            "return to top" | "back to top" | "top" | "return to summary" | "return to table of contents"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entries() {
        for (line, expected) in [
            ("**2026-03-01 22:10** - M17d complete", Some(("**", "2026-03-01 22:10", "** - "))),
            ("**2026-08-13 21:23** — **M5 gap**", Some(("**", "2026-08-13 21:23", "** — "))),
            ("- **2026-08-22 15:28** - x", Some(("- **", "2026-08-22 15:28", "** - "))),
            ("* 2026-08-22: x", Some(("* ", "2026-08-22", ": "))),
            ("**2026-08-22 15:28:** x", Some(("**", "2026-08-22 15:28", ":** "))),
            ("### 2026-08-22 15:28 — x", Some(("### ", "2026-08-22 15:28", " — "))),
            ("2026-08-22T15:28:10Z x", Some(("", "2026-08-22T15:28:10", "Z "))),
            ("    2026-08-22 x", None),
            ("On 2026-08-22 x", None),
            ("- 2026-8-22 x", None),
            ("2026-08-221", None),
            ("é 2026", None),
            ("", None),
        ] {
            assert_eq!(entry(line), expected, "{line:?}");
        }
    }

    fn with_entry(log: &str) -> String {
        let read = Log::read(log, 0..log.len(), 1);
        let end = if log.contains("\r\n") { "\r\n" } else { "\n" };
        let Insertion { at, text } = read.insertion("2026-05-05 10:00", "New", end);
        [&log[..at], &text, &log[at..]].concat()
    }

    #[test]
    fn puts_entries_where_they_belong() {
        let new = "2026-05-05 10:00";
        for (log, expected) in [
            ("## Log\n", format!("## Log\n\n**{new}** - New\n")),
            ("## Log", format!("## Log\n\n**{new}** - New")),
            (
                "## Log\n\n> Newest first.\n\nFormat: x\n\n---\n",
                format!("## Log\n\n> Newest first.\n\nFormat: x\n\n**{new}** - New\n\n---\n"),
            ),
            (
                "## Log\n\n**2026-04-01 10:00** — b\n\n**2026-03-01 10:00** — a\n",
                format!(
                    "## Log\n\n**{new}** — New\n\n**2026-04-01 10:00** — b\n\n**2026-03-01 10:00** — a\n"
                ),
            ),
            (
                "## Log\n- **2026-04-01 10:00** - b\n  wrapped\n- **2026-03-01 10:00** - a\n",
                format!(
                    "## Log\n- **{new}** - New\n- **2026-04-01 10:00** - b\n  wrapped\n- **2026-03-01 10:00** - a\n"
                ),
            ),
            (
                "## Log\n- 2026-03-01 10:00: a\n- 2026-04-01 10:00: b\n  wrapped\n\n[Return to Top](#top)\n\n---\n",
                format!(
                    "## Log\n- 2026-03-01 10:00: a\n- 2026-04-01 10:00: b\n  wrapped\n- {new}: New\n\n[Return to Top](#top)\n\n---\n"
                ),
            ),
            (
                "## Log\r\n\r\n**2026-03-01 10:00** - a\r\n",
                format!("## Log\r\n\r\n**{new}** - New\r\n\r\n**2026-03-01 10:00** - a\r\n"),
            ),
            (
                "## Log\nOldest first.\n\n**2026-03-01 10:00** - a",
                format!("## Log\nOldest first.\n\n**2026-03-01 10:00** - a\n\n**{new}** - New"),
            ),
            (
                "## Log\n\n```\n**2026-03-01 10:00** - a\n```\n",
                format!("## Log\n\n```\n**2026-03-01 10:00** - a\n```\n\n**{new}** - New\n"),
            ),
            (
                "## Log\n\n**2026-03-01 10:00 - all bold**\n",
                format!("## Log\n\n**{new}** - New\n\n**2026-03-01 10:00 - all bold**\n"),
            ),
        ] {
            assert_eq!(with_entry(log), expected, "{log:?}");
        }
    }

    #[test]
    fn words_of_others_stay_on_their_line() {
        let line = entry_line("- **", "** - ", "2026-05-05 10:00", "a\n## b\n<!-- c\n| d | e |\u{1b}[31m");
        assert_eq!(
            line,
            "- **2026-05-05 10:00** - a ## b &#60;!-- c &#124; d &#124; e |&#27;[31m"
                .replace("e |&", "e &#124;&")
        );
        assert!(entry_line("", " ", "x", &"é".repeat(9_000_000)).chars().count() < 2_010);
    }

    #[test]
    fn makes_a_log() {
        for (text, expected) in [
            ("", "## Progress Log / Notes\n\n**m** - w"),
            ("a", "\n\n## Progress Log / Notes\n\n**m** - w"),
            ("a\n", "\n## Progress Log / Notes\n\n**m** - w\n"),
            ("a\n\n", "## Progress Log / Notes\n\n**m** - w\n"),
        ] {
            assert_eq!(new_log(text, "m", "w", "\n"), Insertion { at: text.len(), text: expected.into() });
        }
        assert!(
            ends_hidden("```\nx\n") && ends_hidden("<!-- x\n") && !ends_hidden("```\nx\n```\n<!-- -->\n")
        );
    }
}

//! The status that a section repeats beside the row of its milestone.

use std::ops::Range;

use orch_core::Position;

use super::plain::plain;
use super::{SectionStatus, TaskBox, status};
use crate::text::{Line, Lines, Span, clamp, field, heading, indent};

/// What stands in front of it.
const LABELS: [&str; 3] = ["status", "current status", "milestone status"];

/// What separates the fields of one line.
const SEPARATORS: [char; 3] = ['|', '·', '•'];

/// Signs around a value that are no part of what it says.
const MARKS: [char; 5] = ['*', '_', '`', ' ', '\t'];

/// Marks that stand on both sides of what they mark, the longer ones first.
const PAIRS: [&str; 4] = ["**", "__", "*", "`"];

/// The status that the section in `own` of `text` repeats, which begins with line `number`. What stands in one of `boxes` is
/// about that box, and what stands under a heading of its own about what that names.
pub(super) fn in_section(
    text: &str,
    own: Range<usize>,
    number: u32,
    boxes: &[TaskBox],
) -> Option<SectionStatus> {
    let mut boxes = boxes.iter().peekable();
    for mut line in Lines::from_line(&text[own.clone()], number) {
        line.start += own.start;
        while boxes.next_if(|item| item.range.end <= line.start).is_some() {}
        let in_box = boxes.peek().is_some_and(|item| item.range.start <= line.start);
        if line.start == own.start || line.is_hidden() || in_box {
            continue;
        }
        if heading(line.span()).is_some() {
            return None;
        }
        if let Some(found) = in_line(&line) {
            return Some(found);
        }
    }
    None
}

fn in_line(line: &Line<'_>) -> Option<SectionStatus> {
    let text = line.text;
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    // Most lines are not about a status at all. Further in, a line is about the list item around it.
    if !(has("tatus") || has("TATUS")) || indent(text).0 > 1 || text.trim_start().starts_with('|') {
        return None;
    }
    let (value, bold) = starts(text).find_map(|start| value(text, start))?;
    let value = without_marks(text, value);
    let meaning = status::read(&text[value.clone()]).filter(|_| !value.is_empty())?;
    // `Status: open orders are listed` is a sentence about something else.
    if !(bold || meaning.clean) {
        return None;
    }
    let words = without_marks(text, value.start..value.start + until_remark(&text[value.clone()]));
    let says_so = status::read(&text[words.clone()])
        .is_some_and(|words| words.clean && words.tracked.agrees_with(meaning.tracked))
        && !PAIRS.iter().any(|mark| is_open(&text[words.clone()], mark));
    let in_text = |range: Range<usize>| line.start + range.start..line.start + range.end;
    Some(SectionStatus {
        written: text[value.clone()].to_owned(),
        tracked: meaning.tracked,
        at: Position::new(line.number, clamp(1 + text[..value.start].chars().count())),
        words: says_so.then(|| in_text(words)),
        range: in_text(value),
    })
}

/// Where a field of `line` may begin.
fn starts(line: &str) -> impl Iterator<Item = usize> {
    let apart = line.match_indices(SEPARATORS).map(|(at, sign)| at + sign.len());
    // In a line that is no field itself, words in bold are words of a sentence.
    let marks = line.len() - line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '*').len();
    let of_fields = field(Span::new(&line[marks..], Position::new(1, 1))).is_some();
    let bold = line.match_indices(" **").filter(move |_| of_fields).map(|(at, _)| at + 1);
    std::iter::once(0).chain(apart).chain(bold)
}

/// The value of the field that begins at byte `start` of `line`, when it is a status, and whether its label is in bold.
fn value(line: &str, start: usize) -> Option<(Range<usize>, bool)> {
    let part = &line[start..];
    let label = part.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[' && c != '`');
    let front = &part[..part.len() - label.len()];
    let length = LABELS
        .iter()
        .find(|name| label.get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name)))?
        .len();
    let value = label[length..].trim_start_matches(['*', '_', ' ']).strip_prefix([':', '='])?;
    let start = line.len() - value.len();
    Some((start..start + until_field(value), front.ends_with(['*', '_'])))
}

/// How far `value` goes before another field of the same line begins.
fn until_field(value: &str) -> usize {
    let begins = |at: &usize| field(Span::new(value[*at..].trim_start(), Position::new(1, 1))).is_some();
    let apart =
        value.match_indices(SEPARATORS).filter(|(at, sign)| *sign == "|" || begins(&(at + sign.len())));
    let bold = value.match_indices(" **").filter(|(at, _)| begins(at));
    apart.chain(bold).map(|(at, _)| at).min().unwrap_or(value.len())
}

/// How far `value` goes before a remark on it begins.
fn until_remark(value: &str) -> usize {
    let signs = [" (", " — ", " – ", " - ", "; ", ", ", ". ", ": ", "·"];
    signs.iter().filter_map(|sign| value.find(sign)).min().unwrap_or(value.len())
}

/// `range` of `line` without the marks and blanks around what it says.
fn without_marks(line: &str, range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let front = text.len() - text.trim_start_matches(MARKS).len();
    let inner = text[front..].trim_end_matches(MARKS);
    // What is opened inside is closed inside: `✅ **Done**`.
    let after = &text[front + inner.len()..];
    let closing = PAIRS.iter().find(|mark| is_open(inner, mark) && after.starts_with(**mark));
    let length = inner.len() + closing.map_or(0, |mark| mark.len());
    range.start + front..range.start + front + length
}

/// Whether `text` opens `mark` and does not close it.
fn is_open(text: &str, mark: &str) -> bool {
    text.matches(mark).count() % 2 == 1
}

/// `text` in the place of the words of `said`, as it can stand within emphasis; `None` when the line would not say what `text`
/// does, because of a remark behind it.
pub(super) fn replaced(
    document: &str,
    said: &SectionStatus,
    words: &Range<usize>,
    text: &str,
) -> Option<String> {
    let text = plain(text);
    let wanted = status::read(&text)?.tracked;
    let (front, back) = (&document[said.range.start..words.start], &document[words.end..said.range.end]);
    let read = status::read(&[front, &text, back].concat())?;
    (read.tracked == wanted).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::boxes::content;
    use super::*;
    use crate::text::Findings;

    /// The status, the words that an edit replaces, and all that is said.
    fn shown(lines: &str) -> Option<String> {
        let text = format!("## M1\n{lines}\n");
        let boxes = content(&text, 0..text.len(), 1, &[], &mut Findings::default()).boxes;
        let found = in_section(&text, 0..text.len(), 1, &boxes)?;
        assert_eq!(&text[found.range.clone()], found.written);
        let words = found.words.map_or("-", |words| &text[words]);
        let skipped = if found.tracked.skipped { " skipped" } else { "" };
        Some(format!("{}{skipped} [{words}] {} @{}", found.tracked.status.word(), found.written, found.at))
    }

    #[test]
    fn reads_the_ways_of_repeating_it() {
        for (line, expected) in [
            ("**Model: Sonnet** | **Status: ✅ Complete**", "SUCCESS [✅ Complete] ✅ Complete @2:31"),
            ("**Status:** 🔄 In Progress", "RUNNING [🔄 In Progress] 🔄 In Progress @2:13"),
            ("Status: Done", "SUCCESS [Done] Done @2:9"),
            ("**Status**: ⬛ Skipped", "SUCCESS skipped [⬛ Skipped] ⬛ Skipped @2:13"),
            ("- **Status:** **Done**", "SUCCESS [Done] Done @2:17"),
            ("> **Current status:** `todo`", "PENDING [todo] todo @2:24"),
            ("📊 **Status:** ✅ · **Model:** Opus", "SUCCESS [✅] ✅ @2:15"),
            (
                "**Model:** Opus **Status:** ✅ **Done** **Notes:** x",
                "SUCCESS [✅ **Done**] ✅ **Done** @2:29",
            ),
            ("**Status:** ✅ **Done (all)**", "SUCCESS [-] ✅ **Done (all)** @2:13"),
            ("**Status: ✅ Complete** (merged)", "SUCCESS [✅ Complete] ✅ Complete** (merged) @2:11"),
            ("**Status:** ✅ Done (subset) — see M4", "SUCCESS [✅ Done] ✅ Done (subset) — see M4 @2:13"),
            (
                "**Status:** ✅ Automated done · ⏳ hands-on pending",
                "INCOMPLETE [-] ✅ Automated done · ⏳ hands-on pending @2:13",
            ),
            ("**Status:** Blocked by M2", "PENDING [-] Blocked by M2 @2:13"),
            ("text\n\nStatus: todo | Model: Opus", "PENDING [todo] todo @4:9"),
        ] {
            assert_eq!(shown(line).as_deref(), Some(expected), "{line:?}");
        }
    }

    #[test]
    fn takes_nothing_else_for_it() {
        for line in [
            "",
            "**Status:**",
            "**Status:** whatever",
            "Status: open orders are listed",
            "- Status: open, closed",
            "The status: done",
            "**Status codes:** open",
            "- [ ] Status: done",
            "- [ ] **Status:** done",
            "- [ ] Write it\nStatus: done",
            "Show the **Status: Done** badge",
            "- a\n  - **Status:** done",
            "```\nStatus: done\n```",
            "<!-- Status: done -->",
            "| Status: done | x |",
            "`Status: done`",
            "    Status: done",
            "### Bug 3\n**Status:** done",
        ] {
            assert_eq!(shown(line), None, "{line:?}");
        }
    }
}

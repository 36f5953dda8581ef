//! Items and paragraphs of the open part, put together from their lines.

use std::collections::HashSet;

use super::files;
use super::line::{STRUCK, one_line};
use super::nothing::is_nothing;
use super::part::Part;
use super::read::LONGEST;
use super::{WorkItem, WorkerSummary};

/// Items of a list that are kept.
const MOST: usize = 1000;

/// What is being put together.
#[derive(Default)]
pub(super) struct Gather {
    pending: Option<Pending>,
    /// The items above the pending one that it may be nested in, outermost first.
    above: Vec<Above>,
    /// What the overview says, for a summary that says of its work nothing else.
    overview: Vec<WorkItem>,
    /// The last line of code among the tests.
    code: Option<String>,
}

struct Pending {
    part: Part,
    /// Columns in front of the item; none for a paragraph.
    item: Option<usize>,
    text: String,
    /// Whether it is known to be done, from a cell of its row.
    done: Option<bool>,
    /// An empty line stands behind it.
    apart: bool,
}

#[derive(Clone, Copy)]
struct Above {
    columns: usize,
    /// It is said not to be done.
    denied: bool,
    /// It named files.
    files: bool,
}

impl Gather {
    /// A list item begins.
    pub(super) fn item(&mut self, part: Part, columns: usize, text: &str) {
        while self.above.last().is_some_and(|above| above.columns >= columns) {
            self.above.pop();
        }
        self.begin(part, Some(columns), text, None);
    }

    /// A paragraph begins.
    pub(super) fn paragraph(&mut self, part: Part, text: &str) {
        self.above.clear();
        self.begin(part, None, text, None);
    }

    /// A row of a table.
    pub(super) fn row(&mut self, part: Part, cells: &[String]) {
        self.above.clear();
        match part {
            Part::Work | Part::Remaining => {
                let says_more = |cell: &&String| cell.contains(|c: char| c.is_alphabetic());
                let Some(text) = cells.iter().find(says_more) else { return };
                let others = cells.iter().filter(|cell| !std::ptr::eq(*cell, text));
                let done = others.into_iter().find_map(|cell| said_in_cell(cell));
                self.begin(part, None, text, done);
            }
            Part::Files => {
                let path = cells.iter().find(|cell| !files::paths(cell).is_empty());
                self.begin(part, None, path.map_or("", String::as_str), None);
            }
            _ => self.begin(part, None, &cells.join(" — "), None),
        }
    }

    /// A line of code among the tests: the last one usually says how they went.
    pub(super) fn code(&mut self, text: &str) {
        self.code = Some(one_line(text, LONGEST));
    }

    fn begin(&mut self, part: Part, item: Option<usize>, text: &str, done: Option<bool>) {
        let struck = matches!(part, Part::Work | Part::Remaining) && mark_of(text).1.starts_with(STRUCK);
        let text = if struck { String::new() } else { text.replace(STRUCK, " ") };
        self.pending = Some(Pending { part, item, text, done, apart: false });
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.apart = true;
        }
    }

    /// Whether a list item is open.
    pub(super) fn is_item(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.item.is_some())
    }

    /// Takes a line that goes on with what is pending; `false` when it does not.
    pub(super) fn goes_on(&mut self, columns: usize, text: &str) -> bool {
        let Some(pending) = &mut self.pending else { return false };
        let nested = pending.item.is_some_and(|item| columns > item);
        if pending.apart && !nested {
            return false;
        }
        // What is beyond is not kept.
        if pending.text.len() < 8 * LONGEST {
            pending.text.push(' ');
            pending.text.push_str(&text.replace(STRUCK, " "));
        }
        true
    }

    /// Puts what is pending into `summary`.
    pub(super) fn end(&mut self, summary: &mut WorkerSummary, known: &mut HashSet<String>) {
        let Some(pending) = self.pending.take() else { return };
        if is_placeholder(mark_of(&pending.text).1) {
            return;
        }
        let mut above = Above { columns: pending.item.unwrap_or(0), denied: false, files: false };
        let parent = self.above.last().copied();
        match pending.part {
            Part::Work | Part::Remaining | Part::Overview => {
                let (mark, text) = mark_of(&pending.text);
                let left = (pending.part == Part::Remaining).then_some(false);
                let inherited = parent.filter(|parent| parent.denied).map(|_| false);
                let done = mark.or(pending.done).or(left).or(inherited);
                above.denied = done == Some(false);
                let text = one_line(text, LONGEST);
                // What leads a list is no item.
                let says = text.contains(char::is_alphanumeric) && !(text.ends_with(':') && done.is_none());
                let list =
                    if pending.part == Part::Overview { &mut self.overview } else { &mut summary.work };
                if says && list.len() < MOST && !is_nothing(&text) {
                    list.push(WorkItem { text, done });
                }
            }
            Part::Files => {
                let may_be =
                    parent.is_none_or(|parent| !parent.files) || files::begins_with_path(&pending.text);
                let found = if may_be { files::paths(&pending.text) } else { Vec::new() };
                above.files = !found.is_empty() || parent.is_some_and(|parent| parent.files);
                for path in found {
                    let path = one_line(path, LONGEST);
                    if summary.files.len() < MOST && known.insert(path.clone()) {
                        summary.files.push(path);
                    }
                }
            }
            Part::Tests => {
                let text = one_line(mark_kept(&pending.text), LONGEST);
                if text.contains(char::is_alphanumeric) || mark_of(&pending.text).0.is_some() {
                    summary.tests = Some(match summary.tests.take() {
                        None => text,
                        Some(before) => one_line(&format!("{before}; {text}"), LONGEST),
                    });
                }
            }
            Part::Issues | Part::Notes => {
                let text = one_line(&pending.text, LONGEST);
                let list =
                    if pending.part == Part::Issues { &mut summary.issues } else { &mut summary.notes };
                let leads = text.ends_with(':') && pending.item.is_none();
                if list.len() < MOST && !leads && !is_nothing(&text) {
                    list.push(text);
                }
            }
            Part::Milestone | Part::Status | Part::Start | Part::End | Part::Times | Part::Duration => {}
        }
        if pending.item.is_some() {
            // As deep as lists are nested, not as a hostile text can indent.
            if self.above.len() < 16 {
                self.above.push(above);
            }
        }
    }

    /// Fills in what was said nowhere else.
    pub(super) fn finish(self, summary: &mut WorkerSummary) {
        if summary.work.is_empty() {
            summary.work = self.overview;
        }
        if summary.tests.is_none() {
            summary.tests = self.code;
        }
    }
}

/// The mark of an item and the item without it: `[x]`, `[ ]`, `✅`, `❌`, in front or, as a sign, at the end. Of two that
/// contradict each other, the one that denies counts.
pub(super) fn mark_of(text: &str) -> (Option<bool>, &str) {
    let mut text = text.trim();
    let mut done = None;
    for _ in 0..3 {
        let Some((mark, rest)) = mark_in_front(text) else { break };
        done = Some(done.unwrap_or(true) && mark);
        text = rest.trim_start();
    }
    let bare = text.trim_end_matches(['\u{fe0f}', ' ', '*', '_', '.']);
    if let Some(last) = bare.chars().next_back()
        && let Some(mark) = sign(last)
    {
        done = Some(done.unwrap_or(true) && mark);
        text = bare[..bare.len() - last.len_utf8()].trim_end_matches([' ', '-', '–', '—']);
    }
    (done, text)
}

/// Whether a text is what a template has in its place: `<what you ran>`.
fn is_placeholder(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| inner.contains(' ') && !inner.contains(['<', '>']) || inner == "path")
}

/// Whether a line is an item by its mark alone, without a bullet.
pub(super) fn begins_with_mark(text: &str) -> bool {
    mark_in_front(text.trim_start()).is_some()
}

/// What a cell says of the item of its row: a mark, a status, `yes`, `skipped`.
fn said_in_cell(cell: &str) -> Option<bool> {
    let by_word = || {
        let end = cell.find(|c: char| !c.is_alphanumeric()).unwrap_or(cell.len());
        match cell[..end].to_lowercase().as_str() {
            "yes" => Some(true),
            "no" | "not" | "skipped" | "deferred" | "dropped" | "pending" | "todo" | "open" => Some(false),
            _ => super::status::read(cell).map(|said| said == super::SummaryStatus::Completed),
        }
    };
    mark_of(cell).0.or_else(by_word)
}

fn mark_in_front(text: &str) -> Option<(bool, &str)> {
    if let Some(inner) = text.strip_prefix('[') {
        let mut chars = inner.chars();
        let mark = chars.next()?;
        if mark == ']' {
            return Some((false, chars.as_str()));
        }
        let rest = chars.as_str().trim_start_matches('\u{fe0f}').strip_prefix(']')?;
        // `[a](b)` is a link.
        if rest.starts_with(['(', '[']) {
            return None;
        }
        return match mark {
            'x' | 'X' | '✓' | '✔' | '✅' | '*' => Some((true, rest)),
            ' ' | '~' | '-' | '✗' | '✘' | '❌' | '/' | '!' | '>' => Some((false, rest)),
            _ => None,
        };
    }
    let sign_of = text.chars().next()?;
    let rest = text[sign_of.len_utf8()..].trim_start_matches('\u{fe0f}');
    sign(sign_of).map(|mark| (mark, rest))
}

/// What a sign says of the item it stands at.
fn sign(c: char) -> Option<bool> {
    match c {
        '✅' | '✔' | '☑' | '✓' | '🟢' => Some(true),
        '❌' | '✗' | '✘' | '☐' | '⬜' | '🔲' | '⏭' | '⛔' | '🚫' | '⏸' | '⏳' | '🟡' | '🔶' | '⚠' => {
            Some(false)
        }
        _ => None,
    }
}

/// An item without the box of a list, but with its sign: `✅ 42 passed`.
fn mark_kept(text: &str) -> &str {
    let text = text.trim();
    match mark_in_front(text) {
        Some((_, rest)) if text.starts_with('[') => rest.trim_start(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_marks() {
        for (text, expected) in [
            ("[x] a", (Some(true), "a")),
            ("[X] a", (Some(true), "a")),
            ("[ ] a", (Some(false), "a")),
            ("[~] a", (Some(false), "a")),
            ("[] a", (Some(false), "a")),
            ("[✓] a", (Some(true), "a")),
            ("✅ a", (Some(true), "a")),
            ("✔️ a", (Some(true), "a")),
            ("a ✅", (Some(true), "a")),
            ("a — ❌", (Some(false), "a")),
            ("[x] ❌ a", (Some(false), "a")),
            ("[x] ✅ a", (Some(true), "a")),
            ("[a](b) c", (None, "[a](b) c")),
            ("[x](b) c", (None, "[x](b) c")),
            ("a", (None, "a")),
            ("", (None, "")),
        ] {
            assert_eq!(mark_of(text), expected, "{text:?}");
        }
    }
}

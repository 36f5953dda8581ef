//! Finding a report in a text and taking it apart.

use orch_core::Position;

use crate::text::{
    Line, Lines, Part, Span, field, heading, is_none_word, list_item, unwrap_inline, words_of,
};

/// A report as lines under headings.
pub(super) struct Report<'a> {
    /// Where its heading stands.
    pub(super) at: Position,
    /// What stands between its heading and the first one below.
    pub(super) head: Section<'a>,
    /// The sections below, in order.
    pub(super) sections: Vec<Section<'a>>,
}

/// A heading and the prose lines under it.
#[derive(Default)]
pub(super) struct Section<'a> {
    pub(super) title: &'a str,
    lines: Vec<Span<'a>>,
}

impl<'a> Section<'a> {
    /// The value of the first field called `name`.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        let mut fields = self.lines.iter().filter_map(|line| field(content(*line)));
        fields.find(|field| field.is(&[name])).map(|field| unwrap_inline(field.value).text)
    }

    /// Like [`value`](Self::value), but nothing when it says `None`.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).filter(|value| !is_none_word(value)).map(str::to_owned)
    }

    /// What the section says of its status: the field, or its first line when that is all there is.
    pub(super) fn status(&self) -> Option<&'a str> {
        let first = || self.lines.first().map(|line| unwrap_inline(content(*line)).text);
        self.value("status").or_else(first).filter(|status| !status.is_empty())
    }

    /// The lines as a person reads them, without bullets and without those that only say `None`.
    pub(super) fn items(&self) -> Vec<String> {
        let items = self.lines.iter().map(|line| content(*line).text);
        items.filter(|item| !is_none_word(unwrap_inline_str(item))).map(str::to_owned).collect()
    }
}

fn unwrap_inline_str(text: &str) -> &str {
    unwrap_inline(Span::new(text, Position::new(1, 1))).text
}

fn content(line: Span<'_>) -> Span<'_> {
    list_item(line).map_or(line.trim(), |(_, content)| content)
}

impl<'a> Report<'a> {
    /// The section called `title`.
    pub(super) fn section(&self, title: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| words_of(section.title) == title)
    }

    /// The first status under the report's heading.
    pub(super) fn status(&self) -> Option<&'a str> {
        self.head.value("status")
    }
}

/// Where a report may be: its heading, and the end of the block of code around it.
struct Place {
    start: usize,
    number: u32,
    level: usize,
    end: usize,
}

/// The last report headed `title` in `text` that is not a repeated template.
pub(super) fn last_report<'a>(text: &'a str, title: &str) -> Option<Report<'a>> {
    let mut next = text.len();
    for place in places(text, title).iter().rev() {
        let report = read(&text[place.start..place.end.min(next)], place);
        if !report.status().is_some_and(is_template) {
            return Some(report);
        }
        next = place.start;
    }
    None
}

/// All places of headings called `title`, in code blocks too. What stands in a comment that ends is left out.
fn places(text: &str, title: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    // The places from this one on are in the code or comment that is open.
    let mut open = 0;
    for line in Lines::new(text) {
        let inside = matches!(line.part, Part::Code | Part::Comment { .. });
        if !inside {
            places[open..].iter_mut().for_each(|place| place.end = line.start);
        }
        if let Some(level) = report_heading(&line, title) {
            places.push(Place { start: line.start, number: line.number, level, end: text.len() });
        }
        if let Part::Comment { last: true } = line.part {
            places.truncate(open);
        }
        if !inside {
            open = places.len();
        }
    }
    places
}

/// The level of the heading when `line` is one called `title`, however far it is indented.
fn report_heading(line: &Line<'_>, title: &str) -> Option<usize> {
    let (level, found) = heading(line.span().trim())?;
    found.text.trim_end_matches(':').trim_end().eq_ignore_ascii_case(title).then_some(level)
}

fn read<'a>(text: &'a str, place: &Place) -> Report<'a> {
    let mut lines = Lines::from_line(text, place.number);
    // The heading itself, which may be indented like code.
    lines.next();
    let mut report =
        Report { at: Position::new(place.number, 1), head: Section::default(), sections: Vec::new() };
    for line in lines.filter(|line| !line.is_hidden() && !line.text.trim().is_empty()) {
        if let Some((level, title)) = heading(line.span().trim()) {
            // Another document begins.
            if level < place.level || (level == 1 && place.level == 1) {
                break;
            }
            // "## Status: SUCCESS" right below the heading is a status as good as any.
            if report.sections.is_empty() && field(title).is_some_and(|field| field.is(&["status"])) {
                report.head.lines.push(title);
            } else {
                report.sections.push(Section { title: title.text, lines: Vec::new() });
            }
            continue;
        }
        report.sections.last_mut().unwrap_or(&mut report.head).lines.push(line.span());
    }
    report
}

/// Whether a status is the choice that a template gives: several words, or a placeholder.
fn is_template(status: &str) -> bool {
    let status = status.trim_start_matches(['[', '(', '`', '*', ' ']);
    let rest = status.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_').trim_start();
    status.starts_with(['<', '{']) || rest.starts_with(['|', '/']) || rest.starts_with("or ")
}

/// The first word of a status, in capitals: `SUCCESS` of `✅ success (all phases)`.
pub(super) fn first_word(status: &str) -> String {
    let word = status.trim_start_matches(|c: char| !c.is_alphanumeric());
    let end = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
    word[..end].to_ascii_uppercase()
}

//! Everything above the first row: prose, the fields, the header of the table.

use super::fields::{self, Field, FieldLine, Style};

/// The lines above the first row, each with its ending, and where the fields are among them.
///
/// The last of them are the header row and, if there is one, the separator row under it.
#[derive(Clone, Debug)]
pub(super) struct Head {
    lines: Vec<String>,
    fields: [Option<usize>; Field::ALL.len()],
}

impl Head {
    /// A head of `lines` that orch wrote itself, so that every field counts.
    pub(super) fn new(lines: Vec<String>) -> Self {
        let mut found = [None; Field::ALL.len()];
        for (at, line) in lines.iter().enumerate() {
            if let Some(line) = fields::parse(content(line)) {
                found[line.field as usize] = Some(at);
            }
        }
        Self { lines, fields: found }
    }

    /// A head of `lines` with the fields at those lines that a reader has found.
    pub(super) fn with_fields(lines: Vec<String>, fields: [Option<usize>; Field::ALL.len()]) -> Self {
        Self { lines, fields }
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The line ending of the table.
    pub(super) fn line_ending(&self) -> &'static str {
        match self.lines.last() {
            Some(line) if line.trim_end_matches('\n').ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// What `field` says, as written; empty if it says nothing.
    pub(super) fn raw(&self, field: Field) -> &str {
        self.find(field).map_or("", |(at, found)| &self.lines[at][found.value])
    }

    /// Makes `field` say `raw`, in its line or, if it has none, in a new line at its place in the order of the seed.
    pub(super) fn set(&mut self, field: Field, raw: &str) {
        match self.find(field) {
            Some((at, FieldLine { value, .. })) => {
                let line = &mut self.lines[at];
                let glued = value.is_empty() && !line[..value.start].ends_with([' ', '\t']);
                let raw = if glued { &format!(" {raw}") } else { raw };
                line.replace_range(value, raw);
            }
            None => self.insert(field, raw),
        }
    }

    fn find(&self, field: Field) -> Option<(usize, FieldLine)> {
        let at = self.fields[field as usize]?;
        Some((at, fields::parse(content(self.lines.get(at)?))?))
    }

    fn insert(&mut self, field: Field, raw: &str) {
        let ending = self.line_ending();
        let before = Field::ALL[..field as usize].iter().rev().find_map(|&field| self.find(field));
        let after = || Field::ALL[field as usize + 1..].iter().find_map(|&field| self.find(field));
        let (at, style, gap) = match before {
            Some((line, found)) => (line + 1, found.style, ""),
            None => match after() {
                Some((line, found)) => (line, found.style, ""),
                None => (self.above_the_table(), Style::Plain, ending),
            },
        };
        for line in self.fields.iter_mut().flatten() {
            *line += usize::from(*line >= at);
        }
        self.fields[field as usize] = Some(at);
        self.lines.insert(at, fields::render(field, style, raw) + ending);
        if !gap.is_empty() {
            self.lines.insert(at + 1, gap.into());
        }
    }

    /// Where fields go if there are none yet: before the section that holds the table.
    fn above_the_table(&self) -> usize {
        let is_table = |line: &String| super::table::starts_like_a_row(line);
        let header = self.lines.iter().rposition(|line| !is_table(line)).map_or(0, |last| last + 1);
        let heading = self.lines[..header].iter().rposition(|line| !content(line).is_empty());
        heading.filter(|&at| self.lines[at].starts_with("##")).unwrap_or(header)
    }
}

/// `line` without its line ending. At the end of the text, a carriage return is one whose newline was cut off.
pub(super) fn content(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

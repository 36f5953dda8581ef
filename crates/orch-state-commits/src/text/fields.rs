//! `Name: value` lines of a section.

use super::items;
use super::tidy::{one_line, tidy};
use crate::TaskId;
use crate::names::each_once;

/// The fields of one section, and the lines that belong to none.
///
/// A field begins at the beginning of a line with a name that the section knows and has not had yet. Everything up to the
/// next one belongs to it, so a value may have several lines and look like anything where it is indented. orch indents
/// every further line of a value by two blanks.
pub(crate) struct Fields<'t> {
    found: Vec<(&'static str, Value<'t>)>,
    stray: Vec<String>,
}

#[derive(Default)]
struct Value<'t> {
    inline: &'t str,
    lines: Vec<&'t str>,
}

impl<'t> Fields<'t> {
    /// The fields in `text`, which is tidy, that are called one of `known`. Of a field that is there twice, the first
    /// counts; the second is text.
    pub(crate) fn read(text: &'t str, known: &[&'static str]) -> Self {
        let mut fields = Self { found: Vec::new(), stray: Vec::new() };
        for line in text.split('\n') {
            let begun = field(line, known).filter(|(name, _)| !fields.has(name));
            match (begun, fields.found.last_mut()) {
                (Some((name, inline)), _) => fields.found.push((name, Value { inline, lines: Vec::new() })),
                (None, Some((_, value))) => value.lines.push(line),
                (None, None) => fields.stray.push(line.to_owned()),
            }
        }
        fields
    }

    /// Whether there is a field called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.found.iter().any(|(known, _)| *known == name)
    }

    fn take(&mut self, name: &str) -> Value<'t> {
        let at = self.found.iter().position(|(known, _)| *known == name);
        at.map(|at| self.found.swap_remove(at).1).unwrap_or_default()
    }

    /// A value of any number of lines.
    pub(crate) fn text(&mut self, name: &str) -> String {
        let value = self.take(name);
        tidy(&format!("{}\n{}", value.inline, dedented(&value.lines)))
    }

    /// A value of one line: on the line of the name, or below it. Lines after it belong to no field.
    pub(crate) fn line(&mut self, name: &str) -> String {
        let value = self.take(name);
        let mut lines = value.lines.as_slice();
        let mut inline = value.inline;
        while inline.is_empty()
            && let Some((first, rest)) = lines.split_first().filter(|(line, _)| !line.starts_with("- "))
        {
            (inline, lines) = (first.trim(), rest);
        }
        self.stray.push(dedented(lines));
        one_line(inline)
    }

    /// A list of texts.
    pub(crate) fn items(&mut self, name: &str) -> Vec<String> {
        let value = self.take(name);
        items::read(value.inline, &value.lines, &mut self.stray)
    }

    /// A list of ids. What is no id is left out.
    pub(crate) fn ids(&mut self, name: &str) -> Vec<TaskId> {
        let items = self.items(name);
        let words = items.iter().flat_map(|item| item.split(','));
        each_once(words.filter_map(|word| Some(TaskId::leading(word)?.0)).collect())
    }

    /// The lines that belong to no field. Asked last: reading fields finds more of them.
    pub(crate) fn stray(&self) -> String {
        tidy(&self.stray.join("\n"))
    }
}

/// The known name that `line` begins with, and what follows its colon. Bold names are names.
fn field<'t>(line: &'t str, known: &[&'static str]) -> Option<(&'static str, &'t str)> {
    let (written, value) = line.split_once(':')?;
    let (name, value) = match written.strip_prefix("**") {
        Some(bold) => (bold.trim_end_matches('*'), value.strip_prefix("**").unwrap_or(value)),
        None => (written, value),
    };
    let name = known.iter().find(|known| known.eq_ignore_ascii_case(name.trim_end()))?;
    Some((name, value.trim()))
}

/// `lines` without the indentation that all of them have, of two blanks at most.
fn dedented(lines: &[&str]) -> String {
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let depth = filled.map(|line| indent(line)).min().unwrap_or(0).min(2);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(depth..).unwrap_or_default()).collect();
    lines.join("\n")
}

/// Blanks and tabs that `line` begins with.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

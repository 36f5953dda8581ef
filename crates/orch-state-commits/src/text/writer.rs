//! Messages put together, value by value, and the values that have no place in one.

use core::fmt::{Display, Write};

use super::document::{LARGEST, Section};
use super::tidy::{one_line, tidy};
use super::{items, shield};
use crate::TaskId;

/// A value that would not come back the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {why}")]
pub struct Unwritable {
    /// What the value is, such as `the description of task 001`.
    pub field: String,
    /// What is wrong with it, as a fragment about it.
    pub why: &'static str,
}

impl Unwritable {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self.why {
            TOO_LARGE => "put long texts into files and name them",
            UNTIDY | NOT_A_LINE | EMPTY_ITEM => "tidy it before it is written",
            _ => "write it differently",
        }
    }
}

const TOO_LARGE: &str = "is longer than a message may be";
const UNTIDY: &str = "has control characters, or blanks or blank lines at an end";
const NOT_A_LINE: &str = "is more than one line, or has blanks at an end";
const EMPTY_ITEM: &str = "has an item that says nothing or has blanks at an end";

/// A message that is being written. The first value that can't be written ends it.
pub(crate) struct Writer {
    out: String,
    is_plan: bool,
    /// What the fields belong to, for messages: ` of task 001`.
    of: String,
    fault: Option<Unwritable>,
}

impl Writer {
    pub(crate) fn new(title: &str) -> Self {
        Self { out: format!("{title}\n"), is_plan: false, of: String::new(), fault: None }
    }

    /// A writer of a plan: `### Task` in values is shielded.
    pub(crate) fn new_plan(title: &str) -> Self {
        Self { is_plan: true, ..Self::new(title) }
    }

    /// Says whose fields come next, for messages; empty when it is the message's own.
    pub(crate) fn fields_of(&mut self, owner: String) {
        self.of = owner;
    }

    /// Refuses what `field` is unless it is `sound`.
    pub(crate) fn check(&mut self, sound: bool, field: &str, why: &'static str) {
        if !sound && self.fault.is_none() {
            self.fault = Some(Unwritable { field: format!("the {}{}", field.to_lowercase(), self.of), why });
        }
    }

    /// A line that needs no check.
    pub(crate) fn line(&mut self, line: impl Display) {
        // Writing to a string never fails.
        let _ = writeln!(self.out, "{line}");
    }

    /// The text between the title and the first section.
    pub(crate) fn body(&mut self, text: &str) {
        if !text.is_empty() {
            self.out.push('\n');
            self.free("text before the sections", text);
        }
    }

    /// `## title`, after a blank line.
    pub(crate) fn heading(&mut self, title: &str) {
        self.line(format_args!("\n## {title}"));
    }

    /// A section of free text, also when that is empty.
    pub(crate) fn section(&mut self, title: &str, text: &str) {
        self.heading(title);
        self.free(title, text);
    }

    /// Free text, shielded.
    pub(crate) fn free(&mut self, field: &str, text: &str) {
        self.check(tidy(text) == text, field, UNTIDY);
        for line in text.split('\n').filter(|_| !text.is_empty()) {
            self.shielded("", &shield::heading(line));
        }
    }

    /// The sections that orch has no fields for, none of which is one of `known`.
    pub(crate) fn extra(&mut self, sections: &[Section], known: &[&str]) {
        for section in sections {
            let sound = !section.title.is_empty() && section.clone().tidied().title == section.title;
            self.check(sound, "title of a section", NOT_A_LINE);
            self.check(!known.iter().any(|name| section.is(name)), &section.title, "is a section of its own");
            self.shielded("\n## ", &section.title);
            self.free(&section.title, &section.text);
        }
    }

    /// A field of one line; left out when it is empty, because the originals take the next line for its value.
    pub(crate) fn word(&mut self, name: &str, value: &str) {
        self.check(one_line(value) == value, name, NOT_A_LINE);
        if !value.is_empty() {
            self.shielded(&format!("{name}: "), value);
        }
    }

    /// A field of any number of lines: those after the first are indented. Left out when it is empty.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.check(tidy(value) == value, name, UNTIDY);
        if !value.is_empty() {
            self.indented(&format!("{name}: "), "  ", value);
        }
    }

    /// A field that is a list, with a bullet for each item; `[]` when it is empty.
    pub(crate) fn list<I: AsRef<str>>(&mut self, name: &str, items: &[I]) {
        if items.is_empty() {
            return self.line(format_args!("{name}: []"));
        }
        self.line(format_args!("{name}:"));
        self.bullets(name, "  ", items);
    }

    /// Bullets, indented by `margin`.
    pub(crate) fn bullets<I: AsRef<str>>(&mut self, name: &str, margin: &str, items: &[I]) {
        for item in items.iter().map(AsRef::as_ref) {
            self.check(!items::says_nothing(item) && tidy(item) == item, name, EMPTY_ITEM);
            self.indented(&format!("{margin}- "), &format!("{margin}  "), item);
        }
    }

    /// A list of ids on one line, as Python prints it: `['002', '003']`.
    pub(crate) fn ids(&mut self, name: &str, ids: &[TaskId]) {
        let quoted: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        self.line(format_args!("{name}: [{}]", quoted.join(", ")));
    }

    fn indented(&mut self, before: &str, margin: &str, value: &str) {
        for (number, line) in value.split('\n').enumerate() {
            match (number, line) {
                (0, line) => self.shielded(before, line),
                (_, "") => self.out.push('\n'),
                (_, line) => self.shielded(margin, line),
            }
        }
    }

    fn shielded(&mut self, before: &str, line: &str) {
        if self.is_plan {
            self.line(format_args!("{before}{}", shield::task(line)));
        } else {
            self.line(format_args!("{before}{line}"));
        }
    }

    /// The message.
    pub(crate) fn finish(mut self) -> Result<String, Unwritable> {
        self.of.clear();
        self.check(self.out.len() <= LARGEST, "message", TOO_LARGE);
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.out),
        }
    }
}

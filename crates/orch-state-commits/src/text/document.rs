//! A message as a title, a text and sections.

use super::shield::{unheadings, untask};
use super::tidy::{one_line, tidy, with_plain_lines};
use crate::Unreadable;

/// The most that is read of a message, and the most that is written, in bytes.
pub(crate) const LARGEST: usize = 16 << 20;

/// A part of a message that begins with a heading: one that orch has no field for, or a heading within a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Section {
    /// The heading, without its `#`.
    pub title: String,
    /// What follows it.
    pub text: String,
}

impl Section {
    /// A section of this heading and text.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into() }
    }

    pub(crate) fn tidied(self) -> Self {
        Self { title: bare(&one_line(&self.title)).to_owned(), text: tidy(&self.text) }
    }

    /// Whether it is called `name`: case, `_` and blanks make no difference.
    pub(crate) fn is(&self, name: &str) -> bool {
        let letters = |c: char| (c != '_' && !c.is_whitespace()).then_some(c.to_ascii_lowercase());
        self.title.chars().filter_map(letters).eq(name.chars().filter_map(letters))
    }
}

/// A message split at its `## ` headings. What is in it is as it was written, shields and all.
pub(crate) struct Document {
    pub(crate) title: String,
    body: String,
    sections: Vec<Section>,
}

impl Document {
    /// Splits `message`. Every text is one, with or without a title and sections.
    pub(crate) fn read(message: &str) -> Result<Self, Unreadable> {
        Self::read_with(message, |line| line.to_owned())
    }

    /// Splits the message of a plan, where `### Task` is shielded.
    pub(crate) fn read_plan(message: &str) -> Result<Self, Unreadable> {
        Self::read_with(message, |line| match line.starts_with("### ") {
            true => line.to_owned(),
            false => untask(line).into_owned(),
        })
    }

    fn read_with(message: &str, unshielded: impl Fn(&str) -> String) -> Result<Self, Unreadable> {
        if message.len() > LARGEST {
            return Err(Unreadable::TooLarge { bytes: message.len() });
        }
        let plain = with_plain_lines(message);
        let mut lines =
            plain.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').split('\n').peekable();
        let title = lines.next_if(|line| heading(line).is_none()).map(one_line).unwrap_or_default();
        let (mut body, mut sections) = (String::new(), Vec::<Section>::new());
        for line in lines {
            let line = unshielded(line);
            match heading(&line) {
                Some(name) => sections.push(Section::new(one_line(name), "")),
                None => {
                    let text = sections.last_mut().map_or(&mut body, |section| &mut section.text);
                    text.push_str(&line);
                    text.push('\n');
                }
            }
        }
        Ok(Self { title, body, sections })
    }

    /// Whether there is a section called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.sections.iter().any(|section| section.is(name))
    }

    /// What is in the sections called `name`, tidied but as it was written; they are taken out.
    pub(crate) fn take(&mut self, name: &str) -> String {
        self.take_where(|section| section.is(name))
    }

    /// What is in the sections that `wanted` is true of.
    pub(crate) fn take_where(&mut self, wanted: impl Fn(&Section) -> bool) -> String {
        let mut texts = Vec::new();
        for section in self.sections.extract_if(.., |section| wanted(section)) {
            texts.push(section.text);
        }
        tidy(&texts.join("\n\n"))
    }

    /// The free text in the sections called `name`; they are taken out.
    pub(crate) fn take_text(&mut self, name: &str) -> String {
        free_text(&self.take(name))
    }

    /// The text before the first section.
    pub(crate) fn body(&self) -> String {
        free_text(&self.body)
    }

    /// The sections that nobody took.
    pub(crate) fn into_rest(self) -> Vec<Section> {
        let free = |section: Section| Section { text: free_text(&section.text), ..section };
        self.sections.into_iter().map(free).collect()
    }
}

/// The name in a line that begins a section: two `#`, not three.
fn heading(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("##").filter(|rest| !rest.starts_with('#'))?;
    Some(bare(rest)).filter(|name| !name.is_empty())
}

/// A heading without the `#` and the blanks around it.
fn bare(heading: &str) -> &str {
    heading.trim_matches(|c: char| c == '#' || c.is_whitespace())
}

/// What is said in free text that was written as `text`.
pub(crate) fn free_text(text: &str) -> String {
    tidy(&unheadings(text))
}

/// The parts of `text` that begin with a `### ` heading, and what is before the first.
pub(crate) fn parts(text: &str) -> (String, Vec<Section>) {
    let (mut before, mut parts) = (String::new(), Vec::<Section>::new());
    for line in text.split('\n') {
        let name = line.strip_prefix("###").filter(|rest| !rest.starts_with('#')).map(bare);
        match name.filter(|name| !name.is_empty()) {
            Some(name) => parts.push(Section::new(one_line(name), "")),
            None => {
                let text = parts.last_mut().map_or(&mut before, |part| &mut part.text);
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    (before, parts)
}

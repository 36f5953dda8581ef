//! `## Requirement Ownership`: one line a requirement.

use std::collections::HashMap;

use orch_core::{Diagnostic, Position};

use super::fields::{next_field, separator_length};
use super::names::{bare, prompt_names, requirement_id};
use super::{Located, Ownership};
use crate::text::{Findings, Span, field, quoted};

/// The section as far as it has been read.
#[derive(Default)]
pub(super) struct Owners {
    pub(super) lines: Vec<Ownership>,
    pub(super) malformed: Vec<Located<String>>,
    places: HashMap<String, Position>,
}

const HINT: &str = "write it as `- REQ-001 - Owner: PROMPT-01-title.md - Secondary: None`";

impl Owners {
    /// Reads one bullet of the section.
    pub(super) fn bullet(&mut self, content: Span<'_>, findings: &mut Findings) {
        match read(content) {
            Ok(line) => match self.places.get(&line.req) {
                Some(first) => {
                    let finding = format!("{} has two owners, the first at {first}", quoted(&line.req));
                    self.refuse(
                        content,
                        finding,
                        "keep one owner and name the others under `Secondary`",
                        findings,
                    );
                }
                None => {
                    self.places.insert(line.req.clone(), line.at);
                    self.lines.push(line);
                }
            },
            Err(why) => {
                let finding = format!("the ownership {} can't be read: {why}", quoted(content.text));
                self.refuse(content, finding, HINT, findings);
            }
        }
    }

    /// Refuses a line that was meant as a bullet.
    pub(super) fn stray(&mut self, content: Span<'_>, findings: &mut Findings) {
        let finding = format!("the ownership {} is not a bullet", quoted(content.text));
        self.refuse(content, finding, HINT, findings);
    }

    fn refuse(&mut self, content: Span<'_>, message: String, hint: &str, findings: &mut Findings) {
        findings.push(Diagnostic::error("index.ownership", message).hint(hint).at(content.at));
        self.malformed.push(Located { value: content.text.to_owned(), at: content.at });
    }
}

fn read(content: Span<'_>) -> Result<Ownership, &'static str> {
    let known = |name: &str| ["owner", "secondary"].iter().any(|known| name.eq_ignore_ascii_case(known));
    let next = |text: &str| next_field(text, |field| known(field.name.text));
    let first = next(content.text).ok_or("it names no owner")?;
    let (front, mut rest) = content.split_at(first.front);
    let (req, at) =
        requirement_id(bare(front.trim())).map_err(|_| "it does not begin with an id such as `REQ-001`")?;
    let (mut owner, mut secondary) = (None, None);
    loop {
        let dash = separator_length(rest.text);
        let Some(found) = field(rest.skip(dash)) else { return Err("a field has no name") };
        let end = next(found.value.text);
        let value = end.as_ref().map_or(found.value, |end| found.value.take(end.front));
        let slot = if found.is(&["owner"]) { &mut owner } else { &mut secondary };
        if slot.replace(names(value)?).is_some() {
            return Err("a field is given twice");
        }
        match end {
            Some(end) => rest = found.value.skip(end.front),
            None => break,
        }
    }
    let mut owner = owner.ok_or("it names no owner")?;
    if owner.len() > 1 {
        return Err("it names more than one owner");
    }
    Ok(Ownership { req, owner: owner.pop(), secondary: secondary.unwrap_or_default(), at })
}

fn names(value: Span<'_>) -> Result<Vec<Located<String>>, &'static str> {
    let all = prompt_names(value).into_iter();
    all.map(|name| match name {
        Ok((value, at)) => Ok(Located { value, at }),
        Err(_) => Err("a prompt's name can't be read"),
    })
    .collect()
}

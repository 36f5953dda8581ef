//! `## Requirement Ownership`: one line a requirement.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use orch_core::{Diagnostic, Position};

use super::fields::{next_field, separator_length};
use super::names::{bare, plain_name, prompt_names, requirement_id};
use super::near::nearest;
use super::path::Folder;
use super::{Located, Ownership, Prompt};
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
    /// Reads one bullet of the section of an index in `folder`.
    pub(super) fn bullet(&mut self, content: Span<'_>, folder: Folder<'_>, findings: &mut Findings) {
        match read(content, folder) {
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

    /// Finds the names that stand for none of `prompts`: whoever they mean is not told of the requirement.
    pub(super) fn check_names(&self, prompts: &[Prompt], findings: &mut Findings) {
        let known = known_names(prompts);
        let mut suggested = 0;
        for line in &self.lines {
            for name in line.owner.iter().chain(&line.secondary) {
                let (why, hint) = match known.get(&plain_name(&name.value)) {
                    Some(Meaning::One) => continue,
                    Some(Meaning::Many) => {
                        ("stands for more than one prompt", "write the whole name of its file".to_owned())
                    }
                    None => {
                        let look = suggested < MOST_SUGGESTED;
                        suggested += usize::from(look);
                        let near = look.then(|| near_prompt(&name.value, prompts)).flatten();
                        let hint = near.map(|near| format!("did you mean `{near}`?"));
                        let other = || "name a prompt as the list of prompts does".to_owned();
                        ("is not in the list of prompts", hint.unwrap_or_else(other))
                    }
                };
                let message = format!("the prompt {} of {} {why}", quoted(&name.value), line.req);
                findings.push(Diagnostic::warning("index.owner", message).hint(hint).at(name.at));
            }
        }
    }

    fn refuse(&mut self, content: Span<'_>, message: String, hint: &str, findings: &mut Findings) {
        findings.push(Diagnostic::error("index.ownership", message).hint(hint).at(content.at));
        self.malformed.push(Located { value: content.text.to_owned(), at: content.at });
    }
}

/// Names for which a similar one is looked for, in one file.
const MOST_SUGGESTED: usize = 50;

/// What a name stands for.
enum Meaning {
    One,
    /// A short id that several prompts have.
    Many,
}

/// Every name that [`super::Index::prompt`] knows, to look up many of them.
fn known_names(prompts: &[Prompt]) -> HashMap<String, Meaning> {
    let mut known = HashMap::new();
    for short in prompts.iter().filter_map(|prompt| prompt.short_id.as_ref()) {
        match known.entry(short.clone()) {
            Entry::Vacant(place) => _ = place.insert(Meaning::One),
            Entry::Occupied(mut place) => _ = place.insert(Meaning::Many),
        }
    }
    for prompt in prompts {
        known.insert(prompt.id.clone(), Meaning::One);
        known.insert(plain_name(&prompt.path), Meaning::One);
    }
    known
}

/// The id or the short id that `name` nearly is.
fn near_prompt<'a>(name: &str, prompts: &'a [Prompt]) -> Option<&'a str> {
    let name = plain_name(name);
    let name = name.rsplit('/').next().unwrap_or_default();
    let allowed = (name.chars().count() / 4).clamp(1, 3);
    let ids = prompts.iter().map(|prompt| prompt.id.as_str());
    let short = prompts.iter().filter_map(|prompt| prompt.short_id.as_deref());
    nearest(name, allowed, ids.chain(short))
}

fn read(content: Span<'_>, folder: Folder<'_>) -> Result<Ownership, &'static str> {
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
        if slot.replace(names(value, folder)?).is_some() {
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

fn names(value: Span<'_>, folder: Folder<'_>) -> Result<Vec<Located<String>>, &'static str> {
    let all = prompt_names(value, folder).into_iter();
    all.map(|name| match name {
        Ok((value, at)) => Ok(Located { value, at }),
        Err(_) => Err("a prompt's name can't be read"),
    })
    .collect()
}

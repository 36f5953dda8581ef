//! Which ids the milestones of a new document have, and what the names of dependencies mean.

use std::collections::{HashMap, HashSet};

use orch_core::Diagnostic;

use super::super::id::milestone_id;
use super::{NewMilestone, NewPlan};
use crate::text::quoted;

/// The milestones of a request as the document has them.
pub(super) struct Resolved<'a> {
    pub(super) milestones: Vec<Item<'a>>,
    /// What is wrong with the request.
    pub(super) problems: Vec<Diagnostic>,
}

/// One milestone.
pub(super) struct Item<'a> {
    pub(super) new: &'a NewMilestone,
    pub(super) id: String,
    /// Its name without the id that it may begin with.
    pub(super) name: &'a str,
    /// The places of those that it needs, each once.
    pub(super) needs: Vec<usize>,
    /// Names of dependencies that mean none of the milestones.
    pub(super) unknown: Vec<&'a str>,
}

impl<'a> Resolved<'a> {
    pub(super) fn new(plan: &'a NewPlan) -> Self {
        let mut problems = Vec::new();
        if plan.title.trim().is_empty() {
            problems.push(problem("title", "the plan has no title".to_owned()).hint("give it a title"));
        }
        if plan.milestones.is_empty() {
            problems
                .push(problem("empty", "the plan has no milestones".to_owned()).hint("name at least one"));
        }
        let ids = ids(&plan.milestones, &mut problems);
        let by_id: HashMap<&str, usize> =
            ids.iter().enumerate().rev().map(|(at, (id, _))| (id.as_str(), at)).collect();
        let mut by_name: HashMap<String, Option<usize>> = HashMap::new();
        for (at, (_, name)) in ids.iter().enumerate() {
            // A name that two have means neither.
            by_name.entry(folded(name)).and_modify(|place| *place = None).or_insert(Some(at));
        }
        let place = |name: &str| {
            let by_name = || by_name.get(&folded(name)).copied().flatten();
            whole_id(name).and_then(|id| by_id.get(id.as_str()).copied()).or_else(by_name).or_else(|| {
                let (id, _) = id_in_front(name)?;
                by_id.get(id.as_str()).copied()
            })
        };
        let mut milestones = Vec::with_capacity(ids.len());
        for (at, new) in plan.milestones.iter().enumerate() {
            let (id, name) = ids[at].clone();
            let (mut needs, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
            for on in &new.depends_on {
                match place(on) {
                    Some(needed) if needed == at => problems.push(
                        problem("self", format!("{id} depends on itself"))
                            .hint("leave it out of its `depends_on`"),
                    ),
                    Some(needed) => needs.extend(seen.insert(needed).then_some(needed)),
                    None => {
                        let message =
                            format!("{id} depends on {}, which is none of the milestones", quoted(on));
                        problems
                            .push(problem("unknown", message).hint("write the id or the whole name of one"));
                        unknown.push(on.as_str());
                    }
                }
            }
            milestones.push(Item { new, id, name, needs, unknown });
        }
        Self { milestones, problems }
    }

    /// The milestones that may run side by side: each group holds those whose needs are all in the groups before, as soon
    /// as they can. What depends on itself in a circle is in none.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        let mut waits: Vec<usize> = self.milestones.iter().map(|item| item.needs.len()).collect();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
        for (at, item) in self.milestones.iter().enumerate() {
            item.needs.iter().for_each(|&needed| needed_by[needed].push(at));
        }
        let mut groups = Vec::new();
        let mut group: Vec<usize> = (0..waits.len()).filter(|&at| waits[at] == 0).collect();
        while !group.is_empty() {
            let mut next = Vec::new();
            for &at in group.iter().flat_map(|&done| &needed_by[done]) {
                waits[at] -= 1;
                next.extend((waits[at] == 0).then_some(at));
            }
            next.sort_unstable();
            groups.push(std::mem::replace(&mut group, next));
        }
        groups
    }
}

/// The id and the name of each milestone: the id that is given, else the one that the name begins with, else the next
/// that is free. Ids are unique.
fn ids<'a>(milestones: &'a [NewMilestone], problems: &mut Vec<Diagnostic>) -> Vec<(String, &'a str)> {
    let mut taken = HashSet::new();
    let mut found: Vec<(Option<String>, &str)> = Vec::with_capacity(milestones.len());
    for (at, new) in milestones.iter().enumerate() {
        let in_front = id_in_front(&new.name);
        let wanted = match &new.id {
            Some(written) => {
                let id = whole_id(written);
                if id.is_none() {
                    let message = format!("{} is no id of a milestone", quoted(written));
                    problems.push(
                        problem("id", message).hint("an id is a letter and a number, such as `M3` or `T1`"),
                    );
                }
                id
            }
            None => in_front.as_ref().map(|(id, _)| id.clone()),
        };
        let name =
            in_front.filter(|(id, _)| wanted.as_ref() == Some(id)).map_or(new.name.trim(), |(_, name)| name);
        if name.is_empty() {
            problems
                .push(problem("name", format!("milestone {} has no name", at + 1)).hint("give it a name"));
        }
        let free = wanted.filter(|id| {
            let free = taken.insert(id.clone());
            if !free {
                let message = format!("two milestones have the id {id}");
                problems.push(problem("twice", message).hint("give one of them another id, or none"));
            }
            free
        });
        found.push((free, name));
    }
    let mut number = 0;
    let mut named = Vec::with_capacity(found.len());
    for (at, (id, name)) in found.into_iter().enumerate() {
        let id = id.unwrap_or_else(|| {
            // By its place, unless that is taken.
            number = number.max(at + 1);
            while !taken.insert(format!("M{number}")) {
                number += 1;
            }
            format!("M{number}")
        });
        named.push((id, name));
    }
    named
}

fn problem(what: &'static str, message: String) -> Diagnostic {
    let code = match what {
        "title" => "planning.new.title",
        "empty" => "planning.new.empty",
        "self" => "planning.new.self",
        "unknown" => "planning.new.unknown",
        "id" => "planning.new.id",
        "name" => "planning.new.name",
        _ => "planning.new.twice",
    };
    Diagnostic::error(code, message)
}

/// The id that `text` is and nothing more.
fn whole_id(text: &str) -> Option<String> {
    let text = text.trim();
    milestone_id(text).filter(|(_, length)| *length == text.len()).map(|(id, _)| id)
}

/// The id in front of a name, and the name: `M3: Sign-in`, `T1 — Tests`.
fn id_in_front(text: &str) -> Option<(String, &str)> {
    let text = text.trim();
    let (id, length) = milestone_id(text)?;
    let rest = text[length..].trim_start();
    let name = rest.strip_prefix([':', '—', '–']).or_else(|| rest.strip_prefix("- "))?;
    Some((id, name.trim()))
}

/// A name as it is compared: in lower case, with single spaces.
fn folded(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

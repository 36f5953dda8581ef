//! From a spec's hints to skills: by id, then by triggers.

use std::collections::HashSet;

use super::{Skill, SkillIndex};
use crate::reading::is_odd;

/// Characters that a hint may have; a longer one is prose.
const LONGEST: usize = 128;

/// What one hint was found to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'a> {
    /// The hint, as written.
    pub hint: &'a str,
    /// The skill and what it was found by; `None` when no skill fits.
    pub skill: Option<(&'a Skill, MatchedBy<'a>)>,
}

/// What a skill was found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy<'a> {
    /// Its id.
    Id,
    /// This trigger of its.
    Trigger(&'a str),
}

/// The skill that each hint means, in the order of the hints. Two hints may mean the same skill.
///
/// A hint means the skill with that id. Failing that, the skill with a trigger that is the same; else the one with a
/// trigger that has most words in common with it, where all words of the trigger are in the hint or all of the hint
/// in the trigger. The first of the index wins among equals. Case makes no difference, nor whether words are joined
/// with `-`, `_`, `/` or a space. Words are never guessed at: `security-patterns` fits no trigger but one that says
/// `security`, `patterns` or both. Hints that look like a path upwards or hold odd characters match nothing.
///
/// ```
/// use orch_spec::{MatchedBy, match_hints, read_skill_index};
/// let text = b"skills:\n  - {id: react-tips, path: skills/react/SKILL.md, triggers: [react, bundle size]}\n";
/// let index = read_skill_index(text).value.unwrap();
/// let matched = match_hints(&["react-patterns", "security-patterns"], &index);
/// let (skill, by) = matched[0].skill.clone().unwrap();
/// assert_eq!((&*skill.id.value, by), ("react-tips", MatchedBy::Trigger("react")));
/// assert!(matched[1].skill.is_none());
/// ```
pub fn match_hints<'a, H: AsRef<str>>(hints: &'a [H], index: &'a SkillIndex) -> Vec<Matched<'a>> {
    let skills: Vec<Prepared<'_>> = index.skills.iter().map(Prepared::new).collect();
    hints
        .iter()
        .map(|hint| {
            let hint = hint.as_ref();
            Matched { hint, skill: find(hint.trim(), &skills) }
        })
        .collect()
}

/// A skill whose id and triggers are cut into words.
struct Prepared<'a> {
    skill: &'a Skill,
    id: Vec<String>,
    triggers: Vec<(&'a str, Vec<String>)>,
}

impl<'a> Prepared<'a> {
    fn new(skill: &'a Skill) -> Self {
        let triggers = skill.triggers.iter().map(|trigger| (&**trigger, words(trigger)));
        let triggers = triggers.filter(|(_, words)| !words.is_empty()).collect();
        Self { skill, id: words(&skill.id.value), triggers }
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| matches!(c, '-' | '_' | '/') || c.is_whitespace());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn find<'a>(hint: &str, skills: &[Prepared<'a>]) -> Option<(&'a Skill, MatchedBy<'a>)> {
    let path = hint.contains("..") || hint.contains('\\') || hint.starts_with(['/', '.', '~']);
    if path || hint.len() > LONGEST || hint.chars().any(is_odd) {
        return None;
    }
    let lower = hint.to_lowercase();
    let words = words(hint);
    if words.is_empty() {
        return None;
    }
    let by_id = skills.iter().find(|skill| skill.skill.id.value.to_lowercase() == lower);
    if let Some(found) = by_id.or_else(|| skills.iter().find(|skill| skill.id == words)) {
        return Some((found.skill, MatchedBy::Id));
    }
    let mut best: Option<(usize, &'a Skill, &'a str)> = None;
    for skill in skills {
        for (trigger, trigger_words) in &skill.triggers {
            let score = if *trigger_words == words { usize::MAX } else { in_common(trigger_words, &words) };
            if score > best.map_or(0, |(best, ..)| best) {
                best = Some((score, skill.skill, trigger));
            }
        }
    }
    best.map(|(_, skill, trigger)| (skill, MatchedBy::Trigger(trigger)))
}

/// How many words a trigger and a hint share when one has all words of the other; else none. A hint of one word is no
/// part of a longer trigger: `testing` alone does not mean `swift testing`.
fn in_common(trigger: &[String], hint: &[String]) -> usize {
    let trigger: HashSet<&str> = trigger.iter().map(String::as_str).collect();
    let hint: HashSet<&str> = hint.iter().map(String::as_str).collect();
    let is_part = trigger.is_subset(&hint) || (hint.len() > 1 && hint.is_subset(&trigger));
    if is_part { trigger.len().min(hint.len()) } else { 0 }
}

//! The index of skills, and which of them a spec's hints mean.

mod matching;

use std::collections::HashMap;

use orch_core::Position;

pub use matching::{Matched, MatchedBy, match_hints};

use crate::fields::{Fields, fields};
use crate::path::check_path;
use crate::reading::{Codes, Context, Located, Reading, codes, decode, is_odd, quoted};
use crate::tree::{Node, parse_yaml};

const CODES: Codes = codes!("skills");

/// `skill-index/index.yaml` (seed 003).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkillIndex {
    /// The skills that can be used, in the order of the file. Ids are unique, whatever their case.
    pub skills: Vec<Skill>,
}

/// One skill of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// What it is called, such as `react-best-practices`.
    pub id: Located<String>,
    /// Its file, relative and without `..`.
    pub path: Located<String>,
    /// What it does; empty when it is not said.
    pub description: String,
    /// Words that call for it.
    pub triggers: Vec<String>,
    /// What it belongs to.
    pub domains: Vec<String>,
}

/// Reads the index of skills.
///
/// A skill whose path leads out of the index's project, or that lacks its id or path, is left out with a warning: the
/// others can still be used.
///
/// ```
/// let text = b"skills:\n  - id: tmux\n    path: skill-index/skills/tmux/SKILL.md\n    triggers: [pane]\n";
/// let index = orch_spec::read_skill_index(text).value.unwrap();
/// assert_eq!(index.skills[0].id.value, "tmux");
/// ```
pub fn read_skill_index(bytes: &[u8]) -> Reading<SkillIndex> {
    let context = Context::new(&CODES);
    let root = match decode(bytes, &CODES).and_then(|text| parse_yaml(text, &context)) {
        Ok(root) => root,
        Err(error) => {
            context.push(error);
            return context.finish(None);
        }
    };
    let value = fields(&context, &root, ("the skill index", String::new()), &["skills"])
        .and_then(|fields| index(&fields));
    context.finish(value)
}

fn index(fields: &Fields<'_>) -> Option<SkillIndex> {
    if fields.get("skills").is_none() {
        fields.missing("skills", "write `skills:` and below it `- id: …`, or `skills: []`");
        return None;
    }
    let mut skills: Vec<Skill> = Vec::new();
    let mut known: HashMap<String, Position> = HashMap::new();
    for skill in fields.list("skills").iter().filter_map(|node| skill(fields.context, node)) {
        let id = skill.id.value.to_lowercase();
        if let Some(first) = known.get(&id) {
            let message = format!("the skill {} is there twice, first at {first}", quoted(&skill.id.value));
            fields.context.warning("skills.duplicate", message, "only the first is used", skill.id.at);
        } else {
            known.insert(id, skill.id.at);
            skills.push(skill);
        }
    }
    Some(SkillIndex { skills })
}

fn skill(context: &Context, node: &Node) -> Option<Skill> {
    let known = ["id", "path", "description", "triggers", "domains"];
    let fields = fields(context, node, ("a skill", "skills.".to_owned()), &known)?;
    let id = fields.optional("id");
    let path = fields.optional("path");
    let description = fields.optional("description").map(|text| text.value).unwrap_or_default();
    let texts = |key| fields.texts(key).into_iter().map(|text| text.value).collect();
    let (triggers, domains) = (texts("triggers"), texts("domains"));
    let unusable = |code, what: String, hint: &str, at| {
        context.warning(code, format!("{what}: it is left out"), hint, at);
        None
    };
    let (Some(id), Some(path)) = (id, path) else {
        return unusable(
            CODES.missing,
            "a skill without `id` or `path`".to_owned(),
            "give it both",
            fields.at,
        );
    };
    if id.value.chars().any(is_odd) {
        let what = format!("the skill's id {} holds a control or invisible character", quoted(&id.value));
        return unusable(CODES.value, what, "use letters, digits and `-`", id.at);
    }
    if let Err(why) = check_path(&path.value) {
        let what = format!(
            "the path {} of the skill {} can't be used, {why}",
            quoted(&path.value),
            quoted(&id.value)
        );
        return unusable(
            CODES.path,
            what,
            "name the file relative to the project's root, inside of it",
            path.at,
        );
    }
    Some(Skill { id, path, description, triggers, domains })
}

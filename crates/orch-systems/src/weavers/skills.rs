//! The skills of a project: what weavers are told beside their spec.

use std::path::{Path, PathBuf};

use orch_core::Diagnostic;
use orch_spec::{MatchedBy, SkillIndex, Spec, match_hints, read_skill_index};
use orch_store::{beneath, read_regular};

use crate::Finding;

/// Where the originals put the index, from the repository's root: installed, and in their own repository.
const INDEXES: [&str; 4] = [
    ".claude/skill-index/index.yaml",
    "skill-index/index.yaml",
    ".claude/vertical/skill-index/index.yaml",
    ".claude/skills/skill-index/index.yaml",
];

/// Where they put the base skills.
const BASES: [&str; 3] = [".claude/skills", "skills", ".claude/vertical/skills"];

/// The most that is read of a skill.
const LONGEST: u64 = 1 << 20;

/// The skills that a project has.
#[derive(Clone, Debug, Default)]
pub(super) struct Skills {
    root: PathBuf,
    /// The index, and the folder it is in.
    index: Option<(PathBuf, SkillIndex)>,
}

/// The skills that the hints of one spec mean.
#[derive(Clone, Debug, Default)]
pub(super) struct SkillsOf {
    /// Their files.
    pub(super) files: Vec<PathBuf>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(super) struct SkillText {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Skills {
    /// Looks for the index of skills beneath `root`.
    pub(super) fn find(root: &Path, found: &mut Vec<Finding>) -> Self {
        let mut skills = Self { root: root.to_owned(), index: None };
        let Some(path) =
            INDEXES.iter().map(|index| root.join(index)).find(|path| path.symlink_metadata().is_ok())
        else {
            return skills;
        };
        let bytes = match read_regular(&path, orch_spec::MAX_BYTES as u64 + 1) {
            Ok(bytes) => bytes,
            Err(error) => {
                let unreadable = Diagnostic::warning("skills.unreadable", error.to_string())
                    .hint("weavers are told without skills");
                found.push(Finding::new(&path, unreadable));
                return skills;
            }
        };
        let reading = read_skill_index(&bytes);
        found.extend(reading.findings.into_iter().map(|finding| Finding::new(&path, finding)));
        skills.index = reading.value.map(|index| (path, index));
        skills
    }

    /// The skills that the hints of a spec mean. Hints without a skill are reported, and so are skills without a file.
    pub(super) fn of(&self, spec: &Spec, spec_path: &Path, found: &mut Vec<Finding>) -> SkillsOf {
        let mut of = SkillsOf::default();
        let unmatched = |hint: &orch_spec::Located<String>, why: String, next: &str| {
            let unmatched = Diagnostic::warning("spec.hint", why).hint(next).at(hint.at);
            Finding::new(spec_path, unmatched)
        };
        let Some((index_path, index)) = &self.index else {
            found.extend(spec.skill_hints.iter().map(|hint| {
                let why = format!("no skill is called `{}`: there is no index of skills", hint.value);
                unmatched(hint, why, "write .claude/skill-index/index.yaml, or take the hint out")
            }));
            return of;
        };
        for (hint, matched) in spec.skill_hints.iter().zip(match_hints(&spec.skill_hints, index)) {
            let Some((skill, by)) = matched.skill else {
                let why = format!("no skill is called `{}`, and none is for it", hint.value);
                found.push(unmatched(hint, why, "the index of skills lists them; or take the hint out"));
                continue;
            };
            if let MatchedBy::Trigger(trigger) = by
                && !is_spelled_alike(trigger, &hint.value)
            {
                let why = format!(
                    "`{}` is taken for the skill {}, for its `{trigger}`",
                    hint.value, skill.id.value
                );
                found.push(unmatched(hint, why, "write the id of the skill that is meant"));
            }
            match self.file(index_path, &skill.path.value) {
                Some(file) if !of.files.contains(&file) => of.files.push(file),
                Some(_) => {}
                None => {
                    let why = format!("the skill `{}` has no file at {}", skill.id.value, skill.path.value);
                    found.push(unmatched(hint, why, "mend its `path` in the index of skills"));
                }
            }
        }
        of
    }

    /// The file of a skill: its path is from the root, from the folder of the index, or from the one above it; it may be
    /// the folder that holds a `SKILL.md`.
    fn file(&self, index: &Path, path: &str) -> Option<PathBuf> {
        let folder = index.parent()?;
        let starts = [Some(self.root.as_path()), Some(folder), folder.parent()];
        starts.into_iter().flatten().find_map(|start| {
            let start = start.strip_prefix(&self.root).ok()?.to_str()?;
            let relative = if start.is_empty() { path.to_owned() } else { format!("{start}/{path}") };
            let found = beneath(&self.root, &relative).ok()?;
            let found = if found.is_dir() { found.join("SKILL.md") } else { found };
            found.is_file().then_some(found)
        })
    }

    /// One of the project's own base skills, such as `weaver-base`; none when it has none of its own.
    pub(super) fn base(&self, name: &str) -> Option<SkillText> {
        BASES.iter().find_map(|folder| {
            let path = beneath(&self.root, &format!("{folder}/{name}/SKILL.md")).ok()?;
            read(&path)
        })
    }
}

impl SkillsOf {
    /// The files, read; those that can't be are left out.
    pub(super) fn texts(&self) -> Vec<SkillText> {
        self.files.iter().filter_map(|path| read(path)).collect()
    }
}

/// Whether two names differ in nothing but case and what stands between their words.
fn is_spelled_alike(a: &str, b: &str) -> bool {
    let words = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    words(a) == words(b)
}

fn read(path: &Path) -> Option<SkillText> {
    let bytes = read_regular(path, LONGEST).ok()?;
    Some(SkillText { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() })
}

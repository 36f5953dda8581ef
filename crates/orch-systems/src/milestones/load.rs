//! From a planning document to a plan.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Diagnostic, Plan, PlanDraft, Reference, TaskDraft, TaskIx};
use orch_state_md::planning::{self, Milestone, Planning, Reading};
use orch_store::read_regular;
use xxhash_rust::xxh3::xxh3_64;

use super::gates::condition;
use super::names::{milestone_slug, slug};
use super::threshold::Threshold;
use crate::session::repository_root;
use crate::{Finding, OpenError};

/// Larger documents are refused unread.
pub(super) const LARGEST: u64 = 256 << 20;

/// How far into a file it is looked whether it is a planning document, in bytes.
const LOOKED_AT: u64 = 256 << 10;

/// A planning document as a plan.
#[derive(Clone, Debug)]
pub struct MilestonePlan {
    /// The document.
    pub path: PathBuf,
    /// The folder it is in.
    pub folder: PathBuf,
    /// The root of the project, where `.orchestrator/` is: that of the repository, else the document's folder.
    pub root: PathBuf,
    /// Whether the project is a git repository.
    pub in_repository: bool,
    /// What the document said when it was loaded.
    pub planning: Arc<Planning>,
    /// The plan made of it: one task a milestone, in the order of the tracker.
    pub plan: Arc<Plan>,
    /// What is worth saying although the document can be worked with.
    pub warnings: Vec<Finding>,
    pub(super) threshold: Arc<Threshold>,
}

impl MilestonePlan {
    /// Reads the document at `path` and checks all that can be checked without running anything.
    ///
    /// # Errors
    /// [`OpenError::Read`], or [`OpenError::Invalid`] with everything that was found.
    pub fn load(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Read { path: path.to_owned(), source };
        let path = fs::canonicalize(path).map_err(failed)?;
        let bytes = read_document(&path)?;
        let folder = path.parent().expect("a file is in a folder").to_owned();
        let Reading { plan: planning, mut findings } = planning::read(&bytes);
        let built = if findings.iter().any(Diagnostic::is_error) {
            None
        } else {
            match Plan::build(draft(&planning)) {
                Ok(plan) => Some(plan),
                Err(problems) => {
                    findings.extend(problems.iter().map(Diagnostic::from));
                    None
                }
            }
        };
        findings.sort_by_key(|finding| (finding.at.is_none(), finding.at));
        let findings: Vec<Finding> =
            findings.into_iter().map(|finding| Finding::new(&path, finding)).collect();
        let Some(plan) = built else { return Err(OpenError::Invalid { path, findings }) };
        let repository = repository_root(&folder);
        Ok(Self {
            in_repository: repository.is_some(),
            root: repository.unwrap_or_else(|| folder.clone()),
            path,
            folder,
            planning: Arc::new(planning),
            plan: Arc::new(plan),
            warnings: findings,
            threshold: Arc::default(),
        })
    }

    /// What the document says by now, which a person may have edited since it was loaded; none when it can't be read.
    pub(super) fn planning_now(&self) -> Option<Planning> {
        read_document(&self.path).ok().map(|bytes| planning::read(&bytes).plan)
    }

    /// The name that orch's own files for the plan go by: the document's without `.md`.
    pub fn stem(&self) -> &str {
        self.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("PLAN")
    }

    /// What the document said of a task when it was loaded.
    pub fn milestone(&self, task: TaskIx) -> &Milestone {
        &self.planning.milestones[task.index()]
    }

    /// The name of a task's files: `m3-remote-export`.
    pub fn slug(&self, task: TaskIx) -> String {
        let milestone = self.milestone(task);
        milestone_slug(&milestone.id, &milestone.title)
    }

    /// The plan's own name in the names of folders, branches and work trees.
    pub(super) fn plan_slug(&self) -> String {
        let slug = slug(self.stem());
        if slug.is_empty() { "plan".into() } else { slug }
    }

    /// The same, unlike that of any other document of the project.
    pub(super) fn hashed_slug(&self) -> String {
        format!("{}-{:04x}", self.plan_slug(), xxh3_64(self.shown_path().as_bytes()) & 0xffff)
    }

    /// The plan's name in those of branches and work trees, which all documents of a repository share.
    pub(super) fn branch_slug(&self) -> String {
        let slug = self.plan_slug();
        let is_plain = Path::new(&self.shown_path()).with_extension("").to_str() == Some(self.stem())
            && slug.eq_ignore_ascii_case(self.stem());
        if is_plain { slug } else { self.hashed_slug() }
    }

    /// The document from the project's root, as a worker there finds it.
    pub(super) fn shown_path(&self) -> String {
        shown(&self.root, &self.path)
    }

    /// The name of a task's work tree.
    pub fn worktree_name(&self, task: TaskIx) -> String {
        format!("{}-{}", self.branch_slug(), slug(self.plan.id(task)))
    }

    /// Whether a work tree of this name is one of a task: for its work, or for the gaps in that.
    pub fn is_worktree_of(&self, task: TaskIx, name: &str) -> bool {
        let rest = name.strip_prefix(&*self.worktree_name(task));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-gap"))
    }

    /// The folders that a task works in and the files that lie in none, as far as its section names any.
    pub(super) fn directories(&self, task: TaskIx) -> Vec<String> {
        let paths = self.milestone(task).section.as_ref().map(|section| section.paths.as_slice());
        let mut directories: Vec<String> = Vec::new();
        for path in paths.unwrap_or_default() {
            let directory = match path.rsplit_once('/') {
                Some((_, "")) | None => path.clone(),
                Some((folder, _)) => format!("{folder}/"),
            };
            if !directories.contains(&directory) {
                directories.push(directory);
            }
        }
        directories
    }

    /// The files and folders that a task's section names, as written.
    pub fn files(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        let section = self.milestone(task).section.as_ref();
        section.into_iter().flat_map(|section| section.paths.iter().map(String::as_str))
    }
}

/// The bytes of the document as it is now.
///
/// # Errors
/// [`OpenError::Read`].
fn read_document(path: &Path) -> Result<Vec<u8>, OpenError> {
    read_regular(path, LARGEST).map_err(|source| OpenError::Read { path: path.to_owned(), source })
}

/// `path` from `root`, as a person there would write it.
pub(super) fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// Whether the file at `path` is called as Markdown is, and has a tracker of milestones.
pub(crate) fn looks_like_one(path: &Path) -> bool {
    let is_markdown = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("md"));
    is_markdown && head(path).is_ok_and(|head| planning::is_planning_document(&head))
}

/// Whether the file at `path`, which is called as planning documents are and has no tracker, is meant as one: it has no
/// list of prompts either.
pub(crate) fn may_be_one(path: &Path) -> bool {
    let lists_prompts = |line: &str| {
        let title = line.trim_start_matches('#');
        title.len() < line.len() && title.trim().to_lowercase().starts_with("prompts")
    };
    head(path).is_ok_and(|head| !head.lines().any(lists_prompts))
}

/// What the file at `path` begins with.
fn head(path: &Path) -> io::Result<String> {
    // A pipe would be waited for for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut head = Vec::new();
    File::open(path)?.take(LOOKED_AT).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

pub(super) fn draft(planning: &Planning) -> PlanDraft {
    let task = |milestone: &Milestone| TaskDraft {
        id: milestone.id.clone(),
        aliases: aliases(milestone),
        title: milestone.title.clone(),
        depends_on: milestone
            .depends_on
            .iter()
            .map(|needed| Reference { name: needed.on.clone(), at: Some(needed.at) })
            .collect(),
        awaits: milestone
            .gates
            .iter()
            .map(|gate| Reference { name: condition(&milestone.id, gate), at: Some(gate.at) })
            .collect(),
        at: Some(milestone.at),
        ..TaskDraft::default()
    };
    PlanDraft {
        objective: if planning.objective.is_empty() {
            planning.title.clone()
        } else {
            planning.objective.clone()
        },
        tasks: planning.milestones.iter().map(task).collect(),
        identity: Vec::new(),
    }
}

/// What a person may call a milestone beside its id: in small letters, by its number, in words, by its title.
fn aliases(milestone: &Milestone) -> Vec<String> {
    let id = &milestone.id;
    let number = id.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let mut aliases = vec![id.to_lowercase(), number.to_owned(), format!("Milestone {number}")];
    aliases.extend([milestone.title.clone(), milestone.title.to_lowercase()]);
    aliases.retain(|alias| !alias.trim().is_empty() && alias != id);
    aliases.sort();
    aliases.dedup();
    aliases
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A\n\n| Milestone | Model | Status | Duration (min) | Notes |\n|---|---|---|---|---|\n\
        | M1: One | — | ⬜ | — | |\n| M1a: More | — | ⬜ | — | |\n";

    #[test]
    fn names_in_the_repository_are_those_of_one_document() {
        let project = tempfile::tempdir().unwrap();
        for folder in [".git", "docs", "more"] {
            fs::create_dir(project.path().join(folder)).unwrap();
        }
        let load = |name: &str| {
            fs::write(project.path().join(name), TEXT).unwrap();
            MilestonePlan::load(&project.path().join(name)).unwrap()
        };
        let plans = ["A-Planning.md", "A Planning.md", "docs/A-Planning.md", "more/A-Planning.md"].map(load);
        assert_eq!(plans[0].branch_slug(), "a-planning");
        let mut names: Vec<String> =
            plans.iter().map(|plan| plan.worktree_name(plan.plan.find("M1").unwrap())).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), plans.len(), "{names:?}");
    }

    #[test]
    fn a_work_tree_for_gaps_is_one_of_its_milestone() {
        let project = tempfile::tempdir().unwrap();
        let path = project.path().join("A-Planning.md");
        fs::write(&path, TEXT).unwrap();
        let plan = MilestonePlan::load(&path).unwrap();
        for (id, name, is_of) in [
            ("M1", "a-planning-m1", true),
            ("M1", "a-planning-m1-gap", true),
            ("M1", "a-planning-m1-gap-2", true),
            ("M1", "a-planning-m1a", false),
            ("M1a", "a-planning-m1a-gap", true),
            ("M1a", "a-planning-m1", false),
        ] {
            assert_eq!(plan.is_worktree_of(plan.plan.find(id).unwrap(), name), is_of, "{id} {name}");
        }
    }
}

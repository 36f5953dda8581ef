//! From the folder of a plan to a plan.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Diagnostic, Plan, PlanDraft, Problem, Reference, TaskDraft, TaskIx};
use orch_git::{BranchName, Git, How};
use orch_spec::{MAX_BYTES, Meta, Reading, Spec, aliases, nearest, overlaps, read_meta, read_spec, task_ids};
use orch_store::read_regular;

use super::skills::{Skills, SkillsOf};
use crate::session::repository_root;
use crate::{Finding, OpenError};

/// A plan of weavers.
#[derive(Clone, Debug)]
pub struct WeaverPlan {
    /// Its `meta.json`.
    pub path: PathBuf,
    /// The folder it is in, with `specs/` and `run/`.
    pub folder: PathBuf,
    /// What `meta.json` says.
    pub meta: Meta,
    /// The specs, one task each, in the order of the plan.
    pub specs: Vec<PlannedSpec>,
    /// The plan made of them.
    pub plan: Arc<Plan>,
    /// The root of the repository that the weavers work on.
    pub root: PathBuf,
    /// The repository's default branch, on which a spec without a base is based.
    pub default_branch: String,
    /// What is worth saying although the plan is valid.
    pub warnings: Vec<Finding>,
    pub(super) skills: Skills,
}

/// A spec of the plan.
#[derive(Clone, Debug)]
pub struct PlannedSpec {
    /// The name of its file in `specs/`.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// The file itself.
    pub text: String,
    /// What it says.
    pub spec: Spec,
    /// The branch its work is based on.
    pub base: String,
    /// The skills that its hints mean.
    pub(super) skills: SkillsOf,
}

impl WeaverPlan {
    /// Reads the plan that the `meta.json` at `path` stands for, with all its specs, and checks all that can be checked
    /// without running anything.
    ///
    /// # Errors
    /// [`OpenError::Read`], or [`OpenError::Invalid`] with everything that was found in any of its files.
    pub fn load(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Read { path: path.to_owned(), source };
        let path = fs::canonicalize(path).map_err(failed)?;
        let folder = path.parent().expect("a file is in a folder").to_owned();
        let invalid = |found| Err(OpenError::Invalid { path: path.clone(), findings: found });
        let bytes = match read_regular(&path, MAX_BYTES as u64 + 1) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                let hint = "put the file there that names the plan and its specs";
                let other = Diagnostic::error("meta.unreadable", error.to_string()).hint(hint);
                return invalid(vec![Finding::new(&path, other)]);
            }
            Err(error) => return Err(failed(error)),
        };
        let Reading { value: meta, findings } = read_meta(&bytes);
        let mut found: Vec<Finding> = placed(&path, findings).collect();
        let Some(meta) = meta else { return invalid(found) };

        let root = repository_root(&folder);
        let Some(root) = root else {
            let nowhere = Diagnostic::error("weavers.repository", "the plan is in no git repository").hint(
                "weavers work on branches: put the plan's folder into the repository, or `git init` one",
            );
            found.push(Finding::new(&path, nowhere));
            return invalid(found);
        };
        let elsewhere = elsewhere(&folder, &root);
        if !elsewhere.is_empty() {
            found.extend(elsewhere);
            return invalid(found);
        }
        found.extend(other_repository(&meta, &path, &root));
        let skills = Skills::find(&root, &mut found);
        let read = read_specs(&meta, &path, &folder, &mut found);
        found.extend(unlisted(&meta, &path, &folder));
        let names: Vec<&str> = meta.specs.iter().map(|name| name.value.as_str()).collect();
        let ids = task_ids(&names).unwrap_or_else(|twice| {
            found.extend(placed(&path, twice));
            Vec::new()
        });
        if found.iter().any(Finding::is_error) {
            return invalid(found);
        }

        // A person who has a weaver's branch checked out to look at it means nothing by that.
        let branches: Vec<&str> = read.iter().map(|(.., spec)| spec.pr.branch.value.as_str()).collect();
        let git = Git::at(&root);
        let mut default_branch = git.local_default_branch();
        if default_branch.found == How::CheckedOut && branches.contains(&&*default_branch.name) {
            default_branch = git.local_default_branch_apart(&branches);
        }
        let default_branch = default_branch.name;
        let mut specs: Vec<PlannedSpec> = Vec::new();
        for (name, (spec_path, text, spec)) in meta.specs.iter().zip(read) {
            let base = spec.pr.base.as_ref().map(|base| base.value.as_str());
            let base = base.unwrap_or(&default_branch).to_owned();
            let skills = skills.of(&spec, &spec_path, &mut found);
            specs.push(PlannedSpec { file: name.value.clone(), path: spec_path, text, spec, base, skills });
        }
        found.extend(shared_branches(&specs, &default_branch));
        let draft = draft(&meta, &ids, &specs, (&root, &default_branch), &mut found);
        let plan = match Plan::build(draft) {
            Ok(plan) if !found.iter().any(Finding::is_error) => plan,
            Ok(_) => return invalid(found),
            Err(problems) => {
                let file_of = |id: &str| ids.iter().position(|known| known == id).map(|at| &specs[at].path);
                found.extend(problems.iter().map(|problem| {
                    let file = task_of(problem).and_then(file_of).unwrap_or(&path);
                    Finding::new(file, Diagnostic::from(problem))
                }));
                return invalid(found);
            }
        };
        let plan = Arc::new(plan);
        Ok(Self { path, folder, meta, specs, plan, root, default_branch, warnings: found, skills })
    }

    /// The plan's id, which is also what its sessions and its state go by.
    pub fn id(&self) -> &str {
        &self.meta.id.value
    }

    /// The folder that orch's own files are beside: the one that the plan's folder is in.
    pub fn home_folder(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// The spec of a task.
    pub fn spec(&self, task: TaskIx) -> &PlannedSpec {
        &self.specs[task.index()]
    }

    /// The branch of a task.
    pub fn branch(&self, task: TaskIx) -> &str {
        &self.spec(task).spec.pr.branch.value
    }

    /// The files that a task's spec names; they may be globs.
    pub fn files(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        self.spec(task).spec.building_spec.files.iter().map(|file| file.value.as_str())
    }

    /// The name of a task's work tree: that of its session without the word before.
    pub fn worktree_name(&self, task: TaskIx) -> String {
        format!("{}-{}", self.id(), self.plan.id(task))
    }

    /// `run/`, which holds the state that the originals' scripts read.
    pub(super) fn run_folder(&self) -> PathBuf {
        self.folder.join("run")
    }
}

fn placed(path: &Path, findings: Vec<Diagnostic>) -> impl Iterator<Item = Finding> {
    findings.into_iter().map(move |finding| Finding::new(path, finding))
}

/// The folders of a plan that are none, or links out of the project: orch reads and writes nothing there.
fn elsewhere(folder: &Path, root: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in ["specs", "run", "run/weavers"] {
        let place = folder.join(name);
        let why = match (fs::symlink_metadata(&place), fs::canonicalize(&place)) {
            // It is not there yet.
            (Err(_), _) => continue,
            (Ok(_), Ok(real)) if !real.starts_with(root) => {
                format!("{name}/ is a link out of the project, to {}", real.display())
            }
            (Ok(_), Ok(real)) if real.is_dir() => continue,
            (Ok(_), Ok(_)) => format!("{name} is not a folder"),
            (Ok(_), Err(error)) => format!("{name}/ leads nowhere: {error}"),
        };
        let diagnostic = Diagnostic::error("weavers.folder", why).hint("make it a folder of the plan's own");
        found.push(Finding::new(&place, diagnostic));
    }
    found
}

/// The specs that the plan lists. When one of them can't be read, `found` says so and the list is short.
fn read_specs(
    meta: &Meta,
    path: &Path,
    folder: &Path,
    found: &mut Vec<Finding>,
) -> Vec<(PathBuf, String, Spec)> {
    let mut specs = Vec::new();
    for name in &meta.specs {
        let spec_path = folder.join("specs").join(&name.value);
        let bytes = match read_regular(&spec_path, MAX_BYTES as u64 + 1) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => {
                        format!("the spec `{}` is not in specs/", name.value)
                    }
                    _ => format!("the spec `{}` can't be read: {error}", name.value),
                };
                let missing = Diagnostic::error("spec.missing_file", message)
                    .hint("write it, or take it out of `specs`")
                    .at(name.at);
                found.push(Finding::new(path, missing));
                continue;
            }
        };
        let Reading { value, findings } = read_spec(&bytes);
        found.extend(placed(&spec_path, findings));
        if let Some(spec) = value {
            specs.push((spec_path, String::from_utf8_lossy(&bytes).into_owned(), spec));
        }
    }
    specs
}

/// Specs that are there and not in the plan.
fn unlisted(meta: &Meta, path: &Path, folder: &Path) -> Vec<Finding> {
    let entries = fs::read_dir(folder.join("specs")).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_spec = |name: &String| name.ends_with(".yaml") || name.ends_with(".yml");
    let is_listed = |name: &String| meta.specs.iter().any(|listed| listed.value == *name);
    let mut extra: Vec<String> = names.filter(|name| is_spec(name) && !is_listed(name)).collect();
    extra.sort();
    let finding = |name: String| {
        let message = format!("specs/{name} is not in the plan, and is not built");
        let hint = "add it to `specs`, or remove the file";
        Finding::new(path, Diagnostic::warning("spec.unlisted", message).hint(hint))
    };
    extra.into_iter().map(finding).collect()
}

/// A plan that was made for another place.
fn other_repository(meta: &Meta, path: &Path, root: &Path) -> Option<Finding> {
    let repo = meta.repo.as_ref()?;
    let named = fs::canonicalize(&repo.value).ok();
    let here = fs::canonicalize(root).ok();
    (named.is_none() || named != here).then(|| {
        let message = format!("`repo` names {}, and the plan is in {}", repo.value, root.display());
        let finding = Diagnostic::warning("meta.repo", message)
            .hint("the repository that the plan is in is used")
            .at(repo.at);
        Finding::new(path, finding)
    })
}

/// Two specs can't have one branch, and none can have the one that all is merged into.
fn shared_branches(specs: &[PlannedSpec], default_branch: &str) -> Vec<Finding> {
    let mut owners: HashMap<&str, &PlannedSpec> = HashMap::new();
    let mut found = Vec::new();
    for spec in specs {
        let branch = &spec.spec.pr.branch;
        let error = |message: String, hint: String| {
            Finding::new(&spec.path, Diagnostic::error("spec.branch", message).hint(hint).at(branch.at))
        };
        if branch.value == default_branch {
            found.push(error(
                format!("the branch `{}` is the repository's default branch", branch.value),
                "give the spec a branch of its own".into(),
            ));
        }
        if let Some(first) = owners.insert(&branch.value, spec) {
            found.push(error(
                format!("the branch `{}` is also that of {}", branch.value, first.file),
                "give each spec a branch of its own".into(),
            ));
        }
    }
    found.extend(specs.iter().filter_map(|spec| beneath_another(spec, &owners, default_branch)));
    found
}

/// A branch whose name goes on where that of another one ends: git has room for only one of them.
fn beneath_another(
    spec: &PlannedSpec,
    owners: &HashMap<&str, &PlannedSpec>,
    default_branch: &str,
) -> Option<Finding> {
    let branch = &spec.spec.pr.branch;
    let goes_on = |name: &str, from: &str| name.strip_prefix(from).is_some_and(|rest| rest.starts_with('/'));
    let mut parents = branch.value.match_indices('/').map(|(end, _)| &branch.value[..end]);
    let (other, whose) = if goes_on(&branch.value, default_branch) || goes_on(default_branch, &branch.value) {
        (default_branch, "the repository's default branch".to_owned())
    } else {
        parents.find_map(|name| Some((name, format!("that of {}", owners.get(name)?.file))))?
    };
    let message = format!("git can't have the branch `{}` beside `{other}`, {whose}", branch.value);
    let hint = "rename one of the two: a branch can't be a folder of branches as well";
    Some(Finding::new(&spec.path, Diagnostic::error("spec.branch", message).hint(hint).at(branch.at)))
}

fn draft(
    meta: &Meta,
    ids: &[String],
    specs: &[PlannedSpec],
    (root, default_branch): (&Path, &str),
    found: &mut Vec<Finding>,
) -> PlanDraft {
    let of_branch: HashMap<&str, &String> =
        specs.iter().zip(ids).map(|(spec, id)| (spec.spec.pr.branch.value.as_str(), id)).collect();
    let branches: Vec<&str> = specs.iter().map(|spec| spec.spec.pr.branch.value.as_str()).collect();
    let git = Git::at(root);
    let mut tasks: Vec<TaskDraft> = specs
        .iter()
        .zip(ids)
        .map(|(planned, id)| {
            let spec = &planned.spec;
            let at = spec.pr.base.as_ref().map(|base| base.at);
            let mut depends_on = Vec::new();
            let mut awaits = Vec::new();
            if planned.base == default_branch {
                // There from the beginning, also where a spec wrongly has it for its own.
            } else if let Some(base) = of_branch.get(planned.base.as_str()) {
                depends_on.push(Reference { name: (*base).clone(), at });
            } else if !is_default(&planned.base, default_branch) {
                awaits.push(Reference { name: condition(&planned.base), at });
                if !is_there(&git, &planned.base) {
                    let message = format!(
                        "the base `{}` is no branch of another spec, and does not exist",
                        planned.base
                    );
                    let hint = match nearest(&planned.base, &branches) {
                        Some(near) => {
                            format!(
                                "did you mean `{near}`? the spec waits until somebody makes what it names"
                            )
                        }
                        None => {
                            "the spec waits until somebody makes it; mend `pr.base` if it is misspelt".into()
                        }
                    };
                    let absent = Diagnostic::warning("spec.base", message).hint(hint).at(at);
                    found.push(Finding::new(&planned.path, absent));
                }
            }
            depends_on.extend(
                spec.building_spec
                    .dependencies
                    .iter()
                    .map(|name| Reference { name: name.value.clone(), at: Some(name.at) }),
            );
            TaskDraft {
                id: id.clone(),
                aliases: aliases(&planned.file, Some(&spec.name.value), Some(&spec.pr.branch.value)),
                title: first_line(&spec.description).unwrap_or(&spec.name.value).to_owned(),
                depends_on,
                awaits,
                at: Some(spec.name.at),
                ..TaskDraft::default()
            }
        })
        .collect();
    claim(specs, &mut tasks, found);
    PlanDraft { objective: meta.description.clone(), tasks, identity: Vec::new() }
}

/// Specs that may touch the same files never run together: each such pair shares a claim, unless one of them comes
/// after the other anyway.
fn claim(specs: &[PlannedSpec], tasks: &mut [TaskDraft], found: &mut Vec<Finding>) {
    let ordered = Plan::build(PlanDraft { tasks: tasks.to_vec(), ..PlanDraft::default() }).ok();
    let come_after = |a: usize, b: usize| {
        let after = |plan: &Plan, a, b| plan.with_needs(TaskIx::new(a)).contains(&TaskIx::new(b));
        ordered.as_ref().is_some_and(|plan| after(plan, a, b) || after(plan, b, a))
    };
    let files: Vec<&[orch_spec::Located<String>]> =
        specs.iter().map(|spec| spec.spec.building_spec.files.as_slice()).collect();
    for overlap in overlaps(&files) {
        let name = match overlap.left == overlap.right {
            true => overlap.left.to_owned(),
            false => format!("{} and {}", overlap.left, overlap.right),
        };
        if come_after(overlap.a, overlap.b) {
            continue;
        }
        let (a, b) = (&specs[overlap.a], &specs[overlap.b]);
        let at =
            b.spec.building_spec.files.iter().find(|file| file.value == overlap.right).map(|file| file.at);
        let message = format!("{} and {} may both touch {name}", a.file, b.file);
        let overlaps = Diagnostic::warning("spec.overlap", message)
            .hint("they never run at the same time; let one be based on the other to build on its work")
            .at(at);
        found.push(Finding::new(&b.path, overlaps));
        for task in [overlap.a, overlap.b] {
            tasks[task].claims.push(name.clone());
        }
    }
    for task in tasks {
        task.claims.sort();
        task.claims.dedup();
    }
}

/// Whether a base is the default branch, here or as the remote has it.
fn is_default(base: &str, default_branch: &str) -> bool {
    base.strip_prefix("origin/").unwrap_or(base) == default_branch
}

/// Whether a branch exists, here or as a remote was known to have it.
pub(super) fn is_there(git: &Git, branch: &str) -> bool {
    BranchName::new(branch).is_ok_and(|branch| {
        matches!(git.branch_tip(&branch), Ok(Some(_)))
            || matches!(git.remote_branch_tip(&branch), Ok(Some(_)))
    })
}

/// What a spec awaits whose base is neither the default branch nor in the plan.
pub(super) fn condition(branch: &str) -> String {
    format!("the branch `{branch}`")
}

/// The branch that a condition is about.
pub(super) fn branch_of(condition: &str) -> Option<&str> {
    condition.strip_prefix("the branch `")?.strip_suffix('`')
}

fn first_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty())
}

/// The task that a problem is written with.
fn task_of(problem: &Problem) -> Option<&str> {
    match problem {
        Problem::UnknownDependency { task, .. }
        | Problem::AmbiguousDependency { task, .. }
        | Problem::SelfDependency { task, .. }
        | Problem::EmptyCondition { task, .. }
        | Problem::NoProvider { task, .. } => Some(task),
        Problem::Cycle { path, .. } => path.first().map(String::as_str),
        Problem::DuplicateId { id, .. } => Some(id),
        _ => None,
    }
}

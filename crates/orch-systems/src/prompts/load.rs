//! From an index file to a plan.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use orch_core::{Diagnostic, Plan, Severity, TaskIx};
use orch_state_md::index::{self, Index, Listed};
use orch_state_md::state::StateFile;
use orch_store::{Escape, beneath};

use super::memory::StateAhead;
use crate::listing::{Files, Listing};
use crate::{Finding, OpenError};

/// The file that a folder is searched for.
pub(crate) const INDEX: &str = "PROMPT-ORCHESTRATOR.md";

/// Larger index files are refused unread.
const LARGEST: u64 = 256 << 20;

/// From this size of an index on, its folder is read as a whole, while the index is, instead of asking for each prompt
/// file: with 100,000 prompts that takes 10 ms of the loading instead of 150. For few prompts, asking costs nothing, and
/// their folder may be full of other things.
const LARGE: usize = 256 << 10;

/// A prompt index as a plan.
#[derive(Clone, Debug)]
pub struct PromptPlan {
    /// The index file.
    pub path: PathBuf,
    /// The folder it is in; every path in it is relative to this.
    pub folder: PathBuf,
    /// What the index says of the plan as a whole; its prompts are taken out of it.
    pub index: Arc<Index>,
    /// The prompts in list order, as far as they are not in the plan.
    listed: Arc<[Listed]>,
    /// The bytes of the index, for what is not kept of it.
    bytes: Arc<Vec<u8>>,
    /// The plan made of it: one task a prompt, in list order.
    pub plan: Arc<Plan>,
    /// What is worth saying although the plan is valid.
    pub warnings: Vec<Finding>,
    /// The requirements that a task owns or takes part in, by the index's ownership.
    owned: Arc<HashMap<TaskIx, Vec<String>>>,
    /// The state file as it was while the index was read.
    state: StateAhead,
}

impl PromptPlan {
    /// Reads the index at `path` and checks all that can be checked without running anything.
    ///
    /// # Errors
    /// [`OpenError::Read`], or [`OpenError::Invalid`] with everything that was found.
    pub fn load(path: &Path) -> Result<Self, OpenError> {
        Self::load_among(path, None)
    }

    /// The same. Whoever lists the folder of a large index anyway says which files are there, when asked.
    pub(crate) fn load_among(
        path: &Path,
        files: Option<&mut dyn FnMut() -> Files>,
    ) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Read { path: path.to_owned(), source };
        let path = fs::canonicalize(path).map_err(failed)?;
        let found = fs::metadata(&path).map_err(failed)?;
        if !found.is_file() || found.len() > LARGEST {
            let why = if found.is_file() { "it is larger than 256 MiB" } else { "it is not a file" };
            return Err(failed(std::io::Error::other(why)));
        }
        let bytes = fs::read(&path).map_err(failed)?;
        let folder = path.parent().expect("a file is in a folder").to_owned();
        let listing = (files.is_none() && bytes.len() >= LARGE).then(|| {
            let folder = folder.clone();
            thread::Builder::new().spawn(move || Listing::of(&folder))
        });

        let reading = index::read_in(&bytes, &folder.to_string_lossy());
        let mut findings = reading.diagnostics;
        let mut index = reading.index;
        let (draft, listed) = index.take_draft();
        let plan = match Plan::build(draft) {
            Ok(plan) => Some(plan),
            Err(problems) => {
                // What the reader of the index has said already is not said twice.
                let twice = |code: &str| match code {
                    "plan.empty" => true,
                    "plan.duplicate_id" => findings.iter().any(|said| said.code == "index.duplicate_prompt"),
                    _ => false,
                };
                let more: Vec<Diagnostic> = problems
                    .iter()
                    .filter(|problem| !(twice(problem.code()) && findings.iter().any(Diagnostic::is_error)))
                    .map(Diagnostic::from)
                    .collect();
                findings.extend(more);
                None
            }
        };
        let files = match files {
            Some(files) => files(),
            None => {
                listing.and_then(|listing| Some(listing.ok()?.join().ok()?.ok()?.files)).unwrap_or_default()
            }
        };
        findings.extend(missing_files(&folder, &listed, &files));
        findings.sort_by_key(|finding| (finding.at.is_none(), finding.at));
        findings.iter_mut().for_each(shorten);
        match plan {
            Some(plan) if !findings.iter().any(Diagnostic::is_error) => {
                findings.extend(out_of_order(&plan, &listed));
                let owned = owned(&plan, &index);
                let warnings = findings.into_iter().map(|finding| Finding::new(&path, finding)).collect();
                Ok(Self {
                    path,
                    folder,
                    index: Arc::new(index),
                    listed: listed.into(),
                    bytes: Arc::new(bytes),
                    plan: Arc::new(plan),
                    warnings,
                    owned: Arc::new(owned),
                    state: StateAhead::default(),
                })
            }
            _ => {
                let findings = findings.into_iter().map(|finding| Finding::new(&path, finding)).collect();
                Err(OpenError::Invalid { path, findings })
            }
        }
    }

    /// The same plan, whose state file is being read.
    pub(crate) fn with_state(self, state: Option<Receiver<StateFile>>) -> Self {
        Self { state: StateAhead::of(state), ..self }
    }

    /// The state file as it was while the index was read, for the first who asks.
    pub(super) fn state_ahead(&self) -> Option<StateFile> {
        self.state.take()
    }

    /// The name that the plan's own folder and the state file are called by: the index's without `.md`.
    pub fn stem(&self) -> &str {
        stem_of(&self.path)
    }

    /// The state file beside the index.
    pub fn state_path(&self) -> PathBuf {
        state_of(&self.path)
    }

    /// The validation report beside the index.
    pub fn validation_path(&self) -> PathBuf {
        self.folder.join(format!("{}.validation.md", self.stem()))
    }

    /// The prompt file of a task, relative to the folder, as the index writes it.
    pub fn prompt_path(&self, task: TaskIx) -> &str {
        &self.listed[task.index()].path
    }

    /// Where the prompt file of a task really is.
    ///
    /// # Errors
    /// When it is missing or leads out of the plan's folder.
    pub fn prompt_file(&self, task: TaskIx) -> Result<PathBuf, Escape> {
        find_prompt(&self.folder, self.prompt_path(task))
    }

    /// Everything that the index says, prompt by prompt. It is read anew: who asks needs it once, when a state file is
    /// begun, and to keep it would be most of the memory of a large plan.
    pub(crate) fn whole_index(&self) -> Index {
        index::read_in(&self.bytes, &self.folder.to_string_lossy()).index
    }

    /// The requirements a task covers: those it owns or takes part in by the index's ownership, which is the source of
    /// truth (seed 002), and those its own line names.
    pub fn requirements(&self, task: TaskIx) -> Vec<String> {
        let mut requirements = self.owned.get(&task).cloned().unwrap_or_default();
        for requirement in &self.listed[task.index()].reqs {
            if !requirements.contains(requirement) {
                requirements.push(requirement.clone());
            }
        }
        requirements
    }

    /// Where a task's plan goes unless its runner says otherwise: `.md` replaced by `-PLAN.md` (seed 002).
    pub fn plan_path(&self, task: TaskIx) -> String {
        let path = self.prompt_path(task);
        format!("{}-PLAN.md", path.strip_suffix(".md").unwrap_or(path))
    }
}

fn stem_of(index: &Path) -> &str {
    index.file_stem().and_then(|stem| stem.to_str()).unwrap_or("PLAN")
}

/// The state file beside an index.
pub(crate) fn state_of(index: &Path) -> PathBuf {
    index.with_file_name(format!("{}.state.md", stem_of(index)))
}

/// The file that a path of the index means: as written, or with plain hyphens for the U+2011 that some writers put in.
fn find_prompt(folder: &Path, path: &str) -> Result<PathBuf, Escape> {
    if let Some(file) = plain_file(folder, path) {
        return Ok(file);
    }
    let found = beneath(folder, path)?;
    if !found.exists() && path.contains('\u{2011}') {
        return beneath(folder, &path.replace('\u{2011}', "-"));
    }
    Ok(found)
}

/// The file that a bare name means, when it is a file and no link: nothing has to be resolved for it. Most prompts of
/// most plans are, and in a large plan resolving each would be most of the work of loading it.
fn plain_file(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut parts = Path::new(path).components();
    let (Some(Component::Normal(_)), None) = (parts.next(), parts.next()) else { return None };
    let file = folder.join(path);
    fs::symlink_metadata(&file).is_ok_and(|found| found.is_file()).then_some(file)
}

/// The longest message about a plan, in characters: what it quotes may be of any length.
const LONGEST_MESSAGE: usize = 400;

fn shorten(finding: &mut Diagnostic) {
    if let Some((end, _)) = finding.message.char_indices().nth(LONGEST_MESSAGE) {
        finding.message.truncate(end);
        finding.message.push('…');
    }
}

fn missing_files(folder: &Path, prompts: &[Listed], files: &Files) -> Vec<Diagnostic> {
    let look = |prompt: &Listed| {
        if files.contains(OsStr::new(&prompt.path)) || plain_file(folder, &prompt.path).is_some() {
            return None;
        }
        let finding = match find_prompt(folder, &prompt.path) {
            Ok(file) if file.is_file() => return None,
            Ok(_) | Err(Escape::Io { .. }) => {
                Diagnostic::error("prompt.missing", format!("the prompt file `{}` is not there", prompt.path))
                    .hint(format!("write it in {}, or take it out of the list", folder.display()))
            }
            Err(escape) => Diagnostic::error("prompt.escape", escape.to_string())
                .hint("keep prompt files in the folder of the index"),
        };
        Some(finding.at(prompt.at))
    };
    // Paths that the reader has refused are not in the list; these are the ones that only the disk can tell.
    prompts.iter().filter_map(look).collect()
}

/// The ownership, by task.
fn owned(plan: &Plan, index: &Index) -> HashMap<TaskIx, Vec<String>> {
    let mut owned: HashMap<TaskIx, Vec<String>> = HashMap::new();
    for line in index.ownership.iter().flatten() {
        for name in line.owner.iter().chain(&line.secondary) {
            if let Some(task) = plan.find(&name.value) {
                owned.entry(task).or_default().push(line.req.clone());
            }
        }
    }
    owned
}

/// Prompts that are listed before something they need: the list is then not gone down as it stands.
fn out_of_order(plan: &Plan, listed: &[Listed]) -> Vec<Diagnostic> {
    let late = |task: TaskIx| plan.graph().depends_on(task).iter().copied().find(|&on| on > task);
    plan.tasks()
        .filter_map(|task| {
            let on = late(task)?;
            let (task_id, on_id) = (plan.id(task), plan.id(on));
            let said =
                format!("`{task_id}` is listed before `{on_id}`, which it depends on; it runs after it");
            Some(Diagnostic {
                severity: Severity::Warning,
                ..Diagnostic::error("plan.order", said)
                    .hint("list it after what it depends on")
                    .at(listed[task.index()].at)
            })
        })
        .collect()
}

//! The folder of a session: `.orchestrator/` in the project's root, or a folder of its own in that when another document
//! has it already (as later versions of the original do).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_state_json::{NotOurs, OrchestratorState, timestamp};
use orch_store::{StoreError, beneath, read_regular, sweep_folder};

use super::MilestonePlan;
use super::names::{is_summary, is_summary_of};

/// The name of the folder.
pub(crate) const SESSION: &str = ".orchestrator";

const STATE: &str = "state.json";
const PROCESSED: &str = "processed";
const PROMPTS: &str = "prompts";
const CLOSED: &str = "closed";

/// The folder of one document's session, which may not be there yet.
#[derive(Clone, Debug)]
pub(super) struct SessionFolder {
    path: PathBuf,
    /// Whether it lies in the folder of another document's session.
    is_inner: bool,
}

/// What there is of a session.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// Its state.
    State(Box<OrchestratorState>),
    /// Something in the place of its state that can't be read; why.
    Unreadable(String),
    /// Something that is not orch's to change.
    Refused {
        /// What it is.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl SessionFolder {
    /// The folder of the document's session, and what is in it.
    pub(super) fn of(plan: &MilestonePlan) -> (Self, Found) {
        let (folder, found) = Self::find(plan);
        let folders = [folder.processed(), folder.prompts(), folder.path.join(CLOSED)];
        match not_a_folder(&folders) {
            Some(path) if !matches!(found, Found::Refused { .. }) => (folder, refused_for(&path)),
            _ => (folder, found),
        }
    }

    fn find(plan: &MilestonePlan) -> (Self, Found) {
        let outer = plan.root.join(SESSION);
        let refused = |message: String, hint: &str| {
            let found = Found::Refused { message, hint: hint.to_owned() };
            (Self { path: outer.clone(), is_inner: false }, found)
        };
        if let Some(path) = not_a_folder(std::slice::from_ref(&outer)) {
            return (Self { path: outer, is_inner: false }, refused_for(&path));
        }
        let is_of = |state: &OrchestratorState| is_same(&plan.root.join(&state.planning_doc), &plan.path);
        let found = read(&outer.join(STATE));
        match found {
            Found::State(ref state) if is_of(state) => return (Self { path: outer, is_inner: false }, found),
            Found::Refused { .. } | Found::Unreadable(_) => {
                return (Self { path: outer, is_inner: false }, found);
            }
            _ => {}
        }
        // Another document's; or the folder is free, and this one's session may have been begun beside another.
        let inners = [plan.plan_slug(), plan.hashed_slug()]
            .map(|name| Self { path: outer.join(name), is_inner: true });
        // Wherever it was begun: a folder that was another's then may be free by now.
        let is_folder = |inner: &&Self| not_a_folder(std::slice::from_ref(&inner.path)).is_none();
        for inner in inners.iter().filter(is_folder) {
            match read(&inner.state()) {
                Found::State(state) if is_of(&state) => return (inner.clone(), Found::State(state)),
                _ => {}
            }
        }
        for (inner, is_last) in inners.into_iter().zip([false, true]) {
            if let Some(path) = not_a_folder(std::slice::from_ref(&inner.path)) {
                return (inner, refused_for(&path));
            }
            match read(&inner.path.join(STATE)) {
                Found::State(state) if !is_of(&state) => {
                    if is_last {
                        return refused(
                            format!("{} belongs to another document", inner.path.display()),
                            "close that session with `orch close`, or move its folder away",
                        );
                    }
                }
                Found::Nothing if matches!(found, Found::Nothing) => break,
                there => return (inner, there),
            }
        }
        (Self { path: outer, is_inner: false }, Found::Nothing)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name in the project's folder of sessions, when it is not that folder itself.
    pub(super) fn slug(&self) -> Option<&str> {
        self.path.file_name().and_then(|name| name.to_str()).filter(|_| self.is_inner)
    }

    pub(super) fn state(&self) -> PathBuf {
        self.path.join(STATE)
    }

    pub(super) fn processed(&self) -> PathBuf {
        self.path.join(PROCESSED)
    }

    pub(super) fn prompts(&self) -> PathBuf {
        self.path.join(PROMPTS)
    }

    /// The folder from the project's root: `.orchestrator`.
    pub(super) fn shown(&self, plan: &MilestonePlan) -> String {
        super::load::shown(&plan.root, &self.path)
    }

    /// The names of the summaries that nobody has processed yet, in order, with the milestone that each name says it is
    /// of.
    pub(super) fn pending(&self) -> io::Result<Vec<(String, Option<String>)>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut pending: Vec<_> = names.filter_map(|name| is_summary(&name).map(|id| (name, id))).collect();
        pending.sort();
        Ok(pending)
    }

    /// Makes the folder and those in it.
    pub(super) fn make(&self) -> io::Result<()> {
        fs::create_dir_all(self.processed())
    }

    /// Moves a summary that was processed to the others that were; the name it has there.
    pub(super) fn put_away(&self, name: &str) -> io::Result<String> {
        self.put_away_as(name, name)
    }

    /// The same, by another name.
    pub(super) fn put_away_as(&self, name: &str, kept: &str) -> io::Result<String> {
        self.make()?;
        let kept = self.free_name(kept);
        fs::rename(self.path.join(name), self.processed().join(&kept))?;
        Ok(kept)
    }

    /// The names of the summaries of a milestone that were processed, in order.
    pub(super) fn processed_of(&self, id: &str) -> Vec<String> {
        let entries = fs::read_dir(self.processed()).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| is_summary_of(name, id)).collect();
        names.sort();
        names
    }

    /// Removes what writes that were cut off have left in the folder and in that of the project's list of sessions.
    ///
    /// # Errors
    /// When a folder can't be read, or a leftover can't be removed.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        let (prompts, processed) = (self.prompts(), self.processed());
        let outer = self.path.parent().filter(|_| self.is_inner);
        let folders = [Some(&*self.path), outer, Some(&*prompts), Some(&*processed)];
        folders.into_iter().flatten().try_for_each(sweep_folder)
    }

    /// A name for a summary among those that were processed that none has yet.
    pub(super) fn free_name(&self, name: &str) -> String {
        let is_free = |name: &str| fs::symlink_metadata(self.processed().join(name)).is_err();
        let stem = name.strip_suffix(".md").unwrap_or(name);
        let others = (2..).map(|count| format!("{stem}.{count}.md"));
        // One of them is free: there are not that many files.
        std::iter::once(name.to_owned()).chain(others).find(|name| is_free(name)).unwrap_or_default()
    }

    /// Moves all that the session has left into a dated folder of its own, where nobody looks at it again and nothing of it
    /// is lost. The folders of other documents' sessions stay. The folder, when there was anything.
    pub(super) fn clear(&self, now: Time) -> io::Result<Option<PathBuf>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_its_own = |name: &str| {
            [STATE, PROCESSED, PROMPTS, "approved.txt"].contains(&name) || is_summary(name).is_some()
        };
        let own: Vec<_> = entries
            .iter()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_its_own))
            .map(|entry| (entry.path(), entry.file_name()))
            .collect();
        if own.is_empty() {
            return Ok(None);
        }
        let moment = timestamp(now).replace(':', "");
        let folders = std::iter::once(String::new()).chain((2..).map(|count| format!("-{count}")));
        let mut folders = folders.map(|suffix| self.path.join(CLOSED).join(format!("{moment}{suffix}")));
        let folder = folders.find(|folder| fs::symlink_metadata(folder).is_err()).unwrap_or_default();
        fs::create_dir_all(&folder)?;
        // The state goes last: a session that was half cleared is still one.
        let (state, rest): (Vec<_>, Vec<_>) = own.into_iter().partition(|(_, name)| name == STATE);
        for (path, name) in rest.into_iter().chain(state) {
            fs::rename(path, folder.join(name))?;
        }
        Ok(Some(folder))
    }
}

/// The first of `paths` at which something else is than a folder. A link is none: a repository could bring one along that
/// leads anywhere.
pub(super) fn not_a_folder(paths: &[PathBuf]) -> Option<PathBuf> {
    let is_other = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir());
    paths.iter().find(is_other).cloned()
}

fn refused_for(path: &Path) -> Found {
    Found::Refused { message: format!("{} is no folder", path.display()), hint: "move it away".into() }
}

fn read(path: &Path) -> Found {
    let bytes = match read_regular(path, OrchestratorState::LARGEST as u64 + 1) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            let message = format!("{} is no file that can be read", path.display());
            return Found::Refused { message, hint: "move it away".into() };
        }
        Err(error) => return Found::Unreadable(format!("{}: {error}", path.display())),
    };
    match OrchestratorState::read(&bytes) {
        Ok(state) => Found::State(Box::new(state)),
        Err(error @ NotOurs::Foreign { .. }) => Found::Refused {
            message: format!("{} was {error}", path.display()),
            hint: "it is left as it is: move it away, or keep the planning document in another project"
                .into(),
        },
        Err(NotOurs::Newer) => Found::Refused {
            message: format!("{} was written by a newer orch", path.display()),
            hint: "update orch; the file was left as it is".into(),
        },
        Err(error) => Found::Unreadable(format!("{}: {error}", path.display())),
    }
}

/// Whether two paths lead to one file.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| Ok(a) == b.canonicalize().map_err(drop))
}

/// The planning documents of the sessions in the project of `folder`, as far as they are there.
pub(crate) fn planning_documents_of(folder: &Path) -> Vec<PathBuf> {
    let outer = folder.join(SESSION);
    let mut states = vec![outer.join(STATE)];
    if let Ok(entries) = fs::read_dir(&outer) {
        let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path().join(STATE)).collect();
        inner.sort();
        states.extend(inner);
    }
    // A state that came along with a repository is not to have orch work on what lies elsewhere.
    let inside = |document: String| {
        let relative = Path::new(&document).strip_prefix(folder).unwrap_or(Path::new(&document));
        beneath(folder, relative.to_str()?).ok()?;
        Some(folder.join(relative)).filter(|path| path.is_file())
    };
    let document = |state: PathBuf| match read(&state) {
        Found::State(state) => inside(state.planning_doc),
        _ => None,
    };
    states.into_iter().filter_map(document).collect()
}

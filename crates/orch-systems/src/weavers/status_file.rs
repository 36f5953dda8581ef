//! What weavers say of themselves: `run/weavers/w-NN.json`, which the weaver writes and orch begins and ends.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use orch_core::Time;
use orch_state_json::{WeaverFile, WeaverStatus, timestamp};
use orch_store::{Durability, StoreError, read_regular, replace};

use super::WeaverPlan;

/// What a weaver has said.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// All its writes together; empty when it has written nothing that can be read.
    pub(super) file: WeaverFile,
    /// Why there is nothing to be read although something is there.
    pub(super) unreadable: Option<String>,
}

/// How a status file begins.
pub(super) struct Beginning<'a> {
    pub(super) spec_file: &'a str,
    pub(super) iteration: u32,
    /// The terminal session of the weaver, if it has one.
    pub(super) session: Option<&'a str>,
    pub(super) now: Time,
    /// Where it is kept what the weaver says, whatever it writes over.
    pub(super) kept: &'a Path,
}

/// The status files of a plan.
#[derive(Clone, Debug)]
pub(super) struct StatusFiles {
    /// `run/weavers`.
    folder: PathBuf,
    /// The same folder as a weaver would write it, from the root of its work tree.
    relative: Option<PathBuf>,
}

impl StatusFiles {
    pub(super) fn of(plan: &WeaverPlan) -> Self {
        let folder = plan.run_folder().join("weavers");
        let relative = folder.strip_prefix(&plan.root).ok().map(Path::to_owned);
        Self { folder, relative }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a weaver.
    pub(super) fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// What the weaver of `spec_file` has said since its file was begun: what is `kept` of it, and what it wrote since.
    /// A weaver's later writes leave out what its earlier ones said (seed 003), so both count. Some write elsewhere, to
    /// the files `beside`.
    pub(super) fn read(&self, id: &str, spec_file: &str, beside: &[PathBuf], kept: Option<&Path>) -> Said {
        let now = self.read_now(id, spec_file, beside);
        match kept.map(|kept| read(kept, spec_file).file) {
            Some(kept) => Said { file: kept.merged(&now.file), ..now },
            None => now,
        }
    }

    /// What is in its file now, and in those beside it that were written since.
    fn read_now(&self, id: &str, spec_file: &str, beside: &[PathBuf]) -> Said {
        let own = self.path(id);
        let begun = modified(&own);
        let mut said = read(&own, spec_file);
        let mut others: Vec<(SystemTime, &PathBuf)> = beside
            .iter()
            .filter(|path| **path != own)
            .filter_map(|path| Some((modified(path)?, path)))
            .collect();
        others.sort();
        for (written, path) in others {
            // One that was there before this attempt began says nothing about it.
            if begun.is_some_and(|begun| written < begun) {
                continue;
            }
            let later = read(path, spec_file);
            said = Said {
                file: said.file.merged(&later.file),
                unreadable: later.unreadable.or(said.unreadable),
            };
        }
        said
    }

    /// The file as a weaver finds it that takes the plan's path for one in its own work tree, as the originals' skill
    /// has it.
    pub(super) fn inside(&self, worktree: &Path, id: &str) -> Option<PathBuf> {
        let relative = self.relative.as_ref()?;
        Some(worktree.join(relative).join(format!("{id}.json")))
    }

    /// Has what is kept of one attempt stand for another; whether anything was kept.
    pub(super) fn renew(
        &self,
        id: &str,
        spec_file: &str,
        from: &Path,
        to: &Path,
        durability: Durability,
    ) -> bool {
        from.is_file() && {
            let file = read(from, spec_file).file;
            self.write(id, &file, durability).is_ok() && replace(to, &file.to_bytes(), durability).is_ok()
        }
    }

    /// Begins the file of an attempt, so that nothing of an earlier one is taken for its word.
    pub(super) fn begin(
        &self,
        id: &str,
        beginning: Beginning<'_>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let Beginning { spec_file, iteration, session, now, kept } = beginning;
        let earlier = read(&self.path(id), spec_file).file;
        let file = WeaverFile {
            spec: Some(spec_file.to_owned()),
            status: Some(WeaverStatus::Building),
            iteration: Some(iteration),
            // The pull request of an earlier attempt is still there.
            pr: earlier.pr,
            started_at: earlier.started_at.filter(|_| iteration > 1).or_else(|| Some(timestamp(now))),
            session: session.map(str::to_owned),
            session_id: earlier.session_id,
            ..WeaverFile::default()
        };
        // What is kept comes last: an attempt of which nothing is kept was never begun, and what its file says is an
        // earlier one's.
        self.write(id, &file, durability)?;
        replace(kept, &file.to_bytes(), Durability::Process)
    }

    /// Keeps what a weaver has said so far.
    pub(super) fn keep(said: &WeaverFile, kept: &Path) {
        let bytes = said.to_bytes();
        if read_regular(kept, WeaverFile::LARGEST as u64).is_ok_and(|known| known == bytes) {
            return;
        }
        // It is only worse off without.
        let _ = replace(kept, &bytes, Durability::Process);
    }

    pub(super) fn write(
        &self,
        id: &str,
        file: &WeaverFile,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let path = self.path(id);
        // A weaver put something else there, such as a folder, a pipe or a link: it is moved out of the way, not into
        // nothing, and ends nobody else's work.
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            let aside = |number: u32| path.with_extension(format!("json.aside-{number}"));
            let free = |aside: &PathBuf| fs::symlink_metadata(aside).is_err();
            let aside = (1..=u32::MAX).map(aside).find(free).unwrap_or_else(|| path.clone());
            fs::rename(&path, aside).map_err(|source| StoreError::Io {
                path: path.clone(),
                step: "move",
                source,
            })?;
        }
        replace(&path, &file.to_bytes(), durability)
    }

    /// Adds to what a weaver has said.
    pub(super) fn amend(
        &self,
        id: &str,
        said: &Said,
        more: WeaverFile,
        durability: Durability,
    ) -> Result<(), StoreError> {
        self.write(id, &said.file.merged(&more), durability)
    }

    /// Makes the folder.
    pub(super) fn make_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok()?.modified().ok()
}

fn read(path: &Path, spec_file: &str) -> Said {
    let nothing = |why: String| Said { unreadable: Some(why), ..Said::default() };
    let bytes = match read_regular(path, WeaverFile::LARGEST as u64 + 1) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Said::default(),
        Err(error) => return nothing(format!("its status file can't be read: {error}")),
    };
    match WeaverFile::read(&bytes) {
        Ok(file) if file.is_for(spec_file) => Said { file, unreadable: None },
        Ok(file) => nothing(format!(
            "its status file is about another spec, `{}`",
            file.spec.as_deref().unwrap_or_default()
        )),
        Err(unreadable) => {
            let at = unreadable.diagnostic.at.map(|at| format!(" (line {})", at.line)).unwrap_or_default();
            nothing(format!("its status file can't be used: {unreadable}{at}"))
        }
    }
}

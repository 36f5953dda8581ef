//! What a work tree holds that its removal would lose.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::commit::{path_from, text};
use crate::hidden::{MOST_ENTRIES, repositories_in};
use crate::program::Call;
use crate::worktree::is_there;
use crate::{BranchName, Git, GitError};

/// How many names of untracked files are kept.
const NAMES_KEPT: usize = 10;

/// The list of all tracked files may be long; cut, it would hide submodules.
const INDEX_KEPT: u64 = 512 << 20;

/// Something that git has begun and somebody has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `git rebase`, or `git am`.
    Rebase,
    /// `git merge`.
    Merge,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// `git bisect`.
    Bisect,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rebase => "rebase",
            Self::Merge => "merge",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Bisect => "bisection",
        })
    }
}

/// A repository inside a work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nested {
    /// Where it is, relative to the work tree.
    pub path: PathBuf,
    /// Whether the work tree's commit or index knows it, as a submodule. One that it does not know can't be rescued.
    pub tracked: bool,
    /// Whether it has changed, staged or untracked files; taken for granted of one that is not tracked.
    pub dirty: bool,
    /// How many of its commits (on its `HEAD`, its branches and its stash) no remote is known to have.
    pub unsaved: usize,
}

impl Nested {
    /// One that the work tree knows nothing of. It is not asked: what it says could be anybody's.
    fn unknown(path: PathBuf) -> Self {
        Self { path, tracked: false, dirty: true, unsaved: 0 }
    }
}

/// What a work tree holds. The counts are of files unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorktreeState {
    /// The commit checked out; `None` before the first one.
    pub head: Option<String>,
    /// The short name of the branch checked out.
    pub branch: Option<String>,
    /// Whether the folder is gone. What was in it can't be told any more, and counts as nothing.
    pub missing: bool,
    /// Tracked files whose staged content is not that of `HEAD`.
    pub staged: usize,
    /// Tracked files whose content is not the staged one.
    pub changed: usize,
    /// Files with a conflict that is not resolved.
    pub conflicted: usize,
    /// Submodules that are at another commit than recorded, or hold changes.
    pub submodules_changed: usize,
    /// Files that git neither tracks nor ignores.
    pub untracked: usize,
    /// The first few of them.
    pub untracked_names: Vec<PathBuf>,
    /// What git has begun there.
    pub operation: Option<Operation>,
    /// Commits of `HEAD` that are neither in one of the branches asked about nor known to be on a remote.
    pub ahead: usize,
    /// Commits of `HEAD` that no remote is known to have.
    pub unpushed: usize,
    /// Commits of a detached `HEAD` that no branch, tag or rescue has.
    pub unreferenced: usize,
    /// The repositories inside, down to any depth, of which something would be lost; of those in folders that git ignores all
    /// that are found among the first 20,000 entries there.
    pub nested: Vec<Nested>,
}

impl WorktreeState {
    /// Whether there are changes to tracked files, in the index or the folder; submodules do not count.
    pub fn has_tracked_changes(&self) -> bool {
        self.staged + self.changed + self.conflicted > 0
    }

    /// Whether removing the work tree loses nothing. Its branch stays, so commits on it are no hindrance; ignored
    /// files are lost, but for repositories among them.
    pub fn is_safe(&self) -> bool {
        !self.has_tracked_changes()
            && self.submodules_changed + self.untracked + self.unreferenced == 0
            && self.operation.is_none()
            && self.nested.is_empty()
    }
}

impl fmt::Display for WorktreeState {
    /// What is in the way of a removal, such as `2 changed, 1 untracked (notes.txt)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                said.push(format!("{count} {what}"));
            }
        };
        say(self.staged, "staged");
        say(self.changed, "changed");
        say(self.conflicted, "in conflict");
        say(self.submodules_changed, "changed submodules");
        say(self.untracked, "untracked");
        say(self.unreferenced, "commits that no branch has");
        if let (Some(last), Some(name)) = (said.last_mut(), self.untracked_names.first())
            && last.ends_with("untracked")
        {
            last.push_str(&format!(" ({})", name.display()));
        }
        if let Some(operation) = self.operation {
            said.push(format!("a {operation} under way"));
        }
        for nested in &self.nested {
            let may_be = if nested.tracked { "is" } else { "may be" };
            said.push(format!(
                "a repository in {} with work that {may_be} nowhere else",
                nested.path.display()
            ));
        }
        formatter.write_str(if said.is_empty() { "nothing" } else { "" })?;
        formatter.write_str(&said.join(", "))
    }
}

impl Git {
    /// What the work tree at `path` holds. `into` are the branches that its commits should be in.
    ///
    /// # Errors
    /// When the folder is no work tree, or git is missing or refuses to look.
    pub fn worktree_state(&self, path: &Path, into: &[&BranchName]) -> Result<WorktreeState, GitError> {
        let there = self.worktree(path)?;
        let mut state = WorktreeState { head: there.head()?, ..WorktreeState::default() };
        state.branch = there.checked_out()?;
        state.operation = operation(&there.git_dir()?);
        there.read_status(&mut state)?;
        there.find_nested(Path::new(""), &mut state.nested)?;
        if let Some(head) = &state.head {
            let mut merged: Vec<String> = Vec::new();
            for branch in into {
                merged.extend(there.branch_tip(branch)?);
            }
            let mut without: Vec<&str> = merged.iter().map(String::as_str).collect();
            without.push("--remotes");
            state.ahead = there.count(&[head], &without)?;
            state.unpushed = there.count(&[head], &["--remotes"])?;
            if state.branch.is_none() {
                state.unreferenced = there.unreferenced(head)?;
            }
        }
        Ok(state)
    }

    /// How many commits of `head` no branch, tag or rescue has.
    pub(crate) fn unreferenced(&self, head: &str) -> Result<usize, GitError> {
        self.count(&[head], &["--branches", "--tags", "--remotes", "--glob=refs/orch/rescue"])
    }

    /// The short name of the branch that is checked out, also one without a commit; none for a detached `HEAD`.
    ///
    /// # Errors
    /// When git fails.
    pub fn checked_out(&self) -> Result<Option<String>, GitError> {
        match self.local(&["symbolic-ref", "--quiet", "HEAD"]) {
            Ok(name) => Ok(text(&name).strip_prefix("refs/heads/").map(str::to_owned)),
            Err(GitError::Failed { code: Some(1), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_status(&self, state: &mut WorktreeState) -> Result<(), GitError> {
        let mut args = vec!["status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"];
        args.extend(["--ignored=matching", "--ignore-submodules=none", "--", ":(top)"]);
        let mut ignored = Vec::new();
        for entry in self.local(&args)?.split(|&byte| byte == 0) {
            match entry {
                [b'1', b' ', staged, changed, b' ', submodule, ..] => {
                    state.staged += usize::from(*staged != b'.');
                    if *submodule == b'S' {
                        state.submodules_changed += usize::from(*changed != b'.');
                    } else {
                        state.changed += usize::from(*changed != b'.');
                    }
                }
                [b'u', b' ', ..] => state.conflicted += 1,
                [b'?', b' ', name @ ..] => {
                    state.untracked += 1;
                    let name = PathBuf::from(OsString::from_vec(name.to_vec()));
                    // Only a repository is listed as a whole folder.
                    if name.as_os_str().as_encoded_bytes().ends_with(b"/") {
                        state.nested.push(Nested::unknown(name.clone()));
                    }
                    if state.untracked_names.len() < NAMES_KEPT {
                        state.untracked_names.push(name);
                    }
                }
                [b'!', b' ', name @ .., b'/'] => {
                    ignored.push(PathBuf::from(OsString::from_vec(name.to_vec())));
                }
                _ => {}
            }
        }
        if !ignored.is_empty() {
            let top = path_from(self.local(&["rev-parse", "--show-toplevel"])?);
            let hidden = repositories_in(&top, ignored, MOST_ENTRIES);
            state.nested.extend(hidden.into_iter().map(Nested::unknown));
        }
        Ok(())
    }

    /// The submodules below this work tree, at `prefix` of the outermost one, of which something would be lost.
    fn find_nested(&self, prefix: &Path, found: &mut Vec<Nested>) -> Result<(), GitError> {
        for (path, there) in self.submodules()? {
            let (dirty, tips) = (there.is_dirty()?, there.unsaved_tips()?);
            let unsaved = if tips.is_empty() {
                0
            } else {
                let tips: Vec<&str> = tips.iter().map(String::as_str).collect();
                there.count(&tips, &["--remotes"])?
            };
            let path = prefix.join(path);
            if dirty || unsaved > 0 {
                found.push(Nested { path: path.clone(), tracked: true, dirty, unsaved });
            }
            there.find_nested(&path, found)?;
        }
        Ok(())
    }

    /// The submodules that are filled, with the git that works there. Only those of this work tree itself.
    pub(crate) fn submodules(&self) -> Result<Vec<(PathBuf, Git)>, GitError> {
        let top = path_from(self.local(&["rev-parse", "--show-toplevel"])?);
        let listed = self.beside(&top).call(&Call::new(["ls-files", "--stage", "-z"]).keeping(INDEX_KEPT))?;
        let mut found = Vec::new();
        for entry in listed.split(|&byte| byte == 0).filter(|entry| entry.starts_with(b"160000 ")) {
            let Some(tab) = entry.iter().position(|&byte| byte == b'\t') else { continue };
            let path = PathBuf::from(OsString::from_vec(entry[tab + 1..].to_vec()));
            let folder = top.join(&path);
            // A link in its place could lead anywhere, and in circles.
            let real = fs::canonicalize(&folder).is_ok_and(|real| real == folder);
            if real && found.iter().all(|(known, _)| *known != path) && is_there(&folder.join(".git"))? {
                found.push((path, self.beside(folder)));
            }
        }
        Ok(found)
    }

    /// The tips (of `HEAD`, branches and the stash) with commits that no remote is known to have.
    pub(crate) fn unsaved_tips(&self) -> Result<Vec<String>, GitError> {
        let mut tips: Vec<String> = self.head()?.into_iter().collect();
        tips.extend(self.resolve("refs/stash")?);
        let listed = self.local(&["for-each-ref", "--format=%(objectname)", "refs/heads/"])?;
        tips.extend(String::from_utf8_lossy(&listed).lines().map(str::to_owned));
        let mut unsaved: Vec<String> = Vec::new();
        for tip in tips {
            if !unsaved.contains(&tip) && self.count(&[&tip], &["--remotes"])? > 0 {
                unsaved.push(tip);
            }
        }
        Ok(unsaved)
    }
}

/// What git has begun, by the traces it leaves in its folder.
pub(crate) fn operation(git_dir: &Path) -> Option<Operation> {
    const TRACES: &[(&str, Operation)] = &[
        ("rebase-merge", Operation::Rebase),
        ("rebase-apply", Operation::Rebase),
        ("MERGE_HEAD", Operation::Merge),
        ("CHERRY_PICK_HEAD", Operation::CherryPick),
        ("REVERT_HEAD", Operation::Revert),
        ("BISECT_LOG", Operation::Bisect),
    ];
    let there = |name: &str| fs::symlink_metadata(git_dir.join(name)).is_ok();
    TRACES.iter().find(|(name, _)| there(name)).map(|&(_, operation)| operation)
}

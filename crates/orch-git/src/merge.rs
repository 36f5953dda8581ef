//! Merging a finished branch into the branch that is checked out, or leaving everything as it was.

use std::fs;
use std::path::{Path, PathBuf};

use crate::aside::Aside;
use crate::commit::text;
use crate::lock::{Backoff, Held};
use crate::obstacle::{Path as Name, in_the_way, shown};
use crate::program::Call;
use crate::state::{Operation, operation};
use crate::{BranchName, Git, GitError};

/// A message of more bytes than this is cut.
const LONGEST_MESSAGE: usize = 32 << 10;

/// So many files are named in a message.
const NAMED: usize = 10;

/// What became of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Everything on the branch was there already.
    Nothing,
    /// It was merged.
    Done {
        /// The id of the merge's commit, where the branch is now that it was merged into.
        commit: String,
    },
}

/// Why a branch was not merged. The work tree, its index and its branch are as they were, unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Both sides changed the same lines of these files.
    #[error("{branch} conflicts with {into} in {}: merge it by hand", listed(files))]
    Conflict {
        /// The branch that was to be merged.
        branch: BranchName,
        /// The branch that it was to be merged into. It may have any name that git accepts.
        into: String,
        /// The files, relative to the top of the work tree. Empty when it is not a file's content that conflicts.
        files: Vec<String>,
    },
    /// These files are in no commit, and the merge would change, replace or commit them: everything that is staged, and
    /// of the rest what the branch changes as well.
    #[error("not committed, and in the way of a merge: {}: commit or move them", listed(files))]
    WouldOverwrite {
        /// The files, relative to the top of the work tree.
        files: Vec<String>,
    },
    /// Somebody has begun something in the work tree.
    #[error("a {operation} is under way in {}: end it first", path.display())]
    UnderWay {
        /// What it is.
        operation: Operation,
        /// The work tree.
        path: PathBuf,
    },
    /// No branch is checked out that could be moved.
    #[error("no branch is checked out in {}: switch to one", path.display())]
    Detached {
        /// The work tree.
        path: PathBuf,
    },
    /// The branch that is checked out has no commit yet.
    #[error("nothing is committed yet in {}: make a first commit", path.display())]
    NoCommit {
        /// The work tree.
        path: PathBuf,
    },
    /// There is no such branch.
    #[error("there is no branch {branch}")]
    NoBranch {
        /// The branch.
        branch: BranchName,
    },
    /// The merge failed on its way, and what it had done could not be undone for certain. The work tree may be in the
    /// middle of it.
    #[error(
        "a merge of {branch} was interrupted in {} ({error}): look at `git status` there; `git merge --abort` puts it back",
        path.display()
    )]
    Interrupted {
        /// The branch that was to be merged.
        branch: BranchName,
        /// The work tree.
        path: PathBuf,
        /// Why it failed.
        error: GitError,
    },
    /// Git failed, or a hook refused.
    #[error(transparent)]
    Git(#[from] GitError),
}

fn listed(files: &[String]) -> String {
    if files.is_empty() {
        return "its folders".to_owned();
    }
    let named = files.iter().take(NAMED).map(|file| file.escape_debug().to_string());
    let mut listed = named.collect::<Vec<_>>().join(", ");
    if files.len() > NAMED {
        listed.push_str(&format!(" and {} more", files.len() - NAMED));
    }
    listed
}

/// What a merge will come to: the id of its tree, or the files that conflict.
type Foreseen = Result<String, Vec<Name>>;

impl Git {
    /// Merges `branch` into the branch that is checked out in this work tree, by a commit of its own with this message,
    /// also where the branch could simply be moved. The commit is the user's, or orch's where git knows no user; the
    /// hooks and the signature are as the user configured them.
    ///
    /// Changes that are in no commit stay where they are as long as the branch leaves their files alone, but nothing may
    /// be staged. Nothing is ever forced: not even a file that git ignores is replaced.
    ///
    /// # Errors
    /// [`MergeError`]. Conflicts and whatever is in the way are found before anything is touched (with a git older than
    /// 2.38, by merging in a work tree of its own). Only after [`Interrupted`](MergeError::Interrupted) the work tree
    /// may be in the middle of a merge.
    ///
    /// ```no_run
    /// use orch_git::{BranchName, Git, MergeError, Merged};
    ///
    /// let git = Git::at("/home/me/project");
    /// match git.merge(&BranchName::new("orch/m3")?, "Merge M3: Auth") {
    ///     Ok(Merged::Done { commit }) => println!("merged as {commit}"),
    ///     Ok(Merged::Nothing) => println!("nothing is new on it"),
    ///     Err(MergeError::Conflict { files, .. }) => println!("by hand, please: {files:?}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&self, branch: &BranchName, message: &str) -> Result<Merged, MergeError> {
        let path = self.top_level()?.ok_or_else(|| GitError::NotAWorktree { path: self.dir().to_owned() })?;
        let there = self.beside(&path);
        // A rebase takes the branch away for as long as it lasts.
        check_idle(&there.git_dir()?, &path)?;
        let into = there.checked_out()?.ok_or_else(|| MergeError::Detached { path: path.clone() })?;
        let common = there.common_dir()?;
        let lock = there.lock_head(&common, &into)?;
        there.merge_here(path, &into, branch, message, &common, &lock)
    }

    /// The same in the work tree at `path`, which is this folder and has the branch `into`, under the lock of that branch.
    pub(crate) fn merge_here(
        self,
        path: PathBuf,
        into: &str,
        branch: &BranchName,
        message: &str,
        common: &Path,
        lock: &Held,
    ) -> Result<Merged, MergeError> {
        let git_dir = self.git_dir()?;
        check_idle(&git_dir, &path)?;
        let head = self.head()?.ok_or_else(|| MergeError::NoCommit { path: path.clone() })?;
        let tip = self.tip_to_merge(branch)?;
        if self.is_ancestor(&tip, &head)? {
            return Ok(Merged::Nothing);
        }
        let unsaved = self.unsaved()?;
        if !unsaved.staged.is_empty() {
            return Err(MergeError::WouldOverwrite { files: shown(unsaved.staged) });
        }
        let tree = self.merged_tree(branch, into, &head, &tip, common, lock)?;
        let files = in_the_way(&self, &path, &unsaved, &self.changes_of(&head, &tree)?)?;
        if !files.is_empty() {
            return Err(MergeError::WouldOverwrite { files: shown(files) });
        }
        let merging = Merging { there: self, path, git_dir, branch, into, head, tip, tree };
        merging.run(message, lock)
    }

    /// The commit of a branch that is to be merged.
    pub(crate) fn tip_to_merge(&self, branch: &BranchName) -> Result<String, MergeError> {
        self.branch_tip(branch)?.ok_or_else(|| MergeError::NoBranch { branch: branch.clone() })
    }

    /// The tree that comes of merging `tip`, where `branch` is, into `head`, where `into` is, under the lock of `into`. No
    /// work tree but one of orch's own is touched.
    pub(crate) fn merged_tree(
        &self,
        branch: &BranchName,
        into: &str,
        head: &str,
        tip: &str,
        common: &Path,
        lock: &Held,
    ) -> Result<String, MergeError> {
        let tree = match self.foresee(head, tip)? {
            Some(foreseen) => foreseen,
            None => self.foresee_aside(into, head, tip, common, lock)?,
        };
        tree.map_err(|files| {
            let files = shown(without_sides(files, &[head, tip, "HEAD"]));
            MergeError::Conflict { branch: branch.clone(), into: into.to_owned(), files }
        })
    }

    /// What merging `tip` into `head` will come to; `None` when this git can't tell. Nothing but new objects comes into
    /// being.
    fn foresee(&self, head: &str, tip: &str) -> Result<Option<Foreseen>, GitError> {
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", head, tip];
        let (clean, said) = match self.answer(&Call::change(args).saying_no_with(1)) {
            Ok(answer) => answer,
            // A git older than 2.38, or histories that have nothing in common.
            Err(GitError::Failed { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut words = said.split(|&byte| byte == 0);
        let tree = words.next().map(text).unwrap_or_default();
        if tree.is_empty() || !tree.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let files = words.filter(|name| !name.is_empty()).map(<[u8]>::to_vec);
        Ok(Some(if clean { Ok(tree) } else { Err(files.collect()) }))
    }

    /// The same, found by merging in a work tree of its own, under the lock of the branch `into`.
    fn foresee_aside(
        &self,
        into: &str,
        head: &str,
        tip: &str,
        common: &Path,
        lock: &Held,
    ) -> Result<Foreseen, GitError> {
        let aside = Aside::new(self, common, "merge", into, head, lock)?;
        let there = self.beside(aside.path());
        let merge = Call::change(["merge", "--quiet", "--no-ff", "--no-commit", "--no-squash", "--", tip]);
        let call = there.with_author(settled(merge))?.holding(lock).map_err(GitError::io(aside.path()))?;
        match there.change(&call) {
            Ok(_) => Ok(Ok(text(&there.call(&Call::change(["write-tree"]))?))),
            Err(error @ GitError::Failed { .. }) => match there.unsaved()?.conflicts {
                files if files.is_empty() => Err(error),
                files => Ok(Err(files)),
            },
            Err(error) => Err(error),
        }
    }

    /// Like [`change`](Self::change), also for a git that does not say that a lock was in its way: a merge first puts the
    /// user's changes aside, and fails there.
    fn change_at(&self, call: &Call, git_dir: &Path) -> Result<Vec<u8>, GitError> {
        let mut backoff = Backoff::new(self.patience());
        loop {
            match self.change(call) {
                Err(GitError::Failed { args, code, stderr }) if stderr.contains("could not write index") => {
                    if backoff.wait() {
                        continue;
                    }
                    let path = git_dir.join("index.lock");
                    let is_locked = fs::symlink_metadata(&path).is_ok();
                    return Err(if is_locked {
                        GitError::LockHeld { path }
                    } else {
                        GitError::Failed { args, code, stderr }
                    });
                }
                other => return other,
            }
        }
    }
}

/// A merge that may begin.
struct Merging<'b> {
    there: Git,
    path: PathBuf,
    git_dir: PathBuf,
    branch: &'b BranchName,
    /// The branch that is checked out.
    into: &'b str,
    head: String,
    tip: String,
    /// The tree that comes of it.
    tree: String,
}

impl Merging<'_> {
    fn run(self, message: &str, lock: &Held) -> Result<Merged, MergeError> {
        let message = fit(message, self.branch);
        let mut args = vec!["merge", "--no-ff", "--commit", "--no-squash", "--no-edit", "--no-autostash"];
        args.extend(["--no-stat", "--no-progress", "--no-log", "--no-rerere-autoupdate"]);
        args.extend(["--cleanup=whitespace", "-m", &message, "--", &self.tip]);
        let call = Call::new(args)
            .config("maintenance.auto=false")
            .config("gc.auto=0")
            .env("GIT_MERGE_AUTOEDIT", "no")
            .env("GIT_REFLOG_ACTION", format!("merge {}", self.branch))
            // A signature by ssh would ask for a passphrase on the terminal: this program answers at once, with nothing.
            .env("SSH_ASKPASS", "false")
            .env("SSH_ASKPASS_REQUIRE", "force");
        let call = self.there.with_author(settled(call))?.holding(lock).map_err(GitError::io(&self.path))?;
        match self.there.change_at(&call, &self.git_dir) {
            Ok(_) => self.done()?.ok_or_else(|| MergeError::NoCommit { path: self.path.clone() }),
            Err(error) => self.after(error),
        }
    }

    /// The merge, when what is checked out is it.
    fn done(&self) -> Result<Option<Merged>, GitError> {
        let Some(commit) = self.there.head()?.filter(|head| *head != self.head) else { return Ok(None) };
        let parents = self.there.local(&["rev-parse", &format!("{commit}^@")])?;
        let parents = text(&parents);
        let is_it = parents.lines().eq([self.head.as_str(), self.tip.as_str()]);
        Ok(is_it.then_some(Merged::Done { commit }))
    }

    /// What a git that failed left behind, put back as it was.
    fn after(self, error: GitError) -> Result<Merged, MergeError> {
        // A hook that comes after the merge may have used up the time.
        if let Some(done) = self.done()? {
            if operation(&self.git_dir) == Some(Operation::Merge) {
                self.there.change(&Call::change(["merge", "--quit"]))?;
            }
            return Ok(done);
        }
        let conflicts = self.there.unsaved()?.conflicts;
        match self.undo() {
            Ok(true) => {}
            Ok(false) | Err(_) => {
                let (branch, path) = (self.branch.clone(), self.path);
                return Err(MergeError::Interrupted { branch, path, error });
            }
        }
        if !conflicts.is_empty() {
            let files = shown(without_sides(conflicts, &["HEAD", &self.tip]));
            let (branch, into) = (self.branch.clone(), self.into.to_owned());
            return Err(MergeError::Conflict { branch, into, files });
        }
        match &error {
            GitError::Failed { stderr, .. } => match would_be_lost(stderr) {
                files if files.is_empty() => Err(error.into()),
                files => Err(MergeError::WouldOverwrite { files }),
            },
            _ => Err(error.into()),
        }
    }

    /// Takes the merge back; whether everything is as it was. Nothing was staged before it, so whatever is now is of the
    /// merge; and git itself refuses where a file was changed beside it.
    fn undo(&self) -> Result<bool, GitError> {
        let there = &self.there;
        if operation(&self.git_dir) == Some(Operation::Merge) {
            there.change(&Call::change(["merge", "--abort"]).config("submodule.recurse=false"))?;
        } else if self.is_staged()? {
            // It was ended before git had noted that a merge is under way. This is what aborting one does.
            let call = Call::change(["reset", "--quiet", "--merge", &self.head]);
            there.change(&call.config("submodule.recurse=false"))?;
        }
        let unsaved = there.unsaved()?;
        // None of what the merge changes had been changed before.
        let changes = there.changes_of(&self.head, &self.tree)?;
        Ok(operation(&self.git_dir).is_none()
            && there.head()?.as_ref() == Some(&self.head)
            && unsaved.staged.is_empty()
            && in_the_way(there, &self.path, &unsaved, &changes)?.is_empty())
    }

    /// Whether the index holds the merge and nothing else.
    fn is_staged(&self) -> Result<bool, GitError> {
        match self.there.call(&Call::change(["write-tree"])) {
            Ok(index) => Ok(text(&index) == self.tree),
            // An index with conflicts makes no tree.
            Err(GitError::Failed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Nobody else may have begun anything in the work tree.
fn check_idle(git_dir: &Path, path: &Path) -> Result<(), MergeError> {
    match operation(git_dir) {
        Some(operation) => Err(MergeError::UnderWay { operation, path: path.to_owned() }),
        None => Ok(()),
    }
}

/// A merge without what the user's settings would add to it.
fn settled(call: Call) -> Call {
    // What was resolved once may be wrong this time; nobody looks at it here.
    call.config("submodule.recurse=false").config("rerere.enabled=false")
}

/// The files without what git adds to the names of those that would be a file and a folder at once (`new~HEAD`).
fn without_sides(files: Vec<Name>, sides: &[&str]) -> Vec<Name> {
    let plain = |file: &Name| {
        let name = sides.iter().find_map(|side| file.strip_suffix(format!("~{side}").as_bytes()));
        name.map(<[u8]>::to_vec)
    };
    files.into_iter().map(|file| plain(&file).unwrap_or(file)).collect()
}

/// The message as git can take it, or git's own where it says nothing. It ends with a line end, so that a hook may add lines.
pub(crate) fn fit(message: &str, branch: &BranchName) -> String {
    let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut message: String = message.chars().filter(shown).collect();
    let end = (0..=LONGEST_MESSAGE.min(message.len())).rev().find(|&end| message.is_char_boundary(end));
    message.truncate(end.unwrap_or_default());
    if message.trim().is_empty() {
        message = format!("Merge branch '{branch}'");
    }
    message.push('\n');
    message
}

/// The files that git said it would have to overwrite.
fn would_be_lost(stderr: &str) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    let mut is_list = false;
    for line in stderr.lines() {
        match line.strip_prefix('\t') {
            Some(file) if is_list => files.push(file.to_owned()),
            _ => {
                is_list = line.contains("would be overwritten by merge")
                    || line.contains("would be removed by merge")
                    || line.contains("would lose untracked files in");
            }
        }
    }
    files
}

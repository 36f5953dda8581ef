//! Keeping what is in a work tree before it goes.
//!
//! A rescue is a commit with everything that was there, under a reference that nothing deletes:
//! `refs/orch/rescue/<name>/<number>`. To get it back, in a work tree or on a branch of its own:
//!
//! ```text
//! git worktree add ../back refs/orch/rescue/w-01/1
//! git switch -c back refs/orch/rescue/w-01/1
//! ```
//!
//! Its first parent is the commit that was checked out. What was staged, where it differs from both, is its next
//! parent, and so are the commits that a merge or cherry-pick under way was about to take.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::commit::text;
use crate::program::Call;
use crate::{BranchName, Git, GitError};

/// Where rescues are.
const RESCUES: &str = "refs/orch/rescue";

/// Where a submodule keeps its rescue until the outer repository has it.
const OUTGOING: &str = "refs/orch/outgoing";

/// How often a free number is looked for while others take them.
const TRIES: usize = 100;

/// What was rescued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescued {
    /// The full name to get it back by, such as `refs/orch/rescue/w-01/1`.
    pub reference: String,
    /// The commit it names.
    pub commit: String,
    /// The folder it was in: empty for the work tree itself, else that of a submodule.
    pub inside: PathBuf,
    /// Whether there was anything beyond the commit that was checked out. If not, that commit is named.
    pub beyond_head: bool,
}

/// A rescue as the repository has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescue {
    /// Its full name, such as `refs/orch/rescue/w-01/1`.
    pub reference: String,
    /// The name it was made under, such as `w-01`.
    pub name: String,
    /// Its number among those of that name.
    pub number: u64,
    /// The commit.
    pub commit: String,
    /// When the commit was made, in seconds since 1970 (UTC).
    pub time: i64,
    /// The first line of the commit's message.
    pub subject: String,
}

/// Everything in a work tree, as a commit that nothing names yet.
struct Snapshot {
    commit: String,
    beyond_head: bool,
}

/// An index for one snapshot, gone with it.
struct TemporaryIndex(PathBuf);

impl TemporaryIndex {
    fn copied_from(git_dir: &Path) -> Result<Self, GitError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Beside the original, since a split index names its other half relative to itself.
        let index = Self(git_dir.join(format!("orch-rescue-{}-{number}.index", process::id())));
        let original = git_dir.join("index");
        match fs::copy(&original, &index.0) {
            Ok(_) => Ok(index),
            // Nothing was ever staged.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(index),
            Err(error) => Err(GitError::io(&original)(error)),
        }
    }

    fn call(&self, args: &[&str]) -> Call {
        Call::change(args).env("GIT_INDEX_FILE", self.0.as_os_str())
    }
}

impl Drop for TemporaryIndex {
    fn drop(&mut self) {
        // It may never have been written.
        let _ = fs::remove_file(&self.0);
    }
}

impl Git {
    /// Keeps everything in the work tree at `path` as a commit: `HEAD`, what is staged, changed tracked files, and
    /// untracked files that are not ignored; also, each under a number of its own, the submodules with changes or
    /// commits that no remote is known to have. Neither the work tree nor its index is touched.
    ///
    /// The first rescue returned is that of the work tree itself. Repositories inside that are not submodules are
    /// not kept, [`worktree_state`](Git::worktree_state) tells of them; nor are changes that the user told git not to
    /// look at (`git update-index --assume-unchanged`).
    ///
    /// # Errors
    /// When the folder is no work tree, a file can't be read, or git is missing or refuses.
    pub fn rescue(&self, path: &Path, name: &BranchName) -> Result<Vec<Rescued>, GitError> {
        let there = self.worktree(path)?;
        let mut rescued = Vec::new();
        there.rescue_submodules(Path::new(""), name, &there, &mut rescued)?;
        let folder = there.dir().file_name().unwrap_or_default().to_string_lossy();
        let snapshot = there.snapshot(&format!("Rescued from {folder}"), &[])?;
        let reference = there.keep(RESCUES, name, &snapshot.commit)?;
        let Snapshot { commit, beyond_head } = snapshot;
        rescued.insert(0, Rescued { reference, commit, inside: PathBuf::new(), beyond_head });
        Ok(rescued)
    }

    /// Keeps a commit that nothing else names.
    pub(crate) fn rescue_commit(&self, name: &BranchName, commit: &str) -> Result<Rescued, GitError> {
        let reference = self.keep(RESCUES, name, commit)?;
        Ok(Rescued { reference, commit: commit.to_owned(), inside: PathBuf::new(), beyond_head: false })
    }

    /// The rescues of the repository, by name and number.
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look.
    pub fn rescues(&self) -> Result<Vec<Rescue>, GitError> {
        let format = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:subject)";
        let listed = self.local(&["for-each-ref", format, &format!("{RESCUES}/")])?;
        let mut rescues: Vec<Rescue> = String::from_utf8_lossy(&listed).lines().filter_map(rescue).collect();
        rescues.sort_by(|a, b| (&a.name, a.number).cmp(&(&b.name, b.number)));
        Ok(rescues)
    }

    fn rescue_submodules(
        &self,
        prefix: &Path,
        name: &BranchName,
        outermost: &Git,
        rescued: &mut Vec<Rescued>,
    ) -> Result<(), GitError> {
        for (path, there) in self.submodules()? {
            let inside = prefix.join(path);
            let tips = there.unsaved_tips()?;
            if there.is_dirty()? || !tips.is_empty() {
                let snapshot =
                    there.snapshot(&format!("Rescued from the submodule {}", inside.display()), &tips)?;
                let Snapshot { commit, beyond_head } = snapshot;
                there.change(&Call::change(["update-ref", OUTGOING, &commit]))?;
                let fetch =
                    ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
                let call = Call::change(fetch).arg("--").arg(there.dir()).arg(OUTGOING);
                outermost.change(&call)?;
                let reference = outermost.keep(RESCUES, name, &commit)?;
                there.change(&Call::change(["update-ref", "-d", OUTGOING]))?;
                rescued.push(Rescued { reference, commit, inside: inside.clone(), beyond_head });
            }
            there.rescue_submodules(&inside, name, outermost, rescued)?;
        }
        Ok(())
    }

    /// Everything in this work tree as a commit. The commits `beside` are among its parents.
    fn snapshot(&self, message: &str, beside: &[String]) -> Result<Snapshot, GitError> {
        let head = self.head()?;
        let tree_of =
            |commit: &str| self.local(&["rev-parse", &format!("{commit}^{{tree}}")]).map(|id| text(&id));
        let index = TemporaryIndex::copied_from(&self.git_dir()?)?;
        let top = self.beside(crate::commit::path_from(self.local(&["rev-parse", "--show-toplevel"])?));
        let staged = if index.0.exists() {
            match top.change(&index.call(&["write-tree"])) {
                Ok(tree) => Some(text(&tree)),
                // An index with conflicts is no tree; the files with the marks in them are taken below.
                Err(GitError::Failed { .. }) => None,
                Err(error) => return Err(error),
            }
        } else {
            None
        };
        let add = index.call(&["add", "--all", "--no-ignore-errors", "--", ":/"]);
        top.change(&add.config("core.safecrlf=false").config("advice.addEmbeddedRepo=false"))?;
        let whole = text(&top.change(&index.call(&["write-tree"]))?);
        let before = head.as_deref().map(tree_of).transpose()?;

        let mut parents: Vec<String> = head.iter().cloned().collect();
        if let Some(staged) = staged.filter(|staged| Some(staged) != before.as_ref() && *staged != whole) {
            parents.push(self.commit_tree(&staged, &parents, "What was staged")?);
        }
        for under_way in ["MERGE_HEAD", "CHERRY_PICK_HEAD"] {
            parents.extend(self.resolve(under_way)?);
        }
        parents.extend(beside.iter().cloned());
        let mut unique: Vec<String> = Vec::new();
        parents.retain(|parent| {
            let new = !unique.contains(parent);
            unique.push(parent.clone());
            new
        });
        match head {
            Some(commit) if Some(&whole) == before.as_ref() && parents.len() == 1 => {
                Ok(Snapshot { commit, beyond_head: false })
            }
            _ => Ok(Snapshot { commit: self.commit_tree(&whole, &parents, message)?, beyond_head: true }),
        }
    }

    fn commit_tree(&self, tree: &str, parents: &[String], message: &str) -> Result<String, GitError> {
        let mut call = Call::change(["commit-tree", "--no-gpg-sign", "-m", message]);
        for parent in parents {
            call = call.arg("-p").arg(parent);
        }
        let call = self.with_author(call.arg(tree))?;
        self.change(&call).map(|id| text(&id))
    }

    /// Names the commit `<folder>/<name>/<number>` with the next free number.
    pub(crate) fn keep(&self, folder: &str, name: &BranchName, commit: &str) -> Result<String, GitError> {
        let name = flat(name);
        let mut tries = 0;
        loop {
            let number = self.highest(&format!("{folder}/{name}/"))? + 1;
            let reference = format!("{folder}/{name}/{number}");
            // The empty word: only if it does not exist yet.
            match self.change(&Call::change(["update-ref", &reference, commit, ""])) {
                Ok(_) => return Ok(reference),
                // Another orch took the number in between.
                Err(GitError::Failed { .. }) if tries < TRIES && self.resolve(&reference)?.is_some() => {
                    tries += 1
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn highest(&self, folder: &str) -> Result<u64, GitError> {
        let listed = self.local(&["for-each-ref", "--format=%(refname)", folder])?;
        let listed = String::from_utf8_lossy(&listed);
        let number = |reference: &str| reference.strip_prefix(folder)?.parse().ok();
        Ok(listed.lines().filter_map(number).max().unwrap_or(0))
    }
}

/// The name as a folder of numbers. A part that is a number could be the number of a shorter name, and git can't keep
/// `a/1` beside `a/1/b`; such a name becomes one part.
fn flat(name: &BranchName) -> String {
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.as_str();
    if name.split('/').skip(1).any(numeric) { name.replace('/', "+") } else { name.to_owned() }
}

fn rescue(line: &str) -> Option<Rescue> {
    let mut fields = line.splitn(4, '\0');
    let reference = fields.next()?.to_owned();
    let (name, number) = reference.strip_prefix(RESCUES)?.strip_prefix('/')?.rsplit_once('/')?;
    Some(Rescue {
        name: name.to_owned(),
        number: number.parse().ok()?,
        commit: fields.next()?.to_owned(),
        time: fields.next()?.parse().ok()?,
        subject: fields.next().unwrap_or_default().to_owned(),
        reference,
    })
}

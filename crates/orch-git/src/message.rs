//! What the commits of a branch say, in full.
//!
//! ```no_run
//! use orch_git::{BranchName, Bounds, Git};
//!
//! let git = Git::at("/home/me/project");
//! if let Some(tip) = git.branch_tip(&BranchName::new("task/001-user-model")?)? {
//!     let told = git.messages(Some("flow"), &tip, Bounds::default())?;
//!     println!("begun with {:?}", told.commits.first().map(|commit| commit.text()));
//!     println!("last said {:?}", told.commits.last().map(|commit| commit.text()));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;

use crate::program::Call;
use crate::{Git, GitError};

/// One commit: its id, its parents, when it was written, and all that it says. Each ended by a NUL, which no message has.
const FORMAT: &str = "--format=%H%x00%P%x00%at%x00%B%x00";

/// A commit and all that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMessage {
    /// Its full id.
    pub id: String,
    /// The ids of its parents. What a merge brought in is the second one.
    pub parents: Vec<String>,
    /// When it was written, in seconds since 1970 (UTC), by its author's clock.
    pub time: i64,
    /// The message as it was written. Where the commit says that it is in another encoding, it is turned into UTF-8; what
    /// comes after a NUL, which only a commit made by hand can have, is left out.
    pub message: Vec<u8>,
}

impl CommitMessage {
    /// The message as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.message)
    }
}

/// How much of a history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many commits.
    pub commits: usize,
    /// So many bytes of all that git tells of them.
    pub bytes: u64,
}

/// 100,000 commits and 64 MiB.
impl Default for Bounds {
    fn default() -> Self {
        Self { commits: 100_000, bytes: 64 << 20 }
    }
}

/// Commits and what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// The oldest first.
    pub commits: Vec<CommitMessage>,
    /// Whether older ones were left out because of the [`Bounds`].
    pub cut: bool,
}

/// Which commits are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    /// Those made on the branch itself.
    FirstParents,
    /// Of those, the merges.
    Merges,
    /// All that the branch has.
    Everything,
}

impl Walk {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::FirstParents => &["--first-parent"],
            Self::Merges => &["--first-parent", "--merges"],
            Self::Everything => &["--topo-order"],
        }
    }
}

impl Git {
    /// The commits made on the branch that ends with `tip` which are not in `base`, and what they say: the first parents
    /// of `tip`, not what was merged into them. The one that began the branch is the first, `tip` is the last.
    ///
    /// Once the branch is merged into `base`, there are none: see [`find_on`](Self::find_on), or give the
    /// [recorded base](Git::recorded_base) instead.
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look; [`GitError::Failed`] when one of them
    /// is no commit.
    pub fn messages(&self, base: Option<&str>, tip: &str, bounds: Bounds) -> Result<Messages, GitError> {
        self.walk(Walk::FirstParents, base, tip, bounds)
    }

    /// The merges made on the branch that ends with `tip` since a commit, and what they say.
    ///
    /// # Errors
    /// Those of [`messages`](Self::messages).
    pub fn merges(&self, since: Option<&str>, tip: &str, bounds: Bounds) -> Result<Messages, GitError> {
        self.walk(Walk::Merges, since, tip, bounds)
    }

    /// All commits of `tip` that are not in `since`, what was merged among them, and what they say; none comes before its
    /// parents.
    ///
    /// # Errors
    /// Those of [`messages`](Self::messages).
    pub fn all_messages(&self, since: Option<&str>, tip: &str, bounds: Bounds) -> Result<Messages, GitError> {
        self.walk(Walk::Everything, since, tip, bounds)
    }

    /// The newest commit that `fits`, looked for from `tip` downwards: among the commits made on the branch itself, and
    /// if there is none, among all that it has. It finds the commit that began a branch wherever the base has gone since,
    /// whether the branch was merged, or even moved on to what it was merged into.
    ///
    /// The bounds hold for each of the two searches; a message that is longer than `bounds.bytes` ends one. As git is asked
    /// for few commits first, a commit close to `tip` is found at once, however long the history is.
    ///
    /// ```no_run
    /// # use orch_git::{Bounds, Git};
    /// # let (git, tip) = (Git::at("/home/me/project"), "");
    /// let is_first = |text: &str| text.starts_with("Initialize task/001-user-model\n");
    /// let began = git.find_on(tip, Bounds::default(), |commit| is_first(&commit.text()))?;
    /// # Ok::<(), orch_git::GitError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`messages`](Self::messages).
    pub fn find_on(
        &self,
        tip: &str,
        bounds: Bounds,
        mut fits: impl FnMut(&CommitMessage) -> bool,
    ) -> Result<Option<CommitMessage>, GitError> {
        for walk in [Walk::FirstParents, Walk::Everything] {
            let (mut seen, mut next) = (0, 1);
            while seen < bounds.commits {
                let asked = next.min(bounds.commits - seen);
                let told = self.newest_first(walk, None, tip, seen, asked, bounds.bytes)?;
                let ended = told.commits.len() < asked && !told.cut;
                seen += told.commits.len();
                let stuck = told.commits.is_empty();
                if let Some(found) = told.commits.into_iter().find(&mut fits) {
                    return Ok(Some(found));
                }
                if ended || stuck {
                    break;
                }
                next = asked.saturating_mul(8);
            }
        }
        Ok(None)
    }

    /// What each of these commits says, by full ids and in no order. What is left out after `bytes`, of all that git tells
    /// of them, is cut.
    ///
    /// # Errors
    /// Those of [`messages`](Self::messages).
    pub fn messages_of(&self, commits: &[&str], bytes: u64) -> Result<Messages, GitError> {
        if commits.is_empty() {
            return Ok(Messages::default());
        }
        let args =
            ["rev-list", "--no-walk=unsorted", "--no-commit-header", "--encoding=UTF-8", FORMAT, "--stdin"];
        let call = Call::new(args).reading(format!("{}\n", commits.join("\n")).into_bytes());
        let told = self.call(&call.keeping(bytes).offline())?;
        Ok(Messages { commits: read(&told), cut: told.len() as u64 >= bytes })
    }

    fn walk(&self, walk: Walk, base: Option<&str>, tip: &str, bounds: Bounds) -> Result<Messages, GitError> {
        // One more tells whether there are more.
        let asked = bounds.commits.saturating_add(1);
        let mut told = self.newest_first(walk, base, tip, 0, asked, bounds.bytes)?;
        if told.commits.len() > bounds.commits {
            told.commits.truncate(bounds.commits);
            told.cut = true;
        }
        told.commits.reverse();
        Ok(told)
    }

    /// The newest come first, so that what is cut is always the oldest.
    fn newest_first(
        &self,
        walk: Walk,
        base: Option<&str>,
        tip: &str,
        skip: usize,
        count: usize,
        bytes: u64,
    ) -> Result<Messages, GitError> {
        let (skip, count) = (format!("--skip={skip}"), format!("--max-count={count}"));
        let options = ["rev-list", "--no-commit-header", "--encoding=UTF-8", FORMAT, &skip, &count];
        let mut call = Call::new(options.iter().chain(walk.options())).arg("--end-of-options").arg(tip);
        if let Some(base) = base {
            call = call.arg(format!("^{base}"));
        }
        let told = self.call(&call.arg("--").keeping(bytes).offline())?;
        Ok(Messages { commits: read(&told), cut: told.len() as u64 >= bytes })
    }
}

/// Reads what git tells of commits; one that is not there to its end is left out.
fn read(mut told: &[u8]) -> Vec<CommitMessage> {
    std::iter::from_fn(|| {
        let [id, parents, time] = [(); 3].map(|()| word(&mut told).map(|word| String::from_utf8_lossy(word)));
        let message = word(&mut told)?.to_vec();
        Some(CommitMessage {
            // The line of the commit before it ends only here.
            id: id?.trim().to_owned(),
            parents: parents?.split_whitespace().map(str::to_owned).collect(),
            time: time?.parse().unwrap_or_default(),
            message,
        })
    })
    .collect()
}

/// What comes before the next NUL, which is taken as well.
fn word<'a>(told: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = told.iter().position(|&byte| byte == 0)?;
    let (word, rest) = told.split_at(end);
    *told = &rest[1..];
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_as_far_as_they_are_there() {
        let commit = |id: &str, parents: &[&str], time, message: &[u8]| CommitMessage {
            id: id.to_owned(),
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
            time,
            message: message.to_vec(),
        };
        let lines: [&[u8]; 3] =
            [b"a1\0b2 c3\x001700000000\0\n\nMerge\r\n\xff\0\n", b"b2\0\0-1\0\0\n", b"c3\0\0no time\0x\0\n"];
        let all = [
            commit("a1", &["b2", "c3"], 1_700_000_000, b"\n\nMerge\r\n\xff"),
            commit("b2", &[], -1, b""),
            commit("c3", &[], 0, b"x"),
        ];
        let told = lines.concat();
        for length in 0..=told.len() {
            // The end of its line is not needed.
            let ends = (1..=lines.len()).map(|count| lines[..count].concat().len() - 1);
            let complete = ends.filter(|end| length >= *end).count();
            assert_eq!(read(&told[..length]), all[..complete], "{length}");
        }
    }
}

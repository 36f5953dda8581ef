//! The work tree that an attempt was given. It is written down with the attempt: the next one may be given another.

use std::fs;
use std::io;

use orch_store::{Home, replace_private};

const ONLY_MERGES: &str = "only merges";

/// Where an attempt works when it has a work tree of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// The name of the work tree.
    pub(super) worktree: String,
    /// The branch in it.
    pub(super) branch: String,
    /// Which filling of gaps it is, if it is one.
    pub(super) gap: Option<u32>,
    /// It only merges what an earlier attempt has done, which the document knows of.
    pub(super) only_merges: bool,
}

impl Assigned {
    /// What was written down of an attempt; none when it has no work tree of its own.
    pub(super) fn read(home: &Home, id: &str, attempt: u32) -> Option<Self> {
        let text = fs::read_to_string(home.status(id, attempt)).ok()?;
        let mut lines = text.lines();
        let (worktree, branch) = (lines.next()?.to_owned(), lines.next()?.to_owned());
        let gap = lines.next().and_then(|gap| gap.parse().ok());
        Some(Self { worktree, branch, gap, only_merges: lines.next() == Some(ONLY_MERGES) })
    }

    /// Writes it down for an attempt.
    pub(super) fn write(&self, home: &Home, id: &str, attempt: u32) -> io::Result<()> {
        let gap = self.gap.map(|gap| gap.to_string()).unwrap_or_default();
        let only_merges = if self.only_merges { ONLY_MERGES } else { "" };
        let text = format!("{}\n{}\n{gap}\n{only_merges}\n", self.worktree, self.branch);
        replace_private(&home.status(id, attempt), text.as_bytes()).map_err(io::Error::other)
    }
}

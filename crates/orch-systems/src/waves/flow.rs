//! Where `flow` is known to be while a run goes on: somebody may move it back, and with it what was merged.

use std::cell::{Cell, RefCell};

use orch_git::{Git, GitError};
use orch_state_git::FLOW;

/// Where `flow` is, as far as the run knows.
pub(super) struct Flow {
    known: RefCell<String>,
    was_moved_back: Cell<bool>,
    /// It was moved back, and nobody was told yet.
    is_news: Cell<bool>,
}

impl Flow {
    pub(super) fn at(commit: &str) -> Self {
        Self {
            known: RefCell::new(commit.to_owned()),
            was_moved_back: Cell::new(false),
            is_news: Cell::new(false),
        }
    }

    /// Takes note that it is at `commit` now. Git is asked only where that is not where it was left.
    pub(super) fn look(&self, git: &Git, commit: &str) -> Result<(), GitError> {
        let known = self.known.replace(commit.to_owned());
        if known != commit && !git.is_ancestor(&known, commit)? {
            self.was_moved_back.set(true);
            self.is_news.set(true);
        }
        Ok(())
    }

    /// Takes note that the run itself has moved it on to `commit`.
    pub(super) fn moved_on(&self, commit: &str) {
        commit.clone_into(&mut self.known.borrow_mut());
    }

    pub(super) fn was_moved_back(&self) -> bool {
        self.was_moved_back.get()
    }

    /// Whether it was moved back since this was last asked.
    pub(super) fn is_moved_back_anew(&self) -> bool {
        self.is_news.take()
    }
}

/// What is said of tasks whose work was on `flow` and is not any more; nothing where there are none.
pub(super) fn said_of_lost(lost: &[String]) -> Option<String> {
    let named = lost.join(", ");
    (!lost.is_empty()).then(|| {
        format!(
            "`{FLOW}` was moved back, and what was done for {named} is not on it any more: bring `{FLOW}` back to where it was \
             (`git reflog {FLOW}`), or `orch retry {}`",
            lost.join(" ")
        )
    })
}

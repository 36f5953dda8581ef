//! What a worker has committed on no branch, brought onto the one that it was given.

use std::path::Path;

use orch_git::{BranchName, CommitError, Git, GitError};

/// Has `branch` checked out in `worktree`, in which none is, and keeps what was committed there: on the branch, where that is
/// what it was made on top of; else under a ref. What to say of it, if there was anything.
///
/// Where git has begun something there, as a rebase, all stays as it is. What is not committed stays in the folder.
///
/// # Errors
/// When git fails, also when the branch can't be checked out without a loss; what was committed is kept then, and where is said.
pub(crate) fn onto_branch(
    root: &Git,
    worktree: &Path,
    branch: &BranchName,
) -> Result<Option<String>, String> {
    let Gathered::For(said) = gather(root, worktree, branch).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    Git::at(worktree).switch(branch).map_err(|error| match &said {
        Some(said) => format!("{error}; {said}"),
        None => error.to_string(),
    })?;
    Ok(said)
}

/// What was done with the commits of a work tree on no branch.
enum Gathered {
    /// Nothing: it is on a branch, or something is under way there.
    Not,
    /// None is lost when a branch is checked out there; what to say of that.
    For(Option<String>),
}

fn gather(root: &Git, worktree: &Path, branch: &BranchName) -> Result<Gathered, GitError> {
    let (state, tip) = (root.worktree_state(worktree, &[])?, root.branch_tip(branch)?);
    let (Some(head), Some(tip)) = (state.head, tip) else { return Ok(Gathered::Not) };
    if state.branch.is_some() || state.operation.is_some() {
        return Ok(Gathered::Not);
    }
    let at = head.get(..9).unwrap_or(&head);
    Ok(Gathered::For(if root.is_ancestor(&head, &tip)? {
        None
    } else if root.is_ancestor(&tip, &head)? && advanced(root, branch, &tip, &head)? {
        Some(format!("what its worker had committed on no branch ({at}) is on {branch} now"))
    } else {
        let kept = root.rescue(worktree, branch)?;
        let kept = kept.first().map(|kept| kept.reference.as_str()).unwrap_or_default();
        Some(format!(
            "what its worker had committed on no branch ({at}) does not go on from {branch}, and is kept as {kept}: \
             `git merge {kept}` on that branch brings it in"
        ))
    }))
}

/// Whether the branch was moved on, rather than moved elsewhere by somebody else meanwhile.
fn advanced(root: &Git, branch: &BranchName, tip: &str, to: &str) -> Result<bool, GitError> {
    match root.advance_branch(branch, tip, to) {
        Ok(()) => Ok(true),
        Err(CommitError::Git(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

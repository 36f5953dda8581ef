//! Which branches of a stack have to move, and where to.

use crate::{BranchName, Git, GitError};

/// A branch that builds on another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stacked {
    /// The branch.
    pub branch: BranchName,
    /// The branch it was cut from.
    pub base: BranchName,
}

/// Why a branch has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its base has commits that it has not.
    BaseMoved,
    /// Its base moves in an earlier step.
    BaseRestacked,
    /// Its base has arrived in the default branch.
    BaseMerged,
    /// Its base is gone, and what it had has arrived in the default branch.
    BaseGone,
}

/// One branch to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestackStep {
    /// The branch.
    pub branch: BranchName,
    /// Where it was when this was planned.
    pub tip: String,
    /// The branch it is put on, at wherever that is when the step is taken.
    pub onto: BranchName,
    /// Whether `onto` is the default branch; then what `origin` has of it counts as well.
    pub onto_default: bool,
    /// The commit it builds on so far: only those after it are its own.
    pub from: String,
    /// Why.
    pub reason: Reason,
}

/// What has to be done to a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestackPlan {
    /// The steps, in the order in which they have to be taken. Once one fails, those with
    /// [`BaseRestacked`](Reason::BaseRestacked) after it are out of date.
    pub steps: Vec<RestackStep>,
    /// The branches whose base is gone without a trace of it in the default branch. Somebody has to say where they
    /// belong.
    pub stuck: Vec<Stacked>,
}

impl Git {
    /// Which branches of a stack have to be rebased, after branches below them were merged (also by squash), deleted
    /// or changed. The stack lists every branch after its base. Branches that do not exist yet, and those that have
    /// arrived in the default branch themselves, are left out.
    ///
    /// Nothing is asked of a remote: [`fetch`](Git::fetch) first.
    ///
    /// ```no_run
    /// use orch_git::{BranchName, Git, Stacked};
    ///
    /// let git = Git::at("/home/me/project");
    /// let main = BranchName::new("main")?;
    /// let stack = [
    ///     Stacked { branch: BranchName::new("feature/schema")?, base: main.clone() },
    ///     Stacked { branch: BranchName::new("feature/api")?, base: BranchName::new("feature/schema")? },
    /// ];
    /// for step in git.plan_restack(&stack, &main)?.steps {
    ///     let moved = git.restack_one(&step)?;
    ///     println!("{}: {} -> {}", step.branch, moved.old_tip, moved.new_tip);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look. Without the default branch nothing
    /// can be told, and the plan is empty.
    pub fn plan_restack(&self, stack: &[Stacked], default: &BranchName) -> Result<RestackPlan, GitError> {
        let mut plan = RestackPlan::default();
        let Some(trunk) = self.newest_tip(default)? else { return Ok(plan) };
        for stacked in stack {
            let Stacked { branch, base } = stacked;
            let Some(tip) = self.branch_tip(branch)? else { continue };
            let cut_from = match self.recorded_base(branch)? {
                Some(commit) if self.is_ancestor(&commit, &tip)? => Some(commit),
                _ => None,
            };
            let base_tip = if base == default { Some(trunk.clone()) } else { self.nearest_tip(base)? };
            let arrived = |commit: &str| self.contains(&trunk, commit, self.recorded_base(base)?.as_deref());
            let (onto, onto_tip, reason) = match (&base_tip, &cut_from) {
                (Some(_), _) if base == default => (default, &trunk, Reason::BaseMoved),
                (Some(base_tip), _) if arrived(base_tip)? => (default, &trunk, Reason::BaseMerged),
                (Some(base_tip), _) => (base, base_tip, Reason::BaseMoved),
                (None, Some(commit)) if arrived(commit)? => (default, &trunk, Reason::BaseGone),
                (None, _) => {
                    plan.stuck.push(stacked.clone());
                    continue;
                }
            };
            let below = [cut_from.as_deref(), base_tip.as_deref(), Some(onto_tip)];
            let Some(from) = self.fork_point(&tip, below)? else {
                plan.stuck.push(stacked.clone());
                continue;
            };
            // One that nobody has worked on yet has not arrived, it follows.
            let is_new = cut_from.as_ref() == Some(&tip);
            if !is_new && self.contains(&trunk, &tip, Some(&from))? {
                continue;
            }
            let moves = plan.steps.iter().any(|step| step.branch == *onto);
            if moves || !self.is_ancestor(onto_tip, &tip)? || !self.is_ancestor(&from, onto_tip)? {
                plan.steps.push(RestackStep {
                    branch: branch.clone(),
                    tip,
                    onto: onto.clone(),
                    onto_default: onto == default,
                    from,
                    reason: if moves { Reason::BaseRestacked } else { reason },
                });
            }
        }
        Ok(plan)
    }

    /// Where the default branch is: here or at `origin`, whichever is further; at `origin` when each has what the
    /// other has not, since that is where branches are merged.
    pub(crate) fn newest_tip(&self, default: &BranchName) -> Result<Option<String>, GitError> {
        match (self.branch_tip(default)?, self.remote_branch_tip(default)?) {
            (Some(here), Some(there)) if self.is_ancestor(&there, &here)? => Ok(Some(here)),
            (_, Some(there)) => Ok(Some(there)),
            (here, None) => Ok(here),
        }
    }

    /// The last commit of `tip` that is not its own: the latest of where it parted from each of those `below`.
    fn fork_point(&self, tip: &str, below: [Option<&str>; 3]) -> Result<Option<String>, GitError> {
        let mut latest: Option<String> = None;
        for commit in below.into_iter().flatten() {
            let Some(parted) = self.merge_base(tip, commit)? else { continue };
            // Where they are side by side, the earlier in the list counts.
            if latest.as_deref().map_or(Ok(true), |latest| self.is_ancestor(latest, &parted))? {
                latest = Some(parted);
            }
        }
        Ok(latest)
    }
}

//! What a weaver claims, and what its branch has to say about that.

use std::path::PathBuf;
use std::time::Duration;

use orch_core::TaskIx;
use orch_git::{BranchName, Git, Touched};
use orch_prompt::Prompts;
use orch_spec::CheckKind;
use orch_state_json::WeaverFile;
use orch_store::Durability;
use orch_verify::{BranchCommit, Facts};

use super::publish::OPEN;
use super::status_file::StatusFiles;
use super::{PlannedSpec, WeaverPlan};
use crate::config::{Command, Config};

/// Files that weavers leave out of their commits (seed 003).
const TESTS: [&str; 6] =
    ["**/*.test.*", "**/*.spec.*", "**/*.snap", "**/tests/**", "**/__tests__/**", "**/.claude/**"];

/// How a claim is followed up.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) check_limit: Duration,
    pub(super) most_iterations: u32,
    /// The command that opens a pull request; none when nobody wants one.
    pub(super) open: Option<Vec<String>>,
    /// Whether that is the default one, whose options orch knows.
    pub(super) open_is_default: bool,
    pub(super) remote: String,
    pub(super) durability: Durability,
}

impl Rules {
    pub(super) fn of(config: &Config, durability: Durability) -> Self {
        let table = &config.weavers;
        let default = || OPEN.map(str::to_owned).to_vec();
        let (open, open_is_default) = match &table.pull_request {
            Some(Command::Switch(false)) => (None, false),
            Some(Command::Argv(argv)) if !argv.is_empty() => (Some(argv.clone()), false),
            _ => (Some(default()), true),
        };
        Self {
            check_limit: table.check_timeout.unwrap_or(orch_verify::CHECK_LIMIT),
            most_iterations: table.iterations.map_or(5, std::num::NonZeroU32::get),
            open,
            open_is_default,
            remote: table.remote.clone().unwrap_or_else(|| "origin".into()),
            durability,
        }
    }
}

/// A claim of a weaver to be done.
pub(super) struct Claim {
    pub(super) plan: WeaverPlan,
    pub(super) task: TaskIx,
    pub(super) rules: Rules,
    pub(super) prompts: Prompts,
    pub(super) statuses: StatusFiles,
    pub(super) worktree: PathBuf,
    /// What the weaver says of itself.
    pub(super) said: WeaverFile,
    /// Where that is kept, whatever is written over it.
    pub(super) kept: PathBuf,
    /// Where what became of the checks is written.
    pub(super) checks_file: PathBuf,
    /// Where the text of the pull request is written.
    pub(super) body_file: PathBuf,
}

impl Claim {
    /// The spec whose weaver made it.
    pub(super) fn planned(&self) -> &PlannedSpec {
        self.plan.spec(self.task)
    }

    /// The branch that the work is on.
    pub(super) fn branch(&self) -> &str {
        self.plan.branch(self.task)
    }

    /// The iteration that it ends.
    pub(super) fn iteration(&self) -> u32 {
        self.said.iteration.unwrap_or(1).max(1)
    }

    /// The commits of the branch that its base has not, oldest first.
    pub(super) fn facts(&self) -> Result<Facts, String> {
        let git = Git::at(&self.worktree);
        let failed = |error: orch_git::GitError| error.to_string();
        let branch = BranchName::new(self.branch()).map_err(|error| error.to_string())?;
        let Some(tip) = git.branch_tip(&branch).map_err(failed)? else { return Ok(Facts::default()) };
        let recorded = match git.recorded_base(&branch).map_err(failed)? {
            Some(base) if git.is_ancestor(&base, &tip).map_err(failed)? => Some(base),
            // A person has rebased it since.
            _ => None,
        };
        let base = match recorded {
            Some(base) => Some(base),
            None => {
                let bases = [&self.planned().base, &self.plan.default_branch];
                let mut latest: Option<String> = None;
                for base in bases {
                    let Some(base) = git.resolve(base).map_err(failed)? else { continue };
                    let Some(parted) = git.merge_base(&base, &tip).map_err(failed)? else { continue };
                    if latest
                        .as_ref()
                        .map_or(Ok(true), |latest| git.is_ancestor(latest, &parted))
                        .map_err(failed)?
                    {
                        latest = Some(parted);
                    }
                }
                latest
            }
        };
        let Some(base) = base else { return Err(format!("nobody knows where {branch} was cut from")) };
        let mut commits = Vec::new();
        for commit in git.commits_between(&base, &tip).map_err(failed)? {
            let Touched { added, changed } = git.touched(&commit.id).map_err(failed)?;
            commits.push(BranchCommit { added, changed });
        }
        Ok(Facts { commits })
    }

    /// What the checks would see and the branch has not, and what to do about it: checks say nothing about work that is not
    /// what will be merged.
    pub(super) fn not_on_the_branch(&self) -> Option<(String, String)> {
        let git = Git::at(&self.worktree);
        let branch = self.branch();
        let tip = git.branch_tip(&BranchName::new(branch).ok()?).ok()?;
        if git.resolve("HEAD").ok()? != tip {
            let evidence = format!("the work tree is not at the tip of {branch}");
            return Some((evidence, format!("bring all commits onto {branch} and check it out")));
        }
        let spec = &self.planned().spec;
        let building = &spec.building_spec;
        let of: Vec<&str> = building.files.iter().map(|file| file.value.as_str()).collect();
        // Tests are never committed.
        let first = building.test_first.iter().filter_map(|test| test.file.as_ref());
        let checked = spec.verification_spec.iter().flat_map(|check| match &check.value.kind {
            CheckKind::TestFirst { files } => files.as_slice(),
            _ => &[],
        });
        let tests = first.chain(checked).map(|file| file.value.as_str());
        let but: Vec<&str> = TESTS.into_iter().chain(tests).collect();
        // A pattern that git can't read says nothing.
        let left = git.uncommitted(&of, &but).unwrap_or_default();
        let first = left.first()?;
        let more = if left.len() > 1 { format!(" and {} more", left.len() - 1) } else { String::new() };
        Some((format!("{first}{more}: changed, and not committed"), "commit it, or remove it".into()))
    }
}

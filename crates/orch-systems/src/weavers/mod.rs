//! Weavers (seed 003): specs in YAML, each built on a branch of its own in a work tree of its own, verified by orch, and
//! opened as a stack of pull requests.
//!
//! - [`load`] reads the plan: `meta.json`, the specs, the skills that they hint at.
//! - [`memory`] puts together what was written down; [`keeper`] keeps `run/state.json`.
//! - [`status_file`] is what weavers say of themselves: `run/weavers/w-NN.json`.
//! - [`tell`] says what a weaver is told; [`ground`] makes the work tree it works in.
//! - [`judge`] says what its end means; [`verify`] holds its [`claim`] against the branch and the [`checks`] of its spec;
//!   [`publish`] pushes the branch and opens the pull request.
//! - [`stack`] is the order of the branches: what can be merged, and what has to be rebased after.
//! - [`finish`] leaves the summary.
//! - [`system`] hands all that to the rooms that every system shares.

mod checks;
mod claim;
mod finish;
mod ground;
mod judge;
mod keeper;
mod load;
mod memory;
mod publish;
mod skills;
mod stack;
mod status_file;
mod system;
mod tell;
mod verify;

pub use load::{PlannedSpec, WeaverPlan};
pub use stack::{Restacked, StackEntry};

/// The file that stands for a plan, in its folder.
pub(crate) const META: &str = "meta.json";

/// Where the originals keep plans, in the repository's root.
pub(crate) const PLANS: &str = ".claude/vertical/plans";

//! What is *read* of a weavers plan (seed 003): text in, typed values and findings with places out. No files.
//!
//! - [`read_meta`] reads the plan's `meta.json`, [`read_spec`] one spec in schema v1 or v2, [`read_skill_index`] the
//!   index of skills.
//! - [`task_ids`], [`aliases`] and [`spec_number`] say what a spec is called by its file's name.
//! - [`match_hints`] finds the skills that a spec's hints mean.
//! - [`overlap`] and [`overlaps`] say whether two specs may touch the same file.
//! - [`check_branch_name`], [`check_plan_id`] and [`check_path`] are the rules by which names are let in.
//!
//! Every reader gives a [`Reading`]: all that is wrong in one pass, each finding with its line and column, and the
//! value when nothing of it is an error.
//!
//! ```
//! let reading = orch_spec::read_spec(b"name: users\ndescripton: Adds the table\npr:\n  branch: auth/01-users\n");
//! assert_eq!(reading.findings[0].hint.as_deref(), Some("did you mean `description`?"));
//! let spec = reading.value.unwrap();
//! assert_eq!(spec.pr.branch.value, "auth/01-users");
//! assert_eq!((spec.pr.branch.at.line, spec.pr.branch.at.column), (4, 11));
//! ```
//!
//! # Hostile input
//!
//! Texts over [`MAX_BYTES`], more than 20,000 nodes (aliases counted as what they stand for) and more than 64 levels
//! are refused before anything is made of them. No name that a reader let through can leave the project's folder, be
//! taken for an option, or mean something to a shell.
#![forbid(unsafe_code)]

mod branch;
mod fields;
mod meta;
mod name;
mod near;
mod overlap;
mod path;
mod reading;
mod skills;
mod spec;
mod tree;

pub use branch::check_branch_name;
pub use meta::{Meta, check_plan_id, read_meta};
pub use name::{aliases, spec_number, task_ids};
pub use near::nearest;
pub use overlap::{Overlap, overlap, overlaps};
pub use path::check_path;
pub use reading::{Located, MAX_BYTES, Reading};
pub use skills::{Matched, MatchedBy, Skill, SkillIndex, match_hints, read_skill_index};
pub use spec::{
    BuildingSpec, Check, CheckKind, PullRequest, ReviewSpec, Spec, TestFirst, ValidationType, read_spec,
};

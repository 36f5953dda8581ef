//! Weavers (seed 003).

/// The file that stands for a plan, in its folder.
pub(crate) const META: &str = "meta.json";

/// Where the originals keep plans, in the repository's root.
pub(crate) const PLANS: &str = ".claude/vertical/plans";

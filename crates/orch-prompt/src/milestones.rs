//! What the worker of a milestone is told (seed 000), as values for the templates of that name.
//!
//! All values are other people's text. The section and what others reported stand in blocks that they can't end; names,
//! paths and boxes are put on one line each.

use serde::Serialize;

use crate::FromFile;

/// The template for the whole prompt of a milestone's worker, or of one that fills its gaps; its values are a
/// [`Milestone`].
pub const MILESTONE: &str = "milestones/worker.md";
/// The template for the short text that a person pastes when the prompt is in a file; its values are a
/// [`MilestonePaste`].
pub const MILESTONE_PASTE: &str = "milestones/paste.md";

/// The values for [`MILESTONE`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Milestone<'a> {
    /// Its id, such as `M3`.
    pub id: &'a str,
    /// What the tracker calls it, without the id; empty when it has no other name.
    pub title: &'a str,
    /// The planning document, as the worker finds it.
    pub document: &'a str,
    /// The milestone's section with the document it is from; none when the document has none.
    pub section: Option<FromFile<'a>>,
    /// The boxes that are left, as lines of Markdown in the order of the section (`- [ ] Write the form`).
    pub tasks: &'a [&'a str],
    /// The files and folders that the section names.
    pub paths: &'a [&'a str],
    /// The recommended model, such as `Sonnet`.
    pub model: Option<&'a str>,
    /// Who works at the same time.
    pub others: &'a [OtherWorker<'a>],
    /// Where the worker writes its summary, as it finds the place.
    pub summary_path: &'a str,
    /// What the milestone's earlier worker left, when this one fills its gaps.
    pub gap: Option<Gap<'a>>,
    /// Whether it was complete and all of it is to be done again: `tasks` has its ticked boxes too.
    pub again: bool,
    /// Whether the worker is an agent that nobody watches; otherwise a person's context.
    pub by_agent: bool,
    /// Whether there is a git repository to commit to.
    pub commit: bool,
    /// What an earlier attempt of the same worker reported, or how it ended, if there was one.
    pub previous: Option<&'a str>,
    /// The absolute path of the worker's own work tree; none when it works in the main checkout.
    pub worktree: Option<&'a str>,
    /// The branch that is checked out there.
    pub branch: Option<&'a str>,
}

/// Another worker of the same plan that works at the same time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OtherWorker<'a> {
    /// The id of its milestone.
    pub id: &'a str,
    /// What the tracker calls it.
    pub title: &'a str,
    /// The files and folders it works on, as far as the document says.
    pub directories: &'a [&'a str],
}

/// The original work that a gap is filled in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Gap<'a> {
    /// Where its summary is now, as the worker finds it; none when there is none.
    pub summary: Option<&'a str>,
    /// What was completed, one line each.
    pub completed: &'a [&'a str],
    /// The files that were changed.
    pub files: &'a [&'a str],
    /// Issues it reported, one line each.
    pub issues: &'a [&'a str],
    /// Its notes, one line each.
    pub notes: &'a [&'a str],
}

/// The values for [`MILESTONE_PASTE`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MilestonePaste<'a> {
    /// The file with the prompt.
    pub prompt_path: &'a str,
    /// The recommended model.
    pub model: Option<&'a str>,
}

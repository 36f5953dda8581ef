//! What the worker of a milestone is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use orch_core::TaskIx;
use orch_prompt::{
    FromFile, Gap, MILESTONE, MILESTONE_PASTE, Milestone, MilestonePaste, OtherWorker, PromptError, Prompts,
    Rendered,
};
use orch_state_md::planning::{BoxMark, Planning, TaskBox};
use orch_state_md::worker_summary::{self, SummaryStatus, WorkerSummary};
use orch_store::read_regular;

use super::MilestonePlan;
use super::folder::SessionFolder;
use super::load::shown;
use super::names::{is_rejected, is_summary_of, summary_name};

/// The most that is read of a summary for what a further worker is told of it.
const LARGEST: u64 = 16 << 20;

/// What an earlier worker of a milestone left.
#[derive(Clone, Debug)]
pub(super) struct Earlier {
    pub(super) path: PathBuf,
    pub(super) summary: WorkerSummary,
}

/// The latest summary of a milestone that says that at least a part of it was done.
pub(super) fn earlier(plan: &MilestonePlan, folder: &SessionFolder, task: TaskIx) -> Option<Earlier> {
    let id = plan.plan.id(task);
    let entries = fs::read_dir(folder.processed()).ok()?;
    let is_of = |name: &str| is_summary_of(name, id) && !is_rejected(name);
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_of))
        .map(|entry| {
            let changed = entry.metadata().and_then(|found| found.modified());
            (changed.unwrap_or(SystemTime::UNIX_EPOCH), entry.path())
        })
        .collect();
    found.sort();
    found.into_iter().rev().find_map(|(_, path)| {
        let bytes = read_regular(&path, LARGEST).ok()?;
        let summary = worker_summary::read(&String::from_utf8_lossy(&bytes));
        let did_some = matches!(summary.status, Some(SummaryStatus::Completed | SummaryStatus::Partial));
        did_some.then_some(Earlier { path, summary })
    })
}

/// Which filling of gaps the next one of a milestone is: one whose summary would replace no other.
pub(super) fn next_gap(folder: &SessionFolder, slug: &str) -> u32 {
    let is_there = |name: &str| {
        [folder.path().join(name), folder.processed().join(name)]
            .iter()
            .any(|path| fs::symlink_metadata(path).is_ok())
    };
    // There are not that many files.
    (1..).find(|&gap| !is_there(&summary_name(slug, Some(gap)))).unwrap_or(u32::MAX)
}

/// Which filling of gaps the coming attempt at a milestone is; none where no earlier one has left anything.
pub(super) fn coming_gap(plan: &MilestonePlan, folder: &SessionFolder, task: TaskIx) -> Option<u32> {
    earlier(plan, folder, task).map(|_| next_gap(folder, &plan.slug(task)))
}

/// To whom, and in which circumstances.
pub(super) struct Audience<'a> {
    /// Whether an agent reads it that nobody watches.
    pub(super) by_agent: bool,
    /// The other milestones under way.
    pub(super) others: &'a [TaskIx],
    /// When it is to fill gaps: what the earlier worker left, as far as its summary is known, and which filling it is.
    pub(super) gap: Option<(Option<&'a Earlier>, u32)>,
    /// What is known of the attempt before.
    pub(super) previous: Option<&'a str>,
    /// The work tree of its own and the branch in it.
    pub(super) worktree: Option<(&'a Path, &'a str)>,
}

/// What a worker is told of a milestone, as the document says it now.
///
/// # Errors
/// When a template of one's own can't be rendered.
pub(super) fn tell(
    plan: &MilestonePlan,
    folder: &SessionFolder,
    prompts: &Prompts,
    task: TaskIx,
    audience: &Audience<'_>,
) -> Result<Rendered, PromptError> {
    let now = plan.planning_now();
    let planning: &Planning =
        now.as_ref().filter(|now| now.milestone(plan.plan.id(task)).is_some()).unwrap_or(&plan.planning);
    let milestone = planning.milestone(plan.plan.id(task)).unwrap_or_else(|| plan.milestone(task));
    // A worker in a work tree of its own has another copy of the document there, an older one.
    let document = match audience.worktree {
        Some(_) => plan.path.display().to_string(),
        None => plan.shown_path(),
    };
    let section = milestone.section.as_ref();
    let text = section.map(|section| planning.text_of(section));
    let boxes = section.map(|section| section.boxes.as_slice()).unwrap_or_default();
    let again = audience.gap.is_some_and(|(earlier, _)| is_all_again(boxes, earlier));
    let tasks: Vec<String> = lines(boxes, again);
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let paths: Vec<&str> =
        section.map(|section| section.paths.iter().map(String::as_str).collect()).unwrap_or_default();
    let directories: Vec<Vec<String>> =
        audience.others.iter().map(|&other| plan.directories(other)).collect();
    let directories: Vec<Vec<&str>> =
        directories.iter().map(|directories| directories.iter().map(String::as_str).collect()).collect();
    let others: Vec<OtherWorker<'_>> = audience
        .others
        .iter()
        .zip(&directories)
        .map(|(&other, directories)| OtherWorker {
            id: plan.plan.id(other),
            title: plan.plan.title(other),
            directories,
        })
        .collect();
    let summary_path = format!(
        "{}/{}",
        folder.shown(plan),
        summary_name(&plan.slug(task), audience.gap.map(|(_, gap)| gap))
    );
    let left_by = audience.gap.and_then(|(earlier, _)| earlier);
    let summary = left_by.map(|earlier| match audience.worktree {
        Some(_) => earlier.path.display().to_string(),
        None => shown(&plan.root, &earlier.path),
    });
    let said = left_by.map(|earlier| &earlier.summary);
    let completed: Vec<&str> = said
        .iter()
        .flat_map(|said| &said.work)
        .filter(|item| item.done != Some(false))
        .map(|item| item.text.as_str())
        .collect();
    let texts = |list: fn(&WorkerSummary) -> &[String]| -> Vec<&str> {
        said.map(list).unwrap_or_default().iter().map(String::as_str).collect()
    };
    let files = texts(|said| &said.files);
    let issues = texts(|said| &said.issues);
    let notes = texts(|said| &said.notes);
    let gap = (audience.gap.is_some() && !again).then(|| Gap {
        summary: summary.as_deref(),
        completed: &completed,
        files: &files,
        issues: &issues,
        notes: &notes,
    });
    let worktree = audience.worktree.map(|(folder, _)| folder.to_string_lossy());
    prompts.render(
        MILESTONE,
        &Milestone {
            id: &milestone.id,
            title: &milestone.title,
            document: &document,
            section: text.map(|text| FromFile { path: &document, text }),
            tasks: &tasks,
            paths: &paths,
            model: milestone.recommended.model.as_deref(),
            others: &others,
            summary_path: &summary_path,
            gap,
            again,
            by_agent: audience.by_agent,
            commit: plan.in_repository,
            previous: audience.previous,
            worktree: worktree.as_deref(),
            branch: audience.worktree.map(|(_, branch)| branch),
        },
    )
}

/// The short text that a person pastes when the prompt is in a file.
///
/// # Errors
/// When a template of one's own can't be rendered.
pub(super) fn paste(
    prompts: &Prompts,
    prompt_path: &str,
    model: Option<&str>,
) -> Result<String, PromptError> {
    Ok(prompts.render(MILESTONE_PASTE, &MilestonePaste { prompt_path, model })?.text)
}

/// Whether a milestone that was complete was asked for once more, which is to have all of it done again.
fn is_all_again(boxes: &[TaskBox], earlier: Option<&Earlier>) -> bool {
    let mut work = boxes.iter().filter(|item| item.is_work()).peekable();
    let was_complete = earlier.is_none_or(|earlier| earlier.summary.status == Some(SummaryStatus::Completed));
    was_complete && work.peek().is_some() && work.all(|item| item.mark == BoxMark::Done)
}

/// The boxes of work that are left, as lines of Markdown; those that are ticked too when all is to be done `again`.
fn lines(boxes: &[TaskBox], again: bool) -> Vec<String> {
    let left = boxes.iter().filter(|item| item.is_work() && (again || item.mark != BoxMark::Done));
    let line = |item: &TaskBox| {
        let mark = if item.mark == BoxMark::Partial { '~' } else { ' ' };
        format!("{}- [{mark}] {}", "  ".repeat(item.depth), item.text)
    };
    left.map(line).collect()
}

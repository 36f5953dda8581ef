//! Milestones as the rooms see them that every system shares.

use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Halt, Memory, OnFailure, OnIncomplete, Order, Outcome, Plan, Run, Status, TaskIx, Time};
use orch_exec::tmux::SessionName;
use orch_git::{BranchName, Git};
use orch_prompt::Prompts;
use orch_store::{Durability, Folded, Home, replace, sweep_folder};

use super::MilestonePlan;
use super::alerts::problems;
use super::assigned::Assigned;
use super::folder::{Found, SESSION, SessionFolder, not_a_folder};
use super::gates::passed;
use super::handoff::{Handoff, inside};
use super::judge::{HandedIn, judge};
use super::memory::{fresh, remember};
use super::names::{gap_suffix, is_summary_of};
use super::tell::{Audience, coming_gap, earlier, next_gap, tell};
use crate::landing::{Harbour, Landing, Unmerged, checked_out, note_claim};
use crate::system::{
    Closing, Coming, Defaults, EndedAttempt, FollowUp, Ground, GroundError, Judged, Keeper, Remembered,
    SetUp, Source, System, TellError, Telling, Told, is_shell,
};
use crate::workers::Place;
use crate::worktrees::Worktrees;
use crate::{OpenError, Requirements};

/// How many workers at once unless somebody chooses otherwise: as many as the seed's dashboard has.
const JOBS: NonZeroU32 = NonZeroU32::new(3).expect("three is not zero");

/// How often work that is not fit to be merged goes back to its worker.
const REWORKS: u32 = 2;

impl Source for MilestonePlan {
    /// By the graph; whatever is blocked or partial pauses all until a person has looked (seed 000).
    fn defaults(&self) -> Defaults {
        Defaults {
            agent: "claude",
            jobs: JOBS,
            order: Order::Graph,
            on_failure: OnFailure::Pause,
            on_incomplete: OnIncomplete::Pause,
            sessions: false,
            reworks: REWORKS,
            incomplete_retries: 0,
            same_list: false,
            waits: false,
        }
    }

    /// The branch that is checked out where the person works: what is done is merged into it.
    fn base_branch(&self) -> Option<String> {
        self.in_repository.then(|| checked_out(&self.root))?
    }

    fn prepare(&self, begin_anew: bool, now: Time) -> Result<Vec<String>, OpenError> {
        let (_, found) = SessionFolder::of(self);
        if begin_anew || matches!(found, Found::Nothing) {
            self.threshold.enter(&self.root).map_err(OpenError::system("begin a session"))?;
        }
        // Another document may have taken the folder meanwhile.
        let (folder, found) = SessionFolder::of(self);
        if let Found::Refused { message, hint } = found {
            return Err(OpenError::Request { code: "milestones.session", message, hint });
        }
        if !begin_anew {
            return Ok(Vec::new());
        }
        let cleared = folder.clear(now).map_err(OpenError::system("put the old session away"))?;
        let note = |cleared: PathBuf| {
            format!("the session so far is kept in {}", super::load::shown(&self.root, &cleared))
        };
        Ok(cleared.map(note).into_iter().collect())
    }

    fn remember(
        &self,
        history: Folded,
        home: Option<&Home>,
        _: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError> {
        let (remembered, keeper) = remember(self, history, home)?;
        Ok((remembered, Box::new(keeper)))
    }

    /// The document stays the truth: what it says is done is done.
    fn fresh(&self, history: &Folded) -> Memory {
        fresh(self, history)
    }

    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System> {
        let SetUp { config, options, .. } = set_up;
        let has_worktrees = self.in_repository && config.milestones.worktrees != Some(false);
        Box::new(MilestoneSystem {
            prompts: Prompts::new(config.run.templates.clone()),
            worktrees: has_worktrees.then(|| Worktrees::of(&self.root, &config.worktrees)),
            harbour: Harbour::of(&self.root),
            durability: options.durability(config),
            folder: SessionFolder::of(self).0,
            plan: self.clone(),
        })
    }
}

/// The milestones system as the workers see it.
struct MilestoneSystem {
    plan: MilestonePlan,
    folder: SessionFolder,
    prompts: Prompts,
    /// Where milestones have work trees of their own; none where all work in the project's.
    worktrees: Option<Worktrees>,
    /// Into which what is done in work trees is merged.
    harbour: Harbour,
    durability: Durability,
}

impl MilestoneSystem {
    /// Where the coming attempt at a milestone works, if it has a work tree of its own. Gaps are filled on a branch of
    /// their own: that of the original work may be merged already.
    fn coming(&self, task: TaskIx) -> Option<Assigned> {
        self.worktrees.as_ref()?;
        let gap = coming_gap(&self.plan, &self.folder, task);
        let (plan, suffix) = (&self.plan, gap_suffix(gap));
        Some(Assigned {
            worktree: format!("{}{suffix}", plan.worktree_name(task)),
            branch: self.branch(task, gap),
            gap,
            only_merges: false,
        })
    }

    /// What a branch is cut from. Filling gaps builds on what the earlier work has left: on its branch, as long as that is
    /// not merged.
    fn cut_from(&self, task: TaskIx, gap: Option<u32>, base: &str) -> String {
        let git = Git::at(&self.plan.root);
        let is_left = |branch: &String| {
            let tip =
                BranchName::new(branch.as_str()).ok().and_then(|branch| git.branch_tip(&branch).ok()?);
            tip.is_some_and(|tip| git.is_ancestor(&tip, base).is_ok_and(|is_merged| !is_merged))
        };
        let earlier = gap.map(|gap| (1..gap).rev().map(Some).chain([None]));
        let mut branches = earlier.into_iter().flatten().map(|gap| self.branch(task, gap));
        branches.find(is_left).unwrap_or_else(|| base.to_owned())
    }

    fn branch(&self, task: TaskIx, gap: Option<u32>) -> String {
        format!("milestone/{}/{}{}", self.plan.branch_slug(), self.plan.slug(task), gap_suffix(gap))
    }

    /// What becomes of a claim whose work tree is not known: that of one that has none, as a person's, counts as it is.
    fn nowhere(&self, ended: &EndedAttempt<'_>) -> Option<Box<dyn FollowUp>> {
        let id = self.plan.plan.id(ended.task);
        let is_written = ended.home.status(id, ended.attempt).symlink_metadata().is_ok();
        (self.worktrees.is_some() && is_written).then(|| {
            note_claim(&ended.home.claim(id, ended.attempt));
            let why = "done, and not merged: it can't be read which work tree it was given; merge its branch by hand, then \
                       `orch retry`";
            Box::new(Unmerged(Outcome::Obstructed, why.into())) as Box<dyn FollowUp>
        })
    }

    /// Where an attempt was put to work, if it has a work tree of its own.
    fn assigned(&self, home: &Home, task: TaskIx, attempt: u32) -> Option<(Assigned, PathBuf)> {
        let assigned = Assigned::read(home, self.plan.plan.id(task), attempt)?;
        let path = self.worktrees.as_ref()?.path(&assigned.worktree);
        Some((assigned, path))
    }

    /// Removes the work trees of milestones that are complete and merged.
    fn remove_merged(&self, run: &Run) {
        if let Some(worktrees) = self.worktrees.as_ref().filter(|_| run.count(Status::Success) > 0) {
            worktrees.remove_safe(|name| {
                let mut done = run.plan().tasks().filter(|&task| run.status(task) == Status::Success);
                done.any(|task| self.plan.is_worktree_of(task, name))
            });
        }
    }

    /// Puts away what lies in the places where the coming worker is to hand back: it was handed back by another.
    fn clear(&self, task: TaskIx, worktree: Option<&Path>) -> io::Result<()> {
        let id = self.plan.plan.id(task);
        for (name, _) in self.folder.pending()?.into_iter().filter(|(_, of)| of.as_deref() == Some(id)) {
            self.folder.put_away(&name)?;
        }
        let place = worktree.and_then(|worktree| inside(&self.plan, &self.folder, worktree));
        let Some(place) = place else { return Ok(()) };
        let Ok(entries) = fs::read_dir(&place) else { return Ok(()) };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(|name| is_summary_of(name, id)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Makes the session's folder in a work tree, and `place` in it, where the worker hands back. git must see nothing of it
/// there either, although `.gitignore` may not be committed yet.
fn make_session_in(worktree: &Path, place: Option<PathBuf>) -> io::Result<()> {
    let session = worktree.join(SESSION);
    let folders: Vec<PathBuf> = [session.clone()].into_iter().chain(place).collect();
    if let Some(path) = not_a_folder(&folders) {
        return Err(io::Error::other(format!("{} is no folder", path.display())));
    }
    folders.iter().try_for_each(fs::create_dir_all)?;
    sweep_folder(&session).map_err(io::Error::other)?;
    let ignore = session.join(".gitignore");
    // One that is there was brought along by the branch, and may be a link to anything.
    match fs::symlink_metadata(&ignore) {
        Ok(_) => Ok(()),
        // All of it or nothing: an empty one would never be looked at again.
        Err(_) => replace(&ignore, b"*\n", Durability::Process).map_err(io::Error::other),
    }
}

impl System for MilestoneSystem {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan.plan
    }

    fn plan_file(&self) -> &Path {
        &self.plan.path
    }

    fn name(&self) -> &str {
        self.plan.stem()
    }

    fn ground(&self, place: &Place, coming: Coming, _: Option<&SessionName>) -> Result<Ground, GroundError> {
        let Coming { task, attempt, .. } = coming;
        let id = self.plan.plan.id(task);
        let result = place.home.result(id, attempt);
        let failed = |error: io::Error| {
            GroundError::Environment(format!("can't make {} ready: {error}", self.folder.path().display()))
        };
        self.folder.make().map_err(failed)?;
        let (Some(worktrees), Some(assigned)) = (&self.worktrees, self.coming(task)) else {
            self.clear(task, None).map_err(failed)?;
            let (folder, base_branch) = (place.folder.clone(), place.base_branch.clone());
            return Ok(Ground { folder, base_branch, result, set_up: Vec::new(), ready: None, note: None });
        };
        self.harbour.require()?;
        let branch =
            BranchName::new(&*assigned.branch).map_err(|error| GroundError::Task(error.to_string()))?;
        let base = self.cut_from(task, assigned.gap, &place.base_branch);
        let mut ground = worktrees.ground(&assigned.worktree, &branch, &base, result)?;
        ground.base_branch.clone_from(&place.base_branch);
        make_session_in(&ground.folder, inside(&self.plan, &self.folder, &ground.folder)).map_err(failed)?;
        self.clear(task, Some(&ground.folder)).map_err(failed)?;
        assigned.write(&place.home, id, attempt).map_err(failed)?;
        Ok(ground)
    }

    fn tell(&self, telling: &Telling<'_>) -> Result<Told, TellError> {
        if is_shell(telling.profile) {
            return Err(TellError::NeedsAgent { path: self.plan.shown_path() });
        }
        let Coming { task, attempt, .. } = telling.coming;
        let assigned = match (telling.ground, telling.home) {
            (Some(_), Some(home)) => self.assigned(home, task, attempt),
            _ => self.coming(task).and_then(|coming| {
                let path = self.worktrees.as_ref()?.path(&coming.worktree);
                Some((coming, path))
            }),
        };
        let earlier = earlier(&self.plan, &self.folder, task);
        let slug = self.plan.slug(task);
        let gap = earlier.as_ref().map(|earlier| {
            let gap = assigned.as_ref().and_then(|(assigned, _)| assigned.gap);
            (Some(earlier), gap.unwrap_or_else(|| next_gap(&self.folder, &slug)))
        });
        let audience = Audience {
            by_agent: true,
            others: telling.others,
            gap,
            previous: telling.previous,
            worktree: assigned.as_ref().map(|(assigned, path)| (path.as_path(), assigned.branch.as_str())),
        };
        let rendered = tell(&self.plan, &self.folder, &self.prompts, task, &audience)?;
        Ok(Told { text: rendered.text, blocks: rendered.blocks, shell: None })
    }

    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
        let (home, task, attempt) = (ended.home, ended.task, ended.attempt);
        let worktree = self.assigned(home, task, attempt).map(|(_, path)| path);
        let handoff = Handoff::of(&self.plan, &self.folder, home, (task, attempt), worktree.as_deref())?;
        let handed_in = handoff.as_ref().map(|handoff| HandedIn {
            summary: &handoff.summary,
            problems: problems(&self.plan, handoff, worktree.as_deref()),
        });
        judge(self.plan.plan.id(task), handed_in, &self.folder.shown(&self.plan), ended)
    }

    fn follows_up(&self) -> bool {
        self.worktrees.is_some()
    }

    /// What a person has handed back was done wherever they work; only work trees that orch made are merged by it.
    fn follow_up(&self, ended: &EndedAttempt<'_>, _: &Judged) -> Option<Box<dyn FollowUp>> {
        let found = self.assigned(ended.home, ended.task, ended.attempt);
        let Some((assigned, worktree)) = found else { return self.nowhere(ended) };
        let (id, title) = (self.plan.plan.id(ended.task), self.plan.plan.title(ended.task));
        let document = self.plan.path.strip_prefix(&self.plan.root).ok();
        Some(Box::new(Landing {
            root: self.plan.root.clone(),
            branch: BranchName::new(assigned.branch).ok()?,
            base: self.harbour.branch().map(str::to_owned),
            worktree,
            own_folders: &[SESSION],
            document: document.map(|path| path.to_string_lossy().into_owned()),
            message: if title.is_empty() { format!("Merge {id}") } else { format!("Merge {id}: {title}") },
            claim: ended.home.claim(id, ended.attempt),
        }))
    }

    fn renew_claim(&self, home: &Home, task: TaskIx, from: u32, to: u32) -> bool {
        let id = self.plan.plan.id(task);
        let Some(assigned) = Assigned::read(home, id, from) else { return false };
        let assigned = Assigned { only_merges: true, ..assigned };
        fs::copy(home.result(id, from), home.result(id, to)).is_ok() && assigned.write(home, id, to).is_ok()
    }

    fn others_work(&self) -> bool {
        true
    }

    fn has_handed_back(&self, home: &Home, task: TaskIx, attempt: u32) -> bool {
        let found = Handoff::of(&self.plan, &self.folder, home, (task, attempt), None);
        // One without a status may not be written to its end yet.
        found.is_ok_and(|found| found.is_some_and(|found| found.summary.status.is_some()))
    }

    fn only_by_person(&self, task: TaskIx) -> Option<String> {
        let id = self.plan.plan.id(task);
        let by_person = self.plan.milestone(task).recommended.by_person;
        by_person.then(|| format!("a person does it: `orch dispatch {id}`"))
    }

    fn model(&self, task: TaskIx) -> Option<String> {
        self.plan.milestone(task).recommended.model.clone()
    }

    fn watched(&self) -> Vec<PathBuf> {
        vec![self.folder.path().to_owned()]
    }

    fn keep_word(&self, home: &Home, task: TaskIx, attempt: u32) {
        // What can't be kept is looked for again.
        let worktree = self.assigned(home, task, attempt).map(|(_, path)| path);
        let found = Handoff::of(&self.plan, &self.folder, home, (task, attempt), worktree.as_deref());
        if let Ok(Some(handoff)) = found {
            let _ = handoff.keep(home, self.plan.plan.id(task), attempt, self.durability);
        }
    }

    fn holding(&self) -> Vec<String> {
        passed(&self.plan, self.folder.path())
    }

    fn finish(&self, closing: &mut Closing<'_>) -> Result<Requirements, OpenError> {
        let run = closing.run;
        let with_persons: Vec<&str> = run
            .plan()
            .tasks()
            .filter(|&task| run.status(task) == Status::Running)
            .map(|task| run.plan().id(task))
            .collect();
        if !with_persons.is_empty() {
            closing.notes.push(format!(
                "{} with a person: `orch collect` takes the summary in when it is there",
                with_persons.join(", ")
            ));
        }
        let waiting = run.plan().tasks().filter(|&task| run.status(task) == Status::Pending);
        closing.notes.extend(waiting.filter_map(|task| {
            let (id, what) = (run.plan().id(task), run.awaits(task).next()?);
            Some(format!("{id} waits for {what}: `orch ack {id}` approves it"))
        }));
        if matches!(
            closing.driven.halt,
            Some(Halt::Failed { .. } | Halt::Incomplete { .. } | Halt::Paused { .. })
        ) {
            closing.notes.push("nothing more starts until you have looked and said so: `orch ack`".into());
        }
        self.remove_merged(run);
        Ok(Requirements::NotValidated)
    }

    fn is_concluded(&self, _: Option<&'static str>) -> bool {
        true
    }
}

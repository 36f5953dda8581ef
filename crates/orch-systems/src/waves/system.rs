//! Waves as the rooms see them that every system shares.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{Memory, OnFailure, OnIncomplete, Order, Outcome, Plan, Run, TaskIx, Time};
use orch_exec::tmux::SessionName;
use orch_git::Git;
use orch_prompt::Prompts;
use orch_state_commits::{PlanTask, Slug, TaskBranch, TaskId, TaskStatus};
use orch_state_git::FLOW;
use orch_store::{Folded, Home};

use super::WavePlan;
use super::flow::{Flow, said_of_lost};
use super::judge::{judge, progress};
use super::keeper::WaveKeeper;
use super::load::what_is_wrong;
use super::memory::{fresh, remember};
use super::merge::{Stage, WaveMerge};
use super::place::{SERVER, tools_for};
use super::refused::refused;
use super::report::report;
use super::tell::{Circumstances, tell};
use super::workplace::Workplaces;
use crate::config::{WavesTable, WorktreesTable};
use crate::landing::{Unmerged, note_claim};
use crate::system::{
    Closing, Coming, Defaults, EndedAttempt, FollowUp, Glance, Ground, GroundError, Judged, Keeper,
    Remembered, Replanned, Replanning, SetUp, Source, System, TellError, Telling, Told, Tools, is_shell,
};
use crate::workers::Place;
use crate::{AnyPlan, OpenError, Requirements};

/// As many workers as there are at once unless chosen (seed 004).
const JOBS: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// How often work that is not fit to be merged goes back to its worker.
const REWORKS: u32 = 2;

/// How often a task of which something is left goes on by itself.
const INCOMPLETE_RETRIES: u32 = 2;

impl Source for WavePlan {
    /// Wave by wave, three workers at once; what failed blocks what needs it, and a person plans that anew (seed 004).
    fn defaults(&self) -> Defaults {
        Defaults {
            agent: "claude",
            jobs: JOBS,
            order: Order::Waves,
            on_failure: OnFailure::KeepGoing,
            on_incomplete: OnIncomplete::Hold,
            sessions: false,
            reworks: REWORKS,
            incomplete_retries: INCOMPLETE_RETRIES,
            same_list: false,
            waits: false,
        }
    }

    fn base_branch(&self) -> Option<String> {
        Some(FLOW.to_owned())
    }

    /// In the repository, beside what orch has there for its branches.
    fn guard(&self) -> Option<PathBuf> {
        let folder = Git::at(&self.root).own_folder().ok()?.join("runs").join(self.home_name());
        fs::create_dir_all(&folder).ok()?;
        Some(folder.join("lock"))
    }

    fn fresh(&self, history: &Folded) -> Memory {
        fresh(self, history)
    }

    fn remember(
        &self,
        history: Folded,
        _: Option<&Home>,
        _: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError> {
        Ok((remember(self, history), Box::new(WaveKeeper::new(self))))
    }

    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System> {
        let SetUp { config, options, .. } = set_up;
        Box::new(WaveSystem::of(
            self.clone(),
            Setting {
                prompts: Prompts::new(config.run.templates.clone()),
                worktrees: config.worktrees.clone(),
                table: config.waves.clone(),
                tools: options.tools.clone(),
            },
        ))
    }
}

/// What a run has chosen, and a changed plan takes over.
#[derive(Clone)]
struct Setting {
    prompts: Prompts,
    worktrees: WorktreesTable,
    table: WavesTable,
    /// The words that run orch's tools for agents, if there is a program for it.
    tools: Option<Vec<OsString>>,
}

/// The waves system as the workers see it.
struct WaveSystem {
    plan: WavePlan,
    setting: Setting,
    places: Workplaces,
    /// The commit of the plan's branch that was looked at last.
    seen: RefCell<String>,
    /// The tasks that were merged in this run.
    done: Rc<RefCell<Vec<TaskId>>>,
    /// Where `flow` is.
    flow: Rc<Flow>,
    /// Whether it was said that the plan was changed to what can't be run.
    has_refused: Cell<bool>,
}

impl WaveSystem {
    fn of(plan: WavePlan, setting: Setting) -> Self {
        Self {
            places: Workplaces::of(&plan, &setting.worktrees),
            seen: RefCell::new(plan.tip.clone()),
            done: Rc::new(RefCell::new(plan.merged())),
            flow: Rc::new(Flow::at(&plan.flow_tip)),
            has_refused: Cell::new(false),
            plan,
            setting,
        }
    }

    fn verify(&self) -> Option<&Vec<String>> {
        self.setting.table.verify.as_ref().filter(|words| !words.is_empty())
    }

    /// The tasks whose work was on `flow`, and is not any more because that was moved back while the run goes on.
    fn lost(&self) -> Vec<String> {
        match self.flow.was_moved_back() {
            true => self.places.lost(&self.done.borrow()),
            false => Vec::new(),
        }
    }

    /// The plan as its branch has it now, if that is another plan than the one that is run.
    fn changed(&self) -> Result<Option<WavePlan>, OpenError> {
        let git = Git::at(&self.plan.root);
        // Whether it is gone, or git is busy: the run goes on with what it knows.
        let Ok(Some(tip)) = git.branch_tip(&self.plan.branch) else { return Ok(None) };
        if *self.seen.borrow() == tip {
            return Ok(None);
        }
        let found = self.plan.repository().plan(self.plan.branch()).map_err(refused)?;
        self.seen.replace(found.tip.clone());
        if !self.plan.is_planned_anew(&found.plan) {
            return Ok(None);
        }
        WavePlan::of(self.plan.root.clone(), found).map(Some)
    }
}

impl System for WaveSystem {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan.plan
    }

    fn plan_file(&self) -> &Path {
        &self.plan.path
    }

    fn name(&self) -> &str {
        self.plan.session()
    }

    fn ground(&self, place: &Place, coming: Coming, _: Option<&SessionName>) -> Result<Ground, GroundError> {
        self.places.ground(&place.home, coming, &self.done.borrow())
    }

    fn tell(&self, telling: &Telling<'_>) -> Result<Told, TellError> {
        let task = telling.coming.task;
        if is_shell(telling.profile) {
            return Err(TellError::NeedsAgent { path: format!("task {}", self.plan.plan.id(task)) });
        }
        let branch = self.places.branch(task).ok().flatten().map(|(branch, _)| branch.to_string());
        let branch = branch.unwrap_or_else(|| coming_branch(self.plan.task(task)));
        let folder = telling.ground.map(|ground| ground.folder.clone());
        let folder = folder.unwrap_or_else(|| self.places.coming());
        let verify = self.verify().map(|words| words.join(" "));
        let circumstances = Circumstances {
            others: telling.others,
            previous: telling.previous,
            worktree: &folder,
            branch: &branch,
            verify: verify.as_deref(),
            tools: self.tools(task).is_some() && !telling.profile.mcp.is_empty(),
        };
        let rendered = tell(&self.plan, &self.setting.prompts, task, &circumstances)?;
        Ok(Told { text: rendered.text, blocks: rendered.blocks, shell: None })
    }

    fn tools(&self, _: TaskIx) -> Option<Tools> {
        Some(Tools { server: SERVER, argv: tools_for(self.setting.tools.as_deref()?, &self.plan.root)? })
    }

    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
        let said = self.places.said(ended.home, ended.task, ended.attempt).map_err(io::Error::other)?;
        // Where nothing was said in this attempt, what was said in one before it still stands.
        let is_silent = said.as_ref().is_some_and(|said| said.commits == 0);
        let before = match is_silent {
            true => self.places.said_before(ended.task).map_err(io::Error::other)?,
            false => None,
        };
        judge(self.plan.plan.id(ended.task), said.as_ref(), before.as_ref(), ended)
    }

    fn follows_up(&self) -> bool {
        true
    }

    /// Nothing counts that is not on `flow`: also not where the branch is gone, or git can't say.
    fn follow_up(&self, ended: &EndedAttempt<'_>, _: &Judged) -> Option<Box<dyn FollowUp>> {
        let claim = ended.home.claim(self.plan.plan.id(ended.task), ended.attempt);
        let work = match self.places.work(ended.home, (ended.task, ended.attempt)) {
            Ok(Some(work)) => work,
            Ok(None) => {
                let why = "it says that it is done, and its branch is gone";
                return Some(Box::new(Unmerged(Outcome::Incomplete, why.into())));
            }
            Err(error) => {
                note_claim(&claim);
                let why = format!("done, and not merged: {error}; then `orch retry`, which only merges it");
                return Some(Box::new(Unmerged(Outcome::Obstructed, why)));
            }
        };
        Some(Box::new(WaveMerge {
            git: Git::at(&self.plan.root),
            places: self.places.clone(),
            task: self.plan.task(ended.task).clone(),
            work,
            flow: self.plan.flow.clone(),
            verify: self.verify().cloned(),
            claim,
            is_renewed: !self.places.has_begun(ended.home, ended.task, ended.attempt),
            done: Rc::clone(&self.done),
            known_flow: Rc::clone(&self.flow),
            stage: Stage::Look,
        }))
    }

    /// A claim stands as long as the branch is there.
    fn renew_claim(&self, _: &Home, task: TaskIx, _: u32, _: u32) -> bool {
        !matches!(self.places.branch(task), Ok(None))
    }

    /// Where branches are kept: each commit of a worker is news, and so is each version of the plan.
    fn watched(&self) -> Vec<PathBuf> {
        let Ok(common) = Git::at(&self.plan.root).common_dir() else { return Vec::new() };
        ["refs/heads/task", "refs/heads/plan"].map(|folder| common.join(folder)).to_vec()
    }

    fn glance(&self, home: &Home, task: TaskIx, attempt: u32) -> Glance {
        // What can't be read now is read when the worker ends, and said then.
        let Ok(Some(said)) = self.places.said(home, task, attempt) else { return Glance::default() };
        let (progress, is_final) = progress(&said);
        Glance { progress, is_final, is_over: false }
    }

    fn replanned(&self) -> Replanning {
        match self.changed() {
            Ok(None) => Replanning::No,
            Ok(Some(plan)) => {
                let changed = Self::of(plan.clone(), self.setting.clone());
                // What was merged before it was changed is remembered, and looked for on `flow`.
                self.done.borrow_mut().extend(changed.done.take());
                let system =
                    Rc::new(Self { done: Rc::clone(&self.done), flow: Rc::clone(&self.flow), ..changed });
                Replanning::To(Box::new(Replanned { system, plan: AnyPlan::Waves(plan) }))
            }
            Err(error) if !self.has_refused.replace(true) => Replanning::Refused(format!(
                "{} was changed, and can't be run as it is now: {}; the run goes on with what it knows",
                self.plan.branch(),
                what_is_wrong(&error)
            )),
            Err(_) => Replanning::No,
        }
    }

    fn account(&self, run: &Run, now: Time, took: Duration) -> Option<String> {
        Some(report(&self.plan, run, (now, took), &self.places.kept(), &self.lost()))
    }

    fn finish(&self, closing: &mut Closing<'_>) -> Result<Requirements, OpenError> {
        self.places.tidy();
        closing.notes.extend(said_of_lost(&self.lost()));
        let superseded = self.plan.commit.tasks.iter().filter(|task| task.status == TaskStatus::Superseded);
        let superseded: Vec<&str> = superseded.map(|task| task.id.as_str()).collect();
        if !superseded.is_empty() {
            closing.notes.push(format!("superseded, and kept in the record: {}", superseded.join(", ")));
        }
        if self.has_refused.get() {
            let branch = self.plan.branch();
            closing
                .notes
                .push(format!("{branch} has a newer version that was not run: `orch check` says why"));
        }
        Ok(Requirements::NotValidated)
    }
}

/// The branch that a task gets when it begins, unless another session has one of that name.
fn coming_branch(task: &PlanTask) -> String {
    match Slug::of(task.title()) {
        Some(slug) => TaskBranch::new(task.id.clone(), slug).to_string(),
        None => format!("task/{}", task.id),
    }
}

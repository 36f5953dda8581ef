//! Weavers as the rooms see them that every system shares.

use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{OnFailure, OnIncomplete, Order, Plan, TaskIx};
use orch_exec::tmux::SessionName;
use orch_git::{BranchName, Git};
use orch_prompt::Prompts;
use orch_store::{Folded, Home};

use super::WeaverPlan;
use super::checks::Checked;
use super::claim::{Claim, Rules};
use super::finish::summarise;
use super::ground::{ground, second_status_file, worktree_path};
use super::judge::judge;
use super::load::{branch_of, is_there};
use super::memory::remember;
use super::stack::{from_root, summary_path};
use super::status_file::{Beginning, Said, StatusFiles};
use super::tell::{iteration, tell};
use super::verify::Following;
use crate::config::WorktreesTable;
use crate::system::{
    Closing, Coming, Defaults, EndedAttempt, FollowUp, Glance, Ground, GroundError, Judged, Keeper,
    Remembered, SetUp, Source, System, TellError, Telling, Told,
};
use crate::workers::Place;
use crate::worktrees::Worktrees;
use crate::{OpenError, Requirements};

impl Source for WeaverPlan {
    /// All that are ready at once, dependents of what failed are blocked, the others go on (seed 003).
    fn defaults(&self) -> Defaults {
        let all = u32::try_from(self.specs.len()).ok().and_then(NonZeroU32::new);
        Defaults {
            agent: "claude",
            jobs: all.unwrap_or(NonZeroU32::MIN),
            order: Order::Graph,
            on_failure: OnFailure::KeepGoing,
            on_incomplete: OnIncomplete::Hold,
            sessions: true,
            // The iterations decide; this only keeps a claim from going back for ever.
            reworks: 1000,
            incomplete_retries: 0,
            same_list: false,
            waits: true,
        }
    }

    fn base_branch(&self) -> Option<String> {
        Some(self.default_branch.clone())
    }

    fn remember(
        &self,
        history: Folded,
        home: Option<&Home>,
        strict: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError> {
        let (remembered, keeper) = remember(self, history, home, strict)?;
        Ok((remembered, Box::new(keeper)))
    }

    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System> {
        let SetUp { config, options, .. } = set_up;
        Box::new(WeaverSystem {
            prompts: Prompts::new(config.run.templates.clone()),
            rules: Rules::of(config, options.durability(config)),
            worktrees: Worktrees::of(&self.root, &config.worktrees),
            table: config.worktrees.clone(),
            statuses: StatusFiles::of(self),
            plan: self.clone(),
        })
    }
}

/// The weavers system as the workers see it.
struct WeaverSystem {
    plan: WeaverPlan,
    prompts: Prompts,
    rules: Rules,
    worktrees: Worktrees,
    table: WorktreesTable,
    statuses: StatusFiles,
}

impl WeaverSystem {
    fn worktree(&self, task: TaskIx) -> PathBuf {
        worktree_path(&self.plan, Some(&self.table), task)
    }

    /// Where a weaver may write its status whose tools keep it from the first place.
    fn second_status_file(&self, task: TaskIx) -> PathBuf {
        second_status_file(&self.plan, &self.table, task)
    }

    /// What the weaver of an attempt has said; nothing before the attempt was begun.
    fn said(&self, home: &Home, task: TaskIx, attempt: u32) -> Said {
        let (id, spec) = (self.plan.plan.id(task), &self.plan.spec(task).file);
        if !home.status(id, attempt).is_file() {
            return Said::default();
        }
        let inside = self.statuses.inside(&self.worktree(task), id);
        let beside: Vec<PathBuf> = inside.into_iter().chain([self.second_status_file(task)]).collect();
        self.statuses.read(id, spec, &beside, Some(&home.status(id, attempt)))
    }
}

impl System for WeaverSystem {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan.plan
    }

    fn plan_file(&self) -> &Path {
        &self.plan.path
    }

    fn name(&self) -> &str {
        self.plan.id()
    }

    fn ground(
        &self,
        place: &Place,
        coming: Coming,
        session: Option<&SessionName>,
    ) -> Result<Ground, GroundError> {
        let Coming { task, attempt, .. } = coming;
        let (id, planned) = (self.plan.plan.id(task), self.plan.spec(task));
        let status_file = self.statuses.path(id);
        let ground = ground(&self.plan, &self.worktrees, task, &status_file)?;
        let checked = Checked::latest(&self.plan, &place.home, task, attempt.saturating_sub(1));
        let iteration = iteration(coming, checked.as_ref());
        let failed = |error: &dyn std::fmt::Display| {
            GroundError::Environment(format!("can't begin the status file of {id}: {error}"))
        };
        self.statuses.make_folder().map_err(|error| failed(&error))?;
        // What was said there was said of an earlier attempt.
        let _ = std::fs::remove_file(self.second_status_file(task));
        let beginning = Beginning {
            spec_file: &planned.file,
            iteration,
            session: session.map(SessionName::as_str),
            now: place.now(),
            kept: &place.home.status(id, attempt),
        };
        let begun = self.statuses.begin(id, beginning, self.rules.durability);
        begun.map_err(|error| failed(&error))?;
        Ok(ground)
    }

    fn tell(&self, telling: &Telling<'_>) -> Result<Told, TellError> {
        tell(&self.plan, &self.prompts, &self.rules, &self.table, &self.statuses, telling)
    }

    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
        let said = self.said(ended.home, ended.task, ended.attempt);
        judge(self.plan.plan.id(ended.task), &said, self.rules.most_iterations, ended)
    }

    fn renew_claim(&self, home: &Home, task: TaskIx, from: u32, to: u32) -> bool {
        let (id, spec) = (self.plan.plan.id(task), &self.plan.spec(task).file);
        self.statuses.renew(id, spec, &home.status(id, from), &home.status(id, to), self.rules.durability)
    }

    fn follows_up(&self) -> bool {
        true
    }

    fn follow_up(&self, ended: &EndedAttempt<'_>, _: &Judged) -> Option<Box<dyn FollowUp>> {
        let id = self.plan.plan.id(ended.task);
        let name = format!("{id}.pull-request");
        if let Ok(branch) = BranchName::new(self.plan.branch(ended.task)) {
            // One that stays in the way is named by the git that meets it.
            let _ = self.worktrees.remove_abandoned_locks(&self.plan.worktree_name(ended.task), &branch);
        }
        Some(Box::new(Following::up(Claim {
            plan: self.plan.clone(),
            task: ended.task,
            rules: self.rules.clone(),
            prompts: self.prompts.clone(),
            statuses: self.statuses.clone(),
            worktree: self.worktree(ended.task),
            said: self.said(ended.home, ended.task, ended.attempt).file,
            kept: ended.home.status(id, ended.attempt),
            checks_file: ended.home.checks(id, ended.attempt),
            body_file: ended.home.prompt(&name, ended.attempt),
        })))
    }

    fn session_name(&self, task: TaskIx) -> SessionName {
        SessionName::from_parts(&["vertical", self.plan.id(), self.plan.plan.id(task)])
    }

    fn watched(&self) -> Vec<PathBuf> {
        vec![self.statuses.folder().to_owned(), self.worktrees.folder().to_owned()]
    }

    fn glance(&self, home: &Home, task: TaskIx, attempt: u32) -> Glance {
        let file = self.said(home, task, attempt).file;
        let iteration = file.iteration.unwrap_or(1);
        let progress = file.status.as_ref().map(|status| match iteration {
            0 | 1 => status.word().to_owned(),
            _ => format!("{status} (iteration {iteration} of {})", self.rules.most_iterations),
        });
        let is_final = file.is_final();
        Glance { progress, is_final, is_over: !is_final && iteration > self.rules.most_iterations }
    }

    fn keep_word(&self, home: &Home, task: TaskIx, attempt: u32) {
        let said = self.said(home, task, attempt);
        StatusFiles::keep(&said.file, &home.status(self.plan.plan.id(task), attempt));
    }

    fn holding(&self) -> Vec<String> {
        let git = Git::at(&self.plan.root);
        let holds = |condition: &&str| branch_of(condition).is_some_and(|branch| is_there(&git, branch));
        self.plan.plan.conditions().filter(holds).map(str::to_owned).collect()
    }

    fn finish(&self, closing: &mut Closing<'_>) -> Result<Requirements, OpenError> {
        summarise(&self.plan, Some(closing.home), &self.statuses, closing)?;
        let summary = from_root(&self.plan, &summary_path(&self.plan));
        closing.notes.push(format!("the summary is in {summary}"));
        *closing.summary = Some(summary);
        Ok(Requirements::NotValidated)
    }
}

//! Streams as the rooms see them that every system shares.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Memory, OnFailure, OnIncomplete, Order, Plan, Status, TaskIx, Time};
use orch_exec::tmux::SessionName;
use orch_git::{BranchName, Git};
use orch_prompt::Prompts;
use orch_store::{Folded, Home};

use super::StreamPlan;
use super::database::{Owner, TASKS_DB};
use super::judge::judge;
use super::keeper::StreamKeeper;
use super::ledger::{Ledger, Stands};
use super::memory::{fresh, remember};
use super::tell::{Circumstances, tell};
use super::traces::Traces;
use crate::landing::{Harbour, Landing, checked_out};
use crate::system::{
    Closing, Coming, Defaults, EndedAttempt, FollowUp, Glance, Ground, GroundError, Judged, Keeper,
    Remembered, SetUp, Source, System, TellError, Telling, Told, Tools, is_shell,
};
use crate::workers::Place;
use crate::worktrees::Worktrees;
use crate::{BoardRow, OpenError, Requirements};

/// How often work that is not fit to be merged goes back to its worker.
const REWORKS: u32 = 2;

/// How often a stream of which something is left goes on by itself.
const INCOMPLETE_RETRIES: u32 = 2;

/// The name under which workers find the tools, which is that of the originals' server.
pub(super) const SERVER: &str = "task-copilot";

impl Source for StreamPlan {
    /// All that are ready at once; what is left of a stream goes on by itself, and its dependents wait until it is whole;
    /// what failed blocks its dependents alone (seed 001).
    fn defaults(&self) -> Defaults {
        let all = u32::try_from(self.streams.len()).ok().and_then(NonZeroU32::new);
        Defaults {
            agent: "claude",
            jobs: all.unwrap_or(NonZeroU32::MIN),
            order: Order::Graph,
            on_failure: OnFailure::KeepGoing,
            on_incomplete: OnIncomplete::Hold,
            sessions: false,
            reworks: REWORKS,
            incomplete_retries: INCOMPLETE_RETRIES,
            same_list: false,
            waits: false,
        }
    }

    /// The branch that is checked out where the person works: what is done is merged into it.
    fn base_branch(&self) -> Option<String> {
        self.in_repository.then(|| checked_out(&self.project))?
    }

    /// One database is one project's: another one that is called the same would run the same streams.
    fn prepare(&self, _: bool, _: Time) -> Result<Vec<String>, OpenError> {
        if self.is_newer {
            return Err(OpenError::Environment {
                message: format!("{} is of a newer version than orch writes", self.path.display()),
                hint: "its streams can be looked at, and workers could mark nothing with orch's tools: update orch".into(),
            });
        }
        let owner = self.owner();
        owner.require(&self.project, &self.workspace)?;
        owner.note(&self.project)?;
        Ok(match self.in_repository {
            true => Vec::new(),
            false => vec![format!(
                "{} is no git repository: all streams work in it, and nothing is merged",
                self.project.display()
            )],
        })
    }

    fn remember(
        &self,
        history: Folded,
        home: Option<&Home>,
        _: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError> {
        Ok((remember(self, history, home), Box::new(StreamKeeper::new(self, home))))
    }

    /// The database stays the truth: what it says is done is done.
    fn fresh(&self, history: &Folded) -> Memory {
        fresh(self, history, Home::find(&self.folder, self.home_name()).as_ref())
    }

    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System> {
        let SetUp { config, options, .. } = set_up;
        let has_worktrees = self.in_repository && config.streams.worktrees != Some(false);
        Box::new(StreamSystem {
            prompts: Prompts::new(config.run.templates.clone()),
            worktrees: has_worktrees.then(|| Worktrees::of(&self.project, &config.worktrees)),
            harbour: Harbour::of(&self.project),
            ledger: Ledger::of(self),
            traces: Traces::of(&self.project),
            began: RefCell::default(),
            tools: options.tools.clone(),
            plan: self.clone(),
        })
    }
}

impl StreamPlan {
    fn owner(&self) -> Owner {
        let home = Home::find(&self.folder, self.home_name());
        Owner::of(home.as_ref().map_or(&self.folder, Home::folder))
    }
}

/// The words that serve the tools on a database, to the worker of a stream or to whoever plans them; none where they are no
/// text, which is all that an agent can be told.
pub(super) fn tools_for(program: &[OsString], database: &Path, stream: Option<&str>) -> Option<Vec<String>> {
    let program: Option<Vec<String>> = program.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    let words = ["--tools".to_owned(), "tasks".to_owned(), format!("--database={}", database.to_str()?)];
    // In one word each: an id may begin with a dash.
    let stream = stream.map(|stream| format!("--stream={stream}"));
    Some(program?.into_iter().chain(words).chain(stream).collect())
}

/// The streams system as the workers see it.
struct StreamSystem {
    plan: StreamPlan,
    prompts: Prompts,
    /// Where streams have work trees of their own; none where all work in the project's.
    worktrees: Option<Worktrees>,
    /// Into which what is done in work trees is merged.
    harbour: Harbour,
    ledger: Ledger,
    traces: Traces,
    /// Where streams stood when this very orch began to work on them.
    began: RefCell<HashMap<TaskIx, Stands>>,
    /// The words that run orch's tools for agents, if there is a program for it.
    tools: Option<Vec<OsString>>,
}

impl StreamSystem {
    fn worktree(&self, task: TaskIx) -> Option<PathBuf> {
        Some(self.worktrees.as_ref()?.path(&self.plan.stream(task).file_name()))
    }

    /// That what the stream builds on is in the branch it is cut from: another one may be checked out than when that was
    /// merged.
    fn require_needed(&self, task: TaskIx, base: &str) -> Result<(), GroundError> {
        let git = Git::at(&self.plan.project);
        let unmerged = git.unmerged_branches(base).unwrap_or_default();
        for &on in self.plan.plan.graph().depends_on(task) {
            let needed = &self.plan.stream(on).branch;
            let names = BranchName::new(needed.as_str()).ok().zip(BranchName::new(base).ok());
            // It may have come there by a squash.
            let is_out = unmerged.contains(needed)
                && names
                    .is_some_and(|(needed, base)| git.is_contained(&needed, &base).is_ok_and(|is_in| !is_in));
            if is_out {
                return Err(GroundError::Environment(format!(
                    "{needed}, on which `{}` builds, is not in `{base}`, which is checked out in {}: switch to the branch \
                     that it was merged into, or merge it",
                    self.plan.plan.id(task),
                    self.plan.project.display()
                )));
            }
        }
        Ok(())
    }

    /// The work tree for a stream, cut from the branch into which it is merged: all that the stream depends on is there.
    fn own_ground(
        &self,
        worktrees: &Worktrees,
        place: &Place,
        coming: Coming,
    ) -> Result<Ground, GroundError> {
        self.harbour.require()?;
        let (stream, git) = (self.plan.stream(coming.task), Git::at(&self.plan.project));
        let branch = BranchName::new(stream.branch.as_str());
        let branch = branch.map_err(|error| GroundError::Task(error.to_string()))?;
        if git.branch_tip(&branch).is_ok_and(|tip| tip.is_some())
            && git.recorded_base(&branch).is_ok_and(|base| base.is_none())
        {
            return Err(GroundError::Task(format!(
                "the branch {branch} was there before, and orch takes over none that it has not made: rename it, or give \
                 the stream another one (`branchName` in the metadata of its tasks)"
            )));
        }
        self.require_needed(coming.task, &place.base_branch)?;
        // Ids come again from one initiative to the next: the branch of an earlier stream that was merged begins anew.
        git.catch_up(&branch, &place.base_branch)
            .map_err(|error| GroundError::Environment(error.to_string()))?;
        let result = place.home.result(&stream.id, coming.attempt);
        worktrees.ground(&stream.file_name(), &branch, &place.base_branch, result)
    }
}

impl System for StreamSystem {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan.plan
    }

    fn plan_file(&self) -> &Path {
        &self.plan.path
    }

    fn name(&self) -> &str {
        &self.plan.workspace
    }

    fn ground(&self, place: &Place, coming: Coming, _: Option<&SessionName>) -> Result<Ground, GroundError> {
        let (task, attempt) = (coming.task, coming.attempt);
        let stream = self.plan.stream(task);
        let failed =
            |what: &str, error: io::Error| GroundError::Environment(format!("can't {what}: {error}"));
        let ground = match &self.worktrees {
            Some(worktrees) => self.own_ground(worktrees, place, coming)?,
            None => Ground {
                folder: place.folder.clone(),
                base_branch: place.base_branch.clone(),
                result: place.home.result(&stream.id, attempt),
                set_up: Vec::new(),
                ready: None,
                note: None,
            },
        };
        let stands = self.ledger.stands(task).map_err(|error| failed("read the tasks", error))?;
        if stands.tasks.is_empty() {
            return Err(GroundError::Task("all of its tasks were archived or deleted".into()));
        }
        self.began.borrow_mut().insert(task, stands);
        let on = self.plan.plan.graph().depends_on(task).iter();
        let on: Vec<&str> = on.map(|&on| self.plan.plan.id(on)).collect();
        let log = place.home.log(&stream.id, attempt);
        let begun = self.traces.begin_log(stream, &on, &log, place.now());
        begun.map_err(|error| failed("begin the log", error))?;
        Ok(ground)
    }

    fn tell(&self, telling: &Telling<'_>) -> Result<Told, TellError> {
        if is_shell(telling.profile) {
            return Err(TellError::NeedsAgent {
                path: format!("the stream `{}`", self.plan.plan.id(telling.coming.task)),
            });
        }
        let worktree = self.worktree(telling.coming.task);
        let circumstances = Circumstances {
            others: telling.others,
            previous: telling.previous,
            worktree: worktree.as_deref(),
            tools: self.tools(telling.coming.task).is_some() && !telling.profile.mcp.is_empty(),
        };
        let rendered = tell(&self.plan, &self.ledger, &self.prompts, telling.coming.task, &circumstances)?;
        Ok(Told { text: rendered.text, blocks: rendered.blocks, shell: None })
    }

    /// By which the originals' own server finds the database, also from a work tree, whose folder has another name.
    fn variables(&self) -> Vec<(&'static str, OsString)> {
        let folder = self.plan.folder.parent().filter(|_| self.plan.path.ends_with(TASKS_DB));
        let found = folder.map(|folder| {
            [("TASK_DB_PATH", folder.into()), ("WORKSPACE_ID", self.plan.workspace.clone().into())]
        });
        found.into_iter().flatten().collect()
    }

    fn tools(&self, task: TaskIx) -> Option<Tools> {
        let stream = self.plan.plan.id(task);
        Some(Tools {
            server: SERVER,
            argv: tools_for(self.tools.as_deref()?, &self.plan.path, Some(stream))?,
        })
    }

    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
        let stands = self.ledger.stands(ended.task)?;
        let began = self.began.borrow();
        judge(self.plan.plan.id(ended.task), &stands, began.get(&ended.task), ended)
    }

    fn follows_up(&self) -> bool {
        self.worktrees.is_some()
    }

    fn follow_up(&self, ended: &EndedAttempt<'_>, _: &Judged) -> Option<Box<dyn FollowUp>> {
        let worktree = self.worktree(ended.task)?;
        let stream = self.plan.stream(ended.task);
        let named = if stream.name == stream.id { String::new() } else { format!(": {}", stream.name) };
        Some(Box::new(Landing {
            root: self.plan.project.clone(),
            branch: BranchName::new(stream.branch.as_str()).ok()?,
            base: self.harbour.branch().map(str::to_owned),
            worktree,
            document: None,
            own_folders: &[],
            message: format!("Merge {}{named}", stream.id),
            claim: ended.home.claim(&stream.id, ended.attempt),
        }))
    }

    /// A claim stands as long as the tasks say so.
    fn renew_claim(&self, _: &Home, task: TaskIx, _: u32, _: u32) -> bool {
        self.ledger.stands(task).is_ok_and(|stands| stands.is_complete())
    }

    /// The folder of the database: each write of a worker is news.
    fn watched(&self) -> Vec<PathBuf> {
        vec![self.plan.folder.clone()]
    }

    fn glance(&self, _: &Home, task: TaskIx, _: u32) -> Glance {
        // What can't be read now is read when the worker ends, and said then.
        let Ok(stands) = self.ledger.stands_at_once(task) else { return Glance::default() };
        let blocked = match stands.blocked.len() {
            0 => String::new(),
            blocked => format!(", {blocked} blocked"),
        };
        let progress = format!("{} of {} tasks done{blocked}", stands.settled(), stands.tasks.len());
        Glance { progress: Some(progress), is_final: stands.is_complete(), is_over: false }
    }

    /// Another orchestrator's worker at the same stream would do it twice.
    fn only_by_person(&self, task: TaskIx) -> Option<String> {
        let pid = self.traces.stranger(self.plan.stream(task))?;
        Some(format!(
            "another orchestrator's worker is at it (process {pid}, by .claude/orchestrator/pids); run again when it has ended"
        ))
    }

    fn finish(&self, closing: &mut Closing<'_>) -> Result<Requirements, OpenError> {
        let run = closing.run;
        let is_done = |task: &TaskIx| run.status(*task) == Status::Success;
        if let Some(worktrees) = self.worktrees.as_ref().filter(|_| run.count(Status::Success) > 0) {
            let done = run.plan().tasks().filter(is_done);
            let names: std::collections::HashSet<String> =
                done.map(|task| self.plan.stream(task).file_name()).collect();
            worktrees.remove_safe(|name| names.contains(name));
        }
        let survey = run.survey(closing.now);
        for task in run.plan().tasks() {
            let stream = self.plan.stream(task);
            let is_blocked = matches!(survey.of(task), Some(orch_core::Readiness::Blocked { .. }));
            let branch = match run.status(task) {
                Status::Success | Status::Pending => "-".to_owned(),
                _ if self.worktree(task).is_some_and(|path| path.is_dir()) => stream.branch.clone(),
                _ => "-".to_owned(),
            };
            closing.board.push(BoardRow {
                done: match run.status(task) {
                    Status::Success => Some(true),
                    Status::Fail => Some(false),
                    _ if is_blocked => Some(false),
                    _ => None,
                },
                name: stream.id.clone(),
                status: if is_blocked { "blocked".into() } else { run.status(task).word().to_lowercase() },
                result: branch,
            });
        }
        let new = self.ledger.new_streams();
        if !new.is_empty() {
            closing
                .notes
                .push(format!("streams that came meanwhile: {}; run again to do them", new.join(", ")));
        }
        Ok(Requirements::NotValidated)
    }
}

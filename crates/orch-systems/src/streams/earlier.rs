//! The initiative before the one that streams are made for: which of its streams are not finished, and taking back those that
//! were archived when nothing comes of the new one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use orch_core::{Memory, Status, Time};
use orch_state_sqlite::{
    Initiative, InitiativeLinkInput, Scope, StreamGetInput, StreamTask, StreamUnarchiveInput, TaskDb,
    ToolError, Tools,
};
use orch_store::{Folded, Home};

use super::StreamPlan;
use super::load::unusable;
use super::memory::remember;
use crate::OpenError;

/// How streams that are archived are taken back by hand.
const WAY_BACK: &str = "the tool stream_unarchive takes each of them back";

/// The streams of the current initiative that are not finished, unless that is `next`: those of which tasks are left, and those
/// that are done and wait to be merged.
///
/// # Errors
/// [`OpenError::Database`]; [`OpenError::Store`] when the history can't be read.
pub(super) fn unfinished(
    db: &TaskDb,
    project: &Path,
    home: &Home,
    next: &str,
) -> Result<Vec<String>, OpenError> {
    let read = db.stream_tasks(&Scope::Current).map_err(unusable)?;
    if read.initiative.as_ref().is_none_or(|current| current.id == next) {
        return Ok(Vec::new());
    }
    let all: BTreeSet<&str> = read.tasks.iter().map(|task| task.stream.id.as_str()).collect();
    let open = read.tasks.iter().filter(|task| !task.status.is_settled());
    let open: BTreeSet<&str> = open.map(|task| task.stream.id.as_str()).collect();
    let unmerged = unmerged(db, project, home)?;
    let told = all.into_iter().filter_map(|stream| match () {
        () if open.contains(stream) => Some(stream.to_owned()),
        () if unmerged.contains(stream) => Some(format!("{stream} (done, and not merged)")),
        () => None,
    });
    Ok(told.collect())
}

/// The streams that orch does not take for successful, whatever their tasks say.
fn unmerged(db: &TaskDb, project: &Path, home: &Home) -> Result<HashSet<String>, OpenError> {
    let history = orch_store::read(&home.history())?.unwrap_or_else(Folded::default);
    let plan = match StreamPlan::load(db.path(), project, false) {
        Ok(plan) => plan,
        // They form no plan that could be run; what was run of them before is known all the same.
        Err(OpenError::Invalid { .. }) => {
            let failed = history.tasks.iter().filter(|(_, record)| record.status != Status::Success);
            return Ok(failed.map(|(stream, _)| stream.clone()).collect());
        }
        Err(error) => return Err(error),
    };
    let Memory::Found(recorded) = remember(&plan, history, Some(home)).memory else {
        return Ok(HashSet::new());
    };
    let waits = recorded.tasks.into_iter().filter(|task| task.standing.status != Status::Success);
    Ok(waits.map(|task| task.id).collect())
}

/// What linking an initiative has put away.
pub(super) struct Earlier {
    /// The initiative that was the current one until then, if that was another.
    initiative: Option<Initiative>,
    /// The tasks that were archived.
    tasks: Vec<StreamTask>,
}

impl Earlier {
    /// Links the initiative, and keeps what that puts away.
    ///
    /// # Errors
    /// [`ToolError`].
    pub(super) fn link(
        tools: &mut Tools,
        initiative: InitiativeLinkInput,
        now: Time,
    ) -> Result<Self, ToolError> {
        let before = tools.db().current_initiative()?.filter(|before| before.id != initiative.initiative_id);
        let there = tools.db().stream_tasks(&Scope::All)?.tasks;
        tools.initiative_link(initiative, now)?;
        let left = tools.db().stream_tasks(&Scope::All)?.tasks;
        let left: HashSet<&str> = left.iter().map(|task| task.id.as_str()).collect();
        let tasks = there.into_iter().filter(|task| !left.contains(task.id.as_str()));
        Ok(Self { initiative: before, tasks: tasks.collect() })
    }

    /// The streams that were archived.
    pub(super) fn streams(&self) -> Vec<String> {
        let streams: BTreeSet<&str> = self.tasks.iter().map(|task| task.stream.id.as_str()).collect();
        streams.into_iter().map(str::to_owned).collect()
    }

    /// How to get back what is archived, where it stays so.
    pub(super) fn way_back(&self) -> Option<String> {
        let streams = self.streams();
        (!streams.is_empty()).then(|| format!("archived stay {}: {WAY_BACK}", streams.join(", ")))
    }

    /// Makes the initiative before the current one again and takes its streams back; what was done, for a person.
    ///
    /// # Errors
    /// [`ToolError`].
    pub(super) fn take_back(&self, tools: &mut Tools, now: Time) -> Result<Option<String>, ToolError> {
        let Some(before) = &self.initiative else { return Ok(self.way_back()) };
        // What it would archive is archived already.
        tools.initiative_link(
            InitiativeLinkInput {
                initiative_id: before.id.clone(),
                title: before.title.clone(),
                description: before.description.clone(),
            },
            now,
        )?;
        let mut kept = Vec::new();
        let streams = self.streams();
        for stream in &streams {
            if !self.unarchive(tools, stream, &before.id, now)? {
                kept.push(stream.as_str());
            }
        }
        let kept = match kept.is_empty() {
            true => String::new(),
            false => format!("; of {} something stays archived: {WAY_BACK}", kept.join(", ")),
        };
        Ok(Some(match streams.as_slice() {
            [] => format!("`{}` is the current initiative again", before.title),
            streams => {
                let listed = streams.join(", ");
                format!(
                    "`{}` is the current initiative again, and its streams are taken back: {listed}{kept}",
                    before.title
                )
            }
        }))
    }

    /// Takes a stream back, a PRD at a time; whether that was all of it. The tool takes back all that is archived of a stream: where
    /// that is more than what was archived now, and where tasks have no PRD, a person has to choose.
    fn unarchive(
        &self,
        tools: &mut Tools,
        stream: &str,
        initiative: &str,
        now: Time,
    ) -> Result<bool, ToolError> {
        let own = self.tasks.iter().filter(|task| task.stream.id == stream);
        let own: HashSet<&str> = own.map(|task| task.id.as_str()).collect();
        let asked = StreamGetInput {
            stream_id: stream.to_owned(),
            initiative_id: Some(initiative.to_owned()),
            include_archived: Some(true),
            ..StreamGetInput::default()
        };
        let is_linked = self
            .tasks
            .iter()
            .any(|task| task.stream.id == stream && task.initiative_id.as_deref() == Some(initiative));
        let found = if is_linked { tools.stream_get(&asked)?.tasks } else { Vec::new() };
        let mut archived: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for task in found.into_iter().filter(|task| task.archived) {
            archived.entry(task.prd_id.unwrap_or_default()).or_default().push(task.id);
        }
        let mut back = 0;
        for (prd, tasks) in archived {
            if tasks.iter().all(|task| own.contains(task.as_str())) {
                let input = StreamUnarchiveInput {
                    stream_id: stream.to_owned(),
                    prd_id: Some(prd),
                    ..StreamUnarchiveInput::default()
                };
                back += tools.stream_unarchive(&input, now)?.tasks_unarchived;
            }
        }
        Ok(back == own.len())
    }
}

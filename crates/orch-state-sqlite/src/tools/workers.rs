//! What the worker of one stream may change.

use std::collections::{BTreeSet, HashSet};

use orch_core::{Plan, PlanDraft, TaskDraft};
use rusqlite::{Connection, OptionalExtension};

use super::stop::Stop;
use super::stream_rows::{Filter, Shelf, StreamRow, stream_rows};
use super::{TaskCreateInput, ToolError};
use crate::tasks_db::current_initiative;

/// Refuses to change `what`, a task of `stream`, when the tools are for the worker of another stream, or of one that is not
/// there.
pub(super) fn require_own(
    connection: &Connection,
    own: Option<&str>,
    what: &str,
    stream: Option<&str>,
) -> Result<(), Stop> {
    match (own, stream) {
        (Some(own), Some(stream)) if own == stream => Ok(()),
        (Some(own), stream) => {
            require_stream(connection, own, Shelf::Open)?;
            let Some(stream) = stream else { return Ok(()) };
            Err(ToolError::AnothersStream { what: what.into(), stream: stream.into(), own: own.into() }
                .into())
        }
        (None, _) => Ok(()),
    }
}

/// That a task that was in the stream `from` is left there, or is taken into the worker's `own` stream.
pub(super) fn require_unmoved(
    own: &str,
    id: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), ToolError> {
    if from == to || to == Some(own) {
        return Ok(());
    }
    Err(ToolError::MovesTask { id: id.into(), to: to.map(str::to_owned), own: own.into() })
}

/// Refuses what would change `stream` if that is not the worker's `own`.
pub(super) fn require_same(own: &str, stream: &str) -> Result<(), ToolError> {
    match own == stream {
        true => Ok(()),
        false => Err(ToolError::OtherStream { stream: stream.into(), own: own.into() }),
    }
}

/// Refuses what concerns all streams when the tools are for the worker of one.
pub(super) fn require_whole(own: Option<&str>, tool: &'static str) -> Result<(), ToolError> {
    match own {
        Some(own) => Err(ToolError::ConcernsAll { tool, own: own.into() }),
        None => Ok(()),
    }
}

/// The tasks of the worker's `own` stream on `shelf`, of every initiative: all of them may be run at once.
///
/// # Errors
/// [`ToolError::NoOwnStream`] if there is none.
pub(super) fn require_stream(
    connection: &Connection,
    own: &str,
    shelf: Shelf,
) -> Result<Vec<StreamRow>, Stop> {
    let rows = stream_rows(connection, &Filter { shelf, ..Filter::default() })?.rows;
    let (mine, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.stream.id == own);
    if mine.is_empty() {
        let streams: BTreeSet<&str> = others.iter().map(|row| row.stream.id.as_str()).collect();
        let near = nearest(own, streams.into_iter());
        return Err(ToolError::NoOwnStream { own: own.into(), near }.into());
    }
    Ok(mine)
}

/// `tasks` with the PRD of the worker's `own` stream where they name none.
pub(super) fn of_worker(
    connection: &Connection,
    tasks: Vec<TaskCreateInput>,
    own: &str,
) -> Result<Vec<TaskCreateInput>, Stop> {
    let prd = own_prd(connection, &require_stream(connection, own, Shelf::Open)?)?;
    let linked =
        |task: TaskCreateInput| TaskCreateInput { prd_id: task.prd_id.or_else(|| prd.clone()), ..task };
    Ok(tasks.into_iter().map(linked).collect())
}

/// The PRD that new tasks of a worker belong to: that of the `rows` of its stream in the current initiative, or else in any;
/// of several the one that was made last.
fn own_prd(connection: &Connection, rows: &[StreamRow]) -> Result<Option<String>, Stop> {
    let current = current_initiative(connection)?.map(|current| current.id);
    let is_current = |row: &&StreamRow| row.initiative_id.as_deref() == current.as_deref();
    let newest = |prds: HashSet<&str>| -> Result<Option<String>, Stop> {
        let mut statement = connection.prepare_cached("SELECT rowid FROM prds WHERE id = ?1")?;
        let mut newest: Option<(i64, &str)> = None;
        for prd in prds {
            let place = statement.query_row([prd], |row| row.get(0)).optional()?;
            newest = newest.max(place.map(|place| (place, prd)));
        }
        Ok(newest.map(|(_, prd)| prd.to_owned()))
    };
    match newest(rows.iter().filter(is_current).filter_map(|row| row.prd_id.as_deref()).collect())? {
        Some(prd) => Ok(Some(prd)),
        None => newest(rows.iter().filter_map(|row| row.prd_id.as_deref()).collect()),
    }
}

/// The one of `streams`, each of which is named once, that was probably meant by `name`.
pub(super) fn nearest<'a>(name: &str, streams: impl Iterator<Item = &'a str>) -> Option<String> {
    let tasks = streams.map(TaskDraft::new).collect();
    let known = Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).ok()?;
    known.suggest(name).map(str::to_owned)
}

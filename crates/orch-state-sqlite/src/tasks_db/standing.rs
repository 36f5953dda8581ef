//! What has changed since the streams were read, at a price that doesn't grow with the file.

use orch_core::Time;
use rusqlite::OptionalExtension;

use super::stream_tasks::{added, mark};
use super::{RowMark, StreamTask, TaskDb};
use crate::record::Record;
use crate::{DbError, TaskStatus, timestamp};

/// Where some tasks stand, and which came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The tasks asked for with their statuses, in the order asked for; `None` for one that is gone or archived.
    pub tasks: Vec<(String, Option<TaskStatus>)>,
    /// Those of them that are blocked, with the reason given.
    pub blocked: Vec<(String, Option<String>)>,
    /// The stream tasks that came since, of every initiative, in the order in which they came. What can't be read is not among
    /// them.
    pub added: Vec<StreamTask>,
    /// Which rows there are by now.
    pub mark: RowMark,
}

impl TaskDb {
    /// Where the tasks with these ids stand, and which stream tasks came after `since`.
    ///
    /// Costs what is asked for and what came, however large the file is. Row numbers are given again when the last rows were
    /// deleted, and changed when the file is packed (`VACUUM`); so a task may in rare cases come unseen, and who runs for long
    /// reads [`stream_tasks`](Self::stream_tasks) again now and then.
    ///
    /// # Errors
    /// [`DbError`] if the tasks can't be read.
    pub fn standing(&self, task_ids: &[&str], since: RowMark) -> Result<Standing, DbError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, status, blocked_reason FROM tasks WHERE id = ?1 AND archived IS NOT 1",
            )?;
            let mut standing = Standing { mark: mark(connection)?, ..Standing::default() };
            standing.tasks.reserve(task_ids.len());
            for id in task_ids {
                let found = statement.query_row([id], |row| {
                    let record = Record::new("tasks", row);
                    Ok(record.status(1).and_then(|status| Ok((status, record.optional_text(2)?))))
                });
                let found = found.optional()?.transpose()?;
                if let Some((TaskStatus::Blocked, reason)) = &found {
                    standing.blocked.push(((*id).into(), reason.clone()));
                }
                standing.tasks.push(((*id).into(), found.map(|(status, _)| status)));
            }
            standing.added = added(connection, since)?;
            Ok(standing)
        })
    }

    /// Gives those of these tasks that are completed or blocked back to be done again: pending, without a blocked reason. Their
    /// notes stay. The number of tasks that were given back.
    ///
    /// # Errors
    /// [`DbError`] if they can't be written; none is then.
    pub fn reopen(&mut self, task_ids: &[&str], now: Time) -> Result<usize, DbError> {
        let now = timestamp(now);
        self.write(|connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE tasks SET status = 'pending', blocked_reason = NULL, updated_at = ?2
                 WHERE id = ?1 AND status IN ('completed', 'blocked') AND archived IS NOT 1",
            )?;
            let mut reopened = 0;
            for id in task_ids {
                reopened += statement.execute((id, &now))?;
            }
            Ok(reopened)
        })
    }
}

//! Which stream a dependency means, however it is written.

use std::collections::{HashMap, HashSet};

use orch_state_sqlite::{StreamTask, stream_named};

/// The streams, and by what else they are known.
pub(super) struct Known<'a> {
    streams: HashSet<&'a str>,
    /// The stream of each task, by the task's id.
    of_task: HashMap<&'a str, &'a str>,
}

/// What a dependency means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// This stream.
    Stream(String),
    /// Nothing more than the order of the stream's own tasks.
    Itself,
    /// No stream that is there: what was probably meant to be its name.
    Unknown(String),
}

impl<'a> Known<'a> {
    pub(super) fn of(tasks: &'a [StreamTask]) -> Self {
        Self {
            streams: tasks.iter().map(|task| task.stream.id.as_str()).collect(),
            of_task: tasks.iter().map(|task| (task.id.as_str(), task.stream.id.as_str())).collect(),
        }
    }

    /// What `written`, a dependency of a task of `stream`, means: the id of a stream, a task's title as the originals
    /// build them (`Stream-A: Set up`, `[Stream-A] Set up`), or a task's id.
    pub(super) fn meant(&self, written: &str, stream: &str) -> Meant {
        let written = written.trim();
        let of_task = self.of_task.get(written).copied();
        match of_task.or_else(|| stream_named(written, |id| self.streams.contains(id))) {
            // Its own id alone is a mistake; a task of it is the order within.
            Some(named) if named == stream && written != named => Meant::Itself,
            Some(named) => Meant::Stream(named.to_owned()),
            // A title is named by how it begins, so that the stream that was meant can be found.
            None => {
                let named = stream_named(written, |id| id != written && !id.is_empty());
                Meant::Unknown(named.unwrap_or(written).to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use orch_state_sqlite::{StreamMetadata, TaskStatus};

    use super::*;

    fn task(id: &str, stream: &str) -> StreamTask {
        let stream = StreamMetadata {
            id: stream.into(),
            name: None,
            phase: None,
            files: Vec::new(),
            dependencies: Vec::new(),
            worktree_path: None,
            branch: None,
        };
        let (title, moment) = (String::new(), String::new());
        StreamTask {
            id: id.into(),
            title,
            status: TaskStatus::Pending,
            created_at: moment.clone(),
            updated_at: moment,
            initiative_id: None,
            stream,
        }
    }

    #[test]
    fn every_way_to_write_a_dependency_is_understood() {
        let tasks = [task("TASK-1", "Stream-A"), task("TASK-2", "Stream-B"), task("TASK-3", "a: b")];
        let known = Known::of(&tasks);
        let stream = |id: &str| Meant::Stream(id.into());
        for (written, meant) in [
            ("Stream-A", stream("Stream-A")),
            (" Stream-A ", stream("Stream-A")),
            ("Stream-A: Set up the types", stream("Stream-A")),
            ("[Stream-A] Set up the types", stream("Stream-A")),
            ("TASK-1", stream("Stream-A")),
            ("a: b", stream("a: b")),
            // Within the stream itself the order of its tasks is meant; its own id alone is a mistake.
            ("[Stream-B] First", Meant::Itself),
            ("TASK-2", Meant::Itself),
            ("Stream-B", stream("Stream-B")),
            ("Stream-X", Meant::Unknown("Stream-X".into())),
            ("[Stream-X] y", Meant::Unknown("Stream-X".into())),
            ("Stream-X: y", Meant::Unknown("Stream-X".into())),
            ("[Stream-A", Meant::Unknown("[Stream-A".into())),
            (": y", Meant::Unknown(": y".into())),
        ] {
            assert_eq!(known.meant(written, "Stream-B"), meant, "{written:?}");
        }
    }
}

//! The last words of a worker.

use crate::TaskId;
use crate::text::{LARGEST, Unwritable, Writer, one_line};

/// The last word of a worker on its branch, or of who merged on `flow`, as the title of a commit: `TASK_COMPLETE: task-001`,
/// `TASK_COMPLETE: task-001-user-model`, `TASK_BLOCKED: why`; in later versions of the original `COMPLETE: what` and
/// `ERROR: why`.
///
/// ```
/// use orch_state_commits::{Completion, LastWord};
///
/// let said = Completion::read("TASK_COMPLETE: task-001-user-model\n").unwrap();
/// assert_eq!((said.task, said.word), (Some("001".parse()?), LastWord::Complete));
/// assert_eq!(Completion::read("TASK_COMPLETED_LATER: no\n"), None);
/// # Ok::<(), orch_state_commits::UnfitName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The task, if it is named.
    pub task: Option<TaskId>,
    /// What is said of it.
    pub word: LastWord,
    /// The rest of the title: a slug, or why it is blocked.
    pub text: String,
}

/// Whether a worker says that it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LastWord {
    /// It is done. A claim, not a proof.
    Complete,
    /// It can't go on.
    Blocked,
}

impl Completion {
    /// The last word in `message`, if it is one.
    pub fn read(message: &str) -> Option<Self> {
        const TITLES: [(&str, LastWord); 4] = [
            ("TASK_COMPLETE", LastWord::Complete),
            ("TASK_BLOCKED", LastWord::Blocked),
            ("COMPLETE", LastWord::Complete),
            ("ERROR", LastWord::Blocked),
        ];
        if message.len() > LARGEST {
            return None;
        }
        let title = one_line(message.trim_start().split(['\n', '\r']).next()?);
        let (name, text) = title.split_once(':')?;
        let (_, word) = TITLES.into_iter().find(|(known, _)| *known == name.trim_end())?;
        let text = text.trim();
        let named = TaskId::leading(text)
            .filter(|_| text.get(..4).is_some_and(|task| task.eq_ignore_ascii_case("task")));
        let (task, text) = named.map_or((None, text), |(id, rest)| {
            (Some(id), rest.trim_start_matches(|c: char| c.is_whitespace() || "-_:–—".contains(c)))
        });
        Some(Self { task, word, text: text.to_owned() })
    }

    /// The message by which `flow` says that `task` is done: `TASK_COMPLETE: task-001`.
    pub fn complete(task: &TaskId) -> String {
        format!("TASK_COMPLETE: task-{task}\n")
    }

    /// The message by which a worker says that it can't go on: `TASK_BLOCKED: why`.
    ///
    /// # Errors
    /// [`Unwritable`] if `why` is empty or more than one line.
    pub fn blocked(why: &str) -> Result<String, Unwritable> {
        let mut to = Writer::new(&format!("TASK_BLOCKED: {why}"));
        to.check(!why.is_empty() && one_line(why) == why, "reason", "is empty or more than one line");
        to.finish()
    }
}

impl LastWord {
    /// The title that says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "TASK_COMPLETE",
            Self::Blocked => "TASK_BLOCKED",
        }
    }
}

impl Completion {
    /// Whether what is said is for the task `id`: it is named, or nobody is.
    pub fn is_for(&self, id: &TaskId) -> bool {
        self.task.as_ref().is_none_or(|task| task.is_same(id))
    }
}

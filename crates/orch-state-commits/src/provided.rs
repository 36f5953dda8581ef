//! What finished work provides.

use std::collections::HashMap;

use crate::{MergeCommit, PlanCommit, TaskId};

/// Who says that a capability is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The merge of a task of this plan.
    Merge,
    /// The plan, of a task whose merge is there: the merge may say it in other words, or not at all.
    Plan,
    /// The merge of a task of an earlier session.
    Earlier,
}

/// A capability that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Its name: the first line of what was written.
    pub name: String,
    /// The task that provides it.
    pub by: TaskId,
    /// Who says so.
    pub source: Source,
}

/// The capabilities that finished work provides.
///
/// ```
/// use orch_state_commits::{MergeCommit, PlanCommit, PlanTask, Provided, Source};
///
/// let mut plan = PlanCommit::new("session-20250112-143000");
/// let mut task = PlanTask::new("001".parse()?, "Create User model");
/// task.provides = vec!["User model class".into()];
/// plan.tasks.push(task);
///
/// let merge = "Merge task/001: User model\n\n## Provides\n- User model class (models.user.User)\n";
/// let provided = Provided::of(&plan, &[MergeCommit::read(merge)?], &[]);
/// assert_eq!(provided.provider("User model class").unwrap().source, Source::Plan);
/// assert_eq!(provided.missing(&["User model class".into(), "AuthService".into()]), ["AuthService"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Provided {
    capabilities: Vec<Capability>,
    by_name: HashMap<String, usize>,
}

impl Provided {
    /// What is provided by `merges`, those of the tasks of `plan`, and by `earlier` ones, those of other sessions.
    ///
    /// Ids begin anew with each session, so who asks has to tell the two apart: the merges since the plan's branch began, and
    /// those before. What merges say comes first; then, for each task of the plan whose merge is there, what the plan says.
    pub fn of(plan: &PlanCommit, merges: &[MergeCommit], earlier: &[MergeCommit]) -> Self {
        let mut provided = Self::default();
        for merge in merges {
            provided.add(&merge.provides, &merge.task, Source::Merge);
        }
        let names: HashMap<_, _> = plan.tasks.iter().rev().map(|task| (task.id.key(), task)).collect();
        for merge in merges {
            if let Some(task) = names.get(&merge.task.key()) {
                provided.add(&task.provides, &task.id, Source::Plan);
            }
        }
        for merge in earlier {
            provided.add(&merge.provides, &merge.task, Source::Earlier);
        }
        provided
    }

    fn add(&mut self, names: &[String], by: &TaskId, source: Source) {
        for name in names.iter().map(|name| capability(name)).filter(|name| !name.is_empty()) {
            if !self.by_name.contains_key(name) {
                self.by_name.insert(name.to_owned(), self.capabilities.len());
                self.capabilities.push(Capability { name: name.to_owned(), by: by.clone(), source });
            }
        }
    }

    /// The capabilities, each name once with the first who provides it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Capability> {
        self.capabilities.iter()
    }

    /// Their names: what the tool `get_provides` gives.
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|capability| capability.name.as_str()).collect()
    }

    /// Who provides `precondition`, if it is there.
    pub fn provider(&self, precondition: &str) -> Option<&Capability> {
        self.by_name.get(capability(precondition)).map(|&at| &self.capabilities[at])
    }

    /// Those of `preconditions` that are not there. When none is missing, the task is ready.
    pub fn missing<'p>(&self, preconditions: &'p [String]) -> Vec<&'p str> {
        preconditions.iter().map(String::as_str).filter(|name| self.provider(name).is_none()).collect()
    }
}

/// The name of the capability that is written as `text`: its first line, without quotes around it.
pub(crate) fn capability(text: &str) -> &str {
    let line = text.trim().split('\n').next().unwrap_or_default().trim();
    let quoted = |quote: char| line.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    ['`', '"', '\''].into_iter().find_map(quoted).unwrap_or(line).trim()
}

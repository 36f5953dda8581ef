//! Branches of tasks and plans.

use core::fmt;
use core::str::FromStr;

use super::{SessionId, Slug, TaskId, UnfitName};

/// The branch of a task: `task/001-user-model`.
///
/// [`from_str`](FromStr::from_str) takes the names that orch gives; [`id_in`](Self::id_in) reads the id from any.
///
/// ```
/// use orch_state_commits::TaskBranch;
///
/// let branch = TaskBranch::new("001".parse()?, "user-model".parse()?);
/// assert_eq!(branch.to_string(), "task/001-user-model");
/// assert_eq!("task/001-user-model".parse(), Ok(branch));
/// assert_eq!(TaskBranch::id_in("refs/heads/task/3a_Odd.Name").unwrap().as_str(), "3a");
/// # Ok::<(), orch_state_commits::UnfitName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskBranch {
    /// The task.
    pub id: TaskId,
    /// What it is about.
    pub slug: Slug,
}

impl TaskBranch {
    /// The branch of the task `id`.
    pub fn new(id: TaskId, slug: Slug) -> Self {
        Self { id, slug }
    }

    /// The task whose branch may be called `name`, whoever named it: `task/`, digits and at most one letter, then
    /// anything but a letter or digit.
    pub fn id_in(name: &str) -> Option<TaskId> {
        let name = name.strip_prefix("refs/heads/").unwrap_or(name);
        let rest =
            name.strip_prefix("task/").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    }
}

impl fmt::Display for TaskBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task/{}-{}", self.id, self.slug)
    }
}

impl FromStr for TaskBranch {
    type Err = UnfitName;

    fn from_str(name: &str) -> Result<Self, UnfitName> {
        let parts = name.strip_prefix("task/").and_then(|rest| rest.split_once('-'));
        let named = |(id, slug): (&str, &str)| {
            let parsed: TaskId = id.parse().ok().filter(|parsed: &TaskId| parsed.as_str() == id)?;
            Some(Self::new(parsed, slug.parse().ok()?))
        };
        parts.and_then(named).ok_or_else(|| {
            let rest = name.strip_prefix("task/").unwrap_or(name);
            let (id, rest) =
                TaskId::leading(rest).map_or(("001".to_owned(), rest), |(id, rest)| (id.into(), rest));
            let slug = Slug::of(rest).map_or_else(|| "work".to_owned(), |slug| slug.to_string());
            let why = "it has to be `task/`, an id, a dash and a slug";
            UnfitName::new(name, "the branch of a task", why, format!("task/{id}-{slug}"))
        })
    }
}

/// The branch of a plan: `plan/session-YYYYMMDD-HHMMSS`.
///
/// ```
/// use orch_state_commits::PlanBranch;
///
/// let branch: PlanBranch = "plan/session-20250112-143000".parse()?;
/// assert_eq!(branch.session.as_str(), "session-20250112-143000");
/// assert_eq!(PlanBranch::session_in("plan/add-jwt-login"), Some("add-jwt-login"));
/// # Ok::<(), orch_state_commits::UnfitName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanBranch {
    /// The session.
    pub session: SessionId,
}

impl PlanBranch {
    /// The branch of the plan of `session`.
    pub fn new(session: SessionId) -> Self {
        Self { session }
    }

    /// The name of the session whose plan the branch `name` has, whoever named it.
    pub fn session_in(name: &str) -> Option<&str> {
        let name = name.strip_prefix("refs/heads/").unwrap_or(name);
        name.strip_prefix("plan/").filter(|session| !session.is_empty())
    }
}

impl fmt::Display for PlanBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan/{}", self.session)
    }
}

impl FromStr for PlanBranch {
    type Err = UnfitName;

    fn from_str(name: &str) -> Result<Self, UnfitName> {
        let session = name.strip_prefix("plan/").unwrap_or(name);
        let session = session.parse().map_err(|unfit: UnfitName| {
            let suggestion = format!("plan/{}", unfit.suggestion);
            UnfitName {
                name: name.chars().take(80).collect(),
                place: "the branch of a plan",
                suggestion,
                ..unfit
            }
        })?;
        if name.starts_with("plan/") {
            return Ok(Self { session });
        }
        let why = "it has to begin with `plan/`";
        Err(UnfitName::new(name, "the branch of a plan", why, Self { session }.to_string()))
    }
}

//! What only plans of waves have.

use clap::{Args as Group, Subcommand};
use orch_systems::TaskToPlan;

/// How a plan is changed, also one that is being run.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Add a task.
    Add {
        /// What is to be done.
        description: String,
        /// Its id; the next number unless given.
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        #[command(flatten)]
        task: TaskOptions,
        #[command(flatten)]
        change: Change,
    },
    /// Have another task done in the place of one that is neither done nor running.
    Replace {
        /// The task that is not to be done.
        id: String,
        /// What is to be done in its place, by a new task; what is not given for it is taken over from the old one.
        #[arg(required_unless_present = "by")]
        description: Option<String>,
        /// Tasks of the plan that are done in its place (may be given more than once).
        #[arg(long, value_name = "ID", conflicts_with = "description", value_delimiter = ',')]
        by: Vec<String>,
        #[command(flatten)]
        task: TaskOptions,
        #[command(flatten)]
        change: Change,
    },
    /// Leave out tasks that nobody needs any more and that are neither done nor running.
    Drop {
        /// The tasks.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        change: Change,
    },
}

/// What is said of a new task.
#[derive(Clone, Debug, Default, Group)]
pub(crate) struct TaskOptions {
    /// A capability that has to be there first (may be given more than once).
    #[arg(long, value_name = "CAPABILITY")]
    requires: Vec<String>,
    /// A capability that is there when it is done (may be given more than once).
    #[arg(long, value_name = "CAPABILITY")]
    provides: Vec<String>,
    /// A file that it makes or changes (may be given more than once).
    #[arg(long, value_name = "FILE")]
    file: Vec<String>,
    /// How long it may take, such as "8 minutes".
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// How urgent it is: critical, high, medium or low.
    #[arg(long, value_name = "PRIORITY")]
    priority: Option<String>,
}

impl TaskOptions {
    /// The task that is said.
    pub(crate) fn task(&self, id: String, description: String) -> TaskToPlan {
        let given = |list: &[String]| Some(list.to_vec()).filter(|list| !list.is_empty());
        TaskToPlan {
            id,
            description,
            preconditions: given(&self.requires),
            provides: given(&self.provides),
            files: given(&self.file),
            estimated_time: self.time.clone(),
            priority: self.priority.clone(),
            ..TaskToPlan::default()
        }
    }
}

/// Which plan is changed, and why.
#[derive(Debug, Group)]
pub(crate) struct Change {
    /// The branch of the plan; the one that is worked on unless given.
    #[arg(long, value_name = "BRANCH")]
    pub(crate) plan: Option<String>,
    /// What was learned, for the plan to say.
    #[arg(long, value_name = "TEXT")]
    pub(crate) learned: Option<String>,
    /// What came of it as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

impl PlanCommand {
    pub(crate) fn change(&self) -> &Change {
        match self {
            Self::Add { change, .. } | Self::Replace { change, .. } | Self::Drop { change, .. } => change,
        }
    }
}

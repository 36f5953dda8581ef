//! One entry of the history: what it says and how it is spelled in JSON.

use std::borrow::Cow;

use orch_core::{Outcome, Status, Time};
use serde::{Deserialize, Serialize, Serializer};

/// The longest detail that is written down, in bytes; the rest is in the worker's log.
const LONGEST_DETAIL: usize = 4096;

/// One entry: what happened, when, and its place in the order of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number, from one, without gaps.
    pub seq: u64,
    /// When it was written down.
    pub at: Time,
    /// What happened.
    pub what: What<'a>,
}

/// What happened. The names of the variants and of their fields are the names in the file (in `snake_case`).
///
/// A `detail` longer than 4 KiB is shortened when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What<'a> {
    /// The first line of every history.
    Opened {
        /// A random number that tells this history from one begun anew; 16 hex digits in the file.
        #[serde(with = "hex")]
        history: u64,
        /// The form of the lines.
        format: u32,
        /// The name of the plan's file without its ending.
        #[serde(borrow)]
        plan: Cow<'a, str>,
    },
    /// An orch began to run the plan.
    RunStarted {
        /// The id of the run.
        #[serde(borrow)]
        run: Cow<'a, str>,
        /// How many workers at once.
        jobs: u32,
        /// The order in which ready tasks are started.
        #[serde(borrow)]
        order: Cow<'a, str>,
        /// The process id of that orch.
        pid: u32,
        /// The boot of the machine, where the system tells one from another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<Cow<'a, str>>,
        /// The profile of the workers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<Cow<'a, str>>,
    },
    /// A task went from one status to another.
    Moved {
        /// The task's id.
        #[serde(borrow)]
        task: Cow<'a, str>,
        /// The attempt that this is about, from one.
        attempt: u32,
        /// The status before.
        from: Status,
        /// The status from here on.
        to: Status,
        /// How the attempt ended, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        /// More about it, for a person.
        #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "shortened")]
        detail: Option<Cow<'a, str>>,
        /// How many tries have been used up so far.
        tries: u32,
        /// How often its work has been sent back to it so far.
        #[serde(default, skip_serializing_if = "is_zero")]
        reworks: u32,
        /// Whether a review of the result is still owed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        review_due: bool,
    },
    /// The worker of an attempt was started as this process.
    Worker {
        /// The task's id.
        #[serde(borrow)]
        task: Cow<'a, str>,
        /// The attempt.
        attempt: u32,
        /// The worker's process id.
        pid: u32,
        /// When the process started, in the system's own unit: a reused pid has another.
        start: u64,
        /// The boot of the machine in which pid and start mean this process.
        #[serde(borrow)]
        boot: Cow<'a, str>,
    },
    /// The attempt was handed to a person: orch has no process of it, and nobody can say that it is gone.
    Handed {
        /// The task's id.
        #[serde(borrow)]
        task: Cow<'a, str>,
        /// The attempt.
        attempt: u32,
    },
    /// The worker said in which session it works, so that it can be resumed.
    Session {
        /// The task's id.
        #[serde(borrow)]
        task: Cow<'a, str>,
        /// The attempt.
        attempt: u32,
        /// The session's name, as the worker spells it.
        #[serde(borrow)]
        session: Cow<'a, str>,
    },
    /// A review of the attempt's result came back.
    Reviewed {
        /// The task's id.
        #[serde(borrow)]
        task: Cow<'a, str>,
        /// The attempt that was reviewed.
        attempt: u32,
        /// What the review said.
        #[serde(borrow)]
        verdict: Cow<'a, str>,
        /// More about it, for a person.
        #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "shortened")]
        detail: Option<Cow<'a, str>>,
    },
    /// A person changed the status in the state file, and orch took it over.
    Edited {
        /// The task's id.
        #[serde(borrow)]
        task: Cow<'a, str>,
        /// The status that orch remembered.
        from: Status,
        /// The status that the person wrote.
        to: Status,
    },
    /// The branch that the work is based on.
    Base {
        /// Its name.
        #[serde(borrow)]
        branch: Cow<'a, str>,
    },
    /// The state was begun anew: nothing before this counts any more, except that attempt numbers go on.
    Restarted {
        /// Why, for a person.
        #[serde(borrow)]
        why: Cow<'a, str>,
    },
    /// A run came to its end.
    RunEnded {
        /// The id of the run.
        #[serde(borrow)]
        run: Cow<'a, str>,
        /// How it ended.
        #[serde(borrow)]
        verdict: Cow<'a, str>,
    },
}

impl Entry<'_> {
    /// The same entry, borrowing from nothing.
    pub fn into_owned(self) -> Entry<'static> {
        Entry { seq: self.seq, at: self.at, what: self.what.into_owned() }
    }
}

impl What<'_> {
    /// The same, borrowing from nothing.
    pub fn into_owned(self) -> What<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            What::Opened { history, format, plan } => What::Opened { history, format, plan: own(plan) },
            What::RunStarted { run, jobs, order, pid, boot, agent } => What::RunStarted {
                run: own(run),
                jobs,
                order: own(order),
                pid,
                boot: boot.map(own),
                agent: agent.map(own),
            },
            What::Moved { task, attempt, from, to, outcome, detail, tries, reworks, review_due } => {
                let (task, detail) = (own(task), detail.map(own));
                What::Moved { task, attempt, from, to, outcome, detail, tries, reworks, review_due }
            }
            What::Worker { task, attempt, pid, start, boot } => {
                What::Worker { task: own(task), attempt, pid, start, boot: own(boot) }
            }
            What::Handed { task, attempt } => What::Handed { task: own(task), attempt },
            What::Session { task, attempt, session } => {
                What::Session { task: own(task), attempt, session: own(session) }
            }
            What::Reviewed { task, attempt, verdict, detail } => {
                What::Reviewed { task: own(task), attempt, verdict: own(verdict), detail: detail.map(own) }
            }
            What::Edited { task, from, to } => What::Edited { task: own(task), from, to },
            What::Base { branch } => What::Base { branch: own(branch) },
            What::Restarted { why } => What::Restarted { why: own(why) },
            What::RunEnded { run, verdict } => What::RunEnded { run: own(run), verdict: own(verdict) },
        }
    }
}

/// Writes a text of at most [`LONGEST_DETAIL`] bytes, cut between characters.
fn shortened<S: Serializer>(detail: &Option<Cow<'_, str>>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = detail.as_deref().unwrap_or_default();
    if text.len() <= LONGEST_DETAIL {
        serializer.serialize_str(text)
    } else {
        let fits = LONGEST_DETAIL - '…'.len_utf8();
        let end = (0..=fits).rfind(|&end| text.is_char_boundary(end)).unwrap_or(0);
        serializer.collect_str(&format_args!("{}…", &text[..end]))
    }
}

/// A number as 16 hex digits: JSON numbers of 64 bits are not safe with every reader.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let digits = <&str>::deserialize(deserializer)?;
        u64::from_str_radix(digits, 16).map_err(de::Error::custom)
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

//! The field `orch` of a session's state: what only orch knows.

use orch_core::Status;

use super::{items, string, texts, unless_empty};
use crate::extra::{Extra, join, split};
use crate::mark::read_hex;
use crate::value::{Value, whole};

const KEYS: [&str; 6] = ["format", "history", "seq", "left", "alerts", "endedAt"];
const ALERT_KEYS: [&str; 5] = ["milestone", "status", "problems", "summary", "at"];

/// The newest format that this orch reads. It is written only from the second on.
const FORMAT: u64 = 1;

/// What only orch knows of a session: the field `orch` of its state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// Which history the session belongs to; written as 16 hexadecimal digits.
    pub history: Option<u64>,
    /// How many transitions of that history the file includes.
    pub seq: u64,
    /// The milestones by their ids, and the status of each as orch left it in the planning document. Every id is there
    /// once.
    pub left: Vec<(String, Status)>,
    /// What workers reported that a person has to look at before anything new is dispatched.
    pub alerts: Vec<Alert>,
    /// When the session was closed; none while it is open.
    pub ended_at: Option<String>,
    /// What else is said there.
    pub extra: Extra,
}

/// A report that a person has to look at: dispatching waits until it was acknowledged (seed 000, "Check for Problems").
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// The id of the milestone.
    pub milestone: String,
    /// What the worker said of it, such as `Blocked`.
    pub status: String,
    /// What it named as problems, each on one line.
    pub problems: Vec<String>,
    /// The name of the summary's file; none when it was pasted.
    pub summary: Option<String>,
    /// When it was found; see [`timestamp`](crate::timestamp).
    pub at: String,
    /// What else is said of it.
    pub extra: Extra,
}

/// Whether a field `orch` is of a newer format.
pub(super) fn is_newer(value: &Value) -> bool {
    let Value::Object(members) = value else { return false };
    let format = members.iter().find(|(key, _)| key == KEYS[0]).and_then(|(_, format)| whole(format));
    format.is_some_and(|format| format > FORMAT)
}

/// Whether a text is a number as [`Own::history`] is written.
pub(super) fn is_history(text: &str) -> bool {
    read_hex(text).is_some()
}

impl Own {
    /// The status in which orch left `milestone` in the planning document.
    pub fn left(&self, milestone: &str) -> Option<Status> {
        self.left.iter().find(|(id, _)| id == milestone).map(|(_, status)| *status)
    }

    /// Notes that orch leaves `milestone` at `status` in the planning document.
    pub fn leave(&mut self, milestone: &str, status: Status) {
        match self.left.iter_mut().find(|(id, _)| id == milestone) {
            Some((_, left)) => *left = status,
            None => self.left.push((milestone.to_owned(), status)),
        }
    }

    pub(super) fn from_value(value: Value) -> Self {
        let Value::Object(members) = value else { return Self::default() };
        let ([_, history, seq, left, alerts, ended_at], extra) = split(members, &KEYS);
        let left = match left {
            Some(Value::Object(left)) => left,
            _ => Vec::new(),
        };
        Self {
            history: string(history).and_then(|digits| read_hex(&digits)),
            seq: seq.as_ref().and_then(whole).unwrap_or_default(),
            left: left
                .into_iter()
                .filter_map(|(id, status)| Some((id, string(Some(status))?.parse().ok()?)))
                .collect(),
            alerts: items(alerts).map(Alert::from_value).collect(),
            ended_at: string(ended_at),
            extra,
        }
    }

    /// The field; none when it would say nothing.
    pub(super) fn to_value(&self) -> Option<Value> {
        if *self == Self::default() {
            return None;
        }
        let left = self.left.iter().map(|(id, status)| (id.clone(), Value::String(status.word().to_owned())));
        let some = |is_empty: bool, value: Value| Some(value).filter(|_| !is_empty);
        let known = [
            None,
            self.history.map(|history| Value::String(format!("{history:016x}"))),
            some(self.seq == 0, Value::Number(self.seq.into())),
            some(self.left.is_empty(), Value::Object(left.collect())),
            some(self.alerts.is_empty(), Value::Array(self.alerts.iter().map(Alert::to_value).collect())),
            self.ended_at.clone().map(Value::String),
        ];
        Some(Value::Object(join(&KEYS, known, &self.extra)))
    }
}

impl Alert {
    fn from_value(value: Value) -> Self {
        let Value::Object(members) = value else { return Self::default() };
        let ([milestone, status, problems, summary, at], extra) = split(members, &ALERT_KEYS);
        Self {
            milestone: string(milestone).unwrap_or_default(),
            status: string(status).unwrap_or_default(),
            problems: items(problems).filter_map(|item| string(Some(item))).collect(),
            summary: string(summary),
            at: string(at).unwrap_or_default(),
            extra,
        }
    }

    fn to_value(&self) -> Value {
        let known = [
            Some(Value::String(self.milestone.clone())),
            unless_empty(&self.status),
            Some(texts(&self.problems)).filter(|_| !self.problems.is_empty()),
            self.summary.clone().map(Value::String),
            unless_empty(&self.at),
        ];
        Value::Object(join(&ALERT_KEYS, known, &self.extra))
    }
}

//! A worker that is at work, as a session's state tells of it.

use super::{string, texts, unless_empty};
use crate::extra::{Extra, join, split};
use crate::value::{Members, Value, whole};

const KEYS: [&str; 11] = [
    "worker",
    "milestone",
    "title",
    "status",
    "startedAt",
    "by",
    "model",
    "prompt",
    "attempt",
    "gap",
    "directories",
];

/// What the original and its users call some of the fields.
const ALIASES: [(&str, &[&str]); 3] = [
    ("worker", &["id", "workerId", "number"]),
    ("milestone", &["milestoneId", "task"]),
    ("startedAt", &["started", "startTime", "started_at"]),
];

/// A worker that is at work on a milestone (seed 000, an entry of `workers`).
///
/// The seed says nothing of what is in one, so any object is read, and a bare text as the name of a milestone. A field
/// that holds something else than it should, or that has another name (`id`, `started`), stays in the file as it is; where
/// it can be made out, its value is taken as well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveWorker {
    /// Its number in the session, from one; zero when the file doesn't say.
    pub worker: u32,
    /// What it works on: the id of the milestone, such as `M3`, or what another writer called it.
    pub milestone: String,
    /// The title of the milestone.
    pub title: String,
    /// What is said of it on the dashboard: [`IN_PROGRESS`](Self::IN_PROGRESS), or another writer's word.
    pub status: String,
    /// When it began, as written: a timestamp, or a time of day such as `10:32`.
    pub started_at: String,
    /// Who does it: `person`, or the name of an agent.
    pub by: Option<String>,
    /// The model that was recommended for it.
    pub model: Option<String>,
    /// The file of its prompt.
    pub prompt: Option<String>,
    /// Which attempt at the milestone this is, from one.
    pub attempt: Option<u32>,
    /// Which filling of gaps this is, from one; none for the first work on a milestone.
    pub gap: Option<u32>,
    /// The folders and files that it works on, as the planning document names them.
    pub directories: Vec<String>,
    /// What else is said of it.
    pub extra: Extra,
}

impl ActiveWorker {
    /// What is said of a worker that is at work.
    pub const IN_PROGRESS: &'static str = "In Progress";

    /// A worker that begins, of which nothing else is known.
    pub fn new(
        worker: u32,
        milestone: impl Into<String>,
        title: impl Into<String>,
        started_at: impl Into<String>,
    ) -> Self {
        Self {
            worker,
            milestone: milestone.into(),
            title: title.into(),
            status: Self::IN_PROGRESS.to_owned(),
            started_at: started_at.into(),
            ..Self::default()
        }
    }

    pub(super) fn from_value(value: Value) -> Self {
        let members = match value {
            Value::Object(members) => members,
            other => {
                return Self { milestone: string(Some(other)).unwrap_or_default(), ..Self::default() };
            }
        };
        let aliased = Aliased::of(&members);
        let (known, mut extra) = split(members, &KEYS);
        let mut known = known.into_iter().zip(KEYS).enumerate();
        // What can't be taken for a value stays where it is.
        let mut take = |fits: fn(&Value) -> bool| {
            let (place, (value, key)) = known.next()?;
            match value? {
                Value::Null => None,
                value if fits(&value) => Some(value),
                value => {
                    extra.keep(place, key, value);
                    None
                }
            }
        };
        let number = |value: Option<Value>| value.as_ref().and_then(count);
        let is_count = |value: &Value| count(value).is_some();
        let is_number = |value: &Value| count(value).is_some_and(|number| number > 0);
        let is_text = |value: &Value| matches!(value, Value::String(text) if !text.is_empty());
        let is_name = |value: &Value| text_of(value).is_some();
        let is_list = |value: &Value| match value {
            Value::Array(items) => items.iter().all(|item| matches!(item, Value::String(_))),
            _ => false,
        };
        let name = |value: Option<Value>| value.as_ref().and_then(text_of);
        let worker = number(take(is_number));
        let milestone = name(take(is_name));
        let title = name(take(is_name));
        let status = string(take(is_text));
        let started_at = string(take(is_text));
        let (by, model, prompt) = (string(take(is_text)), string(take(is_text)), string(take(is_text)));
        let (attempt, gap) = (number(take(is_count)), number(take(is_count)));
        let directories = match take(is_list) {
            Some(Value::Array(items)) => items.into_iter().filter_map(|item| string(Some(item))).collect(),
            _ => Vec::new(),
        };
        // Where the field itself says something else, another name would only overwrite that.
        let is_free = |key: &str| extra.names().all(|name| name != key);
        Self {
            worker: worker.or(aliased.worker.filter(|_| is_free("worker"))).unwrap_or_default(),
            milestone: milestone.or(aliased.milestone.filter(|_| is_free("milestone"))).unwrap_or_default(),
            title: title.unwrap_or_default(),
            status: status.unwrap_or_default(),
            started_at: started_at
                .or(aliased.started_at.filter(|_| is_free("startedAt")))
                .unwrap_or_default(),
            by,
            model,
            prompt,
            attempt,
            gap,
            directories,
            extra,
        }
    }

    pub(super) fn to_value(&self) -> Value {
        let number = |number: u32| Value::Number(number.into());
        let text = |text: &Option<String>| unless_empty(text.as_deref().unwrap_or_default());
        let known = [
            Some(number(self.worker)).filter(|_| self.worker > 0),
            unless_empty(&self.milestone),
            unless_empty(&self.title),
            unless_empty(&self.status),
            unless_empty(&self.started_at),
            text(&self.by),
            text(&self.model),
            text(&self.prompt),
            self.attempt.map(number),
            self.gap.map(number),
            Some(texts(&self.directories)).filter(|_| !self.directories.is_empty()),
        ];
        // A value that could not be taken gives way to the one that has been set since.
        let set: Vec<&str> =
            KEYS.into_iter().zip(&known).filter(|(_, value)| value.is_some()).map(|(key, _)| key).collect();
        let extra = self.extra.without(&set);
        Value::Object(join(&KEYS, known, &extra))
    }
}

/// What fields of other names say.
#[derive(Default)]
struct Aliased {
    worker: Option<u32>,
    milestone: Option<String>,
    started_at: Option<String>,
}

impl Aliased {
    fn of(members: &Members) -> Self {
        let find = |place: usize| {
            let names = ALIASES[place].1.iter();
            names.filter_map(|name| members.iter().find(|(key, _)| key == name)).map(|(_, value)| value)
        };
        Self {
            worker: find(0).find_map(count).filter(|number| *number > 0),
            milestone: find(1).find_map(text_of),
            started_at: find(2).find_map(text_of),
        }
    }
}

/// The whole number that `value` is or is written as.
fn count(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => u32::try_from(whole(other)?).ok(),
    }
}

/// What `value` says when it is a text or a number.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

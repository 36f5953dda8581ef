//! `.orchestrator/state.json`: a session of work on a planning document (seed 000).

mod not_ours;
mod own;
mod shape;
mod worker;

use core::fmt;
use core::str::FromStr;

use crate::extra::{Extra, join, split};
use crate::unreadable::{not_utf8, refuse_large};
use crate::value::{Shape, Trailing, Value, pretty, read};

pub use not_ours::NotOurs;
pub use own::{Alert, Own};
pub use worker::ActiveWorker;

const KEYS: [&str; 6] = ["planningDoc", "promptMode", "startedAt", "workers", "processedSummaries", "orch"];

/// A session of work on a planning document (seed 000, `.orchestrator/state.json`).
///
/// Made by [`new`](Self::new) or [`read`](Self::read). The five fields of the seed come first; what only orch has to know
/// is in one field of its own, `orch`. What else is in the file is kept where it is.
///
/// ```
/// use orch_state_json::{ActiveWorker, OrchestratorState, PromptMode};
///
/// let mut state = OrchestratorState::new("PLAN.md", PromptMode::Inline, "2026-03-01T10:30:00Z");
/// state.workers.push(ActiveWorker::new(state.free_worker(), "M2", "Auth system", "2026-03-01T10:32:00Z"));
/// assert_eq!(
///     String::from_utf8_lossy(&state.to_bytes()),
///     r#"{
///   "planningDoc": "PLAN.md",
///   "promptMode": "inline",
///   "startedAt": "2026-03-01T10:30:00Z",
///   "workers": [
///     {
///       "worker": 1,
///       "milestone": "M2",
///       "title": "Auth system",
///       "status": "In Progress",
///       "startedAt": "2026-03-01T10:32:00Z"
///     }
///   ],
///   "processedSummaries": []
/// }
/// "#
/// );
/// assert_eq!(OrchestratorState::read(&state.to_bytes())?, state);
/// # Ok::<(), orch_state_json::NotOurs>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrchestratorState {
    /// The planning document, as written: a path, usually from the folder of the project.
    pub planning_doc: String,
    /// How the prompts of workers are handed over.
    pub prompt_mode: PromptMode,
    /// When the session began, as written; see [`timestamp`](crate::timestamp). Empty when the file doesn't say.
    pub started_at: String,
    /// The workers that are at work.
    pub workers: Vec<ActiveWorker>,
    /// The names of the summaries that have been processed, in the order in which they were.
    pub processed_summaries: Vec<String>,
    /// What only orch knows.
    pub orch: Own,
    /// What else is in the file.
    pub extra: Extra,
}

/// How the prompt of a worker is handed over (seed 000, `promptMode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PromptMode {
    /// It is shown, to be copied.
    #[default]
    Inline,
    /// It is saved below `.orchestrator/prompts`, and a short text names the file.
    File,
}

impl OrchestratorState {
    /// The most that is read of a session's state, in bytes.
    pub const LARGEST: usize = 16 << 20;

    /// A session that begins: nobody is at work, nothing has been processed.
    pub fn new(
        planning_doc: impl Into<String>,
        prompt_mode: PromptMode,
        started_at: impl Into<String>,
    ) -> Self {
        let (planning_doc, started_at) = (planning_doc.into(), started_at.into());
        Self { planning_doc, prompt_mode, started_at, ..Self::default() }
    }

    /// Reads the state of a session, of orch or of the original.
    ///
    /// The path `.orchestrator/state.json` is used by other tools as well, so a file is a session's only if it names its
    /// planning document. Any other field may be missing or null. Workers may be written in any way; see
    /// [`ActiveWorker`]. Of a key that is there twice, the last counts.
    ///
    /// # Errors
    /// [`NotOurs::Foreign`] if `planningDoc` is no text; [`NotOurs::Unreadable`] if this is not one JSON object in UTF-8
    /// (with or without a byte order mark), if it is too large, or if a field holds something that it can't;
    /// [`NotOurs::Newer`] if a newer orch wrote it. In each case the file is to be left as it is.
    ///
    /// ```
    /// use orch_state_json::{NotOurs, OrchestratorState, PromptMode};
    ///
    /// let state = OrchestratorState::read(br#"{"planningDoc": "PLAN.md", "workers": ["Auth system"]}"#)?;
    /// assert_eq!(state.prompt_mode, PromptMode::Inline);
    /// assert_eq!(state.workers[0].milestone, "Auth system");
    ///
    /// let other = OrchestratorState::read(br#"{"version": 1, "gates": [], "work_streams": {}}"#);
    /// assert_eq!(other.unwrap_err().to_string(), "written by another tool: it holds gates, version, work_streams");
    /// # Ok::<(), NotOurs>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, NotOurs> {
        refuse_large(bytes, Self::LARGEST)?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = core::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
        let members = read(text, Shape::Object, Trailing::Nothing)?;
        if !members.iter().any(|(key, value)| key == KEYS[0] && matches!(value, Value::String(_))) {
            return Err(NotOurs::foreign(members.iter().map(|(key, _)| key.as_str())));
        }
        if members.iter().any(|(key, value)| key == KEYS[5] && own::is_newer(value)) {
            return Err(NotOurs::Newer);
        }
        shape::check(text)?;
        let ([planning_doc, prompt_mode, started_at, workers, summaries, orch], extra) =
            split(members, &KEYS);
        Ok(Self {
            planning_doc: string(planning_doc).unwrap_or_default(),
            prompt_mode: string(prompt_mode).and_then(|word| word.parse().ok()).unwrap_or_default(),
            started_at: string(started_at).unwrap_or_default(),
            workers: items(workers).map(ActiveWorker::from_value).collect(),
            processed_summaries: items(summaries).filter_map(|item| string(Some(item))).collect(),
            orch: orch.map(Own::from_value).unwrap_or_default(),
            extra,
        })
    }

    /// The file: the fields of the seed in its order, then `orch` unless it says nothing, and what else there is, each
    /// after the field that it followed. Two spaces a level, a line end at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        let known = [
            text(&self.planning_doc),
            text(self.prompt_mode.word()),
            text(&self.started_at),
            Some(Value::Array(self.workers.iter().map(ActiveWorker::to_value).collect())),
            Some(texts(&self.processed_summaries)),
            self.orch.to_value(),
        ];
        pretty(join(&KEYS, known, &self.extra))
    }

    /// The worker that is at work on `milestone`, as [`ActiveWorker::milestone`] calls it.
    pub fn worker_on(&self, milestone: &str) -> Option<&ActiveWorker> {
        self.workers.iter().find(|worker| worker.milestone == milestone)
    }

    /// The lowest number, from one, that no active worker has.
    pub fn free_worker(&self) -> u32 {
        let mut taken: Vec<u32> = self.workers.iter().map(|worker| worker.worker).collect();
        taken.sort_unstable();
        taken.into_iter().fold(1, |free, taken| if taken == free { free.saturating_add(1) } else { free })
    }
}

impl PromptMode {
    /// Both.
    pub const ALL: [PromptMode; 2] = [PromptMode::Inline, PromptMode::File];

    /// The word that is written: `inline`, `file`.
    pub const fn word(self) -> &'static str {
        match self {
            PromptMode::Inline => "inline",
            PromptMode::File => "file",
        }
    }
}

impl fmt::Display for PromptMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is no prompt mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a prompt mode; expected inline or file")]
pub struct UnknownPromptMode;

impl FromStr for PromptMode {
    type Err = UnknownPromptMode;

    /// Reads the words of [`word`](PromptMode::word) in any case, and what the seed's question calls them: `file-based`,
    /// `copy/paste`.
    fn from_str(word: &str) -> Result<Self, UnknownPromptMode> {
        let word = word.trim();
        let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name));
        if is(&["inline", "copy/paste", "inline (copy/paste)"]) {
            Ok(PromptMode::Inline)
        } else if is(&["file", "file-based"]) {
            Ok(PromptMode::File)
        } else {
            Err(UnknownPromptMode)
        }
    }
}

/// The text that `value` is.
pub(crate) fn string(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// What is in the list `value`, without what is null.
pub(crate) fn items(value: Option<Value>) -> impl Iterator<Item = Value> {
    let items = match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    items.into_iter().filter(|item| *item != Value::Null)
}

/// `list` as JSON.
pub(crate) fn texts(list: &[String]) -> Value {
    Value::Array(list.iter().cloned().map(Value::String).collect())
}

/// The field that says `text`; left out when it is empty.
pub(crate) fn unless_empty(text: &str) -> Option<Value> {
    Some(text).filter(|text| !text.is_empty()).map(|text| Value::String(text.to_owned()))
}

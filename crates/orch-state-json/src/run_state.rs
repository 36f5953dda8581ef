//! `run/state.json`: where a run and its weavers stand.

use orch_core::{Diagnostic, Position};

use crate::extra::{Extra, join, split};
use crate::mark::{self, Mark};
use crate::unreadable::{not_utf8, refuse_large};
use crate::value::{Shape, Trailing, Value, pretty, read};
use crate::{Overall, Unreadable, WeaverStatus};

const KEYS: [&str; 5] = ["plan_id", "started_at", "completed_at", "status", "weavers"];
const WEAVER_KEYS: [&str; 5] = ["spec", "status", "session", "pr", "error"];

/// Where a run stands (seed 003, `run/state.json`).
///
/// Made by [`new`](Self::new) or [`read`](Self::read). What is in the file beside the known fields is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunState {
    /// Which plan is run.
    pub plan_id: String,
    /// When the run began, as written; see [`timestamp`](crate::timestamp).
    pub started_at: Option<String>,
    /// When it was over.
    pub completed_at: Option<String>,
    /// How it stands.
    pub status: Overall,
    /// The weavers by their ids (`w-01`), in the order of the file. Every id is there once.
    pub weavers: Vec<(String, Weaver)>,
    /// What else is in the file.
    pub extra: Extra,
    mark: Mark,
}

/// Where one weaver stands, as the run sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weaver {
    /// The file of its spec (`01-schema.yaml`); empty when the file doesn't say.
    pub spec: String,
    /// Where it stands.
    pub status: WeaverStatus,
    /// The name of its session.
    pub session: Option<String>,
    /// Its pull request: a URL, or a number such as `#42`.
    pub pr: Option<String>,
    /// Why it failed, crashed or is blocked.
    pub error: Option<String>,
    /// What else is said of it.
    pub extra: Extra,
}

impl Weaver {
    /// A weaver of `spec` that stands at `status`, of which nothing else is known.
    pub fn new(spec: impl Into<String>, status: WeaverStatus) -> Self {
        Self { spec: spec.into(), status, ..Self::default() }
    }
}

impl RunState {
    /// The most that is read of a state file, in bytes.
    pub const LARGEST: usize = 16 << 20;

    /// A run of `plan_id` that is under way, without weavers.
    pub fn new(plan_id: impl Into<String>) -> Self {
        Self { plan_id: plan_id.into(), ..Self::default() }
    }

    /// Reads a state file, of orch or of the originals.
    ///
    /// Fields may be missing; a run without a status is running, a weaver without one is waiting. Statuses may be in any
    /// case. A known field that is no text is taken as the text that it is written as; null and an empty text are the
    /// same as a field that is missing. Of a key that is there twice, the last counts.
    ///
    /// # Errors
    /// [`Unreadable`] if this is not one JSON object in UTF-8 (with or without a byte order mark), if `weavers` or one
    /// of the weavers is something else than an object, if it is too large, or if a newer orch wrote it.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        refuse_large(bytes, Self::LARGEST)?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = core::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
        let mut members = read(text, Shape::Run, Trailing::Nothing)?;
        let mark = mark::take(&mut members).map_err(|mark::Newer| {
            Diagnostic::error("state_json.newer", "written by a newer orch")
                .hint("update orch; the file was left as it is")
                .at(Position::new(1, 1))
        })?;
        let (known, extra) = split(members, &KEYS);
        let [plan_id, started_at, completed_at, status, weavers] = known;
        let weavers = match weavers {
            Some(Value::Object(weavers)) => weavers,
            _ => Vec::new(),
        };
        Ok(Self {
            plan_id: text_of(plan_id).unwrap_or_default(),
            started_at: text_of(started_at),
            completed_at: text_of(completed_at),
            status: text_of(status).map(|word| Overall::read(&word)).unwrap_or_default(),
            weavers: weavers.into_iter().map(|(id, value)| (id, Weaver::from_value(value))).collect(),
            extra,
            mark,
        })
    }

    /// What the file said about who wrote it, when it was read.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The weaver called `id`.
    pub fn weaver(&self, id: &str) -> Option<&Weaver> {
        self.weavers.iter().find(|(known, _)| known == id).map(|(_, weaver)| weaver)
    }

    /// Puts `weaver` in the place of the one called `id`, or behind all others.
    pub fn set(&mut self, id: &str, weaver: Weaver) {
        match self.weavers.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => *known = weaver,
            None => self.weavers.push((id.to_owned(), weaver)),
        }
    }

    /// The file without a mark: fields in the order of the seed, those that say nothing left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        pretty(self.members())
    }

    /// The file with a mark as its last field that says: orch wrote this, it belongs to `history` and includes the first
    /// `seq` transitions of it.
    ///
    /// Reading the result gives [`Mark::Intact`], also when another tool has formatted it or ordered its keys.
    ///
    /// ```
    /// let state = orch_state_json::RunState::new("plan-20260119-1430");
    /// assert_eq!(
    ///     String::from_utf8_lossy(&state.to_bytes_marked(0x5eed, 1)),
    ///     r#"{
    ///   "plan_id": "plan-20260119-1430",
    ///   "status": "running",
    ///   "weavers": {},
    ///   "orch": {
    ///     "history": "0000000000005eed",
    ///     "seq": 1,
    ///     "check": "3016f919591667ce"
    ///   }
    /// }
    /// "#
    /// );
    /// ```
    pub fn to_bytes_marked(&self, history: u64, seq: u64) -> Vec<u8> {
        let mut members = self.members();
        mark::append(&mut members, history, seq);
        pretty(members)
    }

    fn members(&self) -> Vec<(String, Value)> {
        let weavers = self.weavers.iter().map(|(id, weaver)| (id.clone(), weaver.to_value()));
        let known = [
            Some(Value::String(self.plan_id.clone())),
            value_of(self.started_at.as_deref()),
            value_of(self.completed_at.as_deref()),
            Some(Value::String(self.status.word().to_owned())),
            Some(Value::Object(weavers.collect())),
        ];
        join(&KEYS, known, &self.extra)
    }
}

impl Weaver {
    fn from_value(value: Value) -> Self {
        let Value::Object(members) = value else { return Self::default() };
        let ([spec, status, session, pr, error], extra) = split(members, &WEAVER_KEYS);
        Self {
            spec: text_of(spec).unwrap_or_default(),
            status: text_of(status).map(|word| WeaverStatus::read(&word)).unwrap_or_default(),
            session: text_of(session),
            pr: text_of(pr),
            error: text_of(error),
            extra,
        }
    }

    fn to_value(&self) -> Value {
        let known = [
            value_of(Some(&self.spec)),
            Some(Value::String(self.status.word().to_owned())),
            value_of(self.session.as_deref()),
            value_of(self.pr.as_deref()),
            value_of(self.error.as_deref()),
        ];
        Value::Object(join(&WEAVER_KEYS, known, &self.extra))
    }
}

pub(crate) fn text_of(value: Option<Value>) -> Option<String> {
    value.and_then(Value::into_text)
}

/// The field that says `text`; left out when it says nothing.
pub(crate) fn value_of(text: Option<&str>) -> Option<Value> {
    text.filter(|text| !text.is_empty()).map(|text| Value::String(text.to_owned()))
}

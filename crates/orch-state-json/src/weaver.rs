//! `run/weavers/w-NN.json`: what a weaver says of itself.

use crate::extra::{Extra, join, split};
use crate::run_state::{text_of, value_of};
use crate::unreadable::refuse_large;
use crate::value::{Shape, Trailing, Value, escape_controls, pretty, read};
use crate::{Unreadable, WeaverStatus};

const KEYS: [&str; 9] =
    ["spec", "status", "iteration", "pr", "error", "started_at", "completed_at", "session", "session_id"];

/// What the originals' first version called it.
const ITERATIONS: &str = "iterations";

/// A weaver's own status file (seed 003, `run/weavers/w-NN.json`), or one write of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeaverFile {
    /// The spec that it works on.
    pub spec: Option<String>,
    /// Where it stands.
    pub status: Option<WeaverStatus>,
    /// Which try this is, from one.
    pub iteration: Option<u32>,
    /// Its pull request: a URL, or a number such as `#42`.
    pub pr: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether it said outright that there is no error (`"error": null`), which takes back an earlier one.
    pub no_error: bool,
    /// When it began, as written; see [`read_timestamp`](crate::read_timestamp).
    pub started_at: Option<String>,
    /// When it was over.
    pub completed_at: Option<String>,
    /// The name of its session.
    pub session: Option<String>,
    /// The agent's own id of its session, with which it can be resumed.
    pub session_id: Option<String>,
    /// What else it says.
    pub extra: Extra,
}

impl WeaverFile {
    /// The most that is read of a weaver's status file, in bytes.
    pub const LARGEST: usize = 1 << 20;

    /// Reads what a weaver wrote.
    ///
    /// Any field may be missing, and null or an empty text is the same. Texts may be numbers and numbers texts (`"2"`,
    /// `"2/5"`); `iterations` will do for `iteration`; statuses may be in any case. A byte order mark, text after the
    /// object, line ends inside of strings and bytes that are not UTF-8 are put up with.
    ///
    /// # Errors
    /// [`Unreadable`] if there is no whole JSON object at the start, or if the file is larger than
    /// [`LARGEST`](Self::LARGEST).
    ///
    /// ```
    /// use orch_state_json::{WeaverFile, WeaverStatus};
    /// let file = WeaverFile::read(br#"{"status": "FIXING", "iterations": "2"}"#)?;
    /// assert_eq!((file.status, file.iteration), (Some(WeaverStatus::Fixing), Some(2)));
    ///
    /// let half = WeaverFile::read(b"{\n  \"status\": \"fix").unwrap_err();
    /// assert_eq!(half.to_string(), "ends in the middle");
    /// assert_eq!(half.diagnostic.at.unwrap().line, 2);
    /// # Ok::<(), orch_state_json::Unreadable>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        refuse_large(bytes, Self::LARGEST)?;
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
        let mut members = read(&text, Shape::Object, Trailing::Anything).or_else(|unreadable| {
            let mended = escape_controls(&text);
            read(&mended, Shape::Object, Trailing::Anything).map_err(|_| unreadable)
        })?;
        // The newer name wins where both are given.
        let older =
            members.iter().position(|(key, _)| key == ITERATIONS).map(|place| members.remove(place).1);
        let no_error = members.iter().any(|(key, value)| key == "error" && says_nothing(value));
        let (known, extra) = split(members, &KEYS);
        let [spec, status, iteration, pr, error, started_at, completed_at, session, session_id] = known;
        Ok(Self {
            spec: text_of(spec),
            status: text_of(status).map(|word| WeaverStatus::read(&word)),
            iteration: iteration.as_ref().and_then(count).or_else(|| older.as_ref().and_then(count)),
            pr: text_of(pr),
            error: text_of(error),
            no_error,
            started_at: text_of(started_at),
            completed_at: text_of(completed_at),
            session: text_of(session),
            session_id: text_of(session_id),
            extra: extra.at_the_end(KEYS.len()),
        })
    }

    /// The file: `spec`, `status`, `iteration`, `pr`, `error`, `started_at`, `completed_at`, `session`, `session_id`, and
    /// what else there is. As in the originals, a missing pull request or error is null; any other field that is missing
    /// is left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let or_null = |text: Option<&str>| Some(value_of(text).unwrap_or(Value::Null));
        let known = [
            value_of(self.spec.as_deref()),
            value_of(self.status.as_ref().map(WeaverStatus::word)),
            self.iteration.map(|iteration| Value::Number(iteration.into())),
            or_null(self.pr.as_deref()),
            or_null(self.error.as_deref()),
            value_of(self.started_at.as_deref()),
            value_of(self.completed_at.as_deref()),
            value_of(self.session.as_deref()),
            value_of(self.session_id.as_deref()),
        ];
        pretty(join(&KEYS, known, &self.extra))
    }

    /// This write and a `later` one together: what the later one says counts, what it leaves out stays.
    ///
    /// A later null erases nothing that is known, because weavers write whole templates again: with one exception, an
    /// error. `"error": null` says that there is none any more, and keeps the error of a try that was mended off a weaver
    /// that is complete. A field that orch doesn't know is replaced whole, by null as well.
    ///
    /// Merging is associative, and a file that says nothing ([`default`](Self::default)) changes nothing on either side.
    pub fn merged(&self, later: &WeaverFile) -> WeaverFile {
        fn last<T: Clone>(earlier: &Option<T>, later: &Option<T>) -> Option<T> {
            later.as_ref().or(earlier.as_ref()).cloned()
        }
        let says = later.error.is_some() || later.no_error;
        let of_error = if says { later } else { self };
        WeaverFile {
            spec: last(&self.spec, &later.spec),
            status: last(&self.status, &later.status),
            iteration: last(&self.iteration, &later.iteration),
            pr: last(&self.pr, &later.pr),
            error: of_error.error.clone(),
            no_error: of_error.no_error,
            started_at: last(&self.started_at, &later.started_at),
            completed_at: last(&self.completed_at, &later.completed_at),
            session: last(&self.session, &later.session),
            session_id: last(&self.session_id, &later.session_id),
            extra: self.extra.merged(&later.extra),
        }
    }

    /// Whether the weaver has said its last word: complete or failed (or what orch says of it: crashed, blocked).
    pub fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(WeaverStatus::is_final)
    }

    /// Whether the file is about the spec in `spec_file` (`01-schema.yaml`): it names that file, with or without its
    /// ending and the folders before it, or doesn't say.
    ///
    /// ```
    /// let file = orch_state_json::WeaverFile::read(br#"{"spec": "specs/01-schema.yaml"}"#)?;
    /// assert!(file.is_for("01-schema.yaml"));
    /// assert!(!file.is_for("02-backend.yaml"));
    /// # Ok::<(), orch_state_json::Unreadable>(())
    /// ```
    pub fn is_for(&self, spec_file: &str) -> bool {
        self.spec.as_deref().is_none_or(|spec| stem(spec) == stem(spec_file))
    }
}

/// The name of a spec's file, without folders and ending.
fn stem(path: &str) -> &str {
    let name = path.trim().rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The whole number that `value` is or begins with.
fn count(value: &Value) -> Option<u32> {
    let clamp = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(count), _) => Some(clamp(count)),
            // Saturates.
            (None, Some(count)) if count >= 0.0 => Some(count as u32),
            _ => None,
        },
        Value::String(text) => {
            let text = text.trim();
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let digits = Some(&text[..digits]).filter(|digits| !digits.is_empty())?;
            Some(digits.parse().map_or(u32::MAX, clamp))
        }
        _ => None,
    }
}

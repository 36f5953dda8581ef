//! `.orchestrator/active-sessions.json`: which sessions there are in a project.

use crate::extra::{Extra, join, split};
use crate::unreadable::{not_utf8, refuse_large};
use crate::value::{Members, Shape, Trailing, Value, pretty, pretty_list, read, read_list};
use crate::{OrchestratorState, Unreadable};

const SESSIONS: &str = "sessions";
const KEYS: [&str; 3] = ["slug", "planningDoc", "startedAt"];

/// What other writers call these fields.
const ALIASES: [&[&str]; 3] = [
    &["slug", "id", "name", "session"],
    &["planningDoc", "plan", "planPath", "doc"],
    &["startedAt", "started"],
];

/// The sessions of a project of which each has a folder of its own below `.orchestrator`
/// (`.orchestrator/active-sessions.json`).
///
/// Nothing says how this file is to look, so it is read as an object with a list `sessions`, as a bare list, and as an
/// object of sessions by their slugs (at the top or as `sessions`), and written back in the form that it had. A session is an
/// object, or a text: its slug in a list, its planning document (`*.md`) by slug. What is not understood is kept where it
/// is.
///
/// ```
/// use orch_state_json::{ActiveSession, ActiveSessions};
///
/// let mut all = ActiveSessions::read(br#"[{"slug": "export", "planningDoc": "Export-Planning.md", "window": 2}]"#)?;
/// all.add(ActiveSession::new("search", "docs/Search.md", "2026-03-01T10:30:00Z"));
/// assert_eq!(all.iter().map(|session| session.slug.as_str()).collect::<Vec<_>>(), ["export", "search"]);
/// assert!(all.remove("export"));
/// assert_eq!(
///     String::from_utf8_lossy(&all.to_bytes()),
///     r#"[
///   {
///     "slug": "search",
///     "planningDoc": "docs/Search.md",
///     "startedAt": "2026-03-01T10:30:00Z"
///   }
/// ]
/// "#
/// );
/// # Ok::<(), orch_state_json::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveSessions {
    entries: Vec<Entry>,
    form: Form,
}

/// A session in [`ActiveSessions`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveSession {
    /// The name of its folder below `.orchestrator`.
    pub slug: String,
    /// The planning document, as written; empty when the file doesn't say.
    pub planning_doc: String,
    /// When it began, as written; see [`timestamp`](crate::timestamp). Empty when the file doesn't say.
    pub started_at: String,
    /// What else is said of it.
    pub extra: Extra,
}

/// One entry of the file, in its order.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Session(ActiveSession),
    /// Not understood. It has a key where sessions are by their slugs.
    Kept(String, Value),
}

/// How the sessions are written.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// An object with a list `sessions`.
    Field(Extra),
    /// An object with an object `sessions`, by slug.
    FieldBySlug(Extra),
    /// A list.
    List,
    /// An object, by slug.
    BySlug,
}

impl Default for Form {
    fn default() -> Self {
        Form::Field(Extra::default())
    }
}

impl ActiveSession {
    /// A session of which nothing else is said.
    pub fn new(
        slug: impl Into<String>,
        planning_doc: impl Into<String>,
        started_at: impl Into<String>,
    ) -> Self {
        let (slug, planning_doc, started_at) = (slug.into(), planning_doc.into(), started_at.into());
        Self { slug, planning_doc, started_at, extra: Extra::default() }
    }

    /// The session that `members` tell of; the members again when they tell of none. `slug` is the key that they are
    /// under; then they have to say something else that a session does.
    fn read(members: Members, slug: Option<&str>) -> Result<Self, Members> {
        let find = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        // The name that counts is taken at its word, be it that it says nothing of use.
        let say = |names: &[&str]| {
            let value = names.iter().filter_map(|name| find(name)).find(|value| **value != Value::Null)?;
            match value {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                _ => None,
            }
        };
        let [named, planning_doc, started_at] = ALIASES.map(say);
        let says_more = planning_doc.is_some() || started_at.is_some();
        let slug = match slug {
            Some(slug) => Some(slug.to_owned()).filter(|_| says_more),
            None => named,
        };
        let Some(slug) = slug else { return Err(members) };
        let (known, mut extra) = split(members, &KEYS);
        for (place, (key, value)) in KEYS.into_iter().zip(known).enumerate() {
            let taken = [Some(&slug), planning_doc.as_ref(), started_at.as_ref()][place];
            match value {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() || taken == Some(&text) => {}
                Some(other) => extra.keep(place, key, other),
            }
        }
        let (planning_doc, started_at) = (planning_doc.unwrap_or_default(), started_at.unwrap_or_default());
        Ok(Self { slug, planning_doc, started_at, extra })
    }

    /// The session as JSON, with its slug unless it is under that as a key.
    fn to_value(&self, with_slug: bool) -> Value {
        let text = |text: &str| Some(text).filter(|text| !text.is_empty()).map(|text| text.to_owned());
        let known =
            [Some(self.slug.clone()).filter(|_| with_slug), text(&self.planning_doc), text(&self.started_at)];
        let set: Vec<&str> =
            KEYS.into_iter().zip(&known).filter(|(_, value)| value.is_some()).map(|(key, _)| key).collect();
        let extra = self.extra.without(&set);
        Value::Object(join(&KEYS, known.map(|text| text.map(Value::String)), &extra))
    }
}

impl Entry {
    /// An entry of a list.
    fn of_item(item: Value) -> Self {
        match item {
            Value::Object(members) => match ActiveSession::read(members, None) {
                Ok(session) => Entry::Session(session),
                Err(members) => Entry::Kept(String::new(), Value::Object(members)),
            },
            Value::String(slug) if !slug.is_empty() => Entry::Session(ActiveSession::new(slug, "", "")),
            other => Entry::Kept(String::new(), other),
        }
    }

    /// An entry of an object by slug.
    fn of_member((slug, value): (String, Value)) -> Self {
        match value {
            Value::Object(members) => match ActiveSession::read(members, Some(&slug)) {
                Ok(session) => Entry::Session(session),
                Err(members) => Entry::Kept(slug, Value::Object(members)),
            },
            Value::String(path) if path.ends_with(".md") => {
                Entry::Session(ActiveSession::new(slug, path, ""))
            }
            other => Entry::Kept(slug, other),
        }
    }

    fn session(&self) -> Option<&ActiveSession> {
        match self {
            Entry::Session(session) => Some(session),
            Entry::Kept(..) => None,
        }
    }

    fn is_of(&self, slug: &str) -> bool {
        self.session().is_some_and(|session| session.slug == slug)
    }
}

impl ActiveSessions {
    /// The most that is read of the file, in bytes.
    pub const LARGEST: usize = OrchestratorState::LARGEST;

    /// Reads the file.
    ///
    /// # Errors
    /// [`Unreadable`] if this is neither a JSON object nor a list in UTF-8 (with or without a byte order mark), or if it is
    /// too large.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        refuse_large(bytes, Self::LARGEST)?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = core::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
        if text.trim_start().starts_with('[') {
            let entries = read_list(text)?.into_iter().map(Entry::of_item).collect();
            return Ok(Self { entries, form: Form::List });
        }
        let members = read(text, Shape::Object, Trailing::Nothing)?;
        let by_slug = |members: Members| members.into_iter().map(Entry::of_member).collect::<Vec<_>>();
        let holds = |members: &Members| {
            members.iter().find(|(key, _)| key == SESSIONS).map(|(_, value)| match value {
                Value::Array(_) | Value::Null => Some(true),
                // A session may be called that.
                Value::Object(inner)
                    if inner
                        .iter()
                        .all(|(_, value)| matches!(value, Value::Object(_) | Value::String(_))) =>
                {
                    Some(false)
                }
                _ => None,
            })
        };
        match holds(&members).flatten() {
            Some(is_list) => {
                let ([sessions], extra) = split(members, &[SESSIONS]);
                let entries = match sessions {
                    Some(Value::Array(items)) => items.into_iter().map(Entry::of_item).collect(),
                    Some(Value::Object(members)) => by_slug(members),
                    _ => Vec::new(),
                };
                let form = if is_list { Form::Field(extra) } else { Form::FieldBySlug(extra) };
                Ok(Self { entries, form })
            }
            None => {
                let entries = by_slug(members.clone());
                if entries.iter().any(|entry| entry.session().is_some())
                    || members.iter().any(|(key, _)| key == SESSIONS)
                {
                    return Ok(Self { entries, form: Form::BySlug });
                }
                let ([_], extra) = split(members, &[SESSIONS]);
                Ok(Self { entries: Vec::new(), form: Form::Field(extra) })
            }
        }
    }

    /// The file, in the form in which it was read. Two spaces a level, a line end at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let items = || {
            let item = |entry: &Entry| match entry {
                Entry::Session(session) => session.to_value(true),
                Entry::Kept(_, value) => value.clone(),
            };
            self.entries.iter().map(item).collect::<Vec<Value>>()
        };
        let members = || {
            let member = |entry: &Entry| match entry {
                Entry::Session(session) => (session.slug.clone(), session.to_value(false)),
                Entry::Kept(key, value) => (key.clone(), value.clone()),
            };
            self.entries.iter().map(member).collect::<Members>()
        };
        match &self.form {
            Form::Field(extra) => pretty(join(&[SESSIONS], [Some(Value::Array(items()))], extra)),
            Form::FieldBySlug(extra) => pretty(join(&[SESSIONS], [Some(Value::Object(members()))], extra)),
            Form::List => pretty_list(items()),
            Form::BySlug => pretty(members()),
        }
    }

    /// The sessions, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &ActiveSession> {
        self.entries.iter().filter_map(Entry::session)
    }

    /// The session in the folder `slug`.
    pub fn get(&self, slug: &str) -> Option<&ActiveSession> {
        self.iter().find(|session| session.slug == slug)
    }

    /// Adds a session behind all others, or puts it in the place of the one of the same slug.
    pub fn add(&mut self, session: ActiveSession) {
        let by_slug = matches!(self.form, Form::BySlug | Form::FieldBySlug(_));
        let same = |entry: &Entry| match entry {
            Entry::Kept(key, _) => by_slug && *key == session.slug,
            entry => entry.is_of(&session.slug),
        };
        match self.entries.iter().position(same) {
            Some(place) => self.entries[place] = Entry::Session(session),
            None => self.entries.push(Entry::Session(session)),
        }
    }

    /// Removes the session in the folder `slug`; `false` when there is none.
    pub fn remove(&mut self, slug: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !entry.is_of(slug));
        self.entries.len() < before
    }
}

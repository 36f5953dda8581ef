//! What a task's metadata says of its stream.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Phase;

/// The most metadata that a task may have, in bytes: more is not read, and refused in what orch writes.
pub(crate) const LARGEST: u32 = 1 << 20;

/// What a task says of the stream that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamMetadata {
    /// `streamId`, as written: anything may stand there, so it has to be looked at before it becomes a part of a path.
    pub id: String,
    /// `streamName`.
    pub name: Option<String>,
    /// `streamPhase`; `None` as well when it is none of the three words.
    pub phase: Option<Phase>,
    /// `files`.
    pub files: Vec<String>,
    /// `dependencies` and `streamDependencies` together, each once, in the order in which they are named: stream ids, or
    /// `Stream-A: title`, or `[Stream-A] title`. The originals' orchestrator reads only the first list, their server only
    /// the second.
    pub dependencies: Vec<String>,
    /// `worktreePath`.
    pub worktree_path: Option<String>,
    /// `branchName`.
    pub branch: Option<String>,
}

/// Why metadata can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// What is wrong with it, as a fragment that begins with the key, or with `metadata` when that is wrong as a whole.
    pub(crate) why: String,
    /// The stream that it names all the same.
    pub(crate) stream: Option<String>,
}

impl From<String> for Unreadable {
    fn from(why: String) -> Self {
        Self { why, stream: None }
    }
}

impl StreamMetadata {
    /// Reads a task's `metadata`; `None` when it names no stream, which is most tasks' right.
    ///
    /// # Errors
    /// What is wrong with it: it is not JSON, no object, or says of its stream what can't be.
    pub(crate) fn read(metadata: Option<&[u8]>) -> Result<Option<Self>, Unreadable> {
        let Some(bytes) = metadata.filter(|bytes| !matches!(bytes.trim_ascii(), b"" | b"{}" | b"null"))
        else {
            return Ok(None);
        };
        let read: Loose<'_> =
            serde_json::from_slice(bytes).map_err(|error| format!("metadata is not JSON: {error}"))?;
        let Loose::Object(fields) = read else {
            return Err(format!("metadata is {}, not an object", read.kind()).into());
        };
        match &fields.stream_id {
            Loose::Null => Ok(None),
            Loose::Text(id) if id.trim().is_empty() => Err("streamId is empty".to_owned().into()),
            Loose::Text(id) => {
                let id = id.clone().into_owned();
                match Self::of(*fields, id.clone()) {
                    Ok(stream) => Ok(Some(stream)),
                    Err(why) => Err(Unreadable { why, stream: Some(id) }),
                }
            }
            other => Err(format!("streamId is {}, not a text", other.kind()).into()),
        }
    }

    /// What `fields` say of the stream `id`.
    fn of(fields: Fields<'_>, id: String) -> Result<Self, String> {
        let mut dependencies = fields.dependencies.list("dependencies")?;
        union(&mut dependencies, fields.stream_dependencies.list("streamDependencies")?);
        Ok(Self {
            id,
            name: fields.stream_name.text(),
            phase: fields.stream_phase.text().and_then(|word| Phase::read(&word)),
            files: fields.files.list("files")?,
            dependencies,
            worktree_path: fields.worktree_path.text(),
            branch: fields.branch_name.text(),
        })
    }
}

/// Adds to `names` what `more` has, and leaves each once.
pub(crate) fn union(names: &mut Vec<String>, more: Vec<String>) {
    names.extend(more);
    // Lists are short as a rule, but an agent may write long ones.
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    let first: Vec<bool> = names.iter().map(|name| seen.insert(name.as_str())).collect();
    let mut first = first.into_iter();
    names.retain(|_| first.next().unwrap_or(true));
}

/// A JSON value of which only what streams need is kept.
#[derive(Default)]
enum Loose<'a> {
    #[default]
    Null,
    Text(Cow<'a, str>),
    /// A list, and what the first of its items that is no text is.
    List(Vec<String>, Option<&'static str>),
    Object(Box<Fields<'a>>),
    Other(&'static str),
}

/// The fields of metadata that are about its stream. Where a key is given twice the last one counts, as in the originals.
#[derive(Default)]
struct Fields<'a> {
    stream_id: Loose<'a>,
    stream_name: Loose<'a>,
    stream_phase: Loose<'a>,
    files: Loose<'a>,
    dependencies: Loose<'a>,
    stream_dependencies: Loose<'a>,
    worktree_path: Loose<'a>,
    branch_name: Loose<'a>,
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    StreamId,
    StreamName,
    StreamPhase,
    Files,
    Dependencies,
    StreamDependencies,
    WorktreePath,
    BranchName,
    #[serde(other)]
    Other,
}

impl Loose<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text(_) => "a text",
            Self::List(..) => "a list",
            Self::Object(_) => "an object",
            Self::Other(kind) => kind,
        }
    }

    /// The text; nothing for what is none or blank.
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text.into_owned()),
            _ => None,
        }
    }

    /// The list of texts that is under `key`; null is an empty one.
    fn list(self, key: &str) -> Result<Vec<String>, String> {
        match self {
            Self::Null => Ok(Vec::new()),
            Self::List(items, None) => Ok(items),
            Self::List(_, Some(kind)) => Err(format!("{key} has {kind} in its list, not only texts")),
            other => Err(format!("{key} is {}, not a list", other.kind())),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
        Ok(Loose::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose<'de>, E> {
        Ok(Loose::Other("true or false"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Loose<'de>, E> {
        Ok(Loose::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Loose<'de>, E> {
        Ok(Loose::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose<'de>, E> {
        Ok(Loose::Other("a number"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
        Ok(Loose::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose<'de>, A::Error> {
        let (mut texts, mut no_text) = (Vec::new(), None);
        while let Some(item) = items.next_element::<Loose<'de>>()? {
            match item {
                Loose::Text(text) => texts.push(text.into_owned()),
                other => no_text = no_text.or(Some(other.kind())),
            }
        }
        Ok(Loose::List(texts, no_text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Loose<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = members.next_key::<Key>()? {
            let field = match key {
                Key::StreamId => &mut fields.stream_id,
                Key::StreamName => &mut fields.stream_name,
                Key::StreamPhase => &mut fields.stream_phase,
                Key::Files => &mut fields.files,
                Key::Dependencies => &mut fields.dependencies,
                Key::StreamDependencies => &mut fields.stream_dependencies,
                Key::WorktreePath => &mut fields.worktree_path,
                Key::BranchName => &mut fields.branch_name,
                Key::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = members.next_value()?;
        }
        Ok(Loose::Object(Box::new(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(metadata: &str) -> Result<Option<StreamMetadata>, Unreadable> {
        StreamMetadata::read(Some(metadata.as_bytes()))
    }

    #[test]
    fn everything_that_is_said_is_read() {
        let metadata = r#"{"streamId": "Stream-B", "streamName": "Auth \"API\"", "streamPhase": "parallel",
            "files": ["src/a.rs", "src/b.rs"], "dependencies": ["Stream-A"], "streamDependencies": ["Stream-C", "Stream-A"],
            "worktreePath": ".claude/worktrees/Stream-B", "branchName": "Stream-B", "complexity": "High",
            "acceptanceCriteria": [{"streamId": 7}]}"#;
        let expected = StreamMetadata {
            id: "Stream-B".into(),
            name: Some("Auth \"API\"".into()),
            phase: Some(Phase::Parallel),
            files: vec!["src/a.rs".into(), "src/b.rs".into()],
            dependencies: vec!["Stream-A".into(), "Stream-C".into()],
            worktree_path: Some(".claude/worktrees/Stream-B".into()),
            branch: Some("Stream-B".into()),
        };
        assert_eq!(read(metadata), Ok(Some(expected)));
    }

    #[test]
    fn a_task_without_a_stream_is_no_error() {
        assert_eq!(StreamMetadata::read(None), Ok(None));
        for metadata in ["", " ", "{}", "null", r#"{"complexity":"Low"}"#, r#"{"streamId":null,"files":7}"#] {
            assert_eq!(read(metadata), Ok(None), "{metadata}");
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        let deep = format!("{{\"x\":{}1", "[".repeat(4000));
        for (metadata, why, stream) in [
            ("not JSON", "metadata is not JSON", None),
            (r#"{"streamId":"A""#, "metadata is not JSON", None),
            (deep.as_str(), "metadata is not JSON", None),
            (r#"["Stream-A"]"#, "metadata is a list, not an object", None),
            ("17", "metadata is a number, not an object", None),
            ("-1.5", "metadata is a number, not an object", None),
            ("true", "metadata is true or false, not an object", None),
            (r#""Stream-A""#, "metadata is a text, not an object", None),
            (r#"{"streamId":7}"#, "streamId is a number, not a text", None),
            (r#"{"streamId":["A"]}"#, "streamId is a list, not a text", None),
            (r#"{"streamId":" "}"#, "streamId is empty", None),
            (r#"{"streamId":"A","dependencies":"B"}"#, "dependencies is a text, not a list", Some("A")),
            (
                r#"{"streamId":"A","streamDependencies":{}}"#,
                "streamDependencies is an object, not a list",
                Some("A"),
            ),
            (r#"{"streamId":"A","files":[1]}"#, "files has a number in its list, not only texts", Some("A")),
        ] {
            let said = read(metadata).unwrap_err();
            assert!(said.why.starts_with(why), "{metadata}: {said:?}");
            assert_eq!(said.stream.as_deref(), stream, "{metadata}");
        }
        assert!(StreamMetadata::read(Some(b"{\"streamId\":\"\xff\"}")).is_err());
    }

    #[test]
    fn trifles_are_put_up_with() {
        let metadata = r#"{"streamId":"no","streamId":"A","streamName":7,"streamPhase":"sometime","files":null,
            "dependencies":null,"worktreePath":""}"#;
        let expected = StreamMetadata {
            id: "A".into(),
            name: None,
            phase: None,
            files: vec![],
            dependencies: vec![],
            worktree_path: None,
            branch: None,
        };
        assert_eq!(read(metadata), Ok(Some(expected)));
    }

    proptest! {
        #[test]
        fn dependencies_are_the_union_of_both_lists(
            one in prop::collection::vec("[A-D]{1,2}|.{0,3}", 0..8),
            other in prop::collection::vec("[A-D]{1,2}|.{0,3}", 0..8),
        ) {
            let metadata = serde_json::json!({"streamId": "S", "dependencies": &one, "streamDependencies": &other});
            let found = read(&metadata.to_string()).unwrap().unwrap().dependencies;
            // Each name is where it was first seen: no earlier place in both lists has it.
            let all: Vec<&String> = one.iter().chain(&other).collect();
            let expected: Vec<&String> = (0..all.len()).filter(|at| !all[..*at].contains(&all[*at])).map(|at| all[at]).collect();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = StreamMetadata::read(Some(&bytes));
        }
    }
}

//! Keys of a mapping by name and type, with a finding for each that is unknown, missing or something else.

use std::collections::HashMap;

use orch_core::Position;

use crate::near::nearest;
use crate::reading::{Context, Located, quoted};
use crate::tree::{Entry, Node, Value};

/// Known keys that a hint lists at most.
const MOST_LISTED: usize = 10;

/// A mapping that is being read.
pub(crate) struct Fields<'a> {
    pub(crate) context: &'a Context,
    /// The keys that lead here with a dot behind, such as `pr.`; empty at the top.
    path: String,
    /// Where the mapping begins.
    pub(crate) at: Position,
    entries: HashMap<&'a str, &'a Entry>,
}

/// `node` as a mapping that may have the `known` keys. `name` says in messages what it is, `path` is put before its
/// keys.
pub(crate) fn fields<'a>(
    context: &'a Context,
    node: &'a Node,
    (name, path): (&str, String),
    known: &[&'static str],
) -> Option<Fields<'a>> {
    let Value::Map(list) = &*node.value else {
        let message = format!("{name} must be a mapping, not {}", node.value.kind());
        let hint = match known.first() {
            Some(key) => format!("write keys and values, such as `{key}: …`"),
            None => "write keys and values".to_owned(),
        };
        context.error(context.codes.wrong_type, message, hint, node.at);
        return None;
    };
    let mut entries: HashMap<&str, &Entry> = HashMap::with_capacity(list.len().min(known.len()));
    let mut unknown: HashMap<&str, Position> = HashMap::new();
    for entry in list {
        let key = &*entry.key;
        let seen = entries.get(key).map(|entry| entry.at).or_else(|| unknown.get(key).copied());
        if let Some(first) = seen {
            let message =
                format!("the key {} is there twice, first at {first}", quoted(&format!("{path}{key}")));
            context.error(context.codes.duplicate_key, message, "keep one of the two", entry.at);
        } else if known.contains(&key) {
            entries.insert(key, entry);
        } else {
            unknown.insert(key, entry.at);
            let message = match path.is_empty() {
                true => format!("unknown key {}", quoted(key)),
                false => format!("unknown key {} in {name}", quoted(key)),
            };
            let hint = match nearest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.len() > MOST_LISTED => "it is ignored".to_owned(),
                None => format!("it is ignored; known here: {}", known.join(", ")),
            };
            context.warning(context.codes.unknown_key, message, hint, entry.at);
        }
    }
    Some(Fields { context, path, at: node.at, entries })
}

impl<'a> Fields<'a> {
    /// The value of `key`; a key with nothing behind it is as good as none.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.get(key).map(|entry| &entry.value).filter(|node| !matches!(*node.value, Value::Null))
    }

    /// Where to point at when the value of `key` is missing: at the key, or at the mapping.
    fn missing_at(&self, key: &str) -> Position {
        self.entries.get(key).map_or(self.at, |entry| entry.at)
    }

    /// Says that `key` must be there.
    pub(crate) fn missing(&self, key: &str, hint: impl Into<String>) {
        let message = format!("`{}{key}` is missing", self.path);
        self.context.error(self.context.codes.missing, message, hint, self.missing_at(key));
    }

    /// Says that the value of `key` is not of its type.
    pub(crate) fn wrong(&self, key: &str, node: &Node, wanted: &str, hint: impl Into<String>) {
        let message = format!("`{}{key}` must be {wanted}, not {}", self.path, shown(node));
        self.context.error(self.context.codes.wrong_type, message, hint, node.at);
    }

    /// The text of `key`, as written.
    pub(crate) fn text(&self, key: &str) -> Option<Located<String>> {
        let node = self.get(key)?;
        match &*node.value {
            Value::Text(text) => Some(Located { value: text.clone(), at: node.at }),
            Value::Bool(_) | Value::Number(_) => {
                self.wrong(key, node, "a text", "put it in quotes");
                None
            }
            _ => {
                self.wrong(
                    key,
                    node,
                    "a text",
                    "write one text, in quotes if it holds `: ` or begins with a bracket",
                );
                None
            }
        }
    }

    /// The text of `key` without white space around it; says so when it is missing or empty.
    pub(crate) fn required(&self, key: &str, hint: &str) -> Option<Located<String>> {
        if self.get(key).is_none() {
            self.missing(key, hint);
            return None;
        }
        let text = self.text(key)?;
        let value = text.value.trim();
        if value.is_empty() {
            let message = format!("`{}{key}` is empty", self.path);
            self.context.error(self.context.codes.missing, message, hint, text.at);
            return None;
        }
        Some(Located { value: value.to_owned(), at: text.at })
    }

    /// The text of `key` without white space around it; nothing when it is empty.
    pub(crate) fn optional(&self, key: &str) -> Option<Located<String>> {
        let text = self.text(key)?;
        let value = text.value.trim();
        (!value.is_empty()).then(|| Located { value: value.to_owned(), at: text.at })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        let node = self.get(key)?;
        if let Value::Bool(text) = &*node.value {
            return Some(text.eq_ignore_ascii_case("true"));
        }
        self.wrong(key, node, "`true` or `false`", "write `true` or `false`, without quotes");
        None
    }

    /// A whole number from zero up.
    pub(crate) fn number(&self, key: &str) -> Option<Located<u32>> {
        let node = self.get(key)?;
        if let Value::Number(text) = &*node.value
            && let Ok(value) = text.parse()
        {
            return Some(Located { value, at: node.at });
        }
        self.wrong(key, node, "a whole number from 0 up", "write digits only, without quotes");
        None
    }

    /// The entries of a list; none when the key is not there.
    pub(crate) fn list(&self, key: &str) -> &'a [Node] {
        let Some(node) = self.get(key) else { return &[] };
        match &*node.value {
            Value::List(items) => items,
            Value::Map(_) => {
                self.wrong(key, node, "a list", "write a list: `[…, …]`");
                &[]
            }
            _ => {
                self.wrong(key, node, "a list", "write `[…]` around the entries, also around a single one");
                &[]
            }
        }
    }

    /// The texts of a list. Entries without anything are left out, with a warning.
    pub(crate) fn texts(&self, key: &str) -> Vec<Located<String>> {
        let mut texts = Vec::new();
        for node in self.list(key) {
            let name = format!("{}{key}", self.path);
            match &*node.value {
                Value::Text(text) if !text.trim().is_empty() => {
                    texts.push(Located { value: text.trim().to_owned(), at: node.at });
                }
                Value::Text(_) | Value::Null => {
                    let message = format!("an entry of `{name}` is empty");
                    self.context.warning(
                        self.context.codes.value,
                        message,
                        "remove it or fill it in",
                        node.at,
                    );
                }
                _ => {
                    let message = format!("an entry of `{name}` must be a text, not {}", shown(node));
                    let hint = match &*node.value {
                        Value::Map(_) => {
                            "put the entry in quotes: `: ` in it, or a brace before it, makes a mapping"
                        }
                        Value::List(_) => "put the entry in quotes, or take it out of its own list",
                        _ => "put it in quotes",
                    };
                    self.context.error(self.context.codes.wrong_type, message, hint, node.at);
                }
            }
        }
        texts
    }

    /// A mapping below `key`.
    pub(crate) fn section(&self, key: &str, known: &[&'static str]) -> Option<Fields<'a>> {
        let path = format!("{}{key}", self.path);
        fields(self.context, self.get(key)?, (&format!("`{path}`"), format!("{path}.")), known)
    }
}

/// What a node is and, where it is short, as which it was written.
fn shown(node: &Node) -> String {
    match &*node.value {
        Value::Bool(text) | Value::Number(text) | Value::Text(text) => {
            format!("{} ({})", node.value.kind(), quoted(text))
        }
        other => other.kind().to_owned(),
    }
}

//! JSON to a tree. serde_json says whether it is JSON; its raw values say where each part stands.

use std::fmt;
use std::rc::Rc;

use orch_core::{Diagnostic, Position};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, MOST_NODES, Node, Value};
use crate::reading::{Codes, Context, Places};

/// Levels that are looked into. Each level is scanned again by the one above, so this is far below what serde_json
/// takes; nothing of ours is as deep.
const DEEPEST: usize = 16;

/// The value in `text`.
pub(crate) fn parse(text: &str, context: &Context) -> Result<Node, Diagnostic> {
    let codes = context.codes;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(&error, text, codes))?;
    let mut walk = Walk { text, places: Places::new(text), nodes: 0, codes };
    walk.node(raw, 0)
}

/// An error of serde_json with its place. serde_json counts columns in bytes, from the last line break.
fn syntax(error: &serde_json::Error, text: &str, codes: &Codes) -> Diagnostic {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut offset = (before + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = whole.strip_suffix(&place).unwrap_or(&whole);
    let message =
        if text.trim().is_empty() { "the file is empty".to_owned() } else { format!("not JSON: {what}") };
    let hint = "check quotes, commas and brackets here and above";
    Diagnostic::error(codes.syntax, message).hint(hint).at(Places::new(text).at(offset))
}

struct Walk<'a> {
    text: &'a str,
    places: Places<'a>,
    nodes: usize,
    codes: &'static Codes,
}

impl<'a> Walk<'a> {
    fn at(&mut self, raw: &RawValue) -> Position {
        // Raw values borrow from the text, so the difference of the addresses is the offset.
        let offset = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.places.at(offset.min(self.text.len()))
    }

    fn node(&mut self, raw: &'a RawValue, level: usize) -> Result<Node, Diagnostic> {
        let at = self.at(raw);
        self.nodes += 1;
        if self.nodes > MOST_NODES || level > DEEPEST {
            let message = format!("more than {MOST_NODES} values or {DEEPEST} levels");
            return Err(Diagnostic::error(self.codes.limit, message).hint("make the file smaller").at(at));
        }
        let broken = |error: serde_json::Error| {
            Diagnostic::error(self.codes.syntax, format!("not JSON: {error}")).hint("check it here").at(at)
        };
        let text = raw.get();
        let value = match text.as_bytes().first() {
            Some(b'{') => {
                let Pairs(pairs) = serde_json::from_str(text).map_err(broken)?;
                let mut entries = Vec::new();
                for (key, value) in pairs {
                    let at = self.at(key);
                    let key = string(key, at, self.codes)?;
                    entries.push(Entry { key, at, value: self.node(value, level + 1)? });
                }
                Value::Map(entries)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
                let nodes: Result<_, _> = items.into_iter().map(|item| self.node(item, level + 1)).collect();
                Value::List(nodes?)
            }
            Some(b'"') => Value::Text(string(raw, at, self.codes)?),
            Some(b't' | b'f') => Value::Bool(text.to_owned()),
            Some(b'n') => Value::Null,
            _ => Value::Number(text.to_owned()),
        };
        Ok(Node { at, value: Rc::new(value) })
    }
}

/// What a string stands for. Its form was checked, its escapes were not.
fn string(raw: &RawValue, at: Position, codes: &Codes) -> Result<String, Diagnostic> {
    serde_json::from_str(raw.get()).map_err(|_| {
        let message = "not JSON: a text with half of a surrogate pair";
        Diagnostic::error(codes.syntax, message).hint("write the character itself").at(at)
    })
}

/// All pairs of an object, also those with the same key.
struct Pairs<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take;
        impl<'de> Visitor<'de> for Take {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Take).map(Pairs)
    }
}

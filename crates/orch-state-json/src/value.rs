//! JSON whose objects keep their order, so that what orch does not own is written back as it was.

use core::fmt;
use std::collections::HashMap;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

use crate::unreadable::{Unreadable, from_json};

/// The members of an object, each key once, in the order of the file.
pub(crate) type Members = Vec<(String, Value)>;

/// Any JSON value. Numbers are kept as far as 64 bits go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Value>),
    Object(Members),
}

impl Value {
    /// The value as a text: what is no text is taken as it would be written, null and blanks are none.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
            other => Some(String::from_utf8_lossy(&compact(&other)).into_owned()),
        }
    }
}

/// Where an object is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'k> {
    /// Anything will do.
    Any,
    /// An object whatever is in it.
    Object,
    /// The whole of a run's state.
    Run,
    /// An object of weavers, or null.
    Weavers,
    /// The weaver of this id.
    Weaver(&'k str),
}

/// What may follow the document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trailing {
    /// White space.
    Nothing,
    /// Anything; it is not looked at.
    Anything,
}

/// Reads the object that `text` begins with.
pub(crate) fn read(text: &str, shape: Shape<'_>, trailing: Trailing) -> Result<Members, Unreadable> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = shape.deserialize(&mut json).and_then(|value| match trailing {
        Trailing::Nothing => json.end().map(|()| value),
        Trailing::Anything => Ok(value),
    });
    match read.map_err(|error| from_json(&error, text))? {
        Value::Object(members) => Ok(members),
        // Every shape that a document is read with refuses anything but an object.
        _ => Ok(Members::new()),
    }
}

/// Reads the list that `text` is; anything else is a list of that alone.
pub(crate) fn read_list(text: &str) -> Result<Vec<Value>, Unreadable> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Shape::Any.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match read.map_err(|error| from_json(&error, text))? {
        Value::Array(items) => Ok(items),
        other => Ok(vec![other]),
    }
}

/// `items` as a file.
pub(crate) fn pretty_list(items: Vec<Value>) -> Vec<u8> {
    pretty_value(&Value::Array(items))
}

/// `members` as a file: two spaces a level, a line end at the end.
pub(crate) fn pretty(members: Members) -> Vec<u8> {
    pretty_value(&Value::Object(members))
}

fn pretty_value(value: &Value) -> Vec<u8> {
    // Strings as keys into memory: there is nothing that could fail.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The whole number, not below zero, that `value` is, however it is written (`1`, `1.0`).
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else { return None };
    let double = || number.as_f64().filter(|double| double.fract() == 0.0 && (0.0..1.8e19).contains(double));
    number.as_u64().or_else(|| double().map(|double| double as u64))
}

/// `value` without white space.
pub(crate) fn compact(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The text with control characters inside of strings escaped: JSON forbids them there, and a worker that pastes the
/// several lines of an error between two quotes doesn't know.
pub(crate) fn escape_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut inside = false;
    let mut escaped = false;
    for char in text.chars() {
        if inside && char < ' ' {
            // After a lone backslash at the end of a line: the backslash is the text's own.
            if escaped {
                out.push('\\');
            }
            out.push_str(&format!("\\u{:04x}", u32::from(char)));
            escaped = false;
            continue;
        }
        out.push(char);
        match char {
            '"' if !escaped => inside = !inside,
            _ => {}
        }
        escaped = inside && char == '\\' && !escaped;
    }
    out
}

impl Shape<'_> {
    fn refuses<E: de::Error>(self) -> Result<(), E> {
        let what = match self {
            Shape::Any => return Ok(()),
            Shape::Object | Shape::Run => "the document".to_owned(),
            Shape::Weavers => "`weavers`".to_owned(),
            Shape::Weaver(id) => format!("weaver `{}`", shortened(id)),
        };
        Err(E::custom(format_args!("{what} is not an object")))
    }
}

/// An id as a message can show it.
pub(crate) fn shortened(id: &str) -> String {
    let mut shown: String = id.chars().take(40).flat_map(char::escape_debug).collect();
    if id.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        if self != Shape::Weavers {
            self.refuses()?;
        }
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.refuses().map(|()| Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.refuses().map(|()| Value::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.refuses().map(|()| Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.refuses().map(|()| Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.refuses().map(|()| Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.refuses()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Shape::Any)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Members::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let shape = match self {
                Shape::Run if key == "weavers" => Shape::Weavers,
                Shape::Weavers => Shape::Weaver(&key),
                _ => Shape::Any,
            };
            let value = map.next_value_seed(shape)?;
            // Of a key that is there twice, the last counts, as in every tool that reads these files.
            match places.get(&key) {
                Some(&place) => members[place].1 = value,
                None => {
                    places.insert(key.clone(), members.len());
                    members.push((key, value));
                }
            }
        }
        Ok(Value::Object(members))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => serializer.collect_seq(items),
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_escaped_inside_of_strings_only() {
        for (text, expected) in [
            ("{\n\t\"a\":\n1}", "{\n\t\"a\":\n1}"),
            ("{\"a\": \"x\ny\"}", "{\"a\": \"x\\u000ay\"}"),
            ("{\"a\\\"\n\": 1}", "{\"a\\\"\\u000a\": 1}"),
            ("\"a\\\\\"\n", "\"a\\\\\"\n"),
            ("\"a\\\nb\"", "\"a\\\\\\u000ab\""),
        ] {
            assert_eq!(escape_controls(text), expected);
        }
    }
}

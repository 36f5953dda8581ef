//! What the fields of a session's state may hold. Here a wrong one is found with its place, before any value is taken.

use core::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::PromptMode;
use super::own::is_history;
use crate::unreadable::{Unreadable, from_json};
use crate::value::shortened;

/// What may be in one place. Null may be anywhere: it is the same as nothing.
enum Expected {
    /// A text.
    Text,
    /// A text that fits, and what fits.
    Word(fn(&str) -> bool, &'static str),
    /// A whole number, not below zero.
    Count,
    /// An object or a text.
    Entry,
    /// A list, and what is in it.
    List(&'static Expected),
    /// An object with any keys, and what they hold.
    Each(&'static Expected),
    /// An object, and what its known keys hold.
    Fields(&'static [(&'static str, Expected)]),
}

use Expected::{Count, Each, Entry, Fields, List, Text, Word};

const STATE: Expected = Fields(&[
    ("planningDoc", Text),
    ("promptMode", Word(|word| word.parse::<PromptMode>().is_ok(), "inline or file")),
    ("startedAt", Text),
    ("workers", List(&Entry)),
    ("processedSummaries", List(&Text)),
    ("orch", OWN),
]);

const OWN: Expected = Fields(&[
    ("format", Count),
    ("history", Word(is_history, "16 hexadecimal digits")),
    ("seq", Count),
    ("left", Each(&Word(|word| word.parse::<orch_core::Status>().is_ok(), "a status such as SUCCESS"))),
    ("alerts", List(&ALERT)),
    ("endedAt", Text),
]);

const ALERT: Expected = Fields(&[
    ("milestone", Text),
    ("status", Text),
    ("problems", List(&Text)),
    ("summary", Text),
    ("at", Text),
]);

/// Finds the first field of a session's state that holds what it can't.
pub(super) fn check(text: &str) -> Result<(), Unreadable> {
    let mut json = serde_json::Deserializer::from_str(text);
    let whole = Place { parent: None, step: Step::Whole };
    Found { expected: Some(&STATE), at: &whole }
        .deserialize(&mut json)
        .map_err(|error| from_json(&error, text))
        .map_err(|mut unreadable| {
            let hint = "mend the field, or begin a fresh session";
            unreadable.diagnostic.hint.get_or_insert_with(|| hint.to_owned());
            unreadable
        })
}

/// Where in the document a value is.
struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Whole,
    Key(&'p str),
    Item(usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Whole => Ok(()),
            Step::Key(key) => {
                let is_inside = self.parent.is_some_and(|parent| parent.parent.is_some());
                write!(f, "{}{}", if is_inside { "." } else { "" }, shortened(key))
            }
            Step::Item(item) => write!(f, "[{item}]"),
        }
    }
}

/// A value that was found, what it should be (none: anything), and where it is.
struct Found<'p> {
    expected: Option<&'static Expected>,
    at: &'p Place<'p>,
}

impl Found<'_> {
    fn wrong<E: de::Error>(&self) -> E {
        let what: &dyn fmt::Display = match self.expected {
            Some(Word(_, which)) => which,
            Some(Count) => &"a whole number",
            Some(Entry) => &"an object or a text",
            Some(List(_)) => &"a list",
            Some(Each(_) | Fields(_)) => &"an object",
            Some(Text) | None => &"a text",
        };
        E::custom(format_args!("`{}` is not {what}", self.at))
    }
}

impl<'de> DeserializeSeed<'de> for Found<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.expected {
            Some(_) => deserializer.deserialize_any(self),
            None => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
        }
    }
}

impl<'de> Visitor<'de> for Found<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Err(self.wrong())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        if matches!(self.expected, Some(Count)) { Ok(()) } else { Err(self.wrong()) }
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        // Those that are not below zero come as `u64`.
        Err(self.wrong())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        // Other tools write every number as a double.
        let is_count = value.fract() == 0.0 && (0.0..1.8e19).contains(&value);
        if is_count && matches!(self.expected, Some(Count)) { Ok(()) } else { Err(self.wrong()) }
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        match self.expected {
            Some(Text | Entry) => Ok(()),
            Some(Word(fits, _)) if fits(value) => Ok(()),
            _ => Err(self.wrong()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some(List(each)) = self.expected else { return Err(self.wrong()) };
        let mut item = 0;
        loop {
            let at = Place { parent: Some(self.at), step: Step::Item(item) };
            if items.next_element_seed(Found { expected: Some(each), at: &at })?.is_none() {
                return Ok(());
            }
            item += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if !matches!(self.expected, Some(Entry | Each(_) | Fields(_))) {
            return Err(self.wrong());
        }
        while let Some(key) = map.next_key::<String>()? {
            let expected = match self.expected {
                Some(Each(each)) => Some(*each),
                Some(Fields(fields)) => {
                    fields.iter().find(|(known, _)| *known == key).map(|(_, expected)| expected)
                }
                _ => None,
            };
            let at = Place { parent: Some(self.at), step: Step::Key(&key) };
            map.next_value_seed(Found { expected, at: &at })?;
        }
        Ok(())
    }
}

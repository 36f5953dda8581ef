//! The last field of a state file: orch's own, by which it knows its own writing.

use serde_json::Number;
use xxhash_rust::xxh3::Xxh3;

use crate::value::{Members, Value, compact};

/// The key of the mark.
pub(crate) const KEY: &str = "orch";

/// The newest format that this orch reads. It is written only from the second on.
const FORMAT: u64 = 1;

/// Up to here a double holds every whole number.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// What a state file says about who wrote it.
///
/// It is what was found when the file was read; changes of the [`RunState`](crate::RunState) don't alter it.
///
/// # The mark
/// `"orch": {"history": "<16 hex digits>", "seq": <number>, "check": "<16 hex digits>"}`. The check is XXH3 (64 bits,
/// no seed) over three things: the canonical form of the document without that field, a line feed, and
/// `history=<16 hex digits> seq=<number>`.
///
/// The canonical form is the document as JSON in UTF-8 without white space. The members of every object are in the
/// order of the bytes of their keys; of a key that is there twice, only the last counts. A number is taken as a double:
/// one that is whole and nearer to zero than 2^53 is written as an integer, any other in the shortest form that reads
/// back the same, as serde_json writes it. In strings, `"`, `\` and what is below U+0020 are escaped, as
/// `\b \t \n \f \r` or else `\u00xx`, and nothing else. So reformatting and reordering, as `jq` does it, changes nothing;
/// changing a word does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// It says what orch wrote, perhaps in another format or order.
    Intact {
        /// Which history the file belongs to.
        history: u64,
        /// How many transitions of that history it includes.
        seq: u64,
    },
    /// orch wrote it once, and somebody has changed it since.
    Edited {
        /// Which history the file belonged to.
        history: u64,
        /// How many transitions of that history it included.
        seq: u64,
    },
    /// There is a field with the mark's name, but what it says can't be made out.
    Garbled,
    /// Nothing says that orch ever wrote this file.
    #[default]
    Absent,
}

/// The mark's format is a newer one.
#[derive(Debug)]
pub(crate) struct Newer;

/// Takes the mark out of `members`, and says what it says of the rest.
pub(crate) fn take(members: &mut Members) -> Result<Mark, Newer> {
    let Some(place) = members.iter().position(|(key, _)| key == KEY) else { return Ok(Mark::Absent) };
    let (_, mark) = members.remove(place);
    let Value::Object(said) = mark else { return Ok(Mark::Garbled) };
    let value = |name: &str| said.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    match value("format") {
        None => {}
        Some(Value::Number(format)) if format.as_u64() == Some(FORMAT) => {}
        Some(Value::Number(format)) if format.as_f64().is_some_and(|format| format >= 2.0) => {
            return Err(Newer);
        }
        Some(_) => return Ok(Mark::Garbled),
    }
    let hex = |name| match value(name) {
        Some(Value::String(digits)) => read_hex(digits),
        _ => None,
    };
    let seq = match value("seq") {
        Some(Value::Number(seq)) => seq.as_u64().or_else(|| as_double(seq).as_u64()),
        _ => None,
    };
    Ok(match (hex("history"), seq, hex("check")) {
        (Some(history), Some(seq), Some(found)) if found == check(members, history, seq) => {
            Mark::Intact { history, seq }
        }
        (Some(history), Some(seq), Some(_)) => Mark::Edited { history, seq },
        _ => Mark::Garbled,
    })
}

/// Adds the mark to `members`.
pub(crate) fn append(members: &mut Members, history: u64, seq: u64) {
    let check = check(members, history, seq);
    let hex = |number: u64| Value::String(format!("{number:016x}"));
    let mark = vec![
        ("history".to_owned(), hex(history)),
        ("seq".to_owned(), Value::Number(seq.into())),
        ("check".to_owned(), hex(check)),
    ];
    members.push((KEY.to_owned(), Value::Object(mark)));
}

fn check(members: &Members, history: u64, seq: u64) -> u64 {
    let mut check = Xxh3::new();
    check.update(&compact(&canonical(&Value::Object(members.clone()))));
    check.update(format!("\nhistory={history:016x} seq={seq}").as_bytes());
    check.digest()
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(as_double(number)),
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Object(members) => {
            let mut members: Members =
                members.iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members)
        }
        other => other.clone(),
    }
}

/// `number` as a double, which is all that it is to many tools, and as an integer when it is one.
fn as_double(number: &Number) -> Number {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < WHOLE => Number::from(value as i64),
        Some(value) => Number::from_f64(value).unwrap_or_else(|| number.clone()),
        None => number.clone(),
    }
}

/// The number that 16 hexadecimal digits are.
pub(crate) fn read_hex(digits: &str) -> Option<u64> {
    let digits =
        Some(digits).filter(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    u64::from_str_radix(digits?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Shape, Trailing, read};

    fn members(text: &str) -> Members {
        read(text, Shape::Object, Trailing::Nothing).unwrap()
    }

    #[test]
    fn the_check_is_as_documented() {
        let found =
            check(&members(r#"{"b": [1.0, 1.5, -0.0, "\u00e9\u0001/\n"], "a": {"y": 1, "x": null}}"#), 10, 7);
        let canonical = "{\"a\":{\"x\":null,\"y\":1},\"b\":[1,1.5,0,\"é\\u0001/\\n\"]}";
        let expected = format!("{canonical}\nhistory=000000000000000a seq=7");
        assert_eq!(found, xxhash_rust::xxh3::xxh3_64(expected.as_bytes()));
    }

    #[test]
    fn reads_what_can_be_made_out() {
        let zero = "0000000000000000";
        for (mark, expected) in [
            ("null".to_owned(), Mark::Garbled),
            ("{}".to_owned(), Mark::Garbled),
            ("\"x\"".to_owned(), Mark::Garbled),
            (format!(r#"{{"history": "{zero}", "seq": -1, "check": "{zero}"}}"#), Mark::Garbled),
            (format!(r#"{{"history": "{zero}", "seq": "1", "check": "{zero}"}}"#), Mark::Garbled),
            (format!(r#"{{"history": "00", "seq": 1, "check": "{zero}"}}"#), Mark::Garbled),
            (format!(r#"{{"history": "+{}", "seq": 1, "check": "{zero}"}}"#, &zero[1..]), Mark::Garbled),
            (format!(r#"{{"format": 0, "history": "{zero}", "seq": 1, "check": "{zero}"}}"#), Mark::Garbled),
            (
                format!(r#"{{"format": 1, "history": "{zero}", "seq": 1.0, "check": "{zero}"}}"#),
                Mark::Edited { history: 0, seq: 1 },
            ),
        ] {
            let mut document = members(&format!("{{\"a\": 1, \"orch\": {mark}}}"));
            assert_eq!(take(&mut document).unwrap(), expected, "{mark}");
            assert_eq!(document, members("{\"a\": 1}"));
        }
        assert!(take(&mut members(r#"{"orch": {"format": 2}}"#)).is_err());
        assert!(take(&mut members(r#"{"orch": {"format": 1e300}}"#)).is_err());
        assert_eq!(take(&mut members("{}")).unwrap(), Mark::Absent);
    }
}

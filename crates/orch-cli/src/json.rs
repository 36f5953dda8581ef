//! One JSON document an answer: `{"schema_version":1,"kind":…,…}`.
//!
//! Fields keep their order. An absent value is `null`, an absent list `[]`. Characters that a terminal would obey are
//! written as `\u…`: the value stays exact, and looking at the document does no harm.

use std::io::{self, Write};

use orch_core::Time;
use orch_systems::Counts;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::sanitise::is_unsafe;

/// The version of all documents; a field is taken away or changes its meaning only with a new one.
const SCHEMA_VERSION: u32 = 1;

/// Writes `body` as the document called `kind`, and ends the line.
pub(crate) fn document(out: &mut dyn Write, kind: &'static str, body: &impl Serialize) -> io::Result<()> {
    let document = Document { schema_version: SCHEMA_VERSION, kind, body };
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a, T> {
    schema_version: u32,
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// Compact, with `\u…` for what a terminal would obey.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unsafe) {
            let (clean, found) = rest.split_at(at);
            out.write_all(clean.as_bytes())?;
            let mut after = found.chars();
            for unit in after.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

/// A list that is written as it is made, so that a large plan is never in memory twice.
pub(crate) struct Each<F>(pub(crate) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A moment as RFC 3339 in UTC with milliseconds; none past the year 9999, which the form can't write.
pub(crate) fn rfc3339(time: Time) -> Option<String> {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_millis()) * 1_000_000).ok()?;
    moment.format(&form).ok()
}

/// How many tasks stand where.
pub(crate) fn counts(counts: Counts) -> impl Serialize {
    CountsBody {
        pending: counts.pending,
        running: counts.running,
        success: counts.success,
        fail: counts.fail,
        incomplete: counts.incomplete,
        ready: counts.ready,
        blocked: counts.blocked,
    }
}

#[derive(Serialize)]
struct CountsBody {
    pending: usize,
    running: usize,
    success: usize,
    fail: usize,
    incomplete: usize,
    ready: usize,
    blocked: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Body<T> {
        z: Option<u32>,
        a: T,
    }

    #[test]
    fn a_document_keeps_its_order_and_hides_nothing() {
        let mut out = Vec::new();
        let hostile = "x\"\u{1b}\u{9b}\u{202e}\u{e0041}é";
        document(&mut out, "test", &Body { z: None, a: Each(|| [hostile, "b"]) }).unwrap();
        let text = String::from_utf8(out).unwrap();
        let want =
            r#"{"schema_version":1,"kind":"test","z":null,"a":["x\"\u001b\u009b\u202e\udb40\udc41é","b"]}"#;
        assert_eq!(text, format!("{want}\n"));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["a"][0], hostile);
    }

    #[test]
    fn a_full_disk_is_told() {
        let error = document(&mut [0_u8; 8].as_mut_slice(), "test", &Body { z: None, a: 1 }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }

    #[test]
    fn moments() {
        assert_eq!(rfc3339(Time::from_millis(0)).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(
            rfc3339(Time::from_millis(1_767_323_045_678)).as_deref(),
            Some("2026-01-02T03:04:05.678Z")
        );
        assert_eq!(
            rfc3339(Time::from_millis(253_402_300_799_999)).as_deref(),
            Some("9999-12-31T23:59:59.999Z")
        );
        assert_eq!(rfc3339(Time::from_millis(253_402_300_800_000)), None);
        assert_eq!(rfc3339(Time::from_millis(u64::MAX)), None);
    }
}

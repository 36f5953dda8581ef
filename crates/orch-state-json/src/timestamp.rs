//! Times as these files write them: RFC 3339 in UTC, with seconds.

use orch_core::Time;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{OffsetDateTime, PrimitiveDateTime};

/// The last second that has four digits for its year.
const LAST: i64 = 253_402_300_799;

/// `time` as `2026-01-19T14:30:00Z`. Parts of a second are left out; times after the year 9999 become its last second.
///
/// ```
/// use orch_core::Time;
/// assert_eq!(orch_state_json::timestamp(Time::from_millis(1_768_833_000_999)), "2026-01-19T14:30:00Z");
/// ```
pub fn timestamp(time: Time) -> String {
    let seconds = i64::try_from(time.as_millis() / 1000).unwrap_or(LAST).min(LAST);
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Without parts of a second, RFC 3339 has one form for every year up to 9999.
    moment.format(&Rfc3339).unwrap_or_default()
}

/// The moment that `text` names: RFC 3339 or ISO 8601, with any offset or none (then it is UTC), with or without parts
/// of a second, with a space for the `T`. `None` for anything else, and for what is before 1970.
///
/// ```
/// use orch_core::Time;
/// let time = Some(Time::from_millis(1_768_833_000_000));
/// assert_eq!(orch_state_json::read_timestamp("2026-01-19T14:30:00Z"), time);
/// assert_eq!(orch_state_json::read_timestamp("2026-01-19 15:30:00+01:00"), time);
/// assert_eq!(orch_state_json::read_timestamp("soon"), None);
/// ```
pub fn read_timestamp(text: &str) -> Option<Time> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    // Dates have no letters but these two, and one blank: between date and time.
    let mut text = text.to_ascii_uppercase();
    if let Some(blank) = text.find(' ') {
        text.replace_range(blank..=blank, "T");
    }
    let moment = OffsetDateTime::parse(&text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&text, &Iso8601::PARSING))
        .or_else(|_| PrimitiveDateTime::parse(&text, &Iso8601::PARSING).map(PrimitiveDateTime::assume_utc))
        .ok()?;
    u64::try_from(moment.unix_timestamp_nanos() / 1_000_000)
        .ok()
        .filter(|_| moment.unix_timestamp() >= 0)
        .map(Time::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: u64 = 1_768_833_000_000;

    #[test]
    fn reads_the_forms_that_agents_write() {
        for (text, expected) in [
            ("2026-01-19T14:30:00Z", Some(NOON)),
            (" 2026-01-19t14:30:00z\n", Some(NOON)),
            ("2026-01-19T14:30:00.25Z", Some(NOON + 250)),
            ("2026-01-19T14:30:00.123456789Z", Some(NOON + 123)),
            ("2026-01-19T14:30:00+00:00", Some(NOON)),
            ("2026-01-19T09:30:00-05:00", Some(NOON)),
            ("2026-01-19T15:30:00+0100", Some(NOON)),
            ("20260119T143000Z", Some(NOON)),
            ("2026-01-19T14:30Z", Some(NOON)),
            ("2026-01-19T14:30:00", Some(NOON)),
            ("2026-01-19 14:30:00", Some(NOON)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59.9Z", None),
            ("2026-13-19T14:30:00Z", None),
            ("<ISO timestamp>", None),
            ("", None),
        ] {
            assert_eq!(read_timestamp(text).map(Time::as_millis), expected, "{text}");
        }
    }

    #[test]
    fn no_time_is_too_late_to_be_written() {
        assert_eq!(timestamp(Time::from_millis(0)), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(Time::from_millis(u64::MAX)), "9999-12-31T23:59:59Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in 0..=LAST as u64) {
            let time = Time::from_millis(seconds * 1000);
            prop_assert_eq!(read_timestamp(&timestamp(time)), Some(time));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZWz:.,+ −-]{0,40}|.{0,40}") {
            let _ = read_timestamp(&text);
        }
    }
}

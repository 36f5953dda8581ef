//! Times as Task Copilot writes them: ISO 8601 in UTC, with milliseconds.

use orch_core::Time;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// The last millisecond that has four digits for its year.
const LAST: u64 = 253_402_300_799_999;

/// `time` as `2026-01-12T10:21:35.336Z`. Times after the year 9999 become its last millisecond, so that texts compare as the
/// times do.
///
/// ```
/// use orch_core::Time;
/// assert_eq!(orch_state_sqlite::timestamp(Time::from_millis(1_768_833_000_042)), "2026-01-19T14:30:00.042Z");
/// ```
pub fn timestamp(time: Time) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let nanoseconds = i128::from(time.as_millis().min(LAST)) * 1_000_000;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Only a missing component fails, and a moment has them all.
    moment.format(&form).unwrap_or_default()
}

/// The moment that `text` names in that form, or any that RFC 3339 allows; `None` for others, and before 1970.
pub(crate) fn read_timestamp(text: &str) -> Option<Time> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(moment.unix_timestamp_nanos())
        .ok()
        .map(|nanoseconds| Time::from_millis(nanoseconds / 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_one_form() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_768_833_000_999, "2026-01-19T14:30:00.999Z"),
            (LAST, "9999-12-31T23:59:59.999Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(timestamp(Time::from_millis(ms)), expected);
        }
    }
}

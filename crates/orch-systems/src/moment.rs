//! Moments in this machine's own time, as the originals write them.

use orch_core::Time;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// `time` in this machine's own time, as `YYYY-MM-DD HH:MM` (seed 000).
pub(crate) fn moment(time: Time) -> String {
    local(time).format(format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap_or_default()
}

/// The time of the day, as `HH:MM`.
pub(crate) fn clock_time(time: Time) -> String {
    local(time).format(format_description!("[hour]:[minute]")).unwrap_or_default()
}

/// The moment as the logs of seed 001 have it, which is how Python prints one: `2026-01-12T10:21:35.336000`.
pub(crate) fn log_moment(time: Time) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let seconds = local(time).format(format).unwrap_or_default();
    format!("{seconds}.{:03}000", time.as_millis() % 1000)
}

/// `time` moved so that its hours in UTC are those that a clock on the wall shows here.
pub(crate) fn by_the_wall(time: Time) -> Time {
    let seconds = i64::from(local(time).offset().whole_seconds());
    Time::from_millis(time.as_millis().saturating_add_signed(seconds * 1000))
}

fn local(time: Time) -> OffsetDateTime {
    let utc = OffsetDateTime::from_unix_timestamp(i64::try_from(time.as_millis() / 1000).unwrap_or(0));
    let utc = utc.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    utc.to_offset(UtcOffset::local_offset_at(utc).unwrap_or(UtcOffset::UTC))
}

//! Moments as planning documents write them.

use orch_core::Time;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// `time` in this machine's own time, as `YYYY-MM-DD HH:MM` (seed 000).
pub(super) fn moment(time: Time) -> String {
    local(time).format(format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap_or_default()
}

/// The time of the day, as `HH:MM`.
pub(super) fn clock_time(time: Time) -> String {
    local(time).format(format_description!("[hour]:[minute]")).unwrap_or_default()
}

fn local(time: Time) -> OffsetDateTime {
    let utc = OffsetDateTime::from_unix_timestamp(i64::try_from(time.as_millis() / 1000).unwrap_or(0));
    let utc = utc.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    utc.to_offset(UtcOffset::local_offset_at(utc).unwrap_or(UtcOffset::UTC))
}

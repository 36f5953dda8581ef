//! Moments as workers write them.

use std::fmt;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, such as 2026.
    pub year: i32,
    /// The month, from 1 to 12.
    pub month: u8,
    /// The day of the month, from 1; one that the month has.
    pub day: u8,
}

impl Date {
    /// The days since 1970-01-01.
    pub(super) fn number(self) -> i64 {
        // Days of a year that begins in March, so that the day that comes and goes is its last one.
        let shifted = i64::from(self.month) - 3;
        let year = i64::from(self.year) - i64::from(shifted < 0);
        let month = shifted.rem_euclid(12);
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A moment as it was written: it may have no date and no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The day, when it is said.
    pub date: Option<Date>,
    /// The hour, from 0 to 23.
    pub hour: u8,
    /// The minute, from 0 to 59.
    pub minute: u8,
    /// The second, from 0 to 59; 0 when it is not said.
    pub second: u8,
    /// Minutes ahead of UTC, when a zone is said.
    pub offset_minutes: Option<i32>,
}

impl Moment {
    /// The minutes from here to `ended`, rounded.
    pub(super) fn minutes_until(self, ended: Moment) -> Result<u32, EndsBeforeStart> {
        let day = 24 * 60 * 60;
        let mut seconds = ended.of_day() - self.of_day();
        if let (Some(from), Some(to)) = (self.offset_minutes, ended.offset_minutes) {
            seconds += i64::from(from - to) * 60;
        }
        match (self.date, ended.date) {
            (Some(from), Some(to)) => seconds += (to.number() - from.number()) * day,
            _ => seconds = seconds.rem_euclid(day),
        }
        let error = EndsBeforeStart { started: self, ended };
        u32::try_from((seconds + 30).div_euclid(60)).ok().filter(|_| seconds >= 0).ok_or(error)
    }

    /// The seconds since midnight.
    fn of_day(self) -> i64 {
        (i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second)
    }
}

/// `2026-03-01 22:10`, with seconds and the zone when they were said: `22:10:05+01:00`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(date) = self.date {
            write!(f, "{date} ")?;
        }
        write!(f, "{:02}:{:02}", self.hour, self.minute)?;
        if self.second != 0 {
            write!(f, ":{:02}", self.second)?;
        }
        match self.offset_minutes {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let offset = offset.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", offset / 60, offset % 60)
            }
        }
    }
}

/// A summary says that its work ended before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the end {ended} is before the start {started}")]
pub struct EndsBeforeStart {
    /// When it says it began.
    pub started: Moment,
    /// When it says it ended.
    pub ended: Moment,
}

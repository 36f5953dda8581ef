//! Ids of sessions.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use orch_core::Time;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::UnfitName;

const FORM: &[BorrowedFormatItem<'_>] = format_description!(
    "session-[year padding:zero repr:full sign:automatic][month][day]-[hour][minute][second]"
);

/// The last second that has four digits for its year.
const LAST: i64 = 253_402_300_799;

/// The id of a session: `session-YYYYMMDD-HHMMSS`, a moment that exists.
///
/// ```
/// use orch_core::Time;
/// use orch_state_commits::SessionId;
///
/// let id = SessionId::at(Time::from_millis(1_736_692_200_000));
/// assert_eq!(id.as_str(), "session-20250112-143000");
/// assert_eq!(id.next().as_str(), "session-20250112-143001");
/// assert!("session-20250230-143000".parse::<SessionId>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// The session that begins at `time`, in UTC; add the offset of a place for its local time.
    pub fn at(time: Time) -> Self {
        let seconds = i64::try_from(time.as_millis() / 1000).unwrap_or(LAST).min(LAST);
        let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        // Every moment up to the year 9999 has this form.
        Self(moment.format(&FORM).unwrap_or_default())
    }

    /// The id one second later, for the second of two sessions that begin at once.
    #[must_use]
    pub fn next(&self) -> Self {
        let moment = PrimitiveDateTime::parse(&self.0, &FORM).map(PrimitiveDateTime::assume_utc);
        let seconds = moment.map_or(0, OffsetDateTime::unix_timestamp);
        let millis = u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
        Self::at(Time::from_millis(millis) + Duration::from_secs(1))
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = UnfitName;

    fn from_str(text: &str) -> Result<Self, UnfitName> {
        const WHY: &str = "it has to be `session-YYYYMMDD-HHMMSS`, a moment that exists";
        // The length keeps signs and further digits of years out.
        let is_moment =
            text.len() == "session-YYYYMMDD-HHMMSS".len() && PrimitiveDateTime::parse(text, &FORM).is_ok();
        match is_moment && text.is_ascii() && !text.contains(['+', ' ']) {
            true => Ok(Self(text.to_owned())),
            false => Err(UnfitName::new(text, "the id of a session", WHY, near(text))),
        }
    }
}

/// The session that the digits in `text` may mean.
fn near(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    let (date, time) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    let guess = format!("session-{date}-{time:0<6}");
    match PrimitiveDateTime::parse(&guess, &FORM) {
        Ok(_) => guess,
        Err(_) => "session-20250112-143000".to_owned(),
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

//! Finding moments in what a worker wrote.

use super::token::{Token, bounded, tokens};
use super::{Date, Moment};

/// The moments in `text`, from left to right. With `range`, `10:32-11:05` is two of them and not one with a zone.
///
/// A date belongs to the time behind it; one with no time is none.
pub(super) fn moments(text: &str, range: bool) -> impl Iterator<Item = Moment> {
    let mut tokens = Tokens { all: tokens(bounded(text)), at: 0, range };
    std::iter::from_fn(move || tokens.moment())
}

struct Tokens {
    all: Vec<Token>,
    at: usize,
    range: bool,
}

/// A time of day while it is being read.
struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    /// Whether seconds are written, so that a zone may follow without a doubt.
    whole: bool,
}

impl Tokens {
    fn moment(&mut self) -> Option<Moment> {
        let mut date = None;
        // Whether the date is followed by a `T`.
        let mut joined = false;
        while self.at < self.all.len() {
            if let Some((found, length)) = self.date(self.at) {
                self.at += length;
                joined = self.word(self.at) == Some("t");
                self.at += usize::from(joined);
                date = Some(found);
            } else if let Some((time, length)) = self.time(self.at) {
                self.at += length;
                let offset_minutes = self.zone(joined || time.whole);
                // `date` prints the year last: `Sun Mar  1 22:10:05 UTC 2026`.
                let date = match date {
                    Some(Written::Whole(date)) => Some(date),
                    Some(Written::NoYear(month, day)) => {
                        self.year_behind().and_then(|year| checked(year, month, day))
                    }
                    None => None,
                };
                let Time { hour, minute, second, .. } = time;
                return Some(Moment { date, hour, minute, second, offset_minutes });
            } else {
                self.skip();
            }
        }
        None
    }

    /// Passes one token by, and with a number those that are joined to it: half a date is no time.
    fn skip(&mut self) {
        self.at += 1;
    }

    fn number(&self, at: usize) -> Option<(u32, usize)> {
        match self.all.get(at)? {
            Token::Number(number, digits) => Some((*number, *digits)),
            _ => None,
        }
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.all.get(at)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn sign(&self, at: usize) -> Option<char> {
        match self.all.get(at)? {
            Token::Sign(sign) => Some(*sign),
            _ => None,
        }
    }

    /// How many tokens of white space and commas stand at `at`.
    fn gap(&self, at: usize) -> usize {
        let rest = self.all.get(at..).unwrap_or_default();
        rest.iter().take(3).take_while(|token| matches!(token, Token::Space | Token::Sign(','))).count()
    }

    /// `2026-03-01`, `2026/3/1`, `March 1st, 2026`, `1 March 2026`, `Mar 1` before a time.
    fn date(&self, at: usize) -> Option<(Written, usize)> {
        if let Some((first, digits)) = self.number(at) {
            if digits == 4
                && let Some(sign @ ('-' | '/' | '.')) = self.sign(at + 1)
                && let (Some((month, _)), Some(second), Some((day, _))) =
                    (self.number(at + 2), self.sign(at + 3), self.number(at + 4))
                && second == sign
            {
                return Some((Written::Whole(checked(first, month, day)?), 5));
            }
            let month_at = at + 1 + self.ordinal(at + 1);
            let month_at = month_at + self.gap(month_at);
            let month = self.word(month_at).and_then(month)?;
            let year_at = month_at + 1 + self.gap(month_at + 1);
            let (year, _) = self.number(year_at).filter(|(_, digits)| *digits == 4)?;
            return Some((Written::Whole(checked(year, month, first)?), year_at + 1 - at));
        }
        let month = month(self.word(at)?)?;
        let day_at = at + 1 + self.gap(at + 1);
        let (day, _) = self.number(day_at).filter(|(_, digits)| *digits <= 2)?;
        let after = day_at + 1 + self.ordinal(day_at + 1);
        let year_at = after + self.gap(after);
        match self.number(year_at) {
            Some((year, 4)) => Some((Written::Whole(checked(year, month, day)?), year_at + 1 - at)),
            _ => Some((Written::NoYear(month, day), after - at)),
        }
    }

    fn ordinal(&self, at: usize) -> usize {
        usize::from(matches!(self.word(at), Some("st" | "nd" | "rd" | "th")))
    }

    /// `22:10`, `22:10:05.123`, `10:32 AM`, `10am`, `22h10`.
    fn time(&self, start: usize) -> Option<(Time, usize)> {
        let (hour, digits) = self.number(start).filter(|(_, digits)| *digits <= 2)?;
        let mut at = start + 1;
        let (mut minute, mut second, mut whole) = (None, 0, false);
        let two = |at| self.number(at).filter(|(_, digits)| *digits == 2).map(|(number, _)| number);
        if self.sign(at) == Some(':') || self.word(at) == Some("h") {
            minute = Some(two(at + 1)?);
            at += 2;
            if self.sign(at) == Some(':')
                && let Some(seconds) = two(at + 1)
            {
                (second, whole) = (seconds, true);
                at += 2;
                if self.sign(at) == Some('.') && self.number(at + 1).is_some() {
                    at += 2;
                }
            }
        }
        let half_at = at + usize::from(self.all.get(at) == Some(&Token::Space));
        let half = match self.word(half_at) {
            Some("am") => Some((false, half_at + 1)),
            Some("pm") => Some((true, half_at + 1)),
            Some(half @ ("a" | "p"))
                if self.sign(half_at + 1) == Some('.') && self.word(half_at + 2) == Some("m") =>
            {
                Some((half == "p", half_at + 3))
            }
            _ => None,
        };
        let hour = match half {
            Some((afternoon, end)) if (1..=12).contains(&hour) => {
                at = end;
                hour % 12 + if afternoon { 12 } else { 0 }
            }
            Some(_) => return None,
            None => hour,
        };
        let minute = match (minute, half) {
            (Some(minute), _) => minute,
            (None, Some(_)) => 0,
            (None, None) => return None,
        };
        let fits = digits > 0 && hour < 24 && minute < 60 && second < 60;
        let byte = |number: u32| u8::try_from(number).ok();
        fits.then_some((
            Time { hour: byte(hour)?, minute: byte(minute)?, second: byte(second)?, whole },
            at - start,
        ))
    }

    /// The zone behind a time. What begins with a minus may be the end of a range as well: it is a zone when the time
    /// is `whole` or no range is expected, and when it looks like one.
    fn zone(&mut self, whole: bool) -> Option<i32> {
        let space = usize::from(self.all.get(self.at) == Some(&Token::Space));
        let at = self.at + space;
        if let Some(word) = self.word(at) {
            let hours = match word {
                "z" | "utc" | "gmt" | "wet" => 0,
                "cet" | "west" => 1,
                "cest" | "eet" => 2,
                "eest" | "msk" => 3,
                "edt" => -4,
                "est" | "cdt" => -5,
                "cst" | "mdt" => -6,
                "mst" | "pdt" => -7,
                "pst" => -8,
                "jst" | "kst" => 9,
                _ => return None,
            };
            self.at = at + 1;
            return Some(hours * 60);
        }
        let sign = match self.sign(at)? {
            '+' => 1,
            '-' if whole || !self.range => -1,
            _ => return None,
        };
        let (first, digits) = self.number(at + 1)?;
        let (hours, minutes, length) = match digits {
            4 => (first / 100, first % 100, 2),
            2 if self.sign(at + 2) == Some(':') && self.sign(at + 4) != Some(':') => {
                (first, self.number(at + 3).filter(|(_, digits)| *digits == 2)?.0, 4)
            }
            2 if self.sign(at + 2) != Some(':') && self.sign(at + 2) != Some('-') => (first, 0, 2),
            _ => return None,
        };
        if hours > 14 || !matches!(minutes, 0 | 30 | 45) {
            return None;
        }
        self.at = at + length;
        Some(sign * i32::try_from(hours * 60 + minutes).ok()?)
    }

    /// A year that stands behind a time.
    fn year_behind(&mut self) -> Option<u32> {
        let at = self.at + self.gap(self.at);
        let (year, _) = self.number(at).filter(|(_, digits)| *digits == 4)?;
        self.at = at + 1;
        Some(year)
    }
}

#[derive(Clone, Copy)]
enum Written {
    Whole(Date),
    NoYear(u32, u32),
}

fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().position(|month| {
        *month == word
            || (word.len() == 3 && month.starts_with(word))
            || (word == "sept" && *month == "september")
    })?;
    u32::try_from(at + 1).ok()
}

/// The day, when there is such a one.
fn checked(year: u32, month: u32, day: u32) -> Option<Date> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let fits = (1..=days).contains(&day) && (1..=9999).contains(&year);
    let date = Date {
        year: i32::try_from(year).ok()?,
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
    };
    fits.then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, range: bool) -> String {
        moments(text, range).map(|moment| moment.to_string()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn reads_moments() {
        for (text, expected) in [
            ("2026-03-01 22:10", "2026-03-01 22:10"),
            ("2026-03-01T22:10:05Z", "2026-03-01 22:10:05Z"),
            ("2026-03-01T22:10:05.123+01:00", "2026-03-01 22:10:05+01:00"),
            ("2026-03-01T22:10-0530", "2026-03-01 22:10-05:30"),
            ("2026-03-01 22:10 -05:00", "2026-03-01 22:10-05:00"),
            ("2026-03-01 at 22:10 UTC", "2026-03-01 22:10Z"),
            ("**`2026-03-01 22:10`**", "2026-03-01 22:10"),
            ("2026/3/1, 9:05", "2026-03-01 09:05"),
            ("10:32 AM", "10:32"),
            ("12:05am", "00:05"),
            ("12:05 p.m.", "12:05"),
            ("~10:32pm PST", "22:32-08:00"),
            ("9 PM", "21:00"),
            ("22h10", "22:10"),
            ("March 1, 2026 10:32 PM", "2026-03-01 22:32"),
            ("1st Mar 2026 at 22:10", "2026-03-01 22:10"),
            ("Sun Mar  1 22:10:05 UTC 2026", "2026-03-01 22:10:05Z"),
            ("Sunday, March 1 at 22:10", "22:10"),
            ("2026-02-30 22:10", "22:10"),
            ("2026-03-01", ""),
            ("25:00", ""),
            ("13:00 AM", ""),
            ("10:61", ""),
            ("3:4", ""),
            ("45", ""),
            ("YYYY-MM-DD HH:MM", ""),
            ("not recorded", ""),
            ("é 10:32 é", "10:32"),
        ] {
            assert_eq!(shown(text, false), expected, "{text:?}");
        }
    }

    #[test]
    fn reads_ranges() {
        for (text, expected) in [
            ("10:32–11:05", "10:32 | 11:05"),
            ("10:32-11:05", "10:32 | 11:05"),
            ("10:32-11:00", "10:32 | 11:00"),
            ("10:32 - 11:00 (28 min)", "10:32 | 11:00"),
            ("10:32 to 11:05 UTC", "10:32 | 11:05Z"),
            ("2026-03-01 22:10 → 2026-03-02 00:20", "2026-03-01 22:10 | 2026-03-02 00:20"),
            (
                "2026-03-01T22:10:00-05:00 / 2026-03-01T22:41:00-05:00",
                "2026-03-01 22:10-05:00 | 2026-03-01 22:41-05:00",
            ),
            ("10:32:05-11:05:10", "10:32:05 | 11:05:10"),
        ] {
            assert_eq!(shown(text, true), expected, "{text:?}");
        }
    }

    #[test]
    fn days_are_counted() {
        let number = |year, month, day| checked(year, month, day).map(Date::number);
        assert_eq!(number(1970, 1, 1), Some(0));
        assert_eq!(number(2000, 2, 29), Some(11_016));
        assert_eq!(number(2026, 3, 1), Some(20_513));
        assert_eq!(number(1, 1, 1), Some(-719_162));
        assert_eq!(number(2025, 2, 29), None);
    }

    #[test]
    fn minutes_between() {
        let between = |start: &str, end: &str| {
            let moment = |text: &str| moments(text, false).next().unwrap();
            moment(start).minutes_until(moment(end)).ok()
        };
        assert_eq!(between("22:10", "22:41"), Some(31));
        assert_eq!(between("23:50", "00:10"), Some(20));
        assert_eq!(between("2026-03-01 22:10", "00:10"), Some(120));
        assert_eq!(between("2026-02-28 23:50", "2026-03-01 00:10"), Some(20));
        assert_eq!(between("2026-03-01 22:10", "2026-03-01 22:09"), None);
        assert_eq!(between("2026-03-01T22:10+01:00", "2026-03-01T21:40Z"), Some(30));
        assert_eq!(between("10:00:00", "10:00:31"), Some(1));
        assert_eq!(between("10:00", "10:00"), Some(0));
    }
}

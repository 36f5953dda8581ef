//! Reads a moment as programs write it to people: waits, clock times, dates, seconds since the epoch.

use core::time::Duration;

use orch_core::Time;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time as TimeOfDay, UtcOffset};

/// A reset further away than this is a mistake or a joke.
const FURTHEST: Duration = Duration::from_secs(32 * 24 * 3600);

/// How far behind its introduction a moment may stand, in bytes.
const NEAR: usize = 120;

/// Now, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) now: Time,
    /// The offset of clock times that name no zone.
    pub(super) offset: UtcOffset,
}

impl Clock {
    /// With this machine's offset from UTC.
    pub(super) fn here(now: Time) -> Self {
        let offset = date_time(now).and_then(|now| UtcOffset::local_offset_at(now).ok());
        Self { now, offset: offset.unwrap_or(UtcOffset::UTC) }
    }

    /// Whether a moment lies after now and can be believed.
    pub(super) fn is_ahead(self, moment: Time) -> bool {
        moment > self.now && moment.since(self.now) <= FURTHEST
    }
}

fn date_time(time: Time) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_millis()) * 1_000_000).ok()
}

fn time_of(moment: OffsetDateTime) -> Option<Time> {
    u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok().map(Time::from_millis)
}

/// What a number without a unit means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    Nothing,
    Seconds,
}

/// The moment at the beginning of `text` (in lower case), after words such as "at" and "in".
pub(super) fn moment(text: &str, bare: Bare, clock: Clock) -> Option<Time> {
    let mut near = text.len().min(NEAR);
    while !text.is_char_boundary(near) {
        near -= 1;
    }
    let mut scan = Scan { rest: text[..near].lines().next().unwrap_or_default() };
    // What is glued on belongs to the word before: `resets`, `resetsAt`, `retry-after-ms`, `reset_at`.
    let glued = scan.take_while(|character| character.is_ascii_alphabetic() || "-_".contains(character));
    let millis = bare == Bare::Seconds && glued.ends_with("ms");
    scan.skip_filler();
    let found = scan.date(clock).or_else(|| scan.number(bare, millis, clock));
    found.filter(|&moment| clock.is_ahead(moment))
}

#[derive(Clone, Copy)]
struct Scan<'t> {
    rest: &'t str,
}

impl<'t> Scan<'t> {
    fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|character| !test(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn spaces(&mut self) {
        self.take_while(|character| {
            character == ' ' || character == '\t' || character == '\u{a0}' || character == '\u{202f}'
        });
    }

    fn word(&mut self) -> &'t str {
        self.take_while(|character| character.is_ascii_alphabetic())
    }

    fn skip_filler(&mut self) {
        loop {
            self.take_while(|character| character.is_whitespace() || "\"'`:=|·(,~≈\\".contains(character));
            let mut ahead = *self;
            match ahead.word() {
                "at" | "in" | "after" | "on" | "for" | "is" | "be" | "again" | "until" | "about"
                | "approximately" | "time" | "the" | "your" | "limit" | "available" | "will" | "it"
                | "resets" | "reset" => *self = ahead,
                _ => return,
            }
        }
    }

    /// As many digits as there are, at most fifteen.
    fn digits(&mut self) -> Option<(u64, usize)> {
        let digits = self.take_while(|character| character.is_ascii_digit());
        if digits.is_empty() || digits.len() > 15 {
            return None;
        }
        Some((digits.parse().ok()?, digits.len()))
    }

    /// A moment that names its day.
    fn date(&self, clock: Clock) -> Option<Time> {
        let mut scan = *self;
        // 2026-11-21T01:36:00Z
        if let Some(date) = scan.iso_date() {
            let glue = scan.eat("t");
            scan.spaces();
            let (of_day, offset) = match scan.clock_time() {
                Some(of_day) => (of_day.0, scan.zone(clock)),
                None if glue => return None,
                None => (TimeOfDay::MIDNIGHT, clock.offset),
            };
            return time_of(PrimitiveDateTime::new(date, of_day).assume_offset(offset));
        }
        // Sat, 21 Nov 2026 01:36:00 GMT · nov 21st, 2026 1:36 am · nov 21, 1am (utc)
        let mut scan = *self;
        let mut ahead = scan;
        if is_weekday(ahead.word()) {
            ahead.take_while(|character| character == ',' || character == ' ');
            scan = ahead;
        }
        let (month, day) = if let Some(day) = scan.day() {
            scan.spaces();
            (month(scan.word())?, day)
        } else {
            let month = month(scan.word())?;
            scan.take_while(|character| character == '.' || character == ' ');
            (month, scan.day()?)
        };
        scan.take_while(|character| character == ',' || character == ' ');
        let mut ahead = scan;
        let year = ahead.digits().filter(|&(_, length)| length == 4).map(|(year, _)| year);
        if year.is_some() {
            scan = ahead;
        }
        scan.take_while(|character| character == ',' || character == ' ');
        if scan.eat("at") {
            scan.spaces();
        }
        let (of_day, offset) = match scan.clock_time() {
            Some((of_day, _)) => (of_day, scan.zone(clock)),
            None => (TimeOfDay::MIDNIGHT, clock.offset),
        };
        let on = |year: i32| {
            let date = Date::from_calendar_date(year, month, day).ok()?;
            time_of(PrimitiveDateTime::new(date, of_day).assume_offset(offset))
        };
        match year {
            Some(year) => on(i32::try_from(year).ok()?),
            None => {
                let this = date_time(clock.now)?.to_offset(offset).year();
                on(this).filter(|&moment| clock.is_ahead(moment)).or_else(|| on(this + 1))
            }
        }
    }

    fn iso_date(&mut self) -> Option<Date> {
        let (year, 4) = self.digits()? else { return None };
        if !self.eat("-") {
            return None;
        }
        let (month, 2) = self.digits()? else { return None };
        if !self.eat("-") {
            return None;
        }
        let (day, 2) = self.digits()? else { return None };
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
    }

    /// A day of the month: `5`, `21st`.
    fn day(&mut self) -> Option<u8> {
        let mut ahead = *self;
        let (day, _) = ahead.digits()?;
        let day = u8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
        let mut ordinal = ahead;
        if matches!(ordinal.word(), "st" | "nd" | "rd" | "th") {
            ahead = ordinal;
        }
        *self = ahead;
        Some(day)
    }

    /// A clock time, a wait, a moment in seconds since the epoch, or a bare number.
    fn number(&self, bare: Bare, millis: bool, clock: Clock) -> Option<Time> {
        let mut scan = *self;
        if let Some((of_day, to_the_second)) = scan.clock_time() {
            let offset = scan.zone(clock);
            return next(of_day, to_the_second, offset, clock.now);
        }
        if let Some(wait) = self.wait() {
            return Some(clock.now + wait);
        }
        let mut scan = *self;
        let (number, length) = scan.digits()?;
        match (length, bare) {
            (10, _) => Some(Time::from_millis(number * 1000)),
            (13, _) => Some(Time::from_millis(number)),
            (1..=9, Bare::Seconds) if millis => Some(clock.now + Duration::from_millis(number)),
            (1..=9, Bare::Seconds) => Some(clock.now + Duration::from_secs(number)),
            _ => None,
        }
    }

    /// `1:36`, `1:36:07`, `1:36 am`, `1am`; and whether it has seconds.
    fn clock_time(&mut self) -> Option<(TimeOfDay, bool)> {
        let mut scan = *self;
        let (mut hour, 1..=2) = scan.digits()? else { return None };
        let mut minute = None;
        let mut second = None;
        if scan.eat(":") {
            let (value, 2) = scan.digits()? else { return None };
            minute = Some(value);
            if scan.eat(":") {
                let (value, 2) = scan.digits()? else { return None };
                second = Some(value);
                if scan.eat(".") {
                    scan.digits()?;
                }
            }
        }
        let mut ahead = scan;
        ahead.spaces();
        let half = ["am", "pm", "a.m.", "p.m."].into_iter().find(|half| {
            ahead.rest.strip_prefix(half).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        });
        if let Some(half) = half {
            ahead.eat(half);
            scan = ahead;
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half.starts_with('p') { 12 } else { 0 };
        }
        if half.is_none() && minute.is_none() {
            return None;
        }
        let part = |value: Option<u64>| u8::try_from(value.unwrap_or(0)).ok();
        let of_day = TimeOfDay::from_hms(part(Some(hour))?, part(minute)?, part(second)?).ok()?;
        *self = scan;
        Some((of_day, second.is_some()))
    }

    /// The offset that a zone after a clock time stands for; the clock's own for none and for a named region,
    /// which is where the machine is.
    fn zone(&mut self, clock: Clock) -> UtcOffset {
        self.take_while(|character| character == ' ' || character == '(');
        let word = self.word();
        if matches!(word, "utc" | "gmt" | "z") && !self.rest.starts_with(['+', '-', '/']) {
            return UtcOffset::UTC;
        }
        if word.is_empty() || matches!(word, "utc" | "gmt") {
            let sign: i8 = if self.eat("+") {
                1
            } else if self.eat("-") {
                -1
            } else {
                return clock.offset;
            };
            return self.offset(sign).unwrap_or(clock.offset);
        }
        clock.offset
    }

    /// `2`, `02`, `0200`, `02:00`.
    fn offset(&mut self, sign: i8) -> Option<UtcOffset> {
        let (number, length) = self.digits()?;
        let (hours, minutes) = match length {
            1 | 2 if self.eat(":") => (number, self.digits()?.0),
            1 | 2 => (number, 0),
            4 => (number / 100, number % 100),
            _ => return None,
        };
        UtcOffset::from_hms(sign * i8::try_from(hours).ok()?, sign * i8::try_from(minutes).ok()?, 0).ok()
    }

    /// `20 seconds`, `6m0s`, `1 day, 2 hours and 5 minutes`, `34.07s`.
    fn wait(&self) -> Option<Duration> {
        let mut scan = *self;
        let mut whole: Option<Duration> = None;
        loop {
            let mut ahead = scan;
            let Some((count, _)) = ahead.digits() else { break };
            let fraction = if ahead.eat(".") {
                let digits = ahead.take_while(|character| character.is_ascii_digit());
                format!("0.{digits}0").parse::<f64>().unwrap_or(0.0)
            } else {
                0.0
            };
            ahead.take_while(|character| character == ' ' || character == '-');
            let Some(millis) = unit(ahead.word()) else { break };
            let more = count.saturating_mul(millis).saturating_add((fraction * millis as f64) as u64);
            whole = Some(whole.unwrap_or_default().saturating_add(Duration::from_millis(more)));
            ahead.take_while(|character| character == ' ' || character == ',');
            if ahead.eat("and ") {
                ahead.spaces();
            }
            scan = ahead;
        }
        whole
    }
}

/// The next moment at which a clock shows `of_day`.
///
/// A clock time to the minute that is under way stands for the end of that minute: it was rounded down, and the
/// same time tomorrow is not meant.
fn next(of_day: TimeOfDay, to_the_second: bool, offset: UtcOffset, now: Time) -> Option<Time> {
    let today = date_time(now)?.to_offset(offset).date();
    let on = |date: Date| time_of(PrimitiveDateTime::new(date, of_day).assume_offset(offset));
    let shown = on(today)?;
    if shown > now {
        return Some(shown);
    }
    let minute = Duration::from_secs(60);
    if !to_the_second && shown + minute > now {
        return Some(shown + minute);
    }
    on(today.next_day()?)
}

/// A unit's length in milliseconds.
fn unit(word: &str) -> Option<u64> {
    Some(match word {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 7 * 86_400_000,
        _ => return None,
    })
}

fn month(word: &str) -> Option<Month> {
    const NAMES: [&str; 12] = [
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
    let number = NAMES.iter().position(|name| word == "sept" || word == *name || word == &name[..3])?;
    let number = if word == "sept" { 8 } else { number };
    Month::try_from(u8::try_from(number + 1).ok()?).ok()
}

fn is_weekday(word: &str) -> bool {
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        .iter()
        .any(|name| word == *name || word == &name[..3])
}

//! The signs of a rate limit and the times in them, as tables.

use orch_core::Time;
use orch_exec::agent::{mentions_limit, reset_time, reset_time_in};
use proptest::prelude::*;
use time::macros::{datetime, offset};
use time::{OffsetDateTime, UtcOffset};

fn at(moment: OffsetDateTime) -> Time {
    Time::from_millis(u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap())
}

#[test]
fn when_a_limit_ends() {
    let now = datetime!(2026-11-21 00:40:30 UTC);
    let after = |secs: f64| Some(now + time::Duration::seconds_f64(secs));
    let cases: Vec<(&str, Option<OffsetDateTime>)> = vec![
        // Waits.
        ("Please try again in 20 seconds.", after(20.0)),
        ("please try again in 5 minutes", after(300.0)),
        ("Rate limit reached. Please try again in 1.5s. Visit …", after(1.5)),
        ("try again in 6m0s", after(360.0)),
        ("Try again in 1 day, 2 hours and 5 minutes", after(93_900.0)),
        ("try again in 3 days 4 hours.", after(273_600.0)),
        ("Please retry in 34.074824224s.", after(34.074)),
        ("\"retryDelay\": \"34s\"", after(34.0)),
        ("resets in 3h 20m", after(12_000.0)),
        ("Please wait 2 min before the next request", after(120.0)),
        ("Retry-After: 30", after(30.0)),
        ("retry-after=30", after(30.0)),
        ("'retry-after': '30'", after(30.0)),
        ("\"retry_after\": 12", after(12.0)),
        ("retry after 45", after(45.0)),
        ("retry after 45 seconds", after(45.0)),
        ("retry-after-ms: 1500", after(1.5)),
        ("x-ratelimit-reset-requests: 60s", after(60.0)),
        // Clock times.
        ("You've hit your session limit · resets 1:42am (UTC)", Some(datetime!(2026-11-21 1:42 UTC))),
        ("… or try again at 1:36 AM.", Some(datetime!(2026-11-21 1:36 UTC))),
        ("… or try again at 1:36\u{202f}AM.", Some(datetime!(2026-11-21 1:36 UTC))),
        ("resets 12am (UTC)", Some(datetime!(2026-11-22 0:00 UTC))),
        ("resets 12pm (UTC)", Some(datetime!(2026-11-21 12:00 UTC))),
        ("resets at 3pm", Some(datetime!(2026-11-21 15:00 UTC))),
        ("resets 3 p.m.", Some(datetime!(2026-11-21 15:00 UTC))),
        ("available again at 14:05:09 UTC", Some(datetime!(2026-11-21 14:05:09 UTC))),
        ("try again at 12:39 AM", Some(datetime!(2026-11-22 0:39 UTC))),
        // The minute that is under way: it was rounded down.
        ("try again at 12:40 AM", Some(datetime!(2026-11-21 0:41 UTC))),
        ("try again at 00:40:29", Some(datetime!(2026-11-22 0:40:29 UTC))),
        ("resets 1:42am (Europe/Berlin)", Some(datetime!(2026-11-21 1:42 UTC))),
        ("resets 10:00 GMT+2", Some(datetime!(2026-11-21 8:00 UTC))),
        ("resets 10:00 -0330", Some(datetime!(2026-11-21 13:30 UTC))),
        // Dates.
        ("resets Nov 25, 3pm (UTC)", Some(datetime!(2026-11-25 15:00 UTC))),
        ("try again at Nov 25th, 2026 1:36 AM.", Some(datetime!(2026-11-25 1:36 UTC))),
        ("resets December 3 at 9am", Some(datetime!(2026-12-03 9:00 UTC))),
        ("resets Dec 21", Some(datetime!(2026-12-21 0:00 UTC))),
        ("Retry-After: Sat, 21 Nov 2026 07:28:00 GMT", Some(datetime!(2026-11-21 7:28 UTC))),
        ("reset_at: 2026-11-21T01:36:00Z", Some(datetime!(2026-11-21 1:36 UTC))),
        ("resets at 2026-11-21T02:36:00.123+01:00", Some(datetime!(2026-11-21 1:36 UTC))),
        // Seconds and milliseconds since the epoch.
        ("Claude AI usage limit reached|1795225379", Some(datetime!(2026-11-21 1:42:59 UTC))),
        ("\"resetsAt\":1795225379,", Some(datetime!(2026-11-21 1:42:59 UTC))),
        ("\"resets_at\": 1795225379000}", Some(datetime!(2026-11-21 1:42:59 UTC))),
        // The last one counts.
        ("try again in 1s … try again in 9s", after(9.0)),
        ("try again in 9s … try again later", after(9.0)),
        // Nothing that can be believed.
        ("try again later", None),
        ("Please wait and try again later.", None),
        ("resets soon", None),
        ("reset 3 files", None),
        ("try again in 0 seconds", None),
        ("resets 25:00", None),
        ("resets 13pm", None),
        ("resets Nov 31, 3pm", None),
        ("resets at 2026-02-30T00:00:00Z", None),
        ("try again in 40 days", None),
        ("try again in 99999999999999999999 seconds", None),
        ("resetsAt: 1795221629", None),
        ("resetsAt: 9999999999", None),
        ("retry-after: ", None),
        ("retry-after: -5", None),
        ("it took 20 seconds", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(reset_time_in(text, at(now), offset!(UTC)), expected.map(at), "{text}");
    }
}

#[test]
fn a_clock_time_without_a_zone_is_local() {
    let now = at(datetime!(2026-11-21 23:50 +9));
    let next = |text| reset_time_in(text, now, offset!(+9));
    assert_eq!(next("try again at 1:36 AM"), Some(at(datetime!(2026-11-22 1:36 +9))));
    assert_eq!(next("try again at 11:55 PM"), Some(at(datetime!(2026-11-21 23:55 +9))));
    assert_eq!(next("resets 1:36am (Asia/Tokyo)"), Some(at(datetime!(2026-11-22 1:36 +9))));
    assert_eq!(next("resets 1:36am (UTC)"), Some(at(datetime!(2026-11-22 1:36 UTC))));
    assert_eq!(next("resets Nov 22, 1am"), Some(at(datetime!(2026-11-22 1:00 +9))));
}

#[test]
fn a_date_without_a_year_may_lie_in_the_next() {
    let now = at(datetime!(2026-12-30 12:00 UTC));
    let next = |text| reset_time_in(text, now, offset!(UTC));
    assert_eq!(next("resets Jan 2, 9am"), Some(at(datetime!(2027-01-02 9:00 UTC))));
    assert_eq!(next("resets Dec 31, 9am"), Some(at(datetime!(2026-12-31 9:00 UTC))));
    assert_eq!(next("resets Dec 29, 9am"), None);
}

#[test]
fn what_mentions_a_limit() {
    let patterns = ["429", "rate limit", "too many requests", " "].map(String::from);
    let cases = [
        ("HTTP 429", true),
        ("HTTP/1.1 429 Too Many Requests", true),
        ("{\"status\":429}", true),
        ("status=429,", true),
        ("Request rejected (429) · …", true),
        ("error 429: slow down", true),
        ("429", true),
        ("429.", true),
        ("Too many requests", true),
        ("RATE LIMIT", true),
        ("rate_limit_exceeded", true),
        ("you are being rate-limited", true),
        ("ratelimit", false),
        ("the corporate limit", false),
        ("1429 passed", false),
        ("4290", false),
        ("429ms", false),
        ("1.429", false),
        ("429.5 MB", false),
        ("src/lib.rs:429:17", false),
        ("at line 429", false),
        ("#429", false),
        ("$429", false),
        ("abc429", false),
        ("00000429-0000-4000-8000-000000000000", false),
        ("", false),
    ];
    for (text, expected) in cases {
        assert_eq!(mentions_limit(text, &patterns), expected, "{text}");
    }
    assert!(!mentions_limit("anything", &[]));
    assert!(!mentions_limit("anything", &[String::new()]));
}

proptest! {
    #[test]
    fn a_reset_always_lies_ahead(text in "(try again|resets|retry-after:|until|wait) ?(at|in)? ?\\PC{0,24}", now in any::<u64>()) {
        if let Some(until) = reset_time(&text, Time::from_millis(now)) {
            prop_assert!(until > Time::from_millis(now));
        }
    }

    #[test]
    fn a_wait_is_counted_from_now(now in 0u64..4_000_000_000_000, secs in 1u64..86_400) {
        let now = Time::from_millis(now);
        let until = Some(now + core::time::Duration::from_secs(secs));
        prop_assert_eq!(reset_time(&format!("try again in {secs} seconds"), now), until);
        let (hours, minutes, rest) = (secs / 3600, secs / 60 % 60, secs % 60);
        prop_assert_eq!(reset_time(&format!("resets in {hours}h{minutes}m{rest}s"), now), until);
    }

    /// A clock that is asked says `hour:minute` at the moment that was found, and did not do so before.
    #[test]
    fn a_clock_time_is_the_next_one(
        now in 1_000_000_000u64..3_000_000_000,
        hour in 0u8..24,
        minute in 0u8..60,
        quarters in -48i32..=56,
    ) {
        let offset = UtcOffset::from_whole_seconds(quarters * 900).unwrap();
        let half = if hour < 12 { "am" } else { "pm" };
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let text = format!("resets {twelve}:{minute:02}{half}");
        let found = reset_time_in(&text, Time::from_millis(now * 1000), offset).unwrap().as_millis() / 1000;
        let local = |secs: u64| i64::try_from(secs).unwrap() + i64::from(quarters) * 900;
        let shown = i64::from(hour) * 3600 + i64::from(minute) * 60;
        let under_way = local(now).rem_euclid(86_400) / 60 == shown / 60;
        if under_way {
            prop_assert_eq!(found, now - now % 60 + 60);
        } else {
            prop_assert_eq!(local(found).rem_euclid(86_400), shown);
            prop_assert!(found > now && found - now <= 86_400);
        }
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>(), pattern in any::<String>()) {
        mentions_limit(&text, &[pattern]);
        reset_time(&text, Time::from_millis(0));
        reset_time(&format!("resets {text}"), Time::from_millis(1_795_221_600_000));
    }
}

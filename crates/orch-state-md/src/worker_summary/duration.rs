//! Finding out how long a worker says something took.

use super::token::{Token, bounded, tokens};

/// The longest duration that is taken for one, in minutes.
const LONGEST_DURATION: f64 = 100_000.0;

/// The minutes that `text` says something took: `33 minutes`, `1h 5m`, `1:05`, `1.5 hours`, `45`.
pub(super) fn minutes(text: &str) -> Option<u32> {
    let text = bounded(text).to_lowercase();
    for (words, minutes) in
        [("half an hour", 30), ("an hour and a half", 90), ("an hour", 60), ("one hour", 60)]
    {
        if text.contains(words) {
            return Some(minutes);
        }
    }
    let all = tokens(&text);
    let mut total = None;
    let mut at = 0;
    while let Some(token) = all.get(at) {
        let Token::Number(number, _) = token else {
            if total.is_some() && !matches!(token, Token::Space | Token::Sign(',') | Token::Word(_)) {
                break;
            }
            at += 1;
            continue;
        };
        let mut value = f64::from(*number);
        let mut next = at + 1;
        if let (Some(Token::Sign('.')), Some(Token::Number(part, digits))) =
            (all.get(next), all.get(next + 1))
        {
            value += f64::from(*part) / 10_f64.powi(i32::try_from(*digits).unwrap_or(9));
            next += 2;
        }
        if let (Some(Token::Sign(':')), Some(Token::Number(part, 2))) = (all.get(next), all.get(next + 1)) {
            return bounded_minutes(value * 60.0 + f64::from(*part));
        }
        while matches!(all.get(next), Some(Token::Space | Token::Sign('-'))) {
            next += 1;
        }
        let unit = match all.get(next) {
            Some(Token::Word(word)) => match word.as_str() {
                "h" | "hr" | "hrs" | "hour" | "hours" => 60.0,
                "m" | "min" | "mins" | "minute" | "minutes" => 1.0,
                "s" | "sec" | "secs" | "second" | "seconds" => 1.0 / 60.0,
                _ => 0.0,
            },
            None if total.is_none() => 1.0,
            // Minutes that go on after hours: `1h 5`.
            None => 1.0,
            _ => 0.0,
        };
        if unit > 0.0 {
            total = Some(total.unwrap_or(0.0) + value * unit);
        } else if total.is_some() {
            break;
        }
        at = next + 1;
    }
    bounded_minutes(total?)
}

fn bounded_minutes(minutes: f64) -> Option<u32> {
    let minutes = (0.0..=LONGEST_DURATION).contains(&minutes).then(|| minutes.round())?;
    // It is between zero and the longest duration.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(minutes as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, expected) in [
            ("33 minutes", Some(33)),
            ("~33 min", Some(33)),
            ("33m", Some(33)),
            ("33-minute", Some(33)),
            ("1h 5m", Some(65)),
            ("1h5", Some(65)),
            ("1 hour, 5 minutes", Some(65)),
            ("1 hour and 5 minutes", Some(65)),
            ("1.5 hours", Some(90)),
            ("1:05", Some(65)),
            ("45", Some(45)),
            ("90 seconds", Some(2)),
            ("about an hour", Some(60)),
            ("half an hour", Some(30)),
            ("33 minutes (10:32 to 11:05)", Some(33)),
            ("5 files", None),
            ("not timed", None),
            ("999999999999 minutes", None),
            ("", None),
        ] {
            assert_eq!(minutes(text), expected, "{text:?}");
        }
    }
}

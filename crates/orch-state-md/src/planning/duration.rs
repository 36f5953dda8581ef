//! Duration cells: the minutes they say, and how minutes are added to them.

use super::plain::plain;
use crate::state::escape::BLANK;

/// Characters of a cell that are looked at.
const LONGEST: usize = 300;

/// The minutes that a duration cell adds up to; `None` when it says none. What stands in parentheses is commentary, and a
/// number that counts something else than minutes or hours (`3 attempts`) is passed over.
pub(super) fn minutes(cell: &str) -> Option<u32> {
    let text: String = plain(&cell.chars().take(LONGEST).collect::<String>()).to_lowercase();
    let mut depth = 0_usize;
    let text: String = text
        .chars()
        .map(|c| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => {
                    depth = depth.saturating_sub(1);
                    return ' ';
                }
                _ => {}
            }
            if depth > 0 { ' ' } else { c }
        })
        .collect();
    let mut sum = None;
    let mut at = 0;
    while let Some(offset) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let start = at + offset;
        let rest = &text[start..];
        let number = &rest[..rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len())];
        at = start + number.len();
        if let Some(minutes) = counted(&text[..start], number.trim_end_matches('.'), &text[at..]) {
            sum = Some(sum.unwrap_or(0.0) + minutes);
        }
    }
    sum.filter(|sum| *sum < f64::from(u32::MAX)).map(rounded)
}

/// Whole minutes. The number is within the bounds of `u32`.
fn rounded(minutes: f64) -> u32 {
    format!("{minutes:.0}").parse().unwrap_or(0)
}

/// How many minutes `number` stands for, between what stands before and after it.
fn counted(before: &str, number: &str, after: &str) -> Option<f64> {
    // `M3`, `2026-03-01`, `10:32`, `20-25` are no minutes; `1h20` is.
    let joins = |c: char| matches!(c, '-' | '–' | ':' | '/');
    let digit = |c: char| c.is_ascii_digit();
    let hours = before.strip_suffix('h').is_some_and(|hours| hours.ends_with(digit));
    let word = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | '.')) && !hours;
    let to = before.trim_end().strip_suffix(joins).is_some_and(|from| from.trim_end().ends_with(digit));
    let from = after.trim_start().strip_prefix(joins).is_some_and(|to| to.trim_start().starts_with(digit));
    if word || to || from || number.len() > 9 {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let unit = after.trim_start();
    let unit = &unit[..unit.find(|c: char| !c.is_alphabetic()).unwrap_or(unit.len())];
    match unit {
        "" | "m" | "min" | "mins" | "minute" | "minutes" | "and" | "plus" | "total" => Some(number),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(number * 60.0),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(number / 60.0),
        _ => None,
    }
}

/// What a duration cell says when `minutes` more were spent. What it says already is kept: the new number is put behind it,
/// with a word when it was spent on a gap.
pub(super) fn with_minutes(cell: &str, more: u32, gap: bool) -> String {
    let written = cell.trim_matches(BLANK);
    let remark = if gap { " (gap-fill)" } else { "" };
    if written.contains(|c: char| c.is_ascii_digit()) {
        format!("{written} + {more}{remark}")
    } else {
        more.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_the_minutes() {
        for (cell, expected) in [
            ("20", Some(20)),
            ("—", None),
            ("", None),
            ("not timed", None),
            ("8 + 4", Some(12)),
            ("10 + 23 (gap-fill)", Some(33)),
            ("6 (longest)", Some(6)),
            ("22 (longest; 5 in parallel)", Some(22)),
            ("7 (analysis)", Some(7)),
            ("~20 min", Some(20)),
            ("**35**", Some(35)),
            ("1h 20m", Some(80)),
            ("1h20", Some(80)),
            ("1 hour and 5 minutes", Some(65)),
            ("1.5 h", Some(90)),
            ("90 s", Some(2)),
            ("3 attempts, 20 min", Some(20)),
            ("20-25", None),
            ("20 – 25", None),
            ("20 - all of it", Some(20)),
            ("10:32–11:05", None),
            ("2026-03-01", None),
            ("M3", None),
            ("99999999999", None),
            ("4294967295 + 4294967295", None),
            ("1.2.3", None),
        ] {
            assert_eq!(minutes(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn keeps_what_is_there() {
        for (cell, gap, expected) in [
            (" — ", false, "20"),
            ("", true, "20"),
            ("not timed", false, "20"),
            (" 10 ", true, "10 + 20 (gap-fill)"),
            ("8", false, "8 + 20"),
            ("20-25", false, "20-25 + 20"),
            ("10 + 23 (gap-fill)", true, "10 + 23 (gap-fill) + 20 (gap-fill)"),
        ] {
            assert_eq!(with_minutes(cell, 20, gap), expected, "{cell:?}");
            assert_eq!(minutes(expected), Some(minutes(cell).unwrap_or(0) + 20));
        }
    }
}

//! Reads workers without a format of their own: the exit says how it ended.

use std::io::{self, BufRead, ErrorKind};

use super::limits;
use super::lines::{SEARCHED, TEXT_KEPT, Tail, end_of, for_a_person};
use super::moment::Clock;
use super::reading::{End, ExitInfo, Reading};

/// A program that gives up because of a limit says so in its last lines; further up it is talk about limits.
const NEAR_THE_END: usize = 12;

/// Reads the log of a worker whose result is `report` or `exit`.
pub(super) fn read(
    patterns: &[String],
    mut log: impl BufRead,
    exit: Option<ExitInfo>,
    clock: Clock,
) -> io::Result<Reading> {
    let mut tail = Tail::of(TEXT_KEPT);
    loop {
        let used = match log.fill_buf() {
            Ok([]) => break,
            Ok(chunk) => {
                tail.push(chunk);
                chunk.len()
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        log.consume(used);
    }
    let text = (!tail.is_empty()).then(|| tail.text());
    let searched = end_of(text.as_deref().unwrap_or_default(), SEARCHED);
    let (end, detail) = match exit {
        None => (End::Silent, Some("ended in an unknown way".to_owned())),
        Some(exit) if exit.is_well() => (End::Well, None),
        Some(exit) => match refusal(searched, patterns) {
            Some(said) => {
                let until = limits::reset_time_by(&said.join("\n"), clock);
                (End::RateLimited { until }, said.iter().find_map(|line| for_a_person(line)))
            }
            None => {
                let last = searched.lines().rev().find_map(for_a_person);
                let said = last.map(|last| format!(": {last}")).unwrap_or_default();
                (End::Badly, Some(format!("{}{said}", exit.said())))
            }
        },
    };
    Ok(Reading { end, session: None, text, detail })
}

/// The last line that mentions a limit, and a few after it, where the time of its end is looked for.
fn refusal<'t>(text: &'t str, patterns: &[String]) -> Option<Vec<&'t str>> {
    let lines: Vec<&str> = text.lines().collect();
    let near = lines.len().saturating_sub(NEAR_THE_END);
    let last = near + lines[near..].iter().rposition(|line| limits::mentions_limit(line, patterns))?;
    Some(lines[last..].iter().take(4).copied().collect())
}

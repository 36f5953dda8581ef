//! The box that is shown when a run of weavers is over (seed 003).

use std::io::{self, Write};

use orch_systems::BoardRow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::sanitise::Sanitised;

/// Columns between the two sides, unless the path of the summary needs more.
const WIDTH: usize = 66;

/// The most columns there are, whatever the path.
const WIDEST: usize = 200;

/// Writes the box, when there is anything to be shown in it. `summary` is the path of the summary.
pub(crate) fn write(
    title: &str,
    rows: &[BoardRow],
    summary: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut more = Vec::new();
    if let Some(path) = summary {
        more.push(format!("Summary: {}", Sanitised::line(path)));
    }
    if rows.iter().any(|row| row.result.starts_with("PR ")) {
        more.push("PRs: gh pr list".to_owned());
    }
    let longest = more.iter().map(|line| line.width() + 4).max().unwrap_or_default();
    let width = longest.clamp(WIDTH, WIDEST);
    let bar = "═".repeat(width);
    let line = |text: &str, out: &mut dyn Write| {
        let text = Sanitised::line(text).to_string();
        writeln!(out, "║  {}║", padded(&text, width - 2))
    };
    writeln!(out, "╔{bar}╗")?;
    // A build of which something is left that was neither done nor failed was stopped.
    let what = if rows.iter().any(|row| row.done.is_none()) { "STOPPED" } else { "COMPLETE" };
    line(&format!("BUILD {what}: {title}"), out)?;
    writeln!(out, "╠{bar}╣")?;
    for row in rows {
        let mark = match row.done {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "–",
        };
        line(&format!("{mark} {} {} {}", padded(&row.name, 28), padded(&row.status, 10), row.result), out)?;
    }
    if !more.is_empty() {
        writeln!(out, "╠{bar}╣")?;
        line("", out)?;
        for text in &more {
            line(text, out)?;
        }
        line("", out)?;
    }
    writeln!(out, "╚{bar}╝")
}

/// The text in exactly so many columns, cut or filled.
fn padded(text: &str, columns: usize) -> String {
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if used + width > columns {
            break;
        }
        kept.push(c);
        used += width;
    }
    let used = kept.width();
    kept + &" ".repeat(columns.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_as_wide_as_the_box() {
        let row = |done, name: &str, status: &str, result: &str| BoardRow {
            done,
            name: name.into(),
            status: status.into(),
            result: result.into(),
        };
        let rows = [
            row(Some(true), "01-schema", "complete", "PR #42"),
            row(Some(false), "03-ein-sehr-langer-Name-über-alles-hinaus", "failed", "-"),
            row(None, "04-日本語\u{1b}[2J", "waiting", "-"),
        ];
        let mut out = Vec::new();
        let summary = ".claude/vertical/plans/plan-20260119-1430/run/summary.md";
        write("plan-20260119-1430", &rows, Some(summary), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        insta::assert_snapshot!(text);
        let width = text.lines().next().unwrap().width();
        assert!(width > WIDTH + 2 && text.lines().all(|line| line.width() == width), "{text}");
    }
}

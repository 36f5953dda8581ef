//! The box that is shown when a run of weavers is over (seed 003).

use std::io::{self, Write};

use orch_systems::BoardRow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::sanitise::Sanitised;

/// Columns between the two sides.
const WIDTH: usize = 66;

/// Writes the box, when there is anything to be shown in it.
pub(crate) fn write(title: &str, rows: &[BoardRow], out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let bar = "═".repeat(WIDTH);
    writeln!(out, "╔{bar}╗")?;
    line(&format!("BUILD COMPLETE: {title}"), out)?;
    writeln!(out, "╠{bar}╣")?;
    for row in rows {
        let mark = match row.done {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "–",
        };
        line(&format!("{mark} {} {} {}", padded(&row.name, 28), padded(&row.status, 10), row.result), out)?;
    }
    writeln!(out, "╚{bar}╝")
}

fn line(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = Sanitised::line(text).to_string();
    writeln!(out, "║  {}║", padded(&text, WIDTH - 2))
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
        write("plan-20260119-1430", &rows, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| line.width() == WIDTH + 2), "{text}");
    }
}

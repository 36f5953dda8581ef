//! What is drawn on a terminal: the beginning of a text, as far as there is room, and a last line.

use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::screen::Size;
use crate::commands::table::clipped;

/// Goes to the first column of the first line.
const HOME: &str = "\u{1b}[H";

/// Erases from here to the end of the line.
const END_OF_LINE: &str = "\u{1b}[K";

/// Erases from here to the end of the screen.
const BELOW: &str = "\u{1b}[J";

/// All that is written to draw `text` with `foot` below it over what was drawn before. Each line is drawn over the old one and
/// the rest of that erased: nothing is ever blank in between.
pub(super) fn compose(text: &str, foot: &str, size: Size) -> String {
    // In the last column a terminal is about to begin another line.
    let columns = size.columns.saturating_sub(1);
    let room = size.rows.saturating_sub(1);
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    let more = match lines.len() {
        count if count > room => {
            lines.truncate(room.saturating_sub(1));
            Some(format!("… and {} lines more", count - lines.len()))
        }
        _ => None,
    };
    let mut frame = String::from(HOME);
    for line in lines.into_iter().chain(more.as_deref()).take(room) {
        frame.push_str(&clipped(line, columns));
        frame.push_str(END_OF_LINE);
        frame.push_str("\r\n");
    }
    frame.push_str(&clipped(foot, columns));
    frame.push_str(END_OF_LINE);
    frame.push_str(BELOW);
    frame
}

/// The time of day here.
pub(super) struct Clock(UtcOffset);

impl Clock {
    /// This machine's clock. Its zone can't be asked for once there are several threads: then it is UTC.
    pub(super) fn of_process() -> Self {
        Self(UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC))
    }

    /// The time now, as `14:05:09`.
    pub(super) fn now(&self) -> String {
        let now = OffsetDateTime::now_utc().to_offset(self.0);
        now.format(format_description!("[hour]:[minute]:[second]")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    /// The lines that a frame leaves on a screen of this size that was full of `#`.
    fn drawn(frame: &str, size: Size) -> Vec<String> {
        let rest = frame.strip_prefix(HOME).unwrap().strip_suffix(BELOW).unwrap();
        let lines: Vec<&str> = rest.split("\r\n").collect();
        assert!(lines.len() <= size.rows.max(1), "{lines:?}");
        let erased = |line: &&str| {
            let line = line.strip_suffix(END_OF_LINE).unwrap();
            assert!(line.width() < size.columns.max(2) && !line.contains('\u{1b}'), "{line:?}");
            line.to_owned()
        };
        lines.iter().map(erased).collect()
    }

    #[test]
    fn a_frame_fits_the_terminal() {
        let text = "one\n日本語 and more\n\nfour\nfive\n";
        for (columns, rows, lines) in [
            (80, 24, vec!["one", "日本語 and more", "", "four", "five", "12:00 · q ends"]),
            (80, 6, vec!["one", "日本語 and more", "", "four", "five", "12:00 · q ends"]),
            (80, 5, vec!["one", "日本語 and more", "", "… and 2 lines more", "12:00 · q ends"]),
            (9, 4, vec!["one", "日本語 …", "… and 3…", "12:00 ·…"]),
            (6, 3, vec!["one", "… an…", "12:0…"]),
            (80, 2, vec!["… and 5 lines more", "12:00 · q ends"]),
            (80, 1, vec!["12:00 · q ends"]),
            (1, 1, vec!["…"]),
        ] {
            let size = Size { columns, rows };
            assert_eq!(drawn(&compose(text, "12:00 · q ends", size), size), lines, "{size:?}");
        }
    }
}

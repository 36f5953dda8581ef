//! How a document writes its statuses, so that what is written into it looks like the rest.

use hashbrown::HashMap;
use orch_core::Status;

use super::status::{Meaning, read, says_just};

/// How the rows of one tracker are written.
pub(super) struct Style<'a> {
    cells: Vec<(&'a str, Meaning)>,
}

impl<'a> Style<'a> {
    /// The style of a tracker with these status cells, which are trimmed.
    pub(super) fn of(cells: impl Iterator<Item = &'a str>) -> Self {
        let known = cells.filter(|cell| !cell.is_empty()).filter_map(|cell| Some((cell, read(cell)?)));
        Self { cells: known.filter(|(_, meaning)| meaning.sign || !meaning.words.is_empty()).collect() }
    }

    /// `status` as this document writes it. It reads back as that status and nothing else.
    pub(super) fn write(&self, status: Status) -> String {
        let (sign, words) = usual(status);
        let written = self.most_used(status).map(str::to_owned).unwrap_or_else(|| {
            let words = match self.words_for(status) {
                Some(words) => words.to_owned(),
                None => self.cased(words),
            };
            match self.shape() {
                (true, false) => sign.to_owned(),
                (false, true) => words,
                _ => format!("{sign} {words}"),
            }
        });
        if says_just(&written, status) { written } else { format!("{sign} {words}") }
    }

    /// The plain cell for `status` that is most often there; of several, the first.
    fn most_used(&self, status: Status) -> Option<&'a str> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut best = None;
        let plain = |cell: &&(&'a str, Meaning)| {
            cell.1.clean && cell.1.tracked.status == status && !cell.1.tracked.skipped
        };
        for (cell, _) in self.cells.iter().filter(plain) {
            *counts.entry(cell).or_default() += 1;
        }
        for (cell, _) in self.cells.iter().filter(plain) {
            if best.is_none_or(|best| counts[cell] > counts[best]) {
                best = Some(*cell);
            }
        }
        best
    }

    /// The words that a cell has for `status` beside others (`✅ Done (subset)`), as they are written there.
    fn words_for(&self, status: Status) -> Option<&'a str> {
        let says = |meaning: &Meaning| meaning.tracked.status == status && !meaning.tracked.skipped;
        let (cell, meaning) =
            self.cells.iter().find(|(_, meaning)| says(meaning) && !meaning.words.is_empty())?;
        let at = cell.to_ascii_lowercase().find(&meaning.words)?;
        Some(&cell[at..at + meaning.words.len()]).filter(|words| says_just(words, status))
    }

    /// Whether most rows have signs, and words.
    fn shape(&self) -> (bool, bool) {
        let mut counts = [(0_usize, (true, true)), (0, (true, false)), (0, (false, true))];
        for (cell, meaning) in &self.cells {
            // A word beside the sign counts even if it is none that is known: `✅ Draft ready`.
            let words = !meaning.words.is_empty() || cell.contains(char::is_alphabetic);
            for (count, shape) in &mut counts {
                *count += usize::from(*shape == (meaning.sign, words));
            }
        }
        counts.iter().rev().max_by_key(|(count, _)| *count).map_or((true, true), |(_, shape)| *shape)
    }

    /// `words` in small or capital letters where all others are.
    fn cased(&self, words: &str) -> String {
        let mut lower = true;
        let mut upper = true;
        let letters = self.cells.iter().flat_map(|(cell, _)| cell.chars()).filter(|c| c.is_alphabetic());
        let mut any = false;
        for letter in letters {
            any = true;
            lower &= letter.is_lowercase();
            upper &= letter.is_uppercase();
        }
        match (any, lower, upper) {
            (true, true, _) => words.to_lowercase(),
            (true, _, true) => words.to_uppercase(),
            _ => words.to_owned(),
        }
    }
}

/// The sign and the words of the planning template; it has none for the last two.
const fn usual(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Pending => ("⬜", "Not Started"),
        Status::Running => ("🔄", "In Progress"),
        Status::Success => ("✅", "Complete"),
        Status::Fail => ("⛔", "Blocked"),
        Status::Incomplete => ("🟡", "Partial"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_as_the_others_are_written() {
        for (cells, expected) in [
            (&[][..], "⬜ Not Started, 🔄 In Progress, ✅ Complete, ⛔ Blocked, 🟡 Partial"),
            (&["⬜", "✅", "⬜ Not Started"], "⬜, 🔄, ✅, ⛔, 🟡"),
            (&["⬜ To do", "✅ Done (subset)"], "⬜ To do, 🔄 In Progress, ✅ Done, ⛔ Blocked, 🟡 Partial"),
            (&["todo", "done", "done"], "todo, in progress, done, blocked, partial"),
            (&["PENDING", "SUCCESS"], "PENDING, IN PROGRESS, SUCCESS, BLOCKED, PARTIAL"),
            (
                &["Not Started", "Done", "Complete", "Complete"],
                "Not Started, In Progress, Complete, Blocked, Partial",
            ),
            (&["✔ **Done**", "🚧 Doing"], "⬜ Not Started, 🚧 Doing, ✔ **Done**, ⛔ Blocked, 🟡 Partial"),
            (&["⬛ Skipped", "N/A"], "⬜ Not Started, 🔄 In Progress, ✅ Complete, ⛔ Blocked, 🟡 Partial"),
            (
                &["✅ Automated done · ⏳ hands-on pending"],
                "⬜ Not Started, 🔄 In Progress, ✅ Complete, ⛔ Blocked, 🟡 Partial",
            ),
            (&["—", ""], "⬜ Not Started, 🔄 In Progress, ✅ Complete, ⛔ Blocked, 🟡 Partial"),
        ] {
            let style = Style::of(cells.iter().copied());
            let written: Vec<String> = Status::ALL.map(|status| style.write(status)).into();
            assert_eq!(written.join(", "), expected, "{cells:?}");
            for status in Status::ALL {
                assert!(says_just(&style.write(status), status), "{cells:?} {status:?}");
            }
        }
    }
}

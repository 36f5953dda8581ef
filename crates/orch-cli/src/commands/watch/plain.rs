//! What is watched by a program, or goes to a file: a frame whenever something has changed, and an end.

use std::io::{self, Write};

use super::look::Looked;

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// What the last frame showed, as a script is told it.
    told: Option<Vec<u8>>,
    /// Whether a run was under way at some time.
    saw_run: bool,
}

impl Plain {
    /// Writes what was seen, or why nothing could be, if that is something else than what was written last. Whether there is
    /// no more to come: nothing is left to do, or the run that was seen is over.
    pub(super) fn show(
        &mut self,
        seen: &Looked,
        trouble: Option<&str>,
        out: &mut dyn Write,
    ) -> io::Result<bool> {
        let (told, text) = match trouble {
            Some(trouble) => (trouble.as_bytes(), trouble),
            None => (seen.told.as_slice(), seen.text.as_str()),
        };
        if self.told.as_deref() != Some(told) {
            let separator = if self.told.is_some() { "\n" } else { "" };
            write!(out, "{separator}{text}")?;
            out.flush()?;
            self.told = Some(told.to_owned());
        }
        if trouble.is_some() {
            return Ok(false);
        }
        self.saw_run |= seen.is_live;
        Ok(seen.is_done || (self.saw_run && seen.is_idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_written_when_something_changed_and_an_end_is_found() {
        let seen = |text: &str, told: &str, live: bool, idle: bool, done: bool| Looked {
            text: format!("{text}\n"),
            told: told.into(),
            folders: Vec::new(),
            is_live: live,
            is_idle: idle,
            is_done: done,
        };
        let waits = || seen("waits", "0", false, true, false);
        let at_work = |text| seen(text, "1", true, false, false);
        let left = || seen("left", "2", false, true, false);
        let done = || seen("done", "3", false, true, true);
        let trouble = Some("orch: locked\n");
        for (looks, written, is_over) in [
            (vec![(done(), None)], "done\n", true),
            (vec![(waits(), None), (waits(), None)], "waits\n", false),
            // Time alone is no change.
            (vec![(at_work("1 s"), None), (at_work("2 s"), None)], "1 s\n", false),
            (
                vec![(waits(), None), (at_work("at work"), None), (left(), None)],
                "waits\n\nat work\n\nleft\n",
                true,
            ),
            (vec![(waits(), None), (left(), None)], "waits\n\nleft\n", false),
            (vec![(waits(), None), (waits(), trouble), (waits(), trouble)], "waits\n\norch: locked\n", false),
            (vec![(waits(), trouble), (done(), None)], "orch: locked\n\ndone\n", true),
        ] {
            let (mut plain, mut out) = (Plain::default(), Vec::new());
            let ends: Vec<bool> =
                looks.iter().map(|(seen, trouble)| plain.show(seen, *trouble, &mut out).unwrap()).collect();
            assert_eq!(String::from_utf8(out).unwrap(), written);
            assert_eq!(ends.iter().position(|end| *end), is_over.then(|| looks.len() - 1), "{written:?}");
        }
    }
}

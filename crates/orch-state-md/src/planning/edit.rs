//! Changes to a planning document, each in the few bytes that it means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::{HashMap, HashSet};
use orch_core::Status;

use super::cells::cells;
use super::duration::with_minutes;
use super::outline::Outline;
use super::read::conflicts;
use super::status_style::Style;
use super::tracker::RowLine;
use super::{BoxMark, log, section_status, status};
use crate::state::edit::fit;
use crate::text::{Findings, quoted};

/// One change to a planning document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Where a milestone stands, in the status cell of its row. Where its section repeats what the row said, it goes on doing
    /// so; one that says something else stays.
    Status {
        /// The milestone, as [`milestone_id`](super::milestone_id) spells it.
        id: String,
        /// What the row must say for the change to be made; `None` when it may say anything.
        from: Option<Status>,
        /// What the row is to say.
        to: Status,
    },
    /// How long a milestone took, in the duration cell of its row.
    Duration {
        /// The milestone.
        id: String,
        /// How long, in minutes.
        minutes: u32,
        /// It was spent on what an earlier attempt had left, and is written as such.
        gap: bool,
    },
    /// That a box is done.
    Tick {
        /// The milestone in whose section the box is.
        id: String,
        /// What the box says, as [`TaskBox::text`](super::TaskBox::text).
        text: String,
        /// Which of the boxes with this text, from zero, ticked ones as well.
        nth: usize,
    },
    /// An entry of the progress log. One that is there already is not written again.
    Log {
        /// When, as `YYYY-MM-DD HH:MM`.
        moment: String,
        /// What happened. It may be any text: it is written on one line, as words.
        text: String,
    },
}

/// A document after its edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// The whole document.
    pub bytes: Vec<u8>,
    /// The edits that have no place in it any more, in their order. All others were made.
    pub left_out: Vec<LeftOut>,
}

/// An edit that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which, from zero.
    pub edit: usize,
    /// Why, as a lower-case fragment.
    pub why: String,
}

/// A document in which nothing can be changed without a risk to the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is not UTF-8: its lines can't be told for certain.
    #[error("bytes that are not UTF-8 after byte {valid}")]
    NotUtf8 {
        /// How many bytes are, from the start.
        valid: usize,
    },
    /// It has marks of a merge that was not finished: what is in it twice can't be told from what is meant.
    #[error("the mark of a merge conflict in line {line}")]
    Conflict {
        /// The line of the first, from one.
        line: u32,
    },
}

/// Makes `edits` in the document of these `bytes`, one after another, each where it belongs now.
///
/// The bytes are read afresh, as a person may have edited them since the plan was read. An edit that has no place any
/// more (its row or box is gone, its row no longer stands where the edit expects it) is left out, with the reason. Every
/// byte that no edit means stays as it is: line ends, alignment, a byte order mark.
///
/// # Errors
/// [`EditError`] when the bytes are not UTF-8, or a merge was not finished in them.
///
/// ```
/// use orch_core::Status;
/// use orch_state_md::planning::{Edit, apply};
/// let document = "| Milestone | Status         |\n|---|---|\n| M1: Login | ⬜ Not Started |\n";
/// let start = Edit::Status { id: "M1".into(), from: Some(Status::Pending), to: Status::Running };
/// let edited = apply(document.as_bytes(), &[start])?;
/// assert_eq!(String::from_utf8_lossy(&edited.bytes), document.replace("⬜ Not Started", "🔄 In Progress"));
/// # Ok::<(), orch_state_md::planning::EditError>(())
/// ```
pub fn apply(bytes: &[u8], edits: &[Edit]) -> Result<Edited, EditError> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| EditError::NotUtf8 { valid: error.valid_up_to() })?;
    let (mark, text) = match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    };
    if let Some(line) = conflicts(text).next() {
        return Err(EditError::Conflict { line });
    }
    let mut text = Cow::Borrowed(text);
    let mut left_out = Vec::new();
    let mut made = 0;
    // Edits that touch what an earlier one has touched are made in another round, in the text as it is then.
    while made < edits.len() {
        let mut round = Round::new(&text);
        for edit in &edits[made..] {
            match round.make(edit) {
                Ok(()) => {}
                Err(Not::Now) => break,
                Err(Not::Ever(why)) => left_out.push(LeftOut { edit: made, why }),
            }
            made += 1;
        }
        if let Some(changed) = round.finish() {
            text = Cow::Owned(changed);
        }
    }
    Ok(Edited { bytes: [mark, &text].concat().into_bytes(), left_out })
}

/// Why an edit is not made.
enum Not {
    /// An earlier one has to be made first.
    Now,
    /// It has no place.
    Ever(String),
}

/// Edits of different places in one text.
struct Round<'a> {
    outline: Outline<'a>,
    places: HashMap<String, usize>,
    style: Option<Style<'a>>,
    /// How sections write the statuses that they repeat.
    section_style: Option<Style<'a>>,
    /// What is replaced by what, each place at most once.
    changes: BTreeMap<usize, (Range<usize>, String)>,
    /// Places that an edit has touched, or has found as it wants them.
    touched: HashSet<usize>,
}

impl<'a> Round<'a> {
    fn new(text: &'a str) -> Self {
        let outline = Outline::of(text, &mut Findings::default());
        let places = outline
            .milestones
            .iter()
            .enumerate()
            .map(|(place, milestone)| (milestone.id.clone(), place))
            .collect();
        Self {
            outline,
            places,
            style: None,
            section_style: None,
            changes: BTreeMap::new(),
            touched: HashSet::new(),
        }
    }

    fn make(&mut self, edit: &Edit) -> Result<(), Not> {
        match edit {
            Edit::Status { id, from, to } => self.status(id, *from, *to),
            Edit::Duration { id, minutes, gap } => self.duration(id, *minutes, *gap),
            Edit::Tick { id, text, nth } => self.tick(id, text, *nth),
            Edit::Log { moment, text } => self.log(moment, text),
        }
    }

    fn status(&mut self, id: &str, from: Option<Status>, to: Status) -> Result<(), Not> {
        let place = self.place(id)?;
        let column = self.outline.tracker.as_ref().map_or(0, |tracker| tracker.columns.status);
        let tracked = self.outline.milestones[place].row.tracked;
        let written = &self.outline.milestones[place].row.status_written;
        let meaning = status::read(written);
        let known = meaning.is_some();
        let line = self.cell(place, column, "status")?;
        if tracked.status == to && !tracked.skipped && known {
            return Ok(());
        }
        // What its cell says does not count then.
        if tracked.skipped && meaning.is_none_or(|meaning| !meaning.tracked.skipped) {
            return Err(Not::Ever(format!("the row of {id} is struck through")));
        }
        if let Some(from) = from
            && (tracked.status != from || tracked.skipped || !known)
        {
            let says = if written.is_empty() { "nothing".to_owned() } else { quoted(written) };
            return Err(Not::Ever(format!("the row of {id} says {says} now")));
        }
        let style = self
            .style
            .get_or_insert_with(|| Style::of(self.outline.rows.iter().map(|row| row.says(Some(column)))));
        let text = style.write(to);
        self.replace_cell(line, column, &text);
        if known {
            self.repeat_status(place, to, &text);
        }
        Ok(())
    }

    /// Writes `to` into the section of the milestone at `place` too, if it says what the row said before it became `cell`.
    fn repeat_status(&mut self, place: usize, to: Status, cell: &str) {
        let text = self.outline.text;
        let sections = || self.outline.milestones.iter().filter_map(|milestone| milestone.section.as_ref());
        let row = &self.outline.milestones[place].row;
        let section = self.outline.milestones[place].section.as_ref();
        let said = section.and_then(|section| section.status.as_ref());
        let Some(said) = said.filter(|said| said.tracked.agrees_with(row.tracked)) else { return };
        let (words, new) = if said.written == row.status_written {
            (said.range.clone(), cell.to_owned())
        } else if let Some(words) = said.words.clone() {
            let style = self.section_style.get_or_insert_with(|| {
                let all = sections().filter_map(|section| section.status.as_ref()?.words.clone());
                Style::of(all.map(|words| &text[words]))
            });
            (words, style.write(to))
        } else {
            return;
        };
        if let Some(new) = section_status::replaced(text, said, &words, &new) {
            self.change(words, new);
        }
    }

    fn duration(&mut self, id: &str, minutes: u32, gap: bool) -> Result<(), Not> {
        let place = self.place(id)?;
        let column = self.outline.tracker.as_ref().and_then(|tracker| tracker.columns.duration);
        let column = column.ok_or_else(|| Not::Ever("the tracker has no column for durations".to_owned()))?;
        let line = self.cell(place, column, "duration")?;
        let text = with_minutes(line.says(Some(column)), minutes, gap);
        self.replace_cell(line, column, &text);
        Ok(())
    }

    fn tick(&mut self, id: &str, text: &str, nth: usize) -> Result<(), Not> {
        let place = self.place(id)?;
        let Some(section) = &self.outline.milestones[place].section else {
            return Err(Not::Ever(format!("{id} has no section any more")));
        };
        let Some(item) = section.boxes.iter().filter(|item| item.text == text).nth(nth) else {
            return Err(Not::Ever(format!("the section of {id} has no box {} any more", quoted(text))));
        };
        if item.mark == BoxMark::Done || self.touched.contains(&item.mark_at) {
            return Err(Not::Ever(format!("the box {} of {id} is ticked already", quoted(text))));
        }
        let end = item.mark_at + self.outline.text[item.mark_at..].chars().next().map_or(0, char::len_utf8);
        let range = item.mark_at..end;
        self.change(range, "x".to_owned());
        Ok(())
    }

    fn log(&mut self, moment: &str, words: &str) -> Result<(), Not> {
        let text = self.outline.text;
        let end =
            if text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r')) { "\r\n" } else { "\n" };
        let insertion = match self.outline.log() {
            Some(log) if log.has(moment, words) => return Ok(()),
            Some(log) => log.insertion(moment, words, end),
            None if log::ends_hidden(text) => {
                return Err(Not::Ever(
                    "there is no progress log, and the document ends within code or a comment".into(),
                ));
            }
            None => log::new_log(text, moment, words, end),
        };
        if self.changes.contains_key(&insertion.at) {
            return Err(Not::Now);
        }
        self.change(insertion.at..insertion.at, insertion.text);
        Ok(())
    }

    fn place(&self, id: &str) -> Result<usize, Not> {
        if self.outline.twice.contains(id) {
            return Err(Not::Ever(format!("the tracker has two rows {}", quoted(id))));
        }
        let gone = || Not::Ever(format!("the tracker has no row {} any more", quoted(id)));
        self.places.get(id).copied().ok_or_else(gone)
    }

    /// The row at `place`, which has a cell in `column` that no edit of this round has touched.
    fn cell(&self, place: usize, column: usize, name: &str) -> Result<RowLine<'a>, Not> {
        let row = self.outline.rows[place];
        let count = self.outline.tracker.as_ref().map_or(0, |tracker| tracker.columns.count);
        if cells(row.text).count() > count {
            // Which of its pipes is one too many can't be told, so neither which cell is which.
            let id = &self.outline.milestones[place].id;
            return Err(Not::Ever(format!("the row of {id} has more cells than the header")));
        }
        let Some(cell) = row.cell(column) else {
            let id = &self.outline.milestones[place].id;
            return Err(Not::Ever(format!("the row of {id} has no cell for the {name}")));
        };
        if self.touched.contains(&(row.start + cell.start)) { Err(Not::Now) } else { Ok(row) }
    }

    fn replace_cell(&mut self, row: RowLine<'_>, column: usize, text: &str) {
        let Some(cell) = row.cell(column) else { return };
        let (range, new) = fit(row.text, cell.clone(), text);
        self.touched.insert(row.start + cell.start);
        self.change(row.start + range.start..row.start + range.end, new);
    }

    fn change(&mut self, range: Range<usize>, text: String) {
        self.touched.insert(range.start);
        self.changes.insert(range.start, (range, text));
    }

    /// The text with the changes of this round; `None` when there are none.
    fn finish(self) -> Option<String> {
        if self.changes.is_empty() {
            return None;
        }
        let text = self.outline.text;
        let mut out = String::with_capacity(text.len() + 256);
        let mut at = 0;
        for (range, new) in self.changes.into_values() {
            out.push_str(&text[at..range.start]);
            out.push_str(&new);
            at = range.end;
        }
        out.push_str(&text[at..]);
        Some(out)
    }
}

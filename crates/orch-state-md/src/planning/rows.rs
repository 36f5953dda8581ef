//! From the rows of the tracker to milestones.

use hashbrown::{HashMap, HashSet};
use orch_core::{Diagnostic, Position, Status};

use super::duration;
use super::id::milestone_id;
use super::plain::{after_id, at_most, name_of, plain, words};
use super::recommended::recommended;
use super::sections::{Found, Wanted};
use super::status::{self, Remark};
use super::status_words::KNOWN;
use super::tracker::{RowLine, Tracker};
use super::{Milestone, Row, Tracked};
use crate::text::{Findings, quoted};

/// Longest title, in characters.
const LONGEST_TITLE: usize = 300;

/// The name of one row.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) line: RowLine<'a>,
    pub(super) wanted: Wanted,
    /// A number in front of a name that is no id: `2. Login`.
    number: Option<u32>,
    at: Position,
}

/// The rows of `tracker` that are milestones, by name. Of rows with the same id only the first is one; the id is put into
/// `twice`.
pub(super) fn named<'a>(
    tracker: &Tracker<'a>,
    twice: &mut HashSet<String>,
    findings: &mut Findings,
) -> Vec<Named<'a>> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut all = Vec::with_capacity(tracker.rows.len());
    for line in &tracker.rows {
        let Some(row) = name(tracker, *line, findings) else { continue };
        if let Some(id) = &row.wanted.id {
            if let Some(first) = seen.get(id) {
                let message =
                    format!("{id} is in the tracker twice: in line {first} and in line {}", line.number);
                let hint = "give one of the two another id, or remove it";
                findings.push(Diagnostic::error("planning.duplicate", message).hint(hint).at(row.at));
                twice.insert(id.clone());
                continue;
            }
            seen.insert(id.clone(), line.number);
        }
        all.push(row);
    }
    all
}

/// What a row is called; `None` for one that is no milestone: blank, a sum, a heading within the table.
fn name<'a>(tracker: &Tracker<'a>, line: RowLine<'a>, findings: &mut Findings) -> Option<Named<'a>> {
    let columns = &tracker.columns;
    let shown = plain(line.says(Some(columns.name)));
    let own = columns.id.map(|column| plain(line.says(Some(column))));
    let at = line.at(columns.name);
    let cells = super::cells::cells(line.text).count();
    let own = own.filter(|own| !own.is_empty());
    if shown.is_empty() && own.is_none() {
        let blank = line.text.trim_matches([' ', '\t', '|']).is_empty();
        if !blank {
            let message = "a row of the tracker has no name";
            let hint = "name the milestone, such as `M3: Login`";
            findings.push(Diagnostic::error("planning.no_name", message).hint(hint).at(at));
        }
        return None;
    }
    if cells != columns.count {
        let message = format!("a row of the tracker has {cells} cells, its header {}", columns.count);
        let hint = "write a pipe inside a cell as `\\|`, and give every row as many cells as the header";
        findings.push(Diagnostic::warning("planning.cells", message).hint(hint).at(at));
    }
    let (id, title, number) = match own {
        Some(own) => {
            let id = milestone_id(name_of(&own)).map(|(id, _)| id).or_else(|| bare_number(&own));
            // The id is perhaps repeated in front of the name.
            let title = match milestone_id(name_of(&shown)) {
                Some((again, length)) if Some(&again) == id.as_ref() => after_id(&name_of(&shown)[length..]),
                _ => name_of(&shown),
            };
            (id, title.to_owned(), None)
        }
        None => name_in(&shown),
    };
    // `**Phase 1: Foundation**` over the rows of its milestones.
    let phase = id.as_ref().is_some_and(|id| id.starts_with('P'));
    if (id.is_none() || phase) && is_no_milestone(line, columns.name, columns.count, &title) {
        return None;
    }
    let title = if title.is_empty() { id.clone().unwrap_or(shown) } else { title };
    Some(Named { line, wanted: Wanted { id, title: at_most(title, LONGEST_TITLE) }, number, at })
}

/// The id of a cell, what it is called, and a number in front that is no id.
fn name_in(shown: &str) -> (Option<String>, String, Option<u32>) {
    let name = name_of(shown);
    if let Some((id, length)) = milestone_id(name) {
        let rest = &name[length..];
        // `S3 storage` is a name; `S3: storage`, `M3 storage` and `Milestone 3 storage` have ids.
        let usual = id.starts_with(['M', 'T', 'P']) && id[1..].starts_with(|c: char| c.is_ascii_digit());
        let apart = rest.trim_start();
        if usual
            || length > id.len() + 1
            || apart.is_empty()
            || apart.starts_with([':', '—', '–', '-', '.', ')'])
        {
            return (Some(id), after_id(rest).to_owned(), None);
        }
    }
    let digits = shown.bytes().take_while(u8::is_ascii_digit).count();
    let number = shown[..digits].parse().ok().filter(|_| shown[digits..].starts_with(['.', ')', ':']));
    (None, name.to_owned(), number)
}

/// `3` in a column of ids.
fn bare_number(cell: &str) -> Option<String> {
    let number = cell.trim_matches(|c: char| !c.is_alphanumeric());
    milestone_id(&format!("M{number}")).filter(|(_, length)| *length == number.len() + 1).map(|(id, _)| id)
}

/// Whether a row without an id is a sum, or a heading in bold with nothing beside it.
fn is_no_milestone(line: RowLine<'_>, name: usize, columns: usize, title: &str) -> bool {
    let bold = line.says(Some(name)).starts_with("**");
    let alone = super::cells::cells(line.text)
        .enumerate()
        .all(|(place, cell)| place == name || line.text[cell].trim().is_empty());
    matches!(words(title).as_str(), "total" | "totals" | "sum" | "overall") || (bold && alone && columns > 2)
}

/// The milestones that `rows` are, when their sections are known: one without an id gets that of its section, else one by its
/// place.
pub(super) fn milestones(
    tracker: &Tracker<'_>,
    rows: &[Named<'_>],
    sections: &[Option<Found>],
    findings: &mut Findings,
) -> Vec<Milestone> {
    let mut taken: HashSet<String> = rows.iter().filter_map(|row| row.wanted.id.clone()).collect();
    let mut next = rows.len() as u64;
    let mut all = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let id = match &row.wanted.id {
            Some(id) => id.clone(),
            None => {
                let section =
                    sections.get(place).and_then(Option::as_ref).and_then(|section| section.id.clone());
                let number = row.number.map(|number| format!("M{number}"));
                let by_place = Some(format!("M{}", place + 1));
                let free = [section, number, by_place].into_iter().flatten().find(|id| !taken.contains(id));
                let id = free.unwrap_or_else(|| {
                    loop {
                        next += 1;
                        let id = format!("M{next}");
                        if !taken.contains(&id) {
                            break id;
                        }
                    }
                });
                let message =
                    format!("{} has no id in the tracker: it is called {id} here", quoted(&row.wanted.title));
                let hint = format!("write `{id}:` in front of its name");
                findings.push(Diagnostic::warning("planning.no_id", message).hint(hint).at(row.at));
                taken.insert(id.clone());
                id
            }
        };
        all.push(Milestone {
            row: cells_of(tracker, row, &id, findings),
            recommended: recommended(row.line.says(tracker.columns.model)),
            id,
            title: row.wanted.title.clone(),
            at: row.at,
            section: None,
            depends_on: Vec::new(),
            gates: Vec::new(),
        });
    }
    all
}

fn cells_of(tracker: &Tracker<'_>, row: &Named<'_>, id: &str, findings: &mut Findings) -> Row {
    let columns = &tracker.columns;
    let status = row.line.says(Some(columns.status));
    let duration = row.line.says(columns.duration);
    Row {
        status_written: status.to_owned(),
        tracked: if row.line.says(Some(columns.name)).starts_with("~~") {
            struck_through(id, row.at, findings)
        } else {
            tracked(status, id, row.line.at(columns.status), findings)
        },
        duration_written: duration.to_owned(),
        minutes: duration::minutes(duration),
        model_written: row.line.says(columns.model).to_owned(),
        notes: row.line.says(columns.notes).to_owned(),
    }
}

/// What it means that the name of `id` is struck through: it was given up.
fn struck_through(id: &str, at: Position, findings: &mut Findings) -> Tracked {
    let message = format!("{id} is struck through: it counts as skipped, whatever its status says");
    let hint = "write ⬛ Skipped as its status, or take the marks away";
    findings.push(Diagnostic::warning("planning.status", message).hint(hint).at(at));
    Tracked { status: Status::Success, skipped: true, hands_on: false }
}

/// What the status cell of `id` means, with what a person should know of it.
fn tracked(cell: &str, id: &str, at: Position, findings: &mut Findings) -> Tracked {
    let Some(meaning) = status::read(cell) else {
        let message = format!("the status {} of {id} is none that is known", quoted(cell));
        let hint = format!("begin the cell with one of {KNOWN}, or leave it empty");
        findings.push(Diagnostic::error("planning.status", message).hint(hint).at(at));
        return Tracked::default();
    };
    let cell = quoted(cell);
    let said = match meaning.remark {
        None => None,
        Some(Remark::Limited) => Some((
            format!("{id} is complete with a reservation: {cell}"),
            "it counts as complete; if something is left to do, write 🟡 Partial",
        )),
        Some(Remark::Mixed) => Some((
            format!("{id} is complete in part only: {cell}"),
            "it counts as partial; if nothing is left to do, write ✅ Complete",
        )),
        Some(Remark::Contradicts { sign, words }) => Some((
            format!("the sign of {id} says {sign}, its words say {words}: {cell}"),
            "the sign counts; make the two agree",
        )),
    };
    if let Some((message, hint)) = said {
        findings.push(Diagnostic::warning("planning.status", message).hint(hint).at(at));
    }
    meaning.tracked
}

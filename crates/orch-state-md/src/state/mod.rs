//! `PROMPT-ORCHESTRATOR.state.md`: the recorded progress of a prompt index, as a Markdown file that a person reads
//! and edits.
//!
//! [`StateFile`] is the file as text together with what it says. It is read from bytes, edited, and turned into
//! bytes again; files are somebody else's business. Three things hold:
//!
//! - What is not edited stays byte for byte: prose, line endings, padding, columns that orch doesn't know.
//! - An edit changes its own cell or line only, and costs the same however many rows there are.
//! - A file that says something doubtful is [`Unreadable`], never guessed at; and the [`Mark`] in the last line tells
//!   orch's own writing from anybody else's, so that damage is not taken for progress.
//!
//! ```
//! use orch_core::Status;
//! use orch_state_md::state::{Mark, Overall, Row, State, StateFile};
//!
//! let state = State {
//!     objective: "Ship the parser".into(),
//!     overall: Some(Overall::Running),
//!     rows: vec![Row::new("PROMPT-01-foo.md"), Row::new("PROMPT-02-bar.md")],
//!     ..State::default()
//! };
//! let mut file = StateFile::create(&state);
//! file.set_status(0, Status::Running)?;
//! let bytes = file.to_bytes_marked(0x5eed, 1);
//! assert_eq!(
//!     String::from_utf8_lossy(&bytes),
//!     "\
//! ## Orchestrator State
//!
//! Overall Objective: Ship the parser
//! Status: RUNNING
//! Current Prompt Index: 0
//!
//! ### Prompts
//! | Index | Status     | Prompt Path      | Plan Path             | Tests | Dependencies | Reqs |
//! | 0     | RUNNING    | PROMPT-01-foo.md |                       |       |              |      |
//! | 1     | PENDING    | PROMPT-02-bar.md |                       |       |              |      |
//! <!-- orch-state: format=1 history=0000000000005eed seq=1 check=2d380bb9a5f62d01 -->
//! "
//! );
//!
//! let file = StateFile::read(&bytes)?;
//! assert_eq!(file.mark(), Mark::Intact { history: 0x5eed, seq: 1 });
//! assert_eq!(file.status(0), Some(Status::Running));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod edit;
pub(crate) mod escape;
mod fields;
mod head;
mod mark;
mod model;
mod read;
mod render;
mod rows;
pub(crate) mod table;

pub use edit::EditError;
pub use mark::Mark;
pub use model::{Overall, Row, State, UnknownWord, Validation};
pub use read::Unreadable;

use std::borrow::Cow;
use std::io::{self, BufRead};

use orch_core::Status;

use escape::{Place, decode, decode_list, is_absent};
use fields::Field;
use head::Head;
use rows::Rows;
use table::{Column, Columns};

/// The bytes that may stand at the start of a file to say that it is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A state file: its text, and what it says.
///
/// Made by [`create`](Self::create) or [`read`](Self::read). Reading and editing one row costs the length of its
/// line; memory is the text and 25 bytes a row.
#[derive(Clone, Debug)]
pub struct StateFile {
    byte_order_mark: bool,
    head: Head,
    columns: Columns,
    rows: Rows,
    /// Everything after the last row, without the trailer.
    tail: String,
    trailer: Option<Trailer>,
    mark: Mark,
}

/// The line with the mark, as it was found.
#[derive(Clone, Debug)]
struct Trailer {
    /// Where in the tail it stood, in bytes.
    at: usize,
    /// The line with its ending.
    line: String,
}

impl StateFile {
    /// How many prompts the file lists.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the file lists no prompts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the last line said about who wrote the file, when it was read.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Where the prompt of `row` (from zero) stands; none if there is no such row.
    pub fn status(&self, row: usize) -> Option<Status> {
        self.rows.status(row)
    }

    /// What `row` (from zero) says; none if there is no such row.
    pub fn row(&self, row: usize) -> Option<Row> {
        let line = head::content(self.rows.line(row)?);
        let raw =
            |column| self.columns.find(line, column).map_or("", |cell| &line[table::trimmed(line, cell)]);
        let optional = |column| {
            let raw = Some(raw(column)).filter(|raw| !is_absent(raw));
            raw.map(|raw| decode(raw, Place::Cell).into_owned())
        };
        Some(Row {
            status: self.rows.status(row)?,
            prompt_path: decode(raw(Column::PromptPath), Place::Cell).into_owned(),
            plan_path: optional(Column::PlanPath),
            tests: optional(Column::Tests),
            dependencies: decode_list(raw(Column::Dependencies)),
            reqs: decode_list(raw(Column::Reqs)),
        })
    }

    /// The prompt's file as `row` (from zero) has it; none if there is no such row.
    pub fn prompt_path(&self, row: usize) -> Option<Cow<'_, str>> {
        let line = head::content(self.rows.line(row)?);
        let cell = self.columns.find(line, Column::PromptPath)?;
        Some(decode(&line[table::trimmed(line, cell)], Place::Cell))
    }

    /// Everything the file says. Costs the length of the file.
    pub fn state(&self) -> State {
        State {
            objective: decode(self.head.raw(Field::Objective), Place::Line).into_owned(),
            prd_path: self.prd_path(),
            requirements_inventory: self.requirements_inventory(),
            base_branch: self.base_branch(),
            overall: self.overall(),
            validation: self.validation(),
            current: self.current(),
            rows: (0..self.len()).filter_map(|row| self.row(row)).collect(),
        }
    }

    /// The product document the prompts came from, if the file says.
    pub fn prd_path(&self) -> Option<String> {
        self.optional(Field::PrdPath)
    }

    /// The inventory of requirements, if the file says.
    pub fn requirements_inventory(&self) -> Option<String> {
        self.optional(Field::RequirementsInventory)
    }

    /// The branch that the work is based on, if the file says. Costs the length of its line.
    pub fn base_branch(&self) -> Option<String> {
        self.optional(Field::BaseBranch)
    }

    /// How the run as a whole stands.
    pub fn overall(&self) -> Option<Overall> {
        self.head.raw(Field::Overall).parse().ok()
    }

    /// What the final validation found.
    pub fn validation(&self) -> Option<Validation> {
        self.head.raw(Field::Validation).parse().ok()
    }

    /// The row that was started last, from zero; zero if the file doesn't say.
    pub fn current(&self) -> u32 {
        self.head.raw(Field::Current).parse().unwrap_or(0)
    }

    fn optional(&self, field: Field) -> Option<String> {
        Some(self.head.raw(field))
            .filter(|raw| !is_absent(raw))
            .map(|raw| decode(raw, Place::Line).into_owned())
    }

    /// The text, with the line of the mark as it was found. Costs the length of the file.
    ///
    /// A file that was not edited gives exactly the bytes it was read from. After an edit, the mark that is still
    /// there no longer fits; write [`to_bytes_marked`](Self::to_bytes_marked) then.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.with_room();
        let pieces = self.above_the_tail().chain(self.below_the_rows());
        pieces.for_each(|piece| out.extend_from_slice(piece.as_bytes()));
        out
    }

    /// Whether `reader` gives the very bytes that [`to_bytes`](Self::to_bytes) does. Costs the length of the file, and no
    /// memory.
    ///
    /// # Errors
    /// Those of reading.
    pub fn is_text_of(&self, mut reader: impl BufRead) -> io::Result<bool> {
        for piece in self.above_the_tail().chain(self.below_the_rows()) {
            let mut rest = piece.as_bytes();
            while !rest.is_empty() {
                let given = reader.fill_buf()?;
                let length = given.len().min(rest.len());
                if length == 0 || given[..length] != rest[..length] {
                    return Ok(false);
                }
                rest = &rest[length..];
                reader.consume(length);
            }
        }
        Ok(reader.fill_buf()?.is_empty())
    }

    /// The text, ended by a mark that says: orch wrote this, it belongs to `history` and includes the first `seq`
    /// transitions of it. Costs the length of the file.
    ///
    /// Reading the result gives [`Mark::Intact`].
    pub fn to_bytes_marked(&self, history: u64, seq: u64) -> Vec<u8> {
        let mut out = self.with_room();
        let pieces = self.above_the_tail().chain([&*self.tail]);
        pieces.for_each(|piece| out.extend_from_slice(piece.as_bytes()));
        let line_ending = self.head.line_ending();
        match out.last() {
            Some(b'\n') => {}
            Some(b'\r') => out.push(b'\n'),
            _ => out.extend_from_slice(line_ending.as_bytes()),
        }
        mark::append(&mut out, history, seq, line_ending);
        out
    }

    /// Nothing yet, with room for all of the text.
    fn with_room(&self) -> Vec<u8> {
        let head: usize = self.head.lines().iter().map(String::len).sum();
        let trailer = 128;
        Vec::with_capacity(head + self.rows.size_hint() + self.tail.len() + trailer)
    }

    fn above_the_tail(&self) -> impl Iterator<Item = &str> {
        let mark = self.byte_order_mark.then_some(BYTE_ORDER_MARK);
        mark.into_iter().chain(self.head.lines().iter().map(String::as_str)).chain(self.rows.lines())
    }

    /// The tail, and in it the line of the mark as it was found.
    fn below_the_rows(&self) -> [&str; 3] {
        match &self.trailer {
            Some(Trailer { at, line }) => {
                let (before, after) = self.tail.split_at(*at);
                [before, line, after]
            }
            None => [&self.tail, "", ""],
        }
    }
}

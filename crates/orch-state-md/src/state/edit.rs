//! Changes to a state file, each in the bytes of its own cell or line.

use core::ops::Range;

use orch_core::Status;
use unicode_width::UnicodeWidthStr;

use super::escape::{Place, encode_optional};
use super::fields::Field;
use super::head::content;
use super::table::{Column, trimmed};
use super::{Overall, StateFile, Validation};

/// A row can't be edited as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file has no such row.
    #[error("no row {row} in a state file of {rows} rows")]
    NoSuchRow {
        /// The row that was asked for, from zero.
        row: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// The table has no column for plan paths.
    #[error("the table has no column called Plan Path")]
    NoPlanColumn,
}

/// Edits. A value that is there already leaves every byte as it is; any other changes one stretch of bytes inside
/// its cell or line. In a cell, padding is given or taken so that the columns stay aligned, as far as it goes.
impl StateFile {
    /// Writes where the prompt of `row` (from zero) stands.
    ///
    /// # Errors
    /// [`EditError::NoSuchRow`].
    pub fn set_status(&mut self, row: usize, status: Status) -> Result<(), EditError> {
        let old = self.rows.status(row).ok_or(self.no_such(row))?;
        if old != status {
            self.replace_cell(row, Column::Status, status.word());
            self.rows.remember_status(row, status);
        }
        Ok(())
    }

    /// Writes which plan was made for the prompt of `row` (from zero). An empty path clears it.
    ///
    /// # Errors
    /// [`EditError::NoSuchRow`], and [`EditError::NoPlanColumn`] if the file has no such column.
    pub fn set_plan_path(&mut self, row: usize, path: &str) -> Result<(), EditError> {
        let old = self.row(row).ok_or(self.no_such(row))?.plan_path.unwrap_or_default();
        self.columns.place(Column::PlanPath).ok_or(EditError::NoPlanColumn)?;
        if old != path {
            let text = if path.is_empty() { String::new() } else { encode_optional(path, Place::Cell) };
            self.replace_cell(row, Column::PlanPath, &text);
        }
        Ok(())
    }

    /// Writes how the run as a whole stands, in a new line if there is none.
    pub fn set_overall(&mut self, overall: Overall) {
        if self.overall() != Some(overall) {
            self.head.set(Field::Overall, overall.word());
        }
    }

    /// Writes what the final validation found, in a new line if there is none.
    pub fn set_validation(&mut self, validation: Validation) {
        if self.validation() != Some(validation) {
            self.head.set(Field::Validation, validation.word());
        }
    }

    /// Writes which row (from zero) was started last, in a new line if there is none.
    pub fn set_current(&mut self, current: u32) {
        if self.current() != current {
            self.head.set(Field::Current, &current.to_string());
        }
    }

    /// Writes the branch that reviews compare with, in a new line if there is none. An empty name clears it.
    pub fn set_base_branch(&mut self, branch: &str) {
        if self.optional(Field::BaseBranch).unwrap_or_default() != branch {
            let text = if branch.is_empty() { String::new() } else { encode_optional(branch, Place::Line) };
            self.head.set(Field::BaseBranch, &text);
        }
    }

    fn no_such(&self, row: usize) -> EditError {
        EditError::NoSuchRow { row, rows: self.len() }
    }

    fn replace_cell(&mut self, row: usize, column: Column, text: &str) {
        let Some(line) = self.rows.line(row).map(content) else { return };
        let Some(cell) = self.columns.find(line, column) else { return };
        let (range, new) = fit(line, cell, text);
        self.rows.replace(row, range, &new);
    }
}

/// How to write `text` into `cell` of `line`: which bytes to replace by what.
///
/// The cell keeps its width on the terminal if the text fits, with one blank before the closing pipe where there
/// was one; otherwise the cell grows by what is missing.
pub(crate) fn fit(line: &str, cell: Range<usize>, text: &str) -> (Range<usize>, String) {
    let old = trimmed(line, cell.clone());
    if old.is_empty() {
        let padding = line[cell.clone()].width().saturating_sub(text.width() + 1).max(1);
        return (cell, format!(" {text}{}", " ".repeat(padding)));
    }
    let blanks = old.end..cell.end;
    if line[blanks.clone()].contains('\t') {
        return (old, text.into());
    }
    let width = line[old.clone()].width() + blanks.len();
    let padding = width.saturating_sub(text.width()).max(blanks.len().min(1));
    (old.start..cell.end, format!("{text}{}", " ".repeat(padding)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_width_as_far_as_it_goes() {
        for (cell, text, expected) in [
            (" PENDING    ", "INCOMPLETE", " INCOMPLETE "),
            (" INCOMPLETE ", "FAIL", " FAIL       "),
            (" PENDING ", "FAIL", " FAIL    "),
            (" PENDING ", "INCOMPLETE", " INCOMPLETE "),
            ("PENDING", "RUNNING", "RUNNING"),
            ("PENDING", "INCOMPLETE", "INCOMPLETE"),
            ("PENDING", "FAIL", "FAIL   "),
            ("    FAIL ", "PENDING", "    PENDING "),
            (" FAIL\t", "PENDING", " PENDING\t"),
            ("\tFAIL  ", "RUNNING", "\tRUNNING "),
            ("", "x", " x "),
            ("     ", "ab", " ab  "),
            (" ", "ab", " ab "),
            (" 計画    ", "plan", " plan    "),
            (" plan    ", "計画", " 計画    "),
            (" plan ", "", "      "),
        ] {
            let line = format!("|{cell}|");
            let (range, new) = fit(&line, 1..line.len() - 1, text);
            let changed = [&line[..range.start], &new, &line[range.end..]].concat();
            assert_eq!(changed, format!("|{expected}|"), "{cell:?} <- {text:?}");
        }
    }
}

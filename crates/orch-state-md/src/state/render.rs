//! A new state file, in the format of the seed.

use orch_core::Status;
use unicode_width::UnicodeWidthStr;

use super::escape::{Place, encode, encode_optional};
use super::fields::{Field, Style, render as render_field};
use super::head::Head;
use super::rows::Rows;
use super::table::{Column, Columns};
use super::{Mark, Row, State, StateFile};

/// A column is made no wider than this for the sake of alignment, in terminal columns: one endless value must not
/// be paid for in every row.
const WIDEST: usize = 100;

impl StateFile {
    /// A new file that says `state`, in the format of the seed, with the table aligned for the eye.
    ///
    /// The cells that orch will change (status and plan path) are wide enough for what will come, so that the
    /// table stays aligned.
    pub fn create(state: &State) -> Self {
        let widths = Column::ALL.map(|column| width_of(column, &state.rows));

        let mut head: Vec<String> = vec!["# Orchestrator State\n".into(), "\n".into()];
        for field in Field::ALL {
            if let Some(value) = field_text(state, field) {
                head.push(render_field(field, Style::Plain, &value) + "\n");
            }
        }
        head.extend(["\n".into(), "## Prompts\n".into()]);
        let mut header = String::new();
        push_row(&mut header, &widths, |column| column.label().into());
        head.push(header);

        let mut text = String::new();
        let mut ends = Vec::with_capacity(state.rows.len());
        for (index, row) in state.rows.iter().enumerate() {
            push_row(&mut text, &widths, |column| cell_text(row, index, column));
            ends.push(text.len());
        }
        text.shrink_to_fit();
        let statuses = state.rows.iter().map(|row| row.status).collect();

        Self {
            byte_order_mark: false,
            head: Head::new(head),
            columns: Columns::of_the_seed(),
            rows: Rows::new(text, 0, ends, statuses),
            tail: String::new(),
            trailer: None,
            mark: Mark::Absent,
        }
    }
}

/// How wide `column` has to be for all of `rows`, now and later.
fn width_of(column: Column, rows: &[Row]) -> usize {
    let needed = |(index, row): (usize, &Row)| {
        let written = cell_text(row, index, column).width();
        match column {
            Column::PlanPath => written.max(encode(&row.rule_plan_path(), Place::Cell).width()),
            _ => written,
        }
    };
    let least = match column {
        Column::Status => Status::ALL.map(|status| status.word().len()).into_iter().max().unwrap_or(0),
        _ => column.label().len(),
    };
    rows.iter().enumerate().map(needed).max().unwrap_or(0).min(WIDEST).max(least)
}

fn push_row(out: &mut String, widths: &[usize], text: impl Fn(Column) -> String) {
    for (column, width) in Column::ALL.into_iter().zip(widths) {
        let text = text(column);
        out.push_str("| ");
        out.push_str(&text);
        out.extend(core::iter::repeat_n(' ', width.saturating_sub(text.width()) + 1));
    }
    out.push_str("|\n");
}

/// What stands in the cell of `column` in a row.
fn cell_text(row: &Row, index: usize, column: Column) -> String {
    let optional = |value: &Option<String>| {
        value.as_deref().map(|value| encode_optional(value, Place::Cell)).unwrap_or_default()
    };
    let list = |values: &[String]| {
        let items: Vec<_> = values
            .iter()
            .filter(|value| !value.is_empty())
            .map(|value| encode_optional(value, Place::Item))
            .collect();
        items.join(", ")
    };
    match column {
        Column::Index => index.to_string(),
        Column::Status => row.status.word().into(),
        Column::PromptPath => encode(&row.prompt_path, Place::Cell),
        Column::PlanPath => optional(&row.plan_path),
        Column::Tests => optional(&row.tests),
        Column::Dependencies => list(&row.dependencies),
        Column::Reqs => list(&row.reqs),
    }
}

/// What stands after the key of `field`; none if the line is left out.
fn field_text(state: &State, field: Field) -> Option<String> {
    let optional = |value: &Option<String>| {
        let value = value.as_deref().filter(|value| !value.is_empty())?;
        Some(encode_optional(value, Place::Line))
    };
    match field {
        Field::Objective => Some(encode(&state.objective, Place::Line)),
        Field::PrdPath => optional(&state.prd_path),
        Field::RequirementsInventory => optional(&state.requirements_inventory),
        Field::BaseBranch => optional(&state.base_branch),
        Field::Overall => state.overall.map(|overall| overall.word().into()),
        Field::Validation => state.validation.map(|validation| validation.word().into()),
        Field::Current => Some(state.current.to_string()),
    }
}

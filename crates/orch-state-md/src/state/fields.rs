//! The `Key: value` lines above the table.

use core::ops::Range;

use super::escape::BLANK;

/// The fields that orch knows, in the order of the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Objective,
    PrdPath,
    RequirementsInventory,
    BaseBranch,
    Overall,
    Validation,
    Current,
}

impl Field {
    /// All of them, in the order of the seed.
    pub(super) const ALL: [Field; 7] = [
        Field::Objective,
        Field::PrdPath,
        Field::RequirementsInventory,
        Field::BaseBranch,
        Field::Overall,
        Field::Validation,
        Field::Current,
    ];

    /// What stands before the colon.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Field::Objective => "Overall Objective",
            Field::PrdPath => "PRD Path",
            Field::RequirementsInventory => "Requirements Inventory",
            Field::BaseBranch => "Base Branch",
            Field::Overall => "Status",
            Field::Validation => "Validation Status",
            Field::Current => "Current Prompt Index",
        }
    }
}

/// How the key is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `Key: value`
    Plain,
    /// `**Key**: value`
    BoldKey,
    /// `**Key:** value`
    BoldColon,
}

/// A line that holds a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FieldLine {
    pub(super) field: Field,
    pub(super) style: Style,
    /// Where the value is, without the blanks around it.
    pub(super) value: Range<usize>,
}

/// The field in `line` (without its line ending), if it holds one that orch knows.
pub(super) fn parse(line: &str) -> Option<FieldLine> {
    let text = line.trim_start_matches(BLANK);
    let bold = text.starts_with("**");
    let key_start = line.len() - text.len() + if bold { 2 } else { 0 };
    let colon = key_start + line[key_start..].find(':')?;
    let (key, after) = (&line[key_start..colon], &line[colon + 1..]);
    let (style, key, value_start) = match (bold, key.strip_suffix("**")) {
        (false, _) => (Style::Plain, key, colon + 1),
        (true, Some(key)) => (Style::BoldKey, key, colon + 1),
        (true, None) if after.starts_with("**") => (Style::BoldColon, key, colon + 3),
        (true, None) => return None,
    };
    let key = key.trim_matches(BLANK);
    let field = Field::ALL.into_iter().find(|field| field.label().eq_ignore_ascii_case(key))?;
    let value = line[value_start..].trim_matches(BLANK);
    let start = match value {
        // Of the blanks after an empty field, the first stays before the value that may come.
        "" => value_start + usize::from(line.len() > value_start),
        _ => line.len() - line[value_start..].trim_start_matches(BLANK).len(),
    };
    Some(FieldLine { field, style, value: start..start + value.len() })
}

/// A line for `field`, without a line ending.
pub(super) fn render(field: Field, style: Style, value: &str) -> String {
    let label = field.label();
    let key = match style {
        Style::Plain => format!("{label}:"),
        Style::BoldKey => format!("**{label}**:"),
        Style::BoldColon => format!("**{label}:**"),
    };
    // An empty value leaves no blank at the end of the line.
    if value.is_empty() { key } else { format!("{key} {value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_value_in_every_style() {
        for (line, field, style, value) in [
            ("Status: RUNNING", Field::Overall, Style::Plain, "RUNNING"),
            ("**Status**: RUNNING ", Field::Overall, Style::BoldKey, "RUNNING"),
            ("**Base Branch:**\tmain", Field::BaseBranch, Style::BoldColon, "main"),
            ("  overall objective:a: **b**", Field::Objective, Style::Plain, "a: **b**"),
            ("PRD Path:", Field::PrdPath, Style::Plain, ""),
            ("PRD Path:   ", Field::PrdPath, Style::Plain, ""),
            ("**PRD Path:**", Field::PrdPath, Style::BoldColon, ""),
        ] {
            let found = parse(line).unwrap();
            assert_eq!((found.field, found.style, &line[found.value]), (field, style, value), "{line:?}");
        }
        for line in ["Status", "**Status: RUNNING", "My Status: RUNNING", "Status : **", "", ":", "**:**"] {
            let known = parse(line).map(|found| found.field);
            assert_eq!(known, (line == "Status : **").then_some(Field::Overall), "{line:?}");
        }
    }

    #[test]
    fn what_is_rendered_is_found() {
        for field in Field::ALL {
            for style in [Style::Plain, Style::BoldKey, Style::BoldColon] {
                for value in ["", "x"] {
                    let line = render(field, style, value);
                    let found = parse(&line).unwrap();
                    assert_eq!((found.field, found.style, &line[found.value]), (field, style, value));
                }
            }
        }
    }
}

//! Lines that continue a paragraph: whether they go on with the value of a field or are prose.

use orch_core::Diagnostic;

use super::fields::{next_field, separator_length};
use super::kind::{Kind, known_field};
use super::names::{plain_hyphens, prompt_names, requirement_ids};
use super::path::Folder;
use crate::text::{Span, quoted};

/// What a line is that continues the paragraph of a field.
pub(super) enum Wrapped {
    /// More of the field's value, or a field of its own.
    Value,
    /// Prose.
    Prose,
    /// Prose that may have been meant as more of the value.
    Doubtful(Diagnostic),
}

/// What `line` is below a field of `kind`, the last piece of whose value is `last`.
///
/// Prose wraps as it likes. A list of names goes on in a line of nothing but names, or where the line before says
/// that there is more; so that prose below a list is not read for names, and no name is passed over in silence.
pub(super) fn goes_on(kind: Kind, last: Option<Span<'_>>, line: Span<'_>, folder: Folder<'_>) -> Wrapped {
    let unfinished = last.is_none_or(|last| last.text.ends_with([',', ';', '&']));
    if unfinished || matches!(kind, Kind::Objective | Kind::Unknown) {
        return Wrapped::Value;
    }
    let dash = separator_length(line.text);
    if known_field(line).or_else(|| known_field(line.skip(dash))).is_some() {
        return Wrapped::Value;
    }
    let head = next_field(line.text, |_| true).map_or(line, |next| line.take(next.front).trim());
    if head.text.is_empty() {
        return Wrapped::Value;
    }
    let (value, doubtful, code, what) = match kind {
        Kind::Dependencies => {
            let names = prompt_names(head, folder);
            let only_names = !names.is_empty() && names.iter().all(Result::is_ok);
            let value =
                only_names && (is_marked(head.text) || names.iter().flatten().all(|n| has_digit(&n.0)));
            (value, only_names || begins(head, "PROMPT-"), "index.dependency", "dependencies")
        }
        Kind::Reqs => {
            let ids = requirement_ids(head);
            let value = !ids.is_empty() && ids.iter().all(Result::is_ok);
            (value, begins(head, "REQ-"), "index.requirement", "requirements")
        }
        _ => return Wrapped::Prose,
    };
    if value {
        return Wrapped::Value;
    }
    if !doubtful {
        return Wrapped::Prose;
    }
    let message = format!("{} is read as prose, not as more {what}", quoted(head.text));
    let hint = "to go on with the list, end the line before it with a comma";
    Wrapped::Doubtful(Diagnostic::warning(code, message).hint(hint).at(head.at))
}

/// Whether single words are surely names of prompts: they are written as files or as code.
fn is_marked(text: &str) -> bool {
    text.contains(".md") || text.starts_with(['`', '['])
}

fn has_digit(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_digit())
}

/// Whether `text` begins with a name in `front`'s series, perhaps behind a mark or an "and".
fn begins(text: Span<'_>, front: &str) -> bool {
    let text = text.strip_word("and ").or_else(|| text.strip_word("depends on ")).unwrap_or(text);
    let word = text.text.trim_start_matches(['`', '*', '[', ',', ' ']);
    let word: String = word.chars().take(front.len()).collect();
    plain_hyphens(&word).eq_ignore_ascii_case(front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orch_core::Position;

    fn span(text: &str) -> Span<'_> {
        Span::new(text, Position::new(1, 1))
    }

    #[test]
    fn tells_values_from_prose() {
        use Kind::{Dependencies, Objective, Planning, Reqs, Tests, Unknown};
        for (kind, last, line, expected) in [
            (Dependencies, "None", "This builds the tables.", "prose"),
            (Dependencies, "PROMPT-01", "PROMPT-02", "value"),
            (Dependencies, "PROMPT-01", "PROMPT-02, `setup.md` and PROMPT-03-x.md", "value"),
            (Dependencies, "PROMPT-01", "and PROMPT-02", "value"),
            (Dependencies, "PROMPT-01", ", PROMPT-02", "value"),
            (Dependencies, "PROMPT-01", "`setup`", "value"),
            (Dependencies, "PROMPT-01", "setup.md", "value"),
            (Dependencies, "PROMPT-01", "PROMPT-02 - Tests: no", "value"),
            (Dependencies, "PROMPT-01", "Tests: no", "value"),
            (Dependencies, "PROMPT-01", "— Note: no", "value"),
            (Dependencies, "PROMPT-01", "Done.", "doubtful"),
            (Dependencies, "PROMPT-01", "PROMPT-02 (schema)", "doubtful"),
            (Dependencies, "PROMPT-01", "and PROMPT\u{2011}02 first", "doubtful"),
            (Dependencies, "PROMPT-01", "It uses PROMPT-02 too", "prose"),
            (Dependencies, "PROMPT-01,", "whatever this is", "value"),
            (Dependencies, "PROMPT-01 &", "whatever", "value"),
            (Dependencies, "", "whatever this is", "value"),
            (Reqs, "REQ-001", "REQ-002, REQ-003", "value"),
            (Reqs, "REQ-001", "REQ-002 in part", "doubtful"),
            (Reqs, "REQ-001", "more prose", "prose"),
            (Reqs, "REQ-001;", "more prose", "value"),
            (Tests, "no", "more prose", "prose"),
            (Tests, "", "no", "value"),
            (Planning, "no", "PROMPT-01", "prose"),
            (Objective, "a", "more prose", "value"),
            (Unknown, "a", "more prose", "value"),
        ] {
            let parts = Some(span(last)).filter(|last| !last.text.is_empty());
            let found = match goes_on(kind, parts, span(line), Folder::default()) {
                Wrapped::Value => "value",
                Wrapped::Prose => "prose",
                Wrapped::Doubtful(_) => "doubtful",
            };
            assert_eq!(found, expected, "{last:?} {line:?}");
        }
    }
}

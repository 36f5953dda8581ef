//! What the fields of an item are called, and names that are nearly or not at all known.

use orch_core::Diagnostic;

use super::fields::{next_field, separator_length};
use super::near::nearest;
use crate::text::{Field, Findings, Span, field, quoted};

/// The fields that an item may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Objective,
    Dependencies,
    Tests,
    Planning,
    Difficulty,
    Reqs,
    /// A field of another name, so that its value is not taken for part of the one before.
    Unknown,
}

impl Kind {
    /// The name to write it by.
    fn name(self) -> &'static str {
        match self {
            Kind::Objective => "Objective",
            Kind::Dependencies => "Dependencies",
            Kind::Tests => "Tests",
            Kind::Planning => "Planning",
            Kind::Difficulty => "Difficulty",
            Kind::Reqs => "Reqs",
            Kind::Unknown => "",
        }
    }
}

const NAMES: [(&str, Kind); 14] = [
    ("objective", Kind::Objective),
    ("primary objective", Kind::Objective),
    ("dependencies", Kind::Dependencies),
    ("dependency", Kind::Dependencies),
    ("depends on", Kind::Dependencies),
    ("depends", Kind::Dependencies),
    ("tests", Kind::Tests),
    ("testing", Kind::Tests),
    ("planning", Kind::Planning),
    ("difficulty", Kind::Difficulty),
    ("reqs", Kind::Reqs),
    ("req", Kind::Reqs),
    ("requirements", Kind::Reqs),
    ("requirement", Kind::Reqs),
];

/// Abbreviations that are too short to be compared letter by letter.
const SHORT: [(&str, Kind); 3] =
    [("dep", Kind::Dependencies), ("deps", Kind::Dependencies), ("test", Kind::Tests)];

fn find(names: &[(&str, Kind)], name: &str) -> Option<Kind> {
    names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
}

/// The kind of `field` by its name.
pub(super) fn kind(field: &Field<'_>) -> Kind {
    find(&NAMES, field.name.text).unwrap_or(Kind::Unknown)
}

/// The field that a misspelt name stands for.
fn nearly(name: &str) -> Option<Kind> {
    // Whatever its end is, nothing else begins so.
    if name.len() < 16 && name.get(..5).is_some_and(|front| front.eq_ignore_ascii_case("depen")) {
        return Some(Kind::Dependencies);
    }
    // Four letters with one changed are too often another word: `Refs` is no misspelt `Reqs`.
    let allowed = match name.chars().count() {
        0..=4 => return find(&SHORT, name),
        5..=7 => 1,
        _ => 2,
    };
    nearest(name, allowed, NAMES.iter().map(|(known, _)| *known)).and_then(|known| find(&NAMES, known))
}

/// Whether a field ends the prose before it: its name is known, or is a known one misspelt, which must not be passed
/// over, because a prompt would start too early or do less than it should.
pub(super) fn ends_prose(field: &Field<'_>) -> bool {
    kind(field) != Kind::Unknown || nearly(field.name.text).is_some()
}

/// Whether the field is `Dependencies`, misspelt or not.
pub(super) fn means_dependencies(field: &Field<'_>) -> bool {
    kind(field) == Kind::Dependencies || nearly(field.name.text) == Some(Kind::Dependencies)
}

/// The known field, misspelt or not, that `text` begins with.
pub(super) fn known_field(text: Span<'_>) -> Option<Field<'_>> {
    field(text).filter(ends_prose)
}

/// The finding about a field whose name is not known.
pub(super) fn unknown(name: Span<'_>) -> Diagnostic {
    let message = format!("the field {} is not known", quoted(name.text));
    let finding = match nearly(name.text) {
        Some(kind) => {
            Diagnostic::error("index.field", message).hint(format!("did you mean `{}`?", kind.name()))
        }
        None => Diagnostic::warning("index.field", format!("{message} and not read"))
            .hint("known are `Objective`, `Dependencies`, `Tests`, `Planning`, `Difficulty` and `Reqs`"),
    };
    finding.at(name.at)
}

/// Finds what looks like a field in prose: a dash, a word or two, and a colon. It stays prose.
///
/// A dash at the start of `prose` counts, a name without a dash there does not.
pub(super) fn check_prose(prose: Span<'_>, findings: &mut Findings) {
    let dash = separator_length(prose.text);
    let mut rest = prose.skip(dash);
    if dash > 0 && rest.text.starts_with(char::is_whitespace) {
        check_behind_dash(rest, findings);
    }
    while let Some(next) = next_field(rest.text, is_fieldlike) {
        rest = rest.skip(next.field);
        check_behind_dash(rest, findings);
    }
}

/// Finds what looks like a field at the start of `prose`, which a dash stands in front of.
pub(super) fn check_behind_dash(prose: Span<'_>, findings: &mut Findings) {
    if let Some(found) = field(prose).filter(|field| is_fieldlike(field) && !ends_prose(field)) {
        findings.push(unknown(found.name));
    }
}

/// Longest name, in characters, of what is taken for a field nobody knows.
const LONGEST_UNKNOWN: usize = 24;

/// Whether an unknown field looks like one and not like prose with a colon in it.
fn is_fieldlike(field: &Field<'_>) -> bool {
    let name = field.name.text;
    let words = name.split_whitespace().count();
    let letters = name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '_' | '/'));
    // A colon that the next word touches belongs to that word, as in `C:/x`.
    let end = field.name.at.column as usize + name.chars().count();
    let apart = field.value.text.is_empty() || field.value.at.column as usize > end + 1;
    (1..=2).contains(&words) && letters && apart && name.chars().count() <= LONGEST_UNKNOWN
}

#[cfg(test)]
mod tests {
    use super::*;
    use orch_core::Position;

    fn span(text: &str) -> Span<'_> {
        Span::new(text, Position::new(1, 1))
    }

    #[test]
    fn knows_misspelt_names() {
        for (name, expected) in [
            ("Depndencies", Some(Kind::Dependencies)),
            ("Dependancies", Some(Kind::Dependencies)),
            ("dependenceis", Some(Kind::Dependencies)),
            ("Dependant on", Some(Kind::Dependencies)),
            ("Depnds on", Some(Kind::Dependencies)),
            ("Deps", Some(Kind::Dependencies)),
            ("Objectives", Some(Kind::Objective)),
            ("Obejctive", Some(Kind::Objective)),
            ("Primry Objective", Some(Kind::Objective)),
            ("Test", Some(Kind::Tests)),
            ("Tessts", Some(Kind::Tests)),
            ("Planing", Some(Kind::Planning)),
            ("Dificulty", Some(Kind::Difficulty)),
            ("Requirments", Some(Kind::Reqs)),
            ("Owner", None),
            ("Note", None),
            ("Refs", None),
            ("Tasks", None),
            ("Rest", None),
            ("Request", None),
            ("Estimate", None),
            ("", None),
        ] {
            assert_eq!(nearly(name), expected, "{name}");
        }
    }

    #[test]
    fn finds_fields_in_prose() {
        for (prose, expected) in [
            ("a - Note: b", &[5][..]),
            ("a — Note: b – Known issues: c", &[5, 15]),
            ("ä — **Owner:** b", &[7]),
            ("— Note: b", &[3]),
            ("- Note: b", &[3]),
            ("a - Note:", &[5]),
            ("Note: b", &[]),
            ("a: b, c: d", &[]),
            ("a-note: b", &[]),
            ("at 10:30 - 11:30", &[]),
            ("a - 10:30", &[]),
            ("a - at 10:30", &[]),
            ("a - https://host/x", &[]),
            ("a - see https://host/x", &[]),
            ("a - C:/x", &[]),
            ("a - std::vec", &[]),
            ("a - three words here: b", &[]),
            ("a - step 2: b", &[]),
            ("a - b", &[]),
            ("", &[]),
        ] {
            let mut findings = Findings::default();
            check_prose(span(prose), &mut findings);
            let found = findings.finish("more");
            assert!(found.iter().all(|finding| finding.code == "index.field" && !finding.is_error()));
            let columns: Vec<u32> = found.iter().map(|finding| finding.at.unwrap().column).collect();
            assert_eq!(columns, expected, "{prose:?}");
        }
    }
}

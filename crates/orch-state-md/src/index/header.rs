//! The fields above the sections: objective, PRD path, requirements inventory.

use orch_core::Diagnostic;

use super::names::bare;
use super::path::escape;
use super::{Index, Located, Tests};
use crate::text::{Field, Findings, Span, is_none_word, link_target, quoted};

/// Takes `field` into `index` when it is one of the header's.
pub(super) fn take(field: &Field<'_>, index: &mut Index, findings: &mut Findings) {
    if field.is(&["overall objective"]) {
        if index.objective.is_empty() {
            index.objective = field.value.text.to_owned();
        }
    } else if field.is(&["prd path"]) {
        if let Some(path) = path(field) {
            // Nothing of orch opens the document itself, and a pack in a folder of its own may name one above it.
            if let Some(why) = escape(&path.value) {
                let message =
                    format!("the PRD path {} leads out of the index's folder: {why}", quoted(&path.value));
                let hint = "a worker that reads it may not be allowed to";
                findings.push(Diagnostic::warning("index.outside", message).hint(hint).at(path.at));
            }
            keep_first(&mut index.prd_path, path, field, findings);
        }
    } else if field.is(&["requirements inventory"]) {
        if let Some(path) = path(field) {
            match escape(&path.value) {
                Some(why) => {
                    let message = format!("the inventory path {} can't be used: {why}", quoted(&path.value));
                    let hint = "name the inventory by a relative path inside the index's folder";
                    findings.push(Diagnostic::error("index.escape", message).hint(hint).at(path.at));
                }
                None => keep_first(&mut index.requirements_inventory, path, field, findings),
            }
        }
    } else if field.is(&["execution"]) {
        keep_word(&mut index.execution, field.value);
    } else if field.is(&["global testing", "global tests"]) && index.global_tests.is_none() {
        let mut word = None;
        keep_word(&mut word, field.value);
        index.global_tests = word.map(|word| Tests::read(&word));
        let unknown = index.global_tests.as_ref().and_then(|tests| tests.unknown(bare(field.value).at));
        if let Some(unknown) = unknown {
            findings.push(unknown);
        }
    }
}

fn keep_word(slot: &mut Option<String>, value: Span<'_>) {
    let word = bare(value).text;
    if slot.is_none() && !word.is_empty() {
        *slot = Some(word.to_owned());
    }
}

fn path(field: &Field<'_>) -> Option<Located<String>> {
    let value = link_target(field.value).map_or(field.value, |(target, _)| target);
    let value = bare(value);
    (!is_none_word(value.text)).then(|| Located { value: value.text.to_owned(), at: value.at })
}

fn keep_first(
    slot: &mut Option<Located<String>>,
    path: Located<String>,
    field: &Field<'_>,
    findings: &mut Findings,
) {
    match slot {
        None => *slot = Some(path),
        Some(first) if first.value == path.value => {}
        Some(first) => {
            let message = format!(
                "{} is given twice with different values, first at {}",
                quoted(field.name.text),
                first.at
            );
            findings.push(
                Diagnostic::error("index.field", message).hint("keep one of the two").at(field.name.at),
            );
        }
    }
}

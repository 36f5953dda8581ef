//! Requirements of a prompt pack: the inventory, what was left unmet, and the final validation.

mod inventory;
mod prompt;
mod report;
mod unmet;
mod validate;

pub use inventory::{Inventory, InventoryReading, Requirement, Scope, read_inventory};
pub use prompt::prompt_requirements;
pub use report::{Counts, Validation, ValidationStatus, read_validation};
pub use unmet::{Unmet, UnmetReading, read_unmet};
pub use validate::{Evidence, PromptEvidence, validate};

use crate::text::{Span, quoted};

/// `REQ-001` at the start of `text`, with plain hyphens, and what follows; an error when it begins with `REQ` and is no
/// id; `None` when it does not begin so.
fn leading_id<'a>(text: Span<'a>) -> Option<Result<(String, Span<'a>), String>> {
    let text = text.trim();
    let start = text.skip(text.text.len() - text.text.trim_start_matches(['*', '`', '[']).len());
    let end = start.text.find(|c: char| !c.is_alphanumeric() && !is_id_mark(c)).unwrap_or(start.text.len());
    let word = start.text[..end].trim_end_matches(['-', '.', '_']);
    let plain = word.replace(['\u{2010}', '\u{2011}'], "-");
    let front = plain.get(..3)?;
    // "Required reading" and "Requirements" are words, `REQ_1`, `req-1` and `REQ12` are attempts at an id.
    if !front.eq_ignore_ascii_case("req") || plain[3..].starts_with(|c: char| c.is_alphabetic()) {
        return None;
    }
    if !crate::index::is_requirement_id(&plain) {
        return Some(Err(plain));
    }
    let rest = start.skip(word.len());
    let rest = rest.skip(rest.text.len() - rest.text.trim_start_matches(['*', '`', ']']).len());
    Some(Ok((plain, rest)))
}

fn is_id_mark(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '#' | '\u{2010}' | '\u{2011}')
}

fn bad_id(id: &str) -> String {
    format!("the requirement id {} is not `REQ-` and a number", quoted(id))
}

const ID_HINT: &str = "write ids such as `REQ-001`";

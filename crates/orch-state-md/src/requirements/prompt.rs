//! The requirements that a prompt file names.

use orch_core::Position;

use super::leading_id;
use crate::text::{Lines, heading, list_item, words_of};

/// The ids in the `# Requirements` section of a prompt file, in order, with their places.
///
/// What begins with `REQ` and is no id is given as written: validation reports it as unknown. Bullets that do not
/// begin so are remarks.
///
/// ```
/// let ids = orch_state_md::requirements::prompt_requirements("# Requirements\n- REQ-001: log in\n\n# Tests\nbasic\n");
/// assert_eq!(ids[0].0, "REQ-001");
/// ```
pub fn prompt_requirements(text: &str) -> Vec<(String, Position)> {
    let mut ids = Vec::new();
    let mut section: Option<usize> = None;
    for line in Lines::new(text.strip_prefix('\u{FEFF}').unwrap_or(text)).filter(|line| !line.is_hidden()) {
        if let Some((level, title)) = heading(line.span()) {
            if words_of(title.text) == "requirements" {
                section = Some(level);
            } else if section.is_some_and(|outer| level <= outer) {
                section = None;
            }
            continue;
        }
        let Some((_, mut rest)) = list_item(line.span()).filter(|_| section.is_some()) else { continue };
        // One bullet may name several: "REQ-001, REQ-002: …".
        loop {
            match leading_id(rest) {
                Some(Ok((id, after))) => {
                    ids.push((id, rest.at));
                    let Some(next) = after.trim().text.starts_with([',', '&']).then(|| after.trim().skip(1))
                    else {
                        break;
                    };
                    rest = next.trim();
                }
                Some(Err(id)) => {
                    ids.push((id, rest.at));
                    break;
                }
                None => break,
            }
        }
    }
    ids
}

//! `PROMPT-ORCHESTRATOR.validation.md`: the final validation as a file.

use std::fmt::Write as _;

use crate::text::{Lines, Span, field, heading, is_none_word, list_item, unwrap_inline, words_of};

/// The verdict of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationStatus {
    /// Every requirement in scope is covered or known to be unmet.
    Pass,
    /// Covered, but not all of it on evidence. Only a validator that looks at the work says so.
    Partial,
    /// Something is missing or malformed.
    Fail,
}

impl ValidationStatus {
    /// The word in the file: `PASS`, `PARTIAL`, `FAIL`.
    pub const fn word(self) -> &'static str {
        match self {
            ValidationStatus::Pass => "PASS",
            ValidationStatus::Partial => "PARTIAL",
            ValidationStatus::Fail => "FAIL",
        }
    }

    fn read(written: &str) -> Option<Self> {
        let word = written.trim_start_matches(|c: char| !c.is_alphanumeric());
        let end = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
        // "PASS | PARTIAL | FAIL" is the template, not a verdict.
        if word[end..].trim_start().starts_with(['|', '/']) {
            return None;
        }
        let all = [ValidationStatus::Pass, ValidationStatus::Partial, ValidationStatus::Fail];
        all.into_iter().find(|status| status.word().eq_ignore_ascii_case(&word[..end]))
    }
}

/// How many requirements there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All entries of the inventory.
    pub total: usize,
    /// Those in scope.
    pub in_scope: usize,
    /// Those in scope that a finished prompt covers.
    pub covered: usize,
    /// Those in scope that are missing or unmapped.
    pub missing: usize,
    /// Ids that prompts or owners name and the inventory does not.
    pub unknown_ids: usize,
    /// Those in scope that are known to be unmet.
    pub known_unmet: usize,
}

/// A final validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The verdict.
    pub status: ValidationStatus,
    /// The numbers of its summary.
    pub counts: Counts,
    /// What is missing or unmapped, one line each.
    pub missing: Vec<String>,
    /// Ids that the inventory does not know, one line each.
    pub unknown: Vec<String>,
    /// What is known to be unmet, one line each.
    pub known_unmet: Vec<String>,
    /// What is claimed without evidence, one line each.
    pub evidence_gaps: Vec<String>,
    /// Anything else, one line each.
    pub notes: Vec<String>,
}

const COUNTS: [&str; 6] = ["Total", "In-scope", "Covered", "Missing", "Unknown IDs", "Known unmet"];
const SECTIONS: [&str; 5] = ["Missing or Unmapped", "Unknown IDs", "Known Unmet", "Evidence Gaps", "Notes"];

impl Validation {
    /// The file's text.
    ///
    /// ```
    /// use orch_state_md::requirements::{read_validation, Counts, Validation, ValidationStatus};
    /// let validation = Validation {
    ///     status: ValidationStatus::Fail,
    ///     counts: Counts { total: 1, in_scope: 1, missing: 1, ..Counts::default() },
    ///     missing: vec!["REQ-001: no owner".to_owned()],
    ///     unknown: vec![],
    ///     known_unmet: vec![],
    ///     evidence_gaps: vec![],
    ///     notes: vec![],
    /// };
    /// assert_eq!(read_validation(&validation.render()), Some(validation));
    /// ```
    pub fn render(&self) -> String {
        let counts = &self.counts;
        let numbers = [
            counts.total,
            counts.in_scope,
            counts.covered,
            counts.missing,
            counts.unknown_ids,
            counts.known_unmet,
        ];
        let lists = [&self.missing, &self.unknown, &self.known_unmet, &self.evidence_gaps, &self.notes];
        let mut text =
            format!("# REQUIREMENTS FINAL VALIDATION\n\nStatus: {}\n\n## Summary\n", self.status.word());
        for (name, number) in COUNTS.iter().zip(numbers) {
            // Writing to a `String` can't fail.
            let _ = writeln!(text, "- {name}: {number}");
        }
        for (title, list) in SECTIONS.iter().zip(lists) {
            let _ = write!(text, "\n## {title}\n");
            if list.is_empty() {
                text.push_str("- None\n");
            }
            for item in list {
                // One item is one line, whatever was quoted in it.
                let words: Vec<&str> = item.split_whitespace().collect();
                let _ = writeln!(text, "- {}", words.join(" "));
            }
        }
        text
    }
}

/// Reads a validation file or the report a validator printed: the first status that is one of the three words, and as
/// much of the rest as is there. `None` without such a status.
pub fn read_validation(text: &str) -> Option<Validation> {
    let mut status = None;
    let mut counts = Counts::default();
    let mut lists: [Vec<String>; 5] = Default::default();
    let mut section = String::new();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    for line in Lines::new(text).filter(|line| !line.is_hidden() && !line.text.trim().is_empty()) {
        if let Some((_, title)) = heading(line.span()) {
            section = words_of(title.text);
            continue;
        }
        let content = list_item(line.span()).map_or(line.span().trim(), |(_, content)| content);
        if let Some(list) = SECTIONS.iter().position(|title| title.to_lowercase() == section) {
            if !is_none_word(content.text) {
                lists[list].push(content.text.to_owned());
            }
        } else if let Some(found) = field(content) {
            if found.is(&["status"]) {
                status = status.or_else(|| ValidationStatus::read(unwrap_inline(found.value).text));
            } else if section == "summary" {
                count(&mut counts, found.name, found.value);
            }
        }
    }
    let [missing, unknown, known_unmet, evidence_gaps, notes] = lists;
    Some(Validation { status: status?, counts, missing, unknown, known_unmet, evidence_gaps, notes })
}

fn count(counts: &mut Counts, name: Span<'_>, value: Span<'_>) {
    let digits = value.text.bytes().take_while(u8::is_ascii_digit).count();
    let Ok(number) = value.text[..digits].parse() else { return };
    let slots = [
        &mut counts.total,
        &mut counts.in_scope,
        &mut counts.covered,
        &mut counts.missing,
        &mut counts.unknown_ids,
        &mut counts.known_unmet,
    ];
    for (known, slot) in COUNTS.iter().zip(slots) {
        if known.eq_ignore_ascii_case(name.text) {
            *slot = number;
        }
    }
}

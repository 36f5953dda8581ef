//! `PROMPT-REQUIREMENTS-UNMET.md`: what prompts could not bring about, and why.

use orch_core::{Diagnostic, Position};

use super::{ID_HINT, bad_id, leading_id};
use crate::index::plain_name;
use crate::text::{
    Field, Findings, Lines, Span, decode, field, heading, is_none_word, link_target, list_item, quoted,
    unwrap_inline,
};

/// One requirement that one prompt left unmet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The requirement's id.
    pub req: String,
    /// The prompt, without `.md`.
    pub prompt: String,
    /// `Stage`, such as `implementation`.
    pub stage: Option<String>,
    /// `Reason`.
    pub reason: Option<String>,
    /// `Evidence`.
    pub evidence: Option<String>,
    /// Where the prompt is named.
    pub at: Position,
}

/// What [`read_unmet`] made of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmetReading {
    /// What could be read: one entry for each prompt of each requirement.
    pub entries: Vec<Unmet>,
    /// Everything that is wrong or odd, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file of unmet requirements.
///
/// Codes of the findings: `unmet.encoding` (error); `unmet.id`, `unmet.prompt`, `unmet.more` (warnings).
///
/// ```
/// let file = b"# Unmet Requirements\n## REQ-002 Search\n### Prompt: PROMPT-01-a.md\n- Stage: quality_gate\n";
/// let entries = orch_state_md::requirements::read_unmet(file).entries;
/// assert_eq!((entries[0].req.as_str(), entries[0].prompt.as_str()), ("REQ-002", "PROMPT-01-a"));
/// ```
pub fn read_unmet(bytes: &[u8]) -> UnmetReading {
    let decoded = decode(bytes);
    let mut reader = Reader::default();
    if let Some(fault) = decoded.diagnostic("unmet.encoding") {
        reader.findings.push(fault);
    }
    for line in Lines::new(&decoded.text).filter(|line| !line.is_hidden()) {
        match heading(line.span()) {
            Some((_, title)) => reader.heading(title),
            None => reader.line(line.span()),
        }
    }
    reader.close_requirement();
    UnmetReading { entries: reader.entries, diagnostics: reader.findings.finish("unmet.more") }
}

#[derive(Default)]
struct Reader {
    entries: Vec<Unmet>,
    findings: Findings,
    /// The requirement whose prompts follow, where it is written, and whether one of them has been named.
    requirement: Option<(String, Position, bool)>,
    /// Whether fields belong to the last entry.
    in_entry: bool,
}

impl Reader {
    fn heading(&mut self, title: Span<'_>) {
        self.in_entry = false;
        if let Some(found) = field(title).filter(|found| found.is(&["prompt"])) {
            self.prompt(found, title.at);
            return;
        }
        self.close_requirement();
        match leading_id(title) {
            Some(Ok((id, _))) => self.requirement = Some((id, title.at, false)),
            Some(Err(id)) => {
                self.findings.push(Diagnostic::warning("unmet.id", bad_id(&id)).hint(ID_HINT).at(title.at));
            }
            None => {}
        }
    }

    fn prompt(&mut self, found: Field<'_>, at: Position) {
        let name = unwrap_inline(link_target(found.value).map_or(found.value, |(target, _)| target));
        let Some((req, _, named)) = &mut self.requirement else {
            let finding =
                Diagnostic::warning("unmet.prompt", "this prompt stands under no requirement").at(at);
            self.findings.push(finding.hint("put it below a heading such as `## REQ-001 Title`"));
            return;
        };
        if is_none_word(name.text) {
            return;
        }
        *named = true;
        self.in_entry = true;
        self.entries.push(Unmet {
            req: req.clone(),
            prompt: plain_name(name.text),
            stage: None,
            reason: None,
            evidence: None,
            at: name.at,
        });
    }

    fn line(&mut self, line: Span<'_>) {
        let content = list_item(line).map_or(line.trim(), |(_, content)| content);
        let Some(found) = field(content) else { return };
        if found.is(&["prompt"]) && self.requirement.is_some() {
            self.prompt(found, content.at);
            return;
        }
        let Some(entry) = self.entries.last_mut().filter(|_| self.in_entry) else { return };
        let slot = match found.name.text.to_ascii_lowercase().as_str() {
            "stage" => &mut entry.stage,
            "reason" => &mut entry.reason,
            "evidence" => &mut entry.evidence,
            _ => return,
        };
        if !found.value.text.is_empty() {
            slot.get_or_insert(found.value.text.to_owned());
        }
    }

    fn close_requirement(&mut self) {
        if let Some((req, at, false)) = self.requirement.take() {
            let message = format!("{} names no prompt that left it unmet", quoted(&req));
            let finding = Diagnostic::warning("unmet.prompt", message).at(at);
            self.findings.push(finding.hint("add a heading `### Prompt: PROMPT-01-title.md` below it"));
        }
    }
}

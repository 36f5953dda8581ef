//! What the tests of several readers share.

use std::fmt::Write as _;

use orch_core::Diagnostic;

/// Findings as a table of lines.
pub(crate) fn shown(findings: &[Diagnostic]) -> String {
    let mut text = String::new();
    for finding in findings {
        let at = finding.at.map_or("-".to_owned(), |at| at.to_string());
        let sort = if finding.is_error() { "error" } else { "warning" };
        let hint = finding.hint.as_deref().unwrap_or("NO HINT");
        let _ = writeln!(text, "  {at} {sort} {}: {} [{hint}]", finding.code, finding.message);
    }
    text
}

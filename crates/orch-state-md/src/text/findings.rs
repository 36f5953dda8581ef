//! What a reader found wrong, bounded.

use orch_core::{Diagnostic, Severity};

/// Findings kept at most for one file: what is beyond is counted, so that a file full of mistakes can't fill the
/// memory.
const MOST_KEPT: usize = 200;

/// The findings of one reader, in the order of the text as far as it reads in that order.
#[derive(Default)]
pub(crate) struct Findings {
    kept: Vec<Diagnostic>,
    left_out: usize,
    left_out_error: bool,
}

impl Findings {
    /// Adds one finding.
    pub(crate) fn push(&mut self, finding: Diagnostic) {
        if self.kept.len() < MOST_KEPT {
            self.kept.push(finding);
        } else {
            self.left_out += 1;
            self.left_out_error |= finding.is_error();
        }
    }

    /// Adds all that `other` has.
    pub(crate) fn append(&mut self, other: Self) {
        other.kept.into_iter().for_each(|finding| self.push(finding));
        self.left_out += other.left_out;
        self.left_out_error |= other.left_out_error;
    }

    /// All that was kept, by place; `code` names the one that says how many were left out.
    pub(crate) fn finish(self, code: &'static str) -> Vec<Diagnostic> {
        let mut all = self.kept;
        all.sort_by_key(|finding| (finding.at.is_none(), finding.at));
        if self.left_out > 0 {
            let message = format!("{} more findings are not shown", self.left_out);
            let last = all.iter().rev().find_map(|finding| finding.at);
            let more =
                Diagnostic::warning(code, message).hint("mend the ones above and check again").at(last);
            let severity = if self.left_out_error { Severity::Error } else { Severity::Warning };
            all.push(Diagnostic { severity, ..more });
        }
        all
    }
}

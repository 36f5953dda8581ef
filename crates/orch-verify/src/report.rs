//! What all checks came to, and how it is told.

use crate::outcome::Verdict;
use crate::text;

/// The most that [`Report::feedback`] tells, in bytes.
pub const FEEDBACK_BYTES: usize = 4 << 10;

/// Of it, for the output of the check that failed.
const OUTPUT_BYTES: usize = 2200;
const EVIDENCE_BYTES: usize = 1000;
const LINE_CHARS: usize = 160;

/// What all checks came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One for each check, in their order.
    pub results: Vec<CheckResult>,
    /// Whether no check stands in the way: all passed but those that are for a person. True of no checks at all.
    pub passed: bool,
}

/// What one check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// Its place in the plan, from one.
    pub number: usize,
    /// What it is called: `[command] npm test`.
    pub label: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What that rests on, in a few lines; of a demo, what the person is to do. No control characters but line
    /// breaks.
    pub evidence: String,
    /// The last lines of its output, when there was any; as clean as the evidence.
    pub output: String,
    /// Why it is checked, as the plan says.
    pub reason: Option<String>,
    /// What could be done about it, in a line.
    pub fix: Option<String>,
}

impl Report {
    pub(crate) fn new(results: Vec<CheckResult>) -> Self {
        let passed = results.iter().all(|result| result.verdict.goes_on());
        Self { results, passed }
    }

    /// The check that was not passed: there is at most one, since the first ends all.
    pub fn failed(&self) -> Option<&CheckResult> {
        self.results.iter().find(|result| !result.verdict.goes_on())
    }

    /// The checks that wait for a person.
    pub fn for_a_person(&self) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(|result| result.verdict == Verdict::ForAPerson)
    }

    /// All in one line, as a lower-case fragment: `check 2 of 5 failed: [command] npm test`.
    pub fn summary_line(&self) -> String {
        let all = self.results.len();
        if let Some(failed) = self.failed() {
            let how = match failed.verdict {
                Verdict::TimedOut => "timed out",
                Verdict::Error => "could not be decided",
                Verdict::Fail | Verdict::NotRun | Verdict::Pass | Verdict::ForAPerson => "failed",
            };
            return format!("check {} of {all} {how}: {}", failed.number, failed.label);
        }
        let checks = |count: usize| format!("{count} {}", if count == 1 { "check" } else { "checks" });
        match (all, self.for_a_person().count()) {
            (0, _) => "nothing to check".to_owned(),
            (all, 0) => format!("{} passed", checks(all)),
            (all, people) => format!("{} passed, {people} for a person", checks(all - people)),
        }
    }

    /// What the weaver is told, in the form in which the originals' verifier reports: the verdict, how far it went,
    /// the failed check with what was expected and seen and the end of its output, and what could be done about it.
    ///
    /// At most [`FEEDBACK_BYTES`]; of many passed checks the last are listed. Free of control characters, but still
    /// text of others: whoever shows it to an agent has to say where it ends.
    pub fn feedback(&self) -> String {
        let all = self.results.len();
        let failed = self.failed();
        let ran = failed.map_or(all, |failed| failed.number.min(all));
        let verdict = if self.passed { "PASS" } else { "FAIL" };
        let head = format!("RESULT: {verdict}\n\nChecks completed: {ran}/{all}\n");
        let mut end = String::new();
        if let Some(failed) = failed {
            if all > ran {
                end.push_str(&format!("\nNot run: {} more\n", all - ran));
            }
            if let Some(fix) = &failed.fix {
                end.push_str(&format!("\nSuggested fix: {}\n", text::line(fix, 2 * LINE_CHARS)));
            }
        } else {
            match self.for_a_person().count() {
                0 => end.push_str("\nAll checks passed.\n"),
                people => {
                    end.push_str(&format!("\nAll checks passed but {people} for a person to look at.\n"))
                }
            }
        }
        let mut room = FEEDBACK_BYTES.saturating_sub(head.len() + end.len());
        let told_in_full = failed.map(|failed| in_full(failed, room)).unwrap_or_default();
        room = room.saturating_sub(told_in_full.len());
        let before = passed(self.results.iter().take_while(|result| result.verdict.goes_on()), room);
        let mut told = head + &before + &told_in_full + &end;
        // Only a report whose fields were written by somebody else can still be too long.
        told.truncate(text::floor(&told, FEEDBACK_BYTES));
        told
    }
}

/// The passed checks, shortly: the last ones that fit.
fn passed<'a>(results: impl Iterator<Item = &'a CheckResult>, mut room: usize) -> String {
    let all: Vec<_> = results.collect();
    // For the line that says how many are left out.
    let left_out = |count: usize| format!("\n({count} passed checks before are not listed)\n");
    room = room.saturating_sub(left_out(all.len()).len());
    let mut kept = Vec::new();
    for result in all.iter().rev() {
        let told = title(result);
        if told.len() > room {
            break;
        }
        room -= told.len();
        kept.push(told);
    }
    let mut told = String::new();
    if kept.len() < all.len() {
        told.push_str(&left_out(all.len() - kept.len()));
    }
    told.extend(kept.into_iter().rev());
    told
}

fn in_full(result: &CheckResult, room: usize) -> String {
    let mut told = title(result);
    told.push_str(&indented(&text::head(&result.evidence, EVIDENCE_BYTES)));
    if let Some(reason) = &result.reason {
        told.push_str(&format!("   Reason for this check: {}\n", text::line(reason, LINE_CHARS)));
    }
    let title = "\n   Output:\n";
    let mut bytes = OUTPUT_BYTES.min(room.saturating_sub(told.len() + title.len()));
    // Each line takes three bytes more than it has, so it may take another cut to fit.
    loop {
        let output = indented(&text::tail(&result.output, usize::MAX, bytes));
        if output.is_empty() {
            return told;
        }
        if told.len() + title.len() + output.len() <= room {
            return told + title + &output;
        }
        bytes /= 2;
    }
}

fn title(result: &CheckResult) -> String {
    let label = text::line(&result.label, 2 * LINE_CHARS);
    format!("\n{}. {label}\n   Status: {}\n", result.number, result.verdict)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("   {line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn result(number: usize, verdict: Verdict) -> CheckResult {
        CheckResult {
            number,
            label: "[command] npm test".into(),
            verdict,
            evidence: "Exit code: 1".into(),
            output: String::new(),
            reason: None,
            fix: None,
        }
    }

    #[test]
    fn one_line_says_it() {
        use Verdict::{Error, Fail, ForAPerson, NotRun, Pass, TimedOut};
        for (verdicts, passed, expected) in [
            (&[][..], true, "nothing to check"),
            (&[Pass], true, "1 check passed"),
            (&[Pass, ForAPerson, Pass], true, "2 checks passed, 1 for a person"),
            (&[ForAPerson], true, "0 checks passed, 1 for a person"),
            (&[Pass, Fail, NotRun], false, "check 2 of 3 failed: [command] npm test"),
            (&[Error, NotRun], false, "check 1 of 2 could not be decided: [command] npm test"),
            (&[TimedOut], false, "check 1 of 1 timed out: [command] npm test"),
        ] {
            let results =
                verdicts.iter().zip(1..).map(|(verdict, number)| result(number, *verdict)).collect();
            let report = Report::new(results);
            assert_eq!((report.summary_line().as_str(), report.passed), (expected, passed));
        }
    }

    #[test]
    fn of_many_the_last_and_the_failed_are_told() {
        let mut results: Vec<_> = (1..=500).map(|number| result(number, Verdict::Pass)).collect();
        results.push(CheckResult { output: "line\n".repeat(9000), ..result(501, Verdict::Fail) });
        let told = Report::new(results).feedback();
        assert!(told.len() <= FEEDBACK_BYTES && told.len() > FEEDBACK_BYTES / 2);
        assert!(told.contains("Checks completed: 501/501\n\n("), "{told}");
        assert!(told.contains("passed checks before are not listed)"));
        assert!(told.contains("\n500. ") && told.contains("\n501. ") && !told.contains("\n1. "));
        assert!(told.ends_with("   line\n"));
    }

    proptest! {
        #[test]
        fn feedback_is_short_and_clean(
            passed in 0usize..60, texts in prop::array::uniform5("(?s).{0,900}"), output in "(?s)(.{0,3}\n){0,600}",
        ) {
            let [label, evidence, reason, fix, more] = texts;
            let mut results: Vec<_> = (1..=passed).map(|number| result(number, Verdict::Pass)).collect();
            results.push(CheckResult {
                number: passed + 1, label, verdict: Verdict::Fail, evidence, output: output + &more,
                reason: Some(reason), fix: Some(fix),
            });
            let told = Report::new(results).feedback();
            prop_assert!(told.len() <= FEEDBACK_BYTES);
            prop_assert!(told.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
            prop_assert!(told.starts_with("RESULT: FAIL\n"));
        }
    }
}

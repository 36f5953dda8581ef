//! What the end of a process proves.

use std::time::Duration;

use crate::files::timed_out;
use crate::outcome::Outcome;
use crate::text;

/// How much of a log is kept.
const OUTPUT_LINES: usize = 40;
const OUTPUT_BYTES: usize = 4 << 10;
/// How much of a suggested fix is kept, in characters: it is one line.
const FIX_CHARS: usize = 300;

/// What a command of the shell ends with when there is no such program.
const NOT_FOUND: i32 = 127;

/// How something that was to be run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckEnded<'a> {
    /// How its process ended.
    pub exit: Exit,
    /// Of a command, the end of its log; of an agent, its last words in full.
    pub output: &'a str,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody saw it.
    Unknown,
    /// It was stopped because its time was up.
    TimedOut,
    /// There was none; why.
    CouldNotStart(String),
}

/// Judges the end of a command.
pub(crate) fn command(ended: &CheckEnded<'_>, expect: i32, limit: Duration) -> Outcome {
    let outcome = match &ended.exit {
        Exit::Code(code) if *code == expect => Outcome::pass(format!("Exit code: {code}")),
        Exit::Code(NOT_FOUND) => Outcome::error(format!(
            "command not found (exit code {NOT_FOUND})\nThis is an environment issue, not code."
        ))
        .fix("install the program that the output names and see that it is in PATH"),
        Exit::Code(code) => Outcome::fail(format!(
            "Exit code: {code}\nExpected: exit_code {expect}\nActual: exit_code {code}"
        )),
        Exit::Signal(signal) => {
            Outcome::fail(format!("Expected: exit_code {expect}\nActual: ended by signal {signal}"))
        }
        Exit::Unknown => Outcome::error("nobody saw how the command ended"),
        Exit::TimedOut => timed_out("command", limit)
            .fix("see whether it waits for input, watches files or never ends; make it end by itself"),
        Exit::CouldNotStart(why) => could_not_start(why),
    };
    outcome.output(text::tail(ended.output, OUTPUT_LINES, OUTPUT_BYTES))
}

/// Judges what an agent said.
///
/// A pass needs an exit code of 0 as well: an agent that broke off has not looked at everything.
pub(crate) fn agent(ended: &CheckEnded<'_>, limit: Duration) -> Outcome {
    let said = Said::read(ended.output);
    let outcome = match (&ended.exit, said) {
        (Exit::CouldNotStart(why), _) => could_not_start(why),
        (Exit::TimedOut, _) => timed_out("agent", limit),
        (Exit::Code(_), Said::Fail) => Outcome::fail("Expected: RESULT: PASS\nActual: RESULT: FAIL"),
        (Exit::Code(0), Said::Pass) => Outcome::pass("Verdict: RESULT: PASS"),
        (Exit::Code(0), Said::Nothing) => Outcome::error("no verdict: the agent said neither PASS nor FAIL"),
        (Exit::Code(0), Said::Both) => Outcome::error("no verdict: the agent said both PASS and FAIL"),
        (Exit::Code(code), _) => Outcome::error(format!("the agent ended with exit code {code}")),
        (Exit::Signal(signal), _) => Outcome::error(format!("the agent was ended by signal {signal}")),
        (Exit::Unknown, _) => Outcome::error("nobody saw how the agent ended"),
    };
    let fix = if outcome.verdict.goes_on() { None } else { suggested_fix(ended.output) };
    let outcome = Outcome { fix, ..outcome };
    outcome.output(text::tail(ended.output, OUTPUT_LINES, OUTPUT_BYTES))
}

fn could_not_start(why: &str) -> Outcome {
    Outcome::error(format!("could not start: {}", text::line(why, FIX_CHARS)))
}

/// Which verdicts stand on lines of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Pass,
    Fail,
    Both,
    Nothing,
}

impl Said {
    fn read(text: &str) -> Self {
        let (mut pass, mut fail) = (false, false);
        for line in text.lines() {
            let Some(word) = after(line, "result").map(|word| word.trim_matches(is_mark)) else { continue };
            pass |= word.eq_ignore_ascii_case("pass");
            fail |= word.eq_ignore_ascii_case("fail");
        }
        match (pass, fail) {
            (true, false) => Self::Pass,
            (false, true) => Self::Fail,
            (true, true) => Self::Both,
            (false, false) => Self::Nothing,
        }
    }
}

/// The first line that suggests a fix.
fn suggested_fix(text: &str) -> Option<String> {
    let fix = text.lines().find_map(|line| {
        let fix = after(line, "suggested fix")?.trim().trim_start_matches('*').trim();
        Some(fix.strip_suffix("**").unwrap_or(fix)).filter(|fix| !fix.is_empty())
    })?;
    Some(text::line(fix, FIX_CHARS))
}

/// What follows `key:` on a line; Markdown may be around the key.
fn after<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (found, rest) = line.split_once(':')?;
    found.trim_matches(is_mark).eq_ignore_ascii_case(key).then_some(rest)
}

fn is_mark(c: char) -> bool {
    c.is_whitespace() || matches!(c, '*' | '_' | '`')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use proptest::prelude::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn how_a_command_ended() {
        use Verdict::{Error, Fail, Pass, TimedOut};
        for (exit, expect, expected) in [
            (Exit::Code(0), 0, Pass),
            (Exit::Code(1), 0, Fail),
            (Exit::Code(1), 1, Pass),
            (Exit::Code(0), 1, Fail),
            (Exit::Code(126), 0, Fail),
            (Exit::Code(127), 0, Error),
            (Exit::Code(127), 127, Pass),
            (Exit::Signal(9), 0, Fail),
            (Exit::Unknown, 0, Error),
            (Exit::TimedOut, 0, TimedOut),
            (Exit::CouldNotStart("no sh".into()), 0, Error),
        ] {
            let ended = CheckEnded { exit, output: "out" };
            let outcome = command(&ended, expect, LIMIT);
            assert_eq!(outcome.verdict, expected, "{:?}", ended.exit);
            assert_eq!(outcome.output, "out");
        }
        let late = command(&CheckEnded { exit: Exit::TimedOut, output: "" }, 0, LIMIT);
        assert_eq!(late.evidence, "Error: command timed out after 60 seconds");
    }

    #[test]
    fn what_an_agent_said() {
        use Verdict::{Error, Fail, Pass};
        for (text, expected) in [
            ("RESULT: PASS", Pass),
            ("looked\nResult:  pass \nbye", Pass),
            ("**RESULT: PASS**", Pass),
            ("**RESULT:** `PASS`", Pass),
            ("`RESULT: FAIL`", Fail),
            ("RESULT: PASS\nRESULT: PASS\r\n", Pass),
            ("RESULT: PASS\nRESULT: FAIL", Error),
            ("", Error),
            ("PASS", Error),
            ("RESULT: PARTIALLY PASS", Error),
            ("RESULT: PASS or RESULT: FAIL", Error),
            ("say RESULT: PASS", Error),
            ("> RESULT: PASS", Error),
            ("RESULT: PASS.", Error),
            ("RESULT:\nPASS", Error),
        ] {
            let outcome = agent(&CheckEnded { exit: Exit::Code(0), output: text }, LIMIT);
            assert_eq!(outcome.verdict, expected, "{text:?}");
        }
    }

    #[test]
    fn an_agent_that_broke_off_passes_nothing() {
        use Verdict::{Error, Fail, TimedOut};
        for (exit, said, expected) in [
            (Exit::Code(1), "RESULT: PASS", Error),
            (Exit::Code(1), "RESULT: FAIL", Fail),
            (Exit::Signal(15), "RESULT: PASS", Error),
            (Exit::Signal(15), "RESULT: FAIL", Error),
            (Exit::Unknown, "RESULT: PASS", Error),
            (Exit::TimedOut, "RESULT: PASS", TimedOut),
            (Exit::CouldNotStart("gone".into()), "RESULT: PASS", Error),
        ] {
            let outcome = agent(&CheckEnded { exit: exit.clone(), output: said }, LIMIT);
            assert_eq!(outcome.verdict, expected, "{exit:?} {said}");
        }
    }

    #[test]
    fn a_fix_is_one_line() {
        for (text, expected) in [
            ("Suggested fix: use bcrypt", Some("use bcrypt")),
            ("**Suggested fix:** use `bcrypt`\nSuggested fix: b", Some("use `bcrypt`")),
            ("**Suggested fix: a b**", Some("a b")),
            ("  suggested FIX:\nSuggested fix: a: b", Some("a: b")),
            ("no suggested fix: none", None),
        ] {
            let text = format!("RESULT: FAIL\n{text}");
            let outcome = agent(&CheckEnded { exit: Exit::Code(0), output: &text }, LIMIT);
            assert_eq!(outcome.fix.as_deref(), expected, "{text:?}");
        }
        let passed = CheckEnded { exit: Exit::Code(0), output: "RESULT: PASS\nSuggested fix: none" };
        assert_eq!(agent(&passed, LIMIT).fix, None);
    }

    proptest! {
        #[test]
        fn any_words_have_one_verdict(output in "(?s).{0,200}", lines in "(RESULT: (PASS|FAIL|MAYBE)\n|x\n){0,4}") {
            let output = format!("{output}\n{lines}");
            // As the contract says it, written another way.
            let has = |verdict: &str| lines.split('\n').any(|line| line == format!("RESULT: {verdict}"));
            let expected = match (has("PASS"), has("FAIL")) {
                (true, false) => Verdict::Pass,
                (false, true) => Verdict::Fail,
                _ => Verdict::Error,
            };
            let ended = CheckEnded { exit: Exit::Code(0), output: &output };
            prop_assert_eq!(agent(&ended, LIMIT).verdict, expected);
            prop_assert!(agent(&ended, LIMIT).output.len() <= OUTPUT_BYTES);
        }
    }
}

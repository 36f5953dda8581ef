//! A short way through the two kinds of line that a long history is made of.
//!
//! A line whose check is right was spelled by [`encode`](super::chain::encode), so its members stand where they
//! always stand and need not be looked up by name. Any other spelling (an escape, another kind) is left to the
//! reader of JSON; both read the same, which is tested. It makes opening a long history three times as fast.

use std::borrow::Cow;

use orch_core::{Outcome, Status, Time};

use super::{Entry, What};

/// Reads the part of a line before its check; none when it is not spelled in the usual way.
pub(super) fn entry(body: &[u8]) -> Option<Entry<'_>> {
    let mut rest = Rest(body);
    rest.skip(b"{\"seq\":")?;
    let seq = rest.number()?;
    rest.skip(b",\"at\":")?;
    let at = Time::from_millis(rest.number()?);
    rest.skip(b",\"what\":{\"")?;
    let what = if rest.skip(b"moved").is_some() {
        moved(&mut rest)?
    } else {
        rest.skip(b"worker")?;
        worker(&mut rest)?
    };
    (rest.0 == b"}}").then_some(Entry { seq, at, what })
}

fn moved<'a>(rest: &mut Rest<'a>) -> Option<What<'a>> {
    let (task, attempt) = task_and_attempt(rest)?;
    rest.skip(b",\"from\":")?;
    let from = rest.status()?;
    rest.skip(b",\"to\":")?;
    let to = rest.status()?;
    let outcome = match rest.skip(b",\"outcome\":") {
        Some(()) => Some(rest.outcome()?),
        None => None,
    };
    let detail = match rest.skip(b",\"detail\":") {
        Some(()) => Some(rest.text()?.into()),
        None => None,
    };
    rest.skip(b",\"tries\":")?;
    let tries = rest.number()?.try_into().ok()?;
    let reworks = match rest.skip(b",\"reworks\":") {
        Some(()) => rest.number()?.try_into().ok()?,
        None => 0,
    };
    let review_due = rest.skip(b",\"review_due\":true").is_some();
    Some(What::Moved { task, attempt, from, to, outcome, detail, tries, reworks, review_due })
}

fn worker<'a>(rest: &mut Rest<'a>) -> Option<What<'a>> {
    let (task, attempt) = task_and_attempt(rest)?;
    rest.skip(b",\"pid\":")?;
    let pid = rest.number()?.try_into().ok()?;
    rest.skip(b",\"start\":")?;
    let start = rest.number()?;
    rest.skip(b",\"boot\":")?;
    let boot = rest.text()?.into();
    Some(What::Worker { task, attempt, pid, start, boot })
}

fn task_and_attempt<'a>(rest: &mut Rest<'a>) -> Option<(Cow<'a, str>, u32)> {
    rest.skip(b"\":{\"task\":")?;
    let task = rest.text()?.into();
    rest.skip(b",\"attempt\":")?;
    Some((task, rest.number()?.try_into().ok()?))
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut digits) = (0u64, 0);
        while let Some(digit) = self.0.get(digits).filter(|byte| byte.is_ascii_digit()) {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            digits += 1;
        }
        self.0 = &self.0[digits..];
        (digits > 0).then_some(number)
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.word()?).ok()
    }

    fn word(&mut self) -> Option<&'a [u8]> {
        self.skip(b"\"")?;
        let end = memchr::memchr2(b'"', b'\\', self.0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        self.skip(b"\"")?;
        Some(text)
    }

    fn status(&mut self) -> Option<Status> {
        let word = self.word()?;
        Status::ALL.into_iter().find(|status| status.word().as_bytes() == word)
    }

    /// An outcome that is a word alone.
    fn outcome(&mut self) -> Option<Outcome> {
        use Outcome::*;
        let word = self.word()?;
        [Succeeded, Incomplete, Rejected, Failed, Crashed, TimedOut, Cancelled, CouldNotStart, Lost]
            .into_iter()
            .find(|outcome| outcome.word().as_bytes() == word)
    }
}

#[cfg(test)]
mod tests {
    use orch_core::Status::{Pending, Running};
    use proptest::prelude::*;

    use super::*;
    use crate::history::chain::{encode, read_json};

    fn plain(task: &str, outcome: Option<Outcome>) -> What<'_> {
        detailed(task, outcome, None)
    }

    fn detailed<'a>(task: &'a str, outcome: Option<Outcome>, detail: Option<&'a str>) -> What<'a> {
        What::Moved {
            task: task.into(),
            attempt: 1,
            from: Pending,
            to: Running,
            outcome,
            detail: detail.map(Into::into),
            tries: 0,
            reworks: 0,
            review_due: true,
        }
    }

    /// The line of `what` up to its check.
    fn body(what: &What) -> Vec<u8> {
        let mut line = Vec::new();
        encode(&mut line, 0, 7, Time::from_millis(9), what).unwrap();
        line.truncate(line.windows(9).rposition(|at| at == b",\"check\":").unwrap());
        line
    }

    #[test]
    fn the_usual_lines_take_the_short_way() {
        use Outcome::*;
        for outcome in
            [Succeeded, Incomplete, Rejected, Failed, Crashed, TimedOut, Cancelled, CouldNotStart, Lost]
        {
            assert!(entry(&body(&plain("ü~ x", Some(outcome)))).is_some(), "{outcome}");
        }
        assert!(entry(&body(&plain("A", None))).is_some());
        assert!(entry(&body(&detailed("A", Some(Failed), Some("exit code 1; ü")))).is_some());
        let worker =
            What::Worker { task: "A".into(), attempt: 1, pid: u32::MAX, start: u64::MAX, boot: "".into() };
        assert!(entry(&body(&worker)).is_some());
    }

    #[test]
    fn every_other_spelling_is_left_alone() {
        for task in ["\"", "\\", "\n", "a\u{0}"] {
            assert_eq!(entry(&body(&plain(task, None))), None);
            assert_eq!(entry(&body(&detailed("A", None, Some(task)))), None);
        }
        assert_eq!(entry(&body(&plain("A", Some(Outcome::RateLimited { until: None })))), None);
        let usual = String::from_utf8(body(&plain("A", None))).unwrap();
        for (from, to) in [
            ("7", ""),
            ("7", "18446744073709551616"),
            (":1,", ":4294967296,"),
            ("}}", "}}}"),
            ("task", "tusk"),
        ] {
            assert_eq!(entry(usual.replacen(from, to, 1).as_bytes()), None, "{to} for {from}");
        }
        for end in 0..usual.len() {
            assert_eq!(entry(&usual.as_bytes()[..end]), None);
        }
    }

    proptest! {
        /// What is read the short way is what the reader of JSON reads, for bytes that are nearly a usual line.
        #[test]
        fn both_ways_read_the_same(
            task in "[a\"\\\\ü\u{0}]{0,3}", detail in prop::option::of("[a\"\\\\ü,:]{0,3}"), attempt: u32, pid: u32, start: u64, review_due: bool, is_worker: bool,
            from in prop::sample::select(&Status::ALL[..]), at in any::<prop::sample::Index>(), byte: u8, change: bool,
        ) {
            let task = Cow::from(task);
            let what = if is_worker {
                What::Worker { task, attempt, pid, start, boot: "b".into() }
            } else {
                let outcome = Some(Outcome::TimedOut);
                What::Moved { task, attempt, from, to: Running, outcome, detail: detail.map(Into::into), tries: pid, reworks: pid % 3, review_due }
            };
            let mut body = body(&what);
            if change {
                let at = at.index(body.len());
                body[at] = byte;
            }
            if let Some(read) = entry(&body) {
                let line = [&body[..], b"}"].concat();
                // A number may begin with zeros here and not in JSON; no line that orch wrote has such a number.
                if let Some(same) = read_json(&line) {
                    prop_assert_eq!(&read, &same);
                } else {
                    prop_assert!(change);
                }
                if !change {
                    prop_assert_eq!(read.what, what);
                }
            }
        }
    }
}

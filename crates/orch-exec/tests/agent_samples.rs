//! What the real agent programs printed (`fixtures/agent-output`), read and compared with a table made by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use orch_core::Time;
use orch_exec::agent::{Builtin, End, ExitInfo, Reading, ResultKind, read_in, session};
use proptest::prelude::*;
use time::UtcOffset;

/// 2026-11-21T00:40:00Z, about when the samples were taken.
const NOW: Time = Time::from_millis(1_795_221_600_000);

struct Sample {
    name: String,
    kind: ResultKind,
    out: Vec<u8>,
    err: Vec<u8>,
    exit: ExitInfo,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agent-output")
}

fn sample(name: &str) -> Sample {
    let part = |extension: &str| fs::read(folder().join(format!("{name}.{extension}"))).unwrap_or_default();
    let code: i32 = String::from_utf8(part("rc")).unwrap().trim().parse().unwrap();
    let exit = match code {
        0.. => ExitInfo { code: Some(code), signal: None },
        _ => ExitInfo { code: None, signal: Some(-code) },
    };
    let kind = match name.split('-').next().unwrap() {
        // Printed without a format.
        "claude" if name == "claude-text" => ResultKind::Report,
        "claude" => ResultKind::Claude,
        "codex" => ResultKind::Codex,
        "opencode" => ResultKind::Opencode,
        "gemini" => ResultKind::Gemini,
        other => panic!("a sample of {other}?"),
    };
    Sample { name: name.to_owned(), kind, out: part("out"), err: part("err"), exit }
}

fn samples() -> Vec<Sample> {
    let names: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".rc")?.to_owned()))
        .collect();
    assert_eq!(names.len(), EXPECTED.len());
    names.iter().map(|name| sample(name)).collect()
}

impl Sample {
    fn read_log(&self, log: &[u8], exit: Option<ExitInfo>) -> Reading {
        let patterns = Builtin::Claude.profile().rate_limit;
        read_in(&self.kind, &patterns, log, exit, NOW, UtcOffset::UTC).unwrap()
    }

    fn read(&self) -> Reading {
        self.read_log(&[&self.err[..], &self.out].concat(), Some(self.exit))
    }
}

const WELL: End = End::Well;
const BADLY: End = End::Badly;
const SILENT: End = End::Silent;
const REFUSED: End = End::RateLimited { until: None };

const fn refused_until(secs: u64) -> End {
    End::RateLimited { until: Some(Time::from_millis(secs * 1000)) }
}

/// Every sample: how it ended, whether there is a session to resume, whether the report is in its text.
const EXPECTED: &[(&str, End, bool, bool)] = &[
    ("claude-401-maxretries0", BADLY, true, false),
    ("claude-429-maxretries2", REFUSED, true, false),
    ("claude-429-retryafter600", REFUSED, true, false),
    ("claude-500-maxretries0", BADLY, true, false),
    ("claude-529", BADLY, true, false),
    ("claude-credit", BADLY, true, false),
    ("claude-empty", WELL, true, false),
    ("claude-final", WELL, true, true),
    ("claude-maxbudget", BADLY, true, false),
    ("claude-maxturns3", BADLY, true, false),
    ("claude-noperm", WELL, true, true),
    ("claude-noreport", WELL, true, false),
    ("claude-overflow", BADLY, true, false),
    ("claude-root-nosandbox", SILENT, false, false),
    ("claude-s4-resume-dead", BADLY, false, false),
    ("claude-s4b-resume-dead-json", SILENT, false, false),
    ("claude-sigint-tool", BADLY, true, false),
    ("claude-sigterm-tool", SILENT, true, false),
    ("claude-text", WELL, false, true),
    ("claude-tool", WELL, true, true),
    ("claude-usage-oauth", refused_until(1_795_225_379), true, false),
    ("claude-usage-oauth-7day", refused_until(1_795_225_381), true, false),
    // No event in this format, only the text `resets 1:43am (UTC)`.
    ("claude-usage-oauth-json", refused_until(1_795_225_380), true, false),
    ("codex-401-noretry", BADLY, true, false),
    ("codex-429", REFUSED, true, false),
    ("codex-500-noretry", BADLY, true, false),
    ("codex-empty", WELL, true, false),
    ("codex-final", WELL, true, true),
    ("codex-lastmsg", WELL, true, true),
    ("codex-model-codex", WELL, true, true),
    ("codex-noreport", WELL, true, false),
    ("codex-overflow", BADLY, true, false),
    ("codex-quota", REFUSED, true, false),
    ("codex-s4-resume-dead", SILENT, false, false),
    ("codex-sigterm-tool", SILENT, true, false),
    ("codex-tool", WELL, true, true),
    // `try again at 1:36 AM`, read at 00:40 UTC.
    ("codex-usage", refused_until(1_795_224_960), true, false),
    ("gemini-429", REFUSED, true, false),
    ("gemini-close", BADLY, true, false),
    ("gemini-empty", BADLY, true, false),
    ("gemini-final", WELL, true, true),
    ("gemini-final-json", WELL, true, true),
    ("gemini-quota", REFUSED, true, false),
    ("gemini-s4-resume-dead", SILENT, false, false),
    ("gemini-tool", WELL, true, true),
    ("opencode-401", BADLY, true, false),
    // Two windows are used up; the longer one ends then.
    ("opencode-429", refused_until(1_795_225_039), true, false),
    ("opencode-empty", WELL, true, false),
    ("opencode-final", WELL, true, true),
    ("opencode-noreport", WELL, true, false),
    ("opencode-overflow", BADLY, true, false),
    ("opencode-perm-ask", BADLY, true, false),
    ("opencode-s4-resume-dead", SILENT, false, false),
    ("opencode-tool", WELL, true, true),
];

#[test]
fn every_sample_ends_as_the_table_says() {
    let samples = samples();
    let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    let expected: Vec<&str> = EXPECTED.iter().map(|row| row.0).collect();
    assert_eq!(names, expected);
    for (sample, &(name, end, has_session, has_report)) in samples.iter().zip(EXPECTED) {
        let reading = sample.read();
        assert_eq!(reading.end, end, "{name}: {reading:?}");
        assert_eq!(reading.session.is_some(), has_session, "{name}: {reading:?}");
        let report = reading.text.as_deref().is_some_and(|text| text.contains("# ORCHESTRATOR RUN REPORT"));
        assert_eq!(report, has_report, "{name}: {reading:?}");
    }
}

#[test]
fn every_reading_as_a_whole() {
    let mut all = String::new();
    for sample in samples() {
        let reading = sample.read();
        writeln!(all, "{} ({:?})", sample.name, sample.exit).unwrap();
        writeln!(all, "    {:?}", reading.end).unwrap();
        writeln!(all, "    session {:?}", reading.session).unwrap();
        writeln!(all, "    text    {:?}", reading.text).unwrap();
        writeln!(all, "    detail  {:?}", reading.detail).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn an_ended_attempt_whose_exit_nobody_saw_is_judged_by_its_last_event() {
    for sample in samples() {
        let reading = sample.read_log(&sample.out, None);
        let seen = sample.read();
        match seen.end {
            // Here the exit alone tells.
            _ if sample.kind == ResultKind::Report => assert_eq!(reading.end, End::Silent, "{}", sample.name),
            _ if sample.name == "opencode-perm-ask" => assert_eq!(reading.end, End::Silent),
            end => assert_eq!(reading.end, end, "{}", sample.name),
        }
    }
}

#[test]
fn no_sample_went_well_if_its_process_did_not() {
    let exits = [(Some(1), None), (None, Some(9)), (None, Some(15)), (None, None)];
    for sample in samples() {
        for (code, signal) in exits {
            let reading = sample.read_log(&sample.out, Some(ExitInfo { code, signal }));
            assert_ne!(reading.end, End::Well, "{} {code:?} {signal:?}", sample.name);
            assert!(reading.detail.is_some(), "{}", sample.name);
        }
    }
}

#[test]
fn a_stream_that_was_cut_off_before_its_last_event_is_silent() {
    for sample in samples().into_iter().filter(|sample| sample.read().end == End::Well) {
        let lines: Vec<&[u8]> = sample.out.split_inclusive(|&byte| byte == b'\n').collect();
        if sample.kind == ResultKind::Report || sample.name == "gemini-final-json" {
            continue;
        }
        let cut = lines[..lines.len() - 1].concat();
        let reading = sample.read_log(&cut, Some(sample.exit));
        assert_eq!(reading.end, End::Silent, "{}", sample.name);
        // Half of the last line is no event either.
        let last = lines[lines.len() - 1];
        let half = [&cut[..], &last[..last.len() / 2]].concat();
        assert_eq!(sample.read_log(&half, Some(sample.exit)).end, End::Silent, "{}", sample.name);
    }
}

#[test]
fn the_session_is_known_as_soon_as_it_streams() {
    for sample in samples() {
        let whole = sample.read();
        assert_eq!(session(&sample.kind, &sample.out), whole.session, "{}", sample.name);
        // The first event of each format names it; only the single objects come at once.
        let first = sample.out.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        if sample.name != "gemini-final-json" {
            assert_eq!(session(&sample.kind, &sample.out[..first]), whole.session, "{}", sample.name);
            let cut = first.saturating_sub(2);
            assert_eq!(session(&sample.kind, &sample.out[..cut]), None, "{}", sample.name);
        }
    }
}

fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z .:]{0,40}",
        Just("Reading additional input from stdin...".to_owned()),
        Just("    at async Turn.run (file:///opt/agent:333001:24) {".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("{\"level\":\"warn\"}".to_owned()),
        Just("[1, 2]".to_owned()),
        Just("\u{1b}[91mnote\u{1b}[0m\r".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_on_stderr_in_between_change_nothing(
        which in 0..EXPECTED.len(),
        noise in proptest::collection::vec(noise(), 40),
    ) {
        let sample = sample(EXPECTED[which].0);
        // Without a format every line belongs to the text; an object over many lines can't be told from noise.
        prop_assume!(sample.kind != ResultKind::Report && sample.name != "gemini-final-json");
        let mut log = Vec::new();
        let lines: Vec<&[u8]> = sample.out.split_inclusive(|&byte| byte == b'\n').collect();
        for (at, extra) in noise.iter().enumerate() {
            log.extend_from_slice(extra.as_bytes());
            log.push(b'\n');
            log.extend_from_slice(lines.get(at).copied().unwrap_or_default());
        }
        let alone = sample.read_log(&sample.out, Some(sample.exit));
        let among = sample.read_log(&log, Some(sample.exit));
        prop_assert_eq!(&among.end, &alone.end);
        prop_assert_eq!(&among.session, &alone.session);
        prop_assert_eq!(&among.text, &alone.text);
        if alone.end != End::Silent {
            prop_assert_eq!(&among.detail, &alone.detail);
        }
        prop_assert_eq!(session(&sample.kind, &log), alone.session);
    }

    #[test]
    fn a_damaged_log_is_still_read(
        which in 0..EXPECTED.len(),
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut sample = sample(EXPECTED[which].0);
        if !sample.out.is_empty() {
            for (at, byte) in places {
                let at = at.index(sample.out.len());
                sample.out[at] = byte;
            }
        }
        let reading = sample.read();
        if sample.exit.code != Some(0) {
            prop_assert_ne!(reading.end, End::Well);
        }
    }
}

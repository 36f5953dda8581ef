//! The rules of reading, on logs made for them.

use std::io::{self, BufRead, Read};

use orch_core::Time;
use orch_exec::agent::{End, ExitInfo, Reading, ResultKind, read_in, session};
use proptest::prelude::*;
use time::UtcOffset;

const NOW: Time = Time::from_millis(1_795_221_600_000);
const OK: Option<ExitInfo> = Some(ExitInfo { code: Some(0), signal: None });
const FAILED: Option<ExitInfo> = Some(ExitInfo { code: Some(1), signal: None });
const KINDS: [ResultKind; 6] = [
    ResultKind::Report,
    ResultKind::Claude,
    ResultKind::Codex,
    ResultKind::Opencode,
    ResultKind::Gemini,
    ResultKind::Exit,
];

fn patterns() -> Vec<String> {
    ["429", "rate limit", "too many requests"].map(String::from).to_vec()
}

fn reading(kind: ResultKind, log: impl BufRead, exit: Option<ExitInfo>) -> Reading {
    read_in(&kind, &patterns(), log, exit, NOW, UtcOffset::UTC).unwrap()
}

fn end(kind: ResultKind, log: &str, exit: Option<ExitInfo>) -> End {
    reading(kind, log.as_bytes(), exit).end
}

#[test]
fn without_a_format_the_exit_decides() {
    for kind in [ResultKind::Report, ResultKind::Exit] {
        assert_eq!(end(kind, "done", OK), End::Well);
        assert_eq!(end(kind, "done", FAILED), End::Badly);
        assert_eq!(end(kind, "done", None), End::Silent);
        assert_eq!(end(kind, "done", Some(ExitInfo { code: None, signal: Some(9) })), End::Badly);
        let failed = reading(kind, &b"one\n\x1b[31mlast words\x1b[0m\n\n"[..], FAILED);
        assert_eq!(failed.detail.as_deref(), Some("exit code 1: last words"));
        assert_eq!(failed.text.as_deref(), Some("one\n\x1b[31mlast words\x1b[0m\n\n"));
    }
}

#[test]
fn a_worker_that_succeeds_may_talk_about_rate_limits() {
    let log = "I made the client wait after HTTP 429 (rate limit), try again in 20 seconds.\n";
    assert_eq!(end(ResultKind::Report, log, OK), End::Well);
    let until = Some(NOW + core::time::Duration::from_secs(20));
    assert_eq!(end(ResultKind::Report, log, FAILED), End::RateLimited { until });
}

#[test]
fn without_a_format_a_limit_is_looked_for_in_the_last_64_kib_only() {
    let long_ago = format!("HTTP 429\n{}", "x\n".repeat(40 << 10));
    assert_eq!(end(ResultKind::Exit, &long_ago, FAILED), End::Badly);
    let lately = format!("{}HTTP 429\n", "x\n".repeat(40 << 10));
    assert_eq!(end(ResultKind::Exit, &lately, FAILED), End::RateLimited { until: None });
}

#[test]
fn with_a_format_the_words_of_the_model_are_no_sign_of_a_limit() {
    let log = "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n\
               {\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"429 rate limit\"}}\n\
               {\"type\":\"turn.failed\",\"error\":{\"message\":\"disk full\"}}\n";
    assert_eq!(end(ResultKind::Codex, log, FAILED), End::Badly);
}

#[test]
fn a_program_that_is_refused_before_its_first_event_says_so_on_stderr() {
    let log = "HTTP 429 Too Many Requests\nretry-after: 30\n";
    for kind in [ResultKind::Claude, ResultKind::Codex, ResultKind::Opencode, ResultKind::Gemini] {
        let until = Some(NOW + core::time::Duration::from_secs(30));
        assert_eq!(end(kind, log, FAILED), End::RateLimited { until }, "{kind:?}");
        assert_eq!(end(kind, log, OK), End::Silent, "{kind:?}");
        for (code, signal) in [(None, Some(9)), (Some(143), None)] {
            let killed = Some(ExitInfo { code, signal });
            assert_eq!(end(kind, log, killed), End::Silent, "{kind:?}");
        }
    }
}

#[test]
fn a_profile_may_add_words_of_its_own() {
    let log = "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"api_error_status\":529,\
               \"num_turns\":1,\"result\":\"API Error: 529 Overloaded.\"}\n";
    assert_eq!(end(ResultKind::Claude, log, FAILED), End::Badly);
    let words = ["overloaded".to_owned()];
    let read = read_in(&ResultKind::Claude, &words, log.as_bytes(), FAILED, NOW, UtcOffset::UTC).unwrap();
    assert_eq!(read.end, End::RateLimited { until: None });
}

#[test]
fn a_refusal_that_was_overcome_is_none() {
    let log = "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":1795225379}}\n\
               {\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"num_turns\":1,\"result\":\"ok\"}\n";
    assert_eq!(end(ResultKind::Claude, log, OK), End::Well);
}

#[test]
fn a_refusal_without_a_result_counts_unless_it_was_lifted() {
    let window = |status: &str| {
        format!(
            "{{\"type\":\"rate_limit_event\",\"rate_limit_info\":{{\"status\":\"{status}\",\"resetsAt\":1795225379}}}}\n"
        )
    };
    let until = Some(Time::from_millis(1_795_225_379_000));
    assert_eq!(end(ResultKind::Claude, &window("rejected"), FAILED), End::RateLimited { until });
    assert_eq!(end(ResultKind::Claude, &(window("rejected") + &window("allowed")), FAILED), End::Silent);
}

#[test]
fn a_reset_that_is_past_or_absurd_is_not_reported() {
    for resets_at in [1_795_221_599u64, 0, u64::MAX, 9_999_999_999] {
        let log = format!(
            "{{\"type\":\"rate_limit_event\",\"rate_limit_info\":{{\"status\":\"rejected\",\"resetsAt\":{resets_at}}}}}\n"
        );
        assert_eq!(end(ResultKind::Claude, &log, FAILED), End::RateLimited { until: None }, "{resets_at}");
    }
}

#[test]
fn the_exit_code_of_gemini_is_a_status_modulo_256() {
    let log = "{\"type\":\"result\",\"status\":\"error\",\"error\":{\"message\":\"[API Error: no]\"}}\n";
    let exit = |code| Some(ExitInfo { code: Some(code), signal: None });
    assert_eq!(end(ResultKind::Gemini, log, exit(173)), End::RateLimited { until: None });
    assert_eq!(end(ResultKind::Gemini, log, exit(244)), End::Badly);
}

#[test]
fn the_headers_of_a_refusal_say_when_to_come_back() {
    let cases = [
        (
            r#""retry-after":"7","x-ratelimit-remaining-requests":"0","x-ratelimit-reset-requests":"60s""#,
            Some(7_000),
        ),
        (r#""retry-after-ms":"1500","retry-after":"7""#, Some(1_500)),
        (r#""retry-after":"Sat, 21 Nov 2026 00:41:00 GMT""#, Some(60_000)),
        (r#""x-ratelimit-remaining-requests":"0","x-ratelimit-reset-requests":"6m0s""#, Some(360_000)),
        (r#""x-ratelimit-remaining-requests":"9","x-ratelimit-reset-requests":"6m0s""#, None),
        (
            r#""x-ratelimit-remaining-tokens":"0","x-ratelimit-reset-tokens":"20ms","anthropic-ratelimit-unified-reset":"1795221601""#,
            Some(1_000),
        ),
        (r#""x-codex-primary-used-percent":"40.0","x-codex-primary-reset-at":"1795225039""#, None),
        (r#""retry-after":7"#, None),
        (r#""retry-after":"soon""#, None),
        ("", None),
    ];
    for (headers, millis) in cases {
        let log = format!(
            r#"{{"type":"error","timestamp":1795221600000,"sessionID":"s","error":{{"name":"APIError","data":{{"message":"no","statusCode":429,"responseHeaders":{{{headers}}}}}}}}}"#
        );
        let until = millis.map(|millis| NOW + core::time::Duration::from_millis(millis));
        assert_eq!(end(ResultKind::Opencode, &log, FAILED), End::RateLimited { until }, "{headers}");
    }
}

#[test]
fn what_a_subagent_says_is_not_the_text() {
    let said = |text: &str, parent: &str| {
        format!(
            "{{\"type\":\"assistant\",\"message\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}},\"parent_tool_use_id\":{parent}}}\n"
        )
    };
    let log = said("first", "null") + &said("mine", "null") + &said("theirs", "\"toolu_1\"");
    assert_eq!(reading(ResultKind::Claude, log.as_bytes(), FAILED).text.as_deref(), Some("mine"));
}

#[test]
fn pieces_of_a_text_are_joined_until_another_begins() {
    let piece = |text: &str| {
        format!("{{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"{text}\",\"delta\":true}}\n")
    };
    let log = piece("let me") + &piece(" see") + "{\"type\":\"tool_use\"}\n" + &piece("do") + &piece("ne");
    assert_eq!(reading(ResultKind::Gemini, log.as_bytes(), OK).text.as_deref(), Some("done"));

    let part = |message: &str, text: &str| {
        format!(
            "{{\"type\":\"text\",\"sessionID\":\"s\",\"part\":{{\"messageID\":\"{message}\",\"text\":\"{text}\"}}}}\n"
        )
    };
    let log = part("1", "let me see") + &part("2", "do") + &part("2", "ne");
    assert_eq!(reading(ResultKind::Opencode, log.as_bytes(), OK).text.as_deref(), Some("done"));
}

#[test]
fn a_turn_that_begins_after_another_has_not_ended_yet() {
    let log = "{\"type\":\"turn.completed\"}\n{\"type\":\"turn.started\"}\n";
    assert_eq!(end(ResultKind::Codex, log, OK), End::Silent);
    let log = "{\"type\":\"step_finish\",\"part\":{\"reason\":\"stop\"}}\n{\"type\":\"step_start\"}\n";
    assert_eq!(end(ResultKind::Opencode, log, OK), End::Silent);
}

#[test]
fn a_session_that_would_be_an_option_is_not_remembered() {
    for (id, usable) in
        [("a-1_b.c", true), ("-rf", false), ("--last", false), ("a b", false), ("", false), ("é", false)]
    {
        let log = format!("{{\"type\":\"thread.started\",\"thread_id\":\"{id}\"}}\n");
        assert_eq!(session(&ResultKind::Codex, log.as_bytes()).is_some(), usable, "{id}");
        assert_eq!(reading(ResultKind::Codex, log.as_bytes(), OK).session.is_some(), usable, "{id}");
    }
    assert_eq!(session(&ResultKind::Report, b"{\"type\":\"thread.started\",\"thread_id\":\"a\"}\n"), None);
}

#[test]
fn a_line_of_more_than_16_mib_is_passed_over_and_the_next_is_read() {
    let huge = io::repeat(b'x').take(17 << 20);
    let begin = &b"{\"type\":\"message\",\"role\":\"user\",\"content\":\""[..];
    let rest = &b"\"}\n{\"type\":\"result\",\"status\":\"success\"}\n"[..];
    let log = io::BufReader::new(begin.chain(huge).chain(rest));
    assert_eq!(reading(ResultKind::Gemini, log, OK).end, End::Well);
}

#[test]
fn a_text_is_kept_up_to_its_last_mib() {
    let long = format!("{}é{}", "a".repeat(100), "b".repeat((1 << 20) - 1));
    let log = format!(
        "{{\"type\":\"item.completed\",\"item\":{{\"type\":\"agent_message\",\"text\":\"{long}\"}}}}\n"
    );
    let text = reading(ResultKind::Codex, log.as_bytes(), OK).text.unwrap();
    assert_eq!(text, "b".repeat((1 << 20) - 1));
    let text = reading(ResultKind::Report, long.as_bytes(), OK).text.unwrap();
    assert_eq!(text, "b".repeat((1 << 20) - 1));
}

#[test]
fn deep_nesting_is_noise() {
    let log = format!("{{\"type\":\"result\",\"status\":{}", "[".repeat(1 << 20));
    assert_eq!(end(ResultKind::Gemini, &log, OK), End::Silent);
}

#[test]
fn a_log_that_cannot_be_read_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    for kind in KINDS {
        let read = read_in(&kind, &[], io::BufReader::new(Broken), OK, NOW, UtcOffset::UTC);
        assert_eq!(read.unwrap_err().to_string(), "gone", "{kind:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        log in proptest::collection::vec(any::<u8>(), 0..400),
        code in proptest::option::of(-2i32..3),
        now in any::<u64>(),
    ) {
        for kind in KINDS {
            let exit = code.map(|code| ExitInfo { code: Some(code), signal: None });
            let read = read_in(&kind, &patterns(), &log[..], exit, Time::from_millis(now), UtcOffset::UTC);
            prop_assert!(read.is_ok());
            session(&kind, &log);
        }
    }

    /// Bytes of the right shape get further than bytes of none.
    #[test]
    fn no_event_makes_a_reader_panic(
        kinds in proptest::collection::vec(
            prop::sample::select(vec![
                "system", "assistant", "result", "rate_limit_event", "thread.started", "item.completed",
                "turn.failed", "error", "step_finish", "text", "tool_use", "init", "message",
            ]),
            1..6,
        ),
        value in prop::sample::select(vec![
            "null", "1", "-1", "1e999", "\"\"", "\"init\"", "[]", "{}", "[{}]", "{\"message\":null}", "true",
            "{\"type\":\"agent_message\"}", "{\"data\":{\"statusCode\":429,\"responseHeaders\":{}}}",
        ]),
        field in prop::sample::select(vec![
            "subtype", "session_id", "message", "error", "part", "item", "rate_limit_info", "errors", "result",
            "status", "thread_id", "num_turns", "permission_denials", "content",
        ]),
    ) {
        let log: String =
            kinds.iter().map(|kind| format!("{{\"type\":\"{kind}\",\"{field}\":{value}}}\n")).collect();
        for kind in KINDS {
            reading(kind, log.as_bytes(), FAILED);
            reading(kind, log.as_bytes(), None);
        }
    }
}

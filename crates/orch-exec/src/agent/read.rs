//! Judging an ended attempt by its log and its exit.

use std::io::{self, BufRead};

use orch_core::Time;
use time::UtcOffset;

use super::format::{Format, Story};
use super::lines::{LONGEST_LINE, SEARCHED, Tail, each_line, for_a_person};
use super::moment::Clock;
use super::reading::{End, ExitInfo, Reading};
use super::{ResultKind, claude, codex, gemini, limits, opencode, plain};

fn format_of(kind: ResultKind) -> Option<Box<dyn Format>> {
    match kind {
        ResultKind::Claude => Some(Box::new(claude::Reader::default())),
        ResultKind::Codex => Some(Box::new(codex::Reader::default())),
        ResultKind::Opencode => Some(Box::new(opencode::Reader::default())),
        ResultKind::Gemini => Some(Box::new(gemini::Reader::default())),
        ResultKind::Report | ResultKind::Exit => None,
    }
}

/// Reads the log of an ended attempt, in which its stdout and stderr are interleaved.
///
/// Lines that are not of the format are passed over, and so is a line of more than 16 MiB. An attempt went well
/// only if its exit code is 0 (or unknown, because orch itself was gone by then) *and* its last terminal event
/// says so. `patterns` are the profile's `rate_limit`: with an agent's format they are looked for in its error
/// messages only, otherwise in the last 64 KiB of the log, and there only if the exit is not 0, so that a worker
/// may talk about rate limits. `now` is when the attempt ended: "in 20 seconds" is counted from it, and clock
/// times without a zone are those of this machine (see [`read_in`]).
///
/// # Errors
/// Only what reading `log` returns.
///
/// ```
/// use orch_exec::agent::{End, ExitInfo, ResultKind, read};
/// use orch_core::Time;
///
/// let log = b"{\"type\":\"thread.started\",\"thread_id\":\"01a1\"}\n\
///     warning: something on stderr\n\
///     {\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"Done.\"}}\n\
///     {\"type\":\"turn.completed\",\"usage\":{}}\n";
/// let exit = Some(ExitInfo { code: Some(0), signal: None });
/// let reading = read(&ResultKind::Codex, &[], &log[..], exit, Time::from_millis(0))?;
/// assert_eq!(reading.end, End::Well);
/// assert_eq!(reading.text.as_deref(), Some("Done."));
/// assert_eq!(reading.session.as_deref(), Some("01a1"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read(
    kind: &ResultKind,
    patterns: &[String],
    log: impl BufRead,
    exit: Option<ExitInfo>,
    now: Time,
) -> io::Result<Reading> {
    read_with(*kind, patterns, log, exit, Clock::here(now))
}

/// [`read`], with the clock times that name no zone taken at the given offset from UTC.
///
/// # Errors
/// Only what reading `log` returns.
pub fn read_in(
    kind: &ResultKind,
    patterns: &[String],
    log: impl BufRead,
    exit: Option<ExitInfo>,
    now: Time,
    offset: UtcOffset,
) -> io::Result<Reading> {
    read_with(*kind, patterns, log, exit, Clock { now, offset })
}

fn read_with(
    kind: ResultKind,
    patterns: &[String],
    log: impl BufRead,
    exit: Option<ExitInfo>,
    clock: Clock,
) -> io::Result<Reading> {
    let Some(mut format) = format_of(kind) else {
        return plain::read(patterns, log, exit, clock);
    };
    let mut noise = Noise::default();
    each_line(log, LONGEST_LINE, |line| {
        if !format.line(line) {
            noise.line(line);
        }
    })?;
    let mut story = format.story();
    // Gemini's exit code is the HTTP status modulo 256.
    story.refused |= kind == ResultKind::Gemini && exit.is_some_and(|exit| exit.code == Some(429 % 256));
    Ok(judge(story, &noise, patterns, exit, clock))
}

/// Puts together what the format says and what the exit says.
fn judge(story: Story, noise: &Noise, patterns: &[String], exit: Option<ExitInfo>, clock: Clock) -> Reading {
    let Story { well, stopped_short, refused, until, complaint, note, session, text } = story;
    let failed = exit.filter(|exit| !exit.is_well());
    let limited = |complaint: Option<&str>| {
        let complaint = complaint.unwrap_or_default();
        let told = || limits::reset_time_by(complaint, clock);
        (refused || limits::is_refusal(complaint) || limits::mentions_limit(complaint, patterns))
            .then(|| End::RateLimited { until: until.filter(|&until| clock.is_ahead(until)).or_else(told) })
    };
    let (end, detail) = match (well, failed) {
        (Some(true), None) => (End::Well, note),
        (Some(true), Some(exit)) => {
            (End::Badly, Some(format!("{}, although it said that it had finished", exit.said())))
        }
        (Some(false), _) => (limited(complaint.as_deref()).unwrap_or(End::Badly), complaint.or(note)),
        (None, Some(exit)) => {
            // What a killed program wrote before says nothing of why it was killed.
            let said = || (!exit.was_killed()).then(|| noise.end());
            let end = limited(complaint.as_deref()).or_else(|| limited(said().as_deref()));
            let why = complaint.or_else(|| noise.complaint()).filter(|_| exit.signal.is_none());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            (end.unwrap_or(End::Silent), Some(format!("{}{why}", exit.said())))
        }
        (None, None) => {
            let end = if stopped_short && exit.is_some() { End::Badly } else { End::Silent };
            let detail = complaint.or_else(|| noise.complaint());
            (end, detail.or_else(|| Some("ended without saying how".into())))
        }
    };
    Reading { end, session, text, detail: detail.as_deref().and_then(for_a_person) }
}

/// The session in the beginning of a running attempt's log, as soon as it streams.
///
/// The last line of `head` may be cut off. None for the kinds without sessions, and for an id that could not be
/// handed back to the program as an argument.
///
/// ```
/// use orch_exec::agent::{ResultKind, session};
/// let head = b"Warning: noise\n{\"type\":\"init\",\"session_id\":\"d5988a36\",\"model\":\"m\"}\n{\"type\":\"mess";
/// assert_eq!(session(&ResultKind::Gemini, head).as_deref(), Some("d5988a36"));
/// assert_eq!(session(&ResultKind::Gemini, b"{\"type\":\"in"), None);
/// ```
pub fn session(kind: &ResultKind, head: &[u8]) -> Option<String> {
    let mut format = format_of(*kind)?;
    for line in head.split(|&byte| byte == b'\n').filter(|line| line.len() <= LONGEST_LINE) {
        format.line(line);
        if let Some(session) = format.session() {
            return Some(session.to_owned());
        }
    }
    None
}

/// What stood in the log beside the format: the program's stderr.
struct Noise {
    end: Tail,
    last: String,
    last_error: String,
}

impl Default for Noise {
    fn default() -> Self {
        Self { end: Tail::of(SEARCHED), last: String::new(), last_error: String::new() }
    }
}

impl Noise {
    fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        self.end.push(line);
        self.end.push(b"\n");
        let start = String::from_utf8_lossy(&line[..line.len().min(2048)]);
        let slot =
            if start.to_ascii_lowercase().contains("error") { &mut self.last_error } else { &mut self.last };
        slot.clear();
        slot.push_str(&start);
    }

    fn end(&self) -> String {
        self.end.text()
    }

    /// The line that most likely says what went wrong.
    fn complaint(&self) -> Option<String> {
        for_a_person(&self.last_error).or_else(|| for_a_person(&self.last))
    }
}

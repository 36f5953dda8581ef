//! Reads `opencode run --format json`, which has neither a first nor a last event.

use core::time::Duration;

use orch_core::Time;
use serde::Deserialize;

use super::format::{Format, LastText, Story, complaint, may_be_json, usable_session};
use super::limits;

#[derive(Deserialize)]
struct Head {
    r#type: String,
    #[serde(rename = "sessionID")]
    session: Option<String>,
}

#[derive(Deserialize)]
struct TextEvent {
    part: TextPart,
}

#[derive(Deserialize)]
struct TextPart {
    #[serde(rename = "messageID")]
    message: Option<String>,
    text: String,
}

#[derive(Deserialize)]
struct ToolEvent {
    part: ToolPart,
}

#[derive(Deserialize)]
struct ToolPart {
    state: ToolState,
}

#[derive(Deserialize)]
struct ToolState {
    error: Option<String>,
}

#[derive(Deserialize)]
struct FinishEvent {
    part: FinishPart,
}

#[derive(Deserialize)]
struct FinishPart {
    reason: String,
}

#[derive(Deserialize)]
struct ErrorEvent {
    /// When the error came, in milliseconds since the epoch.
    timestamp: Option<u64>,
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    name: Option<String>,
    data: Option<ErrorData>,
}

#[derive(Deserialize)]
struct ErrorData {
    message: Option<String>,
    #[serde(rename = "statusCode")]
    status: Option<i64>,
}

#[derive(Deserialize)]
struct ErrorHeaders {
    error: HeadersOfError,
}

#[derive(Deserialize)]
struct HeadersOfError {
    data: HeadersOfData,
}

#[derive(Deserialize)]
struct HeadersOfData {
    #[serde(rename = "responseHeaders")]
    headers: Headers,
}

/// The headers of a refusal that say when to come back.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Headers {
    retry_after_ms: Option<String>,
    retry_after: Option<String>,
    x_ratelimit_remaining_requests: Option<String>,
    x_ratelimit_reset_requests: Option<String>,
    x_ratelimit_remaining_tokens: Option<String>,
    x_ratelimit_reset_tokens: Option<String>,
    x_codex_primary_used_percent: Option<String>,
    x_codex_primary_reset_at: Option<String>,
    anthropic_ratelimit_unified_reset: Option<String>,
}

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Reader {
    story: Story,
    said: LastText,
    /// The message that the last text belongs to.
    message: Option<String>,
    finish: Option<String>,
    failed: bool,
    tool_error: Option<String>,
}

impl Format for Reader {
    fn line(&mut self, line: &[u8]) -> bool {
        if !may_be_json(line) {
            return false;
        }
        let Ok(head) = serde_json::from_slice::<Head>(line) else { return false };
        if self.story.session.is_none() {
            self.story.session = head.session.and_then(usable_session);
        }
        match head.r#type.as_str() {
            "step_start" => self.finish = None,
            "text" => {
                if let Ok(TextEvent { part }) = serde_json::from_slice(line) {
                    if part.message.is_none() || part.message != self.message {
                        self.said.begin();
                    }
                    self.message = part.message;
                    self.said.push(&part.text);
                }
            }
            "tool_use" => {
                if let Ok(ToolEvent { part }) = serde_json::from_slice(line) {
                    self.tool_error = part.state.error.as_deref().and_then(complaint);
                }
            }
            "step_finish" => {
                if let Ok(FinishEvent { part }) = serde_json::from_slice(line) {
                    self.finish = Some(part.reason);
                }
            }
            "error" => self.error(line),
            _ => {}
        }
        true
    }

    fn session(&self) -> Option<&str> {
        self.story.session.as_deref()
    }

    fn story(self: Box<Self>) -> Story {
        let mut story = Story { text: self.said.whole(), ..self.story };
        if self.failed {
            story.well = Some(false);
            return story;
        }
        match self.finish.as_deref() {
            Some("stop") => story.well = Some(true),
            // More was to come: whether the program gave up or was killed says its exit.
            Some(reason) => {
                let why = self.tool_error.map(|error| format!(": {error}")).unwrap_or_default();
                story.stopped_short = true;
                story.complaint = Some(format!("stopped after a step that ended with `{reason}`{why}"));
            }
            None => {}
        }
        story
    }
}

impl Reader {
    fn error(&mut self, line: &[u8]) {
        self.failed = true;
        let Ok(ErrorEvent { timestamp, error }) = serde_json::from_slice(line) else { return };
        let data = error.data.unwrap_or(ErrorData { message: None, status: None });
        let message = data.message.as_deref().or(error.name.as_deref());
        self.story.complaint = message.and_then(complaint);
        self.story.refused = data.status == Some(429);
        if self.story.refused
            && let Ok(ErrorHeaders { error }) = serde_json::from_slice(line)
        {
            self.story.until = error.data.headers.come_back(Time::from_millis(timestamp.unwrap_or(0)));
        }
    }
}

impl Headers {
    /// When the headers, received at `at`, allow another request: what the server asks for, else the end of the
    /// last window that is used up.
    fn come_back(&self, at: Time) -> Option<Time> {
        let after = |millis: u64| at + Duration::from_millis(millis);
        let number = |header: &Option<String>| header.as_deref()?.trim().parse::<u64>().ok();
        let text = |header: &Option<String>| {
            header.as_deref().and_then(|wait| limits::reset_time(&format!("retry-after: {wait}"), at))
        };
        let asked = number(&self.retry_after_ms).map(after).or_else(|| text(&self.retry_after));
        let used_up = |left: &Option<String>| left.as_deref() == Some("0");
        let requests = || text(&self.x_ratelimit_reset_requests);
        let tokens = || text(&self.x_ratelimit_reset_tokens);
        let seconds = |secs: u64| Time::from_millis(secs.saturating_mul(1000));
        let full = self
            .x_codex_primary_used_percent
            .as_deref()
            .and_then(|percent| percent.parse::<f64>().ok())
            .is_some_and(|percent| percent >= 100.0);
        let windows = [
            used_up(&self.x_ratelimit_remaining_requests).then(requests).flatten(),
            used_up(&self.x_ratelimit_remaining_tokens).then(tokens).flatten(),
            full.then(|| number(&self.x_codex_primary_reset_at)).flatten().map(seconds),
            number(&self.anthropic_ratelimit_unified_reset).map(seconds),
        ];
        asked.or_else(|| windows.into_iter().flatten().max())
    }
}

//! Reads `claude -p --output-format stream-json --verbose`, and the single object of `--output-format json`.

use orch_core::Time;
use serde::Deserialize;

use super::format::{Format, LastText, Story, complaint, may_be_json, usable_session};
use super::lines::{TEXT_KEPT, end_of};

#[derive(Deserialize)]
struct Head {
    r#type: String,
    subtype: Option<String>,
}

#[derive(Deserialize)]
struct Init {
    session_id: String,
}

#[derive(Deserialize)]
struct Assistant {
    message: Message,
    error: Option<String>,
    /// Set on what a subagent says.
    parent_tool_use_id: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Vec<Block>,
}

#[derive(Deserialize)]
struct Block {
    text: Option<String>,
}

#[derive(Deserialize)]
struct RateLimitEvent {
    rate_limit_info: RateLimitInfo,
}

#[derive(Deserialize)]
struct RateLimitInfo {
    status: String,
    #[serde(rename = "resetsAt")]
    resets_at: Option<u64>,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    is_error: bool,
    api_error_status: Option<i64>,
    num_turns: Option<u64>,
    result: Option<String>,
    #[serde(default)]
    errors: Vec<String>,
    terminal_reason: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    permission_denials: Vec<Denial>,
}

#[derive(Deserialize)]
struct Denial {
    tool_name: Option<String>,
}

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Reader {
    story: Story,
    said: LastText,
    /// An assistant line carried the error `rate_limit`.
    limited: bool,
    /// The last `rate_limit_event`: refused, until when.
    window: Option<(bool, Option<Time>)>,
}

impl Format for Reader {
    fn line(&mut self, line: &[u8]) -> bool {
        if !may_be_json(line) {
            return false;
        }
        let Ok(head) = serde_json::from_slice::<Head>(line) else { return false };
        match (head.r#type.as_str(), head.subtype.as_deref()) {
            ("system", Some("init")) => {
                if let Ok(init) = serde_json::from_slice::<Init>(line) {
                    self.found(init.session_id);
                }
            }
            ("assistant", _) => {
                if let Ok(assistant) = serde_json::from_slice(line) {
                    self.assistant(assistant);
                }
            }
            ("rate_limit_event", _) => {
                if let Ok(RateLimitEvent { rate_limit_info: info }) = serde_json::from_slice(line) {
                    let until = info.resets_at.map(|secs| Time::from_millis(secs.saturating_mul(1000)));
                    self.window = Some((info.status == "rejected", until));
                }
            }
            ("result", subtype) => {
                if let Ok(outcome) = serde_json::from_slice(line) {
                    self.outcome(outcome, subtype == Some("success"));
                }
            }
            _ => {}
        }
        true
    }

    fn session(&self) -> Option<&str> {
        self.story.session.as_deref()
    }

    fn story(self: Box<Self>) -> Story {
        let mut story = self.story;
        if story.text.is_none() {
            story.text = self.said.whole();
        }
        if let Some((true, until)) = self.window {
            story.refused = true;
            story.until = until;
        }
        story.refused |= self.limited;
        story
    }
}

impl Reader {
    fn found(&mut self, session: String) {
        if self.story.session.is_none() {
            self.story.session = usable_session(session);
        }
    }

    fn assistant(&mut self, assistant: Assistant) {
        if assistant.parent_tool_use_id.is_some() {
            return;
        }
        // A line with an error holds the program's words, not the model's.
        self.limited = assistant.error.as_deref() == Some("rate_limit");
        if assistant.error.is_none() {
            self.said.begin();
            for text in assistant.message.content.into_iter().filter_map(|block| block.text) {
                self.said.push(&text);
            }
        }
    }

    fn outcome(&mut self, outcome: Outcome, says_success: bool) {
        let well = says_success && !outcome.is_error;
        self.story.well = Some(well);
        // The result of resuming a session that is gone has no turns, and echoes the id that it was given.
        if outcome.num_turns.is_some_and(|turns| turns > 0)
            && let Some(session) = outcome.session_id
        {
            self.found(session);
        }
        self.story.note = denied(&outcome.permission_denials);
        if well {
            self.story.text = outcome.result.map(|text| end_of(&text, TEXT_KEPT).to_owned());
            return;
        }
        self.story.text = None;
        self.story.refused = outcome.api_error_status == Some(429);
        let errors = outcome.errors.join("; ");
        self.story.complaint = match (outcome.result, outcome.terminal_reason.as_deref()) {
            (Some(text), _) => complaint(&text),
            // After an interruption the errors alone tell a person nothing.
            (None, Some(reason)) if reason.starts_with("aborted") => {
                complaint(&format!("{reason}: {errors}"))
            }
            (None, _) => complaint(&errors),
        };
    }
}

/// Denied permissions do not fail a run, but may explain its result.
fn denied(denials: &[Denial]) -> Option<String> {
    let mut tools: Vec<&str> =
        denials.iter().map(|denial| denial.tool_name.as_deref().unwrap_or("a tool")).collect();
    tools.sort_unstable();
    tools.dedup();
    let calls = if denials.len() == 1 { "call was" } else { "calls were" };
    (!tools.is_empty()).then(|| format!("{} tool {calls} denied: {}", denials.len(), tools.join(", ")))
}

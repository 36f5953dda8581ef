//! Reads `codex exec --json`.

use serde::Deserialize;

use super::format::{Format, LastText, Story, complaint, may_be_json, usable_session};

#[derive(Deserialize)]
struct Head {
    r#type: String,
}

#[derive(Deserialize)]
struct ThreadStarted {
    thread_id: String,
}

#[derive(Deserialize)]
struct ItemCompleted {
    item: Item,
}

#[derive(Deserialize)]
struct Item {
    r#type: String,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Failed {
    error: Complaint,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
}

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Reader {
    story: Story,
    said: LastText,
}

impl Format for Reader {
    fn line(&mut self, line: &[u8]) -> bool {
        if !may_be_json(line) {
            return false;
        }
        let Ok(head) = serde_json::from_slice::<Head>(line) else { return false };
        match head.r#type.as_str() {
            "thread.started" => {
                if let Ok(ThreadStarted { thread_id }) = serde_json::from_slice(line)
                    && self.story.session.is_none()
                {
                    self.story.session = usable_session(thread_id);
                }
            }
            "turn.started" => {
                self.story.well = None;
                self.story.complaint = None;
            }
            // An item of type `error` is a warning: an unknown model name makes one in every run.
            "item.completed" => {
                if let Ok(ItemCompleted { item }) = serde_json::from_slice(line)
                    && item.r#type == "agent_message"
                {
                    self.said.begin();
                    self.said.push(item.text.as_deref().unwrap_or_default());
                }
            }
            // Also each reconnection; what became of the turn says the next event.
            "error" => {
                if let Ok(Complaint { message }) = serde_json::from_slice(line) {
                    self.story.complaint = complaint(&message);
                }
            }
            "turn.completed" => {
                self.story.well = Some(true);
            }
            "turn.failed" => {
                self.story.well = Some(false);
                if let Ok(Failed { error }) = serde_json::from_slice(line) {
                    self.story.complaint = complaint(&error.message);
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
        Story { text: self.said.whole(), ..self.story }
    }
}

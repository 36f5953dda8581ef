//! Reads `gemini -o stream-json`, and the single object of `-o json`, which is laid out over many lines.

use serde::Deserialize;

use super::format::{Format, LastText, Story, complaint, may_be_json, usable_session};
use super::lines::{LONGEST_LINE, TEXT_KEPT, end_of};

#[derive(Deserialize)]
struct Head {
    r#type: String,
}

#[derive(Deserialize)]
struct Init {
    session_id: String,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: String,
    /// A piece of a text rather than all of it.
    #[serde(default)]
    delta: bool,
}

#[derive(Deserialize)]
struct Warning {
    message: String,
}

#[derive(Deserialize)]
struct Outcome {
    status: String,
    error: Option<Warning>,
}

#[derive(Deserialize)]
struct Document {
    session_id: Option<String>,
    response: Option<String>,
    error: Option<Warning>,
}

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Reader {
    story: Story,
    said: LastText,
    /// The lines since a line that was nothing but `{`.
    document: Option<Vec<u8>>,
}

impl Format for Reader {
    fn line(&mut self, line: &[u8]) -> bool {
        if may_be_json(line)
            && let Ok(head) = serde_json::from_slice::<Head>(line)
        {
            self.document = None;
            self.event(&head.r#type, line);
            return true;
        }
        self.document_line(line)
    }

    fn session(&self) -> Option<&str> {
        self.story.session.as_deref()
    }

    fn story(self: Box<Self>) -> Story {
        let mut story = self.story;
        if story.text.is_none() {
            story.text = self.said.whole();
        }
        story
    }
}

impl Reader {
    fn found(&mut self, session: String) {
        if self.story.session.is_none() {
            self.story.session = usable_session(session);
        }
    }

    fn event(&mut self, kind: &str, line: &[u8]) {
        match kind {
            "init" => {
                if let Ok(Init { session_id }) = serde_json::from_slice(line) {
                    self.found(session_id);
                }
            }
            "message" => {
                if let Ok(message) = serde_json::from_slice::<Message>(line)
                    && message.role == "assistant"
                {
                    if !message.delta {
                        self.said.begin();
                    }
                    self.said.push(&message.content);
                }
            }
            // What is said after a tool call is another text.
            "tool_use" | "tool_result" => self.said.begin(),
            "error" => {
                if let Ok(Warning { message }) = serde_json::from_slice(line) {
                    self.story.note = complaint(&message);
                }
            }
            "result" => {
                if let Ok(Outcome { status, error }) = serde_json::from_slice(line) {
                    self.story.well = Some(status == "success");
                    self.story.complaint = error.and_then(|error| complaint(&error.message));
                }
            }
            _ => {}
        }
    }

    /// Collects an object that is laid out over many lines.
    fn document_line(&mut self, line: &[u8]) -> bool {
        let line = line.trim_ascii_end();
        if line == b"{" {
            self.document = Some(line.to_vec());
            return false;
        }
        let Some(document) = &mut self.document else { return false };
        if document.len() + line.len() > LONGEST_LINE {
            self.document = None;
            return false;
        }
        document.extend_from_slice(line);
        if line != b"}" {
            return false;
        }
        let document = serde_json::from_slice::<Document>(document);
        self.document = None;
        let Ok(Document { session_id, response, error }) = document else { return false };
        if response.is_none() && error.is_none() {
            return false;
        }
        if let Some(session) = session_id {
            self.found(session);
        }
        self.story.well = Some(error.is_none());
        self.story.complaint = error.and_then(|error| complaint(&error.message));
        self.story.text = response.map(|text| end_of(&text, TEXT_KEPT).to_owned());
        true
    }
}

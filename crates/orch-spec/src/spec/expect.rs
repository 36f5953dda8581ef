//! What a `command` check expects.

use crate::tree::{Node, Value};

/// The forms that are understood.
pub(super) const EXPECT_HINT: &str =
    "write `exit_code 0`, `exit_code: 3` or a bare number; without `expect` it is 0";

/// The exit code that `expect` stands for: `exit_code 3`, `exit_code: 3` (a text or a mapping), or `3`.
pub(super) fn exit_code(node: &Node) -> Option<u8> {
    match &*node.value {
        Value::Number(text) => code(text),
        Value::Text(text) => {
            let text = text.trim();
            match text.strip_prefix("exit_code") {
                Some(rest) if rest.starts_with([' ', '\t', ':']) => {
                    code(rest.trim_start().strip_prefix(':').unwrap_or(rest).trim())
                }
                Some(_) => None,
                None => code(text),
            }
        }
        Value::Map(entries) => match entries.as_slice() {
            [only] if only.key == "exit_code" => match &*only.value.value {
                Value::Number(text) | Value::Text(text) => code(text),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn code(text: &str) -> Option<u8> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

//! What is wrong with YAML that a person has written.

/// The first line of what is wrong with YAML, without its place, which is said beside it.
pub(crate) fn without_place(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let rest = message.strip_prefix("error: line ").and_then(|rest| rest.split_once(": "));
    rest.map_or(message, |(_, said)| said).to_owned()
}

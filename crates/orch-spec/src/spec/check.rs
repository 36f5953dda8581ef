//! The checks of a spec.

use std::time::Duration;

use super::expect::{EXPECT_HINT, exit_code};
use super::read::{CODES, values};
use super::{Check, CheckKind, TestFirst};
use crate::fields::{Fields, fields};
use crate::near::nearest;
use crate::path::check_located;
use crate::reading::{Context, Located, quoted};
use crate::tree::{Node, Value};

const TYPES: [&str; 7] =
    ["command", "file-contains", "file-not-contains", "file-exists", "test-first-check", "demo", "agent"];

/// Longest time limit of a check, so that no clock runs over.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The checks below `verification_spec`, as far as they can be read.
pub(super) fn checks(spec: &Fields<'_>, test_first: &[TestFirst]) -> Vec<Located<Check>> {
    let nodes = spec.list("verification_spec").iter();
    nodes
        .filter_map(|node| Some(Located { value: check(spec.context, node, test_first)?, at: node.at }))
        .collect()
}

fn check(context: &Context, node: &Node, test_first: &[TestFirst]) -> Option<Check> {
    let kind = kind(context, node)?;
    let own: &[&str] = match kind {
        "command" => &["run", "expect"],
        "file-contains" | "file-not-contains" => &["path", "pattern"],
        "file-exists" => &["path"],
        "test-first-check" => &["test_files"],
        "demo" => &["steps", "acceptance"],
        _ => &["prompt"],
    };
    let mut known = vec!["type"];
    known.extend(own);
    known.extend(["name", "reason", "description", "timeout"]);
    let fields = fields(context, node, (&format!("a `{kind}` check"), format!("{kind}: ")), &known)?;
    let text = |key| fields.optional(key).map(|text| text.value);
    let (name, reason, description) = (text("name"), text("reason"), text("description"));
    let timeout = timeout(&fields);
    let path = || {
        let path = fields.required("path", "name a file or folder, relative to the project's root")?;
        check_located(context, "path", &path).then_some(path)
    };
    // A pattern may begin or end with a space that counts.
    let pattern = || match fields.text("pattern").filter(|pattern| !pattern.value.is_empty()) {
        None if fields.get("pattern").is_none_or(|node| matches!(*node.value, Value::Text(_))) => {
            fields.missing("pattern", "say what to look for: a regular expression, in single quotes");
            None
        }
        pattern => pattern,
    };
    let kind = match kind {
        "command" => {
            let run = run(&fields);
            let expect = expect(&fields);
            CheckKind::Command { run: run?, expect: expect? }
        }
        "file-contains" => {
            let (path, pattern) = (path(), pattern());
            CheckKind::FileContains { path: path?, pattern: pattern? }
        }
        "file-not-contains" => {
            let (path, pattern) = (path(), pattern());
            CheckKind::FileNotContains { path: path?, pattern: pattern? }
        }
        "file-exists" => CheckKind::FileExists { path: path()? },
        "test-first-check" => CheckKind::TestFirst { files: test_files(&fields, test_first)? },
        "demo" => CheckKind::Demo { steps: values(fields.texts("steps")), acceptance: text("acceptance") },
        _ => {
            let prompt = fields.required("prompt", "say what the agent shall look at")?;
            CheckKind::Agent { prompt: prompt.value }
        }
    };
    Some(Check { kind, name, reason, description, timeout })
}

/// The check's type, one of [`TYPES`].
fn kind(context: &Context, node: &Node) -> Option<&'static str> {
    let known = format!("write one of: {}", TYPES.join(", "));
    let Value::Map(entries) = &*node.value else {
        let message = format!("a check must be a mapping, not {}", node.value.kind());
        let hint = "write `- type: command` and below it `run: …`";
        context.error(CODES.wrong_type, message, hint, node.at);
        return None;
    };
    let found = entries.iter().find(|entry| entry.key == "type").map(|entry| &entry.value);
    match found.map(|node| (&*node.value, node.at)) {
        Some((Value::Text(text), at)) => {
            let word = text.trim();
            let kind = TYPES.into_iter().find(|kind| *kind == word);
            if kind.is_none() {
                let hint = match nearest(word, &TYPES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => known,
                };
                context.error("spec.check", format!("unknown type {} of a check", quoted(word)), hint, at);
            }
            kind
        }
        Some((other, at)) if !matches!(other, Value::Null) => {
            let message = format!("a check's `type` must be a text, not {}", other.kind());
            context.error(CODES.wrong_type, message, known, at);
            None
        }
        _ => {
            context.error(CODES.missing, "a check without `type`".to_owned(), known, node.at);
            None
        }
    }
}

/// The command. `run: true` and `run: false` are the programs of these names.
fn run(fields: &Fields<'_>) -> Option<String> {
    if let Some(Value::Bool(word)) = fields.get("run").map(|node| &*node.value)
        && matches!(&**word, "true" | "false")
    {
        return Some(word.clone());
    }
    let run = fields.required("run", "say which command to run, such as `run: npm test`")?;
    if run.value.contains('\0') {
        let message = "the command in `run` holds a NUL character".to_owned();
        fields.context.error(CODES.value, message, "remove it", run.at);
        return None;
    }
    Some(run.value)
}

fn expect(fields: &Fields<'_>) -> Option<u8> {
    let Some(node) = fields.get("expect") else { return Some(0) };
    let code = exit_code(node);
    if code.is_none() {
        let shown = match &*node.value {
            Value::Text(text) | Value::Number(text) | Value::Bool(text) => quoted(text),
            other => other.kind().to_owned(),
        };
        let message = format!("`expect` must be an exit code from 0 to 255, not {shown}");
        fields.context.error("spec.expect", message, EXPECT_HINT, node.at);
    }
    code
}

fn test_files(fields: &Fields<'_>, test_first: &[TestFirst]) -> Option<Vec<Located<String>>> {
    let mut files = fields.texts("test_files");
    if files.is_empty() {
        files = test_first.iter().filter_map(|test| test.file.clone()).collect();
        if files.is_empty() {
            fields.missing("test_files", "name the test files, here or in `building_spec.test_first`");
        }
    } else {
        let named = files.len();
        files.retain(|file| check_located(fields.context, "test_files", file));
        if files.len() < named {
            return None;
        }
    }
    (!files.is_empty()).then_some(files)
}

fn timeout(fields: &Fields<'_>) -> Option<Duration> {
    let node = fields.get("timeout")?;
    let duration = match &*node.value {
        Value::Text(text) => parse_timeout(text.trim()),
        _ => None,
    };
    if duration.is_none() {
        let hint = "write a whole number and a unit, such as `90s`, `5m` or `1h`, up to a day";
        fields.wrong("timeout", node, "a time", hint);
    }
    duration
}

/// `<number><s|m|h>`, above zero and up to a day.
fn parse_timeout(text: &str) -> Option<Duration> {
    let unit = match text.chars().next_back()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let duration = Duration::from_secs(digits.parse::<u64>().ok()?.checked_mul(unit)?);
    (duration > Duration::ZERO && duration <= LONGEST).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("24h", Some(86400)),
            ("25h", None),
            ("0s", None),
            ("s", None),
            ("5", None),
            ("-5m", None),
            ("+5m", None),
            ("5 m", None),
            ("1.5h", None),
            ("5ä", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
            ("", None),
        ] {
            assert_eq!(parse_timeout(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}

//! What a line is called: `**Status:** Completed`, `Status: Completed`, `## Status — Completed`.

use super::part::{Named, Part, named};

/// Bytes of a name at most, with the signs in front of it.
const LONGEST: usize = 80;

/// A name and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label<'a> {
    pub(super) named: Named,
    /// The name is emphasised, as those of parts are.
    pub(super) emphasised: bool,
    pub(super) value: &'a str,
}

/// The label that `text` begins with. With `alone`, the whole of it may be the name, as that of a heading or a cell is.
pub(super) fn label(text: &str, alone: bool) -> Option<Label<'_>> {
    let (name, emphasised) = without_signs(text);
    let whole = emphasised && closing(name).is_some_and(|end| end == name.len());
    let window = super::line::front(name, LONGEST);
    let mut delimiters = window.char_indices().filter(|&(at, c)| match c {
        ':' | '：' => !name[at + c.len_utf8()..].starts_with("//"),
        '-' | '–' | '—' => window[..at].ends_with([' ', '*', '_']) || c == '—',
        _ => false,
    });
    if (alone || whole) && name.len() <= LONGEST {
        let bare = name.trim_matches(['*', '_', ' ']);
        if let Some(named) = named(bare, "") {
            return Some(Label { named, emphasised, value: "" });
        }
    }
    let (at, sign) = delimiters.next()?;
    let value = name[at + sign.len_utf8()..].trim_start();
    let value = if emphasised { inner(value, &name[..at]) } else { value };
    let bare = name[..at].trim_matches(['*', '_', '`', ' ']);
    let named = named(bare, value)?;
    // A dash may be one of a sentence: `Notes - see below`.
    let sure =
        emphasised || alone || matches!(named.part, Part::Status | Part::Start | Part::End | Part::Duration);
    (matches!(sign, ':' | '：') || sure).then_some(Label { named, emphasised, value })
}

/// `text` without emphasis, emoji and a number in front, and whether there was emphasis.
fn without_signs(text: &str) -> (&str, bool) {
    let mut rest = text.trim_start();
    let mut emphasised = false;
    for _ in 0..16 {
        let Some(c) = rest.chars().next() else { break };
        let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
        if matches!(c, '*' | '_') {
            emphasised = true;
            rest = &rest[1..];
        } else if (1..=2).contains(&digits) && rest[digits..].starts_with(['.', ')']) {
            rest = &rest[digits + 1..];
        } else if c.is_alphanumeric() || matches!(c, '[' | '(' | '<' | '|' | '"' | '\'' | ':' | '#') {
            break;
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    (rest, emphasised)
}

/// Where the emphasis that began before `name` ends, when nothing but its signs and a colon stands there.
fn closing(name: &str) -> Option<usize> {
    let bare = name.trim_end().trim_end_matches(':').trim_end_matches(['*', '_']).trim_end_matches(':');
    let ends = bare.len() < name.trim_end().len() && !bare.contains(['*', '_']);
    (ends && name.trim_end().contains(['*', '_'])).then_some(name.len())
}

/// A value without the rest of the emphasis that its name began with: `** Completed`, `Completed**`.
fn inner<'a>(value: &'a str, name: &str) -> &'a str {
    if name.ends_with(['*', '_']) {
        return value;
    }
    let after = value.trim_start_matches(['*', '_']);
    if after.len() < value.len() {
        return after.trim_start();
    }
    value.strip_suffix("**").or_else(|| value.strip_suffix("__")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels() {
        for (text, alone, expected) in [
            ("**Status:** Completed", false, Some((Part::Status, "Completed"))),
            ("**Status**: ✅ Completed", false, Some((Part::Status, "✅ Completed"))),
            ("**Status: Completed**", false, Some((Part::Status, "Completed"))),
            ("__Status__ : Completed", false, Some((Part::Status, "Completed"))),
            ("**Status** — Completed", false, Some((Part::Status, "Completed"))),
            ("Status: Completed", false, Some((Part::Status, "Completed"))),
            ("Status - Completed", false, Some((Part::Status, "Completed"))),
            ("✅ **Status:** Completed", false, Some((Part::Status, "Completed"))),
            ("Status", true, Some((Part::Status, ""))),
            ("1. Status", true, Some((Part::Status, ""))),
            ("**Work Completed**", false, Some((Part::Work, ""))),
            ("**Work completed:**", false, Some((Part::Work, ""))),
            ("📁 Files Modified", true, Some((Part::Files, ""))),
            ("Status — Completed", true, Some((Part::Status, "Completed"))),
            ("Worker Summary: M3 - Auth", true, Some((Part::Milestone, "M3 - Auth"))),
            ("Status (Completed/Blocked/Partial): Partial", false, Some((Part::Status, "Partial"))),
            ("Hand-off: x", false, Some((Part::Notes, "x"))),
            ("Status", false, None),
            ("Notes - x", false, None),
            ("I looked at the status: fine", false, None),
            ("https://status", true, None),
            ("", true, None),
        ] {
            let found = label(text, alone).map(|label| (label.named.part, label.value));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}

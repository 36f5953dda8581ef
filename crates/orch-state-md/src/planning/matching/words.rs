//! What a text says, as words that can be compared.

use std::borrow::Cow;

use super::denial::LIMITING;
use crate::state::escape::reference;

/// Words that change nothing: `the form` is `form`.
const EMPTY: [&str; 24] = [
    "a", "an", "the", "of", "for", "in", "on", "at", "and", "with", "by", "is", "are", "was", "were", "be",
    "been", "it", "its", "this", "that", "as", "also", "now",
];

/// Words that turn what follows them: `from A to B` is not `from B to A`. They count together with the next word.
const TURNING: [&str; 13] = [
    "from", "to", "into", "before", "after", "than", "over", "onto", "until", "not", "no", "without",
    "instead",
];

/// Verbs for making something: whoever was to add it may say that it is written.
const MAKING: [&str; 9] =
    ["add", "create", "write", "implement", "build", "make", "develop", "introduce", "provide"];

/// Words of a remark that adds to the task: `Write the form (and its tests)`.
const ADDING: [&str; 12] = [
    "and",
    "plus",
    "also",
    "with",
    "including",
    "include",
    "includes",
    "incl",
    "then",
    "both",
    "all",
    "each",
];

/// Forms that no rule gives.
const IRREGULAR: [(&str, &str); 10] = [
    ("wrote", "write"),
    ("written", "write"),
    ("built", "build"),
    ("made", "make"),
    ("ran", "run"),
    ("did", "do"),
    ("shown", "show"),
    ("hidden", "hide"),
    ("hid", "hide"),
    ("chosen", "choose"),
];

/// `text` without what is no part of a task: struck-through parts, a worker's note in italics at its end (`*(note)*`),
/// and words that only say that it is done.
pub(super) fn bare(text: &str) -> String {
    let unstruck = unstruck(text);
    let mut text = unstruck.trim();
    for _ in 0..4 {
        let before = text.len();
        text = text.trim_end_matches(|c: char| {
            c.is_whitespace() || matches!(c, '.' | '✅' | '✔' | '☑' | '\u{fe0f}')
        });
        for (open, close) in [("*(", ")*"), ("_(", ")_")] {
            if let Some(at) =
                text.strip_suffix(close).and_then(|inner| inner.rfind(open)).filter(|at| *at > 0)
            {
                text = text[..at].trim_end_matches(['*', ' ']);
            }
        }
        for word in ["done", "completed", "complete", "finished"] {
            let Some(front) = strip_end(text, word) else { continue };
            let opened = front.trim_end_matches(['*', '_', ' ']);
            let cut = opened.trim_end_matches(['(', '[', '-', '–', '—', ':', '*', '_', ' ']);
            // A sign has to stand between: `is done` is a part of the sentence.
            let apart = opened.ends_with(['(', '[', '–', '—', ':']) || opened.ends_with(" -");
            if apart && !cut.is_empty() {
                text = cut;
            }
        }
        if text.len() == before {
            break;
        }
    }
    for word in ["done", "completed", "complete", "finished"] {
        let lead = text.trim_start_matches(['*', '_']);
        let Some(front) = lead.get(..word.len()).filter(|front| front.eq_ignore_ascii_case(word)) else {
            continue;
        };
        let rest = lead[front.len()..].trim_start_matches(['*', '_', ' ']);
        if let Some(rest) = rest.strip_prefix([':', '–', '—', '-']).filter(|rest| !rest.trim().is_empty())
        {
            text = rest.trim_start_matches(['*', '_', ' ']);
            break;
        }
    }
    text.to_owned()
}

fn strip_end<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let text = text.trim_end_matches([')', ']', '*', '_']);
    let at = text.len().checked_sub(word.len())?;
    let end = text.get(at..)?;
    end.eq_ignore_ascii_case(word).then(|| &text[..at])
}

fn unstruck(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("~~") {
        let Some(length) = rest[open + 2..].find("~~").filter(|length| *length > 0) else { break };
        out.push_str(&rest[..open]);
        rest = &rest[open + 2 + length + 2..];
    }
    out + rest
}

/// What stands before a remark (`… — with zod`, `… (with zod)`), and how many words of it have to count for it to be
/// the whole task.
pub(super) fn head(text: &str) -> Option<(&str, usize)> {
    let remarks = [(" (", 2), (" — ", 3), ("—", 3), (" – ", 3), (" - ", 3), ("; ", 3), (". ", 3)];
    let found = remarks.iter().filter_map(|(sign, least)| text.find(sign).map(|at| (at, *least)));
    found.min().map(|(at, least)| (&text[..at], least))
}

/// What stands behind a label (`Backend: …`, `Task 2: …`), and how many words of it have to count for it to be the whole
/// task: a number labels any task, a word may be a part of it.
pub(super) fn tail(text: &str) -> Option<(&str, usize)> {
    let (label, tail) = text.split_once(':')?;
    let words = if label.len() <= 80 { spelled(label) } else { Vec::new() };
    let numbered = words.last().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        && (words.len() == 1 || (words.len() == 2 && ["task", "item", "step"].contains(&words[0].as_str())));
    let short = (1..=4).contains(&words.len()) && tail.starts_with([' ', '*', '_']);
    short.then_some((tail, if numbered { 1 } else { 3 }))
}

/// What a box says without what only tells where or what more there is to know: a remark in parentheses at its end
/// (`… (`web/form.md`)`), a number in front (`Task 2: …`). A remark that adds something, takes something back or counts may be a
/// part of the task, and so may a label in words (`Phones: …`).
pub(super) fn without_remark(text: &str) -> Option<&str> {
    if let Some((rest, 1)) = tail(text) {
        return Some(rest);
    }
    let mut depth = 0_usize;
    let open = text.strip_suffix(')')?.char_indices().rev().find(|(_, c)| match c {
        ')' => {
            depth += 1;
            false
        }
        '(' if depth == 0 => true,
        '(' => {
            depth -= 1;
            false
        }
        _ => false,
    });
    let (at, _) = open?;
    let remark = &text[at + 1..text.len() - 1];
    let rest = text[..at].strip_suffix(char::is_whitespace)?;
    let in_code = remark.len() > 2 && remark.starts_with('`') && remark.ends_with('`');
    let words = spelled(remark);
    let says_more = |word: &String| {
        ADDING.contains(&word.as_str()) || LIMITING.contains(&word.as_str()) || has_number(word)
    };
    (in_code || !(words.iter().any(says_more) || remark.contains(['+', '&']))).then_some(rest)
}

/// The words of `text` in lower case, without Markdown and the targets of links. `didn't` is two words.
pub(super) fn spelled(text: &str) -> Vec<String> {
    let text = without_targets(&without_references(text)).to_lowercase().replace(['’', '‘'], "'");
    let text = text.replace("cannot", "can not").replace("can't", "can not").replace("n't", " not");
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() || (matches!(c, '+' | '#') && !word.is_empty()) {
            word.push(c);
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words
}

/// `text` with what its character references stand for: `Vec&#60;u8>` is not about the number 60.
fn without_references(text: &str) -> Cow<'_, str> {
    if !text.contains("&#") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        let (stands_for, length) = reference(&rest[at..]).unwrap_or(('&', 1));
        out.push(stands_for);
        rest = &rest[at + length..];
    }
    Cow::Owned(out + rest)
}

/// `text` with the words of each inline link in its place.
fn without_targets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let Some(end) = rest[at..].find(')') else { break };
        out.push_str(&rest[..at]);
        out.push(' ');
        rest = &rest[at + end + 1..];
    }
    out + rest
}

/// The words that count, in their order and in one form: `Added the tests` is `make test`.
pub(super) fn counting(spelled: &[String]) -> Vec<String> {
    let mut out = Vec::with_capacity(spelled.len());
    let mut turning: Option<&str> = None;
    for word in spelled {
        if EMPTY.contains(&word.as_str()) {
            continue;
        }
        if TURNING.contains(&word.as_str()) {
            turning = Some(word);
            continue;
        }
        let mut form = stem(word);
        if out.is_empty() && MAKING.iter().any(|verb| stem(verb) == form) {
            form = "make".to_owned();
        }
        if let Some(turning) = turning.take() {
            out.push(format!("{turning} {form}"));
        }
        out.push(form);
    }
    out.extend(turning.map(str::to_owned));
    out
}

/// A word without its ending: English ones, of words without digits.
pub(super) fn stem(word: &str) -> String {
    if let Some((_, form)) = IRREGULAR.iter().find(|(written, _)| *written == word) {
        return stem(form);
    }
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let cut = |word: &str, ending: &str, least: usize| {
        let front = word.strip_suffix(ending)?;
        (front.len() >= least && front.contains(['a', 'e', 'i', 'o', 'u', 'y'])).then(|| front.to_owned())
    };
    let mut word = word.to_owned();
    if let Some(front) = cut(&word, "ies", 2) {
        word = front + "y";
    } else if !["ss", "us", "is"].iter().any(|end| word.ends_with(end))
        && let Some(front) = cut(&word, "s", 3)
    {
        word = front;
    }
    if let Some(front) = cut(&word, "ing", 3).or_else(|| cut(&word, "ed", 3)) {
        word = front;
    } else if let Some(front) = cut(&word, "e", 3) {
        word = front;
    }
    // `running` is `run`, `adding` is `add`: doubled letters are made one everywhere.
    let bytes = word.as_bytes();
    if bytes.len() > 2 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2] {
        word.pop();
    }
    // `copied` and `copy`.
    if let Some(front) = word.strip_suffix('i').filter(|front| front.len() > 2) {
        word = format!("{front}y");
    }
    word
}

/// Whether a word has a number in it: such words have to be the same on both sides.
pub(super) fn has_number(word: &str) -> bool {
    word.contains(|c: char| c.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one() {
        for (first, second) in [
            ("tests", "test"),
            ("testing", "tested"),
            ("add", "adding"),
            ("added", "adds"),
            ("create", "created"),
            ("creating", "creates"),
            ("run", "running"),
            ("copy", "copied"),
            ("queries", "query"),
            ("process", "processes"),
            ("wrote", "writing"),
        ] {
            assert_eq!(stem(first), stem(second), "{first} {second}");
        }
        for (first, second) in [
            ("login", "logout"),
            ("import", "export"),
            ("enable", "disable"),
            ("string", "str"),
            ("v1", "v2"),
        ] {
            assert_ne!(stem(first), stem(second), "{first} {second}");
        }
    }

    #[test]
    fn what_is_no_part_of_a_task_is_left_out() {
        for (text, expected) in [
            ("Write the form *(took zod)*", "Write the form"),
            ("Write the form (done)", "Write the form"),
            ("Write the form — done", "Write the form"),
            ("Write the form - **Completed**", "Write the form"),
            ("Write the form ✅", "Write the form"),
            ("Done: write the form", "write the form"),
            ("**Done:** write the form", "write the form"),
            ("Write the form (not done)", "Write the form (not done)"),
            ("See that all is done", "See that all is done"),
            ("done", "done"),
            ("~~Write~~ the form", " the form"),
            ("", ""),
        ] {
            assert_eq!(bare(text), expected.trim(), "{text:?}");
        }
    }

    #[test]
    fn remarks_are_told_from_tasks() {
        for (text, expected) in [
            ("Write the table (`signals/morse.tsv`)", Some("Write the table")),
            ("Write the table (`v2/a.tsv`)", Some("Write the table")),
            ("Write the table (see the guide (old))", Some("Write the table")),
            ("Task 2: write the form", Some(" write the form")),
            ("Write the table (and the index)", None),
            ("Write the table (part 1)", None),
            ("Write the table (only the head)", None),
            ("Write the table (a + b)", None),
            ("Write the [table](a.md)", None),
            ("Phones: write the form", None),
            ("(x)", None),
            ("x)", None),
            ("", None),
        ] {
            assert_eq!(without_remark(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_counts() {
        let counting = |text: &str| counting(&spelled(text)).join(",");
        assert_eq!(counting("Added the **unit tests** for `login.rs`"), "make,unit,test,login,rs");
        assert_eq!(counting("Move from MySQL to [Postgres](x)"), "mov,from mysql,mysql,to postgr,postgr");
        assert_eq!(counting("It didn't work"), "do,not work,work");
        assert_eq!(counting("C++ and C#"), "c++,c#");
    }
}

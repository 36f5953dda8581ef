//! Which model, or which person, should do a milestone.

use super::Recommended;
use super::plain::plain;
use crate::text::{Lines, heading, is_none_word};

/// The models of the planning template.
const FAMILIES: [&str; 3] = ["Haiku", "Sonnet", "Opus"];

/// What stands in front of a recommendation.
const LABELS: [&str; 7] = [
    "recommended model",
    "model recommendation",
    "suggested model",
    "preferred model",
    "recommended models",
    "claude model",
    "model",
];

/// First words of models of others. In prose, where `Model: user and team` is a sentence about something else, only these and
/// names with a number are models.
const OTHERS: [&str; 9] =
    ["gpt", "codex", "gemini", "claude", "llama", "mistral", "qwen", "deepseek", "grok"];

/// Who is named when no agent is meant.
const PEOPLE: [&str; 12] = [
    "owner",
    "user",
    "human",
    "person",
    "manual",
    "manually",
    "you",
    "me",
    "developer",
    "operator",
    "maintainer",
    "hands-on",
];

/// Longest name of a model, in characters.
const LONGEST: usize = 60;

/// Characters of a value that are looked at.
const LONGEST_VALUE: usize = 400;

/// What a cell or the value of a field recommends.
pub(super) fn recommended(value: &str) -> Recommended {
    let value: String = value.chars().take(LONGEST_VALUE).collect();
    let written = plain(&value);
    let model = model(&written);
    let by_person = model.is_none() && names_a_person(&written);
    Recommended { model, by_person, written }
}

/// Whether `text` names a person, at its start or after it has said that there is no model.
fn names_a_person(text: &str) -> bool {
    let is_person = |word: &str| PEOPLE.iter().any(|person| person.eq_ignore_ascii_case(word));
    let words = || {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
        words.filter(|word| word.contains(char::is_alphanumeric))
    };
    let first = words().next().unwrap_or_default();
    let no_model =
        text.starts_with(['—', '–', '-']) || is_none_word(first) || first.eq_ignore_ascii_case("no");
    is_person(first) || (no_model && words().any(is_person))
}

/// The model that `text` names.
fn model(text: &str) -> Option<String> {
    // Commentary follows a dash, a bracket or a sentence's end.
    let ends = ["(", "[", " — ", " – ", " - ", "—", "·", "|", ";", ", ", ". ", " because ", " for "];
    let said = ends.iter().filter_map(|end| text.find(end)).min().map_or(text, |end| &text[..end]);
    let said = said.trim_matches(|c: char| c.is_whitespace() || ".:,→".contains(c));
    // The template's own `Haiku/Sonnet/Opus`, not filled in.
    let named = |text: &str| -> Vec<(usize, &str)> {
        let lower = text.to_ascii_lowercase();
        let place = |name: &&str| word_at(&lower, &name.to_ascii_lowercase());
        let mut named: Vec<_> = FAMILIES.iter().filter_map(|name| Some((place(name)?, *name))).collect();
        named.sort_unstable();
        named
    };
    let families = named(said);
    if families.len() > 1 && said.contains('/') && families.len() == said.split('/').count() {
        return (families.len() < FAMILIES.len()).then(|| families[0].1.to_owned());
    }
    // An id (`claude-opus-4-1`) is more than its family.
    let is_id = !said.contains(char::is_whitespace) && said.contains('-');
    if let Some((_, family)) = families.first()
        && !is_id
    {
        return Some((*family).to_owned());
    }
    let nobody = |word: &str| {
        PEOPLE
            .iter()
            .chain(&["any", "either", "default", "tbd", "model", "no", "team"])
            .any(|no| no.eq_ignore_ascii_case(word))
    };
    let first = said.split_whitespace().next()?;
    let plain = said.chars().all(|c| c.is_alphanumeric() || " .-_:/+".contains(c));
    let a_name = plain
        && said.starts_with(char::is_alphabetic)
        && said.chars().count() <= LONGEST
        && said.split_whitespace().count() <= if is_plausible(said) { 4 } else { 2 }
        && !is_none_word(said)
        && !nobody(first);
    a_name.then(|| said.to_owned())
}

/// Where `word` stands in `text` with no letters around it. Both are in lower case.
fn word_at(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        !text[..at].ends_with(|c: char| c.is_alphanumeric())
            && !text[at + word.len()..].starts_with(|c: char| c.is_alphabetic())
    })
}

/// What the text of a section recommends, wherever it does so first: in a field, in the middle of a line of fields, or under a
/// heading of its own.
pub(super) fn in_section(section: &str) -> Option<Recommended> {
    let mut under_heading = false;
    for (place, line) in Lines::new(section).enumerate() {
        if line.is_hidden() || line.text.trim().is_empty() {
            continue;
        }
        if let Some((_, title)) = heading(line.span()) {
            let title = plain(title.text);
            under_heading = place > 0 && LABELS.iter().any(|label| label.eq_ignore_ascii_case(&title));
            continue;
        }
        if under_heading {
            return Some(recommended(line.text.trim_start_matches(['-', '*', '>', ' '])));
        }
        // Most lines are not about models at all.
        if memchr::memmem::find(line.text.as_bytes(), b"odel").is_none() && !line.text.contains("ODEL") {
            continue;
        }
        let found = line.text.split(['|', '·', '•']).find_map(field).map(recommended);
        let says = |found: &Recommended| found.model.as_deref().map_or(found.by_person, is_plausible);
        if let Some(found) = found.filter(says) {
            return Some(found);
        }
    }
    None
}

/// Whether `name` is one of a model for certain.
fn is_plausible(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    FAMILIES.contains(&name)
        || name.contains(|c: char| c.is_ascii_digit())
        || OTHERS.iter().any(|other| lower.starts_with(other))
}

/// The value of a field that is called after models, with the label in bold, in part or as a whole with its value.
fn field(part: &str) -> Option<&str> {
    let part = part.trim_start_matches(|c: char| c.is_whitespace() || "*_->+🤖".contains(c));
    let label = LABELS
        .iter()
        .find(|label| part.get(..label.len()).is_some_and(|front| front.eq_ignore_ascii_case(label)))?;
    let after = part[label.len()..].trim_start_matches(['*', '_', ' ']);
    let value = after.strip_prefix([':', '=']).or_else(|| after.strip_prefix('—'))?;
    let value = value.trim_start_matches(['*', '_', ' ', '\t']);
    // The next label in bold begins another field.
    Some(value.split(" **").next().unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(recommended: &Recommended) -> String {
        match (&recommended.model, recommended.by_person) {
            (Some(model), false) => model.clone(),
            (None, true) => "person".into(),
            (None, false) => "-".into(),
            (Some(_), true) => "both".into(),
        }
    }

    #[test]
    fn reads_cells() {
        for (cell, expected) in [
            ("Sonnet", "Sonnet"),
            ("opus", "Opus"),
            ("—", "-"),
            ("", "-"),
            ("— (owner)", "person"),
            ("Sonnet (owner-driven)", "Sonnet"),
            ("Owner", "person"),
            ("**Haiku**", "Haiku"),
            ("Haiku/Sonnet/Opus", "-"),
            ("Sonnet/Opus", "Sonnet"),
            ("Opus or Sonnet", "Opus"),
            ("Claude Sonnet 4.5", "Sonnet"),
            ("claude-opus-4-1", "claude-opus-4-1"),
            ("gpt-5", "gpt-5"),
            ("Gemini 2.5 Pro (long context)", "Gemini 2.5 Pro"),
            ("Opusculum", "Opusculum"),
            ("None (the owner does it)", "person"),
            ("whatever the user picks", "-"),
            ("any", "-"),
            ("N/A", "-"),
            ("a sentence that names no model at all", "-"),
        ] {
            assert_eq!(shown(&recommended(cell)), expected, "{cell:?}");
        }
    }

    #[test]
    fn reads_lines_of_sections() {
        for (line, expected) in [
            ("**Model: Sonnet** | **Status: ✅ Complete**", Some("Sonnet")),
            ("**Model: Sonnet** | **Priority: Immediate**", Some("Sonnet")),
            ("**Recommended model:** Sonnet — mostly wiring.", Some("Sonnet")),
            ("**Recommended model: Opus** (the wording matters)", Some("Opus")),
            ("**Model:** Sonnet · **Depends on:** M1, M2 · **Modes:** all", Some("Sonnet")),
            ("**Recommended model:** **Opus — required.**", Some("Opus")),
            ("**Model recommendation**: Haiku", Some("Haiku")),
            ("**Priority:** high | **Model:** Opus", Some("Opus")),
            ("- Model: sonnet, since it is wiring", Some("Sonnet")),
            ("> **Model:** Haiku", Some("Haiku")),
            ("**Model:** gpt-5 **Depends on:** M1", Some("gpt-5")),
            ("**Model:** — (owner)", Some("person")),
            ("**Model:** —", None),
            ("### Model recommendation\n\nOpus. It is hard.", Some("Opus")),
            ("The data model: users and teams", None),
            ("- [ ] Model the users", None),
            ("**Model:** users and teams", None),
            ("```\nModel: Opus\n```", None),
        ] {
            let found = in_section(&format!("## M1\n{line}\n"));
            assert_eq!(found.as_ref().map(shown).as_deref(), expected, "{line:?}");
        }
    }
}

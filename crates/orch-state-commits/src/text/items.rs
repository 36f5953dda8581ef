//! Lists: bullets below a name, `[a, b]` beside it, or one value.

use super::fields::indent;
use super::tidy::tidy;

/// Whether `text` is one of the words for an empty list.
pub(crate) fn says_nothing(text: &str) -> bool {
    let words = ["", "none", "n/a", "[]", "-", "null", "nothing"];
    words.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

/// The items of a list whose field has `inline` beside its name and `lines` below it. Lines that belong to no item go to
/// `stray`.
///
/// An item goes on as long as lines are indented deeper than its bullet, so bullets within an item are part of it.
pub(super) fn read(inline: &str, lines: &[&str], stray: &mut Vec<String>) -> Vec<String> {
    let mut list = List { items: beside(inline), open: None, is_plain: inline.is_empty() };
    for line in lines {
        let depth = indent(line);
        let text = &line[depth..];
        match (list.open, bullet(text)) {
            _ if text.is_empty() => list.go_on(""),
            (Some(bullet), None) if depth > bullet => {
                list.go_on(line.get(depth.min(bullet + 2)..).unwrap_or_default())
            }
            (Some(bullet), Some(_)) if depth >= bullet + 2 => list.go_on(&line[bullet + 2..]),
            (_, Some(text)) => list.begin(text, depth),
            (None, None) if depth > 0 && list.is_plain => list.items.push(text.to_owned()),
            // A heading within a list puts its items into groups.
            (_, None) if depth == 0 && text.starts_with('#') => list.open = None,
            (_, None) => {
                (list.open, list.is_plain) = (None, false);
                stray.push((*line).to_owned());
            }
        }
    }
    tidied(list.items)
}

/// The items of a section that is a list of capabilities.
pub(crate) fn capability_items(text: &str, stray: &mut Vec<String>) -> Vec<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    read("", &lines, stray)
}

/// The items of a section that is a list of paths, with or without bullets.
pub(crate) fn path_items(text: &str) -> Vec<String> {
    let lines: Vec<String> = text.split('\n').map(|line| format!("  {line}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    read("", &lines, &mut Vec::new())
}

/// The items as they are written: each tidy, none that says nothing.
pub(crate) fn tidied(items: Vec<String>) -> Vec<String> {
    items.iter().map(|item| tidy(item)).filter(|item| !says_nothing(item)).collect()
}

struct List {
    items: Vec<String>,
    /// How deep the bullet of the last item is, while lines may still belong to it.
    open: Option<usize>,
    /// Whether lines without a bullet are items: there is none with one.
    is_plain: bool,
}

impl List {
    fn begin(&mut self, text: &str, depth: usize) {
        self.items.push(text.to_owned());
        (self.open, self.is_plain) = (Some(depth), false);
    }

    fn go_on(&mut self, line: &str) {
        if let (Some(item), Some(_)) = (self.items.last_mut(), self.open) {
            item.push('\n');
            item.push_str(line);
        }
    }
}

/// What follows the bullet that `text` begins with.
fn bullet(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['-', '*', '•'])?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

/// The items that are written beside the name of a list: `[]`, `[a, 'b, c']`, `None`, or one item.
fn beside(inline: &str) -> Vec<String> {
    match inline.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => split(inner),
        None if says_nothing(inline) => Vec::new(),
        None => vec![inline.to_owned()],
    }
}

/// `inner` at its commas, but for those within quotes; a backslash within quotes quotes one character.
fn split(inner: &str) -> Vec<String> {
    let (mut items, mut item) = (Vec::new(), String::new());
    let mut characters = inner.chars();
    let mut quote = None;
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => item.extend(characters.next()),
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => item.push(c),
            (None, '\'' | '"') if item.trim().is_empty() => quote = Some(c),
            (None, ',') => items.push(std::mem::take(&mut item)),
            (None, c) => item.push(c),
        }
    }
    items.push(item);
    items.into_iter().map(|item| item.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_every_form() {
        for (inline, lines, expected, left) in [
            ("", "", &[][..], ""),
            ("[]", "", &[], ""),
            ("[ ]", "", &[], ""),
            ("None", "", &[], ""),
            ("n/a", "", &[], ""),
            ("", "  - None", &[], ""),
            ("['002', '003']", "", &["002", "003"], ""),
            ("[task-002, task-003]", "", &["task-002", "task-003"], ""),
            (r#"["a, b", 'it\'s', c"d,]"#, "", &["a, b", "it's", "c\"d"], ""),
            ("['open", "", &["['open"], ""),
            ("User model, with email", "", &["User model, with email"], ""),
            ("[a]", "  - b", &["a", "b"], ""),
            ("", "- a\n- b", &["a", "b"], ""),
            ("", "  * a\n  • b\n\n  - c", &["a", "b", "c"], ""),
            ("", "  - a\n    - b\n    - c\n  - d", &["a\n- b\n- c", "d"], ""),
            ("", "  - a\n   - b", &["a", "b"], ""),
            ("", "  - a\n    goes on\n\n      deeper\n  - b", &["a\ngoes on\n\n  deeper", "b"], ""),
            ("", "  a\n  b", &["a", "b"], ""),
            ("", "  - a\n### More\n  - b", &["a", "b"], ""),
            ("", "  - it provides x: y\n  - Files: parser", &["it provides x: y", "Files: parser"], ""),
            ("", "  -\n  - a", &["a"], ""),
            ("", "  -a", &["-a"], ""),
            ("[]", "\n(nothing yet)", &[], "(nothing yet)"),
            ("", "  - a\nprose\n  more", &["a"], "prose|  more"),
        ] {
            let (lines, mut stray) = (lines.split('\n').collect::<Vec<_>>(), Vec::new());
            assert_eq!(read(inline, &lines, &mut stray), expected, "{inline:?} {lines:?}");
            assert_eq!(stray.join("|"), left, "{inline:?} {lines:?}");
        }
    }
}

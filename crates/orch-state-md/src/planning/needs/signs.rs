//! Which signs arrows and lines are written with, and where ids and words end.

use crate::planning::milestone_id;

/// A sign that lines are drawn with.
pub(super) fn is_line(c: char) -> bool {
    matches!(
        c,
        '-' | '='
            | '–'
            | '—'
            | '―'
            | '─'
            | '━'
            | '═'
            | '╌'
            | '╍'
            | '┄'
            | '┅'
            | '┈'
            | '┉'
            | '╴'
            | '╶'
    )
}

/// The head of an arrow to the right, or a whole one.
pub(super) fn right_head(c: char) -> bool {
    matches!(
        c,
        '>' | '→'
            | '⟶'
            | '➜'
            | '➔'
            | '➙'
            | '➛'
            | '➝'
            | '➞'
            | '➡'
            | '⇒'
            | '⟹'
            | '⇨'
            | '►'
            | '▶'
            | '▸'
            | '▹'
            | '▷'
            | '⮕'
            | '↦'
            | '⇾'
            | '⟾'
            | '⇢'
            | '⭢'
            | '🡒'
    )
}

/// The head of an arrow to the left, or a whole one; not `<`, which may be a tag.
pub(super) fn left_head(c: char) -> bool {
    matches!(c, '←' | '⟵' | '⇐' | '⟸' | '◄' | '◀' | '◂' | '⬅' | '⇦' | '⇠' | '⭠')
}

pub(super) fn both_head(c: char) -> bool {
    matches!(c, '↔' | '⇔' | '⟷' | '⟺' | '⇄' | '⇆' | '⬌')
}

/// Signs that say how the one before is shown.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Whether an id may end before `rest`.
pub(super) fn ends_id(rest: &str) -> bool {
    let mut chars = rest.chars();
    let Some(joint @ ('-' | '/' | '.' | '@' | '\\')) = chars.next() else { return true };
    let after = chars.as_str();
    match chars.next() {
        Some(c) if c.is_ascii_digit() => joint == '-' || joint == '/',
        Some(c) if c.is_alphanumeric() || c == '_' => {
            matches!(joint, '-' | '/') && milestone_id(after).is_some()
        }
        _ => true,
    }
}

/// How many bytes of `rest` are one word, with its hyphens and apostrophes.
pub(super) fn word_length(rest: &str) -> usize {
    let mut length = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let inside = c.is_alphanumeric()
            || c == '_'
            || (matches!(c, '-' | '\'' | '’')
                && at > 0
                && chars.peek().is_some_and(|&(_, next)| next.is_alphanumeric()));
        if !inside {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}

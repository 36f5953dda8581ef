//! Several fields on one line, with dashes between them.

use orch_core::Position;

use crate::text::{Field, Span, field};

/// Where the next field of `text` begins.
pub(super) struct Next {
    /// The end of what stands before the separator, in bytes.
    pub(super) front: usize,
    /// The first byte after the separator.
    pub(super) field: usize,
}

/// The first dash in `text` that separates: a field that `accept` knows follows it.
///
/// A hyphen or an en dash needs white space on both sides, an em dash does not. A dash that anything else follows is
/// part of the prose. `text` has no white space at its end.
pub(super) fn next_field(text: &str, accept: impl Fn(&Field<'_>) -> bool) -> Option<Next> {
    let mut from = 0;
    // The longer dashes begin with this byte, and so do other characters of three bytes.
    while let Some(found) = memchr::memchr2(b'-', 0xE2, &text.as_bytes()[from..]) {
        let front = from + found;
        let dash = separator_length(&text[front..]);
        if dash == 0 {
            from = front + 3;
            continue;
        }
        from = front + dash;
        let spaced =
            text[..front].ends_with(char::is_whitespace) && text[from..].starts_with(char::is_whitespace);
        if spaced || text[front..].starts_with('—') {
            // Only what the field is called matters here; its place is counted when it is taken.
            let rest = Span::new(&text[from..], Position::new(1, 1));
            if field(rest).is_some_and(|found| accept(&found)) {
                return Some(Next { front, field: from });
            }
        }
    }
    None
}

/// How many bytes the dash at the start of `text` has (two hyphens are one dash); 0 when there is none.
pub(super) fn separator_length(text: &str) -> usize {
    match text.chars().next() {
        Some('-') => text.bytes().take(2).take_while(|&b| b == b'-').count(),
        Some(dash @ ('–' | '—')) => dash.len_utf8(),
        _ => 0,
    }
}

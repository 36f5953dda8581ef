//! Lists of names: dependencies, owners, requirement ids.

use orch_core::{Diagnostic, Position};

use super::path::{Folder, without_md};
use crate::text::{Span, is_none_word, link_target, quoted, unwrap_inline};

/// The name of a prompt as all comparisons use it: plain hyphens, no `.md`, no `./` in front.
pub(crate) fn plain_name(name: &str) -> String {
    let name = plain_hyphens(name.trim());
    let name = name.strip_prefix("./").unwrap_or(&name);
    without_md(name).to_owned()
}

/// `text` with the hyphens U+2010 and U+2011, which word processors and some templates write, as `-`.
pub(super) fn plain_hyphens(text: &str) -> String {
    text.replace(['\u{2010}', '\u{2011}'], "-")
}

/// Whether `id` is `REQ-` and digits.
pub(crate) fn is_requirement_id(id: &str) -> bool {
    id.strip_prefix("REQ-").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A name that was understood, or why it was not.
pub(super) type Name<'a> = Result<(String, Position), Trouble<'a>>;

/// A piece of a list that is no name.
pub(super) struct Trouble<'a> {
    piece: Span<'a>,
    why: &'static str,
    hint: &'static str,
}

impl Trouble<'_> {
    /// The finding, under the name `code`; `what` says what the list is.
    pub(super) fn diagnostic(&self, code: &'static str, what: &str) -> Diagnostic {
        Diagnostic::error(code, format!("{what} {} can't be read: {}", quoted(self.piece.text), self.why))
            .hint(self.hint)
            .at(self.piece.at)
    }
}

const HINT: &str = "name each prompt, separated by commas, such as `PROMPT-01, PROMPT-02`, or write `None`";

/// The names of prompts in `value`, separated by commas, semicolons, `and` or `&`. `None`, a dash and nothing are no
/// names. Absolute paths in `folder` are names relative to it.
pub(super) fn prompt_names<'a>(value: Span<'a>, folder: Folder<'_>) -> Vec<Name<'a>> {
    let value = value.trim();
    if is_none_word(bare(value).text) {
        return Vec::new();
    }
    let pieces = split(value).into_iter().map(Span::trim);
    pieces.filter(|piece| !piece.text.is_empty()).map(|piece| prompt_name(piece, folder)).collect()
}

fn prompt_name<'a>(piece: Span<'a>, folder: Folder<'_>) -> Name<'a> {
    // Nearly every name is of this kind, and nothing of what follows has anything to say about it.
    if is_numbered_word(piece.text) {
        return Ok((piece.text.to_owned(), piece.at));
    }
    let refuse = |why| Err(Trouble { piece, why, hint: HINT });
    let piece_after = ["depends on ", "and "]
        .iter()
        .fold(piece, |rest, word| rest.strip_word(word).map_or(rest, Span::trim_start));
    let quoted = piece_after.text.starts_with(['`', '[']);
    let inner = match link_target(piece_after) {
        Some((target, rest)) if rest.text.trim_matches(['.', ' ']).is_empty() => target,
        Some(_) => return refuse("there is more after the link"),
        // The full stop of a sentence; an ellipsis stays and is refused.
        None => bare(piece_after.take(piece_after.text.strip_suffix('.').unwrap_or(piece_after.text).len())),
    };
    let name = plain_name(folder.relative(inner.text));
    if is_none_word(&name) {
        return refuse("it says `none` among other names");
    }
    if ["all", "any", "previous", "above", "both", "everything"].iter().any(|w| name.eq_ignore_ascii_case(w))
    {
        return refuse("it does not name a prompt");
    }
    if name.contains("..") || name.contains(['…', '–', '—']) {
        return refuse("ranges are not understood");
    }
    if name.chars().any(char::is_control) || name.contains('`') {
        return refuse("it is not one name");
    }
    if !quoted && name.chars().any(char::is_whitespace) {
        return refuse("it is more than one word");
    }
    Ok((name, inner.at))
}

/// Whether `text` is one word such as `PROMPT-01`, with a digit in it, so that it means nothing but a name.
pub(super) fn is_numbered_word(text: &str) -> bool {
    // Without an early end, so that many bytes are looked at at once.
    let (is_word, digits) = text.bytes().fold((true, 0), |(is_word, digits), byte| {
        (is_word & (byte.is_ascii_alphanumeric() | (byte == b'-')), digits + u32::from(byte.is_ascii_digit()))
    });
    is_word && digits > 0
}

/// The ids in a list of requirements such as `REQ-001, REQ-004`.
pub(super) fn requirement_ids(value: Span<'_>) -> Vec<Name<'_>> {
    let value = bare(value.trim());
    if is_none_word(value.text) {
        return Vec::new();
    }
    let pieces = split(value).into_iter().map(|piece| bare(piece.trim()));
    pieces.filter(|piece| !piece.text.is_empty()).map(requirement_id).collect()
}

/// One requirement id.
pub(super) fn requirement_id(piece: Span<'_>) -> Name<'_> {
    let id = plain_hyphens(piece.text);
    if is_requirement_id(&id) {
        return Ok((id, piece.at));
    }
    Err(Trouble {
        piece,
        why: "it is not `REQ-` and a number",
        hint: "write ids such as `REQ-001`, separated by commas",
    })
}

/// Without emphasis and code marks around it.
pub(super) fn bare(span: Span<'_>) -> Span<'_> {
    unwrap_inline(span).trim_matches('`').trim()
}

/// Splits at `,`, `;`, `&` and the word `and`, except inside code marks and links.
fn split(value: Span<'_>) -> Vec<Span<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut done) = (value, 0);
    let (mut in_code, mut depth) = (false, 0_usize);
    let bytes = value.text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let mut length = 0;
        match bytes[at] {
            b'`' => in_code = !in_code,
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth = depth.saturating_sub(1),
            b',' | b';' | b'&' if !in_code && depth == 0 => length = 1,
            b' ' | b'\t' if !in_code && depth == 0 && is_and(&bytes[at + 1..]) => length = 4,
            _ => {}
        }
        if length == 0 {
            at += 1;
            continue;
        }
        let (piece, after) = rest.split_at(at - done);
        pieces.push(piece);
        rest = after.skip(length);
        at += length;
        done = at;
    }
    pieces.push(rest);
    pieces
}

/// Whether the word `and` stands at the start of `bytes`, with something after it.
fn is_and(bytes: &[u8]) -> bool {
    bytes.len() > 4 && bytes[..3].eq_ignore_ascii_case(b"and") && matches!(bytes[3], b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> Vec<Result<String, &'static str>> {
        let found = prompt_names(Span::new(value, Position::new(1, 1)), Folder::default());
        found.into_iter().map(|name| name.map(|(name, _)| name).map_err(|trouble| trouble.why)).collect()
    }

    #[test]
    fn reads_lists_of_prompts() {
        for (value, expected) in [
            ("PROMPT-01", &["PROMPT-01"][..]),
            ("PROMPT-01, PROMPT-02;PROMPT-03", &["PROMPT-01", "PROMPT-02", "PROMPT-03"]),
            ("PROMPT-01 and PROMPT-02 & PROMPT-03", &["PROMPT-01", "PROMPT-02", "PROMPT-03"]),
            ("PROMPT-01, and PROMPT-02", &["PROMPT-01", "PROMPT-02"]),
            ("depends on PROMPT-01-a.md", &["PROMPT-01-a"]),
            ("`PROMPT-01-a,b.md`, `x y.md`", &["PROMPT-01-a,b", "x y"]),
            ("[one, two](PROMPT-01-a.md), PROMPT-02", &["PROMPT-01-a", "PROMPT-02"]),
            ("PROMPT\u{2011}01", &["PROMPT-01"]),
            ("**PROMPT-01**.", &["PROMPT-01"]),
            ("`PROMPT-01-a.md`.", &["PROMPT-01-a"]),
            ("./sub/PROMPT-01-a.md", &["sub/PROMPT-01-a"]),
            ("PROMPT-01-salt-and-pepper", &["PROMPT-01-salt-and-pepper"]),
            ("None", &[]),
            ("none.", &[]),
            ("`None`", &[]),
            ("-", &[]),
            ("—", &[]),
            ("N/A", &[]),
            ("", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|name| Ok((*name).to_owned())).collect();
            assert_eq!(names(value), expected, "{value:?}");
        }
    }

    #[test]
    fn guesses_nothing() {
        for value in [
            "PROMPT-01..03",
            "depends on PROMPT-01-...",
            "PROMPT-01…03",
            "PROMPT-01–PROMPT-03",
            "PROMPT-01 - PROMPT-03",
            "PROMPT-01 to PROMPT-03",
            "All previous",
            "all",
            "None, PROMPT-01",
            "PROMPT-01 (schema)",
            "[a](PROMPT-01.md) first",
            "`PROMPT-01",
            "None except PROMPT-01",
            "PROMPT-01 + PROMPT-02",
        ] {
            let found = names(value);
            // An unclosed code mark is dropped with the others: the name inside is certain.
            let certain = value == "`PROMPT-01";
            assert_eq!(found.iter().all(Result::is_ok), certain, "{value:?} gave {found:?}");
        }
    }
}

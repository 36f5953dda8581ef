//! The last line of a state file: orch's own, invisible in rendered Markdown, by which it knows its own writing.

use core::fmt::Write as _;

use xxhash_rust::xxh3::Xxh3;

/// The format that this orch writes, and the newest it reads.
const FORMAT: u32 = 1;

pub(super) const OPENING: &str = "<!-- orch-state:";
const CLOSING: &str = "-->";

/// What the last line of a state file says about who wrote the rest.
///
/// It is what was found when the file was read; edits of the [`StateFile`](super::StateFile) don't alter it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Byte for byte as orch wrote it.
    Intact {
        /// Which history the file belongs to.
        history: u64,
        /// How many transitions of that history it includes.
        seq: u64,
    },
    /// orch wrote it once, and somebody has changed it since.
    Edited {
        /// Which history the file belonged to.
        history: u64,
        /// How many transitions of that history it included.
        seq: u64,
    },
    /// There is a line that looks like orch's, but what it says can't be made out.
    Garbled,
    /// Nothing says that orch ever wrote this file.
    Absent,
}

/// What a line that looks like the mark says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Written by an orch that knows a newer format.
    Newer,
    Known {
        history: u64,
        seq: u64,
    },
    Garbled,
}

/// Whether `line` is meant as the mark.
pub(super) fn looks_like_mark(line: &str) -> bool {
    line.trim_start_matches([' ', '\t']).starts_with(OPENING)
}

/// Reads a line that [looks like the mark](looks_like_mark). Whether its check is right is not looked at.
pub(super) fn read(line: &str) -> Said {
    let line = line.trim_matches([' ', '\t']);
    let said = line.strip_prefix(OPENING).unwrap_or_default();
    let mut words = said.strip_suffix(CLOSING).unwrap_or(said).split_ascii_whitespace();
    let mut value = |key: &str| words.next()?.strip_prefix(key)?.strip_prefix('=');

    let Some(format) = value("format").filter(|format| is_number(format)) else { return Said::Garbled };
    // A number too large to be read is newer as well.
    match format.parse::<u32>() {
        Ok(FORMAT) => {}
        Ok(0) => return Said::Garbled,
        _ => return Said::Newer,
    }
    let history = value("history").and_then(hex);
    let seq = value("seq").filter(|seq| is_number(seq)).and_then(|seq| seq.parse().ok());
    let check = value("check").and_then(hex);
    match (history, seq, check) {
        (Some(history), Some(seq), Some(_)) => Said::Known { history, seq },
        _ => Said::Garbled,
    }
}

/// Adds the mark for `body`, which ends at the end of a line, to it.
pub(super) fn append(body: &mut Vec<u8>, history: u64, seq: u64, line_ending: &str) {
    let line = render(body, history, seq, line_ending);
    body.extend_from_slice(line.as_bytes());
}

/// The mark for `body`, with its line ending.
pub(super) fn render(body: &[u8], history: u64, seq: u64, line_ending: &str) -> String {
    let said = format!("format={FORMAT} history={history:016x} seq={seq}");
    let mut check = Xxh3::new();
    check.update(body);
    check.update(said.as_bytes());
    let mut line = String::with_capacity(128);
    // Writing to a string can't fail.
    let _ = write!(line, "{OPENING} {said} check={:016x} {CLOSING}{line_ending}", check.digest());
    line
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn hex(text: &str) -> Option<u64> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_as_documented() {
        let mut body = b"hello\n".to_vec();
        append(&mut body, 0xabc, 12, "\n");
        let check = xxhash_rust::xxh3::xxh3_64(b"hello\nformat=1 history=0000000000000abc seq=12");
        let expected = format!(
            "hello\n<!-- orch-state: format=1 history=0000000000000abc seq=12 check={check:016x} -->\n"
        );
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        assert_eq!(read(expected.lines().last().unwrap()), Said::Known { history: 0xabc, seq: 12 });
    }

    #[test]
    fn reads_what_can_be_made_out() {
        for (line, expected) in [
            ("<!-- orch-state: format=2 whatever -->", Said::Newer),
            ("<!-- orch-state: format=99999999999999999999 -->", Said::Newer),
            (
                "<!-- orch-state: format=0 history=0000000000000001 seq=1 check=0000000000000000 -->",
                Said::Garbled,
            ),
            ("<!-- orch-state: format=+1 -->", Said::Garbled),
            ("<!-- orch-state: format=1 history=12 seq=1 check=0000000000000000 -->", Said::Garbled),
            ("<!-- orch-state: format=1 history=0000000000000001 seq=1", Said::Garbled),
            ("<!-- orch-state:", Said::Garbled),
            (
                "<!-- orch-state: format=1 history=000000000000000A seq=07 check=0000000000000000",
                Said::Known { history: 10, seq: 7 },
            ),
        ] {
            assert!(looks_like_mark(line));
            assert_eq!(read(line), expected, "{line}");
        }
    }
}

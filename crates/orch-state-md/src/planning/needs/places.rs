//! Bytes of a text as lines and columns.

use hashbrown::HashMap;
use orch_core::Position;

use crate::text::clamp;

/// The positions of some bytes of a text.
pub(super) struct Places(HashMap<usize, Position>);

impl Places {
    /// Finds the line and the column of all `bytes` in one pass over the text.
    pub(super) fn new(text: &str, mut bytes: Vec<usize>) -> Self {
        bytes.sort_unstable();
        bytes.dedup();
        let mut places = HashMap::with_capacity(bytes.len());
        let (mut at, mut line, mut column) = (0, 1, 1);
        for byte in bytes {
            let Some(piece) = text.get(at..byte) else { continue };
            let breaks = memchr::memchr_iter(b'\n', piece.as_bytes()).count();
            let rest = match piece.rfind('\n') {
                Some(end) => {
                    column = 1;
                    &piece[end + 1..]
                }
                None => piece,
            };
            line += breaks;
            column += rest.chars().count();
            at = byte;
            places.insert(byte, Position::new(clamp(line), clamp(column)));
        }
        Self(places)
    }

    /// The position of a byte that was asked for.
    pub(super) fn of(&self, byte: usize) -> Position {
        self.0.get(&byte).copied().unwrap_or(Position::new(1, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters() {
        let text = "ä→b\r\nc\n\nd";
        let places = Places::new(text, vec![0, 5, 8, 11, 5, 99]);
        let found: Vec<String> = [0, 5, 8, 11].iter().map(|&byte| places.of(byte).to_string()).collect();
        assert_eq!(found, ["1:1", "1:3", "2:1", "4:1"]);
    }
}

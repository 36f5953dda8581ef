//! What belongs together: parentheses, and the signs around code.

use hashbrown::HashMap;

use super::token::{Kind, Token};

/// A code span.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeSpan {
    /// Where its opening run of backticks begins.
    pub(super) start: usize,
    /// Where its closing run begins, and the byte behind that.
    pub(super) content_end: usize,
    pub(super) end: usize,
    /// How many backticks each run has.
    pub(super) length: usize,
}

/// The code spans from byte `start` on, in order. A list rather than a table by place: who asks goes from left to right, and
/// a table of millions costs six times as much a span in a line of 50 MB.
pub(super) fn code_spans(text: &str, start: usize) -> Vec<CodeSpan> {
    let bytes = &text.as_bytes()[start..];
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'`', &bytes[at..]) {
        let begin = at + found;
        let length = bytes[begin..].iter().take_while(|&&b| b == b'`').count();
        runs.push((start + begin, length));
        at = begin + length;
    }
    let mut next: Vec<Option<usize>> = vec![None; runs.len()];
    let mut last: HashMap<usize, usize> = HashMap::new();
    for (index, &(_, length)) in runs.iter().enumerate().rev() {
        next[index] = last.insert(length, index);
    }
    let mut spans = Vec::new();
    let mut index = 0;
    while index < runs.len() {
        let (begin, length) = runs[index];
        match next[index] {
            Some(close) => {
                let content_end = runs[close].0;
                spans.push(CodeSpan { start: begin, content_end, end: content_end + length, length });
                index = close + 1;
            }
            None => index += 1,
        }
    }
    spans
}

/// Lets every opening sign know its closing one; what has no partner is nothing, and so are the brackets of links.
pub(super) fn pair(tokens: &mut [Token<'_>]) {
    let mut open: Vec<usize> = Vec::new();
    for index in 0..tokens.len() {
        match tokens[index].kind {
            Kind::Open(_) => open.push(index),
            Kind::Close => match open.pop() {
                Some(begin) if tokens[index].at == tokens[index].end => {
                    tokens[begin].kind = Kind::Nothing;
                    tokens[index].kind = Kind::Nothing;
                }
                Some(begin) => tokens[begin].kind = Kind::Open(index),
                None => tokens[index].kind = Kind::Nothing,
            },
            _ => {}
        }
    }
    for begin in open {
        tokens[begin].kind = Kind::Nothing;
    }
}

/// At most so many tokens in a row only say how something looks, so that nobody has to go far to get past them.
const MOST_LOOKS: usize = 8;

/// Leaves out what is nothing, and what is too much of looks.
pub(super) fn shorten(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut looks = 0;
    let mut kept = 0;
    let places: Vec<usize> = tokens
        .iter()
        .map(|token| {
            looks = if token.is_look() { looks + 1 } else { 0 };
            let place = kept;
            kept += usize::from(token.kind != Kind::Nothing && looks <= MOST_LOOKS);
            place
        })
        .collect();
    let mut looks = 0;
    let mut tokens = tokens;
    tokens.retain_mut(|token| {
        looks = if token.is_look() { looks + 1 } else { 0 };
        if let Kind::Open(close) = &mut token.kind {
            *close = places[*close];
        }
        token.kind != Kind::Nothing && looks <= MOST_LOOKS
    });
    tokens
}

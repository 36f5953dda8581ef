//! Numbers, words and signs of what a worker wrote of time.

/// Bytes of a text that are looked at.
const LONGEST: usize = 400;

/// The first bytes of `text`.
pub(super) fn bounded(text: &str) -> &str {
    super::line::front(text, LONGEST)
}

/// A piece of what may be a moment or a duration.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A number and how many digits it has.
    Number(u32, usize),
    /// Letters, in lower case.
    Word(String),
    /// White space of any length.
    Space,
    /// Anything else.
    Sign(char),
}

/// The tokens of `text`, without emphasis and code marks.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for c in text.chars() {
        let token = match (c, tokens.last_mut()) {
            ('0'..='9', Some(Token::Number(number, digits))) => {
                *number = number.saturating_mul(10).saturating_add(c.to_digit(10).unwrap_or(0));
                *digits += 1;
                continue;
            }
            ('0'..='9', _) => Token::Number(c.to_digit(10).unwrap_or(0), 1),
            (c, Some(Token::Word(word))) if c.is_alphabetic() => {
                word.extend(c.to_lowercase());
                continue;
            }
            (c, _) if c.is_alphabetic() => Token::Word(c.to_lowercase().collect()),
            (c, Some(Token::Space)) if c.is_whitespace() => continue,
            (c, _) if c.is_whitespace() => Token::Space,
            // Emphasis and code marks say nothing here.
            ('*' | '_' | '`', _) => continue,
            ('\u{2010}' | '\u{2011}' | '\u{2212}', _) => Token::Sign('-'),
            (c, _) => Token::Sign(c),
        };
        tokens.push(token);
    }
    tokens
}

//! Names of sessions, safe to give to tmux.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_64;

const LONGEST: usize = 128;
/// A hyphen and eight digits.
const SUFFIX: usize = 9;

/// The name of a session: `[A-Za-z0-9_]`, then at most 127 of `[A-Za-z0-9_-]`.
///
/// tmux expands formats in names, and a format may run a command (`#(…)`); it changes `:` and `.` to `_`, and reads
/// `=`, `$`, `@`, `*` and others as ways to say which session is meant. None of these is in such a name.
///
/// ```
/// use orch_exec::tmux::SessionName;
///
/// let name = SessionName::from_parts(&["vertical", "plan-20260119-1430", "w-01"]);
/// assert_eq!(name.as_str(), "vertical-plan-20260119-1430-w-01");
/// // What cannot stand is replaced, and what was replaced stays apart from what was so already.
/// assert_eq!(SessionName::from_parts(&["plan-x.y"]).as_str(), "plan-x_y-3a8a70e7");
/// assert!("#(touch x)".parse::<SessionName>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionName(String);

/// A text is no [`SessionName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a session name: {text:?}: letters, digits, `_` and `-`, not first a `-`, at most {LONGEST} of them"
)]
pub struct InvalidName {
    /// The text.
    pub text: String,
}

impl SessionName {
    /// The parts, joined by hyphens. Characters that no name has become `_`, and what is too long is cut; then a hash
    /// of the parts follows, so that different parts give different names.
    #[must_use]
    pub fn from_parts(parts: &[&str]) -> Self {
        let wanted = parts.join("-");
        if is_valid(&wanted) {
            return Self(wanted);
        }
        let fits = |(at, c): (usize, char)| if is_allowed(c) && (at > 0 || c != '-') { c } else { '_' };
        let mut name: String = wanted.chars().take(LONGEST - SUFFIX).enumerate().map(fits).collect();
        if name.is_empty() {
            name.push('_');
        }
        let hash = xxh3_64(parts.join("\0").as_bytes()) >> 32;
        Self(format!("{name}-{hash:08x}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Exactly this session, for any command. Without the colon some commands take it for a pane, find none, and
    /// fall back to the session in use.
    pub(super) fn target(&self) -> String {
        format!("={}:", self.0)
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if is_valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName { text: text.to_owned() }) }
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_valid(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && !text.starts_with('-') && text.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_names_are_names() {
        let longest = "x".repeat(128);
        for good in ["a", "_", "0", "w-01", "vertical-plan-20260119-1430-w-01", "a--", &longest] {
            assert_eq!(good.parse::<SessionName>().unwrap().as_str(), good);
            assert_eq!(SessionName::from_parts(&[good]).as_str(), good);
        }
        let too_long = "x".repeat(129);
        for bad in
            ["", "-a", "a.b", "a:b", "a b", "a\n", "#(x)", "#{x}", "$0", "=a", "a*", "ä", "a\0", &too_long]
        {
            assert_eq!(bad.parse::<SessionName>(), Err(InvalidName { text: bad.into() }));
        }
    }

    #[test]
    fn what_was_changed_stays_apart() {
        let all = [
            ["plan-x.y", "w"],
            ["plan-x_y", "w"],
            ["plan-x:y", "w"],
            ["plan-x y", "w"],
            ["-plan-x_y", "w"],
            ["", "ä"],
            ["ö", ""],
            ["", ""],
        ];
        let names: std::collections::BTreeSet<_> =
            all.iter().map(|parts| SessionName::from_parts(parts)).collect();
        assert_eq!(names.len(), all.len());
        let long = |end: char| SessionName::from_parts(&[&"y".repeat(500), &end.to_string()]);
        assert_ne!(long('1'), long('2'));
        assert_eq!(long('1').as_str().len(), 128);
    }

    proptest! {
        #[test]
        fn any_parts_give_a_name(parts in proptest::collection::vec(".{0,80}|[a-z:.#(){}-]{0,200}", 0..4)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let name = SessionName::from_parts(&parts);
            prop_assert!(name.as_str().parse::<SessionName>().is_ok(), "{}", name);
            prop_assert_eq!(&name, &SessionName::from_parts(&parts));
        }
    }
}

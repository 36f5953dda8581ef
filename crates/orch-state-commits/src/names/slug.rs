//! Slugs: the part of a branch's name that says what it is about.

use core::fmt;
use core::str::FromStr;

use super::UnfitName;

/// Bytes that a slug may have.
const LONGEST: usize = 60;

/// Words of `a-z` and `0-9` joined by single dashes, 60 bytes at most, such as `user-model`.
///
/// ```
/// use orch_state_commits::Slug;
///
/// assert_eq!("user-model".parse::<Slug>()?.as_str(), "user-model");
/// let unfit = "../User Model".parse::<Slug>().unwrap_err();
/// assert_eq!(unfit.hint(), "use `user-model`");
/// assert_eq!(Slug::of("Create the User model (v2)").unwrap().as_str(), "create-the-user-model-v2");
/// # Ok::<(), orch_state_commits::UnfitName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// The slug that says what `text` says, as far as it goes: its words in lower case, as many as there is room for.
    /// Letters that are not ASCII are left out. `None` when nothing is left.
    pub fn of(text: &str) -> Option<Self> {
        let mut slug = String::new();
        // What is read is bounded; a text has no more words in it than fit.
        let kept: String =
            text.chars().take(10 * LONGEST).filter(|c| c.is_ascii() || !c.is_alphanumeric()).collect();
        for word in kept.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            let room = LONGEST - slug.len();
            if slug.is_empty() {
                slug.push_str(&word[..word.len().min(room)]);
            } else if word.len() < room {
                slug.push('-');
                slug.push_str(word);
            } else {
                break;
            }
        }
        slug.make_ascii_lowercase();
        (!slug.is_empty()).then_some(Self(slug))
    }

    /// The slug as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.len() > LONGEST {
        Some("it is longer than 60 bytes")
    } else if !text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
        Some("only a-z, 0-9 and dashes are allowed")
    } else if text.split('-').any(str::is_empty) {
        Some("dashes may only stand between two words")
    } else {
        None
    }
}

impl FromStr for Slug {
    type Err = UnfitName;

    fn from_str(text: &str) -> Result<Self, UnfitName> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => {
                let suggestion = Slug::of(text).map_or_else(|| "work".to_owned(), |slug| slug.0);
                Err(UnfitName::new(text, "a slug", why, suggestion))
            }
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

//! Ids of tasks.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnfitName;

/// Digits that an id may have.
const MOST_DIGITS: usize = 20;

/// The id of a task: digits and at most one letter, such as `001` and `003a` (of a task that was split).
///
/// Read in the forms that agents write: `task-001`, `Task 001`, `TASK_3A`, `'002'`. Ids are in the order of their numbers.
/// `1` and `001` are different texts of the same id, see [`is_same`](Self::is_same).
///
/// ```
/// use orch_state_commits::TaskId;
///
/// let id: TaskId = "task-003a".parse()?;
/// assert_eq!(id.as_str(), "003a");
/// assert!(id.is_same(&"3A".parse()?));
/// assert!("T1".parse::<TaskId>().is_err());
/// # Ok::<(), orch_state_commits::UnfitName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(String);

impl TaskId {
    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it means the same task as `other`: zeros in front make no difference.
    pub fn is_same(&self, other: &TaskId) -> bool {
        self.key() == other.key()
    }

    /// The other ways to write it that a person may take: without zeros in front, with three digits, and each with `task-`.
    pub fn spellings(&self) -> Vec<String> {
        let digits = self.0.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let letter = &self.0[digits.len()..];
        let bare = match digits.trim_start_matches('0') {
            "" => "0",
            bare => bare,
        };
        let mut spellings = Vec::new();
        for id in [self.0.clone(), format!("{bare}{letter}"), format!("{bare:0>3}{letter}")] {
            for spelling in [format!("task-{id}"), id] {
                if spelling != self.0 && !spellings.contains(&spelling) {
                    spellings.push(spelling);
                }
            }
        }
        spellings
    }

    /// Its number.
    pub fn number(&self) -> u128 {
        self.key().0
    }

    /// The id of this number, in three digits or more.
    pub fn numbered(number: u32) -> Self {
        Self(format!("{number:03}"))
    }

    /// What tells it from other ids: its number and its letter.
    pub(crate) fn key(&self) -> (u128, Option<u8>) {
        let digits = self.0.trim_end_matches(|c: char| c.is_ascii_lowercase());
        // Twenty digits fit.
        (digits.parse().unwrap_or(u128::MAX), self.0.bytes().last().filter(u8::is_ascii_lowercase))
    }

    /// The id that `text` begins with, and what follows it.
    pub(crate) fn leading(text: &str) -> Option<(TaskId, &str)> {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || "'\"`[".contains(c));
        let text = match text.get(..4) {
            Some(word) if word.eq_ignore_ascii_case("task") => {
                text[4..].trim_start_matches(|c: char| c.is_whitespace() || "-_/#".contains(c))
            }
            _ => text,
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let letter = usize::from(text.as_bytes().get(digits).is_some_and(u8::is_ascii_alphabetic));
        let (id, rest) = text.split_at(digits + letter);
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        (digits > 0 && digits <= MOST_DIGITS && ends).then(|| (TaskId(id.to_ascii_lowercase()), rest))
    }
}

impl FromStr for TaskId {
    type Err = UnfitName;

    fn from_str(text: &str) -> Result<Self, UnfitName> {
        let refuse = |why, suggestion: &str| Err(UnfitName::new(text, "the id of a task", why, suggestion));
        match TaskId::leading(text) {
            Some((id, rest))
                if rest.trim_matches(|c: char| c.is_whitespace() || "'\"`".contains(c)).is_empty() =>
            {
                Ok(id)
            }
            Some((id, _)) => refuse("something follows the number", id.as_str()),
            None => {
                let digits: String = text.chars().filter(char::is_ascii_digit).take(MOST_DIGITS).collect();
                let suggestion = if digits.is_empty() { "001".to_owned() } else { format!("{digits:0>3}") };
                refuse("it has to be digits and at most one letter", &suggestion)
            }
        }
    }
}

impl Ord for TaskId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for TaskId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for TaskId {
    type Error = UnfitName;

    fn try_from(text: String) -> Result<Self, UnfitName> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> String {
        id.0
    }
}

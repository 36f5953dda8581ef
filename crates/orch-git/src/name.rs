//! Branch names that may reach git.

use std::fmt;
use std::str::FromStr;

/// Longer names could not be file names any more once git adds its own endings.
const LONGEST: usize = 200;

/// The name of a branch, without `refs/heads/`.
///
/// Stricter than git: letters, digits and `. _ - / + # @ = , %` only, so that it means nothing to a shell, a terminal or
/// a pattern, and is an option to no program. Names that git itself refuses are refused, and so are those that could
/// be taken for a commit.
///
/// ```
/// use orch_git::BranchName;
///
/// assert_eq!(BranchName::new("feature/users-2")?.as_str(), "feature/users-2");
/// assert!(BranchName::new("--force").is_err());
/// assert!(BranchName::new("$(id)").is_err());
/// # Ok::<(), orch_git::UnfitName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchName(String);

/// A name that is unfit for a branch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is unfit for a branch: {why}")]
pub struct UnfitName {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl BranchName {
    /// Takes a name that is fit for a branch.
    ///
    /// # Errors
    /// [`UnfitName`] says what is wrong with it.
    pub fn new(name: impl Into<String>) -> Result<Self, UnfitName> {
        let name = name.into();
        match fault(&name) {
            Some(why) => Err(UnfitName { name, why }),
            None => Ok(Self(name)),
        }
    }

    /// The name, such as `feature/users`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its full name, such as `refs/heads/feature/users`.
    pub fn head_ref(&self) -> String {
        format!("refs/heads/{}", self.0)
    }

    /// The full name of what this clone remembers of it in `origin`.
    pub fn origin_ref(&self) -> String {
        format!("refs/remotes/origin/{}", self.0)
    }
}

fn fault(name: &str) -> Option<&'static str> {
    let allowed = |character: char| character.is_alphanumeric() || "._-/+#@=,%".contains(character);
    let is_id = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let part_is = |fits: fn(&str) -> bool| name.split('/').any(fits);
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > LONGEST {
        Some("it is longer than 200 bytes")
    } else if name.starts_with('-') {
        Some("it begins with `-`")
    } else if !name.chars().all(allowed) {
        Some("only letters, digits and . _ - / + # @ = , % are allowed")
    } else if name.contains("..") {
        Some("it contains `..`")
    } else if part_is(str::is_empty) {
        Some("a part of it is empty")
    } else if part_is(|part| part.starts_with('.')) {
        Some("a part of it begins with `.`")
    } else if name.ends_with('.') {
        Some("it ends with `.`")
    } else if part_is(|part| part.ends_with(".lock")) {
        Some("a part of it ends with `.lock`")
    } else if name == "@" || name == "HEAD" || name.starts_with("refs/") || name.starts_with('+') || is_id {
        Some("git reads it as something else")
    } else {
        None
    }
}

impl FromStr for BranchName {
    type Err = UnfitName;

    fn from_str(name: &str) -> Result<Self, UnfitName> {
        Self::new(name)
    }
}

impl AsRef<str> for BranchName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_fit_or_not() {
        let fit =
            ["main", "feature/users-2", "release/2.0", "fix/#12", "c++", "größe/日本", "@me/x", "a-", "x.y"];
        for name in fit {
            assert_eq!(BranchName::new(name).map(|name| name.to_string()), Ok(name.to_owned()));
        }
        let long = "x".repeat(201);
        let unfit = [
            "",
            "-",
            "-x",
            "--force",
            "$(id)",
            "x;y",
            "a b",
            "a\nb",
            "a\u{202e}b",
            "a\0b",
            "../x",
            "a..b",
            "a//b",
            "/a",
            "a/",
            ".a",
            "a/.b",
            "a.",
            "a.lock",
            "a.lock/b",
            "@",
            "a@{1}",
            "HEAD",
            "refs/heads/x",
            "+x",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "`id`",
            "a|b",
            "a'b",
            "a\"b",
            "0123456789012345678901234567890123456789",
            &long,
        ];
        for name in unfit {
            assert!(BranchName::new(name).is_err(), "{name:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]
        /// Git itself accepts every name that is accepted here.
        #[test]
        fn git_accepts_what_is_fit(name in "[-a./@+lock~#%ü\u{2}]{1,12}") {
            if let Ok(name) = BranchName::new(name) {
                let accepted = Command::new("git").args(["check-ref-format", "--branch", name.as_str()]).output();
                prop_assert!(accepted.unwrap().status.success(), "{name}");
            }
        }
    }
}

//! Files that a task is to touch.

use core::fmt;

use serde::Serialize;

/// A file that a task is to touch: a path, and maybe a note such as `(create)`.
///
/// ```
/// use orch_state_commits::PlannedFile;
///
/// let file = PlannedFile::from("index.html (create)");
/// assert_eq!((file.path(), file.note()), ("index.html", Some("create")));
/// assert_eq!(PlannedFile::from("app/(shop)/page.tsx").path(), "app/(shop)/page.tsx");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PlannedFile(String);

impl PlannedFile {
    /// What was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path, as an agent wrote it: nothing is known of where it leads.
    pub fn path(&self) -> &str {
        let path = self.parts().map_or(self.first_line(), |(path, _)| path);
        path.strip_prefix('`').and_then(|path| path.strip_suffix('`')).unwrap_or(path)
    }

    /// What is said of the file, in parentheses after a blank.
    pub fn note(&self) -> Option<&str> {
        Some(self.parts()?.1)
    }

    fn parts(&self) -> Option<(&str, &str)> {
        let (path, note) = self.first_line().strip_suffix(')')?.rsplit_once(" (")?;
        Some((path.trim_end(), note)).filter(|(path, _)| !path.is_empty())
    }

    fn first_line(&self) -> &str {
        self.0.split('\n').next().unwrap_or_default()
    }
}

impl From<String> for PlannedFile {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for PlannedFile {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl AsRef<str> for PlannedFile {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlannedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

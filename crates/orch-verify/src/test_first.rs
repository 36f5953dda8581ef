//! Whether tests came before the code.

use std::path::{Component, Path};

use crate::files::{Place, absent, place};
use crate::outcome::Outcome;
use crate::text;

/// How much of a test is read to see that it holds something.
const READ: u64 = 64 << 10;

/// What the caller knows and files alone don't tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The commits of the branch that are not in its base, the oldest first. Empty when nothing is known of them:
    /// then only the files count.
    pub commits: Vec<BranchCommit>,
}

/// What one commit touches; paths as git prints them, from the top of the work tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchCommit {
    /// The files that come into being with it.
    pub added: Vec<String>,
    /// The files that were there and that it changes, moves or removes.
    pub changed: Vec<String>,
}

impl Facts {
    /// Which commit brings `path` onto the branch, from zero.
    ///
    /// None when no commit does: because it is not committed, or because it was there before the branch.
    pub fn first_commit(&self, path: &str) -> Option<usize> {
        let path = normal(path);
        self.commits.iter().position(|commit| commit.added.iter().any(|added| normal(added) == path))
    }

    /// Which commit is the first to touch anything but tests, from zero. Those in `tests` are tests, and so is what
    /// the originals keep out of commits as such: `*.test.*`, `*.spec.*`, `*.snap`, `tests/`, `__tests__/`.
    fn first_code(&self, tests: &[String]) -> Option<usize> {
        let tests: Vec<_> = tests.iter().map(|test| normal(test)).collect();
        self.commits.iter().position(|commit| {
            let mut touched = commit.added.iter().chain(&commit.changed);
            touched.any(|path| !tests.contains(&normal(path)) && !is_test(path))
        })
    }
}

/// `test-first-check`.
pub(crate) fn test_first(root: &Path, files: &[String], facts: &Facts) -> Outcome {
    if files.is_empty() {
        return Outcome::error("the check names no test files").fix("list them as test_files in the spec");
    }
    for file in files {
        let shown = text::line(file, 200);
        let found = match place(root, file) {
            Place::File(found) => found,
            Place::Folder(_) => return Outcome::fail(format!("Error: {shown} is a folder, not a test file")),
            other => return absent(other, file),
        };
        match orch_store::read_regular(&found, READ) {
            Ok(bytes) if bytes.trim_ascii().is_empty() => {
                return Outcome::fail(format!("Expected: a test in {shown}\nActual: the file is empty"))
                    .fix(format!("write the test in {shown}"));
            }
            Ok(_) => {}
            Err(error) => return Outcome::error(format!("can't read {shown}: {error}")),
        }
    }
    let Some(code) = facts.first_code(files) else {
        return Outcome::pass(format!("Tests present: {}", count(files.len())));
    };
    for file in files {
        if facts.first_commit(file).is_some_and(|test| test > code) {
            let shown = text::line(file, 200);
            return Outcome::fail(format!(
                "Expected: {shown} committed no later than the first code\nActual: committed after it"
            ))
            .fix("put the commit with the tests before the one with the code, or leave tests uncommitted");
        }
    }
    Outcome::pass(format!("Tests present: {}, none committed after code", count(files.len())))
}

fn count(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}

/// The names in a path, so that `./a//b` is `a/b`.
fn normal(path: &str) -> Vec<Component<'_>> {
    Path::new(path).components().filter(|part| *part != Component::CurDir).collect()
}

fn is_test(path: &str) -> bool {
    let mut folders: Vec<_> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    folders.iter().any(|folder| matches!(*folder, "tests" | "__tests__"))
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.ends_with(".snap")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("a.test.ts", "test()"), ("checks.py", "assert 1"), ("blank", " \n"), ("none", "")]
        {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn judge(files: &[&str], commits: &[(&[&str], &[&str])]) -> Verdict {
        let tree = tree();
        let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let commits = commits
            .iter()
            .map(|(added, changed)| BranchCommit { added: owned(added), changed: owned(changed) })
            .collect();
        test_first(tree.path(), &owned(files), &Facts { commits }).verdict
    }

    #[test]
    fn tests_are_there_and_hold_something() {
        use Verdict::{Error, Fail, Pass};
        for (files, expected) in [
            (&["a.test.ts"][..], Pass),
            (&["./a.test.ts", "checks.py"], Pass),
            (&["a.test.ts", "missing"], Fail),
            (&["blank"], Fail),
            (&["none"], Fail),
            (&["."], Fail),
            (&[], Error),
            (&["../x"], Error),
        ] {
            assert_eq!(judge(files, &[]), expected, "{files:?}");
        }
    }

    #[test]
    fn none_came_after_the_code() {
        use Verdict::{Fail, Pass};
        let tests = &["a.test.ts", "./checks.py"][..];
        type Commits<'a> = &'a [(&'a [&'a str], &'a [&'a str])];
        let table: [(Commits<'_>, Verdict); 8] = [
            (&[(&["src/a.ts"], &[])], Pass),
            (&[(&["a.test.ts", "checks.py"], &[]), (&["src/a.ts"], &[])], Pass),
            (&[(&["a.test.ts", "checks.py", "src/a.ts"], &[])], Pass),
            (&[(&["a.test.ts"], &[]), (&["src/a.ts"], &[]), (&["checks.py"], &[])], Fail),
            (&[(&[], &["src/a.ts"]), (&["a.test.ts"], &[])], Fail),
            // It was there before the branch.
            (&[(&["src/a.ts"], &[]), (&[], &["a.test.ts"])], Pass),
            // Other tests are no code.
            (&[(&["tests/b.py", "b.spec.ts", "c.snap", "x/__tests__/y"], &[]), (&["checks.py"], &[])], Pass),
            (&[(&["test.py"], &[]), (&["checks.py"], &[])], Fail),
        ];
        for (commits, expected) in table {
            assert_eq!(judge(tests, commits), expected, "{commits:?}");
        }
    }
}

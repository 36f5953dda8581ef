//! Which branch the work is based on.

use crate::Git;

/// The branch that finished work goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseBranch {
    /// Its short name, such as `main`.
    pub name: String,
    /// How it was found.
    pub found: How,
}

/// How a base branch was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// This clone remembers the default branch of `origin`.
    OriginHead,
    /// `origin` was asked.
    RemoteShow,
    /// Neither said anything: `main`, as most are called.
    Assumed,
}

impl Git {
    /// The default branch of `origin`: as this clone remembers it, else as the remote itself says (it has ten
    /// seconds, see [`with_remote_limit`](Git::with_remote_limit)), else `main`.
    ///
    /// It never fails: without a repository, a remote or git itself, `main` is assumed and
    /// [`found`](BaseBranch::found) says so.
    pub fn default_branch(&self) -> BaseBranch {
        let remembered = || {
            let target = self.local(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]).ok()?;
            let target = String::from_utf8(target).ok()?;
            usable(target.trim_end_matches('\n').strip_prefix("refs/remotes/origin/")?)
        };
        let asked = || {
            let shown = self.remote(&["remote", "show", "origin"]).ok()?;
            head_branch(&String::from_utf8_lossy(&shown))
        };
        if let Some(name) = remembered() {
            BaseBranch { name, found: How::OriginHead }
        } else if let Some(name) = asked() {
            BaseBranch { name, found: How::RemoteShow }
        } else {
            BaseBranch { name: "main".into(), found: How::Assumed }
        }
    }
}

/// The branch in a line `HEAD branch: NAME` of `git remote show`.
fn head_branch(shown: &str) -> Option<String> {
    let name = shown.lines().find_map(|line| line.trim_start().strip_prefix("HEAD branch:"))?.trim();
    // Git writes `(unknown)` for an empty remote; no branch can be called that by chance, but by malice.
    (name != "(unknown)" && name != "(not queried)").then(|| usable(name)).flatten()
}

/// A name that git would accept for a branch, and that no command takes for an option.
fn usable(name: &str) -> Option<String> {
    let odd = |character: char| {
        character.is_control() || character.is_whitespace() || "~^:?*[\\".contains(character)
    };
    let fine = !name.is_empty()
        && !name.starts_with(['-', '/', '.'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains(odd);
    fine.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_branch_is_read_from_what_git_shows() {
        let shown = |line: &str| {
            format!("* remote origin\n  Fetch URL: /r\n  Push  URL: /r\n{line}\n  Remote branch:\n")
        };
        let cases = [
            ("  HEAD branch: trunk", Some("trunk")),
            ("  HEAD branch: release/2.0", Some("release/2.0")),
            ("  HEAD branch: (unknown)", None),
            ("  HEAD branch: (not queried)", None),
            ("  HEAD branch:", None),
            ("  HEAD branch (remote HEAD is ambiguous, may be one of the following):\n    a\n    b", None),
            ("  HEAD branch: --force", None),
            ("  HEAD branch: a b", None),
            ("  HEAD branch: ../x", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(head_branch(&shown(line)).as_deref(), expected, "{line}");
        }
    }
}

//! Names of branches: git's own rules, and those of orch.

use crate::reading::{is_odd, quoted};

/// Bytes that the name of a branch may have.
const LONGEST: usize = 200;

/// Whether `name` can be the name of a branch; if not, why not, as a fragment about "it".
///
/// All that passes, `git check-ref-format --branch` takes as well. git alone would take more: what a shell or tmux
/// could take for more than a name (`$(id)`, `x;y`, `#{…}`) is refused too, what is invisible, and what git would read
/// as something else than a branch. So all that passes may also be handed to git (`orch_git::BranchName`): a name that
/// can't be used is known when the plan is read, not when its turn comes.
///
/// # Errors
///
/// The first rule that the name breaks.
///
/// ```
/// use orch_spec::check_branch_name;
/// assert_eq!(check_branch_name("auth/03-google-oauth"), Ok(()));
/// assert_eq!(check_branch_name("--force").unwrap_err(), "it begins with `-`");
/// ```
pub fn check_branch_name(name: &str) -> Result<(), String> {
    let refuse = |why: &str| Err(why.to_owned());
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    let is_commit = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if name == "HEAD" || name == "@" || name.starts_with("refs/") || name.starts_with('+') || is_commit {
        return Err(format!("{} means something else to git", quoted(name)));
    }
    if name.starts_with('-') {
        return refuse("it begins with `-`");
    }
    if let Some(c) = name.chars().find(|&c| is_forbidden(c)) {
        return Err(if c.is_whitespace() && !c.is_control() {
            "it holds a space".to_owned()
        } else if is_odd(c) {
            format!("it holds the invisible character {}", quoted(&c.to_string()))
        } else if c == '`' {
            "it holds a backtick".to_owned()
        } else {
            format!("it holds `{c}`")
        });
    }
    for pair in ["..", "//"] {
        if name.contains(pair) {
            return Err(format!("it holds `{pair}`"));
        }
    }
    if name.starts_with('/') || name.ends_with('/') {
        return refuse("it begins or ends with `/`");
    }
    if name.ends_with('.') {
        return refuse("it ends with `.`");
    }
    for part in name.split('/') {
        if part.starts_with('.') {
            return Err(format!("its part {} begins with `.`", quoted(part)));
        }
        if part.ends_with(".lock") {
            return Err(format!("its part {} ends with `.lock`", quoted(part)));
        }
    }
    Ok(())
}

/// All but letters, digits and a few signs that mean nothing to git, a shell or tmux.
fn is_forbidden(c: char) -> bool {
    !(c.is_alphanumeric() || "._-/+@=,%".contains(c))
}

//! What weavers are told (seed 003), as values for the templates of that name.
//!
//! All values are other people's text. A text in a block of tags can't end it: the closing tag is spelled `<\/spec>`
//! where it stands in the text, and nothing else of the text is changed. Names and paths are put on one line.

use serde::Serialize;

use crate::FromFile;

/// The template for the whole prompt of a weaver; its values are a [`Weaver`].
pub const WEAVER: &str = "weavers/worker.md";
/// The skill of a weaver, for projects that have none of their own. It takes no values.
pub const WEAVER_BASE: &str = "weavers/base.md";
/// The skill of a verifier, for projects that have none of their own. It takes no values.
pub const WEAVER_VERIFIER: &str = "weavers/verifier.md";
/// The template for an agent that judges a check; its values are a [`WeaverCheck`].
pub const WEAVER_CHECK: &str = "weavers/check.md";
/// The template for the text of a pull request; its values are a [`WeaverPullRequest`].
pub const WEAVER_PULL_REQUEST: &str = "weavers/pull-request.md";

/// A skill of the project, or one that comes with orch.
///
/// An explanation names the file as the source, or that it is built in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Skill<'a> {
    /// The file; none when the text is that of the built-in template.
    pub path: Option<&'a str>,
    /// The text.
    pub text: &'a str,
}

/// Who opens the pull request of a spec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenedBy {
    /// orch does, or nobody: the weaver is told to keep away from it.
    #[default]
    Orch,
    /// The weaver does, as those of the originals.
    Weaver,
}

/// A weaver that runs at the same time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sibling<'a> {
    /// Its id, such as `w-02`.
    pub weaver: &'a str,
    /// Its branch.
    pub branch: &'a str,
    /// The files of its spec, as written there; they may be globs.
    pub files: &'a [&'a str],
}

/// The values for [`WEAVER`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Weaver<'a> {
    /// Its id, such as `w-01`.
    pub weaver: &'a str,
    /// The plan's id.
    pub plan: &'a str,
    /// The skill of every weaver: the project's own, else [`WEAVER_BASE`].
    pub base: Skill<'a>,
    /// The spec file, byte for byte.
    pub spec: FromFile<'a>,
    /// The name of the spec file without its folder, such as `01-schema.yaml`.
    pub spec_name: &'a str,
    /// The skills that the spec's hints matched.
    pub skills: &'a [FromFile<'a>],
    /// The skill of a verifier: the project's own, else [`WEAVER_VERIFIER`].
    pub verifier: Skill<'a>,
    /// The absolute path of the work tree.
    pub worktree: &'a str,
    /// The branch that is checked out in it.
    pub branch: &'a str,
    /// What the branch was cut from.
    pub base_branch: &'a str,
    /// Who else runs now.
    pub siblings: &'a [Sibling<'a>],
    /// Which iteration this is, from one.
    pub iteration: u32,
    /// How many there may be.
    pub most_iterations: u32,
    /// Whether an earlier attempt has begun the work, and may have left some of it.
    pub begun_before: bool,
    /// The report of the check that failed, when one sent the work back.
    pub feedback: Option<&'a str>,
    /// The absolute path of the status file.
    pub status_file: &'a str,
    /// The absolute path of the place to write the same to when the weaver's tools keep it from the first one.
    pub second_status_file: &'a str,
    /// The message to commit with; see [`commit_message`].
    pub commit_message: &'a str,
    /// Who opens the pull request.
    pub pull_request: OpenedBy,
}

/// The message that a weaver commits with: the title, then the two lines that say what it is and that it was verified.
///
/// ```
/// assert_eq!(
///     orch_prompt::commit_message("feat: users table", "auth-schema"),
///     "feat: users table\n\nImplements: auth-schema\nVerification: All checks passed\n"
/// );
/// ```
pub fn commit_message(title: &str, name: &str) -> String {
    let (title, name) = (crate::filters::line(title), crate::filters::line(name));
    format!("{title}\n\nImplements: {name}\nVerification: All checks passed\n")
}

/// The values for [`WEAVER_CHECK`]: a check of the type `agent`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WeaverCheck<'a> {
    /// What the check is called.
    pub label: &'a str,
    /// What is to be judged, as the spec says it.
    pub prompt: &'a str,
    /// The name of the spec file.
    pub spec_name: &'a str,
    /// The absolute path of the work tree.
    pub worktree: &'a str,
    /// The branch that is checked out in it.
    pub branch: &'a str,
    /// What the branch was cut from.
    pub base_branch: &'a str,
}

/// One check and how it came out, for [`WeaverPullRequest`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CheckDone<'a> {
    /// What the check is called.
    pub label: &'a str,
    /// How it came out, such as `PASS`.
    pub verdict: &'a str,
}

/// The values for [`WEAVER_PULL_REQUEST`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WeaverPullRequest<'a> {
    /// What the spec says it is for; Markdown.
    pub description: &'a str,
    /// What was verified.
    pub checks: &'a [CheckDone<'a>],
    /// The spec file, as a reader of the repository finds it.
    pub spec_file: &'a str,
    /// The weaver's id or session.
    pub weaver: &'a str,
    /// How many iterations it took.
    pub iterations: u32,
}

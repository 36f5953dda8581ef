//! Publishing work that was verified: its branch is pushed, and a pull request opened, unless the weaver has done that
//! itself. Whatever fails here is said, and costs the work nothing.

use std::collections::VecDeque;

use orch_exec::process::Exit;
use orch_git::{BranchName, Git};
use orch_prompt::{CheckDone, WEAVER_PULL_REQUEST, WeaverPullRequest};
use orch_state_json::WeaverFile;
use orch_store::replace_private;
use orch_verify::Report;

use super::claim::Claim;
use super::status_file::StatusFiles;
use crate::system::ErrandEnd;
use crate::workers::{is_installed, said};

/// What opens a pull request unless configured.
pub(super) const OPEN: [&str; 11] = [
    "gh",
    "pr",
    "create",
    "--base",
    "{base}",
    "--head",
    "{branch}",
    "--title",
    "{title}",
    "--body-file",
    "{body_file}",
];

/// What is still to be run to publish the work of a claim.
pub(super) struct Publication {
    rest: VecDeque<Publishing>,
    running: Option<Publishing>,
    /// Whether a push that was in the way of another has been tried once more.
    was_repeated: bool,
}

/// What a git says that could not change a branch because another push was at it. Two that come at once to a remote that has
/// neither branch yet may be in each other's way, and the second try succeeds.
const IN_THE_WAY: [&str; 2] = ["failed to update ref", "cannot lock ref"];

/// A step of publishing.
#[derive(Clone, Debug)]
enum Publishing {
    Push(Vec<String>),
    Open(Vec<String>),
}

impl Publication {
    /// What there is to publish of the work of a claim.
    ///
    /// # Errors
    /// Why there is nothing, for a person.
    pub(super) fn of(claim: &Claim, report: &Report) -> Result<Self, String> {
        let git = Git::at(&claim.worktree);
        let branch = claim.branch();
        let refs = format!("refs/heads/{branch}:refs/heads/{branch}");
        let push = ["git", "push", "--set-upstream", &claim.rules.remote, &refs].map(str::to_owned).to_vec();
        let steps = |rest: Vec<Publishing>| Self { rest: rest.into(), running: None, was_repeated: false };
        if let Some(pr) = &claim.said.pr {
            // It was opened before, or by the weaver; what came after that is to be seen there as well.
            let name = BranchName::new(branch).ok();
            let behind = name.is_some_and(|name| {
                let there = git.remote_branch_tip(&name).ok().flatten();
                there.is_some() && there != git.branch_tip(&name).ok().flatten()
            });
            return match behind && claim.rules.open.is_some() {
                true => Ok(steps(vec![Publishing::Push(push)])),
                false => Err(format!("pull request {pr}")),
            };
        }
        let Some(open) = &claim.rules.open else { return Err("no pull request is wanted".into()) };
        let program = open.first().map_or("", String::as_str);
        if !is_installed(program, &claim.worktree) {
            return Err(format!("no pull request: `{program}` is not installed"));
        }
        if !git.has_remote(&claim.rules.remote).unwrap_or(false) {
            return Err(format!("no pull request: there is no remote `{}`", claim.rules.remote));
        }
        write_body(claim, report).map_err(|why| format!("no pull request: {why}"))?;
        Ok(steps(vec![Publishing::Push(push), Publishing::Open(open_command(claim, open))]))
    }

    /// The next command to be run, and what a person is told meanwhile; none when there is no more.
    pub(super) fn next(&mut self) -> Option<(Vec<String>, &'static str)> {
        let step = self.rest.pop_front()?;
        self.running = Some(step.clone());
        Some(match step {
            Publishing::Push(argv) => (argv, "pushing the branch"),
            Publishing::Open(argv) => (argv, "opening the pull request"),
        })
    }

    /// Takes note of how the command ended. When nothing more is to be done: what came of it, for a person.
    pub(super) fn ended(&mut self, claim: &Claim, ended: &ErrandEnd<'_>) -> Option<String> {
        let step = self.running.take();
        let failed = |how: String| Err(format!("{} {how}", step_word(step.as_ref())));
        let (published, output) = match (&step, ended) {
            (Some(Publishing::Push(_)), ErrandEnd::Exited { exit: Exit::Code(0), .. }) => {
                return match (self.rest.is_empty(), &claim.said.pr) {
                    (false, _) => None,
                    (true, Some(pr)) => Some(format!("pull request {pr}")),
                    (true, None) => Some("the branch is pushed".into()),
                };
            }
            (Some(push @ Publishing::Push(_)), ErrandEnd::Exited { output, .. })
                if !self.was_repeated && IN_THE_WAY.iter().any(|said| output.contains(said)) =>
            {
                self.was_repeated = true;
                self.rest.push_front(push.clone());
                return None;
            }
            (Some(Publishing::Open(_)), ErrandEnd::Exited { exit: Exit::Code(0), output }) => {
                (Ok(url_in(output)), *output)
            }
            (Some(Publishing::Open(_)), ErrandEnd::Exited { output, .. })
                if output.contains("already exists") && url_in(output).is_some() =>
            {
                (Ok(url_in(output)), *output)
            }
            (_, ErrandEnd::Exited { exit, output }) => {
                (failed(format!("ended with {}", said(*exit))), *output)
            }
            (_, ErrandEnd::TimedOut { output }) => (failed("took too long".into()), *output),
            (_, ErrandEnd::CouldNotStart { why }) => (failed(format!("could not start: {why}")), ""),
        };
        self.rest.clear();
        Some(match published {
            Ok(Some(pr)) => {
                note(claim, &pr);
                format!("pull request {pr}")
            }
            Ok(None) => "a pull request was opened, and it was not said where".into(),
            Err(why) => {
                let without = match &claim.said.pr {
                    Some(pr) => format!("pull request {pr} is behind"),
                    None => "no pull request".to_owned(),
                };
                let last: String =
                    telling_line(output).chars().filter(|c| !c.is_control()).take(200).collect();
                let colon = if last.is_empty() { "" } else { ": " };
                format!("{without}: {why}{colon}{last}")
            }
        })
    }
}

/// Notes where the pull request is.
fn note(claim: &Claim, pr: &str) {
    let id = claim.plan.plan.id(claim.task);
    let file = claim.said.merged(&WeaverFile { pr: Some(pr.to_owned()), ..WeaverFile::default() });
    // Two places: one of them may not be readable later.
    StatusFiles::keep(&file, &claim.kept);
    // What can't be written is still in the history, as the detail of the attempt.
    let _ = claim.statuses.write(id, &file, claim.rules.durability);
}

fn open_command(claim: &Claim, open: &[String]) -> Vec<String> {
    let planned = claim.planned();
    let pr = &planned.spec.pr;
    let body_file = claim.body_file.to_string_lossy();
    let values = [
        ("{base}", planned.base.as_str()),
        ("{branch}", &pr.branch.value),
        ("{title}", &pr.title),
        ("{body_file}", &body_file),
    ];
    let mut words: Vec<String> = open.iter().map(|word| filled(word, &values)).collect();
    if claim.rules.open_is_default {
        words.extend(pr.labels.iter().flat_map(|label| ["--label".to_owned(), label.clone()]));
        words.extend(pr.reviewers.iter().flat_map(|name| ["--reviewer".to_owned(), name.clone()]));
    }
    words
}

fn write_body(claim: &Claim, report: &Report) -> Result<(), String> {
    let planned = claim.planned();
    let done: Vec<CheckDone<'_>> = report
        .results
        .iter()
        .map(|result| CheckDone { label: &result.label, verdict: result.verdict.as_str() })
        .collect();
    let spec_file = planned.path.strip_prefix(&claim.plan.root).unwrap_or(&planned.path);
    let body = claim.prompts.render(
        WEAVER_PULL_REQUEST,
        &WeaverPullRequest {
            description: &planned.spec.description,
            checks: &done,
            spec_file: &spec_file.to_string_lossy(),
            weaver: claim.plan.plan.id(claim.task),
            iterations: claim.iteration(),
        },
    );
    let body = body.map_err(|error| error.to_string())?;
    replace_private(&claim.body_file, body.text.as_bytes()).map_err(|error| error.to_string())
}

fn step_word(step: Option<&Publishing>) -> &'static str {
    match step {
        Some(Publishing::Push(_)) => "`git push`",
        _ => "the command that opens it",
    }
}

/// A word with its placeholders filled in. What was filled in is not looked at again: a title may hold anything.
fn filled(word: &str, values: &[(&str, &str)]) -> String {
    let (mut filled, mut rest) = (String::new(), word);
    while let Some(at) = rest.find('{') {
        let (before, placeholder) = rest.split_at(at);
        let known = values.iter().find(|(name, _)| placeholder.starts_with(name));
        let (name, value) = known.copied().unwrap_or(("{", "{"));
        filled += before;
        filled += value;
        rest = &placeholder[name.len()..];
    }
    filled + rest
}

/// The line of what a command printed that tells most about why it failed: git's own, which is followed by advice, else
/// the last.
fn telling_line(output: &str) -> &str {
    let lines = || output.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_git =
        |line: &&str| ["! [", "fatal: ", "error: "].iter().any(|beginning| line.starts_with(beginning));
    lines().find(is_git).or_else(|| lines().next_back()).unwrap_or_default()
}

/// The last address in what a command printed.
fn url_in(output: &str) -> Option<String> {
    let is_url = |word: &&str| word.starts_with("https://") || word.starts_with("http://");
    let url = output.split_whitespace().rfind(is_url)?;
    let url: String = url.chars().filter(|c| c.is_ascii_graphic()).take(300).collect();
    Some(url)
}

//! Holding a weaver's claim against its branch and the checks of its spec, and opening the pull request.
//!
//! A claim is believed when the branch has a commit of its own and every check passes. Then the branch is pushed and
//! the pull request opened, unless the weaver has done that itself; what fails there is said and costs the work nothing.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use orch_core::{Outcome, TaskIx};
use orch_exec::process::Exit;
use orch_git::{BranchName, Git, Touched};
use orch_prompt::{CheckDone, Prompts, WEAVER_CHECK, WEAVER_PULL_REQUEST, WeaverCheck, WeaverPullRequest};
use orch_spec::CheckKind;
use orch_state_json::WeaverFile;
use orch_store::{Durability, create_private};
use orch_verify::{BranchCommit, CheckEnded, Facts, Job, Next, Report, Verdict, Verification};

use super::WeaverPlan;
use super::checks::{Checked, checks};
use super::judge::without_success;
use super::status_file::StatusFiles;
use crate::config::{Command, Config};
use crate::system::{Errand, ErrandEnd, ErrandKind, FollowUp, Step};
use crate::workers::{is_installed, said};

/// How long pushing a branch or opening a pull request may take.
const PUBLISHING: Duration = Duration::from_secs(120);

/// What opens a pull request unless configured.
const OPEN: [&str; 11] = [
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

/// Files that weavers leave out of their commits (seed 003).
const TESTS: [&str; 6] =
    ["**/*.test.*", "**/*.spec.*", "**/*.snap", "**/tests/**", "**/__tests__/**", "**/.claude/**"];

/// How a claim is followed up.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) check_limit: Duration,
    pub(super) most_iterations: u32,
    /// The command that opens a pull request; none when nobody wants one.
    pub(super) open: Option<Vec<String>>,
    /// Whether that is the default one, whose options orch knows.
    pub(super) open_is_default: bool,
    pub(super) remote: String,
    pub(super) durability: Durability,
}

impl Rules {
    pub(super) fn of(config: &Config, durability: Durability) -> Self {
        let table = &config.weavers;
        let default = || OPEN.map(str::to_owned).to_vec();
        let (open, open_is_default) = match &table.pull_request {
            Some(Command::Switch(false)) => (None, false),
            Some(Command::Argv(argv)) if !argv.is_empty() => (Some(argv.clone()), false),
            _ => (Some(default()), true),
        };
        Self {
            check_limit: table.check_timeout.unwrap_or(orch_verify::CHECK_LIMIT),
            most_iterations: table.iterations.map_or(5, std::num::NonZeroU32::get),
            open,
            open_is_default,
            remote: table.remote.clone().unwrap_or_else(|| "origin".into()),
            durability,
        }
    }
}

/// A claim that is being followed up.
pub(super) struct Claim {
    pub(super) plan: WeaverPlan,
    pub(super) task: TaskIx,
    pub(super) rules: Rules,
    pub(super) prompts: Prompts,
    pub(super) statuses: StatusFiles,
    pub(super) worktree: PathBuf,
    /// What the weaver says of itself.
    pub(super) said: WeaverFile,
    /// Where that is kept, whatever is written over it.
    pub(super) kept: PathBuf,
    /// Where what became of the checks is written.
    pub(super) checks_file: PathBuf,
    /// Where the text of the pull request is written.
    pub(super) body_file: PathBuf,
}

/// How far the following up of a claim is.
pub(super) struct Following {
    claim: Claim,
    stage: Stage,
    /// The number of the next errand.
    errand: u32,
}

enum Stage {
    /// Nothing was looked at yet.
    Branch,
    Checks(Box<Verification>),
    /// What is still to be run to publish the work.
    Publish {
        report: Box<Report>,
        rest: VecDeque<Publishing>,
        running: Option<Publishing>,
    },
    /// It is judged.
    Judged {
        outcome: Outcome,
        detail: Option<String>,
    },
}

/// A step of publishing.
#[derive(Clone, Debug)]
enum Publishing {
    Push(Vec<String>),
    Open(Vec<String>),
}

impl Following {
    pub(super) fn up(claim: Claim) -> Self {
        Self { claim, stage: Stage::Branch, errand: 0 }
    }

    fn rejected(&mut self, report: &Report) -> Stage {
        let claim = &self.claim;
        let iteration = claim.said.iteration.unwrap_or(1).max(1);
        if let Err(error) = Checked::of(report, iteration).write(&claim.checks_file, claim.rules.durability) {
            return broken(error.to_string());
        }
        let line = report.summary_line();
        // Its own iterations and those of orch count together.
        match iteration >= claim.rules.most_iterations {
            true => {
                let detail = Some(format!("{line}; {}", without_success(claim.rules.most_iterations)));
                Stage::Judged { outcome: Outcome::Failed, detail }
            }
            false => Stage::Judged { outcome: Outcome::Rejected, detail: Some(line) },
        }
    }

    /// Looks at the branch: whether it has commits of its own, and in which order they came.
    fn look_at_branch(&mut self) -> Stage {
        let claim = &self.claim;
        let planned = claim.plan.spec(claim.task);
        match facts(claim) {
            Ok(facts) if facts.commits.is_empty() => {
                let branch = claim.plan.branch(claim.task);
                let evidence = format!("the branch {branch} has no commit of its own");
                let fix = Some(format!("commit the work on {branch}"));
                let report = one_failure("[commit] on the branch", evidence, fix);
                self.rejected(&report)
            }
            Ok(facts) => {
                if let Some((evidence, fix)) = not_on_the_branch(claim) {
                    return self.rejected(&one_failure("[commit] all of the work", evidence, Some(fix)));
                }
                let verification = Verification::new(checks(planned), claim.worktree.clone(), facts);
                Stage::Checks(Box::new(verification.with_limit(claim.rules.check_limit)))
            }
            Err(why) => broken(why),
        }
    }

    /// What is to be done once all checks have passed.
    fn publish(&mut self, report: Report) -> Stage {
        let claim = &self.claim;
        let iteration = claim.said.iteration.unwrap_or(1).max(1);
        if let Err(error) = Checked::of(&report, iteration).write(&claim.checks_file, claim.rules.durability)
        {
            return broken(error.to_string());
        }
        let nothing = |detail: &str| Stage::Judged {
            outcome: Outcome::Succeeded,
            detail: Some(format!("{}; {detail}", report.summary_line())),
        };
        let git = Git::at(&claim.worktree);
        let branch = claim.plan.branch(claim.task);
        let refs = format!("refs/heads/{branch}:refs/heads/{branch}");
        let push = ["git", "push", "--set-upstream", &claim.rules.remote, &refs].map(str::to_owned).to_vec();
        if let Some(pr) = &claim.said.pr {
            // It was opened before, or by the weaver; what came after that is to be seen there as well.
            let name = BranchName::new(branch).ok();
            let behind = name.is_some_and(|name| {
                let there = git.remote_branch_tip(&name).ok().flatten();
                there.is_some() && there != git.branch_tip(&name).ok().flatten()
            });
            if !behind || claim.rules.open.is_none() {
                return nothing(&format!("pull request {pr}"));
            }
            let rest = VecDeque::from([Publishing::Push(push)]);
            return Stage::Publish { report: Box::new(report), rest, running: None };
        }
        let Some(open) = &claim.rules.open else { return nothing("no pull request is wanted") };
        let program = open.first().map_or("", String::as_str);
        if !is_installed(program, &claim.worktree) {
            return nothing(&format!("no pull request: `{program}` is not installed"));
        }
        if !git.has_remote(&claim.rules.remote).unwrap_or(false) {
            return nothing(&format!("no pull request: there is no remote `{}`", claim.rules.remote));
        }
        match self.write_body(&report) {
            Ok(()) => {
                let rest = [Publishing::Push(push), Publishing::Open(self.open_command(open))];
                Stage::Publish { report: Box::new(report), rest: rest.into(), running: None }
            }
            Err(why) => nothing(&format!("no pull request: {why}")),
        }
    }

    fn open_command(&self, open: &[String]) -> Vec<String> {
        let claim = &self.claim;
        let planned = claim.plan.spec(claim.task);
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

    fn write_body(&self, report: &Report) -> Result<(), String> {
        let claim = &self.claim;
        let planned = claim.plan.spec(claim.task);
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
                iterations: claim.said.iteration.unwrap_or(1),
            },
        );
        let body = body.map_err(|error| error.to_string())?;
        let _ = std::fs::remove_file(&claim.body_file);
        let mut file = create_private(&claim.body_file).map_err(|error| error.to_string())?;
        std::io::Write::write_all(&mut file, body.text.as_bytes()).map_err(|error| error.to_string())
    }

    /// The agent that judges a check is told so in a prompt of its own.
    fn check_prompt(&self, label: &str, prompt: &str) -> Result<String, String> {
        let claim = &self.claim;
        let planned = claim.plan.spec(claim.task);
        let values = WeaverCheck {
            label,
            prompt,
            spec_name: &planned.file,
            worktree: &claim.worktree.to_string_lossy(),
            branch: &planned.spec.pr.branch.value,
            base_branch: &planned.base,
        };
        let rendered = claim.prompts.render(WEAVER_CHECK, &values);
        rendered.map(|rendered| rendered.text).map_err(|error| error.to_string())
    }

    fn errand(&mut self, what: ErrandKind, limit: Duration, progress: String) -> Step {
        self.errand += 1;
        Step::Run(Errand {
            name: self.errand.to_string(),
            what,
            folder: self.claim.worktree.clone(),
            base_branch: self.claim.plan.spec(self.claim.task).base.clone(),
            limit: Some(limit),
            progress,
        })
    }

    /// The end of a step of publishing: whatever fails there is said, and costs the work nothing.
    fn published(&mut self, ended: &ErrandEnd<'_>) {
        let Stage::Publish { report, rest, running } = &mut self.stage else { return };
        let (what, output) = match (running.take(), ended) {
            (Some(step), ErrandEnd::Exited { exit: Exit::Code(0), output }) => match step {
                // On to the next step.
                Publishing::Push(_) => return,
                Publishing::Open(_) => {
                    let pr = url_in(output);
                    (Ok(pr), *output)
                }
            },
            (Some(Publishing::Open(_)), ErrandEnd::Exited { output, .. })
                if output.contains("already exists") && url_in(output).is_some() =>
            {
                (Ok(url_in(output)), *output)
            }
            (step, ErrandEnd::Exited { exit, output }) => {
                (Err(format!("{} ended with {}", step_word(step.as_ref()), said(*exit))), *output)
            }
            (step, ErrandEnd::TimedOut { output }) => {
                (Err(format!("{} took too long", step_word(step.as_ref()))), *output)
            }
            (step, ErrandEnd::CouldNotStart { why }) => {
                (Err(format!("{}: {why}", step_word(step.as_ref()))), "")
            }
        };
        rest.clear();
        let line = report.summary_line();
        let detail = match &what {
            Ok(Some(pr)) => format!("{line}; pull request {pr}"),
            Ok(None) => format!("{line}; a pull request was opened, and it was not said where"),
            Err(why) => {
                let without = match &self.claim.said.pr {
                    Some(pr) => format!("pull request {pr} is behind"),
                    None => "no pull request".to_owned(),
                };
                let last: String =
                    telling_line(output).chars().filter(|c| !c.is_control()).take(200).collect();
                let colon = if last.is_empty() { "" } else { ": " };
                format!("{line}; {without}: {why}{colon}{last}")
            }
        };
        if let Ok(Some(pr)) = what {
            self.note_pull_request(pr);
        }
        self.stage = Stage::Judged { outcome: Outcome::Succeeded, detail: Some(detail) };
    }

    fn note_pull_request(&self, pr: String) {
        let claim = &self.claim;
        let id = claim.plan.plan.id(claim.task);
        let file = claim.said.merged(&WeaverFile { pr: Some(pr), ..WeaverFile::default() });
        // Two places: one of them may not be readable later.
        StatusFiles::keep(&file, &claim.kept);
        // What can't be written is still in the history, as the detail of the attempt.
        let _ = claim.statuses.write(id, &file, claim.rules.durability);
    }
}

impl FollowUp for Following {
    fn next(&mut self) -> Step {
        loop {
            match &mut self.stage {
                Stage::Branch => self.stage = self.look_at_branch(),
                Stage::Checks(verification) => match verification.next() {
                    Next::Done(report) if report.passed => self.stage = self.publish(report),
                    Next::Done(report) => self.stage = self.rejected(&report),
                    Next::Run(run) => {
                        let progress = format!("verifying: {}", run.label);
                        let what = match run.job {
                            Job::Command { argv } => ErrandKind::Command(argv.to_vec()),
                            Job::Agent { prompt } => match self.check_prompt(&run.label, &prompt) {
                                Ok(prompt) => ErrandKind::Agent(prompt),
                                Err(why) => {
                                    self.ended(ErrandEnd::CouldNotStart { why });
                                    continue;
                                }
                            },
                        };
                        return self.errand(what, run.limit, progress);
                    }
                },
                Stage::Publish { rest, running, report } => match rest.pop_front() {
                    Some(step) => {
                        *running = Some(step.clone());
                        let (argv, progress) = match step {
                            Publishing::Push(argv) => (argv, "pushing the branch"),
                            Publishing::Open(argv) => (argv, "opening the pull request"),
                        };
                        return self.errand(ErrandKind::Own(argv), PUBLISHING, progress.into());
                    }
                    None => {
                        let pr = self.claim.said.pr.as_deref();
                        let pr = pr.map(|pr| format!("; pull request {pr}")).unwrap_or_default();
                        let detail = Some(format!("{}{pr}", report.summary_line()));
                        self.stage = Stage::Judged { outcome: Outcome::Succeeded, detail };
                    }
                },
                Stage::Judged { outcome, detail } => {
                    return Step::Done { outcome: *outcome, detail: detail.take() };
                }
            }
        }
    }

    fn ended(&mut self, ended: ErrandEnd<'_>) {
        match &mut self.stage {
            Stage::Checks(verification) => {
                let (exit, output) = match &ended {
                    ErrandEnd::Exited { exit, output } => {
                        let exit = match exit {
                            Exit::Code(code) => orch_verify::Exit::Code(*code),
                            Exit::Signal(signal) => orch_verify::Exit::Signal(*signal),
                            Exit::Unknown => orch_verify::Exit::Unknown,
                        };
                        (exit, *output)
                    }
                    ErrandEnd::TimedOut { output } => (orch_verify::Exit::TimedOut, *output),
                    ErrandEnd::CouldNotStart { why } => (orch_verify::Exit::CouldNotStart(why.clone()), ""),
                };
                verification.ended(&CheckEnded { exit, output });
            }
            Stage::Publish { .. } => self.published(&ended),
            Stage::Branch | Stage::Judged { .. } => {}
        }
    }
}

/// Nothing can be said of the claim because something else is broken: the run stops, and the next one looks again.
fn broken(why: String) -> Stage {
    Stage::Judged {
        outcome: Outcome::CouldNotStart,
        detail: Some(format!("the work could not be verified: {why}")),
    }
}

/// The commits of the branch that its base has not, oldest first.
fn facts(claim: &Claim) -> Result<Facts, String> {
    let git = Git::at(&claim.worktree);
    let failed = |error: orch_git::GitError| error.to_string();
    let branch = BranchName::new(claim.plan.branch(claim.task)).map_err(|error| error.to_string())?;
    let Some(tip) = git.branch_tip(&branch).map_err(failed)? else { return Ok(Facts::default()) };
    let recorded = match git.recorded_base(&branch).map_err(failed)? {
        Some(base) if git.is_ancestor(&base, &tip).map_err(failed)? => Some(base),
        // A person has rebased it since.
        _ => None,
    };
    let base = match recorded {
        Some(base) => Some(base),
        None => {
            let bases = [&claim.plan.spec(claim.task).base, &claim.plan.default_branch];
            let mut latest: Option<String> = None;
            for base in bases {
                let Some(base) = git.resolve(base).map_err(failed)? else { continue };
                let Some(parted) = git.merge_base(&base, &tip).map_err(failed)? else { continue };
                if latest
                    .as_ref()
                    .map_or(Ok(true), |latest| git.is_ancestor(latest, &parted))
                    .map_err(failed)?
                {
                    latest = Some(parted);
                }
            }
            latest
        }
    };
    let Some(base) = base else { return Err(format!("nobody knows where {branch} was cut from")) };
    let mut commits = Vec::new();
    for commit in git.commits_between(&base, &tip).map_err(failed)? {
        let Touched { added, changed } = git.touched(&commit.id).map_err(failed)?;
        commits.push(BranchCommit { added, changed });
    }
    Ok(Facts { commits })
}

/// What the checks would see and the branch has not, and what to do about it: checks say nothing about work that is not
/// what will be merged.
fn not_on_the_branch(claim: &Claim) -> Option<(String, String)> {
    let git = Git::at(&claim.worktree);
    let branch = claim.plan.branch(claim.task);
    let tip = git.branch_tip(&BranchName::new(branch).ok()?).ok()?;
    if git.resolve("HEAD").ok()? != tip {
        let evidence = format!("the work tree is not at the tip of {branch}");
        return Some((evidence, format!("bring all commits onto {branch} and check it out")));
    }
    let spec = &claim.plan.spec(claim.task).spec;
    let building = &spec.building_spec;
    let of: Vec<&str> = building.files.iter().map(|file| file.value.as_str()).collect();
    // Tests are never committed.
    let first = building.test_first.iter().filter_map(|test| test.file.as_ref());
    let checked = spec.verification_spec.iter().flat_map(|check| match &check.value.kind {
        CheckKind::TestFirst { files } => files.as_slice(),
        _ => &[],
    });
    let tests = first.chain(checked).map(|file| file.value.as_str());
    let but: Vec<&str> = TESTS.into_iter().chain(tests).collect();
    // A pattern that git can't read says nothing.
    let left = git.uncommitted(&of, &but).unwrap_or_default();
    let first = left.first()?;
    let more = if left.len() > 1 { format!(" and {} more", left.len() - 1) } else { String::new() };
    Some((format!("{first}{more}: changed, and not committed"), "commit it, or remove it".into()))
}

fn one_failure(label: &str, evidence: String, fix: Option<String>) -> Report {
    Report {
        passed: false,
        results: vec![orch_verify::CheckResult {
            number: 1,
            label: label.into(),
            verdict: Verdict::Fail,
            evidence,
            output: String::new(),
            reason: None,
            fix,
        }],
    }
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

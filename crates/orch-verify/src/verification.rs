//! The checks of a plan, one after the other.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::check::{Check, What};
use crate::ends::{self, CheckEnded};
use crate::files;
use crate::outcome::{Outcome, Verdict};
use crate::report::{CheckResult, Report};
use crate::test_first::{Facts, test_first};
use crate::text;

/// How long a check may take unless it says so itself: what the originals' weavers give all of a verification.
pub const CHECK_LIMIT: Duration = Duration::from_secs(300);
/// What the originals' verifier gives a command.
pub const SEED_COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// The longest command, in bytes: what the system takes as one argument.
const MAX_COMMAND: usize = (128 << 10) - 1;
/// How much of a demo is told.
const DEMO_BYTES: usize = 4 << 10;

/// The checks of a plan, held against a work tree in their order, up to the first that is not passed.
///
/// [`next`](Self::next) looks at files until something has to be run; whoever asked runs it, says with
/// [`ended`](Self::ended) how it ended, and asks again. Nothing else may write to the work tree meanwhile.
#[derive(Clone, Debug)]
pub struct Verification {
    checks: Vec<Check>,
    worktree: PathBuf,
    facts: Facts,
    limit: Duration,
    /// Those that are decided, from the first.
    results: Vec<CheckResult>,
    /// Whether the check after them has been handed out.
    running: bool,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This is to be run in the work tree.
    Run(Run),
    /// There is nothing more to run.
    Done(Report),
}

/// Something to be run in the work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The check's place in the plan, from one.
    pub number: usize,
    /// What it is called: `[command] npm test`.
    pub label: String,
    /// What is to be run.
    pub job: Job,
    /// After how long it is to be stopped and said to be [`Exit::TimedOut`](crate::Exit::TimedOut).
    pub limit: Duration,
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// A program and its arguments; no shell string is to be made of them.
    Command {
        /// `sh`, `-c` and the command as the plan has it.
        argv: [String; 3],
    },
    /// An agent.
    Agent {
        /// What it is to judge, as the plan has it.
        prompt: String,
    },
}

impl Verification {
    /// Nothing is looked at yet.
    pub fn new(checks: Vec<Check>, worktree: PathBuf, facts: Facts) -> Self {
        Self { checks, worktree, facts, limit: CHECK_LIMIT, results: Vec::new(), running: false }
    }

    /// How long a check may take that does not say so itself; [`CHECK_LIMIT`] when nobody says.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Decides all that needs no process, up to the next check that does.
    ///
    /// While the end of what was handed out is not known, this gives the same again.
    #[expect(clippy::should_implement_trait, reason = "it does not end: what is done stays done")]
    pub fn next(&mut self) -> Next {
        while !self.stopped() {
            let Some(check) = self.checks.get(self.results.len()) else { break };
            let limit = check.limit.unwrap_or(self.limit);
            let outcome = match &check.what {
                What::Command { run, .. } => match unfit(run) {
                    Some(why) => Outcome::error(why).fix("correct the command in the spec"),
                    None => return self.hand_out(Job::Command { argv: shell(run) }, limit),
                },
                What::Agent { prompt } if prompt.trim().is_empty() => {
                    Outcome::error("the prompt for the agent is empty").fix("write it in the spec")
                }
                What::Agent { prompt } => {
                    let prompt = prompt.clone();
                    return self.hand_out(Job::Agent { prompt }, limit);
                }
                What::FileContains { path, pattern } => files::contains(&self.worktree, path, pattern, limit),
                What::FileNotContains { path, pattern } => {
                    files::not_contains(&self.worktree, path, pattern, limit)
                }
                What::FileExists { path } => files::exists(&self.worktree, path),
                What::TestFirst { files, .. } => test_first(&self.worktree, files, &self.facts),
                What::Demo { description, steps, acceptance } => demo(description, steps, acceptance),
            };
            self.decide(outcome);
        }
        Next::Done(self.report())
    }

    /// Takes note of how what [`next`](Self::next) handed out ended. Means nothing when nothing is out.
    pub fn ended(&mut self, ended: &CheckEnded<'_>) {
        if !std::mem::take(&mut self.running) {
            return;
        }
        let Some(check) = self.checks.get(self.results.len()) else { return };
        let limit = check.limit.unwrap_or(self.limit);
        let outcome = match &check.what {
            What::Command { expect, .. } => ends::command(ended, *expect, limit),
            _ => ends::agent(ended, limit),
        };
        self.decide(outcome);
    }

    fn hand_out(&mut self, job: Job, limit: Duration) -> Next {
        self.running = true;
        let number = self.results.len() + 1;
        Next::Run(Run { number, label: self.checks[number - 1].label(), job, limit })
    }

    fn decide(&mut self, outcome: Outcome) {
        let number = self.results.len() + 1;
        self.results.push(result(number, &self.checks[number - 1], outcome));
    }

    fn stopped(&self) -> bool {
        self.results.last().is_some_and(|result| !result.verdict.goes_on())
    }

    fn report(&self) -> Report {
        let rest = self.checks.iter().zip(1..).skip(self.results.len());
        let not_run = || Outcome::new(Verdict::NotRun, "an earlier check was not passed");
        let rest = rest.map(|(check, number)| result(number, check, not_run()));
        Report::new(self.results.iter().cloned().chain(rest).collect())
    }
}

fn result(number: usize, check: &Check, outcome: Outcome) -> CheckResult {
    let Outcome { verdict, evidence, output, fix } = outcome;
    let reason = check.reason.clone();
    CheckResult { number, label: check.label(), verdict, evidence, output, reason, fix }
}

fn shell(run: &str) -> [String; 3] {
    ["sh".to_owned(), "-c".to_owned(), run.to_owned()]
}

/// Why a command can't be run, or would pass without doing anything.
fn unfit(run: &str) -> Option<String> {
    if run.trim().is_empty() {
        Some("the command is empty".to_owned())
    } else if run.contains('\0') {
        Some("no command has a NUL character in it".to_owned())
    } else if run.len() > MAX_COMMAND {
        Some(format!("the command is longer than {MAX_COMMAND} bytes"))
    } else {
        None
    }
}

/// What a person is to do. Never passed, never failed: the checks after it go on.
fn demo(description: &str, steps: &[String], acceptance: &str) -> Outcome {
    let mut told = text::head(description, DEMO_BYTES / 4);
    for (step, number) in steps.iter().zip(1..) {
        let _ = write!(told, "\n{number}. {}", text::line(step, 300));
    }
    let told = text::head(&told, DEMO_BYTES);
    let acceptance = text::line(acceptance, 500);
    let told = if acceptance.is_empty() { told } else { format!("{told}\nAccepted when: {acceptance}") };
    Outcome::new(Verdict::ForAPerson, told.trim_start().to_owned())
}

//! One spec of a plan, in schema v1 and v2.

mod check;
mod expect;
mod read;

use std::time::Duration;

pub use read::read_spec;

use crate::reading::Located;

/// A spec: what one weaver builds, and how it is verified (seed 003; schema v1 and v2).
///
/// A list that is not there is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What the spec is called: one line.
    pub name: Located<String>,
    /// What it brings about; empty when it is not said.
    pub description: String,
    /// Whether it is one commit (v2).
    pub atomic: Option<bool>,
    /// How hard it is, from 1 to 10 (v2).
    pub complexity: Option<u8>,
    /// How long it takes, in minutes (v2).
    pub estimated_minutes: Option<u32>,
    /// What can be shown once it is there (v2).
    pub demo_goal: Option<String>,
    /// Whether it ends a sprint (v2).
    pub sprint_checkpoint: bool,
    /// Names for skills, for [`match_hints`](crate::match_hints); any text.
    pub skill_hints: Vec<Located<String>>,
    /// What to build.
    pub building_spec: BuildingSpec,
    /// The checks, in order, each at its place.
    pub verification_spec: Vec<Located<Check>>,
    /// How the work is validated (v2); tests unless said otherwise.
    pub validation_type: ValidationType,
    /// How the spec itself is reviewed before anything is built (v2).
    pub review_spec: Option<ReviewSpec>,
    /// The pull request to be made of it.
    pub pr: PullRequest,
}

/// What to build, by which rules, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildingSpec {
    /// What to build.
    pub requirements: Vec<String>,
    /// Rules to keep.
    pub constraints: Vec<String>,
    /// Where: paths and globs that [`check_path`](crate::check_path) lets in.
    pub files: Vec<Located<String>>,
    /// The specs that must be done before, by any of their names (v2).
    pub dependencies: Vec<Located<String>>,
    /// Tests to be written first (v2).
    pub test_first: Vec<TestFirst>,
}

/// A test to be written before the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFirst {
    /// What it tests; empty when it is not said.
    pub test: String,
    /// The file that it stands in, when said.
    pub file: Option<Located<String>>,
}

/// One check of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is checked.
    pub kind: CheckKind,
    /// What the check is called.
    pub name: Option<String>,
    /// Why it matters.
    pub reason: Option<String>,
    /// What it checks, in words.
    pub description: Option<String>,
    /// How long it may take: `timeout`, written `90s`, `5m` or `1h`. orch's own addition to the format.
    pub timeout: Option<Duration>,
}

/// What a check does. Paths are relative to the project's root and stay inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// `command`: a shell command ends with an exit code.
    Command {
        /// The command line.
        run: String,
        /// The exit code that it must end with, from 0 to 255; 0 when `expect` is not there.
        expect: u8,
    },
    /// `file-contains`: a file, or a file below a folder, holds a pattern.
    FileContains {
        /// A file or a folder.
        path: Located<String>,
        /// A regular expression, not yet compiled.
        pattern: Located<String>,
    },
    /// `file-not-contains`: a file, or all files below a folder, do not hold a pattern.
    FileNotContains {
        /// A file or a folder.
        path: Located<String>,
        /// A regular expression, not yet compiled.
        pattern: Located<String>,
    },
    /// `file-exists`: a file or folder is there.
    FileExists {
        /// The file or folder.
        path: Located<String>,
    },
    /// `test-first-check`: the tests are there, written before the code.
    TestFirst {
        /// The files, at least one: `test_files`, or else those of `building_spec.test_first`.
        files: Vec<Located<String>>,
    },
    /// `demo`: a person looks at it.
    Demo {
        /// What to do.
        steps: Vec<String>,
        /// What must be seen.
        acceptance: Option<String>,
    },
    /// `agent`: an agent looks at it and says PASS or FAIL.
    Agent {
        /// What the agent is asked.
        prompt: String,
    },
}

impl CheckKind {
    /// The word in `type`.
    pub fn word(&self) -> &'static str {
        match self {
            CheckKind::Command { .. } => "command",
            CheckKind::FileContains { .. } => "file-contains",
            CheckKind::FileNotContains { .. } => "file-not-contains",
            CheckKind::FileExists { .. } => "file-exists",
            CheckKind::TestFirst { .. } => "test-first-check",
            CheckKind::Demo { .. } => "demo",
            CheckKind::Agent { .. } => "agent",
        }
    }
}

/// How the work is validated (v2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ValidationType {
    /// By tests; also when nothing is said.
    #[default]
    Tests,
    /// By looking at it.
    Manual,
    /// By a demonstration.
    Demo,
    /// By measuring.
    Benchmark,
}

impl ValidationType {
    /// The word as specs write it.
    pub fn word(self) -> &'static str {
        match self {
            ValidationType::Tests => "tests",
            ValidationType::Manual => "manual",
            ValidationType::Demo => "demo",
            ValidationType::Benchmark => "benchmark",
        }
    }
}

/// How the spec itself is reviewed (v2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewSpec {
    /// `type`, such as `subagent`, as written.
    pub kind: Option<String>,
    /// What the reviewer is asked.
    pub prompt: Option<String>,
    /// What must hold.
    pub accept_criteria: Vec<String>,
}

/// The pull request that a spec becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// The branch to work on: what [`check_branch_name`](crate::check_branch_name) lets in.
    pub branch: Located<String>,
    /// The branch to start from and to merge into, another one than `branch`; `None` means the default branch.
    pub base: Option<Located<String>>,
    /// The title, one line: as written, else the description's first line, else the name.
    pub title: String,
    /// Labels (v2). None begins with `-` or holds a control character.
    pub labels: Vec<String>,
    /// Reviewers (v2). None begins with `-` or holds a control character.
    pub reviewers: Vec<String>,
}

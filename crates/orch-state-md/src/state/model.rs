//! What a state file says, as values.

use core::fmt;
use core::str::FromStr;

use orch_core::Status;

/// Everything that a state file records about one run of a prompt index.
///
/// An empty string in an optional value, and an empty item in a list, are the same as none: a blank cell can't
/// tell them apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What the whole run is for, in a line (`Overall Objective:`).
    pub objective: String,
    /// The product document the prompts came from (`PRD Path:`), relative to the orchestrator's folder.
    pub prd_path: Option<String>,
    /// The inventory of requirements (`Requirements Inventory:`), relative to the orchestrator's folder.
    pub requirements_inventory: Option<String>,
    /// The branch that reviews compare with (`Base Branch:`); none until it is known.
    pub base_branch: Option<String>,
    /// How the run as a whole stands (`Status:`).
    pub overall: Option<Overall>,
    /// What the final validation of the requirements found (`Validation Status:`).
    pub validation: Option<Validation>,
    /// The row that was started last, from zero (`Current Prompt Index:`).
    pub current: u32,
    /// The prompts, in the order of the index.
    pub rows: Vec<Row>,
}

/// One prompt and how far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Where the prompt stands.
    pub status: Status,
    /// The prompt's file, as written: relative to the orchestrator's folder, or absolute in old files.
    pub prompt_path: String,
    /// The plan made for the prompt; none until there is one.
    pub plan_path: Option<String>,
    /// Which tests the prompt asks for, such as `basic` or `no`.
    pub tests: Option<String>,
    /// The prompts this one builds on, as written.
    pub dependencies: Vec<String>,
    /// The requirements this prompt covers, such as `REQ-001`.
    pub reqs: Vec<String>,
}

impl Row {
    /// A pending row for the prompt at `prompt_path`, with nothing else known.
    pub fn new(prompt_path: impl Into<String>) -> Self {
        Self { prompt_path: prompt_path.into(), ..Self::default() }
    }

    /// Where the plan of this prompt goes unless a runner says otherwise: the prompt's `.md` replaced by `-PLAN.md`.
    ///
    /// ```
    /// let row = orch_state_md::state::Row::new("PROMPT-01-foo.md");
    /// assert_eq!(row.rule_plan_path(), "PROMPT-01-foo-PLAN.md");
    /// ```
    pub fn rule_plan_path(&self) -> String {
        let stem = self.prompt_path.strip_suffix(".md").unwrap_or(&self.prompt_path);
        format!("{stem}-PLAN.md")
    }
}

/// How the run as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overall {
    /// Prompts are still to be run, or the final validation is still to come.
    Running,
    /// All prompts are done and the requirements are met.
    Success,
    /// A prompt, a review or the final validation failed.
    Fail,
}

impl Overall {
    /// All three.
    pub const ALL: [Overall; 3] = [Overall::Running, Overall::Success, Overall::Fail];

    /// The word written in the file: `RUNNING`, `SUCCESS` or `FAIL`.
    pub const fn word(self) -> &'static str {
        match self {
            Overall::Running => "RUNNING",
            Overall::Success => "SUCCESS",
            Overall::Fail => "FAIL",
        }
    }
}

/// What the final validation of the requirements found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Validation {
    /// It has not been done.
    None,
    /// The requirements are met.
    FinalOk,
    /// Some requirement is not met, or the validation could not be done.
    FinalFail,
}

impl Validation {
    /// All three.
    pub const ALL: [Validation; 3] = [Validation::None, Validation::FinalOk, Validation::FinalFail];

    /// The word written in the file: `NONE`, `FINAL_OK` or `FINAL_FAIL`.
    pub const fn word(self) -> &'static str {
        match self {
            Validation::None => "NONE",
            Validation::FinalOk => "FINAL_OK",
            Validation::FinalFail => "FINAL_FAIL",
        }
    }
}

/// A word that is not among those a field allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of {expected}")]
pub struct UnknownWord {
    /// The words that are allowed, for a person to read.
    pub expected: &'static str,
}

impl FromStr for Overall {
    type Err = UnknownWord;

    /// Reads exactly the words of [`Overall::word`].
    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let unknown = UnknownWord { expected: "RUNNING, SUCCESS, FAIL" };
        Self::ALL.into_iter().find(|overall| overall.word() == word).ok_or(unknown)
    }
}

impl FromStr for Validation {
    type Err = UnknownWord;

    /// Reads exactly the words of [`Validation::word`].
    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let unknown = UnknownWord { expected: "NONE, FINAL_OK, FINAL_FAIL" };
        Self::ALL.into_iter().find(|validation| validation.word() == word).ok_or(unknown)
    }
}

impl fmt::Display for Overall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

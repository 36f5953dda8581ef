//! The index of a prompt pack, `PROMPT-ORCHESTRATOR.md`: which prompts there are, in which order, and who owns which
//! requirement.
//!
//! The format drifted over the months it was in use (titles, section names, `Tests` or `Testing`, one line an item or
//! a bullet a field, ` — ` or ` - ` between fields). All of it is read; what can't be read for certain is a finding
//! with its place, never a guess.
//!
//! ```
//! let reading = orch_state_md::index::read(
//!     b"# Orchestrator Index\n\
//!       \n\
//!       Overall Objective: Add login\n\
//!       \n\
//!       ## Prompts\n\
//!       - PROMPT-01-schema.md - Objective: Tables - Dependencies: None\n\
//!       - PROMPT-02-api.md - Objective: Routes - Dependencies: PROMPT-01\n",
//! );
//! assert!(reading.diagnostics.is_empty());
//! assert_eq!(reading.index.objective, "Add login");
//! assert_eq!(reading.index.prompts[1].depends_on[0].name, "PROMPT-01");
//!
//! let plan = orch_core::Plan::build(reading.index.draft()).unwrap();
//! assert_eq!(plan.find("PROMPT-01").map(|task| plan.id(task)), Some("PROMPT-01-schema"));
//! ```

mod draft;
mod fields;
mod header;
mod item;
mod kind;
mod names;
mod near;
mod ownership;
mod path;
mod read;
mod usual;
mod wrapped;

use orch_core::{Diagnostic, Position, Reference};

pub use draft::Listed;
pub use read::{read, read_in};

pub(crate) use names::{is_requirement_id, plain_name};

/// What [`read`] or [`read_in`] made of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What could be read. With an error among the diagnostics it is not the whole index.
    pub index: Index,
    /// Everything that is wrong or odd, by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Reading {
    /// Whether the index can't be run because of what was found.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// A prompt index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// `Overall Objective`; empty when it is not said.
    pub objective: String,
    /// `PRD Path`, as written.
    pub prd_path: Option<Located<String>>,
    /// `Requirements Inventory`, as written; a relative path inside the index's folder.
    pub requirements_inventory: Option<Located<String>>,
    /// `Execution`, such as `SEQUENTIAL`, as written.
    pub execution: Option<String>,
    /// `Global Testing` or `Global Tests`.
    pub global_tests: Option<Tests>,
    /// The prompts in the order of the file. Ids are unique.
    pub prompts: Vec<Prompt>,
    /// The lines of `## Requirement Ownership` that could be read; `None` when there is no such section.
    pub ownership: Option<Vec<Ownership>>,
    /// The lines of `## Requirement Ownership` that could not be read, and second owners of one requirement.
    pub malformed_ownership: Vec<Located<String>>,
}

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub at: Position,
}

/// One prompt of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The prompt file as written, without code marks or the link around it: a relative path that stays inside the
    /// index's folder. An absolute path inside the folder given to [`read_in`] is made relative to it.
    pub path: String,
    /// The file's name without `.md`, with plain hyphens, such as `PROMPT-01-foo`.
    pub id: String,
    /// The front of the id up to its number, such as `PROMPT-01`, when it has one and goes on after it.
    pub short_id: Option<String>,
    /// `Objective`; empty when it is not said.
    pub objective: String,
    /// `Tests` or `Testing`.
    pub tests: Tests,
    /// `Planning`, as written.
    pub planning: Option<String>,
    /// `Difficulty`, as written.
    pub difficulty: Option<String>,
    /// The prompts it needs, by the names written: without `.md`, with plain hyphens.
    pub depends_on: Vec<Reference>,
    /// The requirements it names itself (`Reqs`).
    pub reqs: Vec<String>,
    /// Where its path is written.
    pub at: Position,
}

/// Which tests a prompt asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tests {
    /// `basic`; also when nothing is said.
    #[default]
    Basic,
    /// `no`.
    No,
    /// Any other word, as written.
    Other(String),
}

impl Tests {
    /// The word as state files write it: `basic`, `no`, or what was written.
    pub fn word(&self) -> &str {
        match self {
            Tests::Basic => "basic",
            Tests::No => "no",
            Tests::Other(word) => word,
        }
    }

    fn read(value: &str) -> Self {
        if value.is_empty() || value.eq_ignore_ascii_case("basic") {
            Tests::Basic
        } else if value.eq_ignore_ascii_case("no") {
            Tests::No
        } else {
            Tests::Other(value.to_owned())
        }
    }

    /// The finding about any other word, which stands `at`.
    fn unknown(&self, at: Position) -> Option<Diagnostic> {
        let Tests::Other(word) = self else { return None };
        let message = format!("the tests {} are neither `basic` nor `no`", crate::text::quoted(word));
        Some(Diagnostic::warning("index.tests", message).hint("write `basic` or `no`").at(at))
    }
}

/// Who brings about one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The requirement's id, such as `REQ-001`.
    pub req: String,
    /// The prompt that owns it, by the name written without `.md`; `None` when the line says so.
    pub owner: Option<Located<String>>,
    /// Prompts that take part in it.
    pub secondary: Vec<Located<String>>,
    /// Where the id is written.
    pub at: Position,
}

impl Index {
    /// The prompt that `name` stands for: an id, a file name, a path as written, or a short id that only one prompt
    /// has. Hyphens may be U+2011, `.md` may be there or not.
    pub fn prompt(&self, name: &str) -> Option<&Prompt> {
        let name = plain_name(name);
        let exact = self.prompts.iter().find(|prompt| prompt.id == name || plain_name(&prompt.path) == name);
        exact.or_else(|| {
            let mut short = self.prompts.iter().filter(|prompt| prompt.short_id.as_deref() == Some(&*name));
            short.next().filter(|_| short.next().is_none())
        })
    }
}

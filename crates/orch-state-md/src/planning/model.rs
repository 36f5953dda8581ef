//! What a planning document says.

use std::ops::Range;
use std::sync::Arc;

use orch_core::{Diagnostic, Position, Status};

/// What reading a document came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What could be read. With an error among the findings it is not the whole plan.
    pub plan: Planning,
    /// Everything that is wrong, odd or not understood, by place.
    pub findings: Vec<Diagnostic>,
}

impl Reading {
    /// Whether the document can't be worked with because of what was found.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Diagnostic::is_error)
    }
}

/// A planning document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planning {
    /// The document, without a byte order mark. Every range in what follows is one of its bytes.
    pub text: Arc<str>,
    /// The heading of the document; empty when it has none.
    pub title: String,
    /// What it is for: the first paragraph of its summary, on one line; empty when there is none.
    pub objective: String,
    /// The milestones in the order of the tracker. Ids are unique.
    pub milestones: Vec<Milestone>,
    /// Milestones that may run side by side, as the document puts them into groups.
    pub groups: Vec<Group>,
    /// The entries of its progress log, in the order of the text.
    pub log: Vec<LogEntry>,
}

impl Planning {
    /// The milestone called `id`, as [`milestone_id`](super::milestone_id) spells it.
    pub fn milestone(&self, id: &str) -> Option<&Milestone> {
        self.milestones.iter().find(|milestone| milestone.id == id)
    }

    /// The text of a milestone's section, from its heading on, as it is written.
    pub fn text_of(&self, section: &Section) -> &str {
        &self.text[section.range.clone()]
    }
}

/// One row of the tracker, and what the rest of the document says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Its id as [`milestone_id`](super::milestone_id) spells it, such as `M3`, `T1`, `M2a`.
    pub id: String,
    /// What the tracker calls it, without the id and without the link around it.
    pub title: String,
    /// Where its row is.
    pub at: Position,
    /// What its row says.
    pub row: Row,
    /// Its section; none when the document has none of that id.
    pub section: Option<Section>,
    /// Who should do it: what the section says, else the row.
    pub recommended: Recommended,
    /// What must be done before it, each once, in the order of the document.
    pub depends_on: Vec<Dependency>,
    /// What a person has to approve before it may start.
    pub gates: Vec<Gate>,
}

/// A row of the tracker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The status cell as written.
    pub status_written: String,
    /// What the status cell means.
    pub tracked: Tracked,
    /// The duration cell as written; empty when there is no such column.
    pub duration_written: String,
    /// The minutes that the duration cell adds up to (`10 + 23 (gap-fill)` is 33); none when it has no number.
    pub minutes: Option<u32>,
    /// The model cell as written.
    pub model_written: String,
    /// The notes cell as written.
    pub notes: String,
}

/// What a status cell means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracked {
    /// Where the milestone stands.
    pub status: Status,
    /// It was left out on purpose (`⬛ Skipped`): nobody does it, and what depends on it goes on.
    pub skipped: bool,
    /// A part of it is left for a person (`✅ Automated done · ⏳ hands-on pending`).
    pub hands_on: bool,
}

impl Tracked {
    /// Whether both say that the milestone stands at the same point.
    pub(super) fn agrees_with(self, other: Self) -> bool {
        (self.status, self.skipped) == (other.status, other.skipped)
    }
}

/// Who should do a milestone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recommended {
    /// The model, as `Haiku`, `Sonnet`, `Opus` or another name that was written; none when none is named.
    pub model: Option<String>,
    /// A person does it (`— (owner)`): no agent is started for it.
    pub by_person: bool,
    /// As written; empty when nothing is said.
    pub written: String,
}

/// The section of a milestone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its heading as written, without the signs in front.
    pub heading: String,
    /// Where its heading is.
    pub at: Position,
    /// Its bytes, from the heading up to the next one of the same or a higher level.
    pub range: Range<usize>,
    /// Where it says that the milestone stands, when it repeats that; the row of the tracker counts.
    pub status: Option<SectionStatus>,
    /// Its checkboxes, nested ones as well, in the order of the text. Those in code are none.
    pub boxes: Vec<TaskBox>,
    /// The files and folders that it names in code spans, each once, as written: what the milestone works on.
    pub paths: Vec<String>,
}

impl Section {
    /// The boxes of work that is left: not ticked, not dropped, and no gate.
    pub fn left(&self) -> impl Iterator<Item = &TaskBox> {
        self.boxes.iter().filter(|item| item.is_work() && item.mark != BoxMark::Done)
    }
}

/// A status in a section, in a field such as `**Status:** 🔄 In Progress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionStatus {
    /// What the field says, without the emphasis around it.
    pub written: String,
    /// What that means.
    pub tracked: Tracked,
    /// Where it is.
    pub at: Position,
    /// The bytes of what it says.
    pub range: Range<usize>,
    /// Those of them that are the status, without a remark on it (`✅ Done` of `✅ Done (subset)`); none when the one can't be
    /// told from the other.
    pub words: Option<Range<usize>>,
}

/// A checkbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskBox {
    /// What is in it.
    pub mark: BoxMark,
    /// What it says, on one line, without the box, emphasis and struck-through parts left as written.
    pub text: String,
    /// How deep it is nested, from zero.
    pub depth: usize,
    /// It was given up (`~~Screenshot review~~`): nobody has to do it.
    pub dropped: bool,
    /// A person has to approve something here (`**Gate:** …`): no worker ticks it.
    pub gate: bool,
    /// Where it is.
    pub at: Position,
    /// Its whole line or lines, from the indentation on, without boxes nested in it.
    pub range: Range<usize>,
    /// The byte between its brackets.
    pub mark_at: usize,
}

impl TaskBox {
    /// Whether it is work: not dropped, and no gate.
    pub fn is_work(&self) -> bool {
        !self.dropped && !self.gate
    }
}

/// What is in a checkbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BoxMark {
    /// `[ ]`.
    #[default]
    Open,
    /// `[~]`: in part.
    Partial,
    /// `[x]`.
    Done,
}

/// That a milestone needs another one, and where the document says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The id of the one that is needed, as [`milestone_id`](super::milestone_id) spells it. It may be none of the plan's.
    pub on: String,
    /// How it is written.
    pub notation: Notation,
    /// Where.
    pub at: Position,
}

/// The ways in which documents write what depends on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notation {
    /// `**Depends on:** M1, T1` in a section.
    Field,
    /// A drawing in a block of code: `M1 (Scaffolding) ──► M2a (Engine Setup)`.
    Graph,
    /// Arrows in prose or a list: `M1 → *user gate* → M2 → M3`.
    Arrow,
    /// A list of groups that names what a group waits for: `**Group B** (after Group A): M3, M5`.
    Group,
    /// The same as a table: `| Group | Milestones | Notes |`.
    GroupTable,
    /// A sentence: `M3 requires M1 + M2 complete`.
    Prose,
    /// A sentence the other way round: `M3 + M4 block M5`.
    Blocks,
    /// The notes column of the tracker: `Needs M2, M3`.
    Notes,
}

impl Notation {
    /// What it is called when a person is told where a dependency was read.
    pub const fn name(self) -> &'static str {
        match self {
            Notation::Field => "field",
            Notation::Graph => "graph",
            Notation::Arrow => "arrow",
            Notation::Group => "group",
            Notation::GroupTable => "group table",
            Notation::Prose => "prose",
            Notation::Blocks => "blocks",
            Notation::Notes => "notes column",
        }
    }
}

/// Something that a person has to approve before a milestone may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// How it is written.
    pub kind: GateKind,
    /// What is to be approved, on one line, as far as the document says.
    pub text: String,
    /// Where.
    pub at: Position,
}

/// How a gate is written, and so how it is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateKind {
    /// An open `- [ ] **Gate:** …` in the section of this milestone, which the gated one depends on. It is passed when it
    /// is ticked; one that is ticked already is none.
    Box {
        /// The id of the milestone that has the box.
        of: String,
    },
    /// Between two milestones (`M1 → *user gate* → M2`) or with a dependency (`M1 (and the user's approval)`). There is
    /// nothing to tick in the document.
    Between {
        /// The id of the milestone before it; none when the document names none.
        after: Option<String>,
    },
}

/// Milestones that the document puts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name, such as `A`.
    pub name: String,
    /// The ids of its milestones.
    pub members: Vec<String>,
    /// Where it is written.
    pub at: Position,
}

/// An entry of the progress log that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its moment as written, `YYYY-MM-DD HH:MM`.
    pub moment: String,
    /// Where.
    pub at: Position,
}

//! Writing a planning document from what a person wants done.

mod anchor;
mod resolve;

use std::fmt::Write as _;

use orch_core::Diagnostic;
use unicode_width::UnicodeWidthStr;

use crate::summary::escape::{block, cell, code, link_words, prose};
use anchor::Anchors;
use resolve::{Item, Resolved};

/// What a new planning document is made of. Texts may be anything: each stays what it is, on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPlan {
    /// The heading of the document.
    pub title: String,
    /// What it is for; empty when nothing is said.
    pub purpose: String,
    /// The key objectives.
    pub objectives: Vec<String>,
    /// What has to hold for it to have gone well.
    pub success_factors: Vec<String>,
    /// The milestones, in the order of the tracker.
    pub milestones: Vec<NewMilestone>,
}

/// One milestone of a new document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMilestone {
    /// Its id; when there is none, the one that the name begins with (`T1: Tests`), else the next free `M<n>` by its place.
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
    /// The model that should do it.
    pub model: Option<String>,
    /// What it is about; empty when nothing is said. Paragraphs stand between empty lines. What it says of other
    /// milestones is read like that of any document: `after M2` may be a dependency.
    pub description: String,
    /// What is to be done, one box each.
    pub tasks: Vec<String>,
    /// The ids or the names of the milestones that must be done before it.
    pub depends_on: Vec<String>,
    /// The files and folders it works on.
    pub paths: Vec<String>,
    /// What a person has to approve before what depends on it may start.
    pub gates: Vec<String>,
}

impl NewPlan {
    /// What is wrong with it, so that its document would not say what was meant: a milestone without a name, an id that
    /// is none or that two have, a dependency on none of the milestones or on itself. Nothing here has a place: there is
    /// no document yet. Circles are for whoever builds the plan.
    pub fn problems(&self) -> Vec<Diagnostic> {
        Resolved::new(self).problems
    }
}

/// What a plan without a title is called.
const UNTITLED: &str = "Untitled plan";
const TRACKER: [&str; 5] = ["Milestone", "Model", "Status", "Duration (min)", "Notes"];
/// Columns that a cell is filled up to at most.
const WIDEST: usize = 60;
const PARALLEL: &str = "Parallel Development Recommendations";
const GAPS: &str = "Gap-Filling Prompt Requirements";
const CONTEXT: &str = "Context Management";
const LOG: &str = "Progress Log / Notes";

/// Writes `plan` as a planning document in the shape of the template (seed 000); `moment`, as `YYYY-MM-DD HH:MM`, dates
/// the first entry of its log.
///
/// The document is a valid one when [`NewPlan::problems`] finds nothing; otherwise it is written as far as it goes.
///
/// ```
/// use orch_state_md::planning::{NewMilestone, NewPlan, compose, read};
///
/// let milestone = |name: &str| NewMilestone { name: name.into(), ..NewMilestone::default() };
/// let plan = NewPlan {
///     title: "Accounts".into(),
///     milestones: vec![
///         milestone("Table"),
///         NewMilestone { depends_on: vec!["Table".into()], tasks: vec!["Write it".into()], ..milestone("Form") },
///     ],
///     ..NewPlan::default()
/// };
/// assert!(plan.problems().is_empty());
/// let document = compose(&plan, "2026-03-01 22:10");
/// assert!(document.contains("| M2: Form "));
/// assert!(document.contains("## M2: Form\n") && document.contains("**Depends on:** M1\n"));
/// assert_eq!(read(document.as_bytes()).plan.milestones.len(), 2);
/// ```
pub fn compose(plan: &NewPlan, moment: &str) -> String {
    let resolved = Resolved::new(plan);
    let title = if plan.title.trim().is_empty() { UNTITLED } else { &plan.title };
    let mut anchors = Anchors::default();
    let top = anchors.next(&one_line(title));
    let mut contents = vec![("Summary".to_owned(), anchors.next("Summary"))];
    anchors.next("Milestone Progress Tracker");
    anchors.next("Table of Contents");
    for item in &resolved.milestones {
        contents.push((item.heading(), anchors.next(&one_line(&item.heading()))));
    }
    contents.extend([PARALLEL, GAPS, CONTEXT, LOG].map(|name| (name.to_owned(), anchors.next(name))));

    let mut out = Document::default();
    out.line(format_args!("# {}\n\n## Summary", heading(title)));
    summary(&mut out, plan);
    out.line(format_args!("\n### Milestone Progress Tracker\n"));
    tracker(&mut out, &resolved.milestones);
    out.line(format_args!("\n## Table of Contents\n"));
    for (name, anchor) in &contents {
        out.line(format_args!("- [{}](#{anchor})", link_words(name)));
    }
    for item in &resolved.milestones {
        section(&mut out, item, &resolved.milestones, &top);
    }
    parallel(&mut out, &resolved);
    out.line(format_args!("\n## {GAPS}\n\n{}", GAP_RULES));
    out.line(format_args!("\n## {CONTEXT}\n\n{}", CONTEXT_NOTE));
    out.line(format_args!(
        "\n## {LOG}\n\n> Newest entries first, each as `**YYYY-MM-DD HH:MM** - what happened`.\n"
    ));
    out.line(format_args!("**{}** - Planning document written.", prose(moment)));
    out.text
}

const GAP_RULES: &str = "\
When a worker leaves tasks of its milestone undone, the prompt for what is left

- has the heading of the milestone with \"Gap Fill\" behind it, and says that it follows up on work that was missed,
- names what the original work completed, the files it changed, and what it decided,
- lists only the tasks that are left, with their boxes,
- says who else is at work, and where,
- ends as every prompt does: commit the changes, write a summary of its own, leave this document alone, notify, close.";

const CONTEXT_NOTE: &str = "\
The session is kept in `.orchestrator/state.json`: which milestones are at work, since when, and which summaries were
processed. A context that is getting full can be compacted or closed at any time, for the next one goes on from that file
and from this document.";

const COMPLETION: &str = "\
**Worker Completion Requirement:** complete all of the above, every box of it, before the summary is written. Skip none; where one
is a problem, say so in the summary and attempt it all the same. Do not edit this document.";

#[derive(Default)]
struct Document {
    text: String,
}

impl Document {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a `String` can't fail.
        let _ = writeln!(self.text, "{line}");
    }
}

impl Item<'_> {
    /// What its heading and its row say.
    fn heading(&self) -> String {
        match self.name {
            "" => self.id.clone(),
            name => format!("{}: {name}", self.id),
        }
    }
}

fn summary(out: &mut Document, plan: &NewPlan) {
    if !plan.purpose.trim().is_empty() {
        out.line(format_args!("\n**Purpose:** {}", prose(&plan.purpose)));
    }
    for (name, list) in
        [("Key objectives", &plan.objectives), ("Critical success factors", &plan.success_factors)]
    {
        if !list.is_empty() {
            out.line(format_args!("\n**{name}:**\n"));
            list.iter().for_each(|item| out.line(format_args!("- {}", block(item))));
        }
    }
}

fn tracker(out: &mut Document, milestones: &[Item<'_>]) {
    let rows: Vec<[String; 5]> = milestones
        .iter()
        .map(|item| {
            let model = item.model().map_or("—".to_owned(), cell);
            [name(cell(&item.heading())), model, "⬜ Not Started".to_owned(), "—".to_owned(), String::new()]
        })
        .collect();
    let header = TRACKER.map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]).map(|row| row[column].width());
        cells.filter(|width| *width <= WIDEST).max().unwrap_or(3)
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let row = |cells: &[String; 5]| -> String {
        let padded = |(cell, width): (&String, usize)| {
            format!(" {cell}{} |", " ".repeat(width.saturating_sub(cell.width())))
        };
        cells.iter().zip(widths).map(padded).collect()
    };
    out.line(format_args!("|{}", row(&header)));
    out.line(format_args!("|{}", widths.map(|width| format!("{}|", "-".repeat(width + 2))).concat()));
    rows.iter().for_each(|cells| out.line(format_args!("|{}", row(cells))));
}

impl Item<'_> {
    fn model(&self) -> Option<&str> {
        self.new.model.as_deref().map(str::trim).filter(|model| !model.is_empty())
    }
}

fn section(out: &mut Document, item: &Item<'_>, all: &[Item<'_>], top: &str) {
    out.line(format_args!("\n## {}\n\n[Return to Top](#{top})\n", heading(&item.heading())));
    if let Some(model) = item.model() {
        out.line(format_args!("**Recommended model:** {}\n", prose(model)));
    }
    let known = item.needs.iter().map(|&needed| all[needed].id.clone());
    let needs: Vec<String> = known.chain(item.unknown.iter().map(|name| prose(name))).collect();
    let needs = if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") };
    out.line(format_args!("**Depends on:** {needs}"));
    for paragraph in paragraphs(&item.new.description) {
        out.line(format_args!("\n{}", block(&paragraph)));
    }
    let paths: Vec<String> =
        item.new.paths.iter().filter(|path| !path.trim().is_empty()).map(|path| code(path)).collect();
    if !paths.is_empty() {
        out.line(format_args!("\n**Files:** {}", paths.join(", ")));
    }
    let tasks: Vec<&String> = item.new.tasks.iter().filter(|task| !task.trim().is_empty()).collect();
    let gates: Vec<&String> = item.new.gates.iter().filter(|gate| !gate.trim().is_empty()).collect();
    if !tasks.is_empty() || !gates.is_empty() {
        out.line(format_args!(""));
    }
    tasks.iter().for_each(|task| out.line(format_args!("- [ ] {}", to_do(task))));
    gates.iter().for_each(|gate| out.line(format_args!("- [ ] **Gate:** {}", prose(gate))));
    out.line(format_args!("\n{COMPLETION}"));
}

fn parallel(out: &mut Document, resolved: &Resolved<'_>) {
    out.line(format_args!("\n## {PARALLEL}\n"));
    let ids = |places: &[usize], between: &str| {
        let ids: Vec<&str> = places.iter().map(|&place| resolved.milestones[place].id.as_str()).collect();
        ids.join(between)
    };
    out.line(format_args!(
        "Milestones of one group can run at the same time; what each needs stands in its section.\n"
    ));
    for (at, group) in resolved.groups().iter().enumerate() {
        let letter = u8::try_from(at).ok().filter(|at| *at < 26).map(|at| char::from(b'A' + at).to_string());
        let name = letter.unwrap_or_else(|| (at + 1).to_string());
        out.line(format_args!("- **Group {name}:** {}", ids(group, ", ")));
    }
    let blocked: Vec<&Item<'_>> = resolved.milestones.iter().filter(|item| !item.needs.is_empty()).collect();
    if !blocked.is_empty() {
        out.line(format_args!("\n**Sequential blockers:**\n"));
        blocked.iter().for_each(|item| out.line(format_args!("- {} → {}", ids(&item.needs, " + "), item.id)));
    }
}

/// `text` in a heading: a run of signs at its end would be taken for the heading's own.
fn heading(text: &str) -> String {
    let text = name(prose(text));
    match text.strip_suffix('#') {
        Some(front) => format!("{front}&#35;"),
        None => text,
    }
}

/// The name of something as it was `written` for its place: no backslash takes the next sign's meaning away, and there are no
/// references in code, so where one is needed nothing is code.
fn name(written: String) -> String {
    let mut signs = written.bytes().zip(written.bytes().skip(1));
    let escapes = signs.any(|(sign, next)| sign == b'\\' && next.is_ascii_punctuation());
    let written = if escapes { written.replace('\\', "&#92;") } else { written };
    if written.contains("&#") { written.replace('`', "&#96;") } else { written }
}

/// `text` in a box: struck through from its start on, it would be a task that was dropped.
fn to_do(text: &str) -> String {
    let text = prose(text);
    match text.find("~~").map(|at| text.split_at(at)) {
        Some((front, back)) if front.chars().all(|c| "*_ ".contains(c)) => {
            format!("{front}&#126;{}", &back[1..])
        }
        _ => text,
    }
}

/// The paragraphs of `text`, each on one line.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines() {
        match (line.trim(), all.last_mut()) {
            ("", Some(last)) if !last.is_empty() => all.push(String::new()),
            (line, Some(last)) => {
                last.push(' ');
                last.push_str(line);
            }
            (_, None) => {}
        }
    }
    all.retain(|paragraph| !paragraph.trim().is_empty());
    all
}

/// `text` as a heading shows it.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

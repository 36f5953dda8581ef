//! `orch graph`: who needs whom, for people, for drawing programs and for scripts.

use std::fmt;
use std::io::{self, Write};

use orch_core::{Plan, TaskIx};
use orch_systems::View;
use serde::Serialize;

use crate::args::GraphFormat;
use crate::failure::code;
use crate::json::{self, Each};
use crate::sanitise::{Sanitised, is_unsafe};

/// Answers with the whole graph.
pub(crate) fn run(view: &View, format: GraphFormat, out: &mut dyn Write) -> io::Result<u8> {
    match format {
        GraphFormat::Text => text(view, out),
        GraphFormat::Dot => dot(view, out),
        GraphFormat::Mermaid => mermaid(view, out),
        GraphFormat::Json => as_json(view, out),
    }?;
    Ok(code::SUCCESS)
}

/// The levels of a plan by depth, `status` of each task in brackets unless it is empty.
pub(super) fn write_levels(
    plan: &Plan,
    out: &mut dyn Write,
    status: impl Fn(TaskIx) -> &'static str,
) -> io::Result<()> {
    for (depth, level) in plan.levels().iter().enumerate() {
        writeln!(out, "Depth {depth}{}:", if depth == 0 { " (independent)" } else { "" })?;
        for &task in level {
            write!(out, "  • {}", Sanitised::line(plan.id(task)))?;
            match status(task) {
                "" => {}
                status => write!(out, " [{status}]")?,
            }
            if !plan.title(task).is_empty() {
                write!(out, " ({})", Sanitised::line(plan.title(task)))?;
            }
            let mut before = " → depends on: ";
            for &on in plan.graph().depends_on(task) {
                write!(out, "{before}{}", Sanitised::line(plan.id(on)))?;
                before = ", ";
            }
            writeln!(out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn text(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let plan = view.plan();
    write_levels(plan, out, |task| view.run().status(task).word())?;
    let chain = plan.critical_path();
    write!(out, "Longest chain ({}): ", chain.len())?;
    for (place, &task) in chain.iter().enumerate() {
        let arrow = if place == 0 { "" } else { " → " };
        write!(out, "{arrow}{}", Sanitised::line(plan.id(task)))?;
    }
    writeln!(out)
}

fn dot(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let plan = view.plan();
    writeln!(out, "digraph plan {{\n  rankdir=LR;\n  node [shape=box];")?;
    for task in plan.tasks() {
        let (name, status) = (DotName(plan, task), view.run().status(task));
        writeln!(out, "  \"{name}\" [label=\"{name}\\n{status}\"];")?;
    }
    for (from, to) in edges(plan) {
        writeln!(out, "  \"{}\" -> \"{}\";", DotName(plan, from), DotName(plan, to))?;
    }
    writeln!(out, "}}")
}

/// A task's id within the quotes of the DOT language. Ids with invisible characters, which look alike once these are
/// replaced, keep their number as well.
struct DotName<'a>(&'a Plan, TaskIx);

impl fmt::Display for DotName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0.id(self.1);
        for c in Sanitised::line(id).to_string().chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                other => write!(f, "{other}")?,
            }
        }
        if id.contains(is_unsafe) { write!(f, " ({})", self.1) } else { Ok(()) }
    }
}

fn mermaid(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let plan = view.plan();
    writeln!(out, "flowchart LR")?;
    for task in plan.tasks() {
        let status = view.run().status(task);
        writeln!(out, "  t{}[\"{}<br/>{status}\"]", task.index(), MermaidText(plan.id(task)))?;
    }
    for (from, to) in edges(plan) {
        writeln!(out, "  t{} --> t{}", from.index(), to.index())?;
    }
    Ok(())
}

/// A text within the quotes of a Mermaid label: punctuation that Mermaid, Markdown or HTML could take for its own is
/// written by its number.
struct MermaidText<'a>(&'a str);

impl fmt::Display for MermaidText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in Sanitised::line(self.0).to_string().chars() {
            if c.is_ascii_punctuation() && !"-_./:,()".contains(c) {
                write!(f, "#{};", u32::from(c))?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Answer<N, E, C> {
    nodes: N,
    edges: E,
    critical_path: C,
}

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    status: &'static str,
    depth: u32,
}

fn as_json(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let plan = view.plan();
    let (depths, chain) = (plan.depths(), plan.critical_path());
    let node = |task: TaskIx| Node {
        id: plan.id(task),
        status: view.run().status(task).word(),
        depth: depths[task.index()],
    };
    let answer = Answer {
        nodes: Each(|| plan.tasks().map(node)),
        edges: Each(|| edges(plan).map(|(from, to)| [plan.id(from), plan.id(to)])),
        critical_path: Each(|| chain.iter().map(|&task| plan.id(task))),
    };
    json::document(out, "graph", &answer)
}

/// All dependencies, what must come first in front, by the task that waits.
fn edges(plan: &Plan) -> impl Iterator<Item = (TaskIx, TaskIx)> {
    plan.tasks().flat_map(|task| plan.graph().depends_on(task).iter().map(move |&on| (on, task)))
}

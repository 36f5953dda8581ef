//! `orch show`: all there is to know of a milestone.

use orch_systems::planning::BoxMark;
use orch_systems::{Dashboard, RunOptions, View};
use serde::Serialize;

use super::understood::Understood;
use crate::args::Show;
use crate::commands::{answer, load, tell};
use crate::failure::{Failure, code};
use crate::json::document;
use crate::sanitise::Sanitised;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    understood: Understood<'a>,
    standing: &'static str,
    note: String,
    attempts: u32,
    paths: Vec<&'a str>,
    open: Vec<&'a str>,
    notes: &'a str,
    text: Option<&'a str>,
}

pub(crate) fn show(args: &Show) -> Result<u8, Failure> {
    let opening = load(args.looked.plan.as_deref(), &args.looked.kind)?;
    opening.plan().milestones("show")?;
    let view = View::of(opening, RunOptions::default())?;
    if !args.looked.json {
        tell(view.notes());
    }
    let task = view.find(&args.id)?;
    let plan = view.loaded().milestones("show")?;
    let milestone = plan.milestone(task);
    let section = milestone.section.as_ref();
    let note =
        Dashboard::of(&view).and_then(|dashboard| Some(dashboard.milestones.get(task.index())?.note.clone()));
    let shown = Answer {
        understood: Understood::of(milestone),
        standing: view.run().status(task).word(),
        note: note.unwrap_or_default(),
        attempts: view.run().attempt(task),
        paths: plan.files(task).collect(),
        open: section
            .map(|section| section.left().map(|item| item.text.as_str()).collect())
            .unwrap_or_default(),
        notes: &milestone.row.notes,
        text: section.map(|section| plan.planning.text_of(section)),
    };
    answer(|out| {
        if args.looked.json {
            document(out, "show", &shown)?;
            return Ok(code::SUCCESS);
        }
        let Answer { understood, standing, note, attempts, paths, notes, .. } = &shown;
        let title =
            if understood.title.is_empty() { String::new() } else { format!(": {}", understood.title) };
        writeln!(out, "{}{}", Sanitised::line(understood.id), Sanitised::line(&title))?;
        writeln!(
            out,
            "status:     {standing} ({}), `{}` in the tracker",
            Sanitised::line(note),
            Sanitised::line(understood.status_written)
        )?;
        writeln!(out, "for:        {}", Sanitised::line(&understood.who()))?;
        writeln!(out, "depends on: {}", Sanitised::line(&understood.needs()))?;
        if let Some(minutes) = understood.duration {
            writeln!(out, "duration:   {minutes} min")?;
        }
        if *attempts > 0 {
            writeln!(out, "attempts:   {attempts}")?;
        }
        if !notes.is_empty() {
            writeln!(out, "notes:      {}", Sanitised::line(notes))?;
        }
        if !paths.is_empty() {
            writeln!(out, "works in:   {}", Sanitised::line(&paths.join(", ")))?;
        }
        writeln!(out, "boxes:      {} of {} ticked", understood.ticked, understood.boxes)?;
        for item in section.iter().flat_map(|section| &section.boxes) {
            let mark = match item.mark {
                BoxMark::Open => ' ',
                BoxMark::Partial => '~',
                BoxMark::Done => 'x',
            };
            let what = match (item.gate, item.dropped) {
                (true, _) => " (a person's gate)",
                (_, true) => " (dropped)",
                _ => "",
            };
            writeln!(out, "  {}[{mark}] {}{what}", "  ".repeat(item.depth), Sanitised::line(&item.text))?;
        }
        Ok(code::SUCCESS)
    })
}

//! Planning documents of every known form, as files and what is understood of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use orch_core::{Severity, Status};
use orch_state_md::planning::{BoxMark, Milestone, Reading, Section, TaskBox, is_planning_document, read};

/// The files of the corpus, by name.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/planning");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect()
}

/// What was understood, short enough to read beside the file.
fn shown(reading: &Reading) -> String {
    let plan = &reading.plan;
    let mut text = format!("title: {}\nobjective: {}\n", plan.title, plan.objective);
    for milestone in &plan.milestones {
        show_milestone(&mut text, milestone);
    }
    for group in &plan.groups {
        writeln!(text, "\ngroup {:?} @{}: {}", group.name, group.at, group.members.join(" ")).unwrap();
    }
    if !plan.log.is_empty() {
        text.push_str("\nlog:");
        for entry in &plan.log {
            write!(text, " {} @{}", entry.moment, entry.at.line).unwrap();
        }
        text.push('\n');
    }
    for found in &reading.findings {
        let severity = if found.severity == Severity::Error { "error" } else { "warning" };
        let at = found.at.map_or("the document".to_owned(), |at| at.to_string());
        writeln!(text, "\n{at}: {severity}: {}: {}", found.code, found.message).unwrap();
        writeln!(text, "  hint: {}", found.hint.as_deref().unwrap_or("-")).unwrap();
    }
    text
}

fn show_milestone(text: &mut String, milestone: &Milestone) {
    let row = &milestone.row;
    write!(text, "\n{} {:?} @{}: {}", milestone.id, milestone.title, milestone.at, row.tracked.status.word())
        .unwrap();
    for (word, is) in [(" skipped", row.tracked.skipped), (" hands-on", row.tracked.hands_on)] {
        text.push_str(if is { word } else { "" });
    }
    if let Some(minutes) = row.minutes {
        write!(text, ", {minutes} min").unwrap();
    }
    if let Some(model) = &milestone.recommended.model {
        write!(text, ", {model}").unwrap();
    }
    text.push_str(if milestone.recommended.by_person { ", a person" } else { "" });
    if !row.notes.is_empty() {
        write!(text, ", notes {:?}", row.notes).unwrap();
    }
    text.push('\n');
    for on in &milestone.depends_on {
        writeln!(text, "  after {} ({} @{})", on.on, on.notation.name(), on.at).unwrap();
    }
    for gate in &milestone.gates {
        writeln!(text, "  gate {:?}: {} @{}", gate.kind, gate.text, gate.at).unwrap();
    }
    let Some(section) = &milestone.section else { return };
    write!(text, "  section {:?} @{}", section.heading, section.at.line).unwrap();
    writeln!(text, ", paths: {}", section.paths.join(" ")).unwrap();
    if let Some(said) = &section.status {
        writeln!(text, "  says {} ({}) @{}", said.written, said.tracked.status.word(), said.at).unwrap();
    }
    show_boxes(text, section);
}

fn show_boxes(text: &mut String, section: &Section) {
    let letter = |mark| match mark {
        BoxMark::Open => ' ',
        BoxMark::Partial => '~',
        BoxMark::Done => 'x',
    };
    for item in section.boxes.iter().take(8) {
        let flags = [(" dropped", item.dropped), (" gate", item.gate)];
        let flags: String = flags.iter().map(|(word, is)| if *is { *word } else { "" }).collect();
        let indent = "  ".repeat(item.depth);
        writeln!(text, "  {indent}[{}] {} @{}{flags}", letter(item.mark), item.text, item.at).unwrap();
    }
    if section.boxes.len() > 8 {
        let (all, left) = (section.boxes.len(), section.left().count());
        writeln!(text, "  … {all} boxes, {left} left").unwrap();
    }
}

#[test]
fn reads_every_form() {
    let corpus = corpus();
    assert!(corpus.len() >= 14);
    for (name, bytes) in corpus {
        insta::assert_snapshot!(name, shown(&read(&bytes)));
    }
}

#[test]
fn ranges_are_those_of_the_text() {
    for (name, bytes) in corpus() {
        let plan = read(&bytes).plan;
        let line_of = |byte: usize| 1 + plan.text[..byte].matches('\n').count();
        for section in plan.milestones.iter().filter_map(|milestone| milestone.section.as_ref()) {
            assert!(plan.text_of(section).starts_with('#'), "{name}");
            assert_eq!(line_of(section.range.start), section.at.line as usize, "{name}");
            if let Some(said) = &section.status {
                assert_eq!(line_of(said.range.start), said.at.line as usize, "{name}");
                assert_eq!(&plan.text[said.range.clone()], said.written, "{name}");
                let words = said.words.clone().unwrap_or(said.range.clone());
                assert!(said.range.start <= words.start && words.end <= said.range.end, "{name}");
            }
            for TaskBox { range, mark_at, at, .. } in &section.boxes {
                assert_eq!(line_of(range.start), at.line as usize, "{name}");
                assert!(range.contains(mark_at) && section.range.contains(mark_at), "{name}");
                let (before, after) = (&plan.text[..*mark_at], &plan.text[*mark_at..]);
                assert!(before.ends_with('[') && after[1..].starts_with(']'), "{name}");
                assert!(range.start == 0 || plan.text[..range.start].ends_with('\n'), "{name}");
            }
        }
    }
}

#[test]
fn tells_them_from_other_markdown() {
    for (name, bytes) in corpus() {
        let is = is_planning_document(&String::from_utf8_lossy(&bytes));
        assert_eq!(is, name != "no-tracker", "{name}");
    }
    for folder in ["indexes", "tides", "almanac"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|ending| ending == "md") {
                let text = std::fs::read(&file).unwrap();
                assert!(!is_planning_document(&String::from_utf8_lossy(&text)), "{file:?}");
            }
        }
    }
    // The header is enough.
    assert!(is_planning_document("# Plan\n\n| Milestone | Model | Status |\n|--"));
}

#[test]
fn boxes_left_open_in_complete_milestones_are_told_of_each() {
    let (_, bytes) = corpus().into_iter().find(|(name, _)| name == "all-complete-boxes-open").unwrap();
    let reading = read(&bytes);
    let text = String::from_utf8(bytes).unwrap();
    assert!(reading.plan.milestones.iter().all(|milestone| milestone.row.tracked.status == Status::Success));
    let unticked: Vec<_> =
        reading.findings.iter().filter(|finding| finding.code == "planning.unticked").collect();
    assert_eq!(unticked.len(), 28);
    let mut all = 0;
    for finding in unticked {
        let words: Vec<&str> = finding.message.split(' ').collect();
        all += words[4].parse::<usize>().unwrap();
        let line = text.lines().nth(finding.at.unwrap().line as usize - 1).unwrap();
        assert!(line.starts_with("- [ ] "), "{line}");
    }
    assert_eq!(all, text.matches("- [ ]").count());
}

//! Every variant of an index that is known, and every bad one, as files and what is read from them.

use std::fmt::Write as _;
use std::path::Path;

use orch_core::{Plan, Severity};
use orch_state_md::index::{Index, Reading, read_in};

/// The parsed form as lines: short enough to read beside the file.
fn shown(reading: &Reading) -> String {
    let Index {
        objective,
        prd_path,
        requirements_inventory,
        execution,
        global_tests,
        prompts,
        ownership,
        ..
    } = &reading.index;
    let mut text = format!("objective: {objective}\n");
    for (name, value) in [("prd", prd_path), ("inventory", requirements_inventory)] {
        if let Some(value) = value {
            writeln!(text, "{name}: {} @{}", value.value, value.at).unwrap();
        }
    }
    if execution.is_some() || global_tests.is_some() {
        writeln!(text, "execution: {execution:?}, global tests: {global_tests:?}").unwrap();
    }
    for prompt in prompts {
        let short = prompt.short_id.as_deref().unwrap_or("-");
        writeln!(text, "\n{} ({short}) {:?} @{}", prompt.id, prompt.path, prompt.at).unwrap();
        writeln!(text, "  objective: {}", prompt.objective).unwrap();
        let more = (&prompt.planning, &prompt.difficulty);
        writeln!(text, "  tests: {}, planning, difficulty: {more:?}", prompt.tests.word()).unwrap();
        for on in &prompt.depends_on {
            writeln!(text, "  after {} @{}", on.name, on.at.unwrap()).unwrap();
        }
        if !prompt.reqs.is_empty() {
            writeln!(text, "  reqs: {}", prompt.reqs.join(" ")).unwrap();
        }
    }
    match ownership {
        None => text.push_str("\nno ownership\n"),
        Some(lines) => {
            text.push('\n');
            for line in lines {
                let owner = line.owner.as_ref().map(|owner| format!("{} @{}", owner.value, owner.at));
                let secondary: Vec<&str> = line.secondary.iter().map(|name| name.value.as_str()).collect();
                writeln!(text, "{} @{}: {owner:?}, also {secondary:?}", line.req, line.at).unwrap();
            }
        }
    }
    for line in &reading.index.malformed_ownership {
        writeln!(text, "malformed @{}: {}", line.at, line.value).unwrap();
    }
    for found in &reading.diagnostics {
        let severity = if found.severity == Severity::Error { "error" } else { "warning" };
        writeln!(text, "\n{}: {severity}: {}: {}", found.at.unwrap(), found.code, found.message).unwrap();
        writeln!(text, "  hint: {}", found.hint.as_deref().unwrap()).unwrap();
    }
    text
}

#[test]
fn reads_every_variant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/indexes");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 24, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let reading = read_in(&std::fs::read(&file).unwrap(), "/plans/log in");
        assert_eq!(reading.has_errors(), name.starts_with("bad-"), "{name}: {:?}", reading.diagnostics);
        if !reading.has_errors() {
            let plan = Plan::build(reading.index.draft());
            assert!(plan.is_ok(), "{name}: {}", plan.unwrap_err());
        }
        insta::assert_snapshot!(name, shown(&reading));
    }
}

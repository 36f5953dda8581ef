//! Plans of prompts of which everything is done: the index, the prompt files, the history and the state file, as a run of
//! orch leaves them, made by orch's own writers.

use std::fs;
use std::io;
use std::path::Path;

use orch_core::{Outcome, Status, Time};
use orch_state_md::index::read;
use orch_state_md::state::{Overall, Row, State, StateFile, Validation};
use orch_store::{Durability, HistoryWriter, Home, What};

use crate::plans;

const NOW: Time = Time::from_millis(1_771_977_600_000);

/// The text of the state file of the plan that `index` is, with every prompt at SUCCESS, marked as belonging to the
/// `history` up to its entry `seq`.
pub fn state(index: &str, history: u64, seq: u64) -> Vec<u8> {
    let index = read(index.as_bytes()).index;
    let rows = index.prompts.iter().map(|prompt| {
        let row = Row::new(&prompt.path);
        Row {
            status: Status::Success,
            plan_path: Some(row.rule_plan_path()),
            tests: Some(prompt.tests.word().to_owned()),
            dependencies: prompt.depends_on.iter().map(|on| on.name.clone()).collect(),
            ..row
        }
    });
    let state = State {
        objective: index.objective.clone(),
        base_branch: Some("main".into()),
        overall: Some(Overall::Success),
        validation: Some(Validation::None),
        current: index.prompts.len().saturating_sub(1) as u32,
        rows: rows.collect(),
        ..State::default()
    };
    StateFile::create(&state).to_bytes_marked(history, seq)
}

/// Writes a finished plan of `tasks` prompts into `folder`.
///
/// # Errors
/// When a file can't be written.
pub fn plan(folder: &Path, tasks: u32, edges: &[(u32, u32)]) -> io::Result<()> {
    plans::prompts(folder, tasks, edges)?;
    let home = Home::open(folder, "PROMPT-ORCHESTRATOR").map_err(io::Error::other)?;
    let (history, seq) = history(&home.history(), tasks).map_err(io::Error::other)?;
    fs::write(folder.join("PROMPT-ORCHESTRATOR.state.md"), state(&plans::index(tasks, edges), history, seq))
}

/// Writes the history of a run in which every task was started once and succeeded; its number and its last entry.
fn history(path: &Path, tasks: u32) -> Result<(u64, u64), orch_store::StoreError> {
    let (mut writer, folded, _) = HistoryWriter::open(path, Durability::Process, "PROMPT-ORCHESTRATOR", NOW)?;
    let run = What::RunStarted {
        run: "run".into(),
        jobs: 2,
        order: "graph".into(),
        pid: 1,
        boot: None,
        agent: Some("true".into()),
    };
    writer.append(NOW, &[What::Base { branch: "main".into() }, run])?;
    for task in 0..tasks {
        let id = plans::prompt_id(task);
        let moved = |from, to, outcome, detail: Option<&'static str>, tries| What::Moved {
            task: id.as_str().into(),
            attempt: 1,
            from,
            to,
            outcome,
            detail: detail.map(Into::into),
            tries,
            reworks: 0,
            review_due: false,
        };
        let worker = What::Worker {
            task: id.as_str().into(),
            attempt: 1,
            pid: 30_000 + task % 1000,
            start: 1_092_076 + u64::from(task),
            boot: "9e8bf263-0825-4bf4-891e-4e73f6a9ada1".into(),
        };
        let detail = Some("no report; its exit status (0) decided");
        let lines = [
            moved(Status::Pending, Status::Running, None, None, 0),
            worker,
            moved(Status::Running, Status::Success, Some(Outcome::Succeeded), detail, 1),
        ];
        writer.append(NOW, &lines)?;
    }
    let seq = writer.append(NOW, &[What::RunEnded { run: "run".into(), verdict: "success".into() }])?;
    Ok((folded.history, seq))
}

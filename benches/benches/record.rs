//! What one recorded transition costs, in plans of 10 to 100,000 prompts: one line appended to the history and one
//! cell of the state file changed in memory. The state file itself is written at most a tenth of the time; its cost is
//! shown apart.
//!
//! `cargo bench --bench record`. Only the ratios of one run count.

use std::time::Instant;

use orch_benches::median;
use orch_core::{Status, Time};
use orch_state_md::state::{Row, State, StateFile};
use orch_store::{Durability, HistoryWriter, What, replace};

const TRANSITIONS: usize = 2_000;

fn cost(prompts: usize, durability: Durability) -> (u128, u128) {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Time::from_millis(1);
    let rows = (0..prompts).map(|n| Row::new(format!("PROMPT-{n:06}-x.md"))).collect();
    let mut state = StateFile::create(&State { rows, ..State::default() });
    let (mut history, folded, _) =
        HistoryWriter::open(&folder.path().join("history.jsonl"), durability, "PLAN", now)
            .expect("a history");
    // As long a history as a run of this plan leaves.
    let ids: Vec<String> = (0..prompts).map(|n| format!("PROMPT-{n:06}-x")).collect();
    let moved = |id: &str, to| What::Moved {
        task: id.to_owned().into(),
        attempt: 1,
        from: Status::Pending,
        to,
        outcome: None,
        detail: None,
        tries: 0,
        reworks: 0,
        review_due: false,
    };
    let all: Vec<What<'_>> = ids.iter().map(|id| moved(id, Status::Running)).collect();
    history.append(now, &all).expect("appended");
    let rounds = if durability == Durability::Power { TRANSITIONS / 10 } else { TRANSITIONS };
    let samples = (0..rounds)
        .map(|n| {
            let row = n * 7919 % prompts;
            let began = Instant::now();
            history.append(now, &[moved(&ids[row], Status::Success)]).expect("appended");
            state.set_status(row, Status::Success).expect("a row");
            began.elapsed().as_nanos()
        })
        .collect();
    let began = Instant::now();
    let bytes = state.to_bytes_marked(folded.history, history.seq());
    replace(&folder.path().join("state.md"), &bytes, durability).expect("replaced");
    (median(samples), began.elapsed().as_nanos())
}

fn main() {
    for durability in [Durability::Process, Durability::Power] {
        println!("{durability:?}: ns a transition, and µs to write the whole state file");
        let (base, _) = cost(10, durability);
        for prompts in [10, 100, 1_000, 10_000, 100_000] {
            let (transition, file) = cost(prompts, durability);
            println!(
                "{prompts:>8} prompts {transition:>9} ({:.2} of 10 prompts) {:>9}",
                transition as f64 / base as f64,
                file / 1000
            );
        }
    }
}

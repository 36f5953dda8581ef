//! What orch holds in memory: bytes a task in the core, by the allocator's count, and the most that a whole process that
//! runs a plan ever has (its resident memory at its highest), whatever its workers print.
//!
//! `cargo bench --bench memory`. The second part starts this program anew for every kind of output.

use std::fs;
use std::path::Path;
use std::process::Command;

use orch_benches::{drain, layered};
use orch_core::Plan;
use orch_systems::{ExecutorKind, PromptPlan, RunOptions, Session};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The word by which this program is told to run the plan in a folder.
const RUN: &str = "--run-plan-in";

/// What workers print, as a shell command of a number of bytes, and how their output is read.
const OUTPUTS: [(&str, &str, &str); 4] = [
    ("lines", "yes 'a line of output, as long as most are' | head -c BYTES", "exit"),
    ("one endless line", "yes x | tr -d '\\n' | head -c BYTES", "exit"),
    ("one endless line, read as a stream", "yes '{' | tr -d '\\n' | head -c BYTES", "json:claude"),
    (
        "JSON lines, read as a stream",
        "yes '{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a line of output, as long as most \
         are\"}]},\"parent_tool_use_id\":null,\"session_id\":\"0199f6a2-0000-7000-8000-000000000000\"}' | head -c BYTES; \
         echo; echo '{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"done\"}'",
        "json:claude",
    ),
];

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == RUN) {
        return run(words[at + 1].as_ref());
    }
    core_bytes();
    processes();
}

fn core_bytes() {
    println!("bytes a task in the core beside its id (goal <= 150), and KiB more while it runs (goal: none)");
    for tasks in [10_000, 100_000, 1_000_000] {
        let edges = layered(tasks, 1);
        let before = MEMORY.current_usage();
        let plan = Plan::build(drain::draft(tasks, &edges)).expect("a plan");
        let plan_holds = MEMORY.current_usage() - before - drain::ID * tasks as usize;
        let mut run = drain::run(plan);
        let holds = MEMORY.current_usage() - before - drain::ID * tasks as usize;
        MEMORY.reset_peak_usage();
        let start = MEMORY.peak_usage();
        drain::drain(&mut run);
        println!(
            "{tasks:>9} tasks, {:.1} dependencies each: {:>6.1} (plan {:.1}, run {:.1}) {:>6}",
            edges.len() as f64 / f64::from(tasks),
            holds as f64 / f64::from(tasks),
            plan_holds as f64 / f64::from(tasks),
            (holds - plan_holds) as f64 / f64::from(tasks),
            (MEMORY.peak_usage() - start) >> 10,
        );
    }
}

fn processes() {
    println!("\nthe most resident memory of a process that runs one worker, MiB by what that prints");
    println!("{:<36} {:>8} {:>8} {:>8}  (goal: no more for 1 GB)", "", "nothing", "10 MB", "1 GB");
    for (name, command, result) in OUTPUTS {
        let most = [0, 10_000_000, 1_000_000_000].map(|bytes| most_resident(command, result, bytes));
        println!("{name:<36} {:>8.1} {:>8.1} {:>8.1}", most[0], most[1], most[2]);
    }
}

/// The most memory that a process has while it runs a plan of one worker that prints so much.
fn most_resident(command: &str, result: &str, bytes: u64) -> f64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    let index =
        "# Orchestrator Index\n\n## Prompts\n- PROMPT-01-a.md — Objective: print — Dependencies: None\n";
    write("PROMPT-ORCHESTRATOR.md", index);
    write("PROMPT-01-a.md", "# Mission\nPrint.\n");
    write("print.sh", &command.replace("BYTES", &bytes.to_string()));
    write(
        "orch.toml",
        &format!(
            "[run]\nagent = \"printer\"\n[agents.printer]\ncommand = [\"sh\", \"print.sh\"]\nresult = \"{result}\"\n"
        ),
    );
    let own = std::env::current_exe().expect("this program");
    let done = Command::new(own).arg(RUN).arg(folder.path()).output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().parse::<f64>().expect("KiB") / 1024.0
}

/// Runs the plan in `folder` and prints the most memory that took, in KiB.
fn run(folder: &Path) {
    let plan = PromptPlan::load(&folder.join("PROMPT-ORCHESTRATOR.md")).expect("a plan");
    let options =
        RunOptions { executor: Some(ExecutorKind::Process), no_review: true, ..RunOptions::default() };
    Session::open(plan, options).expect("a session").run(&mut []).expect("it runs");
    let status = fs::read_to_string("/proc/self/status").expect("Linux says how much memory a process has");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a highest mark");
    println!("{}", most.trim().trim_end_matches(" kB"));
}

//! Ten thousand processes, two at a time: `orch run` with `/bin/true` as the agent, beside ninja and make on the same
//! graph and beside threads that do nothing but start processes.
//!
//! `cargo bench --bench processes [-- [TASKS] [ROUNDS]]`; 10,000 tasks and 5 rounds unless given. `ORCH=PATH` measures that
//! program; otherwise the release build of this tree, which is brought up to date first. Only the ratios count: rounds are
//! interleaved, and what a round leaves is moved aside and removed at the end, since ext4 is slow to make files for some
//! seconds after it has removed many.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use orch_benches::{layered, median};

/// What is measured, in nanoseconds for the whole, by name.
type Samples = BTreeMap<&'static str, Vec<u128>>;

/// A ratio that is to be shown: of what, to what, and the most that it may be.
const GOALS: [(&str, &str, f64); 8] = [
    (PROCESS, "ninja /bin/true -j2", 0.5),
    (PROCESS, "make /bin/true -j2", 0.9),
    (PROCESS, "two threads", 1.25),
    (PROCESS, "two threads, a log each", 1.25),
    (FILE, "ninja /bin/true -j2", f64::NAN),
    (POWER_8, "ninja touch -j8", 0.9),
    (POWER_2, "ninja touch -j2", 1.05),
    (POWER_2, "ninja /bin/true -j2", f64::NAN),
];
const PROCESS: &str = "orch -j2, process";
const FILE: &str = "orch -j2, process, with a prompt file";
const POWER_2: &str = "orch -j2, power";
const POWER_8: &str = "orch -j8, power";

struct Bench {
    tasks: u32,
    orch: PathBuf,
    folder: tempfile::TempDir,
    used: usize,
    samples: Samples,
}

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let tasks = numbers.first().copied().unwrap_or(10_000);
    let rounds = numbers.get(1).copied().unwrap_or(5);
    let Some(orch) = orch() else {
        println!("no orch to measure: `cargo build --release -p orch-cli` failed");
        return;
    };
    // In the folder of the build: what is in memory only would leave the disk out.
    let near = orch.parent().unwrap_or(Path::new("."));
    let folder = tempfile::tempdir_in(near).expect("a folder");
    let edges = layered(tasks, 1);
    write_plan(&folder.path().join("plan"), tasks, &edges);
    for (name, command) in [("true", "/bin/true"), ("touch", ": > $out")] {
        write_ninja(&folder.path().join(name), tasks, &edges, command);
    }
    write_make(&folder.path().join("make"), tasks, &edges);
    let mut bench = Bench { tasks, orch, folder, used: 0, samples: Samples::new() };
    for _ in 0..rounds {
        bench.orch(PROCESS, "none", "2", "process");
        bench.peer("ninja /bin/true -j2", "true", &["ninja", "-j2"]);
        bench.peer("make /bin/true -j2", "make", &["make", "-j2", "--silent"]);
        bench.threads("two threads", false);
        bench.threads("two threads, a log each", true);
        bench.orch(FILE, "file", "2", "process");
        bench.orch(POWER_2, "none", "2", "power");
        bench.peer("ninja touch -j2", "touch", &["ninja", "-j2"]);
        bench.orch(POWER_8, "none", "8", "power");
        bench.peer("ninja touch -j8", "touch", &["ninja", "-j8"]);
    }
    bench.report();
}

impl Bench {
    fn orch(&mut self, name: &'static str, agent: &str, jobs: &str, durability: &str) {
        let program = self.orch.to_string_lossy().into_owned();
        let words = [&*program, "run", "--agent", agent, "-j", jobs, "--durability", durability, "."];
        self.peer(name, "plan", &words);
    }

    /// Runs a program in a copy of a folder.
    fn peer(&mut self, name: &'static str, of: &str, words: &[&str]) {
        let folder = self.aside();
        copy(&self.folder.path().join(of), &folder);
        rest();
        let began = Instant::now();
        let done = Command::new(words[0])
            .args(&words[1..])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("said")).expect("a file"))
            .status();
        let took = began.elapsed().as_nanos();
        match done {
            Ok(status) => {
                let said = || fs::read_to_string(folder.join("said")).unwrap_or_default();
                assert!(status.success(), "{name}: {status}: {}", said());
                self.samples.entry(name).or_default().push(took);
            }
            // A peer that is not installed is left out.
            Err(_) => drop(self.samples.entry(name).or_default()),
        }
    }

    /// The least that any program here needs: a thread for each of two processes at a time, which starts one and waits.
    fn threads(&mut self, name: &'static str, with_log: bool) {
        let (folder, next) = (self.aside(), AtomicUsize::new(0));
        fs::create_dir(&folder).expect("a folder");
        rest();
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.tasks as usize {
                            return;
                        }
                        let mut command = Command::new("/bin/true");
                        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                        if with_log {
                            let log = File::create(folder.join(format!("{number}.log"))).expect("a log");
                            command.stdout(log.try_clone().expect("a descriptor")).stderr(log);
                        }
                        assert!(command.status().expect("started").success());
                    }
                });
            }
        });
        self.samples.entry(name).or_default().push(began.elapsed().as_nanos());
    }

    /// A folder that is not there yet.
    fn aside(&mut self) -> PathBuf {
        self.used += 1;
        self.folder.path().join(format!("round-{}", self.used))
    }

    fn report(&self) {
        let middle = |name: &str| {
            let samples = self.samples.get(name).filter(|samples| !samples.is_empty())?;
            Some(median(samples.clone()) as f64 / f64::from(self.tasks) / 1000.0)
        };
        println!("{} tasks: µs a task, the median of the rounds", self.tasks);
        for name in self.samples.keys() {
            match middle(name) {
                Some(took) => println!("{name:>40} {took:>8.0}"),
                None => println!("{name:>40}  not installed"),
            }
        }
        for (name, beside, goal) in GOALS {
            let (Some(took), Some(other)) = (middle(name), middle(beside)) else { continue };
            let goal = if goal.is_nan() { String::new() } else { format!(" (goal {goal})") };
            println!("{name:>40} ÷ {beside:<24} {:.2}{goal}", took / other);
        }
    }
}

/// The program to be measured.
fn orch() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("ORCH") {
        return Some(std::path::absolute(given).expect("a path"));
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--locked", "--quiet", "-p", "orch-cli"]).current_dir(root);
    if !build.status().is_ok_and(|status| status.success()) {
        return None;
    }
    // This program is in `release/deps`.
    let me = std::env::current_exe().ok()?;
    Some(me.parent()?.parent()?.join("orch")).filter(|orch| orch.is_file())
}

/// Lets the disk come to rest, so that nobody pays for what another has written.
fn rest() {
    // Without the program the figures are only noisier.
    let _ = Command::new("sync").status();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

/// What each task depends on.
fn needs(tasks: u32, edges: &[(u32, u32)]) -> Vec<Vec<u32>> {
    let mut needs = vec![Vec::new(); tasks as usize];
    for &(task, on) in edges {
        needs[task as usize].push(on);
    }
    needs
}

fn write_plan(folder: &Path, tasks: u32, edges: &[(u32, u32)]) {
    fs::create_dir(folder).expect("a folder");
    let mut index = "# Orchestrator Index\n\nOverall Objective: many processes\n\n## Prompts\n".to_owned();
    for (task, needs) in needs(tasks, edges).iter().enumerate() {
        let named: Vec<String> = needs.iter().map(|on| format!("PROMPT-{on:06}")).collect();
        let named = if named.is_empty() { "None".to_owned() } else { named.join(", ") };
        // Writing to memory cannot fail.
        let _ = writeln!(index, "- PROMPT-{task:06}-t.md — Objective: task {task} — Dependencies: {named}");
        fs::write(folder.join(format!("PROMPT-{task:06}-t.md")), format!("Do {task}.\n")).expect("a prompt");
    }
    fs::write(folder.join("PROMPT-ORCHESTRATOR.md"), index).expect("an index");
    let agents = ["none", "file"]
        .map(|prompt| format!("[agents.{prompt}]\ncommand = [\"/bin/true\"]\nprompt = \"{prompt}\"\n"));
    fs::write(folder.join("orch.toml"), agents.concat()).expect("a configuration");
}

fn write_ninja(folder: &Path, tasks: u32, edges: &[(u32, u32)], command: &str) {
    fs::create_dir_all(folder.join("out")).expect("a folder");
    let mut text = format!("rule r\n  command = {command}\n  description = $out\n");
    for (task, needs) in needs(tasks, edges).iter().enumerate() {
        let _ = write!(text, "build out/t{task:07}: r");
        needs.iter().for_each(|on| _ = write!(text, " out/t{on:07}"));
        text.push('\n');
    }
    fs::write(folder.join("build.ninja"), text).expect("a file");
}

fn write_make(folder: &Path, tasks: u32, edges: &[(u32, u32)]) {
    fs::create_dir_all(folder.join("out")).expect("a folder");
    let mut text = "MAKEFLAGS += -rR\n.SUFFIXES:\nall:".to_owned();
    (0..tasks).for_each(|task| _ = write!(text, " out/t{task:07}"));
    text.push('\n');
    for (task, needs) in needs(tasks, edges).iter().enumerate() {
        let _ = write!(text, "out/t{task:07}:");
        needs.iter().for_each(|on| _ = write!(text, " out/t{on:07}"));
        text.push_str("\n\t@/bin/true\n");
    }
    fs::write(folder.join("Makefile"), text).expect("a file");
}

//! Repositories with a planning document in them.

use std::io::{Seek, Write};
use std::process::Command;

use serde_json::Value;

use super::{Ended, Live, Project, agent};

/// The document.
pub(crate) const DOCUMENT: &str = "Export-Planning.md";

/// A milestone: its id and title, its model, what its section says below the heading.
pub(crate) type Planned<'a> = (&'a str, &'a str, &'a str);

/// A repository, branch `trunk`, with a planning document; its agent is the scripted `milestoner`.
pub(crate) struct Planning {
    pub(crate) project: Project,
}

impl Planning {
    /// A repository with a document of these milestones, none of them begun.
    pub(crate) fn new(milestones: &[Planned<'_>]) -> Self {
        let planning = Self::without_document();
        planning.document(DOCUMENT, milestones);
        planning.git(&["add", "."]);
        planning.git(&["commit", "-q", "-m", "begin"]);
        planning
    }

    /// A repository without one.
    pub(crate) fn without_document() -> Self {
        let planning = Self { project: Project::empty() };
        planning.git(&["init", "-q", "-b", "trunk"]);
        planning.git(&["config", "user.name", "A Person"]);
        planning.git(&["config", "user.email", "person@example.org"]);
        planning.project.write(".gitignore", "/orch.toml\n/pipe*\n/seen*\n");
        planning.config("");
        planning
    }

    /// Writes a document of these milestones.
    pub(crate) fn document(&self, name: &str, milestones: &[Planned<'_>]) {
        let mut rows = String::new();
        let mut sections = String::new();
        for (title, model, section) in milestones {
            rows += &format!("| {title} | {model} | ⬜ Not Started | — | |\n");
            sections += &format!("## {title}\n\n{section}\n\n");
        }
        self.project.write(
            name,
            format!(
                "# Export\n\n## Summary\n\nUsers can export.\n\n### Milestone Progress Tracker\n\n\
                 | Milestone | Model | Status | Duration (min) | Notes |\n|---|---|---|---|---|\n{rows}\n{sections}\
                 ## Progress Log / Notes\n\n**2026-11-01 10:00** - Planned.\n"
            ),
        );
    }

    /// Writes `orch.toml`: the scripted agent, and these lines more in its profile.
    pub(crate) fn config(&self, more: &str) {
        let command = [agent("milestoner"), "{prompt_file}".to_owned()];
        self.project.config(&format!(
            "[run]\nagent = \"milestoner\"\ngrace = \"200ms\"\nbackoff = \"10ms\"\n\n[agents.milestoner]\ncommand = {command:?}\nresult = \"exit\"\n{more}\n"
        ));
    }

    /// What git says in the repository.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let done = Command::new("git").args(arguments).current_dir(self.project.folder()).output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
    }

    /// The document as it is.
    pub(crate) fn text(&self) -> String {
        self.project.read(DOCUMENT)
    }

    /// Changes the document as a person does.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "no {from:?} in {text}");
        self.project.write(DOCUMENT, text.replacen(from, to, 1));
    }

    /// The status cells of the tracker, in order.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.cells(3)
    }

    /// A column of the tracker.
    pub(crate) fn cells(&self, column: usize) -> Vec<String> {
        let text = self.text();
        let rows = text.lines().filter(|line| line.starts_with("| ")).skip(1);
        rows.map(|row| row.split('|').nth(column).unwrap().trim().to_owned()).collect()
    }

    /// The entries of the progress log, the newest first, without their moments.
    pub(crate) fn log(&self) -> Vec<String> {
        let text = self.text();
        let entries = text.lines().filter_map(|line| line.strip_prefix("**20"));
        entries.map(|line| line.split_once(" - ").unwrap().1.to_owned()).collect()
    }

    /// The state of the session.
    pub(crate) fn state(&self) -> Value {
        serde_json::from_str(&self.project.read(".orchestrator/state.json")).unwrap()
    }

    /// Writes the summary of a worker, as `worker-summary-NAME.md`.
    pub(crate) fn hand_back(&self, name: &str, status: &str, work: &str, issues: &str) {
        self.project.write(
            &format!(".orchestrator/worker-summary-{name}.md"),
            format!(
                "# Worker Summary\n\n**Status:** {status}\n**Start time:** 2026-11-02 10:00\n**End time:** 2026-11-02 10:20\n\n\
                 ## Work completed\n{work}\n\n## Files modified\n\n## Issues or blockers\n{issues}\n"
            ),
        );
    }

    /// The names of the summaries that were taken in.
    pub(crate) fn processed(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.project.path(".orchestrator/processed")).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn run_to(&self, code: i32, arguments: &[&str]) -> Ended {
        self.project.run_to(code, arguments)
    }

    /// Calls orch with this text on its standard input; it has to end with this exit code.
    pub(crate) fn feed(&self, code: i32, arguments: &[&str], text: &str) -> Ended {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        let mut command = self.project.orch(arguments);
        command.stdin(file);
        let ended = Live::spawn(command).end();
        assert_eq!(ended.code, Some(code), "orch {arguments:?}: {ended}");
        ended
    }

    /// The lines in which the document differs from what it said: those that are gone, and those that are new.
    pub(crate) fn changed_since(&self, before: &str) -> (Vec<String>, Vec<String>) {
        let now = self.text();
        let without = |of: &str, other: &str| {
            let mut known: Vec<&str> = other.split_inclusive('\n').collect();
            let mut left = Vec::new();
            for line in of.split_inclusive('\n') {
                match known.iter().position(|other| *other == line) {
                    Some(place) => _ = known.remove(place),
                    None => left.push(line.to_owned()),
                }
            }
            left
        };
        (without(before, &now), without(&now, before))
    }

    pub(crate) fn start_run(&self, arguments: &[&str]) -> Live {
        self.project.start_run(arguments)
    }
}

//! What happens, shown while it happens: a live line a worker on a terminal, a plain line an event elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use orch_core::{Outcome, ReviewVerdict, Run, Status, TaskIx};
use orch_run::{Happening, Observer, What};

use crate::json::rfc3339;
use crate::sanitise::Sanitised;

/// Shows a run on standard error, in the form of seed 002: `[Phase] | [Agent] | [Action] | Progress: [X/Y]`.
pub(crate) struct Progress {
    agent: String,
    live: Option<Live>,
    /// Lines that are still to be written: all that was recorded together, with one write.
    lines: String,
}

/// The lines at the bottom of a terminal.
struct Live {
    lines: MultiProgress,
    total: ProgressBar,
    workers: BTreeMap<TaskIx, ProgressBar>,
}

impl Progress {
    pub(crate) fn new(agent: &str, tasks: usize) -> Self {
        let live = (io::stderr().is_terminal() && !is_dumb()).then(|| {
            let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            let total = lines.add(ProgressBar::new(tasks as u64));
            total.set_style(style("{bar:24} {pos}/{len} {elapsed_precise}"));
            total.enable_steady_tick(Duration::from_secs(1));
            Live { lines, total, workers: BTreeMap::new() }
        });
        Self { agent: agent.to_owned(), live, lines: String::new() }
    }

    fn line(&mut self, phase: &str, agent: &str, action: &str, run: &Run) {
        let done = run.count_done();
        let line = format!(
            "[{phase}] | [{}] | [{}] | Progress: [{done}/{}]",
            Sanitised::line(agent),
            Sanitised::line(action),
            run.plan().len()
        );
        match &self.live {
            // Above the live lines, where it stays.
            Some(live) => drop(live.lines.println(line)),
            None => {
                self.lines.push_str(&line);
                self.lines.push('\n');
            }
        }
    }

    fn flush(&mut self) {
        if !self.lines.is_empty() {
            // A run goes on whether or not anybody can see it.
            let _ = io::stderr().write_all(self.lines.as_bytes());
            self.lines.clear();
        }
    }

    fn begin(&mut self, task: TaskIx, what: &str, run: &Run) {
        let Some(live) = &mut self.live else { return };
        let bar = live.lines.insert_before(&live.total, ProgressBar::new_spinner());
        bar.set_style(style("{spinner} {elapsed:>4} {wide_msg}"));
        let (id, title) = (run.plan().id(task), run.plan().title(task));
        bar.set_message(format!("{} {what} {}", Sanitised::line(id), Sanitised::line(title)));
        bar.enable_steady_tick(Duration::from_millis(250));
        if let Some(before) = live.workers.insert(task, bar) {
            before.finish_and_clear();
        }
    }

    /// Shows the workers of a plan that was changed: the tasks may have other places in it.
    fn replanned(&mut self, run: &Run) {
        let Some(live) = &mut self.live else { return };
        for (_, bar) in std::mem::take(&mut live.workers) {
            bar.finish_and_clear();
        }
        live.total.set_length(run.plan().len() as u64);
        for active in run.active() {
            self.begin(active.task, "runs", run);
        }
    }

    fn end(&mut self, task: TaskIx, run: &Run) {
        let Some(live) = &mut self.live else { return };
        if let Some(bar) = live.workers.remove(&task) {
            bar.finish_and_clear();
        }
        live.total.set_position(run.count_done() as u64);
        live.total.tick();
    }
}

impl Observer for Progress {
    fn see(&mut self, happening: &Happening, run: &Run) {
        let id = |task: TaskIx| run.plan().id(task).to_owned();
        let agent = self.agent.clone();
        match &happening.what {
            What::Moved { moved, .. } if moved.to == Status::Running => {
                let again =
                    if moved.attempt > 1 { format!(" (attempt {})", moved.attempt) } else { String::new() };
                self.line("Execute", &agent, &format!("{} started{again}", id(moved.task)), run);
                self.begin(moved.task, "runs", run);
            }
            What::Moved { moved, detail } => {
                self.end(moved.task, run);
                let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
                let how = match (moved.to, moved.outcome) {
                    (Status::Pending, Some(outcome)) => format!("{}, to be run again", words(outcome)),
                    (to, Some(outcome @ (Outcome::TimedOut | Outcome::Crashed | Outcome::Rejected))) => {
                        format!("{to}, {}", words(outcome))
                    }
                    (to, _) => to.word().to_owned(),
                };
                self.line("Execute", &agent, &format!("{} {how}{detail}", id(moved.task)), run);
            }
            What::Progress { task, text, .. } => {
                self.line("Execute", &agent, &format!("{}: {text}", id(*task)), run);
            }
            What::ReviewBegan { task, .. } => {
                self.line("Review", "reviewer", &format!("{} under review", id(*task)), run);
                self.begin(*task, "is reviewed", run);
            }
            What::Reviewed { task, verdict, settled, detail, .. } => {
                self.end(*task, run);
                let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
                let how = match verdict {
                    ReviewVerdict::RateLimited { .. } if *settled => "review skipped, rate limited",
                    ReviewVerdict::RateLimited { .. } => "review waits for the rate limit",
                    ReviewVerdict::Pass => "review passed",
                    ReviewVerdict::Skipped => "review skipped",
                    ReviewVerdict::Fail => "review failed",
                };
                self.line("Review", "reviewer", &format!("{} {how}{detail}", id(*task)), run);
            }
            What::Alert { task, text } => {
                let about = task.map(|task| format!("{}: ", id(task))).unwrap_or_default();
                self.line("Alert", "orch", &format!("{about}{text}"), run);
            }
            What::Replanned { added, gone } => {
                let added: Vec<String> = added.iter().map(|&task| id(task)).collect();
                let parts = [("with", added), ("without", gone.clone())];
                let parts = parts.iter().filter(|(_, ids)| !ids.is_empty());
                let parts: Vec<String> =
                    parts.map(|(word, ids)| format!("{word} {}", ids.join(", "))).collect();
                self.line("Replan", "orch", &format!("the plan was changed: {}", parts.join("; ")), run);
                self.replanned(run);
            }
            What::Recorded { .. } => self.flush(),
            What::Finished { .. } => {
                if let Some(live) = self.live.take() {
                    live.total.finish_and_clear();
                }
            }
            _ => {}
        }
    }
}

/// Whether the terminal can do no more than write lines.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// How an attempt ended, in words, and until when it holds up the rest.
pub(crate) fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::RateLimited { until: Some(until) } => match rfc3339(until) {
            Some(until) => format!("rate limited until {until}"),
            None => "rate limited".into(),
        },
        _ => outcome.word().replace('_', " "),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

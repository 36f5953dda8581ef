//! The end of a run: the system's own conclusion, the overall status, the last writes.

use orch_core::{Halt, OnFailure, Order, Status, Verdict};
use orch_run::{Clock, Driven};
use orch_store::What as Entry;

use super::{Counts, Report, Session};
use crate::system::{Closing, Stand};
use crate::{OpenError, Requirements};

impl Session {
    /// Says where the run as a whole stands before it goes on.
    pub(super) fn begin(&mut self) -> Result<(), OpenError> {
        let policy = self.run.policy();
        self.opening.push(Entry::RunStarted {
            run: self.place.run_id.clone().into(),
            jobs: policy.jobs.get(),
            order: order_word(policy.order).into(),
            pid: std::process::id(),
            boot: None,
            agent: Some(self.workers.profile().name.clone().into()),
        });
        self.record_opening()?;
        let now = self.clock.now();
        self.began = Some(now);
        if !self.is_settled() {
            self.store.stands(&self.run, Stand::Running, now);
        }
        self.store.write_state(&self.run, now)?;
        Ok(())
    }

    pub(super) fn finish(mut self, driven: Driven) -> Result<Report, OpenError> {
        let Driven { verdict, halt } = driven;
        // Whoever concludes reads the state files: they have to say what is true.
        self.store.write_state(&self.run, self.clock.now())?;
        let system = self.workers.system();
        let mut notes = std::mem::take(&mut self.notes);
        let (mut board, mut summary) = (Vec::new(), None);
        let workers = &mut self.workers;
        let mut closing = Closing {
            run: &self.run,
            driven,
            home: &self.place.home,
            now: self.clock.now(),
            durability: self.options.durability(&self.config),
            notes: &mut notes,
            board: &mut board,
            summary: &mut summary,
            run_once: &mut |argv, name, vars| workers.run_once(argv, name, vars),
        };
        let validation = system.finish(&mut closing)?;
        let all_done = closing.all_done();
        let took = self.began.map(|began| self.clock.now().since(began)).unwrap_or_default();
        let account = system.account(&self.run, self.clock.now(), self.took_before + took);
        self.store.concluded(&validation);
        let unmet = matches!(validation, Requirements::Unmet { .. });
        let stand = match all_done {
            true if unmet => Stand::Failed,
            true => Stand::Succeeded,
            false if self.has_failed(halt) => Stand::Failed,
            false => Stand::Interrupted,
        };
        let now = self.clock.now();
        self.store.stands(&self.run, stand, now);
        let run = self.place.run_id.clone();
        self.store.append(now, &[Entry::RunEnded { run: run.into(), verdict: verdict.word().into() }])?;
        self.store.write_state(&self.run, now)?;
        notes.extend(self.store.take_alerts());
        notes.extend(self.notify(verdict));
        let chosen = self.chosen.map(|chosen| Counts::of_these(&self.run, chosen, now));
        Ok(Report { verdict, halt, nothing_to_do: false, chosen, validation, notes, board, summary, account })
    }

    /// Has the configured command tell a person that the run is over; what kept it from that.
    fn notify(&mut self, verdict: Verdict) -> Option<String> {
        let words = self.config.run.notify.as_ref().filter(|words| !words.is_empty())?;
        let counts = Counts::of(&self.run, self.clock.now());
        let title = format!("{}: {}", self.plan.shown_name(), verdict.word());
        let text = format!(
            "{} done, {} failed, {} blocked",
            counts.success + counts.incomplete,
            counts.fail,
            counts.blocked
        );
        let words: Vec<String> =
            words.iter().map(|word| word.replace("{title}", &title).replace("{text}", &text)).collect();
        let why = self.workers.tell_person(&words, verdict.word())?;
        Some(format!("the notification could not be given: {why}"))
    }

    /// Leaves the state as it is after a change by hand.
    pub(super) fn let_go(mut self) -> Result<(), OpenError> {
        let stand = if self.has_failed(None) { Stand::Failed } else { Stand::Changed };
        let now = self.clock.now();
        self.store.stands(&self.run, stand, now);
        self.store.write_state(&self.run, now)?;
        Ok(())
    }

    /// Whether the run has failed, rather than only been interrupted.
    fn has_failed(&self, halt: Option<Halt>) -> bool {
        let failed = self.run.count(Status::Fail) > 0;
        match halt {
            Some(Halt::Failed { .. } | Halt::Review { .. }) => true,
            Some(_) => failed && self.run.policy().on_failure != OnFailure::KeepGoing,
            None => failed,
        }
    }
}

fn order_word(order: Order) -> &'static str {
    match order {
        Order::List => "list",
        Order::Graph => "graph",
        Order::Waves => "waves",
    }
}

//! The end of a run: the requirements, the overall status, the last writes.

use std::ffi::OsString;

use orch_core::{Halt, OnFailure, Order, Status, Verdict};
use orch_run::{Clock, Driven};
use orch_state_md::state::{Overall, Validation as Line};
use orch_store::What as Entry;

use super::{Counts, Report, Requirements, Session};
use crate::OpenError;
use crate::config::Command;
use crate::prompts::validate::{AgentReport, Basis, basis, check, conclude};

impl Session {
    /// Whether the requirements of a plan that is all done have been dealt with.
    pub(super) fn is_validated(&self) -> bool {
        self.validation_is_off()
            || match self.store.state().validation() {
                Some(Line::FinalOk) => true,
                Some(Line::FinalFail) => false,
                Some(Line::None) | None => {
                    basis(&self.plan) == Basis::Nothing && !self.options.require_validation
                }
            }
    }

    fn validation_is_off(&self) -> bool {
        self.options.no_validation || self.config.run.validation == Some(false)
    }

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
        if !self.is_settled() {
            self.store.set_overall(Overall::Running);
            self.store.set_validation(Line::None);
        }
        self.store.write_state(self.clock.now())?;
        Ok(())
    }

    pub(super) fn finish(mut self, driven: Driven) -> Result<Report, OpenError> {
        let Driven { verdict, halt } = driven;
        let all_done = matches!(verdict, Verdict::Success | Verdict::Incomplete) && halt.is_none();
        let mut validation = Requirements::NotValidated;
        if all_done {
            if !self.validation_is_off() {
                validation = self.validate()?;
            }
            match &validation {
                Requirements::Met => self.store.set_validation(Line::FinalOk),
                Requirements::Unmet { .. } => self.store.set_validation(Line::FinalFail),
                Requirements::NothingNamed | Requirements::NotValidated => {}
            }
            let failed = matches!(validation, Requirements::Unmet { .. });
            self.store.set_overall(if failed { Overall::Fail } else { Overall::Success });
        } else if self.has_failed(halt) {
            self.store.set_overall(Overall::Fail);
        }
        let now = self.clock.now();
        let run = self.place.run_id.clone();
        self.store.append(now, &[Entry::RunEnded { run: run.into(), verdict: verdict.word().into() }])?;
        self.store.write_state(now)?;
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.store.take_alerts());
        let chosen = self.chosen.map(|chosen| Counts::of_these(&self.run, chosen, now));
        Ok(Report { verdict, halt, nothing_to_do: false, chosen, validation, notes })
    }

    /// Leaves the state as it is after a change by hand.
    pub(super) fn let_go(mut self) -> Result<(), OpenError> {
        self.store.set_overall(if self.has_failed(None) { Overall::Fail } else { Overall::Running });
        self.store.write_state(self.clock.now())?;
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

    fn validate(&mut self) -> Result<Requirements, OpenError> {
        if basis(&self.plan) == Basis::Nothing {
            if self.options.require_validation {
                let reason = "the index names neither a PRD nor an inventory nor an ownership";
                return Ok(Requirements::Unmet { reasons: vec![reason.into()] });
            }
            return Ok(Requirements::NothingNamed);
        }
        // The validator reads the state file: it has to say what is true.
        self.store.write_state(self.clock.now())?;
        let built_in = check(&self.plan, &self.run);
        let by_agent = match self.config.run.validator.clone() {
            Some(Command::Argv(argv)) if !argv.is_empty() => Some(self.ask_validator(&argv)),
            _ => None,
        };
        let durability = self.options.durability(&self.config);
        let validated = conclude(&self.plan, &built_in, by_agent, durability)?;
        self.notes.push(format!("the validation is in {}", validated.report.display()));
        Ok(if validated.passed {
            Requirements::Met
        } else {
            Requirements::Unmet { reasons: validated.reasons }
        })
    }

    fn ask_validator(&mut self, argv: &[String]) -> AgentReport {
        let report = self.plan.validation_path();
        let before = orch_store::read_regular(&report, u64::MAX).ok();
        let path = |path: &std::path::Path| OsString::from(path);
        let index = &self.plan.index;
        let named = |field: &Option<orch_state_md::index::Located<String>>| {
            field.as_ref().map_or_else(OsString::new, |field| path(&self.plan.folder.join(&field.value)))
        };
        let vars = [
            ("ORCH_STATE", path(&self.plan.state_path())),
            ("ORCH_PRD", named(&index.prd_path)),
            ("ORCH_REQUIREMENTS", named(&index.requirements_inventory)),
            ("ORCH_RESULT", path(&report)),
        ];
        let (ended, output) = self.workers.run_once(argv, "validator", &vars);
        AgentReport::read(&report, before.as_deref(), &output, ended)
    }
}

fn order_word(order: Order) -> &'static str {
    match order {
        Order::List => "list",
        Order::Graph => "graph",
    }
}

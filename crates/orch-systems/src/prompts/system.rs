//! Prompts as the rooms see them that every system shares.

use std::ffi::OsString;
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use orch_core::{OnFailure, OnIncomplete, Order, Plan};
use orch_exec::agent::Builtin;
use orch_prompt::Prompts;
use orch_store::{Folded, Home};

use super::PromptPlan;
use super::judge::judge;
use super::memory::remember;
use super::tell::tell;
use super::validate::{AgentReport, Basis, basis, check, conclude};
use crate::config::Command;
use crate::reviewer::Reviewer;
use crate::system::{
    Closing, Defaults, EndedAttempt, Judged, Keeper, Remembered, SetUp, Source, System, TellError, Telling,
    Told,
};
use crate::{OpenError, Requirements};

impl Source for PromptPlan {
    /// Down the list one by one, stop at a failure, INCOMPLETE counts as done (seed 002).
    fn defaults(&self) -> Defaults {
        Defaults {
            agent: Builtin::Shell.name(),
            jobs: NonZeroU32::MIN,
            order: Order::List,
            on_failure: OnFailure::Stop,
            on_incomplete: OnIncomplete::Release,
            sessions: false,
            reworks: 0,
            incomplete_retries: 0,
            same_list: true,
            waits: true,
        }
    }

    fn remember(
        &self,
        history: Folded,
        home: Option<&Home>,
        strict: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError> {
        let (remembered, keeper) = remember(self, history, home, strict)?;
        Ok((remembered, Box::new(keeper)))
    }

    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System> {
        let SetUp { config, options, root, notes } = set_up;
        let own = vec![format!("{}.state*", self.stem()), format!("{}.validation.md", self.stem())];
        let validator = match &config.run.validator {
            Some(Command::Argv(argv)) if !argv.is_empty() => Some(argv.clone()),
            _ => None,
        };
        Box::new(PromptSystem {
            templates: Prompts::new(config.run.templates.clone()),
            reviewer: Reviewer::of_run(options, config, &self.folder, root.is_some(), own, notes),
            validation: !options.no_validation && config.run.validation != Some(false),
            require_validation: options.require_validation,
            validator,
            plan: self.clone(),
        })
    }
}

/// The prompts system as the workers see it.
struct PromptSystem {
    plan: PromptPlan,
    templates: Prompts,
    reviewer: Option<Reviewer>,
    /// Whether requirements are validated at the end.
    validation: bool,
    require_validation: bool,
    /// The agent whose word on the requirements is asked for.
    validator: Option<Vec<String>>,
}

impl System for PromptSystem {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan.plan
    }

    fn plan_file(&self) -> &Path {
        &self.plan.path
    }

    fn name(&self) -> &str {
        self.plan.stem()
    }

    fn tell(&self, telling: &Telling<'_>) -> Result<Told, TellError> {
        tell(&self.plan, &self.templates, telling)
    }

    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
        judge(self.plan.plan.id(ended.task), ended)
    }

    fn reviewer(&self) -> Option<&Reviewer> {
        self.reviewer.as_ref()
    }

    fn is_concluded(&self, validation: Option<&'static str>) -> bool {
        !self.validation
            || match validation {
                Some("FINAL_OK") => true,
                Some("FINAL_FAIL") => false,
                _ => basis(&self.plan) == Basis::Nothing && !self.require_validation,
            }
    }

    fn finish(&self, closing: &mut Closing<'_>) -> Result<Requirements, OpenError> {
        if !closing.all_done() || !self.validation {
            return Ok(Requirements::NotValidated);
        }
        if basis(&self.plan) == Basis::Nothing {
            if self.require_validation {
                let reason = "the index names neither a PRD nor an inventory nor an ownership";
                return Ok(Requirements::Unmet { reasons: vec![reason.into()] });
            }
            return Ok(Requirements::NothingNamed);
        }
        let built_in = check(&self.plan, closing.run);
        let by_agent = self.validator.as_ref().map(|argv| self.ask_validator(argv, closing));
        let validated = conclude(&self.plan, &built_in, by_agent, closing.durability)?;
        closing.notes.push(format!("the validation is in {}", validated.report.display()));
        Ok(if validated.passed {
            Requirements::Met
        } else {
            Requirements::Unmet { reasons: validated.reasons }
        })
    }
}

impl PromptSystem {
    fn ask_validator(&self, argv: &[String], closing: &mut Closing<'_>) -> AgentReport {
        let report = self.plan.validation_path();
        let before = orch_store::read_regular(&report, u64::MAX).ok();
        let path = |path: &Path| OsString::from(path);
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
        let (ended, output) = (closing.run_once)(argv, "validator", &vars);
        AgentReport::read(&report, before.as_deref(), &output, ended)
    }
}

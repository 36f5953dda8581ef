//! What a person says to a session beside dispatching and collecting: acknowledge, switch, close (seed 000).

use std::fs;

use orch_core::Status;
use orch_run::{Clock, SystemClock};
use orch_state_json::{OrchestratorState, PromptMode};

use super::MilestonePlan;
use super::alerts::alert_line;
use super::folder::{Found, SessionFolder};
use super::load::shown;
use super::registry::unregister;
use crate::{AnyPlan, OpenError, Session};

impl AnyPlan {
    /// The plan as a planning document.
    ///
    /// # Errors
    /// [`OpenError::Request`] when it is another kind of plan: `orch {command}` makes no sense for it.
    pub fn milestones(&self, command: &str) -> Result<&MilestonePlan, OpenError> {
        match self {
            Self::Milestones(plan) => Ok(plan),
            other => Err(OpenError::Request {
                code: "command.kind",
                message: format!("`orch {command}` makes no sense for a plan of {}", other.kind().name()),
                hint: "only planning documents are dispatched to persons; `orch --help` lists what there is"
                    .into(),
            }),
        }
    }
}

impl MilestonePlan {
    /// How prompts are handed over in the document's session; none when there is no session yet.
    pub fn prompt_mode(&self) -> Option<PromptMode> {
        self.session_state().map(|state| state.prompt_mode)
    }

    /// How long ago the document's session was last used; none when there is none.
    pub fn session_age(&self) -> Option<std::time::Duration> {
        let (folder, found) = SessionFolder::of(self);
        let Found::State(_) = found else { return None };
        fs::metadata(folder.state()).ok()?.modified().ok()?.elapsed().ok()
    }

    /// The state of the document's session, if there is one.
    pub(super) fn session_state(&self) -> Option<OrchestratorState> {
        match SessionFolder::of(self).1 {
            Found::State(state) => Some(*state),
            _ => None,
        }
    }

    /// What a person has to look at before anything is dispatched, a line each.
    pub fn alerts(&self) -> Vec<String> {
        let alerts = self.session_state().map(|state| state.orch.alerts).unwrap_or_default();
        alerts.iter().map(alert_line).collect()
    }
}

impl Session {
    /// Notes that a person has looked at what paused dispatching, and lets go of the plan; what they have looked at.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be written down.
    pub fn acknowledge_alerts(mut self) -> Result<Vec<String>, OpenError> {
        let plan = self.loaded().milestones("ack")?.clone();
        if self.owes() {
            self.settled_run()?;
        }
        let alerts = plan.alerts();
        if !alerts.is_empty() {
            self.settled_run()?;
            self.acknowledge()?;
            self.release()?;
        }
        Ok(alerts)
    }

    /// Says how prompts are to be handed over from here on, and lets go of the plan.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be written down.
    pub fn switch_mode(mut self, mode: PromptMode) -> Result<Vec<String>, OpenError> {
        self.loaded().milestones("mode")?;
        self.settled_run()?;
        self.set_mode(mode);
        self.release()
    }

    /// Ends the session: the document keeps all that was written into it, and what else the session has left is kept in a
    /// dated folder. The folder, when there was anything.
    ///
    /// # Errors
    /// [`OpenError::Request`] while milestones are under way or summaries wait to be collected.
    pub fn close(mut self) -> Result<Option<String>, OpenError> {
        let plan = self.loaded().milestones("close")?.clone();
        let (folder, found) = SessionFolder::of(&plan);
        if matches!(found, Found::Nothing) {
            return Ok(None);
        }
        self.settled_run()?;
        let open = |message: String, hint: &str| OpenError::Request {
            code: "milestones.open",
            message,
            hint: hint.into(),
        };
        if self.is_under_way() {
            let under_way: Vec<&str> = plan
                .plan
                .tasks()
                .filter(|&task| self.current().status(task) == Status::Running)
                .map(|task| plan.plan.id(task))
                .collect();
            let message = format!("{} under way", under_way.join(", "));
            return Err(open(
                message,
                "`orch collect` takes summaries in, `orch stop ID` gives a milestone back",
            ));
        }
        let pending = folder.pending().map_err(OpenError::system("list the session's folder"))?;
        if !pending.is_empty() {
            let names: Vec<&str> = pending.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("summaries wait in {}: {}", folder.shown(&plan), names.join(", "));
            return Err(open(message, "`orch collect` takes them in; or move them away"));
        }
        let durability = self.durability();
        // It leaves the list first: while its state is there, the next command enters it again.
        let cleared = self.close_with(|| {
            unregister(&plan, &folder, durability)?;
            folder.clear(SystemClock::new().now()).map_err(OpenError::system("put the session away"))
        })??;
        Ok(cleared.map(|path| shown(&plan.root, &path)))
    }
}

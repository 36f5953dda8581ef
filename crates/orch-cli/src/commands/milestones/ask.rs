//! What is asked of a person before a session on a planning document begins or goes on.

use std::io;
use std::time::Duration;

use orch_systems::{AnyPlan, MilestonePlan, PromptMode};

use crate::args::Begin;
use crate::commands::ask::{ask, can_ask};
use crate::sanitise::Sanitised;

/// A session that was left alone for so long is perhaps not the one that is meant.
const LONG_AGO: Duration = Duration::from_secs(12 * 3600);

/// Whether the session that is there is to be put away: as the flags say, else as a person says who is asked when it was
/// left alone for long.
pub(crate) fn is_fresh(plan: &AnyPlan, begin: &Begin) -> io::Result<bool> {
    let AnyPlan::Milestones(plan) = plan else { return Ok(begin.fresh) };
    let Some(age) = plan.session_age().filter(|_| !begin.fresh && !begin.resume) else {
        return Ok(begin.fresh);
    };
    if age < LONG_AGO || !can_ask() {
        return Ok(false);
    }
    let hours = age.as_secs() / 3600;
    let question = format!(
        "There is a session on {} that was last used {hours} hours ago. Resume it or start fresh? [R/f]",
        Sanitised::line(&plan.path.to_string_lossy())
    );
    Ok(ask(&question)?.to_lowercase().starts_with('f'))
}

/// How prompts are to be handed over when a session begins: as was asked for, else as a person says, else inline.
pub(crate) fn begin(
    plan: &MilestonePlan,
    asked: Option<PromptMode>,
    fresh: bool,
) -> io::Result<Option<PromptMode>> {
    if asked.is_some() || (plan.prompt_mode().is_some() && !fresh) || !can_ask() {
        return Ok(asked);
    }
    let answer = ask("How would you like worker prompts delivered: inline, to copy, or as a file? [I/f]")?;
    Ok(Some(if answer.to_lowercase().starts_with('f') { PromptMode::File } else { PromptMode::Inline }))
}

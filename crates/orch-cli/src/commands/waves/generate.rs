//! `orch generate` for waves: a plan on a branch, by an agent with orch's tools or from a file, and whether it is to be carried
//! out (seed 004).

use std::io::{self, Write};

use orch_core::Diagnostic;
use orch_systems::{
    Confirm, Decision, GenerateOptions, MadeWaves, OpenError, PlannedWaves, WaveGeneration, Wish,
};

use crate::args::{Generate, command_line, tools};
use crate::commands::ask::{ask, can_ask};
use crate::commands::{here, tell};
use crate::failure::{Failure, code};
use crate::interrupt::Interrupted;
use crate::sanitise::Sanitised;

/// As often the planning agent changes a plan that was not agreed to.
const ROUNDS: u32 = 3;

/// Of what was found, no more is shown between two attempts.
const SHOWN: usize = 20;

pub(in crate::commands) fn generate(args: &Generate, wish: Wish, confirm: Confirm) -> Result<u8, Failure> {
    let options = GenerateOptions { agent: args.agent.clone(), tools: tools(), command: command_line() };
    let mut generation = WaveGeneration::begin(&here()?, wish, options, confirm)?;
    let interrupted = Interrupted::listen(generation.asker())
        .map_err(|source| OpenError::System { what: "listen for signals", source })?;
    tell(generation.notes());
    let mut rounds = 0;
    loop {
        let plan = match planned(&mut generation, &interrupted)? {
            Planned::Made(plan) => plan,
            Planned::Ended(code) => return Ok(code),
        };
        show(&plan)?;
        let decision = decide(&mut generation, &plan, confirm)?;
        if let Some(code) = interrupted.exit_code() {
            return Ok(stays(&plan, code)?);
        }
        match decision {
            None => return Err(undecided(&plan, "it was not said whether to carry it out")),
            Some(Decision::Proceed) => {
                writeln!(io::stdout(), "\nNext: orch run {}", Sanitised::line(&plan.branch))?;
                return Ok(code::SUCCESS);
            }
            Some(Decision::Change(what)) if generation.is_planned_by_agent() => {
                rounds += 1;
                if rounds > ROUNDS {
                    let why = format!("it was changed {ROUNDS} times, and is still not agreed to");
                    return Err(undecided(&plan, &why));
                }
                writeln!(io::stderr(), "to be changed: {}", Sanitised::line(&what))?;
                generation.change(&plan, what);
            }
            Some(Decision::Change(what)) => {
                withdraw(&generation, &plan, &what)?;
                writeln!(io::stderr(), "hint: change the file, and call `orch generate` again")?;
                return Ok(code::FAIL);
            }
            Some(Decision::Cancel(why)) => {
                withdraw(&generation, &plan, &why)?;
                return Ok(code::FAIL);
            }
        }
    }
}

enum Planned {
    Made(PlannedWaves),
    Ended(u8),
}

/// Has a plan made; where something was found, once more, with what was found.
fn planned(generation: &mut WaveGeneration, interrupted: &Interrupted) -> Result<Planned, Failure> {
    if !generation.is_planned_by_agent() {
        let made = generation.make()?;
        return settled(generation, made);
    }
    let mut is_again = false;
    loop {
        writeln!(io::stderr(), "planning by {}…", Sanitised::line(generation.agent()))?;
        let told = generation.notes().len();
        let made = generation.make()?;
        // That it is not handed the tools is not said twice.
        let notes = &generation.notes()[told..];
        let fresh: Vec<String> =
            notes.iter().filter(|note| !generation.notes()[..told].contains(note)).cloned().collect();
        tell(&fresh);
        if let Some(how) = &made.ended {
            tell(&[format!("the planning agent ended with {how}")]);
        }
        if let Some(code) = interrupted.exit_code() {
            return match &made.plan {
                Some(plan) => Ok(Planned::Ended(stays(plan, code)?)),
                None => Ok(Planned::Ended(code)),
            };
        }
        if made.findings.is_empty() || is_again {
            return settled(generation, made);
        }
        tell_found(&made.findings)?;
        is_again = true;
    }
}

/// The plan, with what may be better about it told; or what is wrong with it.
fn settled(generation: &WaveGeneration, made: MadeWaves) -> Result<Planned, Failure> {
    let can_run = made.can_run();
    match made.plan {
        Some(plan) if can_run => {
            tell_found(&made.findings)?;
            Ok(Planned::Made(plan))
        }
        Some(plan) => {
            tell(&[format!("the plan stays on the branch {0}; `git branch -D {0}` deletes it", plan.branch)]);
            let findings = made.findings.into_iter().map(|found| generation.finding(found)).collect();
            Err(Failure::Open(OpenError::Invalid { path: plan.branch.into(), findings }))
        }
        None => {
            let message = made.findings.into_iter().next().map(|found| found.message).unwrap_or_default();
            Err(Failure::Open(OpenError::Stopped {
                code: "generate.no_plan",
                message: format!("no plan was made: {message}"),
                hint: format!(
                    "see what the agent said in {}; call `orch generate` again, with another `--agent NAME`, or write the \
                     plan yourself: `orch generate --from FILE`",
                    generation.log().display()
                ),
            }))
        }
    }
}

/// Says what was found in a plan, an error or not.
fn tell_found(findings: &[Diagnostic]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for found in findings.iter().take(SHOWN) {
        let kind = if found.is_error() { "error" } else { "warning" };
        writeln!(err, "{kind}[{}]: {}", found.code, Sanitised::line(&found.message))?;
        if let Some(hint) = &found.hint {
            writeln!(err, "  hint: {}", Sanitised::line(hint))?;
        }
    }
    match findings.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(err, "… and {more} more"),
    }
}

fn show(plan: &PlannedWaves) -> io::Result<()> {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (tasks, waves) = (counted(plan.tasks(), "task"), counted(plan.waves.len(), "wave"));
    let mut out = io::stdout().lock();
    writeln!(out, "Plan: {} (v{}), {tasks} across {waves}\n", Sanitised::line(&plan.branch), plan.version)?;
    write!(out, "{}", Sanitised::lines(&plan.summary()))?;
    out.flush()
}

/// Whether the plan is to be carried out; none when nobody said so in words that can be read.
fn decide(
    generation: &mut WaveGeneration,
    plan: &PlannedWaves,
    confirm: Confirm,
) -> Result<Option<Decision>, Failure> {
    match confirm {
        Confirm::Yes => Ok(Some(Decision::Proceed)),
        Confirm::Agent => {
            let user = generation.user().unwrap_or_default().to_owned();
            writeln!(io::stderr(), "asking {}…", Sanitised::line(&user))?;
            let told = generation.notes().len();
            let decision = generation.decide(plan)?;
            tell(&generation.notes()[told..]);
            Ok(decision)
        }
        Confirm::Ask if !can_ask() => Err(Failure::Open(OpenError::Person {
            code: "generate.confirm",
            message: "the plan is made, and there is nobody to ask whether to carry it out".into(),
            hint: format!(
                "`orch run {0}` carries it out, `git branch -D {0}` deletes it; next time say `--confirm yes`, or \
                 `--confirm agent` to have an agent decide",
                plan.branch
            ),
        })),
        Confirm::Ask => Ok(answered(&ask("Carry it out? [yes / no / what should be different]")?)),
    }
}

/// What a person decided by this answer.
fn answered(answer: &str) -> Option<Decision> {
    match answer.trim().to_lowercase().as_str() {
        "" => None,
        "y" | "yes" | "proceed" => Some(Decision::Proceed),
        "n" | "no" | "cancel" => Some(Decision::Cancel(String::new())),
        _ => Some(Decision::Change(answer.trim().to_owned())),
    }
}

fn undecided(plan: &PlannedWaves, why: &str) -> Failure {
    Failure::Open(OpenError::Person {
        code: "generate.undecided",
        message: format!("the plan stays as it is: {why}"),
        hint: format!("`orch run {0}` carries it out, `git branch -D {0}` deletes it", plan.branch),
    })
}

/// Takes the plan back, and says how it is brought back.
fn withdraw(generation: &WaveGeneration, plan: &PlannedWaves, why: &str) -> Result<(), Failure> {
    let back = generation.withdraw(plan)?;
    let why = if why.is_empty() { String::new() } else { format!(": {}", Sanitised::line(why)) };
    writeln!(io::stderr(), "orch: the plan is not carried out{why}")?;
    writeln!(io::stderr(), "note: its branch was deleted; `{}` brings it back", Sanitised::line(&back))?;
    Ok(())
}

fn stays(plan: &PlannedWaves, code: u8) -> io::Result<u8> {
    tell(&[format!("the plan stays on the branch {}", plan.branch)]);
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_says_yes_no_or_what_should_be_different() {
        let change = |what: &str| Some(Decision::Change(what.into()));
        for (answer, expected) in [
            ("y", Some(Decision::Proceed)),
            (" YES ", Some(Decision::Proceed)),
            ("no", Some(Decision::Cancel(String::new()))),
            ("yes, but with sessions", change("yes, but with sessions")),
            ("without JWT", change("without JWT")),
            ("", None),
            ("  ", None),
        ] {
            assert_eq!(answered(answer), expected, "{answer:?}");
        }
    }
}

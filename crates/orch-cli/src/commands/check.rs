//! `orch check`: everything that is wrong with a plan, and its structure by depth.

use std::borrow::Cow;
use std::io::{self, Write};

use orch_core::{Diagnostic, Plan, Severity};
use orch_systems::{AnyPlan, Finding, OpenError};
use serde::Serialize;

use super::graph::write_levels;
use super::milestones::{Understood, understood, write_understood};
use crate::failure::code;
use crate::json::{self, Each};
use crate::sanitise::Sanitised;

/// Answers for a plan that was loaded, or refused with what was found in it.
pub(crate) fn run(loaded: &Result<AnyPlan, OpenError>, json: bool, out: &mut dyn Write) -> io::Result<u8> {
    match loaded {
        Ok(plan) => answer(Some(plan.plan()), plan.warnings(), &understood(plan), json, out),
        Err(OpenError::Invalid { findings, .. }) => answer(None, findings, &[], json, out),
        Err(OpenError::Read { path, source }) => {
            let unreadable = Diagnostic::error("plan.unreadable", source.to_string());
            answer(None, &[Finding { path: path.clone(), diagnostic: unreadable }], &[], json, out)
        }
        Err(other) => {
            let diagnostic = Diagnostic::error("plan.none", other.to_string());
            answer(None, &[Finding { path: "".into(), diagnostic }], &[], json, out)
        }
    }
}

fn answer(
    plan: Option<&Plan>,
    findings: &[Finding],
    understood: &[Understood<'_>],
    json: bool,
    out: &mut dyn Write,
) -> io::Result<u8> {
    if json {
        write_json(plan, findings, understood, out)?;
    } else {
        write_text(plan, findings, understood, out)?;
    }
    Ok(if plan.is_some() { code::SUCCESS } else { code::INVALID_PLAN })
}

#[derive(Serialize)]
struct Answer<'a, P, D> {
    ok: bool,
    problems: P,
    depths: D,
    tasks: Option<usize>,
    edges: Option<usize>,
    /// Of planning documents alone: what was read, and from where.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    understood: &'a [Understood<'a>],
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    hint: Option<&'a str>,
    at: At<'a>,
}

#[derive(Serialize)]
struct At<'a> {
    path: Cow<'a, str>,
    line: Option<u32>,
    column: Option<u32>,
}

impl<'a> Problem<'a> {
    fn of(finding: &'a Finding) -> Self {
        let path = finding.path.to_string_lossy();
        let finding = &finding.diagnostic;
        let (line, column) = (finding.at.map(|at| at.line), finding.at.map(|at| at.column));
        Self {
            code: &finding.code,
            severity: finding.severity,
            message: &finding.message,
            hint: finding.hint.as_deref(),
            at: At { path, line, column },
        }
    }
}

fn write_json(
    plan: Option<&Plan>,
    findings: &[Finding],
    understood: &[Understood<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let levels = plan.map(Plan::levels).unwrap_or_default();
    let answer = Answer {
        ok: plan.is_some(),
        problems: Each(|| findings.iter().map(Problem::of)),
        depths: Each(|| {
            levels.iter().map(|level| Each(|| level.iter().filter_map(|&task| Some(plan?.id(task)))))
        }),
        tasks: plan.map(Plan::len),
        edges: plan.map(|plan| plan.graph().edge_count()),
        understood,
    };
    json::document(out, "check", &answer)
}

fn write_text(
    plan: Option<&Plan>,
    findings: &[Finding],
    understood: &[Understood<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    // Absolute paths are hard to read; what is in the current folder is shown as a person would write it.
    let here = std::env::current_dir().unwrap_or_default();
    for Finding { path, diagnostic: finding } in findings {
        let path = path.strip_prefix(&here).unwrap_or(path).to_string_lossy();
        let at = finding.at.map(|at| format!(":{at}")).unwrap_or_default();
        let kind = if finding.is_error() { "error" } else { "warning" };
        let (path, message) = (Sanitised::line(&path), Sanitised::line(&finding.message));
        writeln!(out, "{path}{at}: {kind}[{}]: {message}", finding.code)?;
        if let Some(hint) = &finding.hint {
            writeln!(out, "  hint: {}", Sanitised::line(hint))?;
        }
    }
    if !findings.is_empty() {
        writeln!(out)?;
    }
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len() - errors;
    let Some(plan) = plan else {
        let warnings =
            if warnings > 0 { format!(" and {}", counted(warnings, "warning")) } else { String::new() };
        return writeln!(out, "{}{warnings}: the plan can't be run", counted(errors, "error"));
    };
    if !understood.is_empty() {
        write_understood(understood, out)?;
    }
    write_levels(plan, out, |_| "")?;
    let (tasks, edges) = (counted(plan.len(), "task"), plan.graph().edge_count());
    let edges = if edges == 1 { "1 dependency".into() } else { format!("{edges} dependencies") };
    let warnings = if warnings > 0 { format!("; {}", counted(warnings, "warning")) } else { String::new() };
    writeln!(out, "{tasks}, {edges}: the plan can be run{warnings}")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

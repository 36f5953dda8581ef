//! What goes wrong, told to a person or to a script.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use orch_core::Diagnostic;
use orch_mcp::ServeError;
use orch_systems::{ConfigError, DbError, Finding, OpenError};
use serde::Serialize;

use crate::sanitise::Sanitised;

/// The exit codes of the contract.
pub(crate) mod code {
    pub(crate) const SUCCESS: u8 = 0;
    pub(crate) const FAIL: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const INCOMPLETE: u8 = 3;
    pub(crate) const NOTHING_TO_DO: u8 = 4;
    pub(crate) const INVALID_PLAN: u8 = 65;
    pub(crate) const COME_BACK_LATER: u8 = 75;
}

/// An error that ends the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The plan could not be opened or run.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is written out to be made tasks of is not valid.
    #[error("{} is not a valid plan", path.display())]
    Written {
        /// Where it is from.
        path: PathBuf,
        /// All that was found in it.
        findings: Vec<Finding>,
    },
    /// The answer could not be written.
    #[error("can't write the answer: {0}")]
    Output(#[from] io::Error),
    /// The tools could not be served.
    #[error("can't serve tools: {0}")]
    Serve(#[from] ServeError),
    /// The events could not be written.
    #[error("can't write events to {path}: {source}")]
    Events {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

#[derive(Serialize)]
struct Told<'a> {
    schema_version: u32,
    kind: &'static str,
    code: &'a str,
    message: String,
    hint: Option<String>,
    at: Option<At>,
}

#[derive(Serialize)]
struct At {
    path: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl Failure {
    /// Says what went wrong on standard error, and gives the exit code.
    pub(crate) fn report(&self, as_json: bool) -> ExitCode {
        if let Failure::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // Whoever read the answer has seen enough of it.
            return ExitCode::SUCCESS;
        }
        let findings = self.findings();
        let mut err = io::stderr().lock();
        // There is nobody left to tell that standard error is closed.
        let _ =
            if as_json { self.write_json(&findings, &mut err) } else { self.write_text(&findings, &mut err) };
        ExitCode::from(self.exit_code())
    }

    fn write_text(&self, findings: &[(String, &Diagnostic)], err: &mut dyn Write) -> io::Result<()> {
        for (path, finding) in findings {
            let at = finding.at.map(|at| format!(":{at}")).unwrap_or_default();
            let kind = if finding.is_error() { "error" } else { "warning" };
            let (path, message) = (Sanitised::line(path), Sanitised::line(&finding.message));
            writeln!(err, "{path}{at}: {kind}[{}]: {message}", finding.code)?;
            if let Some(hint) = &finding.hint {
                writeln!(err, "  hint: {}", Sanitised::line(hint))?;
            }
        }
        let place = self.place();
        let place =
            place.map(|(path, at)| format!("{path}{}: ", at.map(|at| format!(":{at}")).unwrap_or_default()));
        let message = self.to_string();
        writeln!(err, "orch: {}{}", Sanitised::line(&place.unwrap_or_default()), Sanitised::line(&message))?;
        if let Some(hint) = self.hint() {
            writeln!(err, "hint: {}", Sanitised::line(&hint))?;
        }
        Ok(())
    }

    fn write_json(&self, findings: &[(String, &Diagnostic)], err: &mut dyn Write) -> io::Result<()> {
        let first = findings.iter().find(|(_, finding)| finding.is_error());
        let told = match first {
            Some((path, finding)) => Told {
                schema_version: 1,
                kind: "error",
                code: &finding.code,
                message: finding.message.clone(),
                hint: finding.hint.clone(),
                at: Some(At {
                    path: path.clone(),
                    line: finding.at.map(|at| at.line),
                    column: finding.at.map(|at| at.column),
                }),
            },
            None => Told {
                schema_version: 1,
                kind: "error",
                code: self.code(),
                message: self.to_string(),
                hint: self.hint(),
                at: self.place().map(|(path, at)| At {
                    path,
                    line: at.map(|at| at.line),
                    column: at.map(|at| at.column),
                }),
            },
        };
        serde_json::to_writer(&mut *err, &told)?;
        writeln!(err)
    }

    fn findings(&self) -> Vec<(String, &Diagnostic)> {
        match self {
            Failure::Open(OpenError::Invalid { findings, .. }) | Failure::Written { findings, .. } => {
                let placed = |found: &'_ Finding| found.path.display().to_string();
                findings.iter().map(|found| (placed(found), &found.diagnostic)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn place(&self) -> Option<(String, Option<orch_core::Position>)> {
        match self {
            Failure::Open(OpenError::Config(ConfigError::Content { path, at, .. })) => {
                Some((path.display().to_string(), *at))
            }
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Failure::Written { .. } => "plan.invalid",
            Failure::Output(_) => "output",
            Failure::Events { .. } => "events",
            Failure::Serve(_) => "mcp",
            Failure::Open(error) => match error {
                OpenError::NoPlan { .. } => "plan.none",
                OpenError::Read { .. } => "plan.unreadable",
                OpenError::Invalid { .. } => "plan.invalid",
                OpenError::Database(error) => error.code(),
                OpenError::Config(_) => "config",
                OpenError::Profile(_) => "agent",
                OpenError::Request { code, .. }
                | OpenError::Stopped { code, .. }
                | OpenError::Person { code, .. } => code,
                OpenError::Environment { .. } => "environment",
                OpenError::Held(_) => "plan.held",
                OpenError::Survivor { .. } => "plan.survivor",
                OpenError::Store(_) => "store",
                OpenError::Drive(_) => "run",
                _ => "system",
            },
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Failure::Output(_) | Failure::Events { .. } => None,
            Failure::Written { .. } => Some("nothing was stored: mend it, and call `orch generate` again".into()),
            Failure::Serve(error) => error.hint().map(ToOwned::to_owned),
            Failure::Open(error) => match error {
                OpenError::NoPlan { hint, .. }
                | OpenError::Request { hint, .. }
                | OpenError::Stopped { hint, .. }
                | OpenError::Person { hint, .. }
                | OpenError::Environment { hint, .. } => Some(hint.clone()),
                OpenError::Invalid { .. } => Some("mend the plan; `orch check` looks again".into()),
                OpenError::Read { source, .. } if source.kind() == io::ErrorKind::InvalidInput => {
                    Some("move it away, then run orch again".into())
                }
                OpenError::Database(error) => error.hint(),
                OpenError::Config(ConfigError::Content { .. }) => Some("mend it, or remove the key".into()),
                OpenError::Profile(error) => Some(error.hint()),
                OpenError::Held(_) => {
                    Some("wait for it, look at it with `orch status`, or end it with `orch stop`".into())
                }
                OpenError::Survivor { .. } => Some("`orch run` waits for it and goes on".into()),
                OpenError::Store(error) => error.hint().map(ToOwned::to_owned),
                OpenError::Drive(_) => Some(
                    "workers under way go on; when the cause is mended, `orch run` collects them, or `orch stop` \
                     ends them"
                        .into(),
                ),
                _ => None,
            },
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Failure::Output(_) | Failure::Events { .. } | Failure::Serve(_) => code::FAIL,
            Failure::Written { .. } => code::INVALID_PLAN,
            Failure::Open(error) => match error {
                OpenError::NoPlan { .. }
                | OpenError::Config(_)
                | OpenError::Profile(_)
                | OpenError::Request { .. } => code::USAGE,
                OpenError::Invalid { .. } => code::INVALID_PLAN,
                OpenError::Person { .. } => code::INCOMPLETE,
                OpenError::Database(error) => match error {
                    DbError::Missing { .. } => code::USAGE,
                    DbError::Locked { .. } => code::COME_BACK_LATER,
                    DbError::Permission { .. } | DbError::Newer { .. } => code::FAIL,
                    // What is there is no plan that could be read.
                    _ => code::INVALID_PLAN,
                },
                OpenError::Held(_) | OpenError::Survivor { .. } => code::COME_BACK_LATER,
                _ => code::FAIL,
            },
        }
    }
}

//! `orch status --format lines`: the line protocol of the original `check_streams_data.py`, for scripts that read it.
//!
//! A line is words with a space between them; only the last may have spaces in it. So whitespace within a stream's id
//! becomes `_`, a `|` in an initiative's name `/`, and what could end a line or steer a terminal is never written.

use std::io::{self, Write};
use std::path::Path;

use orch_systems::{
    DbError, Finding, Found, InitiativeSummary, Kind, OpenError, Opening, RunOptions, StreamDashboard, View,
    Wanted, locate,
};

use crate::args::Kinded;
use crate::commands::{answer, here, wanted};
use crate::failure::{Failure, code};
use crate::sanitise::Sanitised;

/// What is to be said.
#[derive(Debug, PartialEq)]
enum Lines {
    /// There is no database.
    NoDatabase,
    /// The streams of the current initiative are asked for, and there is none.
    NoInitiative,
    /// No task in the whole database has a stream.
    NoStreams,
    /// No task of this initiative has one.
    NoActiveStreams(InitiativeSummary),
    /// There are streams.
    Streams(Box<StreamDashboard>),
}

/// Answers with the lines for the plan that is meant. Where there is nothing to show, that is said in a line as well.
pub(crate) fn lines(plan: Option<&Path>, kind: &Kinded) -> Result<u8, Failure> {
    let wanted = wanted(kind)?;
    let lines = match meant(plan, wanted)? {
        Some(found) => read(&found)?,
        None => Lines::NoDatabase,
    };
    answer(|out| {
        lines.write(out)?;
        Ok(code::SUCCESS)
    })
}

/// The database that is meant; none when there is none, and nothing else that could be meant either.
fn meant(plan: Option<&Path>, wanted: Wanted) -> Result<Option<Found>, OpenError> {
    let here = here()?;
    let streams = locate(plan, &here, Some(Kind::Streams));
    let other = match wanted.kind {
        Some(kind) => Some(kind),
        // A file that is named is streams' only if it looks so; a folder may have both.
        None => locate(plan, &here, None)
            .ok()
            .map(|found| found.kind)
            .filter(|_| streams.is_err() || plan.is_some_and(|plan| here.join(plan).is_file())),
    };
    if let Some(kind) = other.filter(|kind| *kind != Kind::Streams) {
        return Err(OpenError::Request {
            code: "status.lines",
            message: format!("`--format lines` is for streams, and this is a plan of {}", kind.name()),
            hint: "`--format json` is for plans of every kind".into(),
        });
    }
    match streams {
        Ok(found) => Ok(Some(Found { all_initiatives: wanted.all_initiatives, ..found })),
        Err(OpenError::NoPlan { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(found: &Found) -> Result<Lines, OpenError> {
    let view = Opening::load(found).and_then(|plan| View::of(plan, RunOptions::default()));
    match view {
        Ok(view) => Ok(match StreamDashboard::of(&view) {
            Some(dashboard) if dashboard.initiative.is_some() || found.all_initiatives => {
                Lines::Streams(Box::new(dashboard))
            }
            _ => Lines::NoInitiative,
        }),
        Err(OpenError::Database(DbError::Missing { .. } | DbError::Empty { .. })) => Ok(Lines::NoDatabase),
        Err(OpenError::Invalid { findings, .. }) if is_empty(&findings) => match found.all_initiatives {
            true => Ok(Lines::NoStreams),
            false => {
                let initiative = InitiativeSummary::current(&found.path)?;
                Ok(initiative.map_or(Lines::NoInitiative, Lines::NoActiveStreams))
            }
        },
        Err(error) => Err(error),
    }
}

/// Whether a plan is invalid for nothing else than that there are no streams.
fn is_empty(findings: &[Finding]) -> bool {
    let mut errors = findings.iter().filter(|found| found.is_error()).peekable();
    errors.peek().is_some() && errors.all(|found| found.diagnostic.code == "streams.none")
}

impl Lines {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::NoDatabase => writeln!(out, "NO_DATABASE"),
            Self::NoInitiative => writeln!(out, "NO_INITIATIVE"),
            Self::NoStreams => writeln!(out, "NO_STREAMS"),
            Self::NoActiveStreams(initiative) => {
                write_initiative(initiative, out)?;
                writeln!(out, "NO_ACTIVE_STREAMS")
            }
            Self::Streams(dashboard) => write_streams(dashboard, out),
        }
    }
}

fn write_initiative(initiative: &InitiativeSummary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "INITIATIVE {}|{}", text(&initiative.name).replace('|', "/"), text(&initiative.goal))
}

fn write_streams(dashboard: &StreamDashboard, out: &mut dyn Write) -> io::Result<()> {
    if let Some(initiative) = &dashboard.initiative {
        write_initiative(initiative, out)?;
    }
    let all = dashboard.tally;
    let (percent, running, pending) = (all.percent(), all.in_progress, all.pending);
    writeln!(out, "OVERALL {} {} {running} {pending} {percent}", all.settled, all.total)?;
    if all.is_complete() {
        writeln!(out, "ALL_STREAMS_COMPLETE")?;
    }
    for stream in &dashboard.streams {
        let tally = stream.tally;
        writeln!(
            out,
            "STREAM {} {} {} {} {} {} {} {}",
            word(&stream.id),
            tally.settled,
            tally.total,
            tally.percent(),
            tally.in_progress,
            tally.pending,
            tally.blocked,
            text(&stream.name)
        )?;
    }
    Ok(())
}

/// Somebody else's text as one word.
fn word(text: &str) -> String {
    let joined: String = text.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    let word = Sanitised::line(&joined).to_string();
    if word.is_empty() { "_".to_owned() } else { word }
}

/// Somebody else's text as the rest of a line.
fn text(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    Sanitised::line(spaced.trim()).to_string()
}

#[cfg(test)]
mod tests {
    use orch_core::Diagnostic;
    use orch_systems::{Phase, StreamRow, StreamTally, StreamWorker};

    use super::*;

    fn initiative(name: &str, goal: &str) -> InitiativeSummary {
        InitiativeSummary { id: "INIT-1".into(), name: name.into(), goal: goal.into() }
    }

    fn stream(id: &str, name: &str, [settled, in_progress, pending, blocked]: [usize; 4]) -> StreamRow {
        let total = settled + in_progress + pending + blocked;
        StreamRow {
            id: id.into(),
            name: name.into(),
            phase: Phase::Parallel,
            tally: StreamTally { settled, total, in_progress, pending, blocked },
            worker: StreamWorker::Ready,
            attempts: 0,
            started_at: None,
            ended_at: None,
            took: None,
        }
    }

    fn streams(initiative: Option<InitiativeSummary>, streams: &[StreamRow]) -> Lines {
        let mut dashboard =
            StreamDashboard { initiative, streams: streams.to_vec(), ..StreamDashboard::default() };
        for StreamRow { tally, .. } in streams {
            dashboard.tally.settled += tally.settled;
            dashboard.tally.total += tally.total;
            dashboard.tally.in_progress += tally.in_progress;
            dashboard.tally.pending += tally.pending;
            dashboard.tally.blocked += tally.blocked;
        }
        Lines::Streams(Box::new(dashboard))
    }

    #[test]
    fn the_protocol_is_that_of_the_original() {
        let (done, half) =
            (stream("Stream-A", "Foundation", [3, 0, 0, 0]), stream("Stream-B", "The API", [1, 1, 1, 3]));
        for (lines, told) in [
            (Lines::NoDatabase, "NO_DATABASE\n"),
            (Lines::NoInitiative, "NO_INITIATIVE\n"),
            (Lines::NoStreams, "NO_STREAMS\n"),
            (Lines::NoActiveStreams(initiative("Accounts", "")), "INITIATIVE Accounts|\nNO_ACTIVE_STREAMS\n"),
            (
                streams(Some(initiative("Accounts", "Let users in")), &[done.clone(), half.clone()]),
                "INITIATIVE Accounts|Let users in\nOVERALL 4 9 1 1 44\nSTREAM Stream-A 3 3 100 0 0 0 Foundation\n\
                 STREAM Stream-B 1 6 16 1 1 3 The API\n",
            ),
            (
                streams(None, &[done]),
                "OVERALL 3 3 0 0 100\nALL_STREAMS_COMPLETE\nSTREAM Stream-A 3 3 100 0 0 0 Foundation\n",
            ),
            (
                streams(None, &[stream("Stream-C", "x", [199, 0, 1, 0])]),
                "OVERALL 199 200 0 1 99\nSTREAM Stream-C 199 200 99 0 1 0 x\n",
            ),
        ] {
            let mut out = Vec::new();
            lines.write(&mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), told, "{lines:?}");
        }
    }

    #[test]
    fn no_id_or_name_breaks_a_line() {
        for (id, told) in [
            ("Stream-A", "Stream-A"),
            ("Stream A", "Stream_A"),
            (" \ta\n", "__a_"),
            ("a\u{2028}b\u{85}c\u{a0}d", "a_b_c_d"),
            ("\u{1b}[2J", "_"),
            ("a\u{7}\u{0}", "a␇␀"),
        ] {
            assert_eq!(word(id), told, "{id:?}");
        }
        let hostile = initiative("a|b\nSTREAM x", " a|b\r\nc\u{1b}]0;t\u{7} ");
        let mut out = Vec::new();
        streams(Some(hostile), &[stream("x y", "a\nb  c", [0, 0, 1, 0])]).write(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "INITIATIVE a/b STREAM x|a|b  c␛]0;t␇\nOVERALL 0 1 0 1 0\nSTREAM x_y 0 1 0 0 1 0 a b  c\n"
        );
    }

    #[test]
    fn only_a_database_without_streams_is_empty() {
        let finding = |diagnostic| Finding { path: "tasks.db".into(), diagnostic };
        let error = |code: &'static str| finding(Diagnostic::error(code, "x"));
        let warning = || finding(Diagnostic::warning("streams.unlinked", "x"));
        for (findings, empty) in [
            (vec![], false),
            (vec![warning()], false),
            (vec![error("streams.none")], true),
            (vec![warning(), error("streams.none")], true),
            (vec![error("streams.metadata"), error("streams.none")], false),
            (vec![error("plan.cycle")], false),
        ] {
            assert_eq!(is_empty(&findings), empty, "{findings:?}");
        }
    }
}

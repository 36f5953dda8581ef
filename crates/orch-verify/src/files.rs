//! The checks that look at files.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orch_store::{Escape, beneath};

use crate::outcome::{Outcome, Verdict};
use crate::pattern::{Doubt, Pattern};
use crate::search::{self, Bounds, Found, Gap};
use crate::text;

/// How many offending lines are shown: a weaver has few iterations.
const SHOWN: usize = 5;
/// How much of a line is shown, in characters.
const LINE_CHARS: usize = 200;

/// What is at a path of the work tree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Folder(PathBuf),
    /// A pipe, a socket, a device.
    Other,
    Missing,
    /// Why it was not looked at.
    Refused(String),
}

/// Finds `path` beneath `root`: never above it, and never through a link that leads out of it.
pub(crate) fn place(root: &Path, path: &str) -> Place {
    if path.trim().is_empty() {
        return Place::Refused("the path is empty".to_owned());
    }
    if !root.is_dir() {
        return Place::Refused(format!("there is no work tree at {}", root.display()));
    }
    let shown = text::line(path, LINE_CHARS);
    let found = match beneath(root, path) {
        Ok(found) => Ok(found),
        // The work tree itself, as `.` or by a longer way.
        Err(Escape::NotAPath(_)) if !path.contains('\0') => root.canonicalize(),
        Err(Escape::NotAPath(_)) => return Place::Refused("no path has a NUL character in it".to_owned()),
        Err(Escape::Absolute(_)) => {
            return Place::Refused(format!("{shown} is absolute; paths begin at the work tree"));
        }
        Err(Escape::Outside(_)) => return Place::Refused(format!("{shown} leads out of the work tree")),
        Err(Escape::Io { source, .. }) => Err(source),
    };
    match found.and_then(|found| Ok((found.symlink_metadata()?, found))) {
        Ok((data, found)) if data.is_file() => Place::File(found),
        Ok((data, found)) if data.is_dir() => Place::Folder(found),
        Ok(_) => Place::Other,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Place::Missing
        }
        Err(error) => Place::Refused(format!("can't follow {shown}: {error}")),
    }
}

/// `file-exists`.
pub(crate) fn exists(root: &Path, path: &str) -> Outcome {
    match place(root, path) {
        Place::File(_) => Outcome::pass("File exists"),
        Place::Folder(_) => Outcome::pass("Folder exists"),
        other => absent(other, path),
    }
}

/// `file-contains`.
pub(crate) fn contains(root: &Path, path: &str, pattern: &str, limit: Duration) -> Outcome {
    let (pattern, found) = match look(root, path, pattern, 1, limit) {
        Ok(found) => found,
        Err(outcome) => return *outcome,
    };
    if let Some((file, hit)) = found.hits.first() {
        return Outcome::pass(format!("Found: {}", hit_line(root, file, hit.line, &hit.text)));
    }
    undecided(&found, &pattern, limit).unwrap_or_else(|| {
        let shown = text::line(path, LINE_CHARS);
        Outcome::fail(format!("Expected: the pattern in {shown}\nActual: {}", not_found(&found, &pattern)))
            .fix(format!("make {shown} hold what the pattern asks for"))
    })
}

/// `file-not-contains`.
pub(crate) fn not_contains(root: &Path, path: &str, pattern: &str, limit: Duration) -> Outcome {
    let (pattern, found) = match look(root, path, pattern, SHOWN, limit) {
        Ok(found) => found,
        Err(outcome) => return *outcome,
    };
    let shown = text::line(path, LINE_CHARS);
    if !found.hits.is_empty() {
        let lines: Vec<_> =
            found.hits.iter().map(|(file, hit)| hit_line(root, file, hit.line, &hit.text)).collect();
        let more = if lines.len() == SHOWN { "\n(there may be more)" } else { "" };
        return Outcome::fail(format!(
            "Expected: the pattern nowhere in {shown}\nActual: found in\n{}{more}",
            lines.join("\n")
        ))
        .fix("remove or rewrite the lines shown");
    }
    undecided(&found, &pattern, limit).unwrap_or_else(|| Outcome::pass(not_found(&found, &pattern)))
}

/// Gets the pattern ready and looks for it.
fn look(
    root: &Path,
    path: &str,
    pattern: &str,
    hits: usize,
    limit: Duration,
) -> Result<(Pattern, Found), Box<Outcome>> {
    let now = Instant::now();
    // A limit past the end of the clock is none; a year is as good.
    let until = now.checked_add(limit).unwrap_or(now + Duration::from_secs(31_536_000));
    let bounds = Bounds::new(until, hits);
    let pattern = Pattern::new(pattern).map_err(|why| {
        Outcome::error(why).fix("correct the pattern in the spec; this is not the code's fault")
    })?;
    let found = match place(root, path) {
        Place::File(file) => search::file(&file, &pattern, bounds),
        Place::Folder(folder) => search::folder(&folder, &pattern, bounds),
        other => return Err(Box::new(absent(other, path))),
    };
    Ok((pattern, found))
}

/// The outcome of a check on something that is neither a file nor a folder.
pub(crate) fn absent(place: Place, path: &str) -> Outcome {
    let shown = text::line(path, LINE_CHARS);
    match place {
        Place::Refused(why) => Outcome::error(why).fix("correct the path in the spec, or remove the link"),
        Place::Other => Outcome::fail(format!("Error: {shown} is neither a file nor a folder")),
        Place::Missing | Place::File(_) | Place::Folder(_) => {
            Outcome::fail(format!("Error: file not found: {shown}")).fix(format!("create {shown}"))
        }
    }
}

/// The outcome when nothing was found and that proves nothing.
fn undecided(found: &Found, pattern: &Pattern, limit: Duration) -> Option<Outcome> {
    match (&found.gap, pattern.doubt()) {
        (Some(Gap::Late), _) => Some(timed_out("search", limit)),
        (Some(Gap::Unsearched(why)), _) => {
            let why = text::line(why, 2 * LINE_CHARS);
            Some(
                Outcome::error(format!("not all could be searched: {why}"))
                    .fix("name a smaller path in the spec"),
            )
        }
        (None, Some(Doubt::Unsupported(why))) => Some(
            Outcome::error(format!("the pattern can't be decided: {why}"))
                .fix("write the pattern without it; this is not the code's fault"),
        ),
        (None, Some(Doubt::PlainText) | None) => None,
    }
}

/// The outcome of something that took too long.
pub(crate) fn timed_out(what: &str, limit: Duration) -> Outcome {
    let limit = match (limit.as_secs(), limit.subsec_millis()) {
        (1, 0) => "1 second".to_owned(),
        (seconds, 0) => format!("{seconds} seconds"),
        _ => format!("{} milliseconds", limit.as_millis()),
    };
    Outcome::new(Verdict::TimedOut, format!("Error: {what} timed out after {limit}"))
}

fn not_found(found: &Found, pattern: &Pattern) -> String {
    let files = if found.searched == 1 { "file" } else { "files" };
    let mut told = format!("pattern not found ({} {files} searched", found.searched);
    if found.binary > 0 {
        told.push_str(&format!(", {} binary left out", found.binary));
    }
    told.push(')');
    if pattern.doubt() == Some(Doubt::PlainText) {
        told.push_str("\nNote: the pattern is no regular expression; it was searched for as plain text");
    }
    told
}

fn hit_line(root: &Path, file: &Path, number: usize, line: &str) -> String {
    let root = root.canonicalize();
    let shown = root.as_deref().ok().and_then(|root| file.strip_prefix(root).ok()).unwrap_or(file);
    let shown = text::line(&shown.to_string_lossy(), LINE_CHARS);
    format!("{shown}, line {number}: {}", text::line(line, LINE_CHARS))
}

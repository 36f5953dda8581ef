//! The chain of checks: how a line is put together and how it is told from one that was changed.

use std::io;

use orch_core::Time;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Entry, What, quick};

/// What stands between an entry and its check; 16 hex digits and [`TAIL`] follow.
const CHECK: &[u8] = b",\"check\":\"";
const TAIL: &[u8] = b"\"}";
const DIGITS: usize = 16;

/// Why a line is not the next entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It is not what was written after the line before.
    Check,
    /// It is what was written, but by an orch that knows more kinds of entries.
    Unknown,
}

/// Appends the line of one entry, newline included, to `lines` and returns its check.
pub(super) fn encode(lines: &mut Vec<u8>, before: u64, seq: u64, at: Time, what: &What) -> io::Result<u64> {
    use io::Write;
    let start = lines.len();
    write!(lines, "{{\"seq\":{seq},\"at\":{},\"what\":", at.as_millis())?;
    serde_json::to_writer(&mut *lines, what)?;
    let check = xxh3_64_with_seed(&lines[start..], before);
    lines.extend_from_slice(CHECK);
    writeln!(lines, "{check:016x}\"}}")?;
    Ok(check)
}

/// Reads a line (without its newline) as the entry after one with the check `before`.
pub(super) fn decode(line: &[u8], before: u64, seq: u64) -> Result<(Entry<'_>, u64), Bad> {
    let (body, digits) = split(line).ok_or(Bad::Check)?;
    let check = xxh3_64_with_seed(body, before);
    if digits != spelled(check) {
        return Err(Bad::Check);
    }
    let entry = quick::entry(body).or_else(|| read_json(line)).ok_or(Bad::Unknown)?;
    if entry.seq != seq {
        return Err(Bad::Check);
    }
    Ok((entry, check))
}

/// Reads a whole line as JSON. `check` is a member that is not asked for.
pub(super) fn read_json(line: &[u8]) -> Option<Entry<'_>> {
    let read: Spelling = serde_json::from_slice(line).ok()?;
    Some(Entry { seq: read.seq, at: read.at, what: read.what })
}

/// Whether a line has the outward form of an entry, so that something whole was written here.
pub(super) fn has_form(line: &[u8]) -> bool {
    line.starts_with(b"{\"seq\":")
        && split(line).is_some_and(|(_, digits)| digits.iter().all(|digit| digit.is_ascii_hexdigit()))
}

/// Whether an unfinished first line may be the beginning of a history rather than something else.
pub(super) fn may_begin(line: &[u8]) -> bool {
    const START: &[u8] = b"{\"seq\":1,\"at\":";
    line.starts_with(START) || START.starts_with(line) || line.iter().all(|&byte| byte == 0)
}

/// The `format` that a first line names, whatever else is in it.
pub(super) fn format_of(line: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct First {
        what: Kind,
    }
    #[derive(Deserialize)]
    struct Kind {
        opened: Opened,
    }
    #[derive(Deserialize)]
    struct Opened {
        format: u32,
    }
    serde_json::from_slice::<First>(line).ok().map(|first| first.what.opened.format)
}

#[derive(Deserialize)]
struct Spelling<'a> {
    seq: u64,
    at: Time,
    #[serde(borrow)]
    what: What<'a>,
}

/// How many bytes a line's [`ending`] has.
pub(super) const ENDING: usize = DIGITS + TAIL.len() + 1;

/// How the line that has this check ends, newline included.
pub(super) fn ending(check: u64) -> [u8; ENDING] {
    let mut ending = [b'\n'; ENDING];
    ending[..DIGITS].copy_from_slice(&spelled(check));
    ending[DIGITS..DIGITS + TAIL.len()].copy_from_slice(TAIL);
    ending
}

/// The part of a line that its check is about, and the digits of the check.
fn split(line: &[u8]) -> Option<(&[u8], [u8; DIGITS])> {
    let rest = line.strip_suffix(TAIL)?;
    let (rest, digits) = rest.split_last_chunk::<DIGITS>()?;
    let body = rest.strip_suffix(CHECK)?;
    Some((body, *digits))
}

/// The one spelling of a check: compared as bytes, so that not even `a` for `A` goes unnoticed.
fn spelled(check: u64) -> [u8; DIGITS] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|digit| HEX[(check >> (60 - 4 * digit)) as usize & 0xf])
}

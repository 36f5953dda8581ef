//! Reading a history without changing it: line by line, in memory of one line.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::ahead::{ReadAhead, fold_all};
use super::chain::{self, Bad};
use super::lines::Lines;
use super::{Entry, FORMAT, Folded, LONGEST_LINE, What};
use crate::StoreError;

/// What a pass over the lines found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// How many good lines there are.
    pub(super) lines: u64,
    /// Where the last good line ends, in bytes.
    pub(super) end: u64,
    /// The check of the last good line, 0 when there is none.
    pub(super) check: u64,
    /// What comes after.
    pub(super) rest: Rest,
}

/// What comes after the good lines of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    #[default]
    Nothing,
    /// The remains of an append that was interrupted.
    Torn,
    /// Lines that are not what was written.
    Damage,
    /// Lines that a newer orch wrote.
    Newer,
}

/// Passes over all lines that follow the `good` ones, handing each good entry, and where it ends, to `see` until it breaks
/// off.
fn scan(
    reader: impl Read,
    mut good: Scanned,
    mut see: impl FnMut(&Entry<'_>, u64) -> ControlFlow<()>,
) -> io::Result<Scanned> {
    let mut lines = Lines::new(reader);
    loop {
        let line = lines.next()?;
        if line.is_empty() {
            return Ok(good);
        }
        let Some(whole) = line.strip_suffix(b"\n") else {
            good.rest = if line.len() > LONGEST_LINE || (good.lines == 0 && !chain::may_begin(line)) {
                Rest::Damage
            } else {
                Rest::Torn
            };
            return Ok(good);
        };
        match first_checked(whole, &good) {
            Ok((entry, check)) => {
                good.lines += 1;
                good.end += line.len() as u64;
                good.check = check;
                if see(&entry, good.end).is_break() {
                    return Ok(good);
                }
            }
            Err(Bad::Unknown) => {
                good.rest = Rest::Newer;
                return Ok(good);
            }
            Err(Bad::Check) => {
                good.rest = if good.lines == 0 { Rest::Damage } else { after_bad_line(&mut lines)? };
                return Ok(good);
            }
        }
    }
}

/// Adds what follows the `good` lines, in a file of `length` bytes, to what they add up to.
pub(super) fn fold_on(
    reader: impl Read,
    mut folded: Folded,
    good: Scanned,
    length: u64,
) -> io::Result<(Folded, Scanned)> {
    let scanned = scan(reader, good, |entry, end| {
        folded.make_room(end, length);
        folded.apply(entry);
        ControlFlow::Continue(())
    })?;
    Ok((folded, scanned))
}

/// Reads the next line as an entry; the first must open a history of a format that this orch knows.
fn first_checked<'a>(line: &'a [u8], good: &Scanned) -> Result<(Entry<'a>, u64), Bad> {
    let read = chain::decode(line, good.check, good.lines + 1);
    if good.lines > 0 {
        return read;
    }
    match read {
        Ok((Entry { what: What::Opened { format, .. }, .. }, _)) if format <= FORMAT => read,
        // A newer format may well have another check: what the line says of itself goes first.
        Ok((Entry { what: What::Opened { .. }, .. }, _)) => Err(Bad::Unknown),
        Ok(_) => Err(Bad::Check),
        Err(bad) => {
            Err(if chain::format_of(line).is_some_and(|format| format > FORMAT) { Bad::Unknown } else { bad })
        }
    }
}

/// Tells an interrupted append from damage: after damage, something whole was written later.
fn after_bad_line(lines: &mut Lines<impl Read>) -> io::Result<Rest> {
    loop {
        let line = lines.next()?;
        match line.strip_suffix(b"\n") {
            Some(whole) if chain::has_form(whole) => return Ok(Rest::Damage),
            Some(_) => {}
            None if line.len() > LONGEST_LINE => return Ok(Rest::Damage),
            None => return Ok(Rest::Torn),
        }
    }
}

/// Reads the history at `path` and says where every task stands; none when there is no such file.
///
/// Takes no lock and changes nothing: an orch may be appending at the same time. An unfinished end is passed
/// over, for it is either being written or will be cut off by the next run.
///
/// # Errors
/// [`StoreError::Io`]; [`StoreError::Damaged`]; [`StoreError::Newer`].
pub fn read(path: &Path) -> Result<Option<Folded>, StoreError> {
    read_after(path, None)
}

/// Like [`read`], but what was read `ahead` is not read again.
///
/// # Errors
/// Those of [`read`].
pub fn read_after(path: &Path, ahead: Option<ReadAhead>) -> Result<Option<Folded>, StoreError> {
    twice(ahead, |ahead| {
        let Some(file) = open(path)? else { return Ok(None) };
        let (folded, scanned) = fold_all(&file, ahead).map_err(StoreError::io(path, "read"))?;
        judge(&scanned, path)?;
        Ok(Some(folded))
    })
}

/// Like [`read`], but says where every task stood right after the entry number `seq`.
///
/// # Errors
/// Those of [`read`]; what comes after `seq` is not looked at.
pub fn read_at(path: &Path, seq: u64) -> Result<Option<Folded>, StoreError> {
    twice((), |()| match open(path)? {
        Some(file) => fold(file, path, Some(seq)).map(Some),
        None => Ok(None),
    })
}

/// Who reads while an append that failed half-way is taken back sees a mix of two; once more shows what is there.
fn twice<A: Default, T>(given: A, read: impl Fn(A) -> Result<T, StoreError>) -> Result<T, StoreError> {
    match read(given) {
        Err(StoreError::Damaged { .. }) => read(A::default()),
        done => done,
    }
}

/// Folds the lines that `reader` gives, up to and including the entry number `upto`; `path` is for errors only.
///
/// # Errors
/// Those of [`read`].
pub fn fold(reader: impl Read, path: &Path, upto: Option<u64>) -> Result<Folded, StoreError> {
    let mut folded = Folded::default();
    if upto == Some(0) {
        return Ok(folded);
    }
    pass(reader, path, |entry| {
        folded.apply(entry);
        if upto.is_some_and(|upto| entry.seq >= upto) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(folded)
}

/// Hands every entry of the history at `path` to `see`, oldest first, until it breaks off.
///
/// Entries borrow from the line they were read from: take out of them what is wanted. A missing file has none.
///
/// # Errors
/// Those of [`read`], after the good entries have been seen.
pub fn visit(path: &Path, see: impl FnMut(&Entry<'_>) -> ControlFlow<()>) -> Result<(), StoreError> {
    match open(path)? {
        Some(file) => pass(file, path, see),
        None => Ok(()),
    }
}

fn pass(
    reader: impl Read,
    path: &Path,
    mut see: impl FnMut(&Entry<'_>) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let scanned =
        scan(reader, Scanned::default(), |entry, _| see(entry)).map_err(StoreError::io(path, "read"))?;
    judge(&scanned, path)
}

/// Nothing is wrong with an unfinished end.
fn judge(scanned: &Scanned, path: &Path) -> Result<(), StoreError> {
    match scanned.rest {
        Rest::Nothing | Rest::Torn => Ok(()),
        Rest::Damage => Err(StoreError::Damaged { path: path.to_owned(), line: scanned.lines + 1 }),
        Rest::Newer => Err(StoreError::Newer { path: path.to_owned(), line: scanned.lines + 1 }),
    }
}

fn open(path: &Path) -> Result<Option<File>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path, "open")(error)),
    }
}

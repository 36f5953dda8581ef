//! A history that is read ahead of time is what a history is that is read at once.

use std::fs;
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_store::{Durability, Folded, HistoryWriter, Note, ReadAhead, What, read, read_after};

fn open_after(path: &Path, ahead: Option<ReadAhead>) -> (HistoryWriter, Folded, Vec<Note>) {
    HistoryWriter::open_after(path, Durability::Process, "PLAN", Time::default(), ahead).unwrap()
}

fn base(branch: &str) -> [What<'_>; 1] {
    [What::Base { branch: branch.into() }]
}

/// A history of three lines.
fn begun() -> (tempfile::TempDir, PathBuf, HistoryWriter) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let (mut writer, _, _) = open_after(&path, None);
    for branch in ["a", "b"] {
        writer.append(Time::default(), &base(branch)).unwrap();
    }
    (folder, path, writer)
}

/// What is read after `ahead` is what is read at once, and can be gone on with.
fn assert_same(path: &Path, ahead: impl Fn() -> Option<ReadAhead>) {
    let at_once = read(path).unwrap();
    assert_eq!(read_after(path, ahead()).unwrap(), at_once);
    let (mut writer, folded, notes) = open_after(path, ahead());
    assert_eq!((Some(&folded), notes), (at_once.as_ref(), vec![]));
    writer.append(Time::default(), &base("next")).unwrap();
    let next = read(path).unwrap().unwrap();
    assert_eq!((next.seq, next.base_branch.as_deref()), (folded.seq + 1, Some("next")));
}

#[test]
fn what_was_appended_since_is_read_as_well() {
    let (_folder, path, _) = begun();
    assert_same(&path, || ReadAhead::of(&path));
    let (mut writer, ..) = open_after(&path, ReadAhead::of(&path));
    let ahead = ReadAhead::of(&path);
    writer.append(Time::default(), &base("late")).unwrap();
    assert_eq!(read_after(&path, ahead).unwrap().unwrap().base_branch.as_deref(), Some("late"));
}

#[test]
fn an_unfinished_end_is_cut_off_as_ever() {
    let (_folder, path, _) = begun();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"seq\":4,"].concat()).unwrap();
    let ahead = ReadAhead::of(&path);
    assert!(ahead.is_some());
    let (_, folded, notes) = open_after(&path, ahead);
    assert_eq!((folded.seq, notes), (3, vec![Note::TornTail { line: 4, bytes: 9 }]));
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn nothing_is_taken_from_another_history() {
    let (_folder, path, mut writer) = begun();
    let lines = fs::read(&path).unwrap();
    let (_other_folder, other, _) = begun();
    // Written anew in the same file, to the same length, or cut.
    for instead in [&fs::read(&other).unwrap(), &lines[..80]] {
        fs::write(&path, &lines).unwrap();
        let before = ReadAhead::of(&path);
        fs::write(&path, instead).unwrap();
        assert_eq!(read_after(&path, before).unwrap(), read(&path).unwrap());
    }
    // Another file in its place.
    fs::write(&path, &lines).unwrap();
    let before = ReadAhead::of(&path);
    fs::rename(&other, &path).unwrap();
    assert_eq!(read_after(&path, before).unwrap(), read(&path).unwrap());
    // Gone.
    let before = ReadAhead::of(&path);
    fs::remove_file(&path).unwrap();
    assert!(before.is_some() && read_after(&path, before).unwrap().is_none());
    assert!(ReadAhead::of(&path).is_none());
    assert!(writer.append(Time::default(), &base("c")).is_ok(), "into the file that is gone");
}

#[test]
fn damage_is_found_whenever_it_came() {
    let (_folder, path, mut writer) = begun();
    let ahead = ReadAhead::of(&path);
    writer.append(Time::default(), &base("c")).unwrap();
    writer.append(Time::default(), &base("d")).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let changed = bytes.windows(3).rposition(|at| at == b"\"c\"").unwrap() + 1;
    bytes[changed] = b'x';
    fs::write(&path, &bytes).unwrap();
    let (_, folded, notes) = open_after(&path, ahead);
    assert_eq!(folded.seq, 1, "a new one was begun");
    let [Note::Damaged { line: 4, before, .. }] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!(before.base_branch.as_deref(), Some("b"));
    assert!(ReadAhead::of(&path).is_some());
    fs::write(&path, &bytes).unwrap();
    assert!(ReadAhead::of(&path).is_none(), "whoever needs it says what is wrong");
}

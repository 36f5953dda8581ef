//! The history on a disk: its form, what is done to a bad one, what an append costs.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use orch_core::Status::{self, Pending, Running, Success};
use orch_core::{Outcome, Time};
use orch_store::{
    Counts, Durability, Entry, HistoryWriter, Note, StoreError, What, fold, read, read_at, visit,
};

/// The moment `ms`.
fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

/// A move without extras.
fn moved(task: &str, attempt: u32, from: Status, to: Status, outcome: Option<Outcome>) -> What<'_> {
    What::Moved {
        task: task.into(),
        attempt,
        from,
        to,
        outcome,
        detail: None,
        tries: 0,
        reworks: 0,
        review_due: false,
    }
}

fn entries(path: &Path) -> Result<Vec<Entry<'static>>, StoreError> {
    let mut all = Vec::new();
    visit(path, |entry| {
        all.push(entry.clone().into_owned());
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

fn open(path: &Path) -> (HistoryWriter, orch_store::Folded, Vec<Note>) {
    HistoryWriter::open(path, Durability::Process, "PLAN", at(9)).unwrap()
}

/// A small history with every kind of entry but a restart; its bytes, and its folder.
fn small() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let (mut writer, _, _) = open(&path);
    writer
        .append(
            at(10),
            &[
                What::RunStarted {
                    run: "r1".into(),
                    jobs: 2,
                    order: "list".into(),
                    pid: 7,
                    boot: Some("b".into()),
                    agent: None,
                },
                What::Base { branch: "main".into() },
            ],
        )
        .unwrap();
    writer.append(at(11), &[moved("A", 1, Pending, Running, None)]).unwrap();
    let worker = What::Worker { task: "A".into(), attempt: 1, pid: 8, start: 99, boot: "b".into() };
    writer.append(at(12), &[worker]).unwrap();
    writer
        .append(
            at(13),
            &[
                What::Session { task: "A".into(), attempt: 1, session: "s\n\"1".into() },
                moved("A", 1, Running, Success, Some(Outcome::Succeeded)),
                What::Edited { task: "B".into(), from: Pending, to: Success },
            ],
        )
        .unwrap();
    writer.append(at(14), &[What::RunEnded { run: "r1".into(), verdict: "all".into() }]).unwrap();
    let bytes = fs::read(&path).unwrap();
    (folder, path, bytes)
}

#[test]
fn the_form_of_the_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let bodies = [
        r#"{"seq":1,"at":5,"what":{"opened":{"history":"00000000000000ff","format":1,"plan":"PLAN"}}"#,
        r#"{"seq":2,"at":1771977600000,"what":{"moved":{"task":"A","attempt":1,"from":"PENDING","to":"RUNNING","tries":0}}"#,
        r#"{"seq":3,"at":1771977600001,"what":{"moved":{"task":"A","attempt":1,"from":"RUNNING","to":"PENDING","outcome":{"rate_limited":{"until":7}},"detail":"d","tries":1,"review_due":true}}"#,
        r#"{"seq":4,"at":1771977600001,"what":{"worker":{"task":"A","attempt":1,"pid":2,"start":3,"boot":"b"}}"#,
    ];
    let mut check = 0;
    let lines = bodies.map(|body| {
        check = xxhash_rust::xxh3::xxh3_64_with_seed(body.as_bytes(), check);
        format!("{body},\"check\":\"{check:016x}\"}}\n")
    });
    assert!(lines[3].ends_with("d3156534382c6736\"}\n"), "{}", lines[3]);
    fs::write(&path, &lines[0]).unwrap();
    let (mut writer, folded, notes) = open(&path);
    assert_eq!((folded.history, folded.plan.as_str(), folded.seq, notes.len()), (0xff, "PLAN", 1, 0));
    writer.append(at(1_771_977_600_000), &[moved("A", 1, Pending, Running, None)]).unwrap();
    let limited = What::Moved {
        task: "A".into(),
        attempt: 1,
        from: Running,
        to: Pending,
        outcome: Some(Outcome::RateLimited { until: Some(at(7)) }),
        detail: Some("d".into()),
        tries: 1,
        reworks: 0,
        review_due: true,
    };
    let worker = What::Worker { task: "A".into(), attempt: 1, pid: 2, start: 3, boot: "b".into() };
    writer.append(at(1_771_977_600_001), &[limited, worker]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), lines.concat());
}

#[test]
fn a_new_history_is_private_and_names_its_plan() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1.jsonl"), folder.path().join("2.jsonl"));
    assert_eq!(read(&one).unwrap(), None);
    let (_, first, notes) = open(&one);
    assert_eq!((first.seq, first.plan.as_str(), notes), (1, "PLAN", vec![]));
    assert_eq!(read(&one).unwrap(), Some(first.clone()));
    assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
    assert_ne!(open(&two).1.history, first.history, "no two histories share a number");
    assert_eq!(open(&one).1, first, "opening again writes nothing");
}

#[test]
fn what_one_transition_costs_does_not_depend_on_the_length() {
    for durability in [Durability::Process, Durability::Power] {
        let syncs = u64::from(durability == Durability::Power);
        for length in [10, 100_000] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("history.jsonl");
            let (mut writer, _, _) = HistoryWriter::open(&path, durability, "PLAN", at(0)).unwrap();
            let many = vec![What::Base { branch: "main".into() }; length];
            writer.append(at(1), &many).unwrap();
            for batch in [1, 1, 8] {
                let before = writer.syscalls();
                writer.append(at(2), &vec![moved("A", 1, Pending, Running, None); batch]).unwrap();
                let after = writer.syscalls();
                let cost = Counts { writes: after.writes - before.writes, syncs: after.syncs - before.syncs };
                assert_eq!(cost, Counts { writes: 1, syncs }, "{batch} after {length}, {durability:?}");
            }
            assert_eq!(read(&path).unwrap().unwrap().seq, length as u64 + 11);
        }
    }
}

#[test]
fn every_truncation_is_a_prefix_and_can_be_gone_on_from() {
    let (_folder, path, bytes) = small();
    let all = entries(&path).unwrap();
    for length in 0..=bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let whole = bytes[..length].iter().filter(|&&byte| byte == b'\n').count();
        let is_torn = length > 0 && bytes[length - 1] != b'\n';
        assert_eq!(entries(&path).unwrap(), all[..whole], "reading {length} bytes");
        assert_eq!(fs::read(&path).unwrap(), bytes[..length], "reading writes nothing");

        let (mut writer, folded, notes) = open(&path);
        assert_eq!(matches!(notes[..], [Note::TornTail { .. }]), is_torn, "{notes:?}");
        assert_eq!(notes.len(), usize::from(is_torn));
        if whole > 0 {
            assert_eq!(folded, fold(&bytes[..], &path, Some(whole as u64)).unwrap());
        }
        let kept = whole.max(1);
        assert_eq!(writer.append(at(20), &[moved("Z", 1, Pending, Running, None)]).unwrap(), kept as u64 + 1);
        assert_eq!(entries(&path).unwrap().len(), kept + 1);
        assert_eq!(open(&path).2, [], "once is enough");
    }
}

#[test]
fn every_single_bit_flip_is_noticed() {
    let (_folder, path, bytes) = small();
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let prefixes: Vec<_> = (0..lines).map(|upto| fold(&bytes[..], &path, Some(upto)).unwrap()).collect();
    let mut damaged = 0;
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match fold(&flipped[..], &path, None) {
            Ok(folded) => assert!(prefixes.contains(&folded), "bit {bit}: {folded:?}"),
            Err(StoreError::Damaged { .. }) => damaged += 1,
            Err(StoreError::Newer { line, .. }) => assert_eq!(line, 1),
            Err(error) => panic!("bit {bit}: {error}"),
        }
    }
    assert!(damaged > bytes.len() * 6, "{damaged}: nearly all lines have whole ones after them");
}

#[test]
fn lines_removed_added_or_moved_are_noticed() {
    let (_folder, path, bytes) = small();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let n = lines.len();
    let is_damaged = |changed: &[&[u8]]| {
        matches!(fold(&changed.concat()[..], &path, None), Err(StoreError::Damaged { .. }))
    };
    for i in 0..n - 2 {
        let mut changed = lines.clone();
        changed.remove(i);
        assert!(is_damaged(&changed), "without line {}", i + 1);
        let mut changed = lines.clone();
        changed.insert(i, lines[i]);
        assert!(is_damaged(&changed), "line {} twice", i + 1);
        let mut changed = lines.clone();
        changed.swap(i, i + 1);
        assert!(is_damaged(&changed), "lines {} and {} swapped", i + 1, i + 2);
    }
    // Lines of one history don't fit into another, though each is whole in its own.
    let (_other_folder, _, other) = small();
    let other: Vec<&[u8]> = other.split_inclusive(|&byte| byte == b'\n').collect();
    for i in 1..n - 1 {
        let mixed = [&lines[..i], &other[i..]].concat();
        assert!(is_damaged(&mixed), "another history from line {}", i + 1);
    }
}

#[test]
fn a_damaged_history_is_kept_aside_whole() {
    let (folder, path, bytes) = small();
    let mut flipped = bytes.clone();
    let third = bytes.split_inclusive(|&byte| byte == b'\n').take(4).map(<[u8]>::len).sum::<usize>() + 30;
    flipped[third] ^= 1;
    fs::write(&path, &flipped).unwrap();
    assert!(matches!(read(&path), Err(StoreError::Damaged { line: 5, .. })));
    assert_eq!(fs::read(&path).unwrap(), flipped, "reading changes nothing");

    let now = at(1_771_977_600_000);
    let (_, folded, notes) = HistoryWriter::open(&path, Durability::Power, "PLAN", now).unwrap();
    let kept_at = folder.path().join("history.damaged-20260225-000000.jsonl");
    let [Note::Damaged { line: 5, kept, before }] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!(kept, &kept_at);
    assert_eq!(fs::read(kept).unwrap(), flipped);
    assert_eq!(before.tasks["A"].status, Running);
    assert!(folded.tasks.is_empty() && folded.history != before.history);
    assert!(notes[0].to_string().contains("history.damaged-20260225-000000.jsonl"));
    assert_eq!(HistoryWriter::open(&path, Durability::Power, "PLAN", now).unwrap().2, []);
}

#[test]
fn what_is_no_history_is_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let unfinished = b"\x7fELF".to_vec();
    let no_lines = vec![b'x'; 3 << 20];
    for foreign in [&b"hello\n"[..], b"\n", b"{}\n{}\n", &unfinished, b"\xff\xfe\n\0", &no_lines] {
        fs::write(&path, foreign).unwrap();
        let (_, folded, notes) = open(&path);
        let [Note::Damaged { line: 1, kept, .. }] = &notes[..] else { panic!("{notes:?}") };
        assert_eq!(fs::read(kept).unwrap(), foreign);
        assert_eq!(folded.seq, 1);
    }
    // A power cut may leave a new file with a length and nothing in it.
    fs::write(&path, [0; 4096]).unwrap();
    assert_eq!(open(&path).2, [Note::TornTail { line: 1, bytes: 4096 }]);
}

#[test]
fn zeros_after_a_power_cut_are_a_torn_end() {
    let (_folder, path, bytes) = small();
    let all = entries(&path).unwrap();
    fs::write(&path, [&bytes[..], &[0; 5000]].concat()).unwrap();
    assert_eq!(open(&path).2, [Note::TornTail { line: all.len() as u64 + 1, bytes: 5000 }]);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_newer_history_is_left_alone() {
    let (_folder, path, bytes) = small();
    let text = String::from_utf8(bytes).unwrap();
    fs::write(&path, text.replacen("\"format\":1", "\"format\":2", 1)).unwrap();
    let before = fs::read(&path).unwrap();
    for error in [
        HistoryWriter::open(&path, Durability::Process, "PLAN", at(0)).map(drop).unwrap_err(),
        read(&path).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Newer { line: 1, .. }), "{error}");
        assert!(error.hint().unwrap().contains("update orch"));
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_kind_of_entry_that_a_newer_orch_wrote_is_no_damage() {
    let (_folder, path, bytes) = small();
    let last = &bytes[bytes.len() - 19..bytes.len() - 3];
    let check = u64::from_str_radix(std::str::from_utf8(last).unwrap(), 16).unwrap();
    let seq = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let body = format!("{{\"seq\":{seq},\"at\":5,\"what\":{{\"no_such_kind\":{{\"task\":\"A\"}}}}");
    let check = xxhash_rust::xxh3::xxh3_64_with_seed(body.as_bytes(), check);
    let newer = [&bytes[..], format!("{body},\"check\":\"{check:016x}\"}}\n").as_bytes()].concat();
    fs::write(&path, &newer).unwrap();
    let error = HistoryWriter::open(&path, Durability::Process, "PLAN", at(0)).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Newer { line, .. } if line == seq as u64), "{error}");
    assert_eq!(fs::read(&path).unwrap(), newer);
}

#[test]
fn the_past_can_be_asked_for() {
    let (_folder, path, _) = small();
    let status = |seq| read_at(&path, seq).unwrap().unwrap().tasks.get("A").map(|record| record.status);
    assert_eq!(
        [0, 3, 4, 6, 7, 100].map(status),
        [None, None, Some(Running), Some(Running), Some(Success), Some(Success)]
    );
    let folded = read(&path).unwrap().unwrap();
    let a = &folded.tasks["A"];
    assert_eq!((a.attempt, a.started_at, a.ended_at), (1, Some(at(11)), Some(at(13))));
    assert_eq!(
        (a.session.as_deref(), &a.worker, a.outcome),
        (Some("s\n\"1"), &None, Some(Outcome::Succeeded))
    );
    let running = read_at(&path, 5).unwrap().unwrap();
    let worker = running.tasks["A"].worker.as_ref().unwrap();
    assert_eq!((worker.pid, worker.start, &*worker.boot), (8, 99, "b"));
    let run = folded.run.unwrap();
    assert_eq!((run.run.as_str(), run.jobs, run.ended), ("r1", 2, Some((at(14), "all".to_owned()))));
    assert_eq!(folded.base_branch.as_deref(), Some("main"));
}

#[test]
fn attempts_go_on_counting_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let (mut writer, _, _) = open(&path);
    let restarted = What::Restarted { why: "the plan changed".into() };
    writer
        .append(
            at(1),
            &[
                moved("A", 3, Pending, Running, None),
                moved("B", 2, Pending, Running, None),
                restarted.clone(),
                What::Edited { task: "B".into(), from: Pending, to: Success },
                restarted,
                moved("B", 3, Pending, Running, None),
            ],
        )
        .unwrap();
    let folded = read(&path).unwrap().unwrap();
    assert!(!folded.tasks.contains_key("A"));
    assert_eq!(["A", "B", "C"].map(|task| folded.last_attempt(task)), [3, 3, 0]);
    assert_eq!(read_at(&path, 5).unwrap().unwrap().tasks["B"].attempt, 2, "an edit begins no attempt");
}

#[test]
fn what_a_late_worker_says_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let (mut writer, _, _) = open(&path);
    let say =
        |attempt, session: &'static str| What::Session { task: "A".into(), attempt, session: session.into() };
    let worker = |attempt| What::Worker { task: "A".into(), attempt, pid: 1, start: 2, boot: "b".into() };
    writer
        .append(
            at(1),
            &[
                moved("A", 1, Pending, Running, None),
                say(1, "one"),
                moved("A", 1, Running, Pending, Some(Outcome::Lost)),
                worker(1),
                moved("A", 2, Pending, Running, None),
                say(1, "late"),
                worker(1),
            ],
        )
        .unwrap();
    let a = &read(&path).unwrap().unwrap().tasks["A"];
    assert_eq!((a.session.as_deref(), &a.worker), (Some("one"), &None));
    assert_eq!(read_at(&path, 5).unwrap().unwrap().tasks["A"].worker, None, "nothing is under way");
}

#[test]
fn a_long_detail_is_shortened_between_characters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let (mut writer, _, _) = open(&path);
    for (detail, length) in [("ab".repeat(2048), 4096), ("ä".repeat(3000), 4095), ("x".repeat(2 << 20), 4096)]
    {
        let what = What::Reviewed {
            task: "A".into(),
            attempt: 0,
            verdict: "PASS".into(),
            detail: Some(detail.clone().into()),
        };
        writer.append(at(1), &[what]).unwrap();
        let Some(What::Reviewed { detail: Some(kept), .. }) =
            entries(&path).unwrap().pop().map(|last| last.what)
        else {
            panic!("it was written")
        };
        assert_eq!(kept.len(), length);
        assert!(kept == detail || detail.starts_with(kept.strip_suffix('…').unwrap()));
    }
}

#[test]
fn a_reader_beside_a_writer_sees_only_whole_entries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let (mut writer, _, _) = open(&path);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut last = 0;
                    loop {
                        let finished = done.load(Ordering::Acquire);
                        let seen = entries(&path).unwrap();
                        assert!(seen.iter().map(|entry| entry.seq).eq(1..=seen.len() as u64));
                        assert!(seen.len() >= last, "nothing goes away");
                        last = seen.len();
                        if finished {
                            return last;
                        }
                    }
                })
            })
            .collect();
        for n in 0..1000u32 {
            let batch = vec![moved("A", n, Pending, Running, None); 1 + n as usize % 8];
            writer.append(Time::from_millis(n.into()), &batch).unwrap();
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            assert_eq!(reader.join().unwrap() as u64, writer.seq());
        }
    });
}

#[test]
fn the_time_of_runs_is_that_from_each_start_to_its_end() {
    let started = |run: &'static str| What::RunStarted {
        run: run.into(),
        jobs: 1,
        order: "list".into(),
        pid: 1,
        boot: None,
        agent: None,
    };
    let ended = |run: &'static str| What::RunEnded { run: run.into(), verdict: "x".into() };
    let begins = |attempt| moved("A", attempt, Pending, Running, None);
    let ends = |attempt| moved("A", attempt, Running, Pending, Some(Outcome::Lost));
    let steps: [(u64, What<'static>, u64); 11] = [
        (100, started("a"), 0),
        (110, begins(1), 10),
        (130, ends(1), 10),
        (150, ended("a"), 50),
        // What a person does meanwhile is no part of a run.
        (900, moved("A", 1, Pending, Pending, None), 50),
        (1000, started("b"), 50),
        (1030, begins(2), 80),
        // It was cut off, and somebody found that out.
        (5000, ends(2), 80),
        (6000, started("c"), 80),
        (6001, ended("c"), 81),
        (7000, What::Restarted { why: "x".into() }, 0),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    for (moment, entry, took) in steps {
        let (mut writer, _, _) = open(&path);
        writer.append(at(moment), &[entry]).unwrap();
        drop(writer);
        let (_, folded, _) = open(&path);
        assert_eq!(folded.took(None).as_millis(), u128::from(took), "at {moment}");
    }
    let (mut writer, _, _) = open(&path);
    writer.append(at(8000), &[started("d")]).unwrap();
    drop(writer);
    let (_, folded, _) = open(&path);
    assert_eq!((folded.took(None).as_millis(), folded.took(Some(at(8070))).as_millis()), (0, 70));
}

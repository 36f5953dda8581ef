//! Every truncation and every flipped bit of a marked state file: refused, or known not to be orch's writing.

use orch_core::Status;
use orch_state_md::state::{Mark, Overall, Row, State, StateFile, Validation};

fn sample() -> StateFile {
    let row = |number: usize, status| Row {
        status,
        plan_path: (status != Status::Pending).then(|| format!("PROMPT-{number:02}-x-PLAN.md")),
        tests: Some("basic".into()),
        dependencies: (1..number).map(|number| format!("PROMPT-{number:02}")).collect(),
        reqs: vec![format!("REQ-{number:03}")],
        ..Row::new(format!("PROMPT-{number:02}-x.md"))
    };
    StateFile::create(&State {
        objective: "Build it — all of it".into(),
        prd_path: Some("PROMPT-PRD.md".into()),
        requirements_inventory: Some("PROMPT-PRD-REQUIREMENTS.md".into()),
        base_branch: Some("main".into()),
        overall: Some(Overall::Running),
        validation: Some(Validation::None),
        current: 3,
        rows: vec![
            row(1, Status::Success),
            row(2, Status::Incomplete),
            row(3, Status::Fail),
            row(4, Status::Running),
            row(5, Status::Pending),
            row(6, Status::Pending),
        ],
    })
}

/// The sample as orch writes it, with Windows line endings and a byte order mark, and with prose below.
fn marked_files() -> [Vec<u8>; 3] {
    let plain = sample().to_bytes();
    let text = String::from_utf8(plain.clone()).unwrap();
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let noted = format!("{text}\nA note: ~~old~~ | new.\n");
    [plain, windows.into_bytes(), noted.into_bytes()].map(|bytes| {
        let marked = StateFile::read(&bytes).unwrap().to_bytes_marked(0x0123_4567_89ab_cdef, 42);
        let intact = Mark::Intact { history: 0x0123_4567_89ab_cdef, seq: 42 };
        assert_eq!(StateFile::read(&marked).unwrap().mark(), intact);
        marked
    })
}

fn assert_noticed(damaged: &[u8], how: &str) {
    if let Ok(file) = StateFile::read(damaged) {
        let taken = matches!(file.mark(), Mark::Intact { .. });
        assert!(!taken, "{how} went unnoticed:\n{}", String::from_utf8_lossy(damaged));
        assert_eq!(file.to_bytes(), damaged, "{how} was not kept as it was");
    }
}

#[test]
fn every_truncation_is_noticed() {
    for file in marked_files() {
        for length in 0..file.len() {
            assert_noticed(&file[..length], &format!("a cut after {length} bytes"));
        }
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for mut file in marked_files() {
        for at in 0..file.len() {
            for bit in 0..8 {
                file[at] ^= 1 << bit;
                assert_noticed(&file, &format!("bit {bit} of byte {at} flipped"));
                file[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn a_cut_or_a_gap_in_the_table_never_reads_as_a_shorter_table_of_orchs() {
    let file = String::from_utf8(marked_files()[0].clone()).unwrap();
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let without: String = [&lines[..at], &lines[at + 1..]].concat().concat();
        assert_noticed(without.as_bytes(), &format!("line {} missing", at + 1));
        let twice: String = [&lines[..=at], &lines[at..]].concat().concat();
        assert_noticed(twice.as_bytes(), &format!("line {} twice", at + 1));
        let split: String = [&lines[..at], &["\n"], &lines[at..]].concat().concat();
        assert_noticed(split.as_bytes(), &format!("an empty line before line {}", at + 1));
    }
}

/// Looking back to the start of the line at each of them would take minutes.
#[test]
fn a_line_full_of_marks_is_read_in_one_pass() {
    let marks = "<!-- orch-state: format=2 ".repeat(200_000);
    let newer = |text: &str| StateFile::read(text.as_bytes()).unwrap_err().diagnostic.code == "state.newer";
    assert!(!newer(&format!("x{marks}")), "only at the start of a line is it a mark");
    assert!(newer(&format!("x{marks}\n \t{marks}")));
}

//! Edits of planning documents: each changes what it means, and no other byte.

use std::path::{Path, PathBuf};

use orch_core::Status;
use orch_state_md::planning::{BoxMark, Edit, EditError, Edited, Planning, Tracked, apply, read};
use proptest::prelude::*;

/// The files of the corpus that can be edited, by name.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/planning");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = |file: &PathBuf| String::from_utf8(std::fs::read(file).unwrap());
    let texts = files.iter().filter_map(|file| Some((name(file), text(file).ok()?)));
    let texts: Vec<_> = texts.filter(|(_, text)| !text.contains("<<<<<<<")).collect();
    assert!(texts.len() >= 14);
    texts
}

fn made(text: &str, edit: Edit) -> String {
    let Edited { bytes, left_out } = apply(text.as_bytes(), &[edit]).unwrap();
    assert_eq!(left_out, []);
    String::from_utf8(bytes).unwrap()
}

fn left_out(text: &str, edit: Edit) -> String {
    let edited = apply(text.as_bytes(), &[edit]).unwrap();
    assert_eq!(edited.bytes, text.as_bytes());
    assert_eq!(edited.left_out.len(), 1);
    edited.left_out[0].why.clone()
}

fn status(id: &str, from: Option<Status>, to: Status) -> Edit {
    Edit::Status { id: id.into(), from, to }
}

fn tick(id: &str, text: &str, nth: usize) -> Edit {
    Edit::Tick { id: id.into(), text: text.into(), nth }
}

fn duration(id: &str, minutes: u32, gap: bool) -> Edit {
    Edit::Duration { id: id.into(), minutes, gap }
}

fn log(moment: &str, text: &str) -> Edit {
    Edit::Log { moment: moment.into(), text: text.into() }
}

fn plan(text: &str) -> Planning {
    read(text.as_bytes()).plan
}

/// The lines that differ, from one, as they were and are. No line may have come or gone.
fn changed<'a>(before: &'a str, after: &'a str) -> Vec<(usize, &'a str, &'a str)> {
    let (old, new): (Vec<_>, Vec<_>) = (before.split('\n').collect(), after.split('\n').collect());
    assert_eq!(old.len(), new.len());
    let pairs = old.into_iter().zip(new).enumerate();
    pairs.filter(|(_, (old, new))| old != new).map(|(at, (old, new))| (at + 1, old, new)).collect()
}

/// The one piece in which the two differ: what is before it, both pieces, what is after it.
fn difference<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    let same = |(a, b): &(char, char)| a == b;
    let front: usize = before.chars().zip(after.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (old, new) = (&before[front..], &after[front..]);
    let back: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    (&old[..old.len() - back], &new[..new.len() - back])
}

/// The cells of a row, as a person sees them. No row here has an escaped pipe but in its first cell.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().replace("\\|", "¦");
    let line = line.strip_prefix('|').unwrap_or(&line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn a_status_changes_one_cell_of_one_row() {
    for (name, text) in corpus() {
        for milestone in plan(&text).milestones {
            for to in Status::ALL {
                let after = made(&text, status(&milestone.id, None, to));
                let edited = plan(&after).milestone(&milestone.id).unwrap().clone();
                let tracked = edited.row.tracked;
                let unknown = ["soon, I hope", "Deferred"].contains(&&*milestone.row.status_written);
                if milestone.row.tracked.status == to && !milestone.row.tracked.skipped && !unknown {
                    assert_eq!(after, text, "{name} {} {to:?}", milestone.id);
                    continue;
                }
                assert_eq!(tracked, Tracked { status: to, ..Tracked::default() }, "{name} {}", milestone.id);
                let lines = changed(&text, &after);
                let (line, old, new) = lines[0];
                assert_eq!(line, milestone.at.line as usize);
                // Where the section says what the row said, it says what the row says.
                let row = milestone.row.tracked;
                let said = milestone.section.as_ref().and_then(|section| section.status.as_ref());
                let repeated = said.filter(|said| {
                    !unknown && (said.tracked.status, said.tracked.skipped) == (row.status, row.skipped)
                });
                let same = |written: &str| written == milestone.row.status_written;
                if let Some(before) = repeated.filter(|said| said.words.is_some() || same(&said.written)) {
                    let again = edited.section.unwrap().status.unwrap();
                    // `✅ Complete (review pending)` would not be complete.
                    let taken_back = before.written.contains("pending") && to == Status::Success;
                    assert_eq!(again.tracked.status == to, !taken_back, "{name} {again:?}");
                    if !taken_back {
                        let (line, old, new) = lines[1];
                        assert_eq!(line, before.at.line as usize);
                        let (old, _) = difference(old, new);
                        assert!(before.written.contains(old), "{name} {old:?}");
                        assert_eq!(lines.len(), 2, "{name}");
                    }
                } else {
                    assert_eq!(lines.len(), 1, "{name} {}", milestone.id);
                }
                let (old, mut new) = (cells(old), cells(new));
                let differ = (0..old.len()).filter(|&cell| old[cell] != new[cell]).collect::<Vec<_>>();
                assert_eq!(differ.len(), 1, "{name} {old:?} {new:?}");
                // Undone by hand, the row is as it was.
                new[differ[0]].clone_from(&old[differ[0]]);
                assert_eq!(old, new);
                assert_eq!(made(&after, status(&milestone.id, None, to)), after, "twice is as once");
            }
        }
    }
}

#[test]
fn a_tick_changes_one_byte() {
    for (name, text) in corpus() {
        let before = plan(&text);
        for milestone in &before.milestones {
            let boxes = milestone.section.iter().flat_map(|section| &section.boxes);
            let boxes: Vec<_> = boxes.collect();
            for (place, item) in boxes.iter().enumerate() {
                let nth = boxes[..place].iter().filter(|other| other.text == item.text).count();
                let edit = tick(&milestone.id, &item.text, nth);
                if item.mark == BoxMark::Done {
                    assert!(left_out(&text, edit).contains("ticked already"));
                    continue;
                }
                let after = made(&text, edit.clone());
                let [(line, old, new)] = changed(&text, &after)[..] else { panic!("{name}") };
                assert_eq!(line, item.at.line as usize);
                let (old, new) = difference(old, new);
                assert!(matches!(old, " " | "~" | "-") && new == "x", "{name} {old:?} {new:?}");
                let ticked = plan(&after).milestone(&milestone.id).unwrap().section.clone().unwrap();
                assert_eq!(ticked.boxes[place].mark, BoxMark::Done);
                assert_eq!(apply(after.as_bytes(), &[edit]).unwrap().bytes, after.as_bytes());
            }
        }
    }
}

#[test]
fn a_duration_is_added() {
    for (name, text) in corpus() {
        for milestone in plan(&text).milestones {
            for gap in [false, true] {
                let edited = apply(text.as_bytes(), &[duration(&milestone.id, 7, gap)]).unwrap();
                let after = String::from_utf8(edited.bytes).unwrap();
                if !edited.left_out.is_empty() {
                    assert_eq!(after, text);
                    assert_eq!(milestone.row.minutes, None, "{name}");
                    continue;
                }
                let minutes = plan(&after).milestone(&milestone.id).unwrap().row.minutes;
                assert_eq!(minutes, Some(milestone.row.minutes.unwrap_or(0) + 7), "{name}");
                let [(line, old, new)] = changed(&text, &after)[..] else { panic!("{name}") };
                assert_eq!(line, milestone.at.line as usize);
                let (old, new) = (cells(old), cells(new));
                assert_eq!(old.iter().zip(&new).filter(|(old, new)| old != new).count(), 1);
            }
        }
    }
}

#[test]
fn an_entry_is_put_in_and_nothing_else() {
    for (name, text) in corpus() {
        let before = plan(&text).log;
        let after = made(&text, log("2031-01-01 10:00", "M1 complete (7 min)."));
        let (old, new) = difference(&text, &after);
        assert_eq!(old, "", "{name}");
        assert_eq!(made(&after, log("2031-01-01 10:00", "M1 complete (7 min).")), after, "twice is as once");
        assert_eq!(new.matches("M1 complete (7 min).").count(), 1, "{name}");
        let log = plan(&after).log;
        let moments: Vec<&str> = log.iter().map(|entry| &*entry.moment).collect();
        let oldest_first = matches!(&*name, "log-oldest-first" | "words-only");
        let place = if oldest_first { before.len() } else { 0 };
        let mut expected: Vec<&str> = before.iter().map(|entry| &*entry.moment).collect();
        expected.insert(place, "2031-01-01 10:00");
        assert_eq!(moments, expected, "{name}");
        assert_eq!(after.contains("\r\n"), name == "crlf");
        assert!(!after.replace("\r\n", "").contains('\n') || name != "crlf");
        assert_eq!(after.ends_with('\n'), text.ends_with('\n'), "{name}");
        // What is read of the rest is the same.
        let ids = |text: &str| plan(text).milestones.into_iter().map(|m| (m.id, m.row)).collect::<Vec<_>>();
        assert_eq!(ids(&after), ids(&text));
    }
}

#[test]
fn everything_that_a_worker_brings_is_written_at_once() {
    let (_, text) = corpus().into_iter().find(|(name, _)| name == "template").unwrap();
    let edits = [
        status("M2", Some(Status::Running), Status::Success),
        duration("M2", 23, false),
        tick("M2", "Scale by portions", 0),
        tick("M2", "Scale by weight", 0),
        tick("M2", "Scale by length", 0),
        log("2026-02-04 09:00", "M2 complete (23 min)."),
        log("2026-02-04 09:01", "M3 started."),
        status("M3", Some(Status::Pending), Status::Running),
        status("M3", Some(Status::Running), Status::Fail),
        duration("M2", 4, true),
    ];
    let edited = apply(text.as_bytes(), &edits).unwrap();
    let why: Vec<_> = edited.left_out.iter().map(|left| (left.edit, &*left.why)).collect();
    assert_eq!(why, [(4, "the section of M2 has no box `Scale by length` any more")]);
    let after = String::from_utf8(edited.bytes).unwrap();
    let expected = text
        .replace(
            "| M2: Scaling rules       | Opus   | 🔄 In Progress | —              |",
            "| M2: Scaling rules       | Opus   | ✅ Complete    | 23 + 4 (gap-fill) |",
        )
        .replace("| M3: Print layout        | Sonnet | ⬜ Not Started |", "| M3: Print layout        | Sonnet | ⛔ Blocked     |")
        .replace("**Status: 🔄 In Progress**", "**Status: ✅ Complete**")
        .replace("- [ ] Scale by portions", "- [x] Scale by portions")
        .replace("- [~] Scale by weight", "- [x] Scale by weight")
        .replace(
            "**2026-02-03 14:10**",
            "**2026-02-04 09:01** - M3 started.\n\n**2026-02-04 09:00** - M2 complete (23 min).\n\n**2026-02-03 14:10**",
        );
    assert_eq!(after, expected);
}

#[test]
fn what_has_no_place_is_left_out() {
    let text = "| Milestone | Status |\n|---|---|\n| M1: x | ✅ |\n| M2: y | ⬛ Skipped |\n| M3: z |\n| M4: w | hm |\n\n## M1\n- [x] a\n- [ ] b\n";
    for (edit, why) in [
        (status("M9", None, Status::Running), "the tracker has no row `M9` any more"),
        (status("M1", Some(Status::Pending), Status::Running), "the row of M1 says `✅` now"),
        (status("M2", Some(Status::Success), Status::Running), "the row of M2 says `⬛ Skipped` now"),
        (status("M4", Some(Status::Pending), Status::Running), "the row of M4 says `hm` now"),
        (status("M3", None, Status::Running), "the row of M3 has no cell for the status"),
        (duration("M1", 5, false), "the tracker has no column for durations"),
        (tick("M1", "a", 0), "the box `a` of M1 is ticked already"),
        (tick("M1", "b", 1), "the section of M1 has no box `b` any more"),
        (tick("M2", "b", 0), "M2 has no section any more"),
        (tick("M7", "b", 0), "the tracker has no row `M7` any more"),
    ] {
        assert_eq!(left_out(text, edit), why);
    }
    let open = format!("{text}\n```\n");
    let why = "there is no progress log, and the document ends within code or a comment";
    assert_eq!(left_out(&open, log("2026-01-01 10:00", "x")), why);
    let pipe = "| Milestone | Status | Duration |\n|---|---|---|\n| M1: `a|b` | ⬜ | 5 |\n";
    assert_eq!(left_out(pipe, duration("M1", 5, false)), "the row of M1 has more cells than the header");
    assert_eq!(
        left_out(pipe, status("M1", None, Status::Fail)),
        "the row of M1 has more cells than the header"
    );
    let struck = "| Milestone | Status |\n|---|---|\n| ~~M1~~ | ⬜ |\n";
    assert_eq!(left_out(struck, status("M1", None, Status::Fail)), "the row of M1 is struck through");
    let twice = "| Milestone | Status |\n|---|---|\n| M1 | ⬜ |\n| M1 | ✅ |\n";
    assert_eq!(left_out(twice, status("M1", None, Status::Fail)), "the tracker has two rows `M1`");
    let conflict = format!("{text}<<<<<<< a\n");
    assert_eq!(apply(conflict.as_bytes(), &[]), Err(EditError::Conflict { line: 11 }));
    assert_eq!(apply(b"| Milestone \xff|", &[]), Err(EditError::NotUtf8 { valid: 12 }));
}

/// A document as a person might have written it, with every place known.
#[derive(Clone, Debug)]
struct Written {
    bytes: String,
    /// Per milestone: the line of its row, and the lines of its boxes, from zero, with what they say.
    rows: Vec<(usize, Vec<(usize, String)>)>,
    /// Per milestone: the line of its section that says its status, and what is before and behind that.
    said: Vec<Option<(usize, &'static str, &'static str)>>,
    crlf: bool,
}

fn document() -> impl Strategy<Value = Written> {
    let row = (
        prop::sample::select(vec![
            "⬜ Not Started",
            "🔄 In Progress",
            "✅ Done",
            "✅",
            "todo",
            "",
            "—",
            "⬛ Skipped",
            "🟡 Partial",
        ]),
        prop::sample::select(vec!["", "—", "20", "8 + 4", "not timed", "22 (longest; 5 in parallel)"]),
        (0..4usize, 0..4usize),
        prop::collection::vec(
            ("[a-c`*]{1,4}( [a-z|é]{1,3})?", prop::sample::select(vec!['x', ' ', '~', 'X']), 0..3usize),
            1..4,
        ),
    );
    let said = prop::sample::select(vec![
        None,
        Some(("**Status:** ", "")),
        Some(("**Model: Opus** | **Status: ", "**")),
        Some(("**Status:** **", "** · **Model:** Opus")),
        Some(("> Status: ", "\t")),
        Some(("**Status:** ", " (see `a|b`)")),
    ]);
    let said = (said, prop::sample::select(vec!["", "✅ Complete", "⬜", "In progress"]));
    let form = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec!["", "[M#: x](#m)", "Milestone # - y", "**M#** z"]),
    );
    let log = prop::sample::select(vec![
        "",
        "## Progress Log / Notes\n",
        "## Progress Log / Notes\n\n> Newest first.\n\n**2026-01-02 10:00** - b\n\n**2026-01-01 10:00** - a\n",
        "## Log\n\n- 2026-01-01 10:00: a\n- 2026-01-02 10:00: b\n  c\n\n---\n",
        "## Notes\n\n### 2026-01-01\n\nx\n",
    ]);
    (prop::collection::vec((row, said), 1..5), form, log).prop_map(
        |(rows, (crlf, mark, ends, log_first, name), log)| {
            let mut lines: Vec<String> = vec!["# Plan".into(), String::new()];
            if log_first {
                lines.extend(log.lines().map(str::to_owned));
                lines.push(String::new());
            }
            lines.push("## Tracker".into());
            lines.push("| Duration | Milestone | Status |".into());
            lines.push("|:--|--|--:|".into());
            let mut places = Vec::new();
            for (at, ((status, duration, (before, after), _), _)) in rows.iter().enumerate() {
                let name =
                    if name.is_empty() { format!("M{at}: n") } else { name.replace('#', &at.to_string()) };
                let (before, after) = (" ".repeat(*before), " ".repeat(*after));
                places.push((lines.len(), Vec::new()));
                lines.push(format!("|{before}{duration}{after}| {name} |{before}{status}{after}|"));
            }
            let mut repeated = Vec::new();
            for (at, ((status, _, _, boxes), (said, other))) in rows.iter().enumerate() {
                lines.push(String::new());
                lines.push(format!("## M{at}"));
                let status = if other.is_empty() { status } else { other };
                repeated.push(said.map(|(front, back)| (lines.len(), front, back)));
                lines.extend(said.map(|(front, back)| format!("{front}{status}{back}")));
                let mut deepest = 0;
                for (text, mark, depth) in boxes {
                    // Far in with nothing around it, it would be code.
                    let depth = (*depth).min(deepest);
                    deepest = depth + 1;
                    places[at].1.push((lines.len(), text.clone()));
                    lines.push(format!("{}- [{mark}] {text}", "  ".repeat(depth)));
                }
            }
            if !log_first {
                lines.push(String::new());
                lines.extend(log.lines().map(str::to_owned));
            }
            let end = if crlf { "\r\n" } else { "\n" };
            let bytes =
                [if mark { "\u{feff}" } else { "" }, &lines.join(end), if ends { end } else { "" }].concat();
            Written { bytes, rows: places, said: repeated, crlf }
        },
    )
}

fn ends(text: &str) -> (usize, usize) {
    (text.matches('\n').count(), text.matches("\r\n").count())
}

proptest! {
    #[test]
    fn statuses_of_any_document(document in document(), row in any::<prop::sample::Index>(), to in prop::sample::select(&Status::ALL[..])) {
        let at = row.index(document.rows.len());
        let id = format!("M{at}");
        let after = made(&document.bytes, status(&id, None, to));
        prop_assert_eq!(plan(&after).milestone(&id).unwrap().row.tracked.status, to);
        // The oracle: the row's third cell, between the pipes, is put back as it was.
        let mut lines: Vec<String> = after.split('\n').map(str::to_owned).collect();
        let old = document.bytes.split('\n').nth(document.rows[at].0).unwrap();
        let cell = |line: &str| line.match_indices('|').map(|(at, _)| at).nth(2).unwrap()..line.rfind('|').unwrap();
        let new = &mut lines[document.rows[at].0];
        let range = cell(new);
        new.replace_range(range, &old[cell(old)]);
        // And so is what stands in its section, between what is before and behind it.
        if let Some((line, front, back)) = document.said[at] {
            let old = document.bytes.split('\n').nth(line).unwrap();
            let new = &mut lines[line];
            prop_assert!(new.starts_with(front) && new.trim_end_matches('\r').ends_with(back), "{}", new);
            old.clone_into(new);
            let said = |text: &str| {
                let milestone = plan(text).milestone(&id).unwrap().clone();
                let said = milestone.section.unwrap().status?.tracked;
                Some((said.status, said.status == milestone.row.tracked.status && said.skipped == milestone.row.tracked.skipped))
            };
            if let (Some((before, true)), Some(after)) = (said(&document.bytes), said(&after)) {
                prop_assert_eq!(after, (to, true), "{:?}", before);
            } else {
                prop_assert_eq!(new.as_str(), after.split('\n').nth(line).unwrap());
            }
        }
        prop_assert_eq!(lines.join("\n"), &*document.bytes);
        prop_assert_eq!(made(&after, status(&id, None, to)), after);
    }

    #[test]
    fn ticks_in_any_document(document in document(), row in any::<prop::sample::Index>(), place in any::<prop::sample::Index>()) {
        let at = row.index(document.rows.len());
        let boxes = &document.rows[at].1;
        let place = place.index(boxes.len());
        let (line, text) = &boxes[place];
        let text = text.trim();
        let nth = boxes[..place].iter().filter(|(_, other)| other.trim() == text).count();
        let edited = apply(document.bytes.as_bytes(), &[tick(&format!("M{at}"), text, nth)]).unwrap();
        let mut lines: Vec<String> = document.bytes.split('\n').map(str::to_owned).collect();
        // The oracle: what is in the brackets of that line.
        let old = &mut lines[*line];
        let ticked = old.contains("- [x]") || old.contains("- [X]");
        *old = old.replacen("- [ ]", "- [x]", 1).replacen("- [~]", "- [x]", 1);
        prop_assert_eq!(String::from_utf8(edited.bytes).unwrap(), lines.join("\n"));
        prop_assert_eq!(edited.left_out.len(), usize::from(ticked));
    }

    #[test]
    fn entries_in_any_document(document in document(), text in any::<String>()) {
        let before = plan(&document.bytes);
        let after = made(&document.bytes, log("2030-01-01 10:00", &text));
        let read = plan(&after);
        prop_assert_eq!(&made(&after, log("2030-01-01 10:00", &text)), &after);
        prop_assert_eq!(read.log.len(), before.log.len() + 1);
        let rows = |plan: &Planning| plan.milestones.iter().map(|m| (m.id.clone(), m.row.clone(), m.section.as_ref().map(|s| s.boxes.iter().map(|b| b.text.clone()).collect::<Vec<_>>()))).collect::<Vec<_>>();
        prop_assert_eq!(rows(&read), rows(&before));
        // The oracle: without the lines that came, it is what it was.
        let line = after.split('\n').find(|line| line.contains("2030-01-01 10:00")).unwrap();
        prop_assert!(!line.trim_end_matches('\r').contains(char::is_control));
        let (old, new) = difference(&document.bytes, &after);
        prop_assert_eq!(old, "");
        prop_assert_eq!(after.len(), document.bytes.len() + new.len());
        let (lines, returns) = ends(&after);
        prop_assert_eq!(returns, if document.crlf { lines } else { 0 });
    }

    #[test]
    fn durations_in_any_document(document in document(), row in any::<prop::sample::Index>(), minutes in 0..10_000u32, gap in any::<bool>()) {
        let at = row.index(document.rows.len());
        let id = format!("M{at}");
        let before = plan(&document.bytes).milestone(&id).unwrap().row.minutes;
        let after = made(&document.bytes, duration(&id, minutes, gap));
        prop_assert_eq!(plan(&after).milestone(&id).unwrap().row.minutes, Some(before.unwrap_or(0) + minutes));
        let mut lines: Vec<String> = after.split('\n').map(str::to_owned).collect();
        let old = document.bytes.split('\n').nth(document.rows[at].0).unwrap();
        let cell = |line: &str| 1..line[1..].find('|').unwrap() + 1;
        let new = &mut lines[document.rows[at].0];
        let range = cell(new);
        new.replace_range(range, &old[cell(old)]);
        prop_assert_eq!(lines.join("\n"), &*document.bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in any::<Vec<u8>>()) {
        let reading = read(&bytes);
        prop_assert!(reading.findings.iter().all(|found| found.message.len() < 1_000));
        let _ = apply(&bytes, &[log("2030-01-01 10:00", "x"), status("M1", None, Status::Running)]);
    }

    #[test]
    fn any_pieces_do_no_harm(pieces in prop::collection::vec(piece(), 0..60), place in any::<prop::sample::Index>()) {
        let text = pieces.concat();
        let reading = read(text.as_bytes());
        prop_assert!(reading.findings.len() <= 201);
        let milestones = &reading.plan.milestones;
        if milestones.is_empty() {
            return Ok(());
        }
        let milestone = &milestones[place.index(milestones.len())];
        for edit in [status(&milestone.id, None, Status::Incomplete), duration(&milestone.id, 3, true), log("2030-01-01 10:00", "x")] {
            let edited = apply(text.as_bytes(), std::slice::from_ref(&edit)).unwrap();
            let after = String::from_utf8(edited.bytes).unwrap();
            if edited.left_out.is_empty() && matches!(edit, Edit::Status { .. }) {
                let again = plan(&after);
                prop_assert_eq!(again.milestones.len(), milestones.len());
                prop_assert_eq!(again.milestone(&milestone.id).unwrap().row.tracked.status, Status::Incomplete);
            }
        }
    }
}

/// Pieces of which documents are made, in any order.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "\n", "\n\n", "| Milestone | Status |\n|---|---|\n", "## Tracker\n", "| M1: x | ⬜ |\n", "| M2 | ✅ Done |\n", "| `a|b` | \\| |\n",
            "## M1\n", "### M2: y\n", "- [ ] a\n", "  - [x] b\n", "```\n", "<!--", "-->\n", "**Model:** Opus\n", "## Progress Log\n",
            "- **2026-01-01 10:00** - x\n", "> ", "|", "~~", "[", "](", ")", "`", "*", "_", "\\", "\r\n", "---\n", "\u{feff}", "é", "🟡", "x",
            "| Milestone | ID | Status | Duration |\n", "12345", " ", "\t", "| a | b | c | d | e |\n", "- [] x\n", "**", "Note:",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

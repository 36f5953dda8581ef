//! Summaries as workers write them: each of `fixtures/worker-summaries`, and what was understood of it.

use std::fmt::Write as _;
use std::path::Path;

use orch_state_md::worker_summary::{SummaryStatus, WorkerSummary, read};
use proptest::prelude::*;

/// What was understood, a line each.
fn shown(summary: &WorkerSummary) -> String {
    let mut out = String::new();
    let word = summary.status.map_or("-", SummaryStatus::word);
    let written = summary.status_written.as_deref().unwrap_or("-");
    writeln!(out, "{} {word} <- {written}", summary.milestone.as_deref().unwrap_or("-")).unwrap();
    let moment = |moment: Option<_>| {
        moment.map_or("-".to_owned(), |moment: orch_state_md::worker_summary::Moment| moment.to_string())
    };
    let minutes = match summary.minutes() {
        Ok(minutes) => minutes.map_or("-".to_owned(), |minutes| minutes.to_string()),
        Err(error) => error.to_string(),
    };
    writeln!(out, "{} to {}: {minutes}", moment(summary.started), moment(summary.ended)).unwrap();
    for item in &summary.work {
        let mark = match item.done {
            Some(true) => "[x]",
            Some(false) => "[ ]",
            None => "-",
        };
        writeln!(out, "{mark} {}", item.text).unwrap();
    }
    for (name, list) in [("file", &summary.files), ("issue", &summary.issues), ("note", &summary.notes)] {
        list.iter().for_each(|item| writeln!(out, "{name}: {item}").unwrap());
    }
    if let Some(tests) = &summary.tests {
        writeln!(out, "tests: {tests}").unwrap();
    }
    if !summary.says_anything() {
        out.push_str("says nothing\n");
    }
    out
}

#[test]
fn the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/worker-summaries");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 15);
    let mut all = String::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        writeln!(all, "== {name}\n{}", shown(&read(&text))).unwrap();
    }
    insta::assert_snapshot!(all);
}

/// What `said` is left of, bounded and without anything that moves a terminal's cursor.
fn is_tame(summary: &WorkerSummary) {
    let work = summary.work.iter().map(|item| &item.text);
    let lists = [&summary.files, &summary.issues, &summary.notes];
    let single = summary.status_written.iter().chain(&summary.tests).chain(&summary.milestone);
    for text in work.chain(lists.into_iter().flatten()).chain(single) {
        assert!(text.chars().count() <= 501, "{text}");
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
        assert_eq!(text.trim(), text);
    }
    assert!(lists.iter().all(|list| list.len() <= 1000) && summary.work.len() <= 1000);
}

#[test]
fn hostile_texts_give_bounded_fields() {
    let piece = [
        "**Work completed:** a ",
        "- [x] a\n",
        "~~",
        "<!--",
        "`",
        "[",
        "| a ",
        "> ",
        "(",
        "* ",
        "**",
        "\u{1b}[2J\u{202e}",
        "- Files modified: a/b.c\n",
        "Status: x, ",
        "```\n",
        "  - a\n    - b\n",
        "<",
        "no issues ",
        "10:32-",
        "1",
        "## Files\n- `a/b.c`, `",
    ];
    for piece in piece {
        for head in ["", "## Work completed\n", "## Files modified\n", "## Issues\n", "Status: ", "Time: "] {
            is_tame(&read(&format!("{head}{}", piece.repeat(200_000 / piece.len()))));
        }
    }
    is_tame(&read(&format!("## Work completed\n{}", "- [x] a ~~ `b` <!-- c\n".repeat(250_000))));
    let many: String = (0..200_000).map(|at| format!("- src/file{at}.rs\n")).collect();
    let summary = read(&format!("Status: Completed\n## Files modified\n{many}"));
    assert_eq!((summary.files.len(), summary.status), (1000, Some(SummaryStatus::Completed)));
}

/// One thing after another that summaries are made of, and what is none of it.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "# ",
        "## ",
        "Status",
        ":",
        "**",
        "Completed",
        "/",
        "Blocked",
        " | ",
        "\n",
        "\n",
        "\r\n",
        "\n\n",
        "- ",
        "[x] ",
        "[ ] ",
        "  ",
        "\t",
        "Work completed",
        "Files modified",
        "Tests",
        "Issues",
        "Notes",
        "Start",
        "End",
        "Time",
        "Duration",
        "10:32",
        "2026-03-01",
        "T",
        "Z",
        "-05:00",
        "–",
        "AM",
        "5 min",
        "~~",
        "<!--",
        "-->",
        "```",
        "`",
        "|",
        "---",
        "a/b.rs",
        "[a](b)",
        "é",
        "日",
        "✅",
        "❌",
        "M3",
        "None",
        ".",
        ",",
        "(",
        ")",
        "> ",
        "<summary>",
        "1. ",
        "=",
        "\u{feff}",
        "\u{202e}",
        "\u{1b}",
        "completed",
        "Remaining",
        "Summary",
        "•",
        "h",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Headings,
    Bold,
    Plain,
    List,
    Table,
}

type Items = Vec<(bool, String)>;

/// `summary` as an agent with that style writes it.
fn written(style: Style, status: &str, work: &Items, files: &[String], issues: &[String]) -> String {
    let work: Vec<_> =
        work.iter().map(|(done, text)| format!("[{}] {text}", if *done { 'x' } else { ' ' })).collect();
    let issues = if issues.is_empty() { vec!["None".to_owned()] } else { issues.to_vec() };
    let list = |indent: &str, items: &[String]| {
        items.iter().map(|item| format!("{indent}- {item}\n")).collect::<String>()
    };
    let parts =
        [("Work completed", &work), ("Files modified", &files.to_vec()), ("Issues or blockers", &issues)];
    let times = [("Start time", "2026-03-01 22:10"), ("End time", "2026-03-01 22:41")];
    let mut out = String::new();
    match style {
        Style::Headings => {
            write!(out, "# Worker Summary: M3 - Auth\n\n## Status\n\n{status}\n\n").unwrap();
            parts.iter().for_each(|(name, items)| write!(out, "## {name}\n\n{}\n", list("", items)).unwrap());
            times.iter().for_each(|(name, time)| write!(out, "## {name}\n\n{time}\n\n").unwrap());
        }
        Style::Bold => {
            writeln!(out, "# M3 - Auth\n\n**Status:** {status}").unwrap();
            parts.iter().for_each(|(name, items)| write!(out, "\n**{name}:**\n{}", list("", items)).unwrap());
            times.iter().for_each(|(name, time)| write!(out, "\n**{name}:** {time}\n").unwrap());
        }
        Style::Plain => {
            writeln!(out, "Milestone: M3\nStatus: {status}").unwrap();
            parts.iter().for_each(|(name, items)| write!(out, "{name}:\n{}", list("", items)).unwrap());
            times.iter().for_each(|(name, time)| writeln!(out, "{name}: {time}").unwrap());
        }
        Style::List => {
            writeln!(out, "- Milestone: M3\n- Status: {status}").unwrap();
            parts.iter().for_each(|(name, items)| write!(out, "- {name}:\n{}", list("  ", items)).unwrap());
            times.iter().for_each(|(name, time)| writeln!(out, "- {name}: {time}").unwrap());
        }
        Style::Table => {
            writeln!(out, "# M3\n\n| Part | Value |\n|---|---|\n| Status | {status} |").unwrap();
            for (name, items) in parts {
                writeln!(out, "| {name} | {} |", items.join("<br>")).unwrap();
            }
            times.iter().for_each(|(name, time)| writeln!(out, "| {name} | {time} |").unwrap());
        }
    }
    out
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "write", "form", "reader", "cache", "tests", "show", "menu", "files", "status",
    ]);
    prop::collection::vec(word, 2..6).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_text_is_read(text in prop_oneof![pieces(), any::<String>()]) {
        let summary = read(&text);
        is_tame(&summary);
        let _ = summary.minutes();
        prop_assert_eq!(&summary, &read(&text.replace("\r\n", "\n").replace('\n', "\r\n").replace("\r\r\n", "\r\n")));
    }

    #[test]
    fn every_style_says_the_same(
        style in prop::sample::select(vec![Style::Headings, Style::Bold, Style::Plain, Style::List, Style::Table]),
        status in prop::sample::select(vec!["Completed", "✅ Complete", "Partial", "**Blocked**", "done"]),
        work in prop::collection::vec((any::<bool>(), words()), 1..6),
        files in prop::collection::hash_set("[a-z]{1,6}/[a-z]{1,6}\\.rs", 0..4),
        issues in prop::collection::vec(words(), 0..3),
        fenced in any::<bool>(),
    ) {
        let files: Vec<_> = files.into_iter().collect();
        let mut text = written(style, status, &work, &files, &issues);
        if fenced {
            text = format!("Here it is:\n\n````markdown\n{text}````\n\nThat is all.\n");
        }
        let summary = read(&text);
        prop_assert_eq!(summary.milestone.as_deref(), Some("M3"));
        let expected = match status {
            "Partial" => SummaryStatus::Partial,
            "**Blocked**" => SummaryStatus::Blocked,
            _ => SummaryStatus::Completed,
        };
        prop_assert_eq!(summary.status, Some(expected), "{}", text);
        let read: Items = summary.work.iter().map(|item| (item.done == Some(true), item.text.clone())).collect();
        prop_assert_eq!(read, work, "{}", text);
        prop_assert_eq!(&summary.files, &files, "{}", text);
        prop_assert_eq!(&summary.issues, &issues, "{}", text);
        prop_assert_eq!(summary.minutes(), Ok(Some(31)));
    }
}

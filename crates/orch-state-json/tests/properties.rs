//! What holds for any state, any weaver and any bytes.

use orch_state_json::{
    ActiveSession, ActiveSessions, ActiveWorker, Alert, Extra, Mark, OrchestratorState, Overall, Own,
    PromptMode, RunState, Weaver, WeaverFile, WeaverStatus,
};
use proptest::prelude::*;

/// Texts that say something.
fn text() -> impl Strategy<Value = String> {
    ".{1,12}".prop_filter("blank", |text: &String| !text.trim().is_empty())
}

fn optional() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text())
}

fn status() -> impl Strategy<Value = WeaverStatus> {
    prop_oneof![
        4 => proptest::sample::select(WeaverStatus::ALL.to_vec()),
        1 => text().prop_map(|word| WeaverStatus::read(&word)),
    ]
}

/// Any JSON, floating point numbers of all sizes among it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (-1.0e16..1.0e16).prop_map(f64::round).prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn extra() -> impl Strategy<Value = Extra> {
    proptest::collection::vec(("x[a-e]?", json()), 0..3).prop_map(|members| {
        let object = serde_json::Value::Object(members.into_iter().collect());
        WeaverFile::read(object.to_string().as_bytes()).unwrap().extra
    })
}

fn weaver() -> impl Strategy<Value = Weaver> {
    let spec = prop_oneof![Just(String::new()), text()];
    (spec, status(), optional(), optional(), optional(), extra()).prop_map(
        |(spec, status, session, pr, error, extra)| Weaver { spec, status, session, pr, error, extra },
    )
}

fn run_state() -> impl Strategy<Value = RunState> {
    let overall =
        prop_oneof![Just("running"), Just("complete"), Just("partial"), Just("failed"), Just("halted")];
    let weavers = proptest::collection::vec(("w-[0-9]{1,2}|.{0,5}", weaver()), 0..4);
    (optional(), optional(), optional(), overall, weavers, extra()).prop_map(
        |(plan_id, started_at, completed_at, overall, weavers, extra)| {
            let mut state = RunState::new(plan_id.unwrap_or_default());
            (state.started_at, state.completed_at, state.extra) = (started_at, completed_at, extra);
            state.status = Overall::read(overall);
            weavers.into_iter().for_each(|(id, weaver)| state.set(&id, weaver));
            state
        },
    )
}

fn weaver_file() -> impl Strategy<Value = WeaverFile> {
    let texts = (optional(), optional(), optional(), optional(), optional(), optional(), optional());
    (texts, proptest::option::of(status()), any::<Option<u32>>(), any::<bool>(), extra()).prop_map(
        |(
            (spec, pr, error, started_at, completed_at, session, session_id),
            status,
            iteration,
            null,
            extra,
        )| {
            let no_error = error.is_none() && null;
            WeaverFile {
                spec,
                status,
                iteration,
                pr,
                error,
                no_error,
                started_at,
                completed_at,
                session,
                session_id,
                extra,
            }
        },
    )
}

/// Any text, also one that says nothing.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just(" ".into()), ".{1,12}"]
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(".{1,12}")
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(any_text(), 0..3)
}

fn active_worker() -> impl Strategy<Value = ActiveWorker> {
    let words = (any::<u32>(), any_text(), any_text(), any_text(), any_text());
    let more = (some_text(), some_text(), some_text(), any::<Option<u32>>(), any::<Option<u32>>());
    (words, more, texts(), extra()).prop_map(|(words, more, directories, extra)| {
        let (worker, milestone, title, status, started_at) = words;
        let (by, model, prompt, attempt, gap) = more;
        ActiveWorker {
            worker,
            milestone,
            title,
            status,
            started_at,
            by,
            model,
            prompt,
            attempt,
            gap,
            directories,
            extra,
        }
    })
}

fn own() -> impl Strategy<Value = Own> {
    let alert = (any_text(), any_text(), texts(), proptest::option::of(any_text()), any_text(), extra());
    let alert = alert.prop_map(|(milestone, status, problems, summary, at, extra)| Alert {
        milestone,
        status,
        problems,
        summary,
        at,
        extra,
    });
    let left = proptest::collection::vec(
        (any_text(), proptest::sample::select(orch_core::Status::ALL.to_vec())),
        0..4,
    );
    let ended = proptest::option::of(any_text());
    (any::<Option<u64>>(), any::<u64>(), left, proptest::collection::vec(alert, 0..3), ended, extra())
        .prop_map(|(history, seq, left, alerts, ended_at, extra)| {
            let mut own = Own { history, seq, alerts, ended_at, extra, ..Own::default() };
            left.into_iter().for_each(|(id, status)| own.leave(&id, status));
            own
        })
}

fn orchestrator_state() -> impl Strategy<Value = OrchestratorState> {
    let mode = proptest::sample::select(PromptMode::ALL.to_vec());
    let workers = proptest::collection::vec(active_worker(), 0..3);
    (any_text(), mode, any_text(), workers, texts(), own(), extra()).prop_map(
        |(planning_doc, mode, started_at, workers, processed_summaries, orch, extra)| OrchestratorState {
            workers,
            processed_summaries,
            orch,
            extra,
            ..OrchestratorState::new(planning_doc, mode, started_at)
        },
    )
}

/// An object with the names that a session's state knows, and anything in them.
fn like_a_state() -> impl Strategy<Value = serde_json::Value> {
    let names = [
        "promptMode",
        "startedAt",
        "workers",
        "processedSummaries",
        "orch",
        "worker",
        "id",
        "milestone",
        "task",
        "title",
        "status",
        "started",
        "by",
        "gap",
        "directories",
        "left",
        "alerts",
        "sessions",
        "slug",
        "plan",
        "planningDoc",
        "x",
        "y",
    ];
    let name = move || proptest::sample::select(names.to_vec()).prop_map(String::from);
    let value = json().prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            proptest::collection::vec((name(), inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    proptest::collection::vec((name(), value), 0..6).prop_map(|members| {
        let named = ("planningDoc".to_owned(), "P.md".into());
        serde_json::Value::Object(members.into_iter().chain([named]).collect())
    })
}

/// Workers as anybody may have written them.
fn workers_of_others() -> impl Strategy<Value = Vec<serde_json::Value>> {
    let names = [
        "worker",
        "id",
        "milestone",
        "task",
        "title",
        "status",
        "startedAt",
        "started",
        "by",
        "gap",
        "directories",
    ];
    let name =
        prop_oneof![4 => proptest::sample::select(names.to_vec()).prop_map(String::from), 1 => ".{0,4}"];
    let value = prop_oneof![json(), (0..4_u32).prop_map(Into::into), "[0-9]{0,2}".prop_map(Into::into)];
    let worker = proptest::collection::vec((name, value), 0..6)
        .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()));
    proptest::collection::vec(prop_oneof![4 => worker, 1 => ".{1,8}".prop_map(Into::into)], 0..4)
}

/// Every key that is in `value`, at any depth.
fn keys(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                found.push(key.clone());
                keys(value, found);
            }
        }
        _ => {}
    }
}

/// The marked document as another tool would write it: other white space, the keys of every object turned around or
/// sorted, whole numbers with or without a point.
fn reformatted(document: &str, how: usize) -> String {
    let value: serde_json::Value = serde_json::from_str(document).unwrap();
    let mut out = String::new();
    write(&value, how, &mut out);
    return out;

    fn write(value: &serde_json::Value, how: usize, out: &mut String) {
        match value {
            serde_json::Value::Array(items) => {
                out.push_str("[\t");
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { " ,\r\n" });
                    write(item, how, out);
                }
                out.push(']');
            }
            serde_json::Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if how.is_multiple_of(2) {
                    members.reverse();
                }
                out.push('{');
                for (at, (key, item)) in members.into_iter().enumerate() {
                    out.push_str(if at == 0 { "\n" } else { ",\n" });
                    out.push_str(&format!("{}:   ", serde_json::Value::from(key.as_str())));
                    write(item, how, out);
                }
                out.push('}');
            }
            serde_json::Value::Number(number) if how >= 2 => match number.as_i64() {
                Some(whole) if whole.abs() < 1 << 53 => out.push_str(&format!("{whole}.0")),
                _ => out.push_str(&number.to_string()),
            },
            other => out.push_str(&other.to_string()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_state_is_read_as_it_was_written(state in run_state()) {
        prop_assert_eq!(RunState::read(&state.to_bytes()).unwrap(), state);
    }

    #[test]
    fn a_session_is_read_as_it_was_written(state in orchestrator_state(), how in 0..4_usize) {
        let written = String::from_utf8(state.to_bytes()).unwrap();
        prop_assert_eq!(&OrchestratorState::read(written.as_bytes()).unwrap(), &state);
        // In another order of the keys, the same is said.
        let turned = OrchestratorState::read(reformatted(&written, how).as_bytes()).unwrap();
        prop_assert_eq!(turned.workers.len(), state.workers.len());
        prop_assert_eq!(turned.processed_summaries, state.processed_summaries);
        prop_assert_eq!(turned.orch.seq, state.orch.seq);
    }

    #[test]
    fn no_key_that_orch_does_not_know_is_lost(document in like_a_state()) {
        let bytes = serde_json::to_vec(&document).unwrap();
        let mut rest = Vec::new();
        if let Ok(state) = OrchestratorState::read(&bytes) {
            let written = state.to_bytes();
            prop_assert_eq!(&OrchestratorState::read(&written).unwrap(), &state);
            rest.push(written);
        }
        let sessions = ActiveSessions::read(&bytes).unwrap();
        let written = sessions.to_bytes();
        prop_assert_eq!(&ActiveSessions::read(&written).unwrap().to_bytes(), &written);
        rest.push(written);
        for written in rest {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            keys(&document, &mut before);
            keys(&serde_json::from_slice(&written).unwrap(), &mut after);
            let count = |all: &[String], key: &str| all.iter().filter(|known| *known == key).count();
            for key in before.iter().filter(|key| key.len() < 2 || *key == "id" || *key == "task") {
                prop_assert!(count(&after, key) >= count(&before, key), "{}", key);
            }
        }
    }

    #[test]
    fn what_others_say_of_a_worker_is_kept(workers in workers_of_others()) {
        let document = serde_json::json!({"planningDoc": "P.md", "workers": workers});
        let state = OrchestratorState::read(&serde_json::to_vec(&document).unwrap()).unwrap();
        prop_assert_eq!(&OrchestratorState::read(&state.to_bytes()).unwrap(), &state);
        let written: serde_json::Value = serde_json::from_slice(&state.to_bytes()).unwrap();
        for (before, after) in workers.iter().zip(written["workers"].as_array().unwrap()) {
            let Some(before) = before.as_object() else {
                prop_assert_eq!(before, &after["milestone"]);
                continue;
            };
            for (key, value) in before {
                let says_nothing = value.is_null() || *value == "" || *value == serde_json::json!([]);
                let known = ["worker", "milestone", "title", "status", "startedAt", "by", "gap", "directories"];
                let known = known.contains(&key.as_str());
                let now = after.get(key);
                if known && !says_nothing {
                    // A number may be a text and a text a number.
                    let plain = |value: &serde_json::Value| value.to_string().replace('"', "");
                    let (one, other) = (plain(value), now.map(plain).unwrap_or_default());
                    prop_assert!(one == other || one.parse::<f64>().ok() == other.parse().ok(), "{}: {} {}", key, one, other);
                } else if !known {
                    prop_assert_eq!(now, Some(value), "{}", key);
                }
            }
        }
    }

    #[test]
    fn what_is_added_to_a_registry_is_there(document in like_a_state(), slug in text(), plan in any_text()) {
        let mut all = ActiveSessions::read(&serde_json::to_vec(&document).unwrap()).unwrap();
        all.add(ActiveSession::new(slug.as_str(), format!("{plan}.md"), ""));
        let read = ActiveSessions::read(&all.to_bytes()).unwrap();
        prop_assert_eq!(&read.get(&slug).unwrap().planning_doc, &format!("{plan}.md"));
        prop_assert!(all.remove(&slug));
        let read = ActiveSessions::read(&all.to_bytes()).unwrap();
        prop_assert_eq!(read.get(&slug), None);
    }

    #[test]
    fn a_weaver_is_read_as_it_was_written(file in weaver_file()) {
        // The file always says whether there is an error.
        let expected = WeaverFile { no_error: file.error.is_none(), ..file.clone() };
        prop_assert_eq!(WeaverFile::read(&file.to_bytes()).unwrap(), expected);
    }

    #[test]
    fn reading_and_writing_settles_at_once(bytes in "\\{\"(x|status|pr|weavers)\": (1|-0|1e5|\"y\"|\\{\\}|null), \"(z|plan_id|spec)\": \\[0\\.1, 3e-7\\]\\}") {
        if let Ok(state) = RunState::read(bytes.as_bytes()) {
            let written = state.to_bytes();
            prop_assert_eq!(RunState::read(&written).unwrap().to_bytes(), written);
        }
        let written = WeaverFile::read(bytes.as_bytes()).unwrap().to_bytes();
        prop_assert_eq!(WeaverFile::read(&written).unwrap().to_bytes(), written);
    }

    #[test]
    fn a_mark_survives_any_format(state in run_state(), history: u64, seq in 0..1_u64 << 53, how in 0..4_usize) {
        let marked = String::from_utf8(state.to_bytes_marked(history, seq)).unwrap();
        let intact = Mark::Intact { history, seq };
        prop_assert_eq!(RunState::read(marked.as_bytes()).unwrap().mark(), intact);
        let reformatted = reformatted(&marked, how);
        prop_assert_eq!(RunState::read(reformatted.as_bytes()).unwrap().mark(), intact, "{}", reformatted);
    }

    #[test]
    fn any_change_of_one_status_is_noticed(
        state in run_state(), weaver in weaver(), to in status(), at: proptest::sample::Index, history: u64, seq: u64
    ) {
        let mut state = state;
        state.set("w-01", weaver);
        let marked: serde_json::Value = serde_json::from_slice(&state.to_bytes_marked(history, seq)).unwrap();
        let (id, before) = at.get(&state.weavers);
        prop_assume!(before.status.word() != to.word());
        let mut edited = marked;
        edited["weavers"][id]["status"] = to.word().into();
        let read = RunState::read(edited.to_string().as_bytes()).unwrap();
        prop_assert_eq!(read.mark(), Mark::Edited { history, seq });
        prop_assert_eq!(&read.weaver(id).unwrap().status, &to);
    }

    #[test]
    fn merging_is_associative(one in weaver_file(), two in weaver_file(), three in weaver_file()) {
        prop_assert_eq!(one.merged(&two).merged(&three), one.merged(&two.merged(&three)));
        prop_assert_eq!(one.merged(&one), one.clone());
        prop_assert_eq!(one.merged(&WeaverFile::default()), one.clone());
        prop_assert_eq!(WeaverFile::default().merged(&one), one);
    }

    #[test]
    fn a_merge_says_all_that_either_says(one in weaver_file(), two in weaver_file()) {
        let merged = one.merged(&two);
        let of = |file: &WeaverFile| [file.spec.clone(), file.pr.clone(), file.started_at.clone(), file.session_id.clone()];
        for ((one, two), merged) in of(&one).into_iter().zip(of(&two)).zip(of(&merged)) {
            prop_assert_eq!(merged, if two.is_some() { two } else { one });
        }
        for name in one.extra.names().chain(two.extra.names()) {
            prop_assert_eq!(merged.extra.json(name), two.extra.json(name).or_else(|| one.extra.json(name)));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>(), json in "[{}\\[\\]\",:\\\\ a-z0-9.eE+\n\t-]{0,60}") {
        for bytes in [&bytes[..], json.as_bytes()] {
            let _ = (OrchestratorState::read(bytes), ActiveSessions::read(bytes));
            for refused in [RunState::read(bytes).err(), WeaverFile::read(bytes).err()].into_iter().flatten() {
                prop_assert!(refused.diagnostic.at.is_some());
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_or_flipped_is_read_or_refused(file in weaver_file(), state in run_state(), at: proptest::sample::Index, bit in 0..8) {
        for mut bytes in [file.to_bytes(), state.to_bytes_marked(1, 2)] {
            let at = at.index(bytes.len());
            let cut = &bytes[..at];
            // All but the line end at the end is needed.
            prop_assert_eq!(RunState::read(cut).is_err(), at + 1 < bytes.len());
            prop_assert_eq!(WeaverFile::read(cut).is_err(), at + 1 < bytes.len());
            bytes[at] ^= 1_u8 << bit;
            let _ = (RunState::read(&bytes), WeaverFile::read(&bytes));
        }
    }
}

//! Ids, slugs, sessions and branches: what is fit, and what is suggested for what is not.

use orch_core::Time;
use orch_state_commits::{PlanBranch, SessionId, Slug, TaskBranch, TaskId};
use proptest::prelude::*;

#[test]
fn ids_are_read_in_every_form() {
    for (text, expected) in [
        ("001", Ok("001")),
        (" 001\n", Ok("001")),
        ("003a", Ok("003a")),
        ("3A", Ok("3a")),
        ("task-002", Ok("002")),
        ("Task 002", Ok("002")),
        ("TASK_2", Ok("2")),
        ("task/002", Ok("002")),
        ("'002'", Ok("002")),
        ("`task-002`", Ok("002")),
        ("", Err("001")),
        ("T1", Err("001")),
        ("a", Err("001")),
        ("task-", Err("001")),
        ("001ab", Err("001")),
        ("001-user-model", Err("001")),
        ("-1", Err("001")),
        ("1.5", Err("1")),
        ("٣", Err("001")),
        ("123456789012345678901", Err("12345678901234567890")),
        ("tas\u{e9}k-1", Err("001")),
    ] {
        let id = text.parse::<TaskId>();
        match (&id, expected) {
            (Ok(id), Ok(expected)) => assert_eq!(id.as_str(), expected, "{text:?}"),
            (Err(unfit), Err(suggestion)) => assert_eq!(unfit.suggestion, suggestion, "{text:?}"),
            _ => panic!("{text:?}: {id:?}"),
        }
    }
}

#[test]
fn ids_are_in_the_order_of_their_numbers() {
    let mut ids: Vec<TaskId> = ["10", "003b", "2", "003a", "003", "002"].map(|id| id.parse().unwrap()).into();
    ids.sort();
    assert_eq!(ids.iter().map(TaskId::as_str).collect::<Vec<_>>(), ["002", "2", "003", "003a", "003b", "10"]);
    assert!(ids[0].is_same(&ids[1]) && !ids[2].is_same(&ids[3]));
    assert_eq!(ids[0], serde_json::from_str::<TaskId>("\"task-002\"").unwrap());
    assert!(serde_json::from_str::<TaskId>("\"two\"").is_err());
}

#[test]
fn slugs_are_words_with_dashes() {
    let long = "x".repeat(300);
    let words = "word ".repeat(60);
    for (text, why, suggestion) in [
        ("user model", "only a-z, 0-9 and dashes are allowed", "user-model"),
        ("User-Model", "only a-z, 0-9 and dashes are allowed", "user-model"),
        ("../user/model.py", "only a-z, 0-9 and dashes are allowed", "user-model-py"),
        ("user.lock", "only a-z, 0-9 and dashes are allowed", "user-lock"),
        ("-user", "dashes may only stand between two words", "user"),
        ("--force", "dashes may only stand between two words", "force"),
        ("user--model", "dashes may only stand between two words", "user-model"),
        ("user-", "dashes may only stand between two words", "user"),
        ("größe", "only a-z, 0-9 and dashes are allowed", "gre"),
        ("日本", "only a-z, 0-9 and dashes are allowed", "work"),
        ("$(id); rm", "only a-z, 0-9 and dashes are allowed", "id-rm"),
        ("a\nb\0c", "only a-z, 0-9 and dashes are allowed", "a-b-c"),
        ("", "it is empty", "work"),
        (&long, "it is longer than 60 bytes", &long[..60]),
        (&words, "it is longer than 60 bytes", "word-word-word-word-word-word-word-word-word-word-word-word"),
    ] {
        let unfit = text.parse::<Slug>().unwrap_err();
        assert_eq!((unfit.why, &*unfit.suggestion), (why, suggestion), "{text:?}");
        assert_eq!(unfit.hint(), format!("use `{suggestion}`"));
        assert!(unfit.name.chars().count() <= 80);
    }
    for fit in ["user-model", "a", "2", &long[..60]] {
        assert_eq!(fit.parse::<Slug>().unwrap().as_str(), fit);
    }
}

#[test]
fn branches_are_read_and_made() {
    let unfit = |name: &str| name.parse::<TaskBranch>().unwrap_err().suggestion;
    assert_eq!("task/003a-user-model".parse::<TaskBranch>().unwrap().to_string(), "task/003a-user-model");
    assert_eq!(unfit("task/001"), "task/001-work");
    assert_eq!(unfit("task/001-User Model"), "task/001-user-model");
    assert_eq!(unfit("task/001A-user"), "task/001a-user");
    assert_eq!(unfit("user-model"), "task/001-user-model");
    assert_eq!(unfit("tasks/1"), "task/001-tasks-1");
    for (name, id) in [
        ("task/001-user-model", Some("001")),
        ("refs/heads/task/001-user-model", Some("001")),
        ("task/003a", Some("003a")),
        ("task/001-Ümlaut & more.", Some("001")),
        ("task/001ab", None),
        ("task/", None),
        ("task/one", None),
        ("feature/task/001", None),
    ] {
        assert_eq!(TaskBranch::id_in(name).as_ref().map(TaskId::as_str), id, "{name}");
    }
    for (name, suggestion) in [
        ("plan/session-20250112", "plan/session-20250112-000000"),
        ("session-20250112-143000", "plan/session-20250112-143000"),
        ("plan/add-login", "plan/session-20250112-143000"),
        ("plan/session-20250230-143000", "plan/session-20250112-143000"),
    ] {
        assert_eq!(name.parse::<PlanBranch>().unwrap_err().suggestion, suggestion, "{name}");
    }
    assert_eq!(PlanBranch::session_in("refs/heads/plan/x"), Some("x"));
    assert_eq!((PlanBranch::session_in("plan/"), PlanBranch::session_in("flow")), (None, None));
}

#[test]
fn sessions_are_moments() {
    for fit in ["session-20250112-143000", "session-20240229-235959", "session-00010101-000000"] {
        assert_eq!(fit.parse::<SessionId>().unwrap().as_str(), fit);
    }
    for unfit in [
        "",
        "session-20250112-1430",
        "session-20251312-143000",
        "session-20250229-143000",
        "session-20250112-240000",
        "session-20250112_143000",
        "session-+0250112-143000",
        "session-2025 112-143000",
        "session-20250112-143000/..",
        "Session-20250112-143000",
    ] {
        assert!(unfit.parse::<SessionId>().is_err(), "{unfit}");
    }
    assert_eq!(SessionId::at(Time::from_millis(u64::MAX)).as_str(), "session-99991231-235959");
    let last = SessionId::at(Time::from_millis(1_735_689_599_999));
    assert_eq!((last.as_str(), last.next().as_str()), ("session-20241231-235959", "session-20250101-000000"));
}

proptest! {
    #[test]
    fn every_suggestion_is_fit(text in "(?s).{0,80}|[a-zA-Z0-9 ./-]{0,90}") {
        if let Err(unfit) = text.parse::<Slug>() {
            prop_assert!(unfit.suggestion.parse::<Slug>().is_ok(), "{}", unfit.suggestion);
        }
        if let Err(unfit) = text.parse::<TaskId>() {
            prop_assert!(unfit.suggestion.parse::<TaskId>().is_ok(), "{}", unfit.suggestion);
        }
        if let Err(unfit) = format!("task/{text}").parse::<TaskBranch>() {
            prop_assert!(unfit.suggestion.parse::<TaskBranch>().is_ok(), "{}", unfit.suggestion);
        }
        if let Err(unfit) = text.parse::<PlanBranch>() {
            prop_assert!(unfit.suggestion.parse::<PlanBranch>().is_ok(), "{}", unfit.suggestion);
        }
    }

    #[test]
    fn every_session_is_fit(seconds in 0..253_402_300_799u64) {
        let session = SessionId::at(Time::from_millis(seconds * 1000));
        prop_assert_eq!(&session.as_str().parse::<SessionId>().unwrap(), &session);
        prop_assert_eq!(session.next(), SessionId::at(Time::from_millis((seconds + 1) * 1000)));
    }
}

#[test]
fn ids_are_found_by_each_way_to_write_them() {
    for (id, spellings) in [
        ("003a", &["task-003a", "task-3a", "3a"][..]),
        ("3", &["task-3", "task-003", "003"]),
        ("007", &["task-007", "task-7", "7"]),
        ("000", &["task-000", "task-0", "0"]),
        ("0012", &["task-0012", "task-12", "12", "task-012", "012"]),
        ("1234b", &["task-1234b"]),
    ] {
        let id: TaskId = id.parse().unwrap();
        assert_eq!(id.spellings(), spellings, "{id}");
        assert!(id.spellings().iter().all(|spelling| spelling.parse::<TaskId>().unwrap().is_same(&id)));
    }
}

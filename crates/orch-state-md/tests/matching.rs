//! Which boxes a worker's claims tick, and which they do not.

use orch_core::Position;
use orch_state_md::planning::{BoxMark, Matched, TaskBox, match_boxes};
use orch_state_md::worker_summary::WorkItem;
use proptest::prelude::*;

/// A box of `text`: `[x] ` in front ticks it, `!` makes it a gate, `~` drops it.
fn task(text: &str) -> TaskBox {
    let (mark, text) = match text.strip_prefix("[x] ") {
        Some(text) => (BoxMark::Done, text),
        None => (BoxMark::Open, text),
    };
    let (gate, dropped) = (text.starts_with('!'), text.starts_with('~'));
    let text = text.trim_start_matches(['!', '~']).to_owned();
    TaskBox { mark, text, depth: 0, dropped, gate, at: Position::new(1, 1), range: 0..0, mark_at: 0 }
}

/// A claim of `text`: `[x] ` or `[ ] ` in front is its mark.
fn claim(text: &str) -> WorkItem {
    let marks = [("[x] ", true), ("[ ] ", false)];
    let marked = marks.iter().find_map(|(mark, done)| Some((*done, text.strip_prefix(mark)?)));
    let (done, text) = marked.map_or((None, text), |(done, text)| (Some(done), text));
    WorkItem { text: text.to_owned(), done }
}

fn run(boxes: &[&str], claims: &[&str]) -> Matched {
    let boxes: Vec<_> = boxes.iter().map(|text| task(text)).collect();
    let claims: Vec<_> = claims.iter().map(|text| claim(text)).collect();
    match_boxes(&boxes, &claims)
}

/// `0=1` box 0 says the same as claim 1, `0~1` it is like it, `-0` box 0 is denied, `?0` nothing is said of box 0,
/// `!0` claim 0 is about no box.
fn shown(matched: &Matched) -> String {
    let ticked = matched
        .ticked
        .iter()
        .map(|ticked| format!("{}{}{}", ticked.place, if ticked.exact { '=' } else { '~' }, ticked.claim));
    let denied = matched.denied.iter().map(|place| format!("-{place}"));
    let unmatched = matched.unmatched.iter().map(|place| format!("?{place}"));
    let unused = matched.unused.iter().map(|claim| format!("!{claim}"));
    ticked.chain(denied).chain(unmatched).chain(unused).collect::<Vec<_>>().join(" ")
}

#[test]
fn one_box_and_one_claim() {
    for (text, said, expected) in [
        // The same.
        ("Write the form", "Write the form", "0=0"),
        ("Write the form", "[x] write the FORM.", "0=0"),
        ("Write **the** `form`", "Write the form", "0=0"),
        ("Write the [form](web/form.md)", "Write the form", "0=0"),
        ("Write the form *(took zod)*", "Write the form", "0=0"),
        ("Write the form", "Write the form *(took zod)*", "0=0"),
        ("Write the form", "Write the form (done)", "0=0"),
        ("Write the form", "Write the form — done ✅", "0=0"),
        ("Write the form", "**Done:** Write the form", "0=0"),
        ("Read `Vec&#60;u8>` &# so", "Read `Vec<u8>` so", "0=0"),
        ("Écrire le résumé", "écrire le RÉSUMÉ", "0=0"),
        ("C++ bindings", "C++ bindings", "0=0"),
        // Alike.
        ("Write the login form", "Wrote the login form", "0~0"),
        ("Add the login form", "Implemented login form", "0~0"),
        ("Add tests for login", "Added login tests", "0~0"),
        ("Create users table migration", "Created the migration for the users table", "0~0"),
        ("Write the login form", "Write the login form — took zod for the schema", "0~0"),
        ("Write the form", "Write the form (with zod)", "0~0"),
        ("Add tests for login", "Added tests for the login page", "0~0"),
        ("Add dark mode toggle", "Dark mode toggle", "0~0"),
        ("Support 3 formats of export", "Supports three formats of export", "?0 !0"),
        ("Write the form", "**Task 1**: Write the form", "0~0"),
        ("Write the login form", "**Frontend:** wrote the login form", "0~0"),
        ("Write the adapter", "Wrote the adapter; the calls are stubbed.", "?0 !0"),
        // A remark of the box, or its number.
        ("Write the table of signals (`signals/morse.tsv`)", "Write the table of signals", "0~0"),
        ("Write the table of signals (`signals/morse.tsv`)", "[x] Wrote the table of signals", "0~0"),
        ("Write the table of signals (26 letters)", "Write the table of signals", "?0 !0"),
        ("Write the table of signals (`morse.tsv`)", "Write the table of signals (`flags.tsv`)", "?0 !0"),
        ("Write the table of signals (`a.tsv`)", "Write the table of signs", "?0 !0"),
        ("Write the table of signals (`a.tsv`)", "Write the table", "?0 !0"),
        ("Write the table of signals (and their tests)", "Write the table of signals", "?0 !0"),
        ("Write the table of signals (first half)", "Write the table of signals", "?0 !0"),
        ("Write the table of signals (`a.tsv`)", "Removed the table of signals", "?0 !0"),
        ("Write the table of signals (`a.tsv`)", "Write the table of signals — skipped", "-0"),
        ("Write the table of signals (`a.tsv`)", "[ ] Write the table of signals", "-0"),
        ("Add tests (`web/form.ts`)", "Add tests", "?0 !0"),
        ("Task 2: write the login form", "Wrote the login form", "0~0"),
        ("Task 2: write the login form", "Task 1: wrote the login form", "?0 !0"),
        // A label in words says which form is meant.
        ("**Phones:** write the login form", "Write the login form", "?0 !0"),
        ("Write the login form (phones)", "Write the login form (tablets)", "?0 !0"),
        // Not alike.
        ("Write the login form", "Next: write the login form", "?0 !0"),
        ("Write the login form", "Removed: login form, written", "?0 !0"),
        ("Add tests", "Settings page: add tests", "?0 !0"),
        ("Task 2: write the form", "Task 1: write the form", "?0 !0"),
        ("Add tests for login", "Add tests for logout", "?0 !0"),
        ("Add tests for login", "Add tests", "?0 !0"),
        ("Add tests", "Add tests for login", "?0 !0"),
        (
            "Enable dark mode in the settings page of the app",
            "Disable dark mode in the settings page of the app",
            "?0 !0",
        ),
        ("Import users from CSV", "Export users to CSV", "?0 !0"),
        ("Migrate data from MySQL to Postgres", "Migrate data from Postgres to MySQL", "?0 !0"),
        ("Write migration 4 for accounts", "Write migration 5 for accounts", "?0 !0"),
        ("Move to version 1.2 of the API", "Move to version 1.3 of the API", "?0 !0"),
        ("Write part 1 of the guide", "Write the guide", "?0 !0"),
        ("Add login form validation", "Removed login form validation", "?0 !0"),
        ("Login form validation rules", "Removed login form validation rules", "?0 !0"),
        ("Wire up the payment service", "Wired up the payment service stub", "?0 !0"),
        ("C++ bindings", "C# bindings", "?0 !0"),
        ("Write the login form", "Write the login form only for phones", "?0 !0"),
        ("Write the login form", "Write the login form — only for phones", "?0 !0"),
        ("Settings page", "Settings page: added tests", "?0 !0"),
        ("Write the form", "All tasks completed", "?0 !0"),
        ("Write the form", "Everything is done", "?0 !0"),
        ("Write the form", "", "?0 !0"),
        ("", "", "?0 !0"),
        ("***", "***", "?0 !0"),
        // Denied.
        ("Write the form", "[ ] Write the form", "-0"),
        ("Write the login form", "[ ] The login form is written", "?0 !0"),
        ("Write the form", "Write the form — skipped", "-0"),
        ("Write the form", "Skipped: write the form", "-0"),
        ("Write the form", "Write the form (not done, no time)", "-0"),
        ("Write the login form", "The login form was not written", "?0 !0"),
        ("Write the login form", "[x] Write the login form *(partially)*", "-0"),
        ("Write the login form", "Write the login form — deferred to M5", "-0"),
        ("Write the login form", "Did not write the login form", "-0"),
        // What the box says itself denies nothing.
        ("Count skipped rows", "Count skipped rows", "0=0"),
        ("Count skipped rows", "[x] Counted the skipped rows", "0~0"),
        ("Warn when a key is not found", "Warn when a key is not found", "0=0"),
        // Not for a worker to tick.
        ("!**Gate:** the owner approves", "**Gate:** the owner approves", "!0"),
        ("~Take screenshots", "Take screenshots", "!0"),
        // Ticked before.
        ("[x] Write the form", "Write the form", "0=0"),
        ("[x] Write the form", "[ ] Write the form", "-0"),
        ("[x] Write the form", "Something else entirely", "!0"),
    ] {
        assert_eq!(shown(&run(&[text], &[said])), expected, "{text:?} {said:?}");
    }
}

#[test]
fn several_of_them() {
    for (boxes, claims, expected) in [
        // The best one, though others are like it.
        (&["Add tests for login", "Add tests for logout"][..], &["Add tests for logout"][..], "1=0 ?0"),
        (&["Add login tests", "Add login tests for admins"], &["Add login tests"], "0=0 ?1"),
        (
            &["Add login tests", "Add login tests for admins"],
            &["Add login tests", "Added tests for login"],
            "0=0 ?1",
        ),
        // One claim for two boxes that look alike.
        (&["Export the report as CSV", "Export the report as PDF"], &["Export the report"], "?0 ?1 !0"),
        (
            &["Export the yearly report as CSV", "Export the yearly report as PDF"],
            &["Export the yearly report"],
            "?0 ?1 !0",
        ),
        (&["Add tests for login", "Add tests for logout"], &["Added tests for login and logout"], "?0 ?1 !0"),
        (&["Create the login form", "Build the login form"], &["Added the login form"], "?0 ?1 !0"),
        // Remarks that tell two boxes apart.
        (
            &["Write the login form (phones)", "Write the login form (tablets)"],
            &["Write the login form"],
            "?0 ?1 !0",
        ),
        (&["Write the login form (phones)", "Wrote a login form"], &["Write the login form"], "1~0 ?0"),
        (&["Write the login form (phones)", "[x] Write the login form"], &["Write the login form"], "1=0 ?0"),
        (
            &["Step 1: write the login form", "Step 2: write the login form"],
            &["Write the login form"],
            "?0 ?1 !0",
        ),
        (
            &["Write the login form (`a.ts`)", "Write the logout form (`b.ts`)"],
            &["Write the logout form", "Write the login form"],
            "0~1 1~0",
        ),
        // Two claims that are as much like one box.
        (&["Add tests for login"], &["Added login page tests", "Added login form tests"], "?0 !0 !1"),
        // Boxes with one text.
        (&["Add tests", "Write it", "Add tests"], &["Add tests", "Write it"], "1=1 ?0 ?2 !0"),
        (&["Add tests", "Write it", "Add tests"], &["Add tests", "Add tests"], "0=0 2=1 ?1"),
        (&["Add tests", "Add tests"], &["[x] Add tests", "[ ] Add tests"], "0=0 -1"),
        (&["[x] Add tests", "Add tests"], &["Add tests"], "1=0"),
        // Said twice, and once denied.
        (&["Write the form"], &["Write the form", "Write the form"], "0=0"),
        (&["Write the form"], &["[x] Write the form", "Write the form — skipped"], "-0"),
        (&["Write the form"], &["Skipped: write the form", "[x] Write the form"], "-0"),
        // A gate that says the same keeps its claim.
        (&["!Review the copy", "Review the copy of the page"], &["Review the copy"], "?1 !0"),
        // The order of neither matters.
        (&["a b c", "d e f", "g h i"], &["g h i", "a b c"], "0=1 2=0 ?1"),
        (&[], &["a"], "!0"),
        (&["a"], &[], "?0"),
    ] {
        assert_eq!(shown(&run(boxes, claims)), expected, "{boxes:?} {claims:?}");
    }
}

#[test]
fn ten_thousand_of_both() {
    let check = |boxes: &dyn Fn(usize) -> String, claims: &dyn Fn(usize) -> String, expected: usize| {
        let boxes: Vec<_> = (0..10_000).map(|at| task(&boxes(at))).collect();
        let claims: Vec<_> = (0..10_000).map(|at| claim(&claims(at))).collect();
        let matched = match_boxes(&boxes, &claims);
        assert_eq!(matched.ticked.len(), expected);
        assert_eq!(matched.ticked.len() + matched.unmatched.len(), 10_000);
    };
    let letters = |at: usize| {
        let word = |at: usize| format!("w{}", (b'a' + u8::try_from(at % 20).unwrap()) as char);
        (0..5).map(|place| word(at / 20_usize.pow(place) + place as usize)).collect::<Vec<_>>().join(" ")
    };
    check(&|at| format!("Add the test {at}"), &|at| format!("Added tests, {}", 9_999 - at), 10_000);
    check(&|_| "Add a test".to_owned(), &|_| "Added the tests".to_owned(), 0);
    check(&|at| format!("add the same few words x{at}"), &|at| format!("add the same few words y{at}"), 0);
    let boxes: Vec<_> = (0..10_000).map(|at| task(&letters(at))).collect();
    let claims: Vec<_> = (0..10_000).map(|at| claim(&format!("{} more", letters(at * 7)))).collect();
    let matched = match_boxes(&boxes, &claims);
    assert!(matched.ticked.len() + matched.unmatched.len() == 10_000);
    let long = "word ".repeat(200_000);
    assert_eq!(shown(&run(&[&long], &[&long, &format!("{long}more")])), "0=0 !1");
}

fn sentences(most: usize) -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "add", "added", "test", "tests", "login", "logout", "form", "the", "for", "not", "done", "skipped",
        "1", "2", "—", "(", ")", "*", "`", "~~", "only", "to", "from", "é", ":", "[x](y)", "C++",
    ]);
    let sentence = prop::collection::vec(word, 0..7).prop_map(|words| words.join(" "));
    prop::collection::vec(prop_oneof![4 => sentence, 1 => any::<String>()], 0..most)
}

proptest! {
    #[test]
    fn every_box_and_every_claim_is_in_one_place(
        boxes in prop::collection::vec((sentences(2), 0..3_u8, any::<bool>()), 0..8),
        claims in prop::collection::vec((sentences(2), prop::option::of(any::<bool>())), 0..8),
    ) {
        let boxes: Vec<TaskBox> = boxes.into_iter().map(|(text, mark, gate)| TaskBox {
            mark: [BoxMark::Open, BoxMark::Partial, BoxMark::Done][usize::from(mark)],
            gate: gate && mark == 0,
            ..task(&text.concat().trim_start_matches("[x] ").replace(['!', '~'], ""))
        }).collect();
        let claims: Vec<WorkItem> =
            claims.into_iter().map(|(text, done)| WorkItem { text: text.concat(), done }).collect();
        let matched = match_boxes(&boxes, &claims);
        let mut places: Vec<usize> = matched.ticked.iter().map(|ticked| ticked.place).collect();
        places.extend(&matched.unmatched);
        places.extend(&matched.denied);
        places.sort_unstable();
        let distinct = places.windows(2).all(|pair| pair[0] < pair[1]);
        prop_assert!(distinct, "{:?}", matched);
        for (place, item) in boxes.iter().enumerate() {
            let open = item.is_work() && item.mark != BoxMark::Done;
            prop_assert!(!open || places.contains(&place));
            prop_assert!(item.is_work() || !places.contains(&place));
        }
        for ticked in &matched.ticked {
            prop_assert!(claims[ticked.claim].done != Some(false) && !matched.unused.contains(&ticked.claim));
        }
        let mut by: Vec<_> = matched.ticked.iter().map(|ticked| ticked.claim).collect();
        by.sort_unstable();
        prop_assert!(by.windows(2).all(|pair| pair[0] < pair[1]), "one claim ticks one box");
    }

    #[test]
    fn boxes_that_are_copied_are_found(texts in prop::collection::hash_set("[a-z]{2,6}( [a-z]{2,6}){0,5}", 1..20), done in any::<[bool; 20]>()) {
        let texts: Vec<_> = texts.into_iter().filter(|text| !text.contains("skip")).collect();
        let boxes: Vec<_> = texts.iter().map(|text| task(text)).collect();
        let claims: Vec<_> = texts.iter().zip(done).map(|(text, done)| {
            WorkItem { text: text.clone(), done: Some(done) }
        }).collect();
        let matched = match_boxes(&boxes, &claims);
        prop_assert!(matched.unmatched.is_empty() && matched.unused.is_empty(), "{:?}", matched);
        for ticked in &matched.ticked {
            prop_assert!(ticked.exact && ticked.place == ticked.claim && done[ticked.claim]);
        }
        prop_assert_eq!(matched.denied.len(), done[..texts.len()].iter().filter(|done| !**done).count());
    }
}

//! New planning documents, and that they are read as what they were made of.

use orch_state_md::planning::{Edit, NewMilestone, NewPlan, TaskBox, apply, compose, read};
use proptest::prelude::*;

const MOMENT: &str = "2026-03-01 22:10";

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn accounts() -> NewPlan {
    NewPlan {
        title: "Accounts".into(),
        purpose: "Customers sign in with an account of their own.".into(),
        objectives: texts(&["Sign-in with a password", "Sign-in with a link by mail"]),
        success_factors: texts(&["No password is stored in the clear"]),
        milestones: vec![
            NewMilestone {
                name: "Table of accounts".into(),
                model: Some("Haiku".into()),
                description: "The table and its way back.\n\nIt is small on purpose,\nfor it will grow."
                    .into(),
                tasks: texts(&["Write the migration", "Write the way back"]),
                paths: texts(&["db/migrations/", "src/schema.ts"]),
                ..NewMilestone::default()
            },
            NewMilestone { name: "Mail".into(), model: Some("Sonnet".into()), ..NewMilestone::default() },
            NewMilestone {
                name: "Sign-in form".into(),
                model: Some("Opus".into()),
                tasks: texts(&["Write the form"]),
                depends_on: texts(&["table of  accounts", "M2"]),
                gates: texts(&["the owner approves the copy"]),
                ..NewMilestone::default()
            },
            NewMilestone {
                id: Some("t1".into()),
                name: "Test: sign-in".into(),
                depends_on: texts(&["Milestone 3"]),
                tasks: texts(&["Every way in, and every way to be kept out"]),
                ..NewMilestone::default()
            },
        ],
    }
}

#[test]
fn a_plan() {
    let plan = accounts();
    assert_eq!(plan.problems(), []);
    insta::assert_snapshot!(compose(&plan, MOMENT));
}

#[test]
fn it_is_read_as_it_was_meant() {
    let document = compose(&accounts(), MOMENT);
    let reading = read(document.as_bytes());
    assert_eq!(reading.findings, []);
    let plan = reading.plan;
    assert_eq!(
        (plan.title.as_str(), plan.objective.as_str()),
        ("Accounts", "Customers sign in with an account of their own.")
    );
    let shown: Vec<String> = plan
        .milestones
        .iter()
        .map(|milestone| {
            let section = milestone.section.as_ref().unwrap();
            let boxes: Vec<_> = section
                .boxes
                .iter()
                .map(|item| format!("{}{}", if item.gate { "!" } else { "" }, item.text))
                .collect();
            let model = milestone.recommended.model.as_deref().unwrap_or("-");
            format!(
                "{} {} ({model}): {} in [{}]",
                milestone.id,
                milestone.title,
                boxes.join("; "),
                section.paths.join(" ")
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    M1 Table of accounts (Haiku): Write the migration; Write the way back in [db/migrations/ src/schema.ts]
    M2 Mail (Sonnet):  in []
    M3 Sign-in form (Opus): Write the form; !**Gate:** the owner approves the copy in []
    T1 Test: sign-in (-): Every way in, and every way to be kept out in []
    ");
    let logged = apply(
        document.as_bytes(),
        &[Edit::Log { moment: "2026-03-02 08:00".into(), text: "M1 complete".into() }],
    )
    .unwrap();
    let logged = String::from_utf8(logged.bytes).unwrap();
    let (new, old) = (logged.find("**2026-03-02 08:00** - M1 complete"), logged.find("**2026-03-01 22:10**"));
    assert!(new.is_some());
    assert!(new < old, "the newest entry is the first one");
}

#[test]
fn what_is_wrong_is_said() {
    let named = |name: &str| NewMilestone { name: name.into(), ..NewMilestone::default() };
    let plan = NewPlan {
        title: " ".into(),
        milestones: vec![
            named("T1: Tests"),
            NewMilestone { id: Some("T1".into()), ..named("Other") },
            NewMilestone { id: Some("first".into()), ..named("") },
            NewMilestone { depends_on: texts(&["M4", "Nothing\u{1b}[2J", "M9", "tests"]), ..named("Last") },
        ],
        ..NewPlan::default()
    };
    let problems: Vec<_> =
        plan.problems().iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    planning.new.title: the plan has no title
    planning.new.twice: two milestones have the id T1
    planning.new.id: `first` is no id of a milestone
    planning.new.name: milestone 3 has no name
    planning.new.self: M4 depends on itself
    planning.new.unknown: M4 depends on `Nothing\u{1b}[2J`, which is none of the milestones
    planning.new.unknown: M4 depends on `M9`, which is none of the milestones
    ");
    assert_eq!(NewPlan { title: "x".into(), ..NewPlan::default() }.problems()[0].code, "planning.new.empty");
    let document = compose(&plan, MOMENT);
    assert!(
        document.starts_with("# Untitled plan\n") && document.contains("**Depends on:** T1, "),
        "{document}"
    );
}

/// `written` with the characters that its references stand for.
fn shown(written: &str) -> String {
    let mut out = String::new();
    let mut rest = written;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        let (number, after) = rest[at + 2..].split_once(';').unwrap();
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = after;
    }
    out + rest
}

/// `text` on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a name says: without emphasis and code marks, which are Markdown in it, and signs between it and its id.
fn words(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_control() && !"*_`~\u{202e}".contains(*c)).collect::<String>();
    let kept = kept.trim_start_matches(|c: char| c.is_whitespace() || ":—–-.)]|·,/".contains(c));
    kept.chars().filter(|c| !c.is_whitespace()).collect()
}

fn check_read_back(plan: &NewPlan) {
    assert_eq!(plan.problems(), []);
    let document = compose(plan, MOMENT);
    let reading = read(document.as_bytes());
    assert_eq!(reading.findings, [], "{document}");
    assert_eq!(words(&reading.plan.title), words(&plan.title), "{document}");
    assert_eq!(reading.plan.milestones.len(), plan.milestones.len(), "{document}");
    assert_eq!(reading.plan.log.len(), 1, "{document}");
    for (at, (milestone, new)) in reading.plan.milestones.iter().zip(&plan.milestones).enumerate() {
        assert_eq!(milestone.id, new.id.clone().unwrap_or(format!("M{}", at + 1)));
        if words(&new.name).len() < 200 {
            assert_eq!(words(&milestone.title), words(&new.name), "{document}");
        }
        let mut on: Vec<&str> = milestone.depends_on.iter().map(|on| &*on.on).collect();
        on.sort_unstable();
        let mut wanted: Vec<&str> = new.depends_on.iter().map(|on| &**on).collect();
        wanted.sort_unstable();
        assert_eq!(on, wanted, "{} {document}", milestone.id);
        let gated = plan.milestones.iter().enumerate().filter(|(at, other)| {
            let id = other.id.clone().unwrap_or(format!("M{}", at + 1));
            new.depends_on.contains(&id)
        });
        let gates: usize = gated.map(|(_, other)| other.gates.len()).sum();
        assert_eq!(milestone.gates.len(), gates, "{} {document}", milestone.id);
        assert_eq!(milestone.recommended.model, new.model, "{document}");
        let section = milestone.section.as_ref().unwrap();
        for path in &new.paths {
            assert!(section.paths.contains(path), "{path:?} {document}");
        }
        let (work, asked): (Vec<&TaskBox>, Vec<&TaskBox>) =
            section.boxes.iter().partition(|item| item.is_work());
        let work: Vec<String> = work.into_iter().map(|item| shown(&item.text)).collect();
        assert_eq!(work, new.tasks.iter().map(|task| one_line(task)).collect::<Vec<_>>(), "{document}");
        let asked: Vec<String> = asked.into_iter().map(|item| shown(&item.text)).collect();
        let gates = new.gates.iter().map(|gate| format!("**Gate:** {}", one_line(gate)));
        assert_eq!(asked, gates.collect::<Vec<_>>(), "{document}");
    }
}

#[test]
fn names_and_tasks_that_look_like_something_else() {
    for (title, name, task) in [
        ("Dependency upgrades", "Parallel import", "~~Screenshots~~ of every page"),
        ("Parallel downloads", ".NET port", "**~~Old~~** form"),
        ("Progress Log", "Progress Log", "~~a~~"),
        ("Session log of the gateway", "Dependencies", "[ ] a box of its own"),
        ("M1: a plan", "Status: done", "- [x] done"),
        ("Milestone Progress Tracker", "Table of Contents", "| a | b |"),
        ("Tracker", "Milestone Progress Tracker", "# Tracker"),
        ("Notes", "Notes", "**Depends on:** M2"),
        ("Model: Opus", "Model: Opus", "**Model:** Opus"),
        ("```", "~~gone~~", "```"),
        ("<!--", "<!--", "<!-- a"),
        ("=== a ===", "a --- b", "---"),
        ("Contents", "Gate: x", "**Status:** Done"),
    ] {
        let milestone = |name: &str, needs: &[&str]| NewMilestone {
            name: name.into(),
            tasks: texts(&[task, "Write the rest"]),
            depends_on: texts(needs),
            gates: texts(&[task]),
            paths: texts(&["src/a.rs"]),
            ..NewMilestone::default()
        };
        check_read_back(&NewPlan {
            title: title.into(),
            purpose: task.into(),
            objectives: texts(&[name, task]),
            milestones: vec![milestone(name, &[]), milestone("Second", &["M1"])],
            ..NewPlan::default()
        });
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "form", "M2", " ", "\n", "\n\n", "|", "\\", "#", "# ", "## M9: x", "- [ ] ", "```", "~~~",
        "<!--", "-->", "<b>", "[a](b)", "](", "`", "---", "===", "> ", "1. ", "é", "日", "\u{1b}",
        "\u{202e}", "\t", "&#35;", "&", "*", "**", ":", "~~", "[ ] ", "→", "(", ")", "/",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn hostile_plan() -> impl Strategy<Value = NewPlan> {
    let milestone = (
        hostile(),
        prop::collection::vec(hostile(), 0..3),
        prop::collection::vec(hostile(), 0..2),
        prop::option::of(hostile()),
        hostile(),
    )
        .prop_map(|(name, tasks, paths, model, description)| NewMilestone {
            id: None,
            name,
            model,
            description,
            tasks,
            depends_on: Vec::new(),
            paths,
            gates: Vec::new(),
        });
    (hostile(), hostile(), prop::collection::vec(hostile(), 0..3), prop::collection::vec(milestone, 1..5))
        .prop_map(|(title, purpose, objectives, milestones)| NewPlan {
            title,
            purpose,
            success_factors: objectives.clone(),
            objectives,
            milestones,
        })
}

/// A request in which nothing is wrong, whose texts may be anything.
fn sound_plan() -> impl Strategy<Value = NewPlan> {
    // An arrow between milestones is about their order wherever it stands.
    let draws = |text: &String| text.contains("M2") && text.contains(['→', '>']);
    let line = move || hostile().prop_filter("draws nothing", move |text| !draws(text));
    let text = move || line().prop_filter("says something", |text| !words(text).is_empty());
    let model =
        prop::option::of(prop::sample::select(vec!["Haiku", "Sonnet", "Opus", "gpt-5", "claude-opus-4-1"]));
    let path = prop::sample::select(vec!["src/a.rs", "web/", "docs/*.md", "Makefile", "a/b"]);
    // Its own id in front of a name is no part of it.
    let name = || text().prop_filter("has no id", |text| !text.trim_start().starts_with("M2"));
    let milestone = (
        name(),
        model,
        prop::collection::vec(text(), 0..3),
        prop::collection::vec(text(), 0..2),
        prop::collection::hash_set(path, 0..3),
        any::<[bool; 5]>(),
    );
    let milestone = milestone.prop_map(|(name, model, tasks, gates, paths, needs)| {
        let new = NewMilestone {
            name,
            model: model.map(str::to_owned),
            tasks,
            paths: paths.into_iter().map(str::to_owned).collect(),
            gates,
            ..NewMilestone::default()
        };
        (new, needs)
    });
    (text(), line(), prop::collection::vec(line(), 0..3), prop::collection::vec(milestone, 1..5)).prop_map(
        |(title, purpose, objectives, milestones)| {
            let number = |(at, (mut new, needs)): (usize, (NewMilestone, [bool; 5]))| {
                let needs = needs.iter().take(at).enumerate().filter(|(_, needs)| **needs);
                new.depends_on = needs.map(|(on, _)| format!("M{}", on + 1)).collect();
                new.id = Some(format!("M{}", at + 1));
                new
            };
            let milestones = milestones.into_iter().enumerate().map(number).collect();
            NewPlan { title, purpose, success_factors: objectives.clone(), objectives, milestones }
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_asked_for_is_read_back(plan in sound_plan()) {
        check_read_back(&plan);
    }

    #[test]
    fn no_text_leaves_its_place(plan in hostile_plan()) {
        let document = compose(&plan, MOMENT);
        prop_assert!(!document.chars().any(|c| c.is_control() && c != '\n'));
        let reading = read(document.as_bytes());
        prop_assert_eq!(reading.plan.milestones.len(), plan.milestones.len(), "{}", document);
        let is_heading = |line: &&str| {
            let words = line.trim_start_matches('#');
            line.starts_with('#') && (words.is_empty() || words.starts_with(' '))
        };
        let headings = document.lines().filter(is_heading).count();
        prop_assert_eq!(headings, 3 + plan.milestones.len() + 5, "{}", document);
        for (milestone, new) in reading.plan.milestones.iter().zip(&plan.milestones) {
            let section = milestone.section.as_ref();
            prop_assert!(section.is_some(), "{} {}", milestone.id, document);
            let tasks = new.tasks.iter().filter(|task| !task.trim().is_empty()).count();
            prop_assert_eq!(section.map(|section| section.boxes.len()), Some(tasks), "{}", document);
        }
    }

    #[test]
    fn dependencies_are_read_as_they_were_meant(
        edges in prop::collection::vec((0..12_usize, 0..12_usize), 0..20), count in 2..12_usize,
    ) {
        let mut plan = NewPlan { title: "Plan".into(), ..NewPlan::default() };
        for at in 0..count {
            let mut needs: Vec<usize> =
                edges.iter().filter(|(to, from)| *to == at && *from < at).map(|(_, from)| *from).collect();
            needs.sort_unstable();
            needs.dedup();
            plan.milestones.push(NewMilestone {
                name: format!("Part {}", ["one", "two", "three", "four"][at % 4]),
                tasks: texts(&["Write it"]),
                depends_on: needs.iter().map(|need| format!("M{}", need + 1)).collect(),
                ..NewMilestone::default()
            });
        }
        let document = compose(&plan, MOMENT);
        let reading = read(document.as_bytes());
        prop_assert!(!reading.has_errors());
        for (milestone, new) in reading.plan.milestones.iter().zip(&plan.milestones) {
            let mut on: Vec<&str> = milestone.depends_on.iter().map(|dependency| dependency.on.as_str()).collect();
            let mut wanted: Vec<&str> = new.depends_on.iter().map(String::as_str).collect();
            on.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(on, wanted, "{}: {}", milestone.id, document);
        }
    }
}

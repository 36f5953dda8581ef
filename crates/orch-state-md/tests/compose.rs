//! New planning documents, and that they are read as what they were made of.

use orch_state_md::planning::{Edit, NewMilestone, NewPlan, apply, compose, read};
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

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "form", "M2", " ", "\n", "\n\n", "|", "\\", "#", "# ", "## M9: x", "- [ ] ", "```", "~~~",
        "<!--", "-->", "<b>", "[a](b)", "](", "`", "---", "===", "> ", "1. ", "é", "日", "\u{1b}",
        "\u{202e}", "\t", "&#35;", "&", "*", "**", ":",
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

proptest! {
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

//! New planning documents: from YAML, valid by construction, and never in the place of something else.

use crate::support::planned::Planning;

const YAML: &str = "title: Sign-in\npurpose: Users can sign in\nobjectives: [Nobody is locked out]\nmilestones:\n- name: User table\n  model: Sonnet\n  tasks: [Write the migration, \"Test | the `migration`\"]\n  paths: [db/migrations/]\n- name: Login form\n  depends_on: [User table]\n  tasks: [Write the form]\n  gates: [The owner likes it]\n- Release\n";

#[test]
fn a_new_document_can_be_worked_with_at_once() {
    let planning = Planning::without_document();
    planning.project.write("plan.yaml", YAML);
    assert_eq!(planning.run_to(0, &["new", "plan", "plan.yaml"]).out, "Sign-in-Planning.md\n");
    let checked = planning.project.json(&["check", "Sign-in-Planning.md"]);
    assert_eq!(checked["problems"], serde_json::json!([]), "{checked}");
    assert_eq!(checked["understood"][1]["depends_on"][0]["on"], "M1");
    assert_eq!(checked["understood"][0]["boxes"], 2);
    let prompt = planning.run_to(0, &["dispatch"]).out;
    assert!(prompt.contains("Recommended model: Sonnet") && prompt.contains("`db/migrations/`"), "{prompt}");
    let written = planning.project.read("Sign-in-Planning.md");
    let again = planning.run_to(2, &["new", "plan", "plan.yaml"]);
    assert!(again.err.contains("Sign-in-Planning.md is there already"), "{again}");
    assert_eq!(planning.project.read("Sign-in-Planning.md"), written);
}

#[test]
fn yaml_may_come_from_standard_input_and_the_document_may_go_to_standard_output() {
    let planning = Planning::without_document();
    let out = planning.feed(0, &["new", "plan", "-", "--output", "-"], YAML).out;
    assert!(out.starts_with("# Sign-in\n"), "{out}");
    assert!(planning.project.named("Sign").is_empty());
    planning.feed(0, &["new", "plan", "-", "-o", "Mine.md"], YAML);
    assert_eq!(planning.project.json(&["check", "Mine.md"])["tasks"], 3);
}

#[test]
fn mistakes_are_named_and_nothing_is_written() {
    let planning = Planning::without_document();
    for (yaml, said) in [
        ("title: T\nmilestnes: []\n", "milestnes"),
        ("title: T\nmilestones:\n- {name: A, depends_on: [B]}\n", "B"),
        ("title: T\nmilestones:\n- {name: A, depends_on: [B]}\n- {name: B, depends_on: [A]}\n", "M1"),
        ("title: T\nmilestones:\n- {name: A, depends_on: [A]}\n", "M1"),
        ("title: T\nmilestones: []\n", "milestone"),
        ("title: T\nmilestones:\n- {id: M1, name: A}\n- {id: M1, name: B}\n", "M1"),
        ("title: T\nmilestones:\n- {id: x y, name: A}\n", "x y"),
        ("title: [\n", "plan.request"),
        ("", "plan.request"),
    ] {
        let refused = planning.feed(65, &["new", "plan", "-", "-o", "T.md"], yaml);
        assert!(refused.err.contains(said), "{yaml:?}: {refused}");
        assert!(
            planning.project.named("T").is_empty() && planning.project.named("New").is_empty(),
            "{yaml:?}"
        );
    }
    assert!(planning.run_to(1, &["new", "plan", "nowhere.yaml"]).err.contains("can't read nowhere.yaml"));
    let nobody = planning.feed(2, &["new", "plan"], "");
    assert!(nobody.err.contains("there is nobody to ask"), "{nobody}");
}

//! A plan of weavers, run to its end.

use serde_json::Value;

use crate::support::vertical::{DOES_IT, PLAN, Vertical};

#[test]
fn a_stack_is_built_branch_on_branch_and_told_of() {
    let vertical = Vertical::new(&[
        ("01-schema", "trunk", "", DOES_IT),
        ("02-backend", "feature/01-schema", "", "test -e w-01.txt\ncommits w-02.txt\ndone_\n"),
        ("03-docs", "", "", DOES_IT),
    ]);
    let before = vertical.git(&["status", "--porcelain"]);
    let ended = vertical.run_to(0, &["run"]);
    assert!(ended.out.contains("BUILD COMPLETE: plan-20260119-1430"), "{ended}");
    let state = vertical.state();
    assert_eq!((&state["plan_id"], &state["status"]), (&Value::from(PLAN), &Value::from("complete")));
    assert_eq!(state["weavers"]["w-02"]["spec"], "02-backend.yaml");
    assert_eq!(state["weavers"]["w-02"]["session"], format!("vertical-{PLAN}-w-02"));
    assert!(vertical.statuses().iter().all(|(_, status)| status == "complete"));
    let weaver = vertical.weaver("w-01");
    assert_eq!((&weaver["status"], &weaver["iteration"]), (&Value::from("complete"), &Value::from(1)));
    assert!(weaver["started_at"].is_string() && weaver["completed_at"].is_string(), "{weaver}");
    assert_eq!(vertical.git(&["log", "--format=%s", "trunk..feature/02-backend"]), "feat: w-02\nfeat: w-01");
    assert_eq!(vertical.git(&["status", "--porcelain"]), before, "the main work tree is nobody's");
    assert_eq!(vertical.git(&["branch", "--show-current"]), "trunk");
    assert!(vertical.sessions().is_empty(), "{:?}", vertical.sessions());
    assert_eq!(vertical.run_to(4, &["run"]).out, "nothing to do: every task is done\n");
}

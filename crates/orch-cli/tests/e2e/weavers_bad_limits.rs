//! A plan of weavers that is larger than any person would write.

use crate::support::vertical::{Spec, Vertical};

#[test]
fn five_hundred_specs_are_read_and_forty_of_them_end_by_an_agent_that_fails_at_once() {
    let names: Vec<String> = (1..=500).map(|number| format!("{number:03}-part")).collect();
    let specs: Vec<Spec<'_>> = names.iter().map(|name| (name.as_str(), "", "", "exit 1\n")).collect();
    let vertical = Vertical::new(&specs);
    let checked = vertical.run_to(0, &["check"]);
    assert!(checked.out.contains("500 tasks, 0 dependencies: the plan can be run"), "{checked}");
    assert_eq!(vertical.json(&["status"])["tasks"].as_array().unwrap().len(), 500);
    let only: Vec<String> = (1..=40).flat_map(|number| ["--only".into(), format!("w-{number:03}")]).collect();
    let mut arguments = vec!["run", "--executor", "process", "-j", "8"];
    arguments.extend(only.iter().map(String::as_str));
    vertical.run_to(1, &arguments);
    let count = |word: &str| vertical.statuses().iter().filter(|(_, status)| status == word).count();
    assert_eq!((count("crashed"), count("waiting")), (40, 460));
    assert_eq!(vertical.project.processes(), []);
}

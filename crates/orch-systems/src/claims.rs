//! Tasks that may touch the same files never run at the same time.

use std::collections::{BTreeMap, HashMap};

use orch_core::{Plan, PlanDraft, TaskDraft, TaskIx};
use orch_spec::overlaps;

/// Two tasks that may touch the same files, of which neither comes after the other anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overlapping {
    /// Their numbers, from zero.
    pub(crate) a: usize,
    pub(crate) b: usize,
    /// The files.
    pub(crate) files: String,
}

/// Gives a claim to all tasks that name the same pattern, and one to those whose patterns overlap; found are the
/// first two tasks of each that do not wait for each other anyway.
///
/// Patterns are compared, and not tasks: where thousands of tasks name one file, that is one claim.
pub(crate) fn claim(files: &[&[String]], tasks: &mut [TaskDraft]) -> Vec<Overlapping> {
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (stream, patterns) in files.iter().enumerate() {
        for pattern in patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
            let streams = holders.entry(pattern.trim()).or_default();
            if streams.last() != Some(&stream) {
                streams.push(stream);
            }
        }
    }
    let patterns: Vec<[&str; 1]> = holders.keys().map(|pattern| [*pattern]).collect();
    let mut claims: Vec<(String, Vec<usize>)> = Vec::new();
    for (pattern, streams) in holders.iter().filter(|(_, streams)| streams.len() > 1) {
        claims.push(((*pattern).to_owned(), streams.clone()));
    }
    for overlap in overlaps(&patterns) {
        let mut streams = holders[overlap.left].clone();
        streams.extend(&holders[overlap.right]);
        streams.sort_unstable();
        streams.dedup();
        if streams.len() > 1 {
            claims.push((format!("{} and {}", overlap.left, overlap.right), streams));
        }
    }
    let ordered = Order::of(tasks);
    let mut found = Vec::new();
    for (name, streams) in claims {
        if let Some((a, b)) = ordered.first_unordered(&streams) {
            found.push(Overlapping { a, b, files: name.clone() });
            for stream in streams {
                tasks[stream].claims.push(name.clone());
            }
        }
    }
    found
}

/// Which streams come after which.
struct Order {
    plan: Option<Plan>,
    after: std::cell::RefCell<HashMap<usize, Vec<TaskIx>>>,
}

/// So many streams of one claim are looked at for two that are not ordered; in a longer list there are two.
const LOOKED_AT: usize = 64;

impl Order {
    fn of(tasks: &[TaskDraft]) -> Self {
        let plan = Plan::build(PlanDraft { tasks: tasks.to_vec(), ..PlanDraft::default() }).ok();
        Self { plan, after: Default::default() }
    }

    fn first_unordered(&self, streams: &[usize]) -> Option<(usize, usize)> {
        if streams.len() > LOOKED_AT {
            return Some((streams[0], streams[1]));
        }
        let pairs =
            streams.iter().enumerate().flat_map(|(at, &a)| streams[at + 1..].iter().map(move |&b| (a, b)));
        pairs.into_iter().find(|&(a, b)| !self.comes_after(a, b) && !self.comes_after(b, a))
    }

    fn comes_after(&self, a: usize, b: usize) -> bool {
        let Some(plan) = &self.plan else { return false };
        let mut after = self.after.borrow_mut();
        let needs = after.entry(a).or_insert_with(|| {
            let mut needs = plan.with_needs(TaskIx::new(a));
            needs.sort_unstable();
            needs
        });
        needs.binary_search(&TaskIx::new(b)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tasks(depends: &[&[usize]]) -> Vec<TaskDraft> {
        let draft = |(at, on): (usize, &&[usize])| TaskDraft {
            depends_on: on.iter().map(|on| format!("s{on}").as_str().into()).collect(),
            ..TaskDraft::new(format!("s{at}"))
        };
        depends.iter().enumerate().map(draft).collect()
    }

    #[test]
    fn what_waits_for_each_other_anyway_needs_no_claim() {
        let files = [vec!["src/api/**".to_owned()], vec!["src/api/a.ts".into()], vec!["src/api/a.ts".into()]];
        let files: Vec<&[String]> = files.iter().map(Vec::as_slice).collect();
        let mut drafts = tasks(&[&[], &[0], &[1]]);
        assert_eq!(claim(&files, &mut drafts), []);
        assert!(drafts.iter().all(|draft| draft.claims.is_empty()));
        let mut drafts = tasks(&[&[], &[0], &[0]]);
        let files_of = |found: &[Overlapping]| {
            found.iter().map(|one| (one.a, one.b, one.files.clone())).collect::<Vec<_>>()
        };
        let found = claim(&files, &mut drafts);
        assert_eq!(files_of(&found)[0], (1, 2, "src/api/a.ts".to_owned()));
        assert!(drafts[1].claims.iter().any(|claim| drafts[2].claims.contains(claim)));
    }

    proptest! {
        /// Two streams share a claim whenever two of their patterns overlap and neither comes after the other.
        #[test]
        fn whoever_overlaps_shares_a_claim(
            files in prop::collection::vec(prop::collection::vec("(a|b|[*][*]|a/b|a/[*]|b/c[.]ts|!a)", 0..3), 2..7),
        ) {
            let slices: Vec<&[String]> = files.iter().map(Vec::as_slice).collect();
            let mut drafts: Vec<TaskDraft> = (0..files.len()).map(|n| TaskDraft::new(format!("s{n}"))).collect();
            claim(&slices, &mut drafts);
            for a in 0..files.len() {
                for b in a + 1..files.len() {
                    let meet = files[a].iter().any(|x| files[b].iter().any(|y| orch_spec::overlap(x, y)));
                    let share = drafts[a].claims.iter().any(|claim| drafts[b].claims.contains(claim));
                    prop_assert!(!meet || share, "{:?} {:?}", files[a], files[b]);
                }
            }
        }
    }
}

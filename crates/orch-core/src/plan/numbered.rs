//! A plan of bare numbers, for programs that make their graph themselves.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::build::list_order;
use super::names::Names;
use super::{Plan, Problem, Problems};
use crate::graph::{Graph, cycles};

impl Plan {
    /// A plan of `tasks` tasks that are called `0`, `1`, `2`, …, from pairs (task, what it depends on).
    ///
    /// The same plan as [`build`](Self::build) makes of these names, without the names: nothing is hashed, and the pairs
    /// may be in any order. Pairs that come by task cost least. A pair that repeats counts once.
    ///
    /// # Errors
    /// All problems of the pairs at once, as [`build`](Self::build) reports them.
    ///
    /// ```
    /// use orch_core::Plan;
    /// let plan = Plan::numbered(3, &[(1, 0), (2, 0), (2, 1)])?;
    /// let last = plan.find("2").expect("it is in the plan");
    /// assert_eq!(plan.graph().depends_on(last).len(), 2);
    /// let problems = Plan::numbered(2, &[(0, 1), (1, 0)]).unwrap_err();
    /// assert_eq!(problems.to_string(), "dependency cycle: 0 -> 1 -> 0");
    /// # Ok::<(), orch_core::Problems>(())
    /// ```
    pub fn numbered(tasks: u32, pairs: &[(u32, u32)]) -> Result<Self, Problems> {
        if tasks == 0 {
            return Err(Problems(alloc::vec![Problem::Empty]));
        }
        let graph = Graph::new(tasks as usize, pairs).map_err(|_| unsound(tasks, pairs))?;
        let order = list_order(&graph);
        if order.len() < graph.len() {
            let name = |task: crate::TaskIx| task.index().to_string();
            let told = |path: Vec<_>| Problem::Cycle { path: path.into_iter().map(name).collect(), at: None };
            return Err(Problems(cycles(&graph).into_iter().map(told).collect()));
        }
        Ok(Self::bare(Names::numbers(tasks), graph, order.into()))
    }
}

/// What is wrong with pairs that are no dependencies between two of these tasks.
fn unsound(tasks: u32, pairs: &[(u32, u32)]) -> Problems {
    let of = |&(task, on): &(u32, u32)| {
        if task >= tasks {
            Some(Problem::UnknownTask { task: task.to_string() })
        } else if on >= tasks {
            let (task, name): (String, String) = (task.to_string(), on.to_string());
            Some(Problem::UnknownDependency { task, name, suggestion: None, at: None })
        } else {
            (task == on).then(|| Problem::SelfDependency { task: task.to_string(), at: None })
        }
    };
    Problems(pairs.iter().filter_map(of).collect())
}

//! Which stream waits for which.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::stream_rows::StreamRow;
use crate::stream_named;

/// The streams of one initiative with what their tasks say they wait for.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    dependencies: BTreeMap<String, Vec<String>>,
}

impl Graph {
    /// The streams of `rows`.
    pub(super) fn new<'a>(rows: impl IntoIterator<Item = &'a StreamRow>) -> Self {
        let mut graph = Self::default();
        for row in rows {
            graph.add(&row.stream.id, &row.stream.dependencies);
        }
        graph
    }

    /// Adds what a task of `stream` says.
    pub(super) fn add(&mut self, stream: &str, dependencies: &[String]) {
        self.dependencies.entry(stream.into()).or_default().extend_from_slice(dependencies);
    }

    /// The streams, in the order of their ids.
    pub(super) fn streams(&self) -> impl Iterator<Item = &str> {
        self.dependencies.keys().map(String::as_str)
    }

    /// The stream that `dependency` names, if it is one of these.
    pub(super) fn named<'a>(&self, dependency: &'a str) -> Option<&'a str> {
        stream_named(dependency, |id| self.dependencies.contains_key(id))
    }

    /// A way from `stream` back to itself, the shortest there is: each stream waits for the next.
    pub(super) fn cycle(&self, stream: &str) -> Option<Vec<String>> {
        let mut before: HashMap<&str, &str> = HashMap::new();
        let mut reached = VecDeque::from([stream]);
        while let Some(here) = reached.pop_front() {
            let next = self.dependencies.get(here).into_iter().flatten();
            for next in next.filter_map(|dependency| self.named(dependency)) {
                if next == stream {
                    return Some(path(&before, stream, here));
                }
                if !before.contains_key(next) {
                    before.insert(next, here);
                    reached.push_back(next);
                }
            }
        }
        None
    }
}

/// From `stream` to `last` by way of what is `before` each, and back to `stream`.
fn path(before: &HashMap<&str, &str>, stream: &str, last: &str) -> Vec<String> {
    let mut path = vec![stream.to_owned(), last.to_owned()];
    let mut here = last;
    while here != stream {
        // Every stream that was reached has one before it.
        let Some(earlier) = before.get(here) else { break };
        path.push((*earlier).to_owned());
        here = earlier;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(streams: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (stream, dependencies) in streams {
            let dependencies: Vec<String> = dependencies.iter().map(|name| (*name).into()).collect();
            graph.add(stream, &dependencies);
        }
        graph
    }

    #[test]
    fn a_cycle_is_shown_with_its_streams_in_order() {
        for (streams, expected) in [
            (&[("A", &["B"][..]), ("B", &["C: Types"]), ("C", &["[A] Tables"])][..], Some("A B C A")),
            (&[("A", &["A"])], Some("A A")),
            (&[("A", &["B", "C"]), ("B", &["D"]), ("C", &["A"]), ("D", &["A"])], Some("A C A")),
            (&[("A", &["B"]), ("B", &["C"]), ("C", &["B"])], None),
            (&[("A", &["B", "C"]), ("B", &["C"]), ("C", &["unknown"])], None),
            (&[("A", &["B"]), ("A", &["C"]), ("B", &[]), ("C", &["A"])], Some("A C A")),
        ] {
            assert_eq!(
                graph(streams).cycle("A").map(|path| path.join(" ")).as_deref(),
                expected,
                "{streams:?}"
            );
        }
    }
}

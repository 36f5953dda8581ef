//! Where a task stands among the streams of its initiative, before it is stored.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::graph::Graph;
use super::stop::Stop;
use super::stream_rows::{Filter, stream_rows};
use super::{ToolError, metadata};

/// The streams of every initiative, and of none, with what they wait for.
pub(super) struct Places {
    graphs: HashMap<Option<Arc<str>>, Graph>,
    /// The streams that were found to be in no cycle.
    sound: HashSet<(Option<Arc<str>>, String)>,
}

impl Places {
    /// The streams there are, without what the task called `except` says of its own.
    pub(super) fn new(connection: &Connection, except: Option<&str>) -> Result<Self, Stop> {
        let mut graphs: HashMap<_, Graph> = HashMap::new();
        for row in stream_rows(connection, &Filter::default())?.rows {
            if except != Some(row.id.as_str()) {
                graphs.entry(row.initiative_id).or_default().add(&row.stream.id, &row.stream.dependencies);
            }
        }
        Ok(Self { graphs, sound: HashSet::new() })
    }

    /// Adds what a task of `initiative` says in its metadata.
    pub(super) fn add(&mut self, initiative: &Option<Arc<str>>, metadata: &Map<String, Value>) {
        if let Some(stream) = metadata::stream(metadata) {
            let graph = self.graphs.entry(initiative.clone()).or_default();
            graph.add(stream, &metadata::dependencies(metadata));
        }
    }

    /// Writes the ids of the streams that a task waits for into its metadata, where it says anything of that. Names of no
    /// stream stay as they are: it may come yet.
    ///
    /// # Errors
    /// [`ToolError::Cycle`] if its stream would wait for itself.
    pub(super) fn settle(
        &mut self,
        initiative: &Option<Arc<str>>,
        metadata: &mut Map<String, Value>,
    ) -> Result<(), ToolError> {
        let Some(stream) = metadata::stream(metadata).map(str::to_owned) else { return Ok(()) };
        let Some(graph) = self.graphs.get(initiative) else { return Ok(()) };
        let names = metadata::dependencies(metadata);
        if !names.is_empty() {
            let named = |name: &String| graph.named(name).unwrap_or(name).to_owned();
            metadata::set_dependencies(metadata, names.iter().map(named).collect())?;
        }
        if self.sound.insert((initiative.clone(), stream.clone()))
            && let Some(path) = graph.cycle(&stream)
        {
            return Err(ToolError::Cycle { path });
        }
        Ok(())
    }
}

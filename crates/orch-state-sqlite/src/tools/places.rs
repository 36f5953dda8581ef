//! Where a task stands among the streams of its initiative, before it is stored.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::graph::Graph;
use super::stop::Stop;
use super::stream_rows::{Filter, stream_rows};
use super::workers::nearest;
use super::{ToolError, metadata};
use crate::stream_named;
use crate::tasks_db::current_initiative;

/// How many names of streams that are not there are given one by one.
const LISTED: usize = 5;

/// For how many such names of one call it is looked for what was probably meant.
const SUGGESTED: usize = 50;

/// The streams of every initiative, and of none, with what they wait for.
pub(super) struct Places {
    graphs: HashMap<Option<Arc<str>>, Graph>,
    /// The tasks that belong to streams: what waits for one waits for its stream.
    tasks: HashSet<String>,
    /// The streams that were found to be in no cycle.
    sound: HashSet<(Option<Arc<str>>, String)>,
    /// For how many more names it is said what was probably meant: looking for it takes long among many streams.
    suggestions: usize,
}

impl Places {
    /// The streams there are, without what the task called `except` says of its own.
    pub(super) fn new(connection: &Connection, except: Option<&str>) -> Result<Self, Stop> {
        let (mut graphs, mut tasks): (HashMap<_, Graph>, _) = (HashMap::new(), HashSet::new());
        for row in stream_rows(connection, &Filter::default())?.rows {
            if except != Some(row.id.as_str()) {
                graphs.entry(row.initiative_id).or_default().add(&row.stream.id, &row.stream.dependencies);
            }
            tasks.insert(row.id);
        }
        Ok(Self { graphs, tasks, sound: HashSet::new(), suggestions: SUGGESTED })
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

    /// What the stream of a task of `initiative` waits for by its metadata although it is not there, in words, with what was
    /// probably meant.
    pub(super) fn unknown(
        &mut self,
        initiative: &Option<Arc<str>>,
        metadata: &Map<String, Value>,
    ) -> Option<String> {
        let own = metadata::stream(metadata)?;
        let graph = self.graphs.get(initiative)?;
        let names = metadata::dependencies(metadata);
        let mut unknown =
            names.iter().filter(|name| graph.named(name).is_none() && !self.tasks.contains(name.as_str()));
        let suggestions = &mut self.suggestions;
        let others = || graph.streams().filter(|stream| *stream != own);
        let mut named: Vec<String> =
            unknown.by_ref().take(LISTED).map(|name| in_words(name, others(), suggestions)).collect();
        match unknown.count() {
            0 => {}
            more => named.push(format!("{more} more")),
        }
        let (last, before) = named.split_last()?;
        let all = match before {
            [] => format!("{last}, which is no stream that is there"),
            _ => format!("{} and {last}, which are no streams that are there", before.join(", ")),
        };
        Some(format!(
            "its stream waits for {all} (stream_list shows those there are); no stream can be started until that is mended"
        ))
    }
}

/// What is said of a task in a stream: that it belongs to no initiative, or what it waits for in vain.
///
/// # Errors
/// What it waits for in vain, where a worker says so: it can't make that stream.
pub(super) fn warning(
    connection: &Connection,
    is_unlinked: bool,
    unknown: Option<String>,
    own: Option<&str>,
) -> Result<Option<String>, Stop> {
    if let (Some(unknown), Some(_)) = (&unknown, own) {
        return Err(ToolError::invalid("metadata.dependencies", unknown.as_str()).into());
    }
    let current = if is_unlinked { current_initiative(connection)? } else { None };
    Ok(match current {
        Some(current) => Some(format!(
            "it belongs to no PRD and so not to the current initiative ({}): its stream will be left out; make it again with \
             prdId (prd_list shows the PRDs) and cancel this one",
            current.title
        )),
        None => unknown,
    })
}

/// The name of a stream that is not there, with the one of `others` that was probably meant.
fn in_words<'a>(name: &str, others: impl Iterator<Item = &'a str>, suggestions: &mut usize) -> String {
    if *suggestions == 0 {
        return format!("`{name}`");
    }
    *suggestions -= 1;
    // A title is named by how it begins.
    let stream = stream_named(name, |id| id != name && !id.is_empty()).unwrap_or(name);
    match nearest(stream, others) {
        Some(near) => format!("`{name}` (did you mean `{near}`?)"),
        None => format!("`{name}`"),
    }
}

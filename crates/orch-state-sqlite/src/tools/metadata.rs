//! What agents say of a task in its metadata: checked and put in order before it is stored.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{ToolError, limits};
use crate::Phase;
use crate::stream_metadata::union;

/// What agents are told of a task's metadata. Anything else may be said as well.
#[derive(JsonSchema)]
#[schemars(rename = "TaskMetadata", rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used: metadata is kept as it is given")]
pub(super) struct MetadataSchema {
    /// The stream that the task belongs to, such as `Stream-A`. All tasks of a stream are done by one worker; those that the
    /// worker makes are its own stream's.
    stream_id: Option<String>,
    /// What the stream is called, for people.
    stream_name: Option<String>,
    /// When the stream's turn is: `foundation` for what others build on, `parallel`, or `integration` for what brings the
    /// others together.
    stream_phase: Option<Phase>,
    /// The files that the stream changes.
    files: Option<Vec<String>>,
    /// The streams that have to be completed before this one starts; `[]` for a foundation.
    dependencies: Option<Vec<String>>,
    /// The same as `dependencies`.
    stream_dependencies: Option<Vec<String>>,
    /// What has to be so when the task is done.
    acceptance_criteria: Option<Vec<String>>,
    /// `Low`, `Medium`, `High` or `Very High`. The last two make `verificationRequired` true unless it is given.
    complexity: Option<String>,
    /// Whether the task can be completed only with acceptance criteria and proof that they are met.
    verification_required: Option<bool>,
    /// Where the stream is worked on, if not in the project's own folder.
    worktree_path: Option<String>,
    /// The branch that the stream is worked on.
    branch_name: Option<String>,
}

const LISTS: [&str; 4] = ["files", DEPENDENCIES, STREAM_DEPENDENCIES, "acceptanceCriteria"];
const DEPENDENCIES: &str = "dependencies";
const STREAM_DEPENDENCIES: &str = "streamDependencies";

/// Checks what an agent gave as metadata, and stores what it waits for under both keys if it says anything of that.
pub(super) fn prepare(metadata: &mut Map<String, Value>) -> Result<(), ToolError> {
    match metadata.get("streamId") {
        None | Some(Value::Null) => {}
        Some(Value::String(id)) => limits::id("metadata.streamId", id)?,
        Some(_) => {
            return Err(ToolError::invalid("metadata.streamId", "is no text; give one such as Stream-A"));
        }
    }
    match metadata.get("streamPhase") {
        None | Some(Value::Null) => {}
        Some(Value::String(word)) if Phase::read(word).is_some() => {}
        Some(_) => {
            let why = "is none of foundation, parallel, integration";
            return Err(ToolError::invalid("metadata.streamPhase", why));
        }
    }
    if let Some(Value::String(name)) = metadata.get("streamName") {
        limits::title("metadata.streamName", name)?;
    }
    for key in LISTS {
        texts(metadata, key)?;
    }
    if metadata.contains_key(DEPENDENCIES) || metadata.contains_key(STREAM_DEPENDENCIES) {
        let mut names = texts(metadata, DEPENDENCIES)?;
        names.extend(texts(metadata, STREAM_DEPENDENCIES)?);
        set_dependencies(metadata, names)?;
    }
    Ok(())
}

/// Adds what follows from the rest: that a task of some complexity is to be verified, unless it says otherwise.
pub(super) fn complete(metadata: &mut Map<String, Value>) {
    if is_to_be_verified(metadata) {
        metadata.insert("verificationRequired".into(), true.into());
    }
}

/// What `metadata` says that the task's stream waits for.
pub(super) fn dependencies(metadata: &Map<String, Value>) -> Vec<String> {
    let mut names = texts(metadata, DEPENDENCIES).unwrap_or_default();
    union(&mut names, texts(metadata, STREAM_DEPENDENCIES).unwrap_or_default());
    names
}

/// Writes `names` under both keys, each once.
pub(super) fn set_dependencies(
    metadata: &mut Map<String, Value>,
    names: Vec<String>,
) -> Result<(), ToolError> {
    let mut once = Vec::new();
    union(&mut once, names.iter().map(|name| name.trim().to_owned()).collect());
    if once.iter().any(String::is_empty) {
        return Err(ToolError::invalid(
            "metadata.dependencies",
            "has an empty name; name streams, or give [] if it waits for none",
        ));
    }
    let names = Value::from(once);
    metadata.insert(DEPENDENCIES.into(), names.clone());
    metadata.insert(STREAM_DEPENDENCIES.into(), names);
    Ok(())
}

/// The stream that `metadata` names.
pub(super) fn stream(metadata: &Map<String, Value>) -> Option<&str> {
    metadata.get("streamId").and_then(Value::as_str)
}

/// Puts the task into `stream`.
pub(super) fn set_stream(metadata: &mut Map<String, Value>, stream: &str) {
    metadata.insert("streamId".into(), stream.into());
}

/// Whether a task with this metadata is completed only on proof: if it says so, or by how complex it is.
pub(super) fn is_to_be_verified(metadata: &Map<String, Value>) -> bool {
    match metadata.get("verificationRequired") {
        Some(Value::Bool(required)) => *required,
        _ => matches!(metadata.get("complexity").and_then(Value::as_str), Some("High" | "Very High")),
    }
}

/// Whether `metadata` has any acceptance criteria.
pub(super) fn has_acceptance_criteria(metadata: &Map<String, Value>) -> bool {
    texts(metadata, "acceptanceCriteria")
        .is_ok_and(|criteria| criteria.iter().any(|one| !one.trim().is_empty()))
}

/// The list of texts under `key`; none is an empty one.
fn texts(metadata: &Map<String, Value>, key: &'static str) -> Result<Vec<String>, ToolError> {
    let field = match key {
        "files" => "metadata.files",
        DEPENDENCIES => "metadata.dependencies",
        STREAM_DEPENDENCIES => "metadata.streamDependencies",
        _ => "metadata.acceptanceCriteria",
    };
    let no_list = || ToolError::invalid(field, "is no list of texts; give one such as [\"one\", \"two\"]");
    match metadata.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(no_list)).collect()
        }
        Some(_) => Err(no_list()),
    }
}

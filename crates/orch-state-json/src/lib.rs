//! State that other tools read as JSON: the run and the weavers of a vertical plan (seed 003), the session of a planning
//! document (seed 000). Bytes in, bytes out; no files.
//!
//! A vertical plan has two documents. [`RunState`] is `run/state.json`, written by orch alone, read by the originals' scripts and
//! edited by people now and then; its [`Mark`] tells orch's own writing from anybody else's. [`WeaverFile`] is
//! `run/weavers/w-NN.json`, written by a worker, which is trusted with nothing: whatever its bytes are, reading them
//! gives a value or says why not, and later writes are [`merged`](WeaverFile::merged) with earlier ones because they
//! drop fields.
//!
//! A planning document has one, [`OrchestratorState`] in `.orchestrator/state.json`, at a path that other tools use as well:
//! what is not a session's is [`NotOurs`]. [`ActiveSessions`] is the registry of a project with more than one.
//!
//! ```
//! use orch_state_json::{Mark, Overall, RunState, Weaver, WeaverStatus};
//!
//! let mut state = RunState::new("plan-20260119-1430");
//! state.started_at = Some("2026-01-19T14:30:00Z".into());
//! state.set("w-01", Weaver::new("01-schema.yaml", WeaverStatus::Complete));
//! state.status = Overall::of(state.weavers.iter().map(|(_, weaver)| &weaver.status));
//! let bytes = state.to_bytes_marked(0x5eed, 3);
//!
//! let read = RunState::read(&bytes)?;
//! assert_eq!(read.mark(), Mark::Intact { history: 0x5eed, seq: 3 });
//! assert_eq!(read.status, Overall::Complete);
//!
//! let edited = String::from_utf8(bytes)?.replace("\"status\": \"complete\"", "\"status\": \"failed\"");
//! assert_eq!(RunState::read(edited.as_bytes())?.mark(), Mark::Edited { history: 0x5eed, seq: 3 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod active_sessions;
mod extra;
mod mark;
mod orchestrator;
mod run_state;
mod status;
mod timestamp;
mod unreadable;
mod value;
mod weaver;

pub use active_sessions::{ActiveSession, ActiveSessions};
pub use extra::Extra;
pub use mark::Mark;
pub use orchestrator::{ActiveWorker, Alert, NotOurs, OrchestratorState, Own, PromptMode, UnknownPromptMode};
pub use run_state::{RunState, Weaver};
pub use status::{Overall, WeaverStatus};
pub use timestamp::{read_timestamp, timestamp};
pub use unreadable::Unreadable;
pub use weaver::WeaverFile;

//! What a worker is told: templates that a person can read and override.
//!
//! A template is a file. The built-in ones are in `templates/`; a file of the same name in the override folder
//! goes before. Templates are written in the Jinja language, strictly: a value that is not there is an error with
//! its line, never an empty place in what a worker is told.
//!
//! ```
//! use orch_prompt::{FromFile, Prompts, WORKER, Worker};
//! let told = Prompts::new(None).render(WORKER, &Worker {
//!     task: "PROMPT-01-parser",
//!     attempt: 1,
//!     objective: "a parser for the log format",
//!     prompt: FromFile { path: "PROMPT-01-parser.md", text: "# Mission\nWrite the parser.\n" },
//!     plan_path: "PROMPT-01-parser-PLAN.md",
//!     base_branch: "main",
//!     previous: None,
//! })?;
//! assert!(told.text.contains("Write the parser."));
//! assert_eq!(told.blocks[0].name, "prompts/worker.md");
//! # Ok::<(), orch_prompt::PromptError>(())
//! ```

mod error;
mod filters;
mod milestones;
mod render;
mod streams;
mod waves;
mod weavers;
mod worker;

pub use error::PromptError;
pub use milestones::{Gap, MILESTONE, MILESTONE_PASTE, Milestone, MilestonePaste, OtherWorker};
pub use render::{Block, Prompts, Rendered, Source};
pub use streams::{
    OtherStream, STREAM, STREAM_PLAN, STREAM_PLAN_AGAIN, Stream, StreamName, StreamPlan, StreamPlanAgain,
    StreamTaskDone, StreamTaskLine,
};
pub use waves::{
    WAVE, WAVE_CONFIRM, WAVE_PLAN, WAVE_PLAN_AGAIN, Wave, WaveConfirm, WaveNeed, WaveOther, WavePlanning,
    WavePlanningAgain, WaveSession,
};
pub use weavers::{
    CheckDone, OpenedBy, Sibling, Skill, WEAVER, WEAVER_BASE, WEAVER_CHECK, WEAVER_PULL_REQUEST,
    WEAVER_VERIFIER, Weaver, WeaverCheck, WeaverPullRequest, commit_message,
};
pub use worker::{FromFile, WORKER, Worker};

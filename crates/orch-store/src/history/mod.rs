//! The history: everything orch did for one plan, one line an entry, only ever appended to.
//!
//! It is the write-ahead log of the run and the memory of attempts, times and sessions.
//!
//! # The form
//!
//! JSON Lines, format 1. Each line is one compact object:
//!
//! ```text
//! {"seq":3,"at":1771977600000,"what":{"moved":{"task":"A","attempt":1,"from":"PENDING","to":"RUNNING","tries":0}},"check":"0f1e2d3c4b5a6978"}
//! ```
//!
//! `check` is the XXH3 hash (64 bits, lower-case hex) of the line's bytes before `,"check"`, seeded with the
//! check of the line before (the first with 0). So a line that was changed, removed, added or moved is
//! noticed, wherever it is. It guards against accidents, not against somebody who computes checks.
//!
//! # What is found when it is opened
//!
//! | found | is | done |
//! |---|---|---|
//! | an end without a newline, or last lines that don't fit and have nothing good after them | an append that was interrupted | cut off, noted |
//! | a line that doesn't fit, with whole lines after it | damage | the file is kept aside, a new one begun, noted |
//! | a higher `format`, or an unknown kind of entry with a good check | a newer orch | an error; untouched |

mod ahead;
mod chain;
mod entry;
mod fold;
mod lines;
mod quick;
mod read;
mod tape;
mod write;

pub use ahead::ReadAhead;
pub use entry::{Entry, What};
pub use fold::{Folded, RunRecord, TaskRecord, Tasks, WorkerProcess};
pub use read::{fold, read, read_after, read_at, visit};
pub use write::{Counts, HistoryWriter, Note};

/// The form of the lines that this orch writes and the highest that it reads.
const FORMAT: u32 = 1;

/// The longest line a reader takes into memory. A detail is shortened long before; only an id could get there.
const LONGEST_LINE: usize = 1 << 20;

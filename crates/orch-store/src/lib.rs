//! Files that must not be lost: atomic replacement, the checksummed history, the lock, paths beneath a folder.
//!
//! | to … | use |
//! |---|---|
//! | replace a file that somebody reads or edits | [`replace`] |
//! | write down what happened, and read it back | [`HistoryWriter`], [`read`], [`Folded`] |
//! | be the only orch at work on a plan | [`Lock`] |
//! | find orch's own files of a plan | [`Home`] |
//! | follow a path that a plan wrote down | [`beneath`] |
//!
//! What a record survives is said by [`Durability`]. Nothing here asks a clock: moments come in as arguments.

mod aside;
mod beneath;
mod error;
mod history;
mod home;
mod lock;
mod random;
mod regular;
mod replace;

pub use aside::{copy_aside, keep_aside};
pub use beneath::{Escape, beneath};
pub use error::StoreError;
pub use history::{
    Counts, Entry, Folded, HistoryWriter, Note, ReadAhead, RunRecord, TaskRecord, Tasks, What, WorkerProcess,
    fold, read, read_after, read_at, visit,
};
pub use home::{Home, Leftovers, replace_private};
pub use lock::{Holder, Lock, LockError};
pub use regular::{open_regular, read_regular};
pub use replace::{Durability, replace, replace_if, sweep, sweep_folder};

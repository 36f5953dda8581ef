//! Starting, watching and stopping worker processes.
//!
//! One thread drives everything: [`Processes::start`] starts a worker, [`Processes::wait`] sleeps until one ends,
//! [`Processes::stop`] ends one with all it started. Nothing polls while nothing happens.
//!
//! Workers that are to leave a receipt have a shell in front of them, or all of a run have one [witness](Witnessing).
//!
//! Three rules hold throughout:
//!
//! - **A process number alone is never trusted.** A [`Worker`] is a number, a start time and a boot; a signal goes
//!   to a process only after all three were compared.
//! - **Output does not pass through here.** A worker's standard output and error *are* its log file, so it survives
//!   the end of this program, and a forgotten grandchild that keeps the file open holds up nobody.
//! - **A worker is more than one process.** Agents' tools run in sessions of their own. What belongs to a worker is
//!   its process group, whoever carries its marker in the environment ([`MARKER`]), the children of all of these,
//!   and orphans that came to this process and carry it ([`Settings::adopt_orphans`]). Only a process that leaves its
//!   group, loses its parent *and* drops its environment gets away.
//!
//! ```
//! use orch_exec::process::{Exit, Launch, Processes, Settings, Stdin};
//!
//! let folder = tempfile::tempdir()?;
//! let mut processes = Processes::new(Settings::default())?;
//! let launch = Launch {
//!     argv: vec!["sh".into(), "-c".into(), "echo hello; exit 3".into()],
//!     cwd: folder.path().into(),
//!     env: vec![("PATH".into(), "/usr/bin:/bin".into())],
//!     stdin: Stdin::Null,
//!     log: folder.path().join("log"),
//!     receipt: None,
//!     marker: "build-1".into(),
//! };
//! processes.start(7, &launch)?;
//! let ended = processes.wait(None)?;
//! assert_eq!((ended[0].key, ended[0].exit), (7, Exit::Code(3)));
//! assert_eq!(std::fs::read_to_string(&launch.log)?, "hello\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod folder;
mod launch;
pub mod log;
mod orphans;
mod program;
pub mod receipt;
mod stop;
mod supervise;
mod survivor;
mod waker;
mod witness;

use std::time::Duration;

pub use folder::{processes_in, program_runs_in};
pub(crate) use launch::open_log;
pub use launch::{Launch, StartError, Stdin};
pub use supervise::Processes;
pub use survivor::{end_survivor, is_alive, survivors};
pub use waker::Waker;
pub use witness::{Witnessing, witness};

/// The environment variable that carries [`Launch::marker`]. Children inherit it, so it finds them again.
pub const MARKER: &str = "ORCH_ATTEMPT";

/// How a [`Processes`] works. The default: orphans adopted, 10 s of grace, logs capped at 64 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Become the parent of orphaned descendants, so that none of a worker's processes can slip away. Linux only
    /// (`PR_SET_CHILD_SUBREAPER`), and it holds for the whole program until it ends.
    pub adopt_orphans: bool,
    /// Time between the request to end (`SIGTERM`) and the order (`SIGKILL`).
    pub grace: Duration,
    /// The most bytes a log occupies on disk, more or less: what is written within two seconds comes on top. The
    /// first quarter and the latest three are kept. 0: no limit. Linux only, on file systems that can free a range.
    pub log_cap: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { adopt_orphans: true, grace: Duration::from_secs(10), log_cap: 64 << 20 }
    }
}

/// One particular process, now and after a restart of this program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    /// Its number, which the system will give to another one day.
    pub pid: u32,
    /// When it started: on Linux in clock ticks since boot, elsewhere a number that means something only when
    /// compared with another one from the same system.
    pub start: u64,
    /// The boot of the machine this belongs to. Empty where the system names none.
    pub boot: String,
}

/// A worker that is no more, and nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The key it was started or adopted with.
    pub key: u64,
    /// How it ended.
    pub exit: Exit,
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It ended by itself with this code. With a receipt, a program that was ended by signal N shows here as
    /// 128 + N, as shells report it.
    Code(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// It ended, and nobody saw how: an adopted worker that left no receipt, where the system does not tell (before Linux
    /// 6.15).
    Unknown,
}

//! Evidence for a claim of done.
//!
//! A plan says how the end of a piece of work is checked (the `verification_spec` of seed 003); this crate holds a
//! work tree against that. It looks at files itself. It starts no process: for a command or an agent it says what is
//! to be run and for how long, and judges the end, so that time limits, logs and kills stay with whoever supervises
//! processes.
//!
//! | check | passes when |
//! |---|---|
//! | [`What::Command`] | `sh -c` with the command ends with the expected code |
//! | [`What::FileContains`] | a line of the file, or of a file beneath the folder, has the pattern |
//! | [`What::FileNotContains`] | the path is there and no line has the pattern |
//! | [`What::FileExists`] | a file or a folder is there |
//! | [`What::TestFirst`] | every test is there, is not empty and was not committed after code |
//! | [`What::Agent`] | the agent's last words have `RESULT: PASS` and no `RESULT: FAIL` |
//! | [`What::Demo`] | never, and it never fails: it is left to a person |
//!
//! Checks go in the order of the plan and stop at the first that is not passed. What can't be decided (a pattern that
//! the engine can't run, a file too large, a path out of the work tree) is [`Verdict::Error`], never a pass.
//!
//! ```
//! use orch_verify::{Check, CheckEnded, Exit, Facts, Next, Verification, What};
//! let tree = tempfile::tempdir()?;
//! std::fs::write(tree.path().join("lib.rs"), "fn hash() {}\n")?;
//! let checks = vec![
//!     Check::new(What::FileContains { path: "lib.rs".into(), pattern: r"fn \w+".into() }),
//!     Check::new(What::Command { run: "cargo test".into(), expect: 0 }),
//! ];
//! let mut verification = Verification::new(checks, tree.path().to_owned(), Facts::default());
//! let Next::Run(run) = verification.next() else { panic!("the file has been looked at; the command is next") };
//! assert_eq!(run.number, 2);
//! verification.ended(&CheckEnded { exit: Exit::Code(101), output: "1 test failed" });
//! let Next::Done(report) = verification.next() else { panic!("nothing is left to run") };
//! assert!(!report.passed);
//! assert_eq!(report.summary_line(), "check 2 of 2 failed: [command] cargo test");
//! # Ok::<(), std::io::Error>(())
//! ```

mod check;
mod ends;
mod files;
mod outcome;
mod pattern;
mod report;
mod search;
mod test_first;
mod text;
mod verification;

pub use check::{Check, What};
pub use ends::{CheckEnded, Exit};
pub use outcome::Verdict;
pub use report::{CheckResult, FEEDBACK_BYTES, Report};
pub use search::{MAX_FILE_BYTES, MAX_FILES, MAX_TREE_BYTES};
pub use test_first::{BranchCommit, Facts};
pub use verification::{CHECK_LIMIT, Job, Next, Run, SEED_COMMAND_LIMIT, Verification};

//! Reports that workers print: found in whatever else they say, and read without trusting it.
//!
//! A report begins with its heading. Chatter before and after it is passed over; a report that stands as a whole in a
//! code block is read inside that block. When there are several, the last one counts, because a worker that tries
//! again reports again. A template that a worker repeats (`Status: SUCCESS | FAIL | INCOMPLETE`) is no report.

mod find;
mod review;
mod run;

pub use review::{CommitStatus, ReviewReport, ReviewStatus, read_review_report};
pub use run::{ReportStatus, RunReport, read_run_report};

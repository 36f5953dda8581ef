//! From bytes to a plan.

use super::Reading;

/// Reads a planning document.
///
/// Whatever the bytes are, there is a [`Reading`]; what is wrong with them is among its findings. An error there means that
/// the document can't be worked with as it is. Linear in the bytes.
///
/// ```
/// use orch_core::Status;
/// let reading = orch_state_md::planning::read(
///     "# Login\n\n\
///      | Milestone | Model | Status |\n\
///      |---|---|---|\n\
///      | M1: Tables | Haiku | ✅ Complete |\n\
///      | M2: Routes | Sonnet | ⬜ Not Started |\n\n\
///      ## M1: Tables\n- [x] The table of users\n\n\
///      ## Milestone 2 — Routes\n- [ ] Sign in\n- [ ] Sign out\n"
///         .as_bytes(),
/// );
/// assert!(reading.findings.is_empty());
/// let routes = reading.plan.milestone("M2").unwrap();
/// assert_eq!(routes.row.tracked.status, Status::Pending);
/// assert_eq!(routes.section.as_ref().unwrap().left().count(), 2);
/// ```
pub fn read(bytes: &[u8]) -> Reading {
    let _ = bytes;
    Reading::default()
}

/// Whether the Markdown that begins with `head` is a planning document: there is a tracker in it. A few kilobytes do, as long
/// as the header of the tracker is among them.
///
/// ```
/// use orch_state_md::planning::is_planning_document;
/// assert!(is_planning_document("## Milestone Progress Tracker\n\n| Task | Status |\n|---|---|\n"));
/// assert!(!is_planning_document("| Task | Status |\n|---|---|\n"));
/// ```
pub fn is_planning_document(head: &str) -> bool {
    let _ = head;
    false
}

//! What a summary means for the document: how long it took, what is ticked, what the log says; and for a person: what
//! they have to look at.

use orch_core::Status;
use orch_state_md::planning::{BoxMark, Edit, Milestone, TaskBox, match_boxes};

use super::handoff::Handoff;

/// The most of a worker's words that go into the progress log, in items.
const MOST_ITEMS: usize = 4;

/// An attempt at a milestone that has ended.
pub(super) struct Ended<'a> {
    /// The milestone as the document has it now.
    pub(super) milestone: &'a Milestone,
    /// Where it stands now.
    pub(super) to: Status,
    /// What was handed back, if anything was.
    pub(super) handoff: Option<&'a Handoff>,
    /// What is known of its end beside that.
    pub(super) detail: Option<&'a str>,
    /// Whether it did what an earlier attempt had left.
    pub(super) gap: bool,
    /// Whether it only merged what an earlier attempt has done.
    pub(super) only_merges: bool,
    /// When, as the log writes it.
    pub(super) moment: &'a str,
}

/// What follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// What changes in the document, apart from the status.
    pub(super) edits: Vec<Edit>,
    /// How long it took, in minutes.
    pub(super) minutes: Option<u32>,
    /// How many boxes were ticked by this.
    pub(super) ticked: usize,
    /// The boxes of work that stay open and that the summary does not speak of, as they are written.
    pub(super) open: Vec<String>,
    /// Those of which it says that they are not done.
    pub(super) denied: Vec<String>,
    /// What a person should know and nothing waits for.
    pub(super) remarks: Vec<String>,
}

/// What the end of an attempt means.
pub(super) fn account(ended: &Ended<'_>) -> Account {
    let mut account = Account::default();
    let id = &ended.milestone.id;
    if ended.only_merges {
        let how = match (ended.to, ended.detail) {
            (Status::Success, _) => "complete: what was done before is merged now".to_owned(),
            (_, Some(detail)) => format!("still not merged: {detail}"),
            (_, None) => "still not merged".to_owned(),
        };
        account.edits.push(Edit::Log { moment: ended.moment.to_owned(), text: format!("{id} {how}.") });
        return account;
    }
    let summary = ended.handoff.map(|handoff| &handoff.summary);
    match summary.map(|summary| summary.minutes()) {
        Some(Ok(minutes)) => account.minutes = minutes,
        Some(Err(error)) => account.remarks.push(format!("{id}: {error}; its duration is not written")),
        None => {}
    }
    if let Some(minutes) = account.minutes {
        account.edits.push(Edit::Duration { id: id.clone(), minutes, gap: ended.gap });
    }
    let boxes = ended.milestone.section.as_ref().map(|section| section.boxes.as_slice()).unwrap_or_default();
    // What was rejected may be undone: nothing that it claims is ticked.
    let counts = ended.handoff.is_some_and(|handoff| !handoff.was_rejected(ended.to));
    let claims = summary.filter(|_| counts).map(|summary| summary.work.as_slice()).unwrap_or_default();
    let matched = match_boxes(boxes, claims);
    let is_ticked = |place: usize| matched.ticked.iter().any(|found| found.place == place);
    for (place, item) in
        boxes.iter().enumerate().filter(|(_, item)| item.is_work() && item.mark != BoxMark::Done)
    {
        if is_ticked(place) {
            let nth = boxes[..place].iter().filter(|other| other.text == item.text).count();
            account.edits.push(Edit::Tick { id: id.clone(), text: item.text.clone(), nth });
            account.ticked += 1;
        } else if matched.denied.contains(&place) {
            account.denied.push(item.text.clone());
        } else {
            account.open.push(item.text.clone());
        }
    }
    if ended.to == Status::Success {
        let id = &ended.milestone.id;
        let then = format!("look whether it is done, and tick it or `orch dispatch --gap {id}`");
        let silent =
            |boxes: &str| format!("{id} is complete, and its summary does not speak of {boxes}: {then}");
        account.remarks.extend(named(&account.open).map(|boxes| silent(&boxes)));
    }
    account.edits.push(Edit::Log { moment: ended.moment.to_owned(), text: entry(ended, &account, boxes) });
    account
}

/// The first few of `boxes` for a message; none when there are none.
fn named(boxes: &[String]) -> Option<String> {
    let shown: Vec<String> = boxes.iter().take(MOST_ITEMS).map(|text| format!("`{text}`")).collect();
    let more = boxes.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}

/// The entry of the progress log.
fn entry(ended: &Ended<'_>, account: &Account, boxes: &[TaskBox]) -> String {
    let what = if ended.gap { " gap-fill" } else { "" };
    let how = match ended.to {
        Status::Success => "complete",
        Status::Incomplete => "partial",
        Status::Fail if ended.handoff.is_some() => "blocked",
        _ => "failed",
    };
    let minutes = match account.minutes {
        Some(minutes) => format!(" ({minutes} min)"),
        None => String::new(),
    };
    let mut head = format!("{}{what} {how}{minutes}", ended.milestone.id);
    let mut parts = Vec::new();
    if let Some(handoff) = ended.handoff {
        let done = handoff.summary.work.iter().filter(|item| item.done != Some(false));
        let items: Vec<&str> = done.map(|item| item.text.trim_end_matches('.')).collect();
        if let Some((shown, more)) =
            items.split_at_checked(items.len().min(MOST_ITEMS)).filter(|(shown, _)| !shown.is_empty())
        {
            let more = if more.is_empty() { String::new() } else { format!("; {} more", more.len()) };
            parts.push(format!("{}{more}", shown.join("; ")));
        }
    }
    let problems = ended.handoff.map(|handoff| handoff.summary.issues.as_slice()).unwrap_or_default();
    if !problems.is_empty() {
        parts.push(format!("Issues: {}", problems.join("; ")));
    } else if let (Status::Fail | Status::Incomplete, Some(detail)) = (ended.to, ended.detail)
        // That it is partial or blocked is said already.
        && !ended.handoff.is_some_and(|handoff| {
            handoff.problems().first().is_some_and(|problem| detail.ends_with(problem.as_str()))
        })
    {
        head.push_str(&format!(": {detail}"));
    }
    let work = boxes.iter().filter(|item| item.is_work()).count();
    if work > 0 {
        parts.push(format!("Boxes: {} of {work} ticked", work - account.open.len() - account.denied.len()));
    }
    parts.insert(0, head);
    format!("{}.", parts.join(". "))
}

#[cfg(test)]
mod tests {
    use orch_state_md::planning::read;
    use orch_state_md::worker_summary;

    use super::*;

    const PLAN: &str = "# Plan\n\n### Milestone Progress Tracker\n\n\
        | Milestone | Model | Status | Duration (min) | Notes |\n|---|---|---|---|---|\n\
        | M1: Form | Sonnet | 🔄 In Progress | — | |\n\n\
        ## M1: Form\n\n- [ ] Write the form\n- [ ] Test the form\n- [x] Draw the form\n\
        - [ ] **Gate:** the owner likes it\n";

    fn of(text: &str, to: Status, gap: bool) -> Account {
        let planning = read(PLAN.as_bytes()).plan;
        let summary = worker_summary::read(text);
        let handoff = Handoff { name: None, bytes: Vec::new(), summary };
        account(&Ended {
            milestone: planning.milestone("M1").expect("it is in the document"),
            to,
            handoff: Some(&handoff),
            detail: None,
            gap,
            only_merges: false,
            moment: "2026-03-01 22:41",
        })
    }

    #[test]
    fn what_is_claimed_is_ticked_and_what_is_not_is_said() {
        let text = "**Status:** Completed\n**Start time:** 2026-03-01 22:10\n**End time:** 2026-03-01 22:41\n\n\
            ## Work completed\n- [x] Write the form\n";
        let found = of(text, Status::Success, false);
        assert_eq!(found.minutes, Some(31));
        assert_eq!(found.open, ["Test the form"]);
        let id = || "M1".to_owned();
        assert_eq!(
            found.edits,
            [
                Edit::Duration { id: id(), minutes: 31, gap: false },
                Edit::Tick { id: id(), text: "Write the form".into(), nth: 0 },
                Edit::Log {
                    moment: "2026-03-01 22:41".into(),
                    text: "M1 complete (31 min). Write the form. Boxes: 2 of 3 ticked.".into()
                },
            ]
        );
        assert_eq!(
            found.remarks,
            [
                "M1 is complete, and its summary does not speak of `Test the form`: look whether it is done, and tick it or \
              `orch dispatch --gap M1`"
            ]
        );
    }

    #[test]
    fn a_clock_that_went_backwards_is_said_and_no_duration_is_made_up() {
        let text = "**Status:** Partial\n**Start time:** 2026-03-01 22:10\n**End time:** 2026-03-01 21:00\n\n## Issues\n- No key\n";
        let found = of(text, Status::Incomplete, true);
        assert_eq!(found.minutes, None);
        assert!(found.remarks[0].contains("its duration is not written"), "{:?}", found.remarks);
        let Some(Edit::Log { text, .. }) = found.edits.last() else { panic!() };
        assert_eq!(text, "M1 gap-fill partial. Issues: No key. Boxes: 1 of 3 ticked.");
    }
}

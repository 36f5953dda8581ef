//! The state machine, pair by pair.

use orch_core::{Move, Outcome, Status};

#[test]
fn every_pair_of_status_and_move() {
    let mut table = String::new();
    for status in Status::ALL {
        for step in Move::ALL {
            let after = match status.after(step) {
                Ok(next) => next.to_string(),
                Err(refused) => format!("refused: {}", refused.why),
            };
            table += &format!("{:<10} {:<8} {after}\n", status.word(), format!("{step:?}"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn words_are_read_back_and_nothing_else_is() {
    for status in Status::ALL {
        assert_eq!(status.word().parse(), Ok(status));
    }
    for other in ["", "pending", "SUCCESS ", "DONE", "SUCCES", "FAILED"] {
        assert!(other.parse::<Status>().is_err(), "{other}");
    }
}

#[test]
fn only_ends_that_say_something_about_the_work_use_a_try() {
    let ends = [
        (Outcome::Succeeded, true),
        (Outcome::Incomplete, true),
        (Outcome::Obstructed, false),
        (Outcome::Rejected, false),
        (Outcome::Failed, true),
        (Outcome::Crashed, true),
        (Outcome::TimedOut, true),
        (Outcome::RateLimited { until: None }, false),
        (Outcome::Cancelled, false),
        (Outcome::CouldNotStart, false),
        (Outcome::Lost, false),
    ];
    for (outcome, uses) in ends {
        assert_eq!(outcome.uses_a_try(), uses, "{outcome}");
    }
}

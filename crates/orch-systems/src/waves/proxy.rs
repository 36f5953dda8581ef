//! What the agent answered that decides in the person's place (seed 004: `USER_DECISION:`).

/// What was decided about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is to be carried out.
    Proceed,
    /// It is to be changed, as is said here.
    Change(String),
    /// It is not to be carried out; why, if that was said.
    Cancel(String),
}

/// As many characters of the details as are kept.
const LONGEST: usize = 8000;

/// What `answer` decides: by its last block `USER_DECISION:` with a line `Choice:` and maybe one `Details:`, which may go on
/// below. `None` for everything else; nothing is guessed.
pub(super) fn decided(answer: &str) -> Option<Decision> {
    // What Markdown puts around words is no part of them.
    let lines: Vec<String> =
        answer.lines().map(|line| line.trim().trim_start_matches("> ").replace("**", "")).collect();
    // The form may have been repeated before it was filled in: the last counts.
    let begin = lines.iter().rposition(|line| line.trim() == "USER_DECISION:")?;
    let mut lines = lines[begin + 1..].iter().map(|line| line.trim());
    let choice = lines.find(|line| !line.is_empty())?.strip_prefix("Choice:")?;
    let choice = choice.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    let details: Vec<&str> = lines.filter(|line| !line.starts_with("```")).collect();
    let details = details.join("\n");
    let details = details.trim();
    let details = details.strip_prefix("Details:").unwrap_or(details).trim();
    let details: String = details.chars().take(LONGEST).collect();
    match choice.as_str() {
        "proceed" => Some(Decision::Proceed),
        // Nobody could change anything without being told what.
        "change" => Some(details).filter(|details| !details.is_empty()).map(Decision::Change),
        "cancel" => Some(Decision::Cancel(details)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_read() {
        let change = |details: &str| Some(Decision::Change(details.into()));
        for (answer, expected) in [
            ("USER_DECISION:\nChoice: proceed\nDetails: fine\n", Some(Decision::Proceed)),
            (
                "I looked.\n\n```text\nUSER_DECISION:\nChoice: `Proceed`\nDetails: x\n```\n",
                Some(Decision::Proceed),
            ),
            ("**USER_DECISION:**\n\nChoice: proceed", Some(Decision::Proceed)),
            (
                "USER_DECISION:\r\nChoice: change\r\nDetails: no JWT\r\nbut sessions\r\n",
                change("no JWT\nbut sessions"),
            ),
            ("USER_DECISION:\nChoice: cancel\n", Some(Decision::Cancel(String::new()))),
            (
                "USER_DECISION:\nChoice: proceed | change | cancel\nDetails: …\n\nUSER_DECISION:\nChoice: cancel\nDetails: no\n",
                Some(Decision::Cancel("no".into())),
            ),
            ("USER_DECISION:\nChoice: proceed\n\nUSER_DECISION:\nChoice: proceed | change | cancel\n", None),
            ("USER_DECISION:\nChoice: change\nDetails:\n", None),
            ("USER_DECISION:\nChoice: yes\n", None),
            ("USER_DECISION:\nDetails: proceed\n", None),
            ("USER_DECISION: proceed\n", None),
            ("Choice: proceed\n", None),
            ("proceed", None),
            ("", None),
        ] {
            assert_eq!(decided(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn details_are_bounded() {
        let answer = format!("USER_DECISION:\nChoice: change\nDetails: {}", "ü".repeat(50_000));
        let Some(Decision::Change(details)) = decided(&answer) else { panic!() };
        assert_eq!(details.chars().count(), LONGEST);
    }
}

//! What the files, branches and work trees of a milestone are called.

use orch_state_md::planning::milestone_id;

/// The longest a title may make a name, in bytes.
const LONGEST: usize = 48;

/// `text` in lower-case ASCII words with dashes between: what may stand in a file's name and in a branch's.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        let is_word = c.is_ascii_alphanumeric();
        if is_word {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' {
            slug.push('-');
        }
        if slug.len() >= LONGEST && !is_word {
            break;
        }
    }
    slug.truncate(LONGEST + LONGEST / 4);
    slug.trim_end_matches('-').to_owned()
}

/// The name of a milestone's files: `m3-remote-export`.
pub(super) fn milestone_slug(id: &str, title: &str) -> String {
    match (slug(id), slug(title)) {
        (id, title) if title.is_empty() => id,
        (id, title) => format!("{id}-{title}"),
    }
}

/// The file in which a worker leaves its summary; `gap` counts from one for those that fill gaps.
pub(super) fn summary_name(slug: &str, gap: Option<u32>) -> String {
    format!("{SUMMARY}{slug}{}.md", gap_suffix(gap))
}

/// The file with what a worker is told.
pub(super) fn prompt_name(slug: &str, gap: Option<u32>) -> String {
    format!("worker-prompt-{slug}{}.md", gap_suffix(gap))
}

/// What the names of summaries begin with.
const SUMMARY: &str = "worker-summary-";

pub(super) fn gap_suffix(gap: Option<u32>) -> String {
    match gap {
        None => String::new(),
        Some(1) => "-gap".into(),
        Some(more) => format!("-gap-{more}"),
    }
}

/// What a summary is called whose claim was rejected: it counts for nothing in what comes after.
pub(super) fn rejected_name(name: &str) -> String {
    format!("{}{REJECTED}", name.strip_suffix(".md").unwrap_or(name))
}

/// Whether a summary is called so, also as one of several.
pub(super) fn is_rejected(name: &str) -> bool {
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('.');
    stem.ends_with(REJECTED.trim_end_matches(".md"))
}

/// What the names of rejected ones end with.
const REJECTED: &str = ".rejected.md";

/// Whether a file is called as summaries are, and the milestone that its name says it is of.
pub(super) fn is_summary(name: &str) -> Option<Option<String>> {
    let rest = name.strip_prefix(SUMMARY)?.strip_suffix(".md")?;
    Some(id_of(rest))
}

/// Whether a file is called as the summaries of a milestone are.
pub(super) fn is_summary_of(name: &str, id: &str) -> bool {
    is_summary(name).flatten().as_deref() == Some(id)
}

/// The milestone that `m3-remote-export` or `milestone-3-remote-export` is of.
fn id_of(slug: &str) -> Option<String> {
    let slug = slug.replace('_', "-");
    let read =
        |text: &str| milestone_id(text).filter(|(_, length)| is_end(&text[*length..])).map(|(id, _)| id);
    read(&slug).or_else(|| read(&slug.replacen('-', " ", 1)))
}

fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['-', '.', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        for (text, expected) in [
            ("Remote export — fix!", "remote-export-fix"),
            ("  ../../etc/passwd\n", "etc-passwd"),
            ("Don't", "dont"),
            ("é", ""),
            ("M2a", "m2a"),
            (&"word ".repeat(40), "word-word-word-word-word-word-word-word-word-word"),
        ] {
            assert_eq!(slug(text), expected, "{text:?}");
        }
        assert!(slug(&"x".repeat(500)).len() <= 60);
        assert_eq!(milestone_slug("M3", "Auth & login"), "m3-auth-login");
        assert_eq!(milestone_slug("T1", "測試"), "t1");
    }

    #[test]
    fn rejected_summaries_are_told_by_their_names() {
        let name = rejected_name("worker-summary-m3-auth.md");
        assert_eq!(name, "worker-summary-m3-auth.rejected.md");
        assert!(is_rejected(&name) && is_rejected("worker-summary-m3-auth.rejected.2.md"));
        assert!(!is_rejected("worker-summary-m3-auth.md") && !is_rejected("worker-summary-m3-rejected.md"));
        assert_eq!(is_summary(&name), Some(Some("M3".to_owned())));
    }

    #[test]
    fn summaries_are_told_by_their_names() {
        assert_eq!(summary_name("m3-auth", None), "worker-summary-m3-auth.md");
        assert_eq!(summary_name("m3-auth", Some(1)), "worker-summary-m3-auth-gap.md");
        assert_eq!(summary_name("m3-auth", Some(2)), "worker-summary-m3-auth-gap-2.md");
        for (name, expected) in [
            ("worker-summary-m3-auth.md", Some(Some("M3"))),
            ("worker-summary-m3.md", Some(Some("M3"))),
            ("worker-summary-m2a-x-gap-2.md", Some(Some("M2a"))),
            ("worker-summary-milestone-3-auth.md", Some(Some("M3"))),
            ("worker-summary-T1_x.md", Some(Some("T1"))),
            ("worker-summary-auth.md", Some(None)),
            ("worker-summary-m3x9.md", Some(None)),
            ("worker-prompt-m3.md", None),
            ("state.json", None),
        ] {
            assert_eq!(is_summary(name), expected.map(|id| id.map(str::to_owned)), "{name}");
        }
    }
}

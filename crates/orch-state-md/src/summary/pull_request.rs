//! How a pull request is called and linked.

/// A pull request as a summary shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// What it is called: `#42`.
    pub label: String,
    /// Where it is; no link is made of anything but `http` and `https`.
    pub url: Option<String>,
}

impl PullRequest {
    /// The pull request that `text`, a URL, a number or a name, stands for; none when it says that there is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let label = pr_label(text);
        (label != "-").then(|| Self { label, url: is_url(text).then(|| text.to_owned()) })
    }
}

/// What a pull request is called: `#42` for `https://github.com/o/r/pull/42`, for `42` and for itself; `-` for none;
/// anything else as it is.
///
/// ```
/// assert_eq!(orch_state_md::summary::pr_label("https://github.com/o/r/pull/42"), "#42");
/// ```
pub fn pr_label(text: &str) -> String {
    let text = text.trim();
    if crate::state::escape::is_absent(text) || text.eq_ignore_ascii_case("null") {
        return "-".to_owned();
    }
    let number = if is_url(text) {
        let end = text.find(['?', '#']).unwrap_or(text.len());
        text[..end].trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    } else {
        text.strip_prefix('#').unwrap_or(text)
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("#{number}") } else { text.to_owned() }
}

/// Whether `text` is an address that a link may lead to.
pub(super) fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && text.len() > scheme.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (text, label) in [
            ("https://github.com/o/r/pull/42", "#42"),
            ("https://github.com/o/r/pull/42/", "#42"),
            ("https://github.com/o/r/pull/42#issuecomment-7", "#42"),
            ("https://github.com/o/r/pull/42?w=1", "#42"),
            ("HTTPS://gitlab.com/o/r/-/merge_requests/7\n", "#7"),
            ("https://github.com/o/r/pull/new/feature", "https://github.com/o/r/pull/new/feature"),
            ("https://", "https://"),
            ("#42", "#42"),
            ("42", "#42"),
            ("#", "#"),
            ("PR 42", "PR 42"),
            ("ftp://x/42", "ftp://x/42"),
            ("", "-"),
            (" ", "-"),
            ("-", "-"),
            ("None", "-"),
            ("null", "-"),
            ("é", "é"),
        ] {
            assert_eq!(pr_label(text), label, "{text}");
        }
    }

    #[test]
    fn only_web_addresses_are_linked() {
        let url = |text| PullRequest::read(text).and_then(|pr| pr.url);
        assert_eq!(url(" https://x/1\n").as_deref(), Some("https://x/1"));
        for text in ["#1", "javascript:alert(1)", "file:///etc/passwd", "//x/1", "-"] {
            assert_eq!(url(text), None, "{text}");
        }
    }
}

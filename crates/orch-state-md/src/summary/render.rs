//! From a summary to its text.

use std::fmt::Write as _;

use super::escape::{block, cell, code, code_line, destination, link_words, longest_run, prose};
use super::pull_request::is_url;
use super::{Commands, Demo, Failure, Merge, PullRequest, Row, Summary, Verification};

/// The text of `summary`. Sections that have nothing to say are left out, apart from the results and the pull requests.
pub fn render(summary: &Summary) -> String {
    let time = |time: &Option<String>| time.as_deref().map_or("-".to_owned(), prose);
    let mut out = format!(
        "# Build Complete: {}\n\n**Status**: {}\n**Started**: {}\n**Completed**: {}\n",
        prose(&summary.plan_id),
        prose(&summary.status),
        time(&summary.started_at),
        time(&summary.completed_at),
    );
    let description = block(&summary.description);
    if !description.is_empty() {
        line(&mut out, format_args!("\n{description}"));
    }
    results(&mut out, &summary.rows);
    merge_order(&mut out, &summary.merge_order, summary.restack.as_deref());
    section(&mut out, "Failures", &summary.failures, failure);
    section(&mut out, "Verification", &summary.verification, verification);
    section(&mut out, "For a person", &summary.demos, demo);
    if !summary.notes.is_empty() {
        out.push_str("\n## Notes\n\n");
        summary.notes.iter().for_each(|note| line(&mut out, format_args!("- {}", block(note))));
    }
    commands(&mut out, &summary.commands);
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _ = writeln!(out, "{text}");
}

/// A heading and each of `items`, unless there are none.
fn section<T>(out: &mut String, title: &str, items: &[T], write: fn(&mut String, &T)) {
    if !items.is_empty() {
        line(out, format_args!("\n## {title}"));
    }
    for item in items {
        out.push('\n');
        write(out, item);
    }
}

fn results(out: &mut String, rows: &[Row]) {
    out.push_str("\n## Results\n\n| Spec | Status | PR |\n|------|--------|-----|\n");
    for row in rows {
        let pr = row.pr.as_ref().map_or("-".to_owned(), pull_request);
        let (spec, sign, status) = (cell(name(&row.spec)), row.mark.sign(), cell(&row.status));
        line(out, format_args!("| {spec} | {sign} {status} | {pr} |"));
    }
}

fn pull_request(pr: &PullRequest) -> String {
    match &pr.url {
        Some(url) if is_url(url) => format!("[{}]({})", link_words(&pr.label), destination(url)),
        _ => cell(&pr.label),
    }
}

fn merge_order(out: &mut String, merges: &[Merge], restack: Option<&str>) {
    out.push_str("\n## PRs Ready for Review\n\n");
    if merges.is_empty() {
        out.push_str("None.\n");
        return;
    }
    out.push_str("Merge in this order (stacked):\n");
    for (at, merge) in merges.iter().enumerate() {
        let mut remarks = Vec::new();
        remarks.extend(merge.base.as_deref().map(|base| format!("onto {}", code(base))));
        remarks.extend((!merge.ready).then(|| "not ready".to_owned()));
        let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) };
        let title = prose(&merge.title);
        let title = if title.is_empty() { title } else { format!(" - {title}") };
        line(out, format_args!("{}. {}{title}{remarks}", at + 1, block(&merge.label)));
    }
    if let Some(restack) = restack {
        let restack = code(restack);
        line(
            out,
            format_args!(
                "\nAfter a squash (`gh pr merge --squash`), the branches stacked on what was merged still hold its \
                 commits: run {restack} before the next merge."
            ),
        );
    }
}

fn failure(out: &mut String, failure: &Failure) {
    line(out, format_args!("### {}", prose(name(&failure.spec))));
    line(out, format_args!("- **Error**: {}", prose(&failure.error)));
    if let Some(iterations) = failure.iterations {
        line(out, format_args!("- **Iterations**: {iterations}"));
    }
    line(out, format_args!("- **Session**: {}", prose(&failure.weaver)));
    for (key, command) in
        [("Debug", &failure.debug), ("Attach", &failure.attach), ("Resume", &failure.resume)]
    {
        if let Some(command) = command {
            line(out, format_args!("- **{key}**: {}", code(command)));
        }
    }
}

fn verification(out: &mut String, verification: &Verification) {
    line(out, format_args!("**{}**\n", prose(name(&verification.spec))));
    for check in &verification.checks {
        let (sign, words) = (check.result.mark().sign(), check.result.words());
        let detail = check.detail.as_deref().map(prose).filter(|detail| !detail.is_empty());
        let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        line(out, format_args!("- {sign} {}: {words}{detail}", prose(&check.name)));
    }
}

fn demo(out: &mut String, demo: &Demo) {
    line(out, format_args!("**{}**: {}\n", prose(name(&demo.spec)), prose(&demo.name)));
    for (at, step) in demo.steps.iter().enumerate() {
        line(out, format_args!("{}. {}", at + 1, block(step)));
    }
    if let Some(acceptance) = &demo.acceptance {
        let gap = if demo.steps.is_empty() { "" } else { "\n" };
        line(out, format_args!("{gap}It is good when: {}", prose(acceptance)));
    }
}

fn commands(out: &mut String, groups: &[Commands]) {
    if groups.is_empty() {
        return;
    }
    let mut code = String::new();
    for (at, group) in groups.iter().enumerate() {
        let gap = if at == 0 { "" } else { "\n" };
        line(&mut code, format_args!("{gap}# {}", code_line(&group.purpose)));
        group.lines.iter().for_each(|command| line(&mut code, format_args!("{}", code_line(command))));
    }
    let fence = "`".repeat((longest_run(&code, '`') + 1).max(3));
    line(out, format_args!("\n## Commands\n\n{fence}bash\n{code}{fence}"));
}

/// The name of a spec, without its ending.
fn name(spec: &str) -> &str {
    spec.strip_suffix(".yaml").or_else(|| spec.strip_suffix(".yml")).unwrap_or(spec)
}

//! Which part of the document is about which milestone.

use std::ops::Range;

use hashbrown::{HashMap, HashSet};
use orch_core::{Diagnostic, Position};

use super::id::milestone_id;
use super::plain::{after_id, name_of, one_line, plain, words};
use crate::text::{Findings, Line, Lines, Part, heading, quoted};

/// Sections without a row that are told at most.
const MOST_UNTRACKED: usize = 100;

/// What stands in front of `log` in the heading of a progress log.
const LOGS: [&str; 9] = [
    "progress",
    "work",
    "activity",
    "session",
    "execution",
    "development",
    "project",
    "status",
    "orchestrator",
];

/// What a row of the tracker is looked for by.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Its id; `None` when its cell has none and its section may have one.
    pub(super) id: Option<String>,
    pub(super) title: String,
}

/// A section as it was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) heading: String,
    /// The id in its heading.
    pub(super) id: Option<String>,
    pub(super) at: Position,
    pub(super) range: Range<usize>,
}

/// The parts of a document.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The sections of the wanted rows, by their place.
    pub(super) sections: Vec<Option<Found>>,
    /// The progress log, from its heading on.
    pub(super) log: Option<Found>,
    /// The heading of the document.
    pub(super) title: String,
}

/// A section that is being read, or was.
#[derive(Debug)]
struct Candidate {
    row: usize,
    level: usize,
    found: Found,
    /// Something stands in it.
    content: bool,
    /// It is in the section of another milestone.
    nested: bool,
}

impl Candidate {
    /// Which of several sections of one milestone counts: the highest, of these the first.
    fn rank(&self) -> u8 {
        2 * u8::from(self.content) + u8::from(!self.nested)
    }
}

/// Finds the parts of `text`. Where no section is, headings of the first level may stand over them.
pub(super) fn find(text: &str, wanted: &[Wanted], findings: &mut Findings) -> Parts {
    let (mut found, mut top_found) = (Findings::default(), Findings::default());
    let parts = find_from(2, text, wanted, &mut found);
    let has_sections = |parts: &Parts| parts.sections.iter().any(Option::is_some);
    if !wanted.is_empty() && !has_sections(&parts) {
        let top = find_from(1, text, wanted, &mut top_found);
        if has_sections(&top) {
            findings.append(top_found);
            return top;
        }
    }
    findings.append(found);
    parts
}

/// Finds the parts of `text` in one pass, sections under headings of the levels from `highest` on.
fn find_from(highest: usize, text: &str, wanted: &[Wanted], findings: &mut Findings) -> Parts {
    let mut finder = Finder::new(highest, wanted);
    for line in Lines::new(text) {
        finder.line(&line, findings);
    }
    finder.finish(text.len(), findings)
}

struct Finder<'w> {
    /// The highest level of the headings of sections.
    highest: usize,
    /// Something stands in the lines so far.
    begun: bool,
    by_id: HashMap<&'w str, usize>,
    /// The rows without an id by their words; none where two have the same.
    by_words: HashMap<String, Option<usize>>,
    /// The letters of the ids that there are.
    letters: HashSet<&'w str>,
    best: Vec<Option<Candidate>>,
    /// Where a second section of a milestone is.
    second: Vec<Option<Position>>,
    open: Vec<Candidate>,
    /// The level of a heading under which no milestone has its section: the log, groups, a table of contents.
    apart: Option<usize>,
    log: Option<Log>,
    logging: Option<usize>,
    title: Option<String>,
    untracked: HashSet<String>,
    /// Where the code or the comment begins that is open.
    hidden: Option<Position>,
}

struct Log {
    found: Found,
    sure: bool,
}

impl<'w> Finder<'w> {
    fn new(highest: usize, wanted: &'w [Wanted]) -> Self {
        let ids = || wanted.iter().enumerate().filter_map(|(row, wanted)| Some((wanted.id.as_deref()?, row)));
        let mut by_words = HashMap::new();
        for (row, wanted) in wanted.iter().enumerate().filter(|(_, wanted)| wanted.id.is_none()) {
            by_words.entry(words(&wanted.title)).and_modify(|row| *row = None).or_insert(Some(row));
        }
        Self {
            highest,
            begun: false,
            by_id: ids().collect(),
            by_words,
            letters: ids().map(|(id, _)| letters(id)).collect(),
            best: wanted.iter().map(|_| None).collect(),
            second: vec![None; wanted.len()],
            open: Vec::new(),
            apart: None,
            log: None,
            logging: None,
            title: None,
            untracked: HashSet::new(),
            hidden: None,
        }
    }

    fn line(&mut self, line: &Line<'_>, findings: &mut Findings) {
        self.hidden = match line.part {
            Part::Prose | Part::Close | Part::Comment { last: true } => None,
            _ => self.hidden.or(Some(Position::new(line.number, 1))),
        };
        let title = if line.is_hidden() { None } else { heading(line.span()) };
        let Some((level, title)) = title else {
            if !line.text.trim().is_empty() {
                self.begun = true;
                for candidate in &mut self.open {
                    candidate.content = true;
                }
            }
            return;
        };
        let shown = plain(title.text);
        let name = name_of(&shown);
        self.close(level, line.start);
        // The name of the whole document says of no part what it is: `# Parallel import`.
        let mut names_all = false;
        if level == 1 && self.title.is_none() && !shown.is_empty() {
            self.title = Some(shown.clone());
            names_all = !self.begun;
        }
        self.begun = true;
        let id = milestone_id(name);
        let found = || Found {
            heading: one_line(title.text),
            id: id.as_ref().map(|(id, _)| id.clone()),
            at: title.at,
            range: line.start..line.start,
        };
        if self.apart.is_none() && id.is_none() && !names_all {
            self.settle_apart(level, &words(name), found());
        }
        if self.apart.is_some() || names_all || !(self.highest..=4).contains(&level) {
            return;
        }
        let row = match &id {
            Some((id, _)) if self.by_id.contains_key(id.as_str()) => self.by_id.get(id.as_str()).copied(),
            // `## Milestone 4: Login` for a row that is called `Login`.
            Some((_, length)) => self.by_words.get(&words(after_id(&name[*length..]))).copied().flatten(),
            None => self.by_words.get(&words(name)).copied().flatten(),
        };
        if let Some(row) = row {
            if self.open.iter().all(|open| open.row != row) {
                let nested = !self.open.is_empty();
                self.open.push(Candidate { row, level, found: found(), content: false, nested });
            }
        } else if let Some((id, length)) = id
            && self.open.is_empty()
            && self.untracked.len() < MOST_UNTRACKED
            && self.is_clear(name, &id, length)
            && self.untracked.insert(id.clone())
        {
            let message = format!("{id} has a section, but no row in the tracker: {}", quoted(&shown));
            let hint = "add a row to the tracker, or take the id out of the heading";
            findings.push(Diagnostic::warning("planning.untracked", message).hint(hint).at(title.at));
        }
    }

    /// Whether a heading is clearly one of a milestone: it says so, or its id is of the kind that this tracker has and a name
    /// follows it.
    fn is_clear(&self, name: &str, id: &str, length: usize) -> bool {
        let written = &name[..length];
        let apart = name[length..].trim_start();
        written.to_ascii_lowercase().contains("milestone")
            || (written.len() <= id.len() + 1
                && self.letters.contains(letters(id))
                && (apart.is_empty() || apart.starts_with([':', '—', '–', '-', '.', ')'])))
    }

    /// Takes note of a heading that stands for no milestone and has none under it.
    fn settle_apart(&mut self, level: usize, words: &str, found: Found) {
        let sure = words.split_once(" log").is_some_and(|(whose, _)| LOGS.contains(&whose))
            || words.starts_with("progress notes");
        // Notes deep in a part about something else are no log.
        let log =
            sure || words == "log" || (level <= 2 && matches!(words, "notes" | "notes log" | "log notes"));
        if log && (sure || self.open.is_empty()) && self.log.as_ref().is_none_or(|log| sure && !log.sure) {
            self.log = Some(Log { found, sure });
            self.logging = Some(level);
        }
        let others = ["parallel", "dependenc", "table of contents", "contents", "milestone dependenc"];
        if sure || (log && self.open.is_empty()) || others.iter().any(|name| words.starts_with(name)) {
            self.apart = Some(level);
        }
    }

    /// Ends what a heading of `level` at byte `end` ends.
    fn close(&mut self, level: usize, end: usize) {
        if self.apart.is_some_and(|apart| level <= apart) {
            self.apart = None;
        }
        if self.logging.is_some_and(|log| level <= log) {
            self.logging = None;
            if let Some(log) = &mut self.log {
                log.found.range.end = end;
            }
        }
        while let Some(mut last) = self.open.pop_if(|open| open.level >= level) {
            last.found.range.end = end;
            let (best, second) = (&mut self.best[last.row], &mut self.second[last.row]);
            match best {
                Some(before) => {
                    if !before.nested && !last.nested {
                        second.get_or_insert(last.found.at);
                    }
                    if last.rank() > before.rank() {
                        *best = Some(last);
                    }
                }
                None => *best = Some(last),
            }
        }
    }

    fn finish(mut self, end: usize, findings: &mut Findings) -> Parts {
        self.close(1, end);
        if let Some(at) = self.hidden {
            let message = "the code or comment that begins here is never closed: nothing after it is read";
            let hint = "close it, with as many signs as it was opened with";
            findings.push(Diagnostic::warning("planning.unclosed", message).hint(hint).at(at));
        }
        for (best, second) in self.best.iter().zip(&self.second) {
            let (Some(best), Some(second)) = (best, second) else { continue };
            let message = format!(
                "there is another section of the milestone {}: the one in line {} counts",
                quoted(&best.found.heading),
                best.found.at.line
            );
            let hint = "join the two";
            findings.push(Diagnostic::warning("planning.section_twice", message).hint(hint).at(*second));
        }
        Parts {
            sections: self.best.into_iter().map(|best| best.map(|best| best.found)).collect(),
            log: self.log.map(|log| log.found),
            title: self.title.unwrap_or_default(),
        }
    }
}

/// The letters of an id.
fn letters(id: &str) -> &str {
    id.trim_end_matches(|c: char| c.is_ascii_lowercase()).trim_end_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(text: &str, rows: &[(Option<&str>, &str)]) -> (Vec<Option<(u32, usize)>>, Vec<String>) {
        let wanted: Vec<Wanted> = rows
            .iter()
            .map(|(id, title)| Wanted { id: id.map(str::to_owned), title: (*title).to_owned() })
            .collect();
        let mut findings = Findings::default();
        let parts = find(text, &wanted, &mut findings);
        let lines = |found: Found| (found.at.line, text[found.range].lines().count());
        let found = parts.sections.into_iter().map(|section| section.map(lines)).collect();
        (found, findings.finish("x").into_iter().map(|finding| finding.code.into_owned()).collect())
    }

    #[test]
    fn finds_sections_by_id() {
        for (text, expected, codes) in [
            ("## M1: x\na\n## M2\nb\n", [Some((1, 2)), Some((3, 2))], &[][..]),
            (
                "## Milestones\n### Milestone 1 — x\na\n\n### 🚀 **m2**\n# end\n",
                [Some((2, 3)), Some((5, 1))],
                &[],
            ),
            ("## 3. [M1: x](#a)\n### M1 tasks\na\n## ~~M2~~\n", [Some((1, 3)), Some((4, 1))], &[]),
            ("- [M1](#m1)\n```\n## M1\n```\n##### M2\n", [None, None], &[]),
            ("## M1\n## M2\n## M1 again\nx\n", [Some((3, 2)), Some((2, 1))], &["planning.section_twice"]),
            ("## Progress Log\n### M1 done\nx\n## M2\n### M2 x\n", [None, Some((4, 2))], &[]),
            ("## Parallel Development\n### M1\n## M1\n### M2\nx\n", [Some((3, 3)), Some((4, 2))], &[]),
            ("# Parallel import\n## M1\na\n## M2\n", [Some((2, 2)), Some((4, 1))], &[]),
            ("# P\n# M1: x\na\n## Tasks\n# M2\nb\n# Log\nc\n", [Some((2, 3)), Some((5, 2))], &[]),
            ("| x |\n# Milestone 1\na\n# M2\n", [Some((2, 2)), Some((4, 1))], &[]),
            ("# M1: all of it\na\n# Appendix\n", [None, None], &[]),
            ("# P\n# M1\na\n## M2\n", [None, Some((4, 1))], &[]),
            ("# Progress log viewer\n## M1\na\n# Progress log\n## M2\n", [Some((2, 2)), None], &[]),
            ("## M1\n### M2 check\nx\n## M2\ny\n", [Some((1, 3)), Some((4, 2))], &[]),
            ("## M1\n```\n## M2\n", [Some((1, 3)), None], &["planning.unclosed"]),
            ("## M3: z\n## M3: z\n## H2 base\n## Milestone 9\n", [None, None], &["planning.untracked"; 2]),
        ] {
            let (found, found_codes) = sections(text, &[(Some("M1"), "x"), (Some("M2"), "y")]);
            assert_eq!(found, expected, "{text:?}");
            assert_eq!(found_codes, codes, "{text:?}");
        }
    }

    #[test]
    fn finds_sections_by_words() {
        let rows = [(None, "Sign-in pages"), (None, "API"), (None, "api")];
        let (found, _) = sections("## 1. Sign-In Pages\n## Milestone 2: API\n", &rows);
        assert_eq!(found, [Some((1, 1)), None, None]);
        let (found, _) = sections("## Milestone 7 — sign-in pages\nx", &rows);
        assert_eq!(found[0], Some((1, 2)));
    }
}

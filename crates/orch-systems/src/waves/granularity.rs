//! Whether tasks are of the right grain (seed 004): five to ten minutes each, with their tests, and no file of two of a wave.

use std::collections::HashMap;

use orch_core::Diagnostic;
use orch_state_commits::{PlanTask, TaskId};

/// How long a task may take, in minutes.
const LEAST: u32 = 5;
const MOST: u32 = 10;

/// Something that may be better about a task. The plan can be carried out with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coarse {
    /// The task.
    pub(super) task: TaskId,
    /// What about it.
    pub(super) found: Diagnostic,
}

/// What may be better about the tasks of these waves.
pub(super) fn granularity(waves: &[Vec<&PlanTask>]) -> Vec<Coarse> {
    let mut coarse = Vec::new();
    for (number, wave) in (1..).zip(waves) {
        for task in wave {
            let found = time_of(task).into_iter().chain(tests_of(task));
            coarse.extend(found.map(|found| Coarse { task: task.id.clone(), found }));
        }
        coarse.extend(shared(number, wave));
    }
    coarse
}

fn time_of(task: &PlanTask) -> Option<Diagnostic> {
    let (id, written) = (&task.id, task.estimated_time.as_str());
    let Some(minutes) = minutes(written) else {
        let said = match written.is_empty() {
            true => format!("`{id}` does not say how long it may take"),
            false => format!("`{id}` may take `{written}`, which is no time such as `8 minutes`"),
        };
        return Some(
            Diagnostic::warning("waves.no_time", said).hint("say it in estimated_time: 5 to 10 minutes"),
        );
    };
    match minutes {
        ..LEAST => Some(
            Diagnostic::warning(
                "waves.too_short",
                format!("`{id}` takes {minutes} minutes, and 5 to 10 are right"),
            )
            .hint("put it together with what it belongs to"),
        ),
        LEAST..=MOST => None,
        _ => Some(
            Diagnostic::warning(
                "waves.too_long",
                format!("`{id}` takes {minutes} minutes, and 10 are the most"),
            )
            .hint("split it into two tasks or more"),
        ),
    }
}

/// The time that `text` says, in minutes, the longest of several: `8 minutes`, `~10 min`, `5-10 minutes`, `1h 30m`, `12`.
pub(super) fn minutes(text: &str) -> Option<u32> {
    /// Longer ones are no estimate.
    const LONGEST: f64 = 1e6;
    let (mut longest, mut sum, mut rest) = (None, 0.0, text.trim_start());
    let mut bare = None;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let between = rest[..at].trim();
        let is_range = matches!(between, "-" | "–" | "—" | "to" | "or" | "..");
        rest = &rest[at..];
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].trim_end_matches('.').parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let factor = match rest[..letters].to_ascii_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0 / 60.0),
            "m" | "min" | "mins" | "minute" | "minutes" => Some(1.0),
            "h" | "hr" | "hrs" | "hour" | "hours" => Some(60.0),
            "d" | "day" | "days" => Some(1440.0),
            _ => None,
        };
        if is_range {
            (longest, sum) = (Some(f64::max(longest.unwrap_or(0.0), sum)), 0.0);
        }
        match factor {
            Some(factor) => {
                rest = &rest[letters..];
                // The first of a range has the unit of the second.
                sum += number * factor;
                longest = longest.map(|longest: f64| longest.max(bare.take().unwrap_or(0.0) * factor));
            }
            None => bare = Some(number),
        }
    }
    let known = longest.unwrap_or(0.0).max(sum);
    let minutes = match bare {
        // A number alone means minutes.
        Some(number) if known == 0.0 => number,
        _ => known,
    };
    (minutes > 0.0 && minutes <= LONGEST).then(|| minutes.ceil() as u32)
}

fn tests_of(task: &PlanTask) -> Option<Diagnostic> {
    let files = || task.files.iter().map(|file| file.path());
    let says = |text: &String| is_of_tests(text);
    let is_of_documents = !task.files.is_empty() && files().all(is_document);
    if is_of_documents
        || files().any(is_of_tests)
        || says(&task.description)
        || task.provides.iter().any(says)
    {
        return None;
    }
    let said = format!("`{}` names no tests", task.id);
    Some(
        Diagnostic::warning("waves.no_tests", said)
            .hint("tests belong to the task whose code they test: name their files"),
    )
}

/// Whether a word of it says so: `tests/user.rs`, `test_user.py`, `UserTest.java`, `user.spec.ts`, but not `latest.py`.
fn is_of_tests(text: &str) -> bool {
    let is_word = |word: &str| {
        let words = ["test", "tests", "tested", "testing", "spec", "specs", "conftest", "e2e"];
        words.iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let humps = word.char_indices().filter(|(_, c)| c.is_uppercase()).map(|(at, _)| at);
        let starts: Vec<usize> = std::iter::once(0).chain(humps).chain([word.len()]).collect();
        is_word(word) || starts.windows(2).any(|part| is_word(&word[part[0]..part[1]]))
    })
}

fn is_document(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    ["md", "txt", "rst", "adoc"].contains(&ending.as_str())
}

/// Files that two tasks of one wave change. A folder means all that is in it.
fn shared(number: u32, wave: &[&PlanTask]) -> Vec<Coarse> {
    let mut files: HashMap<&str, &TaskId> = HashMap::new();
    let mut folders: HashMap<&str, &TaskId> = HashMap::new();
    let mut coarse = Vec::new();
    let mut told = std::collections::HashSet::new();
    let mut found = |task: &TaskId, other: &TaskId, path: &str| {
        if task != other && told.insert((task.clone(), other.clone(), path.to_owned())) {
            let said = format!("`{other}` and `{task}` are both in wave {number}, and both change `{path}`");
            let found = Diagnostic::warning("waves.shared_file", said)
                .hint("let one of them change it, or have one wait for the other by a precondition");
            coarse.push(Coarse { task: task.clone(), found });
        }
    };
    let placed = || {
        wave.iter().flat_map(|task| task.files.iter().map(|file| (&task.id, file.path()))).map(
            |(id, path)| {
                let path = path.strip_prefix("./").unwrap_or(path);
                let folder = path.trim_end_matches(['*', '/']);
                (id, folder, folder.len() < path.len())
            },
        )
    };
    for (id, path, is_folder) in placed().filter(|(_, path, _)| !path.is_empty()) {
        let known = if is_folder { &mut folders } else { &mut files };
        found(id, known.entry(path).or_insert(id), path);
    }
    for (id, path, _) in placed() {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]).chain([path]);
        for above in above {
            if let Some(other) = folders.get(above) {
                found(id, other, path);
            }
        }
    }
    coarse
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, time: &str, files: &[&str]) -> PlanTask {
        let mut task = PlanTask::new(id.parse().unwrap(), "Make it");
        task.estimated_time = time.into();
        task.files = files.iter().map(|file| (*file).into()).collect();
        task
    }

    fn said(waves: &[Vec<&PlanTask>]) -> Vec<(String, String)> {
        let told = granularity(waves).into_iter();
        told.map(|coarse| (coarse.task.to_string(), coarse.found.message)).collect()
    }

    #[test]
    fn times_are_read_as_agents_write_them() {
        for (text, expected) in [
            ("8 minutes", Some(8)),
            ("8 min", Some(8)),
            ("~10 minutes", Some(10)),
            ("5-10 minutes", Some(10)),
            ("5–12 min", Some(12)),
            ("5 to 10 min", Some(10)),
            ("10 to 5 minutes", Some(10)),
            ("8m", Some(8)),
            ("7.5 minutes", Some(8)),
            ("90 seconds", Some(2)),
            ("1h 30m", Some(90)),
            ("1.5 hours", Some(90)),
            ("1 hour", Some(60)),
            ("10", Some(10)),
            ("about ten minutes", None),
            ("", None),
            ("0 minutes", None),
            ("99999999999999999999 minutes", None),
            ("1.2.3 minutes", None),
            ("soon ( )", None),
        ] {
            assert_eq!(minutes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn five_to_ten_minutes_are_right() {
        for (time, says) in [
            ("5 minutes", ""),
            ("10 minutes", ""),
            ("11 minutes", "takes 11 minutes, and 10 are the most"),
            ("4 minutes", "takes 4 minutes, and 5 to 10 are right"),
            ("soon", "may take `soon`, which is no time"),
            ("", "does not say how long"),
        ] {
            let task = task("001", time, &["tests/a.rs"]);
            let said = said(&[vec![&task]]);
            assert_eq!(said.len(), usize::from(!says.is_empty()), "{time}: {said:?}");
            assert!(said.iter().all(|(_, said)| said.contains(says)), "{time}: {said:?}");
        }
    }

    #[test]
    fn tests_are_known_by_words() {
        for (text, expected) in [
            ("tests/user.rs", true),
            ("src/test_user.py", true),
            ("src/UserTest.java", true),
            ("src/user.spec.ts", true),
            ("src/__tests__/a.js", true),
            ("Write it, with tests", true),
            ("src/latest.py", false),
            ("src/testimonial.rs", false),
            ("src/contest/Attested.java", false),
            ("spécial", false),
        ] {
            assert_eq!(is_of_tests(text), expected, "{text}");
        }
        for (files, finds) in
            [(&["src/a.rs"][..], 1), (&[], 1), (&["README.md"], 0), (&["README.md", "a.rs"], 1)]
        {
            let task = task("001", "8 minutes", files);
            assert_eq!(said(&[vec![&task]]).len(), finds, "{files:?}");
        }
    }

    #[test]
    fn files_of_one_wave_are_of_one_task() {
        for (one, other, shared) in [
            (&["src/a.rs", "tests/a.rs"][..], &["src/b.rs", "tests/b.rs"][..], ""),
            (&["a.rs", "tests/a.rs"], &["./a.rs (create)", "tests/b.rs"], "a.rs"),
            (&["src/", "tests/a.rs"], &["src/deep/a.rs", "tests/b.rs"], "src/deep/a.rs"),
            (&["src/deep/a.rs", "tests/a.rs"], &["src/**", "tests/b.rs"], "src/deep/a.rs"),
            (&["src/*", "tests/a.rs"], &["src/", "tests/b.rs"], "src"),
            (&["src", "tests/a.rs"], &["src2/a.rs", "tests/b.rs"], ""),
            (&["tests/a.rs", "tests/a.rs"], &[], ""),
        ] {
            let (one, other) = (task("001", "8 minutes", one), task("002", "8 minutes", other));
            let told = said(&[vec![&one, &other]]);
            let told: Vec<_> = told.iter().filter(|(_, said)| said.contains("wave 1")).collect();
            assert_eq!(told.len(), usize::from(!shared.is_empty()), "{told:?}");
            assert!(told.iter().all(|(_, said)| said.contains(&format!("`{shared}`"))), "{told:?}");
            let apart = said(&[vec![&one], vec![&other]]);
            assert!(apart.iter().all(|(_, said)| !said.contains("both")), "{apart:?}");
        }
    }
}

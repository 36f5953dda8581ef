//! What is to be checked, as the plan says it.

use std::time::Duration;

use crate::text;

/// How much of a label is kept, in characters.
const LABEL_CHARS: usize = 160;

/// One check of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A short name (`name`, schema v2).
    pub name: Option<String>,
    /// Why it is checked (`reason`, schema v2); told to the weaver when it fails.
    pub reason: Option<String>,
    /// What is checked.
    pub what: What,
    /// How long it may take; none: what [`Verification::with_limit`](crate::Verification::with_limit) says.
    pub limit: Option<Duration>,
}

/// The kinds of checks of seed 003, schema v1 and v2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A command of the plan's author, run verbatim as one argument of `sh -c`.
    Command {
        /// The command.
        run: String,
        /// The exit code it must end with.
        expect: i32,
    },
    /// A pattern that must be found.
    ///
    /// A pattern is a regular expression, looked for line by line; `^` and `$` are the ends of a line, with or
    /// without a carriage return. It is found as well where its very text stands, so that `foo(` and `a[0]` do what
    /// their author meant. What is no regular expression is plain text, and the evidence says so. Look-around and
    /// back references are neither: not finding them is an error, since nobody can say what it proves.
    FileContains {
        /// A file, or a folder: then all files beneath it but `.git`, links and binary files.
        path: String,
        /// The pattern.
        pattern: String,
    },
    /// A pattern that must not be found. A path that is not there fails: a misspelt one must not pass.
    FileNotContains {
        /// A file or a folder, as for [`What::FileContains`].
        path: String,
        /// The pattern, as for [`What::FileContains`].
        pattern: String,
    },
    /// A file or a folder that must be there.
    FileExists {
        /// Its path in the work tree.
        path: String,
    },
    /// Tests that must have been written before the code.
    ///
    /// Weavers of the originals never commit tests, so what is asked for is that every file is in the work tree and
    /// holds something. Where the branch has tests in its commits, none may have come in after the first commit
    /// that touches anything but tests ([`Facts`](crate::Facts)).
    TestFirst {
        /// What the author says of it.
        description: String,
        /// The test files.
        files: Vec<String>,
    },
    /// Something a person tries out. No machine passes or fails it.
    Demo {
        /// What it shows.
        description: String,
        /// What to do.
        steps: Vec<String>,
        /// What must be seen.
        acceptance: String,
    },
    /// A judgement by another agent.
    Agent {
        /// What it is to judge.
        prompt: String,
    },
}

impl Check {
    /// A check without a name, a reason or a limit of its own.
    pub fn new(what: What) -> Self {
        Self { name: None, reason: None, what, limit: None }
    }

    /// What it is called in reports, on one line: `[command] npm test`.
    pub fn label(&self) -> String {
        let what = match &self.what {
            What::Command { run, .. } => run.clone(),
            What::FileContains { path, pattern } | What::FileNotContains { path, pattern } => {
                format!("{} in {path}", pattern.trim_end())
            }
            What::FileExists { path } => path.clone(),
            What::TestFirst { files, .. } => files.join(", "),
            What::Demo { description, .. } => description.clone(),
            What::Agent { prompt } => prompt.trim_start().lines().next().unwrap_or_default().to_owned(),
        };
        let told = match (&self.name, &self.what) {
            (None, _) => what,
            // A demo and an agent go by their name alone, as in the originals.
            (Some(name), What::Demo { .. } | What::Agent { .. }) => name.clone(),
            (Some(name), _) => format!("{name}: {what}"),
        };
        let told = text::line(&told, LABEL_CHARS);
        format!("[{}] {told}", self.what.kind()).trim_end().to_owned()
    }
}

impl What {
    /// The kind as specs spell it: `command`, `file-contains` and so on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::FileContains { .. } => "file-contains",
            Self::FileNotContains { .. } => "file-not-contains",
            Self::FileExists { .. } => "file-exists",
            Self::TestFirst { .. } => "test-first-check",
            Self::Demo { .. } => "demo",
            Self::Agent { .. } => "agent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_on_a_line() {
        let command = |run: &str| What::Command { run: run.into(), expect: 0 };
        let pattern = || What::FileContains { path: "src/a.ts".into(), pattern: "bcrypt\n".into() };
        let agent = || What::Agent { prompt: "\nLook at it.\nReport.".into() };
        for (name, what, expected) in [
            (None, command("npm test"), "[command] npm test"),
            (Some("tests"), command("npm test"), "[command] tests: npm test"),
            (None, command("a\n\u{1b}[31mb"), "[command] a b"),
            (None, command(""), "[command]"),
            (None, pattern(), "[file-contains] bcrypt in src/a.ts"),
            (None, agent(), "[agent] Look at it."),
            (Some("security-review"), agent(), "[agent] security-review"),
        ] {
            let check = Check { name: name.map(str::to_owned), ..Check::new(what) };
            assert_eq!(check.label(), expected);
        }
        assert!(Check::new(command(&"ä".repeat(5000))).label().chars().count() < 200);
    }
}

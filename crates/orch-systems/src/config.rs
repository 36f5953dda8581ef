//! `orch.toml`: how runs go in this project. Every key is optional; what is not known is refused, with its place.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_core::Position;
use orch_exec::agent::ProfileTable;
use serde::{Deserialize, Deserializer, de};

/// The name of the file.
const NAME: &str = "orch.toml";

/// A configuration file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It says something that orch does not understand.
    #[error("{message}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
        /// Where.
        at: Option<Position>,
    },
}

/// What `orch.toml` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How runs go.
    pub run: RunTable,
    /// Terminal sessions.
    pub tmux: TmuxTable,
    /// Work trees.
    pub worktrees: WorktreesTable,
    /// What only planning documents have.
    pub milestones: MilestonesTable,
    /// What only streams have.
    pub streams: StreamsTable,
    /// What only plans of weavers have.
    pub weavers: WeaversTable,
    /// What only plans of waves have.
    pub waves: WavesTable,
    /// Agents of one's own, and changes to the built-in ones.
    pub agents: BTreeMap<String, ProfileTable>,
    /// Where it was found; none when there is no file.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

/// The table `[run]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunTable {
    /// The agent for every task.
    pub agent: Option<String>,
    /// How many tasks at once.
    pub jobs: Option<NonZeroU32>,
    /// How long one attempt may take, such as `45m`.
    #[serde(deserialize_with = "duration")]
    pub timeout: Option<Duration>,
    /// How often a failed task is tried again.
    pub retries: Option<u32>,
    /// The rest before that, doubled each time, such as `10s`.
    #[serde(deserialize_with = "duration")]
    pub backoff: Option<Duration>,
    /// Whether a failure leaves the rest going.
    pub keep_going: Option<bool>,
    /// The review of each task's work: a command, or `false`.
    pub review: Option<Command>,
    /// The agent's word on the requirements after all prompts, on top of the built-in rules: a command, or `false`.
    pub validator: Option<Command>,
    /// Whether requirements are validated at the end.
    pub validation: Option<bool>,
    /// Survive a kill of orch (`process`) or a power cut as well (`power`).
    pub durability: Option<Durability>,
    /// What is done with a worker that outlived its orch: `wait` for it, or `end` it and run its task again.
    pub survivors: Option<Survivors>,
    /// How long a provider's rate limit is waited for, such as `6h`.
    #[serde(deserialize_with = "duration")]
    pub rate_limit_wait: Option<Duration>,
    /// The time between asking a worker to end and ending it, such as `10s`.
    #[serde(deserialize_with = "duration")]
    pub grace: Option<Duration>,
    /// How long a worker that has said its last word may take to end before it is ended, such as `1m`.
    #[serde(deserialize_with = "duration")]
    pub linger: Option<Duration>,
    /// The most that one attempt's log may occupy, in MiB; 0 for no limit.
    pub log_cap_mib: Option<u64>,
    /// What workers run in, unless the system's custom.
    pub executor: Option<ExecutorKind>,
    /// Told at the end of every run: a command, with `{title}` and `{text}` in its arguments replaced.
    pub notify: Option<Vec<String>>,
    /// A folder of templates that replace the built-in ones of the same name, relative to `orch.toml`.
    pub templates: Option<PathBuf>,
}

/// The table `[tmux]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TmuxTable {
    /// The name of a server of its own (`tmux -L`), rather than the user's default one.
    pub server: Option<String>,
}

/// The table `[worktrees]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorktreesTable {
    /// The folder that they are made in, relative to the repository's root; `.worktrees` unless set.
    pub folder: Option<PathBuf>,
    /// A command that makes a new work tree ready (installs dependencies); runs in it before its worker starts.
    pub setup: Option<Vec<String>>,
    /// Files of the main work tree that git does not track and that each new work tree needs, such as `.env`.
    pub copy: Vec<PathBuf>,
    /// Whether submodules are checked out in new work trees; they are unless this is `false`.
    pub submodules: Option<bool>,
}

/// The table `[milestones]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MilestonesTable {
    /// Whether each milestone has a work tree and a branch of its own, which is merged when it is done; they have in a git
    /// repository unless this is `false`. Then all work in the project's own work tree.
    pub worktrees: Option<bool>,
}

/// The table `[streams]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamsTable {
    /// Whether each stream has a work tree and a branch of its own, which is merged when it is done; they have in a git
    /// repository unless this is `false`. Then all work in the project's own work tree.
    pub worktrees: Option<bool>,
}

/// The table `[weavers]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeaversTable {
    /// How a pull request is opened: a command (`gh pr create` and its arguments unless set), or `false`.
    pub pull_request: Option<Command>,
    /// The remote that branches are pushed to before that; `origin` unless set.
    pub remote: Option<String>,
    /// How often a weaver may try until its checks pass; 5 unless set.
    pub iterations: Option<NonZeroU32>,
    /// How long one check may take unless its spec says so, such as `10m`; 5 minutes unless set.
    #[serde(deserialize_with = "duration")]
    pub check_timeout: Option<Duration>,
}

/// The table `[waves]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WavesTable {
    /// The agent that answers in the person's place, with `orch generate --confirm agent`: whether a plan is to be carried
    /// out. The agent that plans unless set.
    pub user: Option<String>,
    /// A command that runs in a task's work tree, with all that is on `flow` merged into it, before the task is merged, and
    /// that has to end well: the program and its arguments.
    pub verify: Option<Vec<String>>,
    /// Whether a task begins as soon as all that it needs is there, rather than when the whole wave before it is over.
    pub continuous: Option<bool>,
}

/// What workers run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutorKind {
    /// Plain processes.
    Process,
    /// A tmux session each.
    Tmux,
}

/// A command as an argument vector, or `false` for none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a list of the program and its arguments, or false")]
pub enum Command {
    /// `false`: none. (`true` asks for the default.)
    Switch(bool),
    /// The program and its arguments.
    Argv(Vec<String>),
}

/// What a recorded transition survives: that a task was started, how it ended, what its review said, what a person
/// edited. In detail: [`orch_store::Durability`].
///
/// With either, a worker starts only once its start is recorded, and a dependent only once the end it needs is; nothing
/// acknowledged is lost by the end of orch, and the state file is whole at any moment. What workers write is theirs: orch
/// syncs its own files only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// The end of orch at any moment. A power cut may take the last transitions, as a rule those of half a minute: their
    /// tasks run again, also those whose dependents had begun. For many short tasks that may be repeated.
    Process,
    /// A power cut as well: every transition is on the disk before anything rests on it. The default: forgetting a task
    /// costs an agent's minutes, and what it did outside twice; next to that, a millisecond for the disk is nothing.
    #[default]
    Power,
}

impl From<Durability> for orch_store::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Process => Self::Process,
            Durability::Power => Self::Power,
        }
    }
}

/// What is done with a worker that outlived its orch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Survivors {
    /// It is waited for: its work is paid for.
    #[default]
    Wait,
    /// It is ended, and its task is run again.
    End,
}

impl Config {
    /// The `orch.toml` in `folder`, or in the nearest folder above it up to `root`; all defaults when there is none.
    ///
    /// # Errors
    /// [`ConfigError`] when there is one that can't be used.
    pub fn find(folder: &Path, root: &Path) -> Result<Self, ConfigError> {
        for folder in folder.ancestors() {
            let path = folder.join(NAME);
            // A pipe in its place would be waited for for ever.
            if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
                let source = std::io::Error::other("it is not a file");
                return Err(ConfigError::Read { path, source });
            }
            match fs::read_to_string(&path) {
                Ok(text) => return Self::read(&text, path),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::Read { path, source }),
            }
            if folder == root {
                break;
            }
        }
        Ok(Self::default())
    }

    fn read(text: &str, path: PathBuf) -> Result<Self, ConfigError> {
        let mut config: Config = toml::from_str(text).map_err(|error| ConfigError::Content {
            at: error.span().map(|span| position(text, span.start)),
            message: error.message().trim().replace('\n', "; "),
            path: path.clone(),
        })?;
        if let (Some(folder), Some(templates)) = (path.parent(), &config.run.templates) {
            config.run.templates = Some(folder.join(templates));
        }
        config.path = Some(path);
        Ok(config)
    }
}

fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() as u32 + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    Position::new(line, before[start..].chars().count() as u32 + 1)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map(Some).map_err(de::Error::custom)
}

/// Reads a length of time as people write it: `90s`, `45m`, `1h 30m`.
///
/// # Errors
/// Why it can't be read, as a fragment.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| {
        let error = error.to_string();
        format!("`{text}` is not a length of time such as `45m` or `1h 30m` ({error})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        Config::read(text, "/project/orch.toml".into())
    }

    #[test]
    fn reads_the_contract() {
        let config = read(
            r#"
            [run]
            agent = "mine"
            jobs = 4
            timeout = "45m"
            retries = 1
            review = ["coderabbit", "--plain"]
            templates = "prompts"

            [agents.mine]
            command = ["python3", "agent.py", "{prompt_file}"]
            prompt = "file"
            env = { MODE = "fast" }
            result = "report"
            rate_limit = ["429", "rate limit", "too many requests"]
            resume = ["--resume", "{session}"]
            "#,
        )
        .unwrap();
        assert_eq!(config.run.timeout, Some(Duration::from_secs(2700)));
        assert_eq!(config.run.review, Some(Command::Argv(vec!["coderabbit".into(), "--plain".into()])));
        assert_eq!(config.run.templates.as_deref(), Some(Path::new("/project/prompts")));
        assert!(config.agents.contains_key("mine"));
        assert_eq!(read("[run]\nreview = false").unwrap().run.review, Some(Command::Switch(false)));
    }

    #[test]
    fn reads_what_waves_have() {
        let config = read("[waves]\nuser = \"reader\"\nverify = [\"cargo\", \"test\"]\ncontinuous = true\n");
        let waves = config.unwrap().waves;
        assert_eq!((waves.user.as_deref(), waves.continuous), (Some("reader"), Some(true)));
        assert_eq!(waves.verify, Some(vec!["cargo".to_owned(), "test".to_owned()]));
    }

    #[test]
    fn what_it_does_not_know_is_refused_with_its_place() {
        for (text, line, column, says) in [
            ("[run]\nagnet = \"x\"\n", 2, 1, "unknown field `agnet`"),
            ("[run]\njobs = 0\n", 2, 8, "nonzero"),
            ("[run]\ntimeout = \"soon\"\n", 2, 11, "not a length of time"),
            ("[run]\nreview = 3\n", 2, 10, "a list of the program and its arguments"),
            ("[run\n", 1, 5, ""),
        ] {
            let Err(ConfigError::Content { at: Some(at), message, .. }) = read(text) else {
                panic!("{text:?} should be refused");
            };
            assert!(message.contains(says), "{text:?}: {message}");
            assert_eq!((at.line, at.column), (line, column), "{text:?}: {message}");
        }
    }

    #[test]
    fn the_nearest_file_up_to_the_root_counts() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(root.path().join("orch.toml"), "[run]\njobs = 2\n").unwrap();
        let jobs = |root: &Path| Config::find(&deep, root).unwrap().run.jobs.map(NonZeroU32::get);
        assert_eq!(jobs(root.path()), Some(2));
        assert_eq!(jobs(&root.path().join("a")), None, "not above the root");
        fs::write(root.path().join("a/orch.toml"), "[run]\njobs = 3\n").unwrap();
        assert_eq!(jobs(root.path()), Some(3));
    }
}

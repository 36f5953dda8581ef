//! What an agent profile holds, and how `orch.toml` adds to one or changes one.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Deserialize;

use super::Builtin;
use super::placeholders::{self, Field, Values};

/// How the prompt reaches the worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handover {
    /// As a file: `{prompt_file}` in the arguments, `ORCH_PROMPT_FILE` in the environment. Stdin is closed.
    #[default]
    File,
    /// On stdin, which is closed after it.
    Stdin,
    /// As an argument, `{prompt}`. Stdin is closed.
    Arg,
    /// Not at all: the command knows by itself what to do for a task, and no file is written for it. Stdin is closed.
    None,
}

/// How the worker's output is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum ResultKind {
    /// Exit code 0, and a run report in the output (which is looked for elsewhere).
    #[default]
    #[serde(rename = "report")]
    Report,
    /// The JSON lines of `claude -p --output-format stream-json` (or the one object of `json`).
    #[serde(rename = "json:claude")]
    Claude,
    /// The JSON lines of `codex exec --json`.
    #[serde(rename = "json:codex")]
    Codex,
    /// The JSON lines of `opencode run --format json`.
    #[serde(rename = "json:opencode")]
    Opencode,
    /// The JSON lines of `gemini -o stream-json` (or the one object of `-o json`).
    #[serde(rename = "json:gemini")]
    Gemini,
    /// Exit code 0 alone.
    #[serde(rename = "exit")]
    Exit,
}

/// One agent: everything orch needs to know to call it and to read what it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name it is chosen by, as in `--agent NAME`.
    pub name: String,
    /// The argument vector, program first, with placeholders. Empty for [`Builtin::Shell`] alone, whose
    /// arguments the caller builds.
    pub command: Vec<String>,
    /// How the prompt is handed over.
    pub prompt: Handover,
    /// Variables set for the worker.
    pub env: BTreeMap<String, String>,
    /// Variables passed on from orch's own environment, beside the general list: names, or `PREFIX_*`.
    pub pass_env: Vec<String>,
    /// How the result is read.
    pub result: ResultKind,
    /// Texts in a failed worker's output that mean its provider refused it for now; see
    /// [`mentions_limit`](super::mentions_limit).
    pub rate_limit: Vec<String>,
    /// Arguments added at the end when an earlier session is taken up again; `{session}` is its id.
    pub resume: Vec<String>,
    /// Arguments added when a model is recommended for the task; `{model}` is its name in small letters, which is what the
    /// agent itself has to call it. They come before a `--` of the command, before an argument that is
    /// nothing but the prompt (and an option of which that may be the value), or else at its end; always before those of
    /// `resume`.
    pub model: Vec<String>,
    /// Arguments added when the task comes with an MCP server, which the agent is to start: `{mcp_config}` is a file with
    /// it as claude reads one, `{mcp_name}` its name, `{mcp_program}` its program as a string in quotes and `{mcp_args}`
    /// its arguments as an array of such, both in JSON and in TOML. They come where those of `model` do, before them.
    /// Empty for an agent that can't be told of a server in its arguments: it has those of its own settings, and no other.
    pub mcp: Vec<String>,
}

/// A table `[agents.NAME]` of `orch.toml`, with the fields that it gives.
///
/// Fields that do not exist are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileTable {
    /// See [`Profile::command`].
    pub command: Option<Vec<String>>,
    /// See [`Profile::prompt`]; a file unless given.
    pub prompt: Option<Handover>,
    /// See [`Profile::env`]. Added to what the profile has, name by name.
    pub env: Option<BTreeMap<String, String>>,
    /// See [`Profile::pass_env`]. Added to what the profile has.
    pub pass_env: Option<Vec<String>>,
    /// See [`Profile::result`]; a report unless given.
    pub result: Option<ResultKind>,
    /// See [`Profile::rate_limit`]; `429`, `rate limit` and `too many requests` unless given.
    pub rate_limit: Option<Vec<String>>,
    /// See [`Profile::resume`].
    pub resume: Option<Vec<String>>,
    /// See [`Profile::model`].
    pub model: Option<Vec<String>>,
    /// See [`Profile::mcp`].
    pub mcp: Option<Vec<String>>,
}

/// The texts that mean a rate limit unless a profile says otherwise.
pub(super) fn default_rate_limit() -> Vec<String> {
    ["429", "rate limit", "too many requests"].map(String::from).to_vec()
}

impl Profile {
    /// The profile that a table describes on its own, for a name that is not built in.
    ///
    /// # Errors
    /// When the table gives no command, and whatever [`check`](Self::check) finds.
    pub fn from_table(name: &str, table: ProfileTable) -> Result<Self, ProfileError> {
        let blank = Profile {
            name: name.to_owned(),
            command: Vec::new(),
            prompt: Handover::default(),
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            result: ResultKind::default(),
            rate_limit: default_rate_limit(),
            resume: Vec::new(),
            model: Vec::new(),
            mcp: Vec::new(),
        };
        let profile = blank.override_with(table);
        if profile.command.is_empty() {
            return Err(ProfileError::NoCommand { agent: profile.name });
        }
        profile.check()?;
        Ok(profile)
    }

    /// The same profile with the fields that `table` gives.
    ///
    /// `env` and `pass_env` are added to (so that one variable more does not lose the others); every other field
    /// is replaced.
    #[must_use]
    pub fn override_with(mut self, table: ProfileTable) -> Self {
        let ProfileTable { command, prompt, env, pass_env, result, rate_limit, resume, model, mcp } = table;
        if let Some(command) = command {
            self.command = command;
        }
        self.env.extend(env.unwrap_or_default());
        for name in pass_env.unwrap_or_default() {
            if !self.pass_env.contains(&name) {
                self.pass_env.push(name);
            }
        }
        self.prompt = prompt.unwrap_or(self.prompt);
        self.result = result.unwrap_or(self.result);
        if let Some(rate_limit) = rate_limit {
            self.rate_limit = rate_limit;
        }
        if let Some(resume) = resume {
            self.resume = resume;
        }
        if let Some(model) = model {
            self.model = model;
        }
        if let Some(mcp) = mcp {
            self.mcp = mcp;
        }
        self
    }

    /// Finds what would fail at the first attempt, before there is one: unknown placeholders, a prompt that is
    /// to be an argument but has no place, names that can't be variables.
    ///
    /// # Errors
    /// The first thing found.
    pub fn check(&self) -> Result<(), ProfileError> {
        let fields = [
            (&self.command, Field::Plain),
            (&self.resume, Field::Plain),
            (&self.model, Field::Model),
            (&self.mcp, Field::Mcp),
        ];
        for (arguments, field) in fields {
            for argument in arguments {
                placeholders::check(argument, field)?;
            }
        }
        if self.prompt == Handover::Arg
            && !self.command.is_empty()
            && !self.command.iter().any(|argument| placeholders::names_the_prompt(argument))
        {
            return Err(ProfileError::PromptHasNoPlace { agent: self.name.clone() });
        }
        let mut always_or_now_and_then = self.command.iter().chain(&self.model).chain(&self.mcp);
        if self.prompt == Handover::None
            && always_or_now_and_then.any(|argument| placeholders::names_any_prompt(argument))
        {
            return Err(ProfileError::PromptIsKept { agent: self.name.clone() });
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(ProfileError::NotAVariable { agent: self.name.clone(), name: name.clone() });
            }
        }
        Ok(())
    }

    /// The argument vector for one attempt, program first. Nothing in it passes a shell.
    ///
    /// The `model` arguments are added when `values` has a model whose name is fit to be one: letters, digits and
    /// `. _ : / -`, the first a letter or digit. Any other is left out, for it comes out of a document that anybody may
    /// have written. The `mcp` arguments are added when `values` has an MCP server, the `resume` arguments when it has a
    /// session.
    ///
    /// # Errors
    /// When the profile has no command, a placeholder is unknown or has no value, the MCP server's name can't be a key of
    /// settings, or an argument could not be handed to a program as it is.
    ///
    /// ```
    /// use orch_exec::agent::{Profile, ProfileTable, Values};
    /// use std::path::Path;
    ///
    /// let table = ProfileTable {
    ///     command: Some(vec!["worker".into(), "--task={task}".into(), "{prompt_file}".into()]),
    ///     ..ProfileTable::default()
    /// };
    /// let profile = Profile::from_table("mine", table)?;
    /// let values = Values {
    ///     prompt_file: Path::new("/plan/.orch/prompts/001.md"),
    ///     prompt: "Do it.",
    ///     task: "001",
    ///     attempt: "1",
    ///     plan: Path::new("/plan/PROMPT-ORCHESTRATOR.md"),
    ///     worktree: None,
    ///     session: None,
    ///     model: None,
    ///     mcp: None,
    /// };
    /// assert_eq!(profile.argv(&values)?, ["worker", "--task=001", "/plan/.orch/prompts/001.md"]);
    /// # Ok::<(), orch_exec::agent::ProfileError>(())
    /// ```
    pub fn argv(&self, values: &Values<'_>) -> Result<Vec<OsString>, ProfileError> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(ProfileError::NoCommand { agent: self.name.clone() });
        }
        let model = values.model.and_then(placeholders::model_name);
        let resume: &[String] = if values.session.is_some() { &self.resume } else { &[] };
        let of_model: &[String] = if model.is_some() { &self.model } else { &[] };
        let of_mcp: &[String] = if values.mcp.is_some() { &self.mcp } else { &[] };
        if let Some(server) = values.mcp.filter(|server| !server.has_a_plain_name()) {
            return Err(ProfileError::McpName { name: server.name.to_owned() });
        }
        let added = of_mcp.iter().chain(of_model);
        let (before, after) = self.command.split_at(self.end_of_options());
        let values = Values { model: model.as_deref(), ..*values };
        placeholders::fill(before.iter().chain(added).chain(after).chain(resume), &values)
    }

    /// Up to where options may be added to the command: what comes after `--` is none, and a program may take all that
    /// comes after the prompt for a part of it. An option right before the prompt may be what the prompt is the value of.
    fn end_of_options(&self) -> usize {
        for (place, argument) in self.command.iter().enumerate().skip(1) {
            if argument == "--" {
                return place;
            }
            if placeholders::is_the_prompt(argument) {
                let is_value = place > 1 && self.command[place - 1].starts_with('-');
                return place - usize::from(is_value);
            }
        }
        self.command.len()
    }
}

/// The profile called `name`: built in, from its table, or built in and changed by its table.
///
/// # Errors
/// When there is none of that name, and whatever [`Profile::check`] finds.
///
/// ```
/// use orch_exec::agent::{Handover, ProfileTable, resolve};
/// use std::collections::BTreeMap;
///
/// let table = ProfileTable { env: Some([("IS_SANDBOX".into(), "1".into())].into()), ..Default::default() };
/// let tables = BTreeMap::from([("claude".to_owned(), table)]);
/// let claude = resolve("claude", &tables)?;
/// assert_eq!(claude.prompt, Handover::Stdin);
/// assert_eq!(claude.env["IS_SANDBOX"], "1");
/// assert!(resolve("clod", &tables).is_err());
/// # Ok::<(), orch_exec::agent::ProfileError>(())
/// ```
pub fn resolve(name: &str, tables: &BTreeMap<String, ProfileTable>) -> Result<Profile, ProfileError> {
    match (Builtin::named(name), tables.get(name)) {
        (Some(builtin), table) => {
            let profile = builtin.profile().override_with(table.cloned().unwrap_or_default());
            profile.check()?;
            Ok(profile)
        }
        (None, Some(table)) => Profile::from_table(name, table.clone()),
        (None, None) => {
            let mut known: Vec<&str> = tables.keys().map(String::as_str).collect();
            known.extend(Builtin::ALL.map(Builtin::name));
            Err(ProfileError::UnknownAgent { name: name.to_owned(), known: known.join(", ") })
        }
    }
}

/// Why an agent can't be called as its profile says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has that name.
    #[error("there is no agent called `{name}`")]
    UnknownAgent {
        /// The name that was asked for.
        name: String,
        /// The names that there are, for the hint.
        known: String,
    },
    /// The profile has no program to start.
    #[error("agent `{agent}` has no command")]
    NoCommand {
        /// The profile's name.
        agent: String,
    },
    /// `prompt = "arg"`, but no argument takes the prompt.
    #[error("agent `{agent}` takes the prompt as an argument, but no argument holds `{{prompt}}`")]
    PromptHasNoPlace {
        /// The profile's name.
        agent: String,
    },
    /// `prompt = "none"`, and an argument asks for it.
    #[error("agent `{agent}` is to be told nothing, but an argument asks for its prompt")]
    PromptIsKept {
        /// The profile's name.
        agent: String,
    },
    /// A name in `env` that can't be a variable's, or a value with a zero byte.
    #[error("agent `{agent}` sets `{name}`, which can't be an environment variable")]
    NotAVariable {
        /// The profile's name.
        agent: String,
        /// The name in its `env`.
        name: String,
    },
    /// A placeholder that does not exist.
    #[error("unknown placeholder `{{{name}}}` in the argument `{argument}`")]
    UnknownPlaceholder {
        /// What stands between the braces.
        name: String,
        /// The argument as written.
        argument: String,
    },
    /// `{model}` where it has a value only now and then.
    #[error("`{{model}}` in the argument `{argument}`, which is there without a model as well")]
    ModelOutsideOfModel {
        /// The argument as written.
        argument: String,
    },
    /// `{mcp_config}` or one of its like where it has a value only now and then.
    #[error("`{{{name}}}` in the argument `{argument}`, which is there without an MCP server as well")]
    McpOutsideOfMcp {
        /// The placeholder.
        name: &'static str,
        /// The argument as written.
        argument: String,
    },
    /// An MCP server whose name can't be a key of an agent's settings.
    #[error("an MCP server can't be called `{name}`")]
    McpName {
        /// The name.
        name: String,
    },
    /// A brace without its partner.
    #[error("a brace without its partner in the argument `{argument}`")]
    LoneBrace {
        /// The argument as written.
        argument: String,
    },
    /// A placeholder that this attempt has no value for.
    #[error("`{{{name}}}` has no value in this attempt")]
    NoValue {
        /// The placeholder.
        name: &'static str,
    },
    /// An argument longer than a program can be given.
    #[error("an argument of {bytes} bytes is more than a program can be given (131071)")]
    TooLong {
        /// The argument's length.
        bytes: usize,
    },
    /// An argument with a zero byte.
    #[error("the value of an argument holds a zero byte")]
    ZeroByte,
    /// An argument that is nothing but a value which the program would take for an option.
    #[error("the value of `{{{name}}}` begins with `-` and would be taken for an option")]
    LooksLikeAnOption {
        /// The placeholder.
        name: &'static str,
    },
}

impl ProfileError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownAgent { known, .. } => {
                format!("known agents: {known}; add others as [agents.NAME] in orch.toml")
            }
            Self::NoCommand { agent } => {
                format!("give [agents.{agent}] a command = [\"program\", …] in orch.toml")
            }
            Self::PromptHasNoPlace { .. } => {
                "add \"{prompt}\" to its command, or set prompt = \"file\" or \"stdin\"".into()
            }
            Self::PromptIsKept { .. } => {
                "set prompt = \"file\" or \"arg\", or leave the placeholder out".into()
            }
            Self::NotAVariable { .. } => "a name is not empty and holds no `=`".into(),
            Self::UnknownPlaceholder { .. } => {
                format!("allowed: {}; a literal brace is written {{{{ or }}}}", placeholders::ALLOWED)
            }
            Self::ModelOutsideOfModel { .. } => {
                "put arguments that need {model} into model = [\"--model\", \"{model}\"]".into()
            }
            Self::McpOutsideOfMcp { name, .. } => {
                format!("put arguments that need {{{name}}} into mcp = [\"--mcp-config={{mcp_config}}\"]")
            }
            Self::McpName { .. } => "its name is of ASCII letters, digits, `-` and `_`".into(),
            Self::LoneBrace { .. } => "a literal brace is written {{ or }}".into(),
            Self::NoValue { name: "session" } => "put arguments that need {session} into resume".into(),
            Self::NoValue { .. } => "leave it out, or run with worktrees".into(),
            Self::TooLong { .. } | Self::ZeroByte => {
                "hand the prompt over with prompt = \"stdin\" or \"file\"".into()
            }
            Self::LooksLikeAnOption { .. } => {
                "put \"--\" before it if the program knows that, or set prompt = \"stdin\" or \"file\"".into()
            }
        }
    }
}

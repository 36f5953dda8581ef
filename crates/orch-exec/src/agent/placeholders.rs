//! Placeholders in the arguments of a profile: `{task}` and its like, filled in without any shell.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::{McpServer, ProfileError};

/// What the placeholders of one attempt stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// `{prompt_file}`: the absolute path of the prompt.
    pub prompt_file: &'a Path,
    /// `{prompt}`: the prompt itself.
    pub prompt: &'a str,
    /// `{task}`: what the plan calls the task.
    pub task: &'a str,
    /// `{attempt}`: which try this is.
    pub attempt: &'a str,
    /// `{plan}`: the absolute path of the plan.
    pub plan: &'a Path,
    /// `{worktree}`: the absolute path of the worktree, when there is one.
    pub worktree: Option<&'a Path>,
    /// `{session}`: the session to be taken up again, when there is one.
    pub session: Option<&'a str>,
    /// `{model}`: the model that is recommended for the task, in any case; see [`Profile::model`](super::Profile::model).
    pub model: Option<&'a str>,
    /// `{mcp_config}`, `{mcp_program}`, `{mcp_args}` and `{mcp_name}`: the MCP server that the task comes with, if any;
    /// see [`Profile::mcp`](super::Profile::mcp).
    pub mcp: Option<McpServer<'a>>,
}

/// The placeholders, as a hint lists them.
pub(super) const ALLOWED: &str = "{prompt_file} {prompt} {task} {attempt} {plan} {worktree} {session}, {model} in model, \
    and {mcp_config} {mcp_program} {mcp_args} {mcp_name} in mcp";

/// Linux refuses to start a program with an argument of this many bytes (its end mark counts as one).
const ARGUMENT_LIMIT: usize = 131_072;

/// No model has a longer name.
const LONGEST_MODEL: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    PromptFile,
    Prompt,
    Task,
    Attempt,
    Plan,
    Worktree,
    Session,
    Model,
    McpConfig,
    McpProgram,
    McpArgs,
    McpName,
}

/// The arguments of a profile, by when they are there: some placeholders have a value only then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `command` and `resume`.
    Plain,
    /// `model`.
    Model,
    /// `mcp`.
    Mcp,
}

impl Slot {
    const ALL: [Slot; 12] = [
        Self::PromptFile,
        Self::Prompt,
        Self::Task,
        Self::Attempt,
        Self::Plan,
        Self::Worktree,
        Self::Session,
        Self::Model,
        Self::McpConfig,
        Self::McpProgram,
        Self::McpArgs,
        Self::McpName,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::PromptFile => "prompt_file",
            Self::Prompt => "prompt",
            Self::Task => "task",
            Self::Attempt => "attempt",
            Self::Plan => "plan",
            Self::Worktree => "worktree",
            Self::Session => "session",
            Self::Model => "model",
            Self::McpConfig => "mcp_config",
            Self::McpProgram => "mcp_program",
            Self::McpArgs => "mcp_args",
            Self::McpName => "mcp_name",
        }
    }

    /// The only arguments that it may stand in; any unless it is one of those that now and then have no value.
    const fn belongs_to(self) -> Option<Field> {
        match self {
            Self::Model => Some(Field::Model),
            Self::McpConfig | Self::McpProgram | Self::McpArgs | Self::McpName => Some(Field::Mcp),
            _ => None,
        }
    }

    fn value<'a>(self, values: &Values<'a>) -> Result<Cow<'a, OsStr>, ProfileError> {
        let mcp = values.mcp;
        let borrowed = match self {
            Self::PromptFile => Some(values.prompt_file.as_os_str()),
            Self::Prompt => Some(OsStr::new(values.prompt)),
            Self::Task => Some(OsStr::new(values.task)),
            Self::Attempt => Some(OsStr::new(values.attempt)),
            Self::Plan => Some(values.plan.as_os_str()),
            Self::Worktree => values.worktree.map(Path::as_os_str),
            Self::Session => values.session.map(OsStr::new),
            Self::Model => values.model.map(OsStr::new),
            Self::McpConfig => mcp.map(|server| server.config.as_os_str()),
            Self::McpName => mcp.map(|server| OsStr::new(server.name)),
            Self::McpProgram | Self::McpArgs => None,
        };
        let made = match self {
            Self::McpProgram => mcp.map(|server| server.program_literal()),
            Self::McpArgs => mcp.map(|server| server.args_literal()),
            _ => None,
        };
        let value = borrowed.map(Cow::Borrowed).or_else(|| made.map(|text| Cow::Owned(text.into())));
        value.ok_or(ProfileError::NoValue { name: self.name() })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Slot(Slot),
}

/// Cuts an argument into text and placeholders. `{{` and `}}` are text of one brace.
fn pieces(argument: &str) -> Result<Vec<Piece<'_>>, ProfileError> {
    let mut pieces = Vec::new();
    let mut rest = argument;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, brace) = rest.split_at(at);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        if brace.starts_with("{{") || brace.starts_with("}}") {
            pieces.push(Piece::Text(&brace[..1]));
            rest = &brace[2..];
            continue;
        }
        let Some((name, after)) = brace.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
            return Err(ProfileError::LoneBrace { argument: argument.to_owned() });
        };
        let slot = Slot::ALL.into_iter().find(|slot| slot.name() == name).ok_or_else(|| {
            ProfileError::UnknownPlaceholder { name: name.to_owned(), argument: argument.to_owned() }
        })?;
        pieces.push(Piece::Slot(slot));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Whether an argument of `field` can be filled in at all, whenever it is there.
pub(super) fn check(argument: &str, field: Field) -> Result<(), ProfileError> {
    for piece in pieces(argument)? {
        let Piece::Slot(slot) = piece else { continue };
        let argument = || argument.to_owned();
        match slot.belongs_to().filter(|&belongs_to| belongs_to != field) {
            Some(Field::Model) => return Err(ProfileError::ModelOutsideOfModel { argument: argument() }),
            Some(Field::Mcp) => {
                return Err(ProfileError::McpOutsideOfMcp { name: slot.name(), argument: argument() });
            }
            Some(Field::Plain) | None => {}
        }
    }
    Ok(())
}

/// Whether an argument takes the prompt or the name of its file.
pub(super) fn names_any_prompt(argument: &str) -> bool {
    let is_prompt = |piece: &Piece<'_>| matches!(piece, Piece::Slot(Slot::Prompt | Slot::PromptFile));
    pieces(argument).is_ok_and(|pieces| pieces.iter().any(is_prompt))
}

/// Whether an argument takes the prompt.
pub(super) fn names_the_prompt(argument: &str) -> bool {
    pieces(argument).is_ok_and(|pieces| pieces.contains(&Piece::Slot(Slot::Prompt)))
}

/// Whether an argument is the prompt and nothing else.
pub(super) fn is_the_prompt(argument: &str) -> bool {
    pieces(argument).is_ok_and(|pieces| pieces == [Piece::Slot(Slot::Prompt)])
}

/// The name of a model as an agent is given it; `None` for what can't be one.
pub(super) fn model_name(written: &str) -> Option<String> {
    let written = written.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    let begins = written.starts_with(|first: char| first.is_ascii_alphanumeric());
    let fits = begins && written.len() <= LONGEST_MODEL && written.bytes().all(allowed);
    fits.then(|| written.to_ascii_lowercase())
}

/// Fills in a whole argument vector.
pub(super) fn fill<'t>(
    arguments: impl Iterator<Item = &'t String>,
    values: &Values<'_>,
) -> Result<Vec<OsString>, ProfileError> {
    let mut filled: Vec<OsString> = Vec::new();
    for argument in arguments {
        let pieces = pieces(argument)?;
        let mut whole = OsString::new();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => whole.push(text),
                Piece::Slot(slot) => whole.push(slot.value(values)?),
            }
        }
        let bytes = whole.as_encoded_bytes();
        if bytes.len() >= ARGUMENT_LIMIT {
            return Err(ProfileError::TooLong { bytes: bytes.len() });
        }
        if bytes.contains(&0) {
            return Err(ProfileError::ZeroByte);
        }
        // After `--` no argument is an option any more.
        if let [Piece::Slot(slot)] = pieces[..]
            && bytes.starts_with(b"-")
            && !filled.iter().any(|earlier| *earlier == "--")
        {
            return Err(ProfileError::LooksLikeAnOption { name: slot.name() });
        }
        filled.push(whole);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'a>(prompt: &'a str) -> Values<'a> {
        Values {
            prompt_file: Path::new("/p/prompt.md"),
            prompt,
            task: "001",
            attempt: "2",
            plan: Path::new("/p/plan.md"),
            worktree: None,
            session: None,
            model: None,
            mcp: None,
        }
    }

    fn filled(arguments: &[&str], values: &Values<'_>) -> Result<Vec<OsString>, ProfileError> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        fill(arguments.iter(), values)
    }

    #[test]
    fn each_placeholder_is_filled_in_where_it_stands() {
        let server_args = ["mcp", "--workspace=a{b}"].map(String::from);
        let whole = Values {
            worktree: Some(Path::new("/w")),
            session: Some("s-1"),
            model: Some("opus"),
            mcp: Some(McpServer {
                name: "task-copilot",
                config: Path::new("/p/mcp.json"),
                program: "/opt/my \"orch\"",
                args: &server_args,
            }),
            ..values("do; rm -rf $HOME")
        };
        let cases = [
            ("{prompt_file}", "/p/prompt.md"),
            ("{prompt}", "do; rm -rf $HOME"),
            ("a{task}b{attempt}c", "a001b2c"),
            ("--plan={plan}", "--plan=/p/plan.md"),
            ("{worktree}/x", "/w/x"),
            ("{session}", "s-1"),
            ("--model={model}", "--model=opus"),
            ("{mcp_config}", "/p/mcp.json"),
            (
                "servers.{mcp_name}.command={mcp_program}",
                r#"servers.task-copilot.command="/opt/my \"orch\"""#,
            ),
            ("args={mcp_args}", r#"args=["mcp","--workspace=a{b}"]"#),
            ("", ""),
            ("{{task}}", "{task}"),
            ("{{{task}}}", "{001}"),
            ("}}{{", "}{"),
            ("é{task}é", "é001é"),
        ];
        for (written, expected) in cases {
            assert_eq!(filled(&[written], &whole).unwrap(), [expected], "{written}");
        }
    }

    #[test]
    fn only_what_can_be_the_name_of_a_model_is_one() {
        for (written, expected) in [
            ("Opus", Some("opus")),
            (" Sonnet\n", Some("sonnet")),
            ("claude-sonnet-4-5", Some("claude-sonnet-4-5")),
            ("anthropic/Claude:v1.2_x", Some("anthropic/claude:v1.2_x")),
            ("4o", Some("4o")),
            ("", None),
            ("-p", None),
            ("--model", None),
            ("/etc/passwd", None),
            ("opus --danger", None),
            ("opus,sonnet", None),
            ("Opus — required", None),
            ("$(id)", None),
            ("{session}", None),
            ("ömega", None),
            ("a\0b", None),
            (&"m".repeat(201), None),
        ] {
            assert_eq!(model_name(written).as_deref(), expected, "{written:?}");
        }
    }

    #[test]
    fn a_value_is_not_read_for_placeholders_again() {
        assert_eq!(filled(&["{prompt}"], &values("{task} {nonsense} }")).unwrap(), ["{task} {nonsense} }"]);
    }

    #[test]
    fn an_argument_that_cannot_be_meant_is_refused() {
        let unknown = filled(&["--x={file}"], &values("")).unwrap_err();
        assert_eq!(unknown.to_string(), "unknown placeholder `{file}` in the argument `--x={file}`");
        assert_eq!(
            unknown.hint(),
            "allowed: {prompt_file} {prompt} {task} {attempt} {plan} {worktree} {session}, {model} in model, and {mcp_config} {mcp_program} {mcp_args} {mcp_name} in mcp; a literal brace is written {{ or }}"
        );
        for lone in ["{", "}", "{task", "a}b", "{{{", "{task}}"] {
            let refused = filled(&[lone], &values("")).unwrap_err();
            assert_eq!(refused, ProfileError::LoneBrace { argument: lone.to_owned() });
        }
        assert_eq!(filled(&["{session}"], &values("")), Err(ProfileError::NoValue { name: "session" }));
        assert_eq!(filled(&["{worktree}"], &values("")), Err(ProfileError::NoValue { name: "worktree" }));
        assert_eq!(filled(&["{mcp_args}"], &values("")), Err(ProfileError::NoValue { name: "mcp_args" }));
        assert_eq!(filled(&["{prompt}"], &values("a\0b")), Err(ProfileError::ZeroByte));
    }

    #[test]
    fn an_argument_may_have_131071_bytes_and_no_more() {
        let fits = "x".repeat(131_071);
        assert_eq!(filled(&["{prompt}"], &values(&fits)).unwrap()[0].len(), 131_071);
        assert_eq!(filled(&["-{prompt}"], &values(&fits)), Err(ProfileError::TooLong { bytes: 131_072 }));
    }

    #[test]
    fn a_value_that_would_be_an_option_is_refused_unless_options_have_ended() {
        let refused = filled(&["agent", "{prompt}"], &values("- first\n- second"));
        assert_eq!(refused, Err(ProfileError::LooksLikeAnOption { name: "prompt" }));
        for fine in
            [&["agent", "--", "{prompt}"][..], &["agent", "--prompt={prompt}"], &["agent", "Do: {prompt}"]]
        {
            assert!(filled(fine, &values("- first")).is_ok(), "{fine:?}");
        }
    }
}

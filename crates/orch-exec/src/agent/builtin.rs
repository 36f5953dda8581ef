//! The agents that orch knows without being told.

use super::profile::{Handover, Profile, ResultKind, default_rate_limit};

/// An agent that is built in.
///
/// All of them take the prompt on stdin: it may be of any length and may begin with `-`. They run without asking
/// for permissions, since nobody is there to answer. A table of the same name in `orch.toml` changes them field
/// by field.
///
/// Claude Code and Codex are told in their arguments of an MCP server that a task comes with. The others read their servers
/// from their own settings and nowhere else: whoever wants them to have the same tools adds the server there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// Claude Code. As root it refuses to run unless `IS_SANDBOX=1` says that the machine is disposable: set it
    /// in orch's own environment, from where it is passed on, or as `[agents.claude] env = { IS_SANDBOX = "1" }`.
    Claude,
    /// Codex.
    Codex,
    /// opencode.
    Opencode,
    /// Gemini CLI.
    Gemini,
    /// A command line of the plan, run by the shell that its caller chooses: the profile has no command.
    Shell,
}

impl Builtin {
    /// All five.
    pub const ALL: [Builtin; 5] = [Self::Claude, Self::Codex, Self::Opencode, Self::Gemini, Self::Shell];

    /// The name it is chosen by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Opencode => "opencode",
            Self::Gemini => "gemini",
            Self::Shell => "shell",
        }
    }

    /// The built-in agent of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|builtin| builtin.name() == name)
    }

    /// Its profile.
    pub fn profile(self) -> Profile {
        let (command, resume, env, result): (&[&str], &[&str], &[(&str, &str)], _) = match self {
            Self::Claude => (
                &[
                    "claude",
                    "-p",
                    "--output-format",
                    "stream-json",
                    "--verbose",
                    "--dangerously-skip-permissions",
                ],
                &["--resume", "{session}"],
                &[("DISABLE_AUTOUPDATER", "1")],
                ResultKind::Claude,
            ),
            Self::Codex => (
                &[
                    "codex",
                    "exec",
                    "--json",
                    "--skip-git-repo-check",
                    "--dangerously-bypass-approvals-and-sandbox",
                ],
                // `resume` is a subcommand; the flags before it hold for it too. `-`: the prompt is on stdin.
                &["resume", "{session}", "-"],
                &[],
                ResultKind::Codex,
            ),
            Self::Opencode => (
                &["opencode", "run", "--format", "json", "--auto"],
                &["--session", "{session}"],
                &[("OPENCODE_DISABLE_AUTOUPDATE", "1")],
                ResultKind::Opencode,
            ),
            Self::Gemini => (
                &["gemini", "-o", "stream-json", "--approval-mode", "yolo", "--skip-trust"],
                &["--resume", "{session}"],
                // Otherwise it starts itself once more, and a signal to the process that orch knows does nothing.
                &[("GEMINI_CLI_NO_RELAUNCH", "true")],
                ResultKind::Gemini,
            ),
            Self::Shell => (&[], &[], &[], ResultKind::Exit),
        };
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Profile {
            name: self.name().to_owned(),
            command: owned(command),
            prompt: if self == Self::Shell { Handover::File } else { Handover::Stdin },
            env: env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            pass_env: Vec::new(),
            result,
            // What a runbook's commands print is their own business, not a provider's.
            rate_limit: if self == Self::Shell { Vec::new() } else { default_rate_limit() },
            resume: owned(resume),
            // The aliases of plans (haiku, sonnet, opus) are Claude Code's own; to the others they mean nothing.
            model: if self == Self::Claude { owned(&["--model", "{model}"]) } else { Vec::new() },
            mcp: match self {
                // In one argument: apart from its value the option would take what comes after that for another file.
                Self::Claude => owned(&["--mcp-config={mcp_config}"]),
                Self::Codex => owned(&[
                    "-c",
                    "mcp_servers.{mcp_name}.command={mcp_program}",
                    "-c",
                    "mcp_servers.{mcp_name}.args={mcp_args}",
                ]),
                Self::Opencode | Self::Gemini | Self::Shell => Vec::new(),
            },
        }
    }
}

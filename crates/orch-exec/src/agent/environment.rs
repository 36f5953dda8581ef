//! What a worker finds in its environment: an allow list of orch's own, never all of it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::{Profile, ResultKind};

/// Passed on to every worker.
const GENERAL: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TMPDIR",
    "TZ",
    "XDG_*",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "NVM_*",
];

/// Passed on to every worker, in capitals or not.
const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// Set for every worker: nobody is there to type into an editor or a prompt, and the log is no terminal.
const FIXED: &[(&str, &str)] =
    &[("GIT_EDITOR", "true"), ("GIT_TERMINAL_PROMPT", "0"), ("NO_COLOR", "1"), ("TERM", "dumb")];

/// What an agent program reads of its own: keys, addresses, switches.
fn own(result: ResultKind) -> &'static [&'static str] {
    match result {
        ResultKind::Claude => &[
            "ANTHROPIC_*",
            "CLAUDE_*",
            "API_TIMEOUT_MS",
            "DISABLE_AUTOUPDATER",
            "DISABLE_TELEMETRY",
            "IS_SANDBOX",
        ],
        ResultKind::Codex => &["OPENAI_*", "CODEX_*"],
        // It speaks to any provider.
        ResultKind::Opencode => {
            &["OPENCODE_*", "ANTHROPIC_*", "OPENAI_*", "OPENROUTER_*", "GEMINI_*", "GOOGLE_*"]
        }
        ResultKind::Gemini => &["GEMINI_*", "GOOGLE_*"],
        ResultKind::Report | ResultKind::Exit => &[],
    }
}

/// Whether `name` is one of `allowed`, which are names or `PREFIX_*`.
fn is_listed<'a>(name: &OsStr, allowed: impl IntoIterator<Item = &'a str>) -> bool {
    let name = name.as_encoded_bytes();
    allowed.into_iter().any(|entry| match entry.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()),
        None => name == entry.as_bytes(),
    })
}

/// The whole environment of one attempt, sorted by name: the worker is started with this and nothing else.
///
/// Later lines win: what is allowed to pass from `orch_env` (a general list, the variables of the agent program
/// whose output the profile reads, and `pass_env`); what is set for every worker (`GIT_EDITOR=true`,
/// `GIT_TERMINAL_PROMPT=0`, `NO_COLOR=1`, `TERM=dumb`); the profile's `env`; and `orch_vars`, the `ORCH_…`
/// variables of the attempt.
///
/// ```
/// use orch_exec::agent::{Builtin, environment};
///
/// let mine = [("PATH", "/bin"), ("OPENAI_API_KEY", "k"), ("AWS_SECRET", "s")];
/// let mine = mine.map(|(name, value)| (name.into(), value.into()));
/// let codex = environment(&Builtin::Codex.profile(), mine, [("ORCH_TASK", "001")]);
/// let names: Vec<_> = codex.iter().map(|(name, _)| name.to_str().unwrap()).collect();
/// assert_eq!(
///     names,
///     ["GIT_EDITOR", "GIT_TERMINAL_PROMPT", "NO_COLOR", "OPENAI_API_KEY", "ORCH_TASK", "PATH", "TERM"]
/// );
/// ```
pub fn environment<N: Into<OsString>, V: Into<OsString>>(
    profile: &Profile,
    orch_env: impl IntoIterator<Item = (OsString, OsString)>,
    orch_vars: impl IntoIterator<Item = (N, V)>,
) -> Vec<(OsString, OsString)> {
    let passes = |name: &OsStr| {
        is_listed(name, GENERAL.iter().chain(own(profile.result)).copied())
            || is_listed(&name.to_ascii_uppercase(), PROXIES.iter().copied())
            || is_listed(name, profile.pass_env.iter().map(String::as_str))
    };
    let mut all: BTreeMap<OsString, OsString> =
        orch_env.into_iter().filter(|(name, _)| passes(name)).collect();
    all.extend(FIXED.iter().map(|&(name, value)| (name.into(), value.into())));
    all.extend(profile.env.iter().map(|(name, value)| (name.into(), value.into())));
    all.extend(orch_vars.into_iter().map(|(name, value)| (name.into(), value.into())));
    all.into_iter().collect()
}

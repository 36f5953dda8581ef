//! The MCP server that a task comes with: tools beside the agent's own.

use std::path::Path;

use serde_json::{Value, json};

/// An MCP server that the agent starts for itself and speaks to over stdin and stdout.
///
/// What the server has to know belongs in its arguments: codex hands it only a few general variables such as `PATH` and
/// `HOME`, whatever it finds in its own environment.
///
/// ```
/// use orch_exec::agent::McpServer;
/// use std::path::Path;
///
/// let args = ["mcp".to_owned()];
/// let config = Path::new("/plan/.orch/mcp.json");
/// let server = McpServer { name: "task-copilot", config, program: "/usr/bin/orch", args: &args };
/// assert_eq!(
///     server.settings(),
///     r#"{"mcpServers":{"task-copilot":{"args":["mcp"],"command":"/usr/bin/orch"}}}"#
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McpServer<'a> {
    /// `{mcp_name}`: the name that its tools are known by: ASCII letters, digits, `-` and `_`, so that it can be a key
    /// in every agent's settings.
    pub name: &'a str,
    /// `{mcp_config}`: the absolute path of a file that holds its [`settings`](Self::settings). Who builds this
    /// writes the file; nobody looks for it here.
    pub config: &'a Path,
    /// `{mcp_program}`: the program, best as an absolute path.
    pub program: &'a str,
    /// `{mcp_args}`: its arguments.
    pub args: &'a [String],
}

impl McpServer<'_> {
    /// What the file `config` has to hold: the server as claude reads it, one line of JSON.
    pub fn settings(&self) -> String {
        json!({"mcpServers": {self.name: {"command": self.program, "args": self.args}}}).to_string()
    }

    /// Whether the name can be a key without quotes in TOML.
    pub(super) fn has_a_plain_name(&self) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !self.name.is_empty() && self.name.bytes().all(allowed)
    }

    /// The program as a string, in JSON and in TOML.
    pub(super) fn program_literal(&self) -> String {
        literal(&json!(self.program))
    }

    /// The arguments as an array of strings, in JSON and in TOML.
    pub(super) fn args_literal(&self) -> String {
        literal(&json!(self.args))
    }
}

/// A value as text that is JSON and TOML: the latter wants one character more escaped.
fn literal(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server<'a>(name: &'a str, program: &'a str, args: &'a [String]) -> McpServer<'a> {
        McpServer { name, config: Path::new("/c.json"), program, args }
    }

    #[test]
    fn only_what_is_a_key_everywhere_is_a_name() {
        for (name, plain) in [
            ("task-copilot", true),
            ("a_B-9", true),
            ("9", true),
            ("", false),
            ("a.b", false),
            ("a b", false),
            ("a=b", false),
            ("\"a\"", false),
            ("ä", false),
            ("a\n", false),
        ] {
            assert_eq!(server(name, "", &[]).has_a_plain_name(), plain, "{name:?}");
        }
    }

    /// The text that begins after the quotes at the start of `toml`, by the rules of TOML's basic strings, and what
    /// comes after it.
    fn basic_string(toml: &str) -> Option<(String, &str)> {
        let mut text = String::new();
        let mut chars = toml.strip_prefix('"')?.chars();
        loop {
            match chars.next()? {
                '"' => return Some((text, chars.as_str())),
                '\\' => text.push(match chars.next()? {
                    'b' => '\u{8}',
                    't' => '\t',
                    'n' => '\n',
                    'f' => '\u{c}',
                    'r' => '\r',
                    same @ ('"' | '\\') => same,
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    _ => return None,
                }),
                '\t' => text.push('\t'),
                bare if bare.is_ascii_control() => return None,
                other => text.push(other),
            }
        }
    }

    fn array(toml: &str) -> Option<Vec<String>> {
        let mut rest = toml.strip_prefix('[')?;
        let mut items = Vec::new();
        while rest != "]" {
            let (item, after) = basic_string(rest)?;
            items.push(item);
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        Some(items)
    }

    proptest! {
        #[test]
        fn json_and_toml_read_the_same(
            program in "[\\PC\\x00-\\x1f\\x7f\"\\\\]{0,12}",
            args in prop::collection::vec("[a\"\\\\,\\]\\x00-\\x1f\\x7f-\\x9f\u{2028}😀]{0,6}", 0..4),
        ) {
            let server = server("n", &program, &args);
            let (read, after) = basic_string(&server.program_literal()).map(|(text, after)| (text, after.len())).unwrap();
            prop_assert_eq!((&read, after), (&program, 0));
            prop_assert_eq!(serde_json::from_str::<String>(&server.program_literal()).unwrap(), program.as_str());
            prop_assert_eq!(array(&server.args_literal()).unwrap(), args.as_slice());
            prop_assert_eq!(&serde_json::from_str::<Vec<String>>(&server.args_literal()).unwrap(), &args);
            let settings: Value = serde_json::from_str(&server.settings()).unwrap();
            prop_assert_eq!(settings, json!({"mcpServers": {"n": {"command": program, "args": args}}}));
        }
    }
}

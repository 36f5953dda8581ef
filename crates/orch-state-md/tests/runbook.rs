//! Shell blocks of a Markdown file.

use orch_core::Position;
use orch_state_md::runbook::blocks;

#[test]
fn finds_shell_blocks_as_commonmark_does() {
    for (text, expected) in [
        ("```sh\nmake\n```\n", &[("sh", "make\n", true, 1)][..]),
        ("```BASH title=\"x\"\na\n\nb\n```", &[("bash", "a\n\nb\n", true, 1)]),
        ("~~~ shell\n```\n~~~\n", &[("shell", "```\n", true, 1)]),
        ("```sh\n```\n", &[("sh", "", true, 1)]),
        (
            "```console\n$ make\n```\n```text\nx\n```\n```\nx\n```\n    make\n`sh`\n```shellcheck\nx\n```\n",
            &[],
        ),
        // Indentation of the fence goes, that of the code stays.
        ("  ```sh\n    a\n  b\n c\n  ```\n", &[("sh", "  a\nb\nc\n", true, 1)]),
        ("1. x\n\n   ```sh\n   if a\n     b\n\n   ```\n", &[("sh", "if a\n  b\n\n", true, 3)]),
        ("- x\n\n\t```sh\n\ta\n\t\tb\n\t```\n", &[("sh", "a\n\tb\n", true, 3)]),
        ("- ```sh\n  a\n  ```\n", &[("sh", "a\n", true, 1)]),
        (" ```sh\n\ta\n ```\n", &[("sh", "   a\n", true, 1)]),
        ("```sh\r\na \\\r\n  b\r\n```\r\n", &[("sh", "a \\\n  b\n", true, 1)]),
        ("\u{FEFF}```sh\na\n```", &[("sh", "a\n", true, 1)]),
        // In order, and nothing of comments or of other blocks.
        ("```sh\na\n```\nx\n```bash\nb\n```", &[("sh", "a\n", true, 1), ("bash", "b\n", true, 5)]),
        ("<!--\n```sh\na\n```\n-->\n", &[]),
        ("````\n```sh\na\n```\n````\n", &[]),
        // Without an end.
        ("x\n```sh\nrm -r\nprose", &[("sh", "rm -r\nprose\n", false, 2)]),
        ("- ```sh\n  a\nprose\n", &[("sh", "a\n", false, 1)]),
        ("- ```sh\n  a\n```sh\nb\n```\n", &[("sh", "a\n", false, 1), ("sh", "b\n", true, 3)]),
        ("", &[]),
    ] {
        let found = blocks(text);
        let found: Vec<_> = found
            .iter()
            .map(|block| (block.language.as_str(), block.code.as_str(), block.closed, block.at.line))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn says_where_a_block_begins() {
    assert_eq!(blocks("a\n\n  ```sh\n```")[0].at, Position::new(3, 1));
}

//! What holds for any bytes.

use orch_core::{Diagnostic, Position};
use orch_spec::{read_meta, read_skill_index, read_spec, task_ids};
use proptest::prelude::*;

/// Whether `at` is a place in `text` or right behind one of its lines.
fn inside(text: &str, at: Position) -> bool {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let line = text.split('\n').nth(at.line as usize - 1);
    line.is_some_and(|line| at.column >= 1 && at.column as usize <= line.chars().count() + 1)
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (spec, meta, index) = (read_spec(bytes), read_meta(bytes), read_skill_index(bytes));
    let readings = [
        (spec.value.is_none(), spec.findings),
        (meta.value.is_none(), meta.findings),
        (index.value.is_none(), index.findings),
    ];
    let text = String::from_utf8_lossy(bytes);
    for (none, findings) in readings {
        prop_assert_eq!(none, findings.iter().any(Diagnostic::is_error));
        for finding in &findings {
            prop_assert!(finding.hint.is_some(), "{:?}", finding);
            prop_assert!(inside(&text, finding.at.unwrap()), "{:?} in {:?}", finding, text);
            let calm = |text: &str| !text.chars().any(char::is_control);
            prop_assert!(calm(&finding.message) && calm(finding.hint.as_deref().unwrap()), "{:?}", finding);
        }
    }
    Ok(())
}

/// Pieces that mean something to one of the readers.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "name",
        "description",
        "pr",
        "branch",
        "base",
        "verification_spec",
        "type",
        "command",
        "run",
        "expect",
        "file-contains",
        "path",
        "pattern",
        "building_spec",
        "files",
        "skill_hints",
        "skills",
        "id",
        "specs",
        "timeout",
        ": ",
        ":",
        ":\n  ",
        ":\n    ",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\n- ",
        "\n  - ",
        "- ",
        "? ",
        "  ",
        "\t",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "'",
        "|\n ",
        ">\n ",
        "# ",
        "&a ",
        "*a ",
        "<<: ",
        "!!str ",
        "!x ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "a",
        "ä",
        "5",
        "true",
        "~",
        "null",
        "../x",
        "/x",
        "x.yaml",
        "\u{FEFF}",
        "\u{85}",
        "\u{2028}",
        "\0",
        "\u{1b}[2J",
        "exit_code 0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes)?;
    }

    #[test]
    fn any_likely_text_is_read(text in pieces()) {
        check(text.as_bytes())?;
    }

    #[test]
    fn a_spec_with_one_change_is_read(at in 0usize..2000, piece in pieces(), cut in 0usize..20) {
        let whole = include_str!("data/v2.yaml");
        let at = at.min(whole.len());
        let rest = whole.get(at + cut..).unwrap_or_default();
        check(format!("{}{piece}{rest}", &whole[..at]).as_bytes())?;
    }

    #[test]
    fn ids_are_different(names in prop::collection::vec("[0-9]{0,3}[-a]{0,2}\\.yaml", 0..12)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Ok(ids) = task_ids(&names) {
            let set: std::collections::HashSet<_> = ids.iter().collect();
            prop_assert_eq!((ids.len(), set.len()), (names.len(), names.len()));
        }
    }
}

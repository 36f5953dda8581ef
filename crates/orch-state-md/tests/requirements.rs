//! Requirements: the inventory, what is unmet, and the rules of the final validation.

use orch_core::Status;
use orch_state_md::index;
use orch_state_md::requirements::{
    Evidence, PromptEvidence, Scope, ValidationStatus, prompt_requirements, read_inventory, read_unmet,
    read_validation, validate,
};

const INVENTORY: &str = "\
# PRD Requirements Inventory
Source PRD: `PROMPT-PRD.md`

## REQ-001 [IN] Users log in
- Source: Section 2
- Acceptance: a test logs in
  and out again
- Owner Prompt: PROMPT-01-a.md
## REQ-002 [POST_INIT] Search
- **Acceptance**: None
- Owner Prompt: None
## REQ\u{2011}003 — [OUT]: Payment
### REQ-004 Mail
## REQ-005 [MAYBE] Fax
- Source:
## Unmet Requirements
- REQ-001: PROMPT-01-a.md, see PROMPT-REQUIREMENTS-UNMET.md
### REQ-009 [IN] Not an entry
## Requirements that are prose
- Acceptance: not of REQ-005
## REQ_6 [IN] Malformed
- Acceptance: of nothing
## REQ-001 [IN] Again
";

#[test]
fn reads_an_inventory() {
    let reading = read_inventory(INVENTORY.as_bytes());
    let inventory = reading.inventory;
    assert_eq!(inventory.source_prd.as_deref(), Some("PROMPT-PRD.md"));
    let entries: Vec<_> = inventory
        .entries
        .iter()
        .map(|entry| (entry.id.as_str(), entry.scope, entry.text.as_str(), entry.at.line))
        .collect();
    assert_eq!(
        entries,
        [
            ("REQ-001", Some(Scope::In), "Users log in", 4),
            ("REQ-002", Some(Scope::PostInit), "Search", 9),
            ("REQ-003", Some(Scope::Out), "Payment", 12),
            ("REQ-004", None, "Mail", 13),
            ("REQ-005", None, "Fax", 14),
            ("REQ-001", Some(Scope::In), "Again", 23),
        ]
    );
    let first = &inventory.entries[0];
    assert_eq!(first.source.as_deref(), Some("Section 2"));
    assert_eq!(first.acceptance.as_deref(), Some("a test logs in and out again"));
    assert_eq!(first.owner_prompt.as_deref(), Some("PROMPT-01-a"));
    assert!(
        inventory.entries[1..].iter().all(|entry| entry.acceptance.is_none() && entry.owner_prompt.is_none())
    );
    let malformed: Vec<&str> = inventory.malformed_ids.iter().map(|id| id.value.as_str()).collect();
    assert_eq!(malformed, ["REQ_6"]);
    let found: Vec<_> =
        reading.diagnostics.iter().map(|found| (&*found.code, found.at.unwrap().to_string())).collect();
    assert_eq!(
        found,
        [
            ("requirements.scope", "14:12".to_owned()),
            ("requirements.id", "21:4".to_owned()),
            ("requirements.duplicate_id", "23:4".to_owned()),
        ]
    );
}

#[test]
fn reads_an_inventory_with_other_line_ends_and_bytes() {
    let crlf = INVENTORY.replace('\n', "\r\n");
    let reading = read_inventory(format!("\u{FEFF}{crlf}").as_bytes());
    assert_eq!(reading, read_inventory(INVENTORY.as_bytes()));
    let reading = read_inventory(b"## REQ-001 [IN] \xFF\n```\n## REQ-002 [IN] code\n```\n");
    assert_eq!(reading.inventory.entries.len(), 1);
    assert_eq!(reading.diagnostics[0].code, "requirements.encoding");
    assert_eq!(read_inventory(b""), Default::default());
}

#[test]
fn reads_what_is_unmet() {
    let reading = read_unmet(
        b"# Unmet Requirements\n\n## REQ-001 Log in\n\n### Prompt: PROMPT-01-a.md\n- Stage: implementation\n- Reason: no server\n\
          - Evidence: log\n### Prompt: [b](PROMPT-02-b.md)\n- Stage: quality_gate\n\n## REQ-002 Search\n- Prompt: `PROMPT-03-c.md`\n\
          - Reason: later\n## REQ-003\n## REQ-x\n### Prompt: PROMPT-04-d.md\n",
    );
    let entries: Vec<_> = reading
        .entries
        .iter()
        .map(|entry| {
            let told =
                [&entry.stage, &entry.reason, &entry.evidence].map(|field| field.as_deref().unwrap_or("-"));
            (entry.req.as_str(), entry.prompt.as_str(), told, entry.at.line)
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("REQ-001", "PROMPT-01-a", ["implementation", "no server", "log"], 5),
            ("REQ-001", "PROMPT-02-b", ["quality_gate", "-", "-"], 9),
            ("REQ-002", "PROMPT-03-c", ["-", "later", "-"], 13),
        ]
    );
    let found: Vec<_> =
        reading.diagnostics.iter().map(|found| (&*found.code, found.at.unwrap().line)).collect();
    assert_eq!(found, [("unmet.prompt", 15), ("unmet.id", 16), ("unmet.prompt", 17)]);
}

#[test]
fn reads_the_requirements_of_a_prompt_file() {
    let ids = prompt_requirements(
        "# Objective\n- REQ-009: not here\n\n# Requirements\n\n- REQ-001: log in\n* **REQ-002**, REQ-003: both\n\
         - None of the others\n- Required reading\n## More\n- REQ-x4: odd\n```\n- REQ-008: code\n```\n# Tests\n- REQ-007: no\n",
    );
    let ids: Vec<_> = ids.iter().map(|(id, at)| (id.as_str(), at.to_string())).collect();
    assert_eq!(
        ids,
        [
            ("REQ-001", "6:3".to_owned()),
            ("REQ-002", "7:3".to_owned()),
            ("REQ-003", "7:16".to_owned()),
            ("REQ-x4", "11:3".to_owned()),
        ]
    );
    assert_eq!(prompt_requirements(""), []);
}

#[test]
fn reads_the_status_of_any_validation() {
    for (text, status) in [
        ("# REQUIREMENTS FINAL VALIDATION\n\nStatus: PARTIAL\n", Some(ValidationStatus::Partial)),
        ("**Status:** pass", Some(ValidationStatus::Pass)),
        ("Status: FAIL\nStatus: PASS", Some(ValidationStatus::Fail)),
        ("```\nStatus: PASS\n```\nStatus: FAIL", Some(ValidationStatus::Fail)),
        ("Status: PASS | PARTIAL | FAIL\n", None),
        ("Status: PASSED", None),
        ("no status", None),
        ("", None),
    ] {
        assert_eq!(read_validation(text).map(|validation| validation.status), status, "{text:?}");
    }
}

/// One case of the rules: an index's prompts and ownership, an inventory, what the prompt files list and how their
/// prompts ended, and what is known to be unmet.
struct Case {
    what: &'static str,
    ownership: &'static str,
    inventory: &'static str,
    prompts: &'static [(&'static str, &'static [&'static str], Status)],
    unmet: &'static str,
    status: ValidationStatus,
    /// Total, in scope, covered, missing, unknown, known unmet.
    counts: [usize; 6],
    /// Every line of every list, in order.
    lines: &'static [&'static str],
}

const OWNED: &str = "- REQ-001 - Owner: PROMPT-01 - Secondary: None\n";
const ONE: &str = "## REQ-001 [IN] a\n- Acceptance: x\n";
const DONE: &[(&str, &[&str], Status)] = &[("PROMPT-01-a", &["REQ-001"], Status::Success)];
const PASS: ValidationStatus = ValidationStatus::Pass;
const FAIL: ValidationStatus = ValidationStatus::Fail;

#[test]
fn applies_every_rule_of_the_final_validation() {
    let whole = Case {
        what: "all is covered",
        ownership: OWNED,
        inventory: ONE,
        prompts: DONE,
        unmet: "",
        status: PASS,
        counts: [1, 1, 1, 0, 0, 0],
        lines: &[],
    };
    let cases = [
        Case {
            what: "an incomplete prompt covers",
            prompts: &[("PROMPT-01-a", &["REQ-001"], Status::Incomplete)],
            ..whole
        },
        Case {
            what: "no ownership section",
            ownership: "",
            status: FAIL,
            counts: [1, 1, 1, 1, 0, 0],
            lines: &["REQ-001: it has no owner", "FAIL: the index has no section `## Requirement Ownership`"],
            ..whole
        },
        Case {
            what: "malformed ownership",
            ownership: "- REQ-001 - Owner: PROMPT-01 - Secondary: None\n- REQ-002: PROMPT-02\n",
            status: FAIL,
            lines: &["FAIL: malformed ownership at 9:3: REQ-002: PROMPT-02"],
            ..whole
        },
        Case {
            what: "a duplicate id",
            inventory: "## REQ-001 [IN] a\n- Acceptance: x\n## REQ-001 [IN] b\n- Acceptance: x\n",
            status: FAIL,
            counts: [2, 1, 1, 0, 0, 0],
            lines: &["FAIL: duplicate requirement id at 3:4: REQ-001"],
            ..whole
        },
        Case {
            what: "a malformed id",
            inventory: "## REQ-001 [IN] a\n- Acceptance: x\n## REQ-1b [IN] b\n",
            status: FAIL,
            lines: &["FAIL: malformed requirement id at 3:4: REQ-1b"],
            ..whole
        },
        Case {
            what: "a requirement in scope that nothing maps",
            inventory: "## REQ-001 [IN] a\n- Acceptance: x\n## REQ-002 [IN] b\n- Acceptance: x\n",
            status: FAIL,
            counts: [2, 2, 1, 1, 0, 0],
            lines: &["REQ-002: no prompt maps it"],
            ..whole
        },
        Case {
            what: "requirements out of scope need nobody",
            inventory: "## REQ-001 [IN] a\n- Acceptance: x\n## REQ-002 [OUT] b\n- Acceptance: x\n\
                        ## REQ-003 [POST_INIT] c\n- Acceptance: x\n",
            counts: [3, 1, 1, 0, 0, 0],
            ..whole
        },
        Case {
            what: "ids that the inventory does not know",
            ownership: "- REQ-001 - Owner: PROMPT-01 - Secondary: None\n- REQ-008 - Owner: PROMPT-02 - Secondary: None\n",
            prompts: &[
                ("PROMPT-01-a", &["REQ-001", "REQ-009"], Status::Success),
                ("PROMPT-02-b", &["REQ-008"], Status::Success),
            ],
            status: FAIL,
            counts: [1, 1, 1, 0, 2, 0],
            lines: &[
                "REQ-009: PROMPT-01-a",
                "REQ-008: PROMPT-02-b",
                "REQ-008: ownership",
                "WARN: PROMPT-01-a lists REQ-009, which it does not own",
            ],
            ..whole
        },
        Case {
            what: "no owner",
            ownership: "- REQ-001 - Owner: None - Secondary: PROMPT-01-a.md\n",
            status: FAIL,
            counts: [1, 1, 1, 1, 0, 0],
            lines: &["REQ-001: it has no owner"],
            ..whole
        },
        Case {
            what: "an owner that is not in the index",
            ownership: "- REQ-001 - Owner: PROMPT-07-x.md - Secondary: PROMPT-01\n",
            status: FAIL,
            counts: [1, 1, 1, 1, 0, 0],
            lines: &["REQ-001: its owner PROMPT-07-x is not in the index"],
            ..whole
        },
        Case {
            what: "a failed prompt covers nothing",
            prompts: &[("PROMPT-01-a", &["REQ-001"], Status::Fail)],
            status: FAIL,
            counts: [1, 1, 0, 1, 0, 0],
            lines: &["REQ-001: no prompt that covers it has ended with SUCCESS or INCOMPLETE"],
            ..whole
        },
        Case {
            what: "a prompt that nothing is known of covers nothing",
            prompts: &[],
            status: FAIL,
            counts: [1, 1, 0, 1, 0, 0],
            lines: &["REQ-001: no prompt that covers it has ended with SUCCESS or INCOMPLETE"],
            ..whole
        },
        Case {
            what: "a secondary prompt covers",
            ownership: "- REQ-001 - Owner: PROMPT-02 - Secondary: PROMPT-01\n",
            prompts: &[
                ("PROMPT-01-a", &["REQ-001"], Status::Success),
                ("PROMPT-02-b", &["REQ-001"], Status::Fail),
            ],
            ..whole
        },
        Case {
            what: "known to be unmet by the prompt that covers it",
            prompts: &[("PROMPT-01-a", &["REQ-001"], Status::Incomplete)],
            unmet: "## REQ-001 a\n### Prompt: PROMPT-01-a.md\n",
            counts: [1, 1, 0, 0, 0, 1],
            lines: &["REQ-001: PROMPT-01-a"],
            ..whole
        },
        Case {
            what: "unmet by one prompt, met by another",
            ownership: "- REQ-001 - Owner: PROMPT-01 - Secondary: PROMPT-02\n",
            prompts: &[
                ("PROMPT-01-a", &["REQ-001"], Status::Incomplete),
                ("PROMPT-02-b", &["REQ-001"], Status::Success),
            ],
            unmet: "## REQ-001 a\n### Prompt: PROMPT-01-a.md\n",
            ..whole
        },
        Case {
            what: "unmet by a prompt that has nothing to do with it",
            prompts: &[("PROMPT-01-a", &["REQ-001"], Status::Fail)],
            unmet: "## REQ-001 a\n### Prompt: PROMPT-02-b.md\n",
            status: FAIL,
            counts: [1, 1, 0, 1, 0, 0],
            lines: &["REQ-001: no prompt that covers it has ended with SUCCESS or INCOMPLETE"],
            ..whole
        },
        Case {
            what: "a missing scope counts as in scope, a missing acceptance is told",
            inventory: "## REQ-001 a\n",
            lines: &["WARN: REQ-001 has no scope and counts as IN", "WARN: REQ-001 has no acceptance"],
            ..whole
        },
        Case {
            what: "a prompt that maps nothing in scope",
            ownership: "- REQ-001 - Owner: PROMPT-01 - Secondary: None\n- REQ-002 - Owner: PROMPT-02 - Secondary: None\n",
            inventory: "## REQ-001 [IN] a\n- Acceptance: x\n## REQ-002 [OUT] b\n- Acceptance: x\n",
            prompts: &[
                ("PROMPT-01-a", &["REQ-001"], Status::Success),
                ("PROMPT-02-b", &["REQ-002"], Status::Success),
            ],
            counts: [2, 1, 1, 0, 0, 0],
            lines: &["WARN: PROMPT-02-b maps only requirements out of scope"],
            ..whole
        },
        Case {
            what: "ownership and the prompt file differ",
            ownership: "- REQ-001 - Owner: PROMPT-02 - Secondary: None\n",
            prompts: &[("PROMPT-01-a", &["REQ-001"], Status::Success), ("PROMPT-02-b", &[], Status::Success)],
            lines: &[
                "WARN: PROMPT-01-a lists REQ-001, which it does not own",
                "WARN: PROMPT-02-b owns REQ-001 and does not list it",
            ],
            ..whole
        },
    ];
    for case in [whole].iter().chain(&cases) {
        let ownership = match case.ownership {
            "" => String::new(),
            lines => format!("## Requirement Ownership\n{lines}"),
        };
        let text =
            format!("Overall Objective: x\n\n## Prompts\n- PROMPT-01-a.md\n- PROMPT-02-b.md\n\n{ownership}");
        let inventory = read_inventory(case.inventory.as_bytes()).inventory;
        let prompts: Vec<PromptEvidence> = case
            .prompts
            .iter()
            .map(|(id, requirements, status)| PromptEvidence {
                id: (*id).to_owned(),
                requirements: requirements.iter().map(|id| (*id).to_owned()).collect(),
                status: *status,
            })
            .collect();
        let result = validate(&Evidence {
            index: &index::read(text.as_bytes()).index,
            inventory: &inventory,
            prompts: &prompts,
            unmet: &read_unmet(case.unmet.as_bytes()).entries,
        });
        let counts = &result.counts;
        let counts = [
            counts.total,
            counts.in_scope,
            counts.covered,
            counts.missing,
            counts.unknown_ids,
            counts.known_unmet,
        ];
        let lines: Vec<&String> =
            [&result.missing, &result.unknown, &result.known_unmet, &result.evidence_gaps, &result.notes]
                .into_iter()
                .flatten()
                .collect();
        assert_eq!((result.status, counts), (case.status, case.counts), "{}: {lines:?}", case.what);
        assert_eq!(lines, case.lines, "{}", case.what);
        assert_eq!(read_validation(&result.render()), Some(result), "{}", case.what);
    }
}

//! The rules of the final validation that a machine can check.

use std::collections::{BTreeSet, HashMap, HashSet};

use orch_core::Status;

use super::{Counts, Inventory, Requirement, Scope, Unmet, Validation, ValidationStatus};
use crate::index::{Index, Ownership, Prompt, plain_name};

/// What a validation looks at.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The index.
    pub index: &'a Index,
    /// The inventory.
    pub inventory: &'a Inventory,
    /// What is known of each prompt. A prompt that is not here counts as not run.
    pub prompts: &'a [PromptEvidence],
    /// What is known to be unmet.
    pub unmet: &'a [Unmet],
}

/// What is known of one prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptEvidence {
    /// The prompt's id, as in [`Prompt::id`].
    pub id: String,
    /// The ids of its `# Requirements` section.
    pub requirements: Vec<String>,
    /// Where it stands.
    pub status: Status,
}

/// Checks that every requirement in scope is owned, mapped and covered.
///
/// It fails on a missing or malformed ownership section, on duplicate or malformed ids, on ids the inventory does not
/// know, and on a requirement in scope that no prompt maps, that has no owner in the index, or that no prompt with
/// `SUCCESS` or `INCOMPLETE` covers, unless it is known to be unmet by a prompt that should have covered it. Missing
/// scopes and acceptances, prompts that map nothing in scope and differences between ownership and prompt files are
/// notes. A requirement whose scope is missing counts as in scope.
///
/// A prompt covers what it owns, takes part in, or lists itself.
pub fn validate(evidence: &Evidence<'_>) -> Validation {
    let mut check = Check::new(evidence);
    check.documents();
    check.requirements();
    check.unknown_ids();
    check.prompts();
    check.finish()
}

/// What the index and the prompt files say of one requirement.
#[derive(Default)]
struct Mapping<'a> {
    line: Option<&'a Ownership>,
    /// Prompts that should cover it, by id.
    covering: BTreeSet<&'a str>,
}

struct Check<'a> {
    evidence: &'a Evidence<'a>,
    /// Prompts by every name that means exactly one.
    names: HashMap<String, Option<&'a Prompt>>,
    known: HashMap<&'a str, &'a PromptEvidence>,
    mappings: HashMap<&'a str, Mapping<'a>>,
    /// Requirement and prompt id of everything known to be unmet.
    unmet: HashSet<(&'a str, &'a str)>,
    failed: bool,
    result: Validation,
}

impl<'a> Check<'a> {
    fn new(evidence: &'a Evidence<'a>) -> Self {
        let mut check = Self {
            evidence,
            names: prompt_names(evidence.index),
            known: evidence.prompts.iter().map(|prompt| (prompt.id.as_str(), prompt)).collect(),
            mappings: HashMap::new(),
            unmet: HashSet::new(),
            failed: false,
            result: Validation {
                status: ValidationStatus::Pass,
                counts: Counts::default(),
                missing: Vec::new(),
                unknown: Vec::new(),
                known_unmet: Vec::new(),
                evidence_gaps: Vec::new(),
                notes: Vec::new(),
            },
        };
        for entry in evidence.unmet {
            if let Some(prompt) = check.prompt(&entry.prompt) {
                check.unmet.insert((&entry.req, &prompt.id));
            }
        }
        for line in evidence.index.ownership.iter().flatten() {
            let prompts = line.owner.iter().chain(&line.secondary);
            let ids: Vec<&str> = prompts
                .filter_map(|name| check.prompt(&name.value))
                .map(|prompt| prompt.id.as_str())
                .collect();
            let mapping = check.mappings.entry(&line.req).or_default();
            mapping.line = mapping.line.or(Some(line));
            mapping.covering.extend(ids);
        }
        for prompt in evidence.prompts {
            for id in &prompt.requirements {
                check.mappings.entry(id).or_default().covering.insert(&prompt.id);
            }
        }
        check
    }

    fn prompt(&self, name: &str) -> Option<&'a Prompt> {
        self.names.get(&plain_name(name)).copied().flatten()
    }

    fn fail(&mut self, note: String) {
        self.failed = true;
        self.result.notes.push(note);
    }

    fn documents(&mut self) {
        let evidence = self.evidence;
        if evidence.index.ownership.is_none() {
            self.fail("FAIL: the index has no section `## Requirement Ownership`".to_owned());
        }
        for line in &evidence.index.malformed_ownership {
            self.fail(format!("FAIL: malformed ownership at {}: {}", line.at, line.value));
        }
        for id in &evidence.inventory.malformed_ids {
            self.fail(format!("FAIL: malformed requirement id at {}: {}", id.at, id.value));
        }
        let mut seen = HashSet::new();
        for entry in &evidence.inventory.entries {
            if !seen.insert(entry.id.as_str()) {
                self.fail(format!("FAIL: duplicate requirement id at {}: {}", entry.at, entry.id));
            }
        }
    }

    fn requirements(&mut self) {
        let evidence = self.evidence;
        self.result.counts.total = evidence.inventory.entries.len();
        let mut seen = HashSet::new();
        for entry in &evidence.inventory.entries {
            if entry.scope.is_none() {
                self.result.notes.push(format!("WARN: {} has no scope and counts as IN", entry.id));
            }
            if entry.acceptance.is_none() {
                self.result.notes.push(format!("WARN: {} has no acceptance", entry.id));
            }
            if is_in_scope(entry) && seen.insert(entry.id.as_str()) {
                self.result.counts.in_scope += 1;
                self.in_scope(entry);
            }
        }
    }

    fn in_scope(&mut self, entry: &'a Requirement) {
        let id = entry.id.as_str();
        let none = Mapping::default();
        let mapping = self.mappings.get(id).unwrap_or(&none);
        let done = |prompt: &&&str| {
            let status = self.known.get(**prompt).map(|known| known.status);
            matches!(status, Some(Status::Success | Status::Incomplete))
                && !self.unmet.contains(&(id, **prompt))
        };
        let is_covered = mapping.covering.iter().any(|prompt| done(&prompt));
        let unmet_by: Vec<&str> =
            mapping.covering.iter().filter(|prompt| self.unmet.contains(&(id, **prompt))).copied().collect();
        let owner = mapping.line.and_then(|line| line.owner.as_ref());
        let mut why: Vec<String> = Vec::new();
        if mapping.line.is_none() && mapping.covering.is_empty() {
            why.push("no prompt maps it".to_owned());
        } else {
            match owner {
                None => why.push("it has no owner".to_owned()),
                Some(owner) if self.prompt(&owner.value).is_none() => {
                    why.push(format!("its owner {} is not in the index", owner.value));
                }
                Some(_) => {}
            }
            if !is_covered && unmet_by.is_empty() {
                why.push("no prompt that covers it has ended with SUCCESS or INCOMPLETE".to_owned());
            }
        }
        if is_covered {
            self.result.counts.covered += 1;
        } else if !unmet_by.is_empty() {
            self.result.counts.known_unmet += 1;
            self.result.known_unmet.push(format!("{id}: {}", unmet_by.join(", ")));
        }
        if !why.is_empty() {
            self.result.counts.missing += 1;
            self.result.missing.push(format!("{id}: {}", why.join("; ")));
        }
    }

    fn unknown_ids(&mut self) {
        let evidence = self.evidence;
        let known: HashSet<&str> = evidence.inventory.entries.iter().map(|entry| entry.id.as_str()).collect();
        let mut ids = BTreeSet::new();
        let in_prompts = evidence
            .prompts
            .iter()
            .flat_map(|prompt| prompt.requirements.iter().map(move |id| (id, &prompt.id)));
        for (id, prompt) in in_prompts.filter(|(id, _)| !known.contains(id.as_str())) {
            ids.insert(id.as_str());
            self.result.unknown.push(format!("{id}: {prompt}"));
        }
        let owned = evidence.index.ownership.iter().flatten();
        for line in owned.filter(|line| !known.contains(line.req.as_str())) {
            ids.insert(line.req.as_str());
            self.result.unknown.push(format!("{}: ownership", line.req));
        }
        self.result.counts.unknown_ids = ids.len();
    }

    fn prompts(&mut self) {
        let evidence = self.evidence;
        let in_scope: HashSet<&str> = evidence
            .inventory
            .entries
            .iter()
            .filter(|entry| is_in_scope(entry))
            .map(|entry| &*entry.id)
            .collect();
        let known: HashSet<&str> = evidence.inventory.entries.iter().map(|entry| &*entry.id).collect();
        let mut owned: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for line in evidence.index.ownership.iter().flatten() {
            for name in line.owner.iter().chain(&line.secondary) {
                if let Some(prompt) = self.prompt(&name.value) {
                    owned.entry(&prompt.id).or_default().insert(&line.req);
                }
            }
        }
        for prompt in evidence.prompts {
            let listed: BTreeSet<&str> = prompt.requirements.iter().map(String::as_str).collect();
            let none = BTreeSet::new();
            let owned = owned.get(prompt.id.as_str()).unwrap_or(&none);
            let mut mapped = listed.union(owned).filter(|id| known.contains(**id)).peekable();
            if mapped.peek().is_some() && !mapped.any(|id| in_scope.contains(id)) {
                self.result.notes.push(format!("WARN: {} maps only requirements out of scope", prompt.id));
            }
            if evidence.index.ownership.is_none() {
                continue;
            }
            let difference = |left: &BTreeSet<&str>, right: &BTreeSet<&str>| {
                left.difference(right).copied().collect::<Vec<_>>().join(", ")
            };
            let (more, less) = (difference(&listed, owned), difference(owned, &listed));
            if !more.is_empty() {
                self.result.notes.push(format!("WARN: {} lists {more}, which it does not own", prompt.id));
            }
            if !less.is_empty() {
                self.result.notes.push(format!("WARN: {} owns {less} and does not list it", prompt.id));
            }
        }
    }

    fn finish(mut self) -> Validation {
        if self.failed || !self.result.missing.is_empty() || !self.result.unknown.is_empty() {
            self.result.status = ValidationStatus::Fail;
        }
        self.result
    }
}

fn is_in_scope(entry: &Requirement) -> bool {
    matches!(entry.scope, Some(Scope::In) | None)
}

/// Every prompt by id, path and short id; a short id that two share means none.
fn prompt_names(index: &Index) -> HashMap<String, Option<&Prompt>> {
    let mut names: HashMap<String, Option<&Prompt>> = HashMap::new();
    for prompt in &index.prompts {
        if let Some(short) = &prompt.short_id {
            names.entry(short.clone()).and_modify(|known| *known = None).or_insert(Some(prompt));
        }
    }
    for prompt in &index.prompts {
        names.insert(plain_name(&prompt.path), Some(prompt));
        names.insert(prompt.id.clone(), Some(prompt));
    }
    names
}

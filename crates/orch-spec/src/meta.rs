//! `meta.json`: what a plan is called, and which specs belong to it.

use std::collections::HashMap;

use orch_core::Position;

use crate::fields::{Fields, fields};
use crate::reading::{Codes, Context, Located, Reading, codes, decode, is_odd, quoted};
use crate::tree::{Value, parse_json};

const CODES: Codes = codes!("meta");

/// Bytes that a file's name may have, on most systems.
const LONGEST_NAME: usize = 255;

/// A plan's `meta.json` (seed 003).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The plan's id, such as `plan-20260119-1430`: what [`check_plan_id`] lets in.
    pub id: Located<String>,
    /// What the plan brings about; empty when it is not said.
    pub description: String,
    /// The repository, as an absolute path, as written.
    pub repo: Option<Located<String>>,
    /// When it was planned, as written.
    pub created_at: Option<String>,
    /// `ready`, or whatever is written.
    pub status: Option<String>,
    /// The specs in the order of the plan: names of files, each there once, at least one.
    pub specs: Vec<Located<String>>,
}

/// Reads a plan's `meta.json`.
///
/// ```
/// let reading = orch_spec::read_meta(br#"{"id": "plan-20260119-1430", "specs": ["01-schema.yaml"]}"#);
/// let meta = reading.value.unwrap();
/// assert_eq!(meta.specs[0].value, "01-schema.yaml");
/// assert_eq!((meta.specs[0].at.line, meta.specs[0].at.column), (1, 40));
/// ```
pub fn read_meta(bytes: &[u8]) -> Reading<Meta> {
    let context = Context::new(&CODES);
    let root = match decode(bytes, &CODES).and_then(|text| parse_json(text, &context)) {
        Ok(root) => root,
        Err(error) => {
            context.push(error);
            return context.finish(None);
        }
    };
    let known = ["id", "description", "repo", "created_at", "status", "specs"];
    let value = fields(&context, &root, ("the plan", String::new()), &known).and_then(|fields| meta(&fields));
    context.finish(value)
}

fn meta(fields: &Fields<'_>) -> Option<Meta> {
    let context = fields.context;
    let id = fields.required("id", "give the plan its id, such as `plan-20260119-1430`");
    let id = id.filter(|id| {
        let Err(why) = check_plan_id(&id.value) else { return true };
        let message = format!("the plan's id {} can't be used: {why}", quoted(&id.value));
        let hint = "use letters, digits, `-`, `_` and `.`, as in `plan-20260119-1430`";
        context.error(CODES.value, message, hint, id.at);
        false
    });
    let repo = fields.optional("repo").filter(|repo| {
        let odd = repo.value.chars().any(is_odd);
        if odd {
            let message =
                format!("the path {} in `repo` holds a control or invisible character", quoted(&repo.value));
            context.error(CODES.path, message, "name the repository by its absolute path", repo.at);
        }
        !odd
    });
    let text = |key| fields.optional(key).map(|text| text.value);
    let description = text("description").unwrap_or_default();
    let (created_at, status) = (text("created_at"), text("status"));
    let specs = specs(fields);
    Some(Meta { id: id?, description, repo, created_at, status, specs: specs? })
}

fn specs(fields: &Fields<'_>) -> Option<Vec<Located<String>>> {
    let context = fields.context;
    let hint = "name the specs in order, such as `[\"01-schema.yaml\"]`";
    let Some(node) = fields.get("specs") else {
        fields.missing("specs", hint);
        return None;
    };
    let mut seen: HashMap<String, Position> = HashMap::new();
    let specs = fields.texts("specs");
    if matches!(&*node.value, Value::List(items) if items.is_empty()) {
        context.error(CODES.missing, "the plan has no specs".to_owned(), hint, node.at);
    }
    for spec in &specs {
        if let Err((why, hint)) = check_spec_name(&spec.value) {
            let message = format!("the spec's name {} can't be used: {why}", quoted(&spec.value));
            context.error(CODES.path, message, hint, spec.at);
        } else if let Some(first) = seen.get(&spec.value) {
            let message = format!("the spec {} is there twice, first at {first}", quoted(&spec.value));
            context.error("meta.duplicate_spec", message, "name each spec once", spec.at);
        } else {
            seen.insert(spec.value.clone(), spec.at);
        }
    }
    Some(specs)
}

/// Whether `id` can be a plan's id; if not, why not, as a fragment about "it".
///
/// An id names a folder, tmux sessions and branches, so it is `[A-Za-z0-9_][A-Za-z0-9._-]{0,63}` without `..`. Both
/// forms in use, `plan-20260119-1430` and `plan-20260119-143052`, are.
///
/// # Errors
///
/// The first rule that the id breaks.
///
/// ```
/// assert_eq!(orch_spec::check_plan_id("plan-20260119-1430"), Ok(()));
/// assert_eq!(orch_spec::check_plan_id("../plan").unwrap_err(), "it begins with `.`");
/// ```
pub fn check_plan_id(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err("it is empty".to_owned());
    }
    if id.len() > 64 {
        return Err("it has more than 64 characters".to_owned());
    }
    if let Some(first @ ('-' | '.')) = id.chars().next() {
        return Err(format!("it begins with `{first}`"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if let Some(c) = id.chars().find(|&c| !allowed(c)) {
        return Err(format!("it holds {}", quoted(&c.to_string())));
    }
    if id.contains("..") {
        return Err("it holds `..`".to_owned());
    }
    Ok(())
}

/// Why a name in `specs` is none, and what to do.
fn check_spec_name(name: &str) -> Result<(), (&'static str, String)> {
    let plain = "name a file in the plan's `specs` folder, such as `01-schema.yaml`".to_owned();
    if name.len() > LONGEST_NAME {
        return Err(("it is too long for a file's name", plain));
    }
    if name.chars().any(is_odd) {
        return Err(("it holds a control or invisible character", plain));
    }
    if name.contains(['/', '\\']) {
        return Err(("it is more than a file's name", plain));
    }
    if name.starts_with(['.', '-']) {
        return Err(("it begins with `.` or `-`", plain));
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    if !matches!(ending, Some("yaml" | "yml")) {
        let hint = match name.contains('.') {
            false => format!("write {}", quoted(&format!("{name}.yaml"))),
            true => plain,
        };
        return Err(("it does not end with `.yaml` or `.yml`", hint));
    }
    Ok(())
}

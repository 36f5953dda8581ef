//! What a spec is called: `w-01`, after the number that its file's name begins with.

use std::collections::HashMap;

use orch_core::Diagnostic;

use crate::reading::quoted;

/// Digits that count as a number; more of them are a date or something else.
const MOST_DIGITS: usize = 9;

/// The number that a spec's file name begins with, as written: `01` of `01-schema.yaml`.
///
/// The digits end at something that is neither letter nor digit, so `2fa.yaml` has none.
///
/// ```
/// assert_eq!(orch_spec::spec_number("01-schema.yaml"), Some("01"));
/// assert_eq!(orch_spec::spec_number("2fa.yaml"), None);
/// ```
pub fn spec_number(file_name: &str) -> Option<&str> {
    let digits = file_name.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = file_name.split_at(digits);
    let ends = !rest.starts_with(char::is_alphanumeric);
    (ends && (1..=MOST_DIGITS).contains(&digits)).then_some(number)
}

/// The task ids of a plan's specs, given by the names of their files in the order of the plan.
///
/// A number is kept as written, with two digits at least: `01-schema.yaml` is `w-01`, `1-x.yaml` too. Those without a
/// number take the smallest free ones in the order of the plan.
///
/// # Errors
///
/// One finding for each file with a number that a file before it has.
///
/// ```
/// let ids = orch_spec::task_ids(&["02-api.yaml", "docs.yaml", "1-schema.yaml"]).unwrap();
/// assert_eq!(ids, ["w-02", "w-03", "w-01"]);
/// ```
pub fn task_ids(names: &[&str]) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut taken: HashMap<u64, &str> = HashMap::new();
    let mut problems = Vec::new();
    for name in names {
        let Some(value) = value(name) else { continue };
        if let Some(first) = taken.get(&value) {
            let message = format!("the specs {} and {} have the same number", quoted(first), quoted(name));
            let hint = "give one of the two files another number, also in `meta.json`";
            problems.push(Diagnostic::error("plan.number", message).hint(hint));
        } else {
            taken.insert(value, name);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut free = (1u64..).filter(|number| !taken.contains_key(number));
    let ids = names.iter().map(|name| match spec_number(name) {
        Some(number) => format!("w-{number:0>2}"),
        None => format!("w-{:02}", free.next().unwrap_or_default()),
    });
    Ok(ids.collect())
}

fn value(name: &str) -> Option<u64> {
    spec_number(name)?.parse().ok()
}

/// What else the spec in `file_name` answers to, besides its task id: `01-schema.yaml`, `01-schema`, `01`, the spec's
/// `name`, and its branch as v2's `dependencies` write it (`auth-01-schema` for `auth/01-schema`).
///
/// No name is there twice; two specs of a plan may share one, which then means neither.
///
/// ```
/// let aliases = orch_spec::aliases("01-schema.yaml", Some("users"), Some("auth/01-schema"));
/// assert_eq!(aliases, ["01-schema.yaml", "01-schema", "01", "users", "auth/01-schema", "auth-01-schema"]);
/// ```
pub fn aliases(file_name: &str, name: Option<&str>, branch: Option<&str>) -> Vec<String> {
    let stem = file_name.strip_suffix(".yaml").or_else(|| file_name.strip_suffix(".yml"));
    let dashed = branch.map(|branch| branch.replace('/', "-"));
    let all = [Some(file_name), stem, spec_number(file_name), name, branch, dashed.as_deref()];
    let mut aliases: Vec<String> = Vec::new();
    for alias in all.into_iter().flatten().filter(|alias| !alias.is_empty()) {
        if !aliases.iter().any(|known| known == alias) {
            aliases.push(alias.to_owned());
        }
    }
    aliases
}

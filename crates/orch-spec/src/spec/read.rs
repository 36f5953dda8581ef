//! A spec from its text.

use super::check::checks;
use super::{BuildingSpec, PullRequest, ReviewSpec, Spec, TestFirst, ValidationType};
use crate::branch::check_branch_name;
use crate::fields::{Fields, fields};
use crate::near::nearest;
use crate::path::check_located;
use crate::reading::{Codes, Context, Located, Reading, codes, decode, is_odd, quoted};
use crate::tree::parse_yaml;

pub(super) const CODES: Codes = codes!("spec");

const TOP: [&str; 13] = [
    "name",
    "description",
    "skill_hints",
    "building_spec",
    "verification_spec",
    "pr",
    "atomic",
    "complexity",
    "estimated_minutes",
    "demo_goal",
    "sprint_checkpoint",
    "review_spec",
    "validation_type",
];
const BUILDING: [&str; 5] = ["requirements", "constraints", "files", "dependencies", "test_first"];
const PR: [&str; 5] = ["branch", "base", "title", "labels", "reviewers"];

/// Reads one spec, schema v1 or v2.
///
/// Unknown keys are warnings; wrong types, missing keys and names that could lead out of the project or mean something
/// to git or a shell are errors. A key with nothing behind it counts as not there.
///
/// ```
/// let text = b"
/// name: users
/// verification_spec:
///   - type: command
///     run: cargo test
///     expect: exit_code 0
/// pr:
///   branch: auth/01-users
///   base: $(id)
/// ";
/// let reading = orch_spec::read_spec(text);
/// assert!(reading.value.is_none());
/// let finding = &reading.findings[0];
/// assert_eq!(finding.message, "the branch `$(id)` in `pr.base` can't be used: it holds `$`");
/// assert_eq!(finding.at.unwrap().to_string(), "9:9");
/// ```
pub fn read_spec(bytes: &[u8]) -> Reading<Spec> {
    let context = Context::new(&CODES);
    let root = match decode(bytes, &CODES).and_then(|text| parse_yaml(text, &context)) {
        Ok(root) => root,
        Err(error) => {
            context.push(error);
            return context.finish(None);
        }
    };
    let value = fields(&context, &root, ("the spec", String::new()), &TOP).and_then(|fields| spec(&fields));
    context.finish(value)
}

fn spec(fields: &Fields<'_>) -> Option<Spec> {
    let name = fields.required("name", "give the spec a short name, such as `name: users`");
    let name = name.filter(|name| one_line(fields, "name", name));
    let description = fields.optional("description").map(|text| text.value).unwrap_or_default();
    let complexity = complexity(fields);
    let atomic = fields.flag("atomic");
    let estimated_minutes = fields.number("estimated_minutes").map(|number| number.value);
    let demo_goal = fields.optional("demo_goal").map(|text| text.value);
    let sprint_checkpoint = fields.flag("sprint_checkpoint").unwrap_or_default();
    let skill_hints = fields.texts("skill_hints");
    let building_spec = fields.section("building_spec", &BUILDING).map(|fields| building(&fields));
    let building_spec = building_spec.unwrap_or_default();
    let verification_spec = checks(fields, &building_spec.test_first);
    let validation_type = validation_type(fields);
    let review_spec = fields.section("review_spec", &["type", "prompt", "accept_criteria"]);
    let review_spec = review_spec.map(|fields| ReviewSpec {
        kind: fields.optional("type").map(|text| text.value),
        prompt: fields.optional("prompt").map(|text| text.value),
        accept_criteria: values(fields.texts("accept_criteria")),
    });
    let fallback = description.lines().next().map(str::trim).filter(|line| !line.is_empty());
    let fallback = fallback.or(name.as_ref().map(|name| &*name.value)).unwrap_or_default();
    let pr = match fields.get("pr") {
        Some(_) => fields.section("pr", &PR).and_then(|fields| pr(&fields, fallback)),
        None => {
            fields.missing("pr", "say on which branch to work: `pr:` and below it `branch: feature/…`");
            None
        }
    };
    Some(Spec {
        name: name?,
        description,
        atomic,
        complexity,
        estimated_minutes,
        demo_goal,
        sprint_checkpoint,
        skill_hints,
        building_spec,
        verification_spec,
        validation_type,
        review_spec,
        pr: pr?,
    })
}

/// The values of texts whose places nobody needs.
pub(super) fn values(texts: Vec<Located<String>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value).collect()
}

/// Whether a text is one line of visible characters; says so when it is not.
fn one_line(fields: &Fields<'_>, key: &str, text: &Located<String>) -> bool {
    let odd = text.value.chars().any(is_odd);
    if odd {
        let message = format!("`{key}` holds a line break, a control or an invisible character");
        fields.context.error(CODES.value, message, "write it on one line, with visible characters", text.at);
    }
    !odd
}

fn complexity(fields: &Fields<'_>) -> Option<u8> {
    let number = fields.number("complexity")?;
    let complexity = u8::try_from(number.value).ok().filter(|value| (1..=10).contains(value));
    if complexity.is_none() {
        let message = format!("the complexity {} is not from 1 to 10", number.value);
        fields.context.warning(CODES.value, message, "it is ignored; write a number from 1 to 10", number.at);
    }
    complexity
}

fn validation_type(fields: &Fields<'_>) -> ValidationType {
    let Some(text) = fields.optional("validation_type") else { return ValidationType::default() };
    let all =
        [ValidationType::Tests, ValidationType::Manual, ValidationType::Demo, ValidationType::Benchmark];
    if let Some(known) = all.into_iter().find(|known| known.word() == text.value) {
        return known;
    }
    let words = all.map(ValidationType::word);
    let hint = match nearest(&text.value, &words) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`tests` is assumed; known: {}", words.join(", ")),
    };
    fields.context.warning(
        CODES.value,
        format!("unknown validation type {}", quoted(&text.value)),
        hint,
        text.at,
    );
    ValidationType::default()
}

fn building(fields: &Fields<'_>) -> BuildingSpec {
    let requirements = values(fields.texts("requirements"));
    let constraints = values(fields.texts("constraints"));
    let mut files = fields.texts("files");
    files.retain(|file| check_located(fields.context, "building_spec.files", file));
    let mut dependencies = fields.texts("dependencies");
    dependencies.retain(|name| one_line(fields, "building_spec.dependencies", name));
    let test_first = fields.list("test_first").iter().filter_map(|node| test_first(fields.context, node));
    BuildingSpec { requirements, constraints, files, dependencies, test_first: test_first.collect() }
}

fn test_first(context: &Context, node: &crate::tree::Node) -> Option<TestFirst> {
    let path = "building_spec.test_first";
    let name = format!("an entry of `{path}`");
    let fields = fields(context, node, (&name, format!("{path}.")), &["test", "file"])?;
    let test = fields.optional("test").map(|text| text.value).unwrap_or_default();
    let key = format!("{path}.file");
    let file = fields.optional("file").filter(|file| check_located(context, &key, file));
    Some(TestFirst { test, file })
}

fn pr(fields: &Fields<'_>, fallback: &str) -> Option<PullRequest> {
    let branch = fields.required("branch", "name the branch to work on, such as `branch: feature/users`");
    let branch = branch.filter(|name| sound_branch(fields, "pr.branch", name));
    let base = fields.optional("base").filter(|name| sound_branch(fields, "pr.base", name));
    if let (Some(branch), Some(base)) = (&branch, &base)
        && branch.value == base.value
    {
        let message = format!("`pr.base` is the branch {} itself", quoted(&base.value));
        let hint = "name the branch to start from, or remove `base` for the default branch";
        fields.context.error("spec.branch", message, hint, base.at);
    }
    let title = title(fields).unwrap_or_else(|| fallback.to_owned());
    let labels = options(fields, "labels");
    let reviewers = options(fields, "reviewers");
    Some(PullRequest { branch: branch?, base, title, labels, reviewers })
}

fn title(fields: &Fields<'_>) -> Option<String> {
    let title = fields.optional("title")?;
    let first = title.value.lines().next().unwrap_or_default().trim_end();
    if first.len() < title.value.len() {
        let message = "`pr.title` has more than one line".to_owned();
        fields.context.warning(CODES.value, message, "only the first is used", title.at);
    }
    let first = Located { value: first.to_owned(), at: title.at };
    one_line(fields, "pr.title", &first).then_some(first.value)
}

fn sound_branch(fields: &Fields<'_>, key: &str, name: &Located<String>) -> bool {
    let Err(why) = check_branch_name(&name.value) else { return true };
    let message = format!("the branch {} in `{key}` can't be used: {why}", quoted(&name.value));
    let hint = "use letters, digits, `-`, `_`, `.` and single `/`, as in `feature/users`";
    fields.context.error("spec.branch", message, hint, name.at);
    false
}

/// Texts that become the arguments of another program.
fn options(fields: &Fields<'_>, key: &str) -> Vec<String> {
    let mut texts = fields.texts(key);
    texts.retain(|text| {
        let sound = !text.value.starts_with('-') && !text.value.chars().any(is_odd);
        if !sound {
            let message =
                format!("{} in `pr.{key}` begins with `-` or holds a control character", quoted(&text.value));
            fields.context.error(CODES.value, message, "write the plain name", text.at);
        }
        sound
    });
    values(texts)
}

//! Arguments against the schema of a tool: what is wrong with them, in words that an agent can act on.

use serde_json::Value;

use crate::host::{Object, Tool};

/// More problems than this are not told one by one.
const TOLD: usize = 8;

/// More of a wrong value than this many characters is not repeated.
const QUOTED: usize = 60;

/// Leaves out what is `null` and may be left out, then looks whether `arguments` follow the tool's schema.
///
/// # Errors
///
/// The text for the agent: every argument that is wrong, what is allowed, and an example.
pub(crate) fn check(tool: &Tool, arguments: &mut Object) -> Result<(), String> {
    let required = names(tool.input_schema.get("required"));
    arguments.retain(|name, value| !value.is_null() || required.contains(&name.as_str()));
    let mut found = Vec::new();
    object(&tool.input_schema, arguments, "", &mut found);
    if found.is_empty() { Ok(()) } else { Err(told(tool, &found)) }
}

/// The same text for what only the host could find wrong.
pub(crate) fn refused(tool: &Tool, problem: String) -> String {
    told(tool, &[problem])
}

fn told(tool: &Tool, found: &[String]) -> String {
    let mut text = match found {
        [only] => format!("nothing was done: {only}"),
        several => format!("nothing was done, {} arguments are wrong:", several.len()),
    };
    if found.len() > 1 {
        for problem in found.iter().take(TOLD) {
            text.push_str("\n- ");
            text.push_str(problem);
        }
    }
    if found.len() > TOLD {
        text.push_str(&format!("\n- … and {} more", found.len() - TOLD));
    }
    if !tool.example.is_empty() {
        let example = Value::Object(tool.example.clone());
        text.push_str(&format!("\nexample of `{}`: {example}", tool.name));
    }
    text
}

fn object(schema: &Object, given: &Object, path: &str, found: &mut Vec<String>) {
    let none = Object::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required = names(schema.get("required"));
    for name in &required {
        if !given.contains_key(*name) {
            found.push(missing(&below(path, name), properties.get(*name)));
        }
    }
    for (name, value) in given {
        if value.is_null() && !required.contains(&name.as_str()) {
            continue;
        }
        let path = below(path, name);
        match (properties.get(name), schema.get("additionalProperties")) {
            (Some(schema), _) => check_value(schema, value, &path, found),
            (None, Some(Value::Bool(false))) => found.push(unknown(&path, properties)),
            (None, Some(others)) => check_value(others, value, &path, found),
            (None, None) => {}
        }
    }
}

fn check_value(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let Value::Object(schema) = schema else { return };
    if !fits(schema, value) {
        found.push(format!("`{path}` has to be {}, not {}", allowed(schema), quoted(value)));
        return;
    }
    match value {
        Value::Object(given) => object(schema, given, path, found),
        Value::Array(items) => {
            let Some(of_each) = schema.get("items") else { return };
            for (place, item) in items.iter().enumerate() {
                check_value(of_each, item, &format!("{path}[{place}]"), found);
            }
        }
        _ => {}
    }
}

/// Whether `value` is of the kind that `schema` allows; what is inside of it is looked at later, except where there
/// is a choice of schemas.
fn fits(schema: &Object, value: &Value) -> bool {
    let of_kind = match schema.get("type") {
        Some(Value::String(kind)) => is_kind(kind, value),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(|kind| is_kind(kind, value)),
        _ => true,
    };
    let listed = schema.get("enum").and_then(Value::as_array).is_none_or(|listed| listed.contains(value));
    let constant = schema.get("const").is_none_or(|constant| constant == value);
    of_kind && listed && constant && fits_a_choice(schema, value)
}

fn fits_a_choice(schema: &Object, value: &Value) -> bool {
    let Some(choices) = choices(schema) else { return true };
    choices.iter().any(|choice| {
        let mut found = Vec::new();
        check_value(choice, value, "", &mut found);
        found.is_empty()
    })
}

fn choices(schema: &Object) -> Option<&Vec<Value>> {
    schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn allowed(schema: &Object) -> String {
    if let Some(constant) = schema.get("const") {
        return constant.to_string();
    }
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        let listed: Vec<String> = listed.iter().map(Value::to_string).collect();
        return format!("one of {}", listed.join(", "));
    }
    if let Some(choices) = choices(schema) {
        let choices: Vec<String> = choices.iter().filter_map(Value::as_object).map(allowed).collect();
        return choices.join(" or ");
    }
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        kinds => names(kinds),
    };
    let items = schema.get("items").and_then(Value::as_object).map(allowed);
    let kinds: Vec<String> = kinds.into_iter().map(|kind| kind_in_words(kind, items.as_deref())).collect();
    if kinds.is_empty() { "something else".to_owned() } else { kinds.join(" or ") }
}

fn kind_in_words(kind: &str, items: Option<&str>) -> String {
    match (kind, items) {
        ("string", _) => "text".to_owned(),
        ("integer", _) => "a whole number".to_owned(),
        ("number", _) => "a number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("object", _) => "an object".to_owned(),
        ("array", Some(items)) => format!("a list, each item {items}"),
        ("array", None) => "a list".to_owned(),
        (other, _) => other.to_owned(),
    }
}

fn missing(path: &str, schema: Option<&Value>) -> String {
    let Some(schema) = schema.and_then(Value::as_object) else { return format!("`{path}` is missing") };
    let text = format!("`{path}` is missing, it has to be {}", allowed(schema));
    match schema.get("description").and_then(Value::as_str) {
        Some(description) => format!("{text}: {description}"),
        None => text,
    }
}

fn unknown(path: &str, properties: &Object) -> String {
    if properties.is_empty() {
        return format!("`{}` is not known, nothing is", shortened(path));
    }
    let known: Vec<String> = properties.keys().map(|name| format!("`{name}`")).collect();
    format!("`{}` is not known, there are {}", shortened(path), known.join(", "))
}

fn names(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What was given, or what kind of thing when that is long.
fn quoted(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => Value::from(shortened(text)).to_string(),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Effect;
    use serde_json::json;

    fn tool() -> Tool {
        let schema = json!({
            "type": "object",
            "properties": {
                "title": {"type": "string", "description": "What it is called."},
                "phase": {"type": "string", "enum": ["first", "last"]},
                "files": {"type": "array", "items": {"type": "string"}},
                "count": {"type": "integer"},
                "share": {"type": "number"},
                "sure": {"const": true},
                "note": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                "metadata": {
                    "type": "object",
                    "properties": {"stream": {"type": "string"}},
                    "required": ["stream"]
                },
                "limits": {"type": "object", "additionalProperties": {"type": "integer"}}
            },
            "required": ["title"],
            "additionalProperties": false
        });
        let example = json!({"title": "Add the table"});
        let (Value::Object(input_schema), Value::Object(example)) = (schema, example) else { unreachable!() };
        Tool { name: "make", title: "", description: "", input_schema, example, effect: Effect::Adds }
    }

    fn problem(arguments: Value) -> Option<String> {
        let Value::Object(mut arguments) = arguments else { unreachable!() };
        let text = check(&tool(), &mut arguments).err()?;
        let (problem, example) = text.rsplit_once('\n')?;
        assert_eq!(example, r#"example of `make`: {"title":"Add the table"}"#);
        Some(problem.strip_prefix("nothing was done: ").unwrap_or(problem).to_owned())
    }

    #[test]
    fn right_arguments_pass() {
        for arguments in [
            json!({"title": "a"}),
            json!({"title": "", "phase": "last", "files": [], "count": 3, "share": 1, "sure": true}),
            json!({"title": "a", "note": "b"}),
            json!({"title": "a", "note": ["b", "c"], "files": ["d"]}),
            json!({"title": "a", "metadata": {"stream": "A", "other": [1]}, "limits": {"x": 1}}),
            json!({"title": "a", "phase": null, "metadata": null, "unheard": null}),
            json!({"title": "a", "metadata": {"stream": "A", "note": null}, "limits": {"x": null}}),
        ] {
            assert_eq!(problem(arguments.clone()), None, "{arguments}");
        }
    }

    #[test]
    fn wrong_arguments_are_named_with_what_is_allowed() {
        for (arguments, expected) in [
            (json!({}), "`title` is missing, it has to be text: What it is called."),
            (json!({"title": null}), "`title` has to be text, not null"),
            (json!({"title": 7}), "`title` has to be text, not 7"),
            (json!({"title": {"a": 1}}), "`title` has to be text, not an object"),
            (
                json!({"title": "a", "phase": "middle"}),
                "`phase` has to be one of \"first\", \"last\", not \"middle\"",
            ),
            (json!({"title": "a", "files": "x"}), "`files` has to be a list, each item text, not \"x\""),
            (json!({"title": "a", "files": ["x", 1]}), "`files[1]` has to be text, not 1"),
            (json!({"title": "a", "count": 1.5}), "`count` has to be a whole number, not 1.5"),
            (json!({"title": "a", "share": "much"}), "`share` has to be a number, not \"much\""),
            (json!({"title": "a", "sure": false}), "`sure` has to be true, not false"),
            (
                json!({"title": "a", "note": [1]}),
                "`note` has to be text or a list, each item text, not a list",
            ),
            (json!({"title": "a", "metadata": {}}), "`metadata.stream` is missing, it has to be text"),
            (
                json!({"title": "a", "metadata": {"stream": []}}),
                "`metadata.stream` has to be text, not a list",
            ),
            (json!({"title": "a", "limits": {"x": "y"}}), "`limits.x` has to be a whole number, not \"y\""),
        ] {
            assert_eq!(problem(arguments.clone()).as_deref(), Some(expected), "{arguments}");
        }
    }

    #[test]
    fn what_is_not_known_is_answered_with_what_is() {
        let said = problem(json!({"title": "a", "Titel": "b"})).unwrap();
        assert!(said.starts_with("`Titel` is not known, there are "), "{said}");
        assert!(said.contains("`title`") && said.contains("`metadata`"), "{said}");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_within_bounds() {
        let said = problem(json!({"title": 1, "count": "x"})).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        assert_eq!(lines[0], "nothing was done, 2 arguments are wrong:");

        let files: Vec<Value> = (0..1000).map(|number| json!(number)).collect();
        let said = problem(json!({"title": "a", "files": files})).unwrap();
        assert_eq!(said.lines().count(), TOLD + 2);
        assert!(said.ends_with("- … and 992 more"), "{said}");

        let said = problem(json!({"title": "a", "phase": "é".repeat(100_000)})).unwrap();
        assert!(said.chars().count() < 200, "{said}");
    }
}

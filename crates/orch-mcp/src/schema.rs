//! The schema of a type of arguments, as plain as clients need it.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::host::Object;

/// The JSON schema of `Input`: an object of draft 2020-12 without references.
///
/// What may be left out is not also said to be `null`, and no schema has the name of a Rust type: neither tells an
/// agent anything, and some clients don't read `"type": ["string", "null"]`.
pub(crate) fn schema_of<Input: JsonSchema>() -> Object {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        // The protocol's own default.
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Input>();
    Plain.transform(&mut schema);
    let object = schema.ensure_object();
    // What the tool itself is described by.
    object.remove("description");
    object.entry("type").or_insert_with(|| json!("object"));
    object.entry("properties").or_insert_with(|| json!({}));
    std::mem::take(object)
}

/// Takes out titles, formats of numbers, and the `null` of what is optional; makes lists of words of choices of words.
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            object.remove("title");
            // `uint32` and the like are no formats that JSON Schema knows.
            object.remove("format");
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            on_one_line(object);
            without_null_type(object);
            without_null_choice(object);
        }
        transform_subschemas(self, schema);
        if let Some(object) = schema.as_object_mut() {
            as_words(object);
        }
    }
}

fn without_null_type(object: &mut Object) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
}

/// `anyOf: [X, null]` becomes X; what was said beside it stays.
fn without_null_choice(object: &mut Object) {
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = choices.as_mut_slice() {
        let only = std::mem::take(only);
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

/// Lines are broken in the source, not in what is meant.
fn on_one_line(object: &mut Object) {
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

/// `oneOf` of constants becomes `enum`, which more clients read; what was said of each goes into the description.
fn as_words(object: &mut Object) {
    let Some(choices) = object.get("oneOf").and_then(Value::as_array) else { return };
    let words: Option<Vec<&str>> = choices.iter().map(|choice| choice.get("const")?.as_str()).collect();
    let Some(words) = words else { return };
    let mut description = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (word, choice) in words.iter().zip(choices) {
        if let Some(said) = choice.get("description").and_then(Value::as_str) {
            description.push_str(&format!("\n- `{word}`: {said}"));
        }
    }
    let words = json!(words);
    object.remove("oneOf");
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), words);
    object.insert("description".to_owned(), json!(description));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code)]
    enum Colour {
        Red,
        DarkGreen,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code)]
    enum Size {
        /// Fits a hand.
        Small,
        /// Fits
        /// a house.
        VeryLarge,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code)]
    struct Inner {
        /// How many.
        count: u32,
    }

    /// Not for agents.
    #[derive(JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code)]
    struct Input {
        /// What it is called.
        title: String,
        /// Its colour.
        colour: Option<Colour>,
        /// Its size, in words
        /// that everybody knows.
        size: Option<Size>,
        /// Others.
        others: Option<Vec<Inner>>,
        /// Anything.
        #[serde(default)]
        notes: Option<String>,
    }

    #[derive(JsonSchema)]
    struct Nothing {}

    #[test]
    fn a_schema_has_no_references_names_or_nulls() {
        let expected = json!({
            "type": "object",
            "properties": {
                "title": {"description": "What it is called.", "type": "string"},
                "colour": {"description": "Its colour.", "type": "string", "enum": ["red", "dark_green"]},
                "size": {
                    "description": "Its size, in words that everybody knows.\n- `small`: Fits a hand.\n- `very_large`: Fits a house.",
                    "type": "string",
                    "enum": ["small", "very_large"]
                },
                "others": {
                    "description": "Others.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"count": {"description": "How many.", "type": "integer", "minimum": 0}},
                        "required": ["count"]
                    }
                },
                "notes": {"description": "Anything.", "type": "string"}
            },
            "additionalProperties": false,
            "required": ["title"]
        });
        assert_eq!(Value::Object(schema_of::<Input>()), expected);
    }

    #[test]
    fn a_tool_without_arguments_has_an_object_all_the_same() {
        assert_eq!(Value::Object(schema_of::<Nothing>()), json!({"type": "object", "properties": {}}));
    }
}

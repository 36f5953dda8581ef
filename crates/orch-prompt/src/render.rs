//! Finding a template, filling it in, and saying where each part came from.

use std::io;
use std::path::PathBuf;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use crate::{PromptError, filters};

/// The templates that come with orch, by name.
const BUILT_IN: [(&str, &str); 15] = [
    (crate::WORKER, include_str!("../templates/prompts/worker.md")),
    (crate::WEAVER, include_str!("../templates/weavers/worker.md")),
    (crate::WEAVER_BASE, include_str!("../templates/weavers/base.md")),
    (crate::WEAVER_VERIFIER, include_str!("../templates/weavers/verifier.md")),
    (crate::WEAVER_CHECK, include_str!("../templates/weavers/check.md")),
    (crate::WEAVER_PULL_REQUEST, include_str!("../templates/weavers/pull-request.md")),
    (crate::MILESTONE, include_str!("../templates/milestones/worker.md")),
    (crate::MILESTONE_PASTE, include_str!("../templates/milestones/paste.md")),
    (crate::STREAM, include_str!("../templates/streams/worker.md")),
    (crate::STREAM_PLAN, include_str!("../templates/streams/plan.md")),
    (crate::STREAM_PLAN_AGAIN, include_str!("../templates/streams/plan_again.md")),
    (crate::WAVE, include_str!("../templates/waves/worker.md")),
    (crate::WAVE_PLAN, include_str!("../templates/waves/plan.md")),
    (crate::WAVE_PLAN_AGAIN, include_str!("../templates/waves/plan_again.md")),
    (crate::WAVE_CONFIRM, include_str!("../templates/waves/confirm.md")),
];

/// The templates, built in or overridden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    overrides: Option<PathBuf>,
}

/// What a worker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Where it came from: the template first, then the values in the order in which it first uses them.
    pub blocks: Vec<Block>,
}

/// One part of what a worker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The template's name, or the name of the value in it.
    pub name: String,
    /// Where it came from.
    pub source: Source,
    /// Its length in bytes, before anything is done to it.
    pub bytes: usize,
}

/// Where a part came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is part of orch.
    BuiltIn,
    /// It was read from this file.
    File(PathBuf),
    /// It was handed in as a value.
    Value,
}

impl Prompts {
    /// The built-in templates; a file of the same name beneath `overrides` goes before its built-in one.
    pub fn new(overrides: Option<PathBuf>) -> Self {
        Self { overrides }
    }

    /// Every built-in template: its name and its text.
    pub fn built_in() -> impl Iterator<Item = (&'static str, &'static str)> {
        BUILT_IN.into_iter()
    }

    /// Fills the template called `name` in with `values`.
    ///
    /// A value with a `path` and a `text` (see [`FromFile`](crate::FromFile)) counts as coming from that file; one
    /// whose `path` is none (see [`Skill`](crate::Skill)) as part of orch. A list of such values is a block for each,
    /// called `skills[0]` and so on.
    ///
    /// # Errors
    /// [`PromptError`] with the template and the line; [`PromptError::Missing`] names the value that is not there.
    pub fn render(&self, name: &str, values: &impl Serialize) -> Result<Rendered, PromptError> {
        let (text, source) = self.template(name)?;
        let shown = match &source {
            Source::File(path) => path.display().to_string(),
            Source::BuiltIn | Source::Value => name.to_owned(),
        };
        let failed = |error: Error| PromptError::from_engine(&shown, &error);
        let environment = environment().map_err(failed)?;
        let template = environment.template_from_named_str(&shown, &text).map_err(failed)?;
        let values = Value::from(Serde(values));
        let rendered = template.render(&values).map_err(failed)?;

        let mut used: Vec<_> = template.undeclared_variables(false).into_iter().collect();
        used.sort_by_cached_key(|name| (first_use(&text, name), name.clone()));
        let mut blocks = vec![Block { name: name.to_owned(), source, bytes: text.len() }];
        blocks.extend(used.into_iter().flat_map(|name| sources(name, &values)));
        Ok(Rendered { text: rendered, blocks })
    }

    /// The text of a template and where it is from. Only names of built-in ones are looked for, so that a name
    /// can't lead anywhere else.
    fn template(&self, name: &str) -> Result<(String, Source), PromptError> {
        let (_, built_in) = BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| PromptError::Unknown { name: name.to_owned() })?;
        if let Some(folder) = &self.overrides {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => return Ok((text, Source::File(path))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(PromptError::Read { path, source }),
            }
        }
        Ok(((*built_in).to_owned(), Source::BuiltIn))
    }
}

/// The engine as every template finds it.
fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // What an error says of its place is only kept when this is on, in a release as well.
    environment.set_debug(true);
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_filter("fenced", |value: &Value| text_of(value).map(filters::fenced));
    environment.add_filter("within", |value: &Value, tag: &str| {
        text_of(value).map(|text| filters::within(text, tag))
    });
    environment.add_filter("separated", |value: &Value| text_of(value).map(filters::separated));
    environment.add_filter("line", |value: &Value| text_of(value).map(filters::line));
    environment.add_filter("brief", |value: &Value, most: usize| {
        text_of(value).map(|text| filters::brief(text, most))
    });
    environment.add_filter("code", |value: &Value| text_of(value).map(filters::code));
    environment.add_filter("task", |value: &Value| text_of(value).map(filters::task));
    environment.add_filter("quoted", |value: &Value| text_of(value).map(filters::quoted));
    Ok(environment)
}

/// The text that a filter was given; a value that is not there is said to be missing, not to be of another kind.
fn text_of(value: &Value) -> Result<&str, Error> {
    match value.as_str() {
        Some(text) => Ok(text),
        None if value.is_undefined() => Err(ErrorKind::UndefinedError.into()),
        None => Err(Error::new(ErrorKind::InvalidOperation, format!("{} is not a text", value.kind()))),
    }
}

/// Where a template first uses the value called `name`: a whole word between the marks of the engine, neither in
/// quotes nor in the prose around.
fn first_use(text: &str, name: &str) -> Option<usize> {
    let part_of_a_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\'');
    text.match_indices(name).map(|(at, _)| at).find(|&at| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let opened = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        opened.is_some()
            && opened > closed
            && !before.ends_with(part_of_a_word)
            && !after.starts_with(part_of_a_word)
    })
}

/// The blocks that the value called `name` makes; none when it was left out on purpose.
fn sources(name: String, values: &Value) -> Vec<Block> {
    let Some(value) = values.get_attr(&name).ok().filter(|value| !value.is_undefined() && !value.is_none())
    else {
        return Vec::new();
    };
    if value.kind() == ValueKind::Seq {
        let items: Vec<_> = value.try_iter().into_iter().flatten().collect();
        if items.is_empty() {
            return Vec::new();
        }
        let files = items.iter().enumerate().map(|(at, item)| file(format!("{name}[{at}]"), item));
        if let Some(files) = files.collect() {
            return files;
        }
    }
    vec![file(name.clone(), &value).unwrap_or_else(|| Block {
        name,
        source: Source::Value,
        bytes: value.to_string().len(),
    })]
}

/// The block of a value that is a text and the file it is from, or none for what comes with orch.
fn file(name: String, value: &Value) -> Option<Block> {
    let part = |key| (value.kind() == ValueKind::Map).then(|| value.get_attr(key).ok())?;
    let (path, text) = (part("path")?, part("text")?);
    let source = match path.as_str() {
        Some(path) => Source::File(path.into()),
        None if path.is_none() => Source::BuiltIn,
        None => return None,
    };
    Some(Block { name, source, bytes: text.as_str()?.len() })
}
